"""One turn of the loop: records to disk, commands out, and the last word on the cycle only after them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

import pytest
from structlog.testing import capture_logs

from tests.unit.daemon.builders import Ear, HandClock, a_core, minutes
from twin.daemon import turns as module
from twin.daemon.core import Core, memory_of
from twin.daemon.outbound import Voice
from twin.daemon.persist import Persister
from twin.daemon.recorder import Recorder
from twin.daemon.turns import Turns
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S
from twin.domain.messages import MessageIn
from twin.domain.samples import SampleBatch
from twin.domain.sealed import SealedCommand


class Kept:
    """Stands in for the persister and the recorder: keeps what it is given."""

    def __init__(self) -> None:
        self.samples = 0
        self.records: list[bytes] = []
        self.unsent: list[tuple[tuple[str, int], ...]] = []
        self.lines: list[bytes] = []

    def put(self, batch: SampleBatch, _messages: Sequence[MessageIn]) -> None:
        self.samples += len(batch)

    def put_records(self, records: Sequence[bytes]) -> None:
        self.records += records

    def fed(self, _messages: Sequence[MessageIn], _mono_s: float) -> None: ...

    def ticked(self, _cycle: int, _now_ns: int, _mono_s: float, unsent: tuple[tuple[str, int], ...]) -> None:
        self.unsent.append(unsent)

    def decided(self, _cycle: int, lines: tuple[bytes, ...]) -> None:
        self.lines += lines


class Bench:
    """Turns on the demo site, with everything around them in the test's hands."""

    def __init__(self, *, mode: Mode = Mode.CONTROL) -> None:
        self.core: Core = a_core(mode=mode)
        self.ear, self.kept, self.clock = Ear(), Kept(), HandClock()
        self.saved: list[bytes] = []
        self.full_disk = False
        self.watchdog = 0
        site = self.core.order.site
        self.turns = Turns(
            self.core,
            self.ear,
            cast("Persister", self.kept),
            cast("Recorder", self.kept),
            Voice(site.topics.root, version="0", config_hash=site.config_hash),
            self.clock,
            save=self._save,
            alive=self._alive,
        )

    def _save(self, memory: bytes) -> None:
        if self.full_disk:
            raise OSError(28, "No space left on device")
        self.saved.append(memory)

    def _alive(self) -> None:
        self.watchdog += 1

    async def minute(self, nth: int) -> None:
        self.turns.feed(minutes(nth + 1)[nth], 0.0)
        await self.turns.cycle(self.core.event_ns, self.core.event_ns / NS_PER_S)

    async def until_commands(self) -> int:
        """Run until the first commands go out; returns the next minute."""
        for nth in range(9):
            await self.minute(nth)
            if self.turns.health.commands_sent or self.turns.health.commands_unsent:
                return nth + 1
        raise AssertionError("no command in nine minutes")


async def test_the_last_word_on_a_cycle_comes_after_its_commands() -> None:
    bench = Bench()
    await bench.until_commands()
    topics = bench.ear.topics()
    last_command = max(i for i, topic in enumerate(topics) if topic.startswith("_cmd/"))
    assert topics[-1] == "_twin/cycle"
    assert topics[last_command:].count("_twin/cycle") == 1
    body = json.loads(bench.ear.heard[-1].payload)
    assert body["commands"] == len(bench.ear.commands()) == bench.turns.health.commands_sent


async def test_records_and_samples_go_to_disk_and_the_memory_is_stored_each_cycle() -> None:
    bench = Bench()
    await bench.minute(0)
    await bench.minute(1)
    assert bench.kept.samples == bench.core.tally.samples > 1000
    assert json.loads(bench.kept.records[0])["cycle"] == 1
    assert memory_of(bench.saved[-1]) == bench.core.memory
    assert len(bench.saved) == 2


async def test_in_shadow_nothing_reaches_a_command_topic() -> None:
    bench = Bench(mode=Mode.SHADOW)
    for nth in range(9):
        await bench.minute(nth)
    assert not any(topic.startswith("_cmd") for topic in bench.ear.topics())
    assert bench.kept.records  # but it says what it would have done


