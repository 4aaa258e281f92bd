"""R9: our own clock is set while the daemon runs. R10: clocks of devices are wrong."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.chaos.conftest import PERIOD_S
from tests.chaos.promise import NIGHTLY, Promise
from tests.chaos.sensors import Sensors, said_by_a_site, with_time
from tests.support.processes import Ear, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto
from tests.unit.daemon.builders import a_core, minutes
from twin.domain.points import Quality

HOLD_S = 30.0 if NIGHTLY else 11.0  # two cycles after each step
DAY_S = 86_400
YEAR_2038_S, YEAR_1970_S = 12 * 365 * DAY_S, -56 * 365 * DAY_S
STEPS_S = (3600, -3600, *((DAY_S, -DAY_S) if NIGHTLY else ()), YEAR_2038_S, YEAR_1970_S, 0)
SLEWS_S = tuple(range(1, 11))
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), Path("libfaketimeMT.so.1"))

pytestmark = [pytest.mark.mosquitto, pytest.mark.alone]


def periods_s(ear: Ear) -> list[float]:
    at_s = [message.at_s for message in ear.under("/_twin/cycle")]
    return [later - earlier for earlier, later in pairwise(at_s)]


@pytest.mark.skipif(not FAKETIME.exists() and os.environ.get("CI") != "true", reason="libfaketime is not installed")
def test_r9_our_clock_may_be_set_to_anything(
    tmp_path: Path, site: Path, mosquitto: Mosquitto, promised: Callable[..., None]
) -> None:
    messages = said_by_a_site(site, mosquitto, tmp_path)
    offset = tmp_path / "offset"
    offset.write_text("+0\n", encoding="ascii")
    env = twin_environment(tmp_path / "state", mosquitto.port) | {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    ear, sensors = Ear(mosquitto.port, "dc/demo/_twin/#"), Sensors(mosquitto.port, messages)
    daemon = Running("run", "--site", str(site), env=env, log=tmp_path / "run.log")
    wait_until(lambda: missing_inputs(ear) == [], "every input is there")
    stale: list[str] = []
    for step_s in (*STEPS_S, *SLEWS_S):
        offset.write_text(f"{step_s:+d}\n", encoding="ascii")
        time.sleep(1.0 if step_s in SLEWS_S else PERIOD_S + 1.0)
        if step_s not in SLEWS_S:
            stale += watched(ear, HOLD_S - PERIOD_S - 1.0)
    stale += watched(ear, PERIOD_S)
    labels = [message.json()["ts"] for message in ear.under("/_twin/heartbeat")]
    assert any(label.startswith("19") or label.startswith("203") for label in labels), "the clock was never set"
    assert daemon.alive
    sensors.close()
    assert daemon.end().code == 0
    ear.close()
    periods = periods_s(ear)
    off_ticks = abs(sum(periods) / PERIOD_S - len(periods))
    worst_s = max(abs(period_s - PERIOD_S) for period_s in periods)
    promised(
        Promise("R9", len(STEPS_S) + len(SLEWS_S), round(off_ticks, 2), "cycles right to 1 tick", off_ticks <= 1.0),
        worst_period_error_s=round(worst_s, 2),
    )
    promised(Promise("R9", len(periods), len(stale), "0 inputs falsely stale after a cycle", not stale))


def missing_inputs(ear: Ear) -> list[str] | None:
    told = ear.under("/_twin/status")
    return list(told[-1].json()["missing"]) if told else None


def watched(ear: Ear, seconds: float) -> list[str]:
    """Inputs that go missing within so many seconds."""
    until_s, found = time.monotonic() + seconds, set[str]()
    while time.monotonic() < until_s:
        found |= set(missing_inputs(ear) or ())
        time.sleep(0.1)
    return sorted(found)


class Devices:
    """A core that hears a simulated site for some minutes; the clocks of some topics are wrong from minute BEGIN on."""

    def __init__(self, wrong: Mapping[str, Clock] | None = None) -> None:
        self._core = a_core(event_time=False)
        self._wrong = wrong or {}
        self.flagged_in: dict[str, int] = {}

    def minute(self, nth: int) -> list[tuple[object, ...]]:
        """What is decided after this minute, and what is commanded."""
        said = minutes(CYCLES)[nth]
        mono_s = 60.0 * nth
        for topic, clock in self._wrong.items():
            found = [i for i, message in enumerate(said) if message.topic == topic and nth >= BEGIN]
            for i in found:
                at_s = said[i].received_ns / 1e9 + clock(nth - BEGIN)
                message = replace(said[i], payload=with_time(said[i].payload, at_s))
                said = (*said[:i], message, *said[i + 1 :])
        for message in said:
            batch = self._core.feed([message], mono_s)
            if (batch.quality == Quality.SUSPECT).any() and message.topic in self._wrong:
                self.flagged_in.setdefault(message.topic, nth - BEGIN + 1)
        outcome = self._core.tick(said[-1].received_ns, mono_s)
        told = [record.to_json() for record in outcome.records]
        decided = [tuple(record[key] for key in ("asset", "point", "from", "to", "reason")) for record in told]
        return decided + [(command.topic, command.payload) for command in outcome.commands]


Clock = Callable[[int], float]
CYCLES, BEGIN = 40, 2
# seconds that a clock is ahead, by the number of minutes since it went wrong
WRONG: tuple[Clock, ...] = (
    lambda nth: 3600.0,
    lambda nth: -3600.0,
    lambda nth: 86_400.0,
    lambda nth: -55 * 60.0,
    lambda nth: -60.0 * nth,  # stands still
    lambda nth: -120.0 * (nth + 1),  # runs backwards
    lambda nth: 45.0,
)


def test_r10_wrong_clocks_of_devices_change_no_decision(promised: Callable[..., None]) -> None:
    """The same plant twice: once with true clocks, once with some of them wrong in every way."""
    stamped = sorted(m.topic for m in minutes(CYCLES)[0] if "/row-" in m.topic and b"timestamp" in m.payload)
    faults = dict(zip(stamped, WRONG, strict=False))
    assert len(faults) == len(WRONG)
    true, wrong = Devices(), Devices(faults)
    decided = [(true.minute(nth), wrong.minute(nth)) for nth in range(CYCLES)]
    assert sum(len(ours) for ours, _ in decided[BEGIN:]) > 0
    different = sum(ours != theirs for ours, theirs in decided)
    late = max(wrong.flagged_in.get(topic, CYCLES) for topic in faults)
    promised(Promise("R10", len(faults), late, "wrong clocks flagged by the second sample", late <= 2))
    promised(Promise("R10", CYCLES, different, "0 cycles decided differently", different == 0))
    assert not true.flagged_in