async def test_commands_that_did_not_get_through_are_told_to_the_next_cycle() -> None:
    bench = Bench()
    bench.ear.deaf = True
    nth = await bench.until_commands()
    missed = bench.turns.health.commands_unsent
    bench.ear.deaf = False
    await bench.minute(nth)
    assert missed > 0
    assert len(bench.kept.unsent[-1]) == missed
    assert bench.kept.unsent[:-1] == [()] * (len(bench.kept.unsent) - 1)
    await bench.minute(nth + 1)
    assert bench.kept.unsent[-1] == ()  # told once


async def test_a_broker_that_never_answers_holds_the_loop_up_for_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SEND_S", 0.01)
    bench = Bench()
    bench.ear.asleep = True
    await bench.until_commands()
    assert bench.turns.health.commands_unsent > 0
    assert bench.turns.health.cycle_ms  # it went on


async def test_a_silent_broker_is_reported_once_however_often_it_is_met() -> None:
    bench = Bench()
    await bench.minute(0)
    bench.ear.deaf = True
    with capture_logs() as logs:
        for nth in range(1, 4):
            await bench.minute(nth)
    assert [line["event"] for line in logs].count("nothing can be said to the broker now") == 1


async def test_a_full_disk_is_reported_once_and_control_goes_on() -> None:
    bench = Bench()
    bench.full_disk = True
    with capture_logs() as logs:
        await bench.until_commands()
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "the memory cannot be stored, control goes on without"
    ]
    assert bench.turns.health.commands_sent > 0


async def test_the_status_is_said_when_it_changes_and_when_the_link_is_new() -> None:
    bench = Bench()
    now_ns = bench.clock.now_ns()
    await bench.turns.announce(now_ns, anew=False)
    await bench.turns.announce(now_ns, anew=False)
    assert bench.ear.topics() == ["_twin/status"]
    assert json.loads(bench.ear.heard[0].payload)["state"] == "degraded"  # before the first cycle
    await bench.turns.announce(now_ns, anew=True)
    assert bench.ear.topics() == ["_twin/status"] * 2
    await bench.minute(0)
    states = [json.loads(m.payload)["state"] for m in bench.ear.heard if m.topic.endswith("_twin/status")]
    assert states == ["degraded", "degraded", "online"]


async def test_a_beat_counts_up_tells_the_age_of_the_cycle_and_pleases_the_watchdog() -> None:
    bench = Bench()
    bench.clock.now_s += 4.0
    await bench.turns.beat(bench.clock.now_ns())
    await bench.turns.beat(bench.clock.now_ns())
    bodies = [json.loads(message.payload) for message in bench.ear.heard]
    assert [(body["seq"], body["cycle_age_s"]) for body in bodies] == [(1, 4.0), (2, 4.0)]
    assert bench.watchdog == bench.turns.health.beats == 2


async def test_leaving_gives_the_leases_back_says_offline_and_no_cycle_runs_after_it() -> None:
    bench = Bench()
    nth = await bench.until_commands()
    lent = {command.topic for command in bench.ear.commands()}
    bench.ear.heard.clear()
    await bench.turns.leave(bench.core.event_ns)
    assert {command.topic for command in bench.ear.commands()} == lent
    assert all(json.loads(command.payload)["release"] is True for command in bench.ear.commands())
    assert not isinstance(bench.ear.heard[-1], SealedCommand)
    assert json.loads(bench.ear.heard[-1].payload)["state"] == "offline"
    said, cycles = len(bench.ear.heard), bench.core.cycle_number
    await bench.minute(nth)
    assert (len(bench.ear.heard), bench.core.cycle_number) == (said, cycles)


async def test_an_empty_hand_feeds_nobody() -> None:
    bench = Bench()
    bench.turns.feed([], 0.0)
    assert (bench.core.tally.messages, bench.kept.samples) == (0, 0)
