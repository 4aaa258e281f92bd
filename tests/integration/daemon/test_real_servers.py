"""A site, a daemon in charge and real servers between and behind them, all in processes of their own."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest

from tests.support.processes import Ear, Heard, Running, run_twin, twin_environment, wait_until
from tests.support.servers import Mosquitto, VictoriaMetrics, free_port
from twin.domain.messages import MessageIn
from twin.domain.site import Site
from twin.ingest.decode import Decoder
from twin.simulator.scene import SPRING_DAY_NS
from twin.sitefile.load import load_site

SPEED = 20
LATER_NS = SPRING_DAY_NS + 86_400 * 10**9  # after everything the site says
WALL_S = 600 if os.environ.get("TWIN_TEST_SCALE") == "nightly" else 40


@pytest.mark.mosquitto
@pytest.mark.victoriametrics
def test_every_sample_is_stored_once_and_the_plant_follows(
    tmp_path: Path, demo_site: Path, mosquitto: Mosquitto, victoria_metrics: VictoriaMetrics
) -> None:
    http = free_port()
    env = twin_environment(
        tmp_path / "state",
        mosquitto.port,
        TWIN_CLOCK__SOURCE="event",
        TWIN_INFLUX__URL=victoria_metrics.url,
        TWIN_HTTP__PORT=str(http),
    )
    daemon = Running("run", "--site", str(demo_site), "--mode", "control", env=env, log=tmp_path / "run.log")
    daemon.wait_for("connected")
    ear = Ear(mosquitto.port)
    hours = WALL_S * SPEED / 3600.0
    simulated = run_twin(
        *("sim", "--site", str(demo_site), "--hours", str(hours), "--speed", str(SPEED), "--json"),
        env=env,
        timeout_s=WALL_S + 120.0,
    )
    assert simulated.code == 0, simulated.err
    told = simulated.last_json()

    site = load_site(demo_site)
    said = _readings(site, _telemetry(site, ear.heard))
    assert len(said) == told["readings"]
    wait_until(lambda: _sent(http) >= len(said), "every reading is in the store")
    ear.close()
    assert daemon.end().code == 0

    stored = _stored(victoria_metrics)
    timed, untimed = _parted(site, said)
    stored_timed, stored_untimed = _parted(site, stored)
    assert stored_timed == pytest.approx(timed, rel=1e-11)  # the store keeps some twelve digits
    # without a time of its own a reading gets the daemon's, so only their order can be compared
    assert _in_order(stored_untimed) == _in_order(untimed)

    commands = ear.under("/_cmd/")
    assert len(commands) == told["commands"] == told["applied"] > 0
    assert not any(command.retain for command in commands)
    assert told["summary"]["limit_breaches"] == 0
    _follows(site, ear.heard)


Readings = dict[tuple[str, str, int], float]  # (asset, point, ms) -> value


def _telemetry(site: Site, heard: list[Heard]) -> list[MessageIn]:
    """What the site said, as somebody else than the daemon heard it; label times count up, one for each message."""
    topics = {rule.topic for rule in site.topics.rules}
    said = [message for message in heard if message.topic in topics]
    return [MessageIn(m.topic, m.payload, 1, False, LATER_NS + i * 1_000_000) for i, m in enumerate(said)]


def _readings(site: Site, telemetry: list[MessageIn]) -> Readings:
    points = site.points.points
    decoded = Decoder(site).decode_all(telemetry)
    assert decoded.rejects == ()
    batch = decoded.batch
    found = {
        (points[int(point)].asset, points[int(point)].name, int(source_ns) // 1_000_000): float(value)
        for point, source_ns, value in zip(batch.point, batch.source_ns, batch.value, strict=True)
        if np.isfinite(value)  # a gateway's "not read" is no value
    }
    assert len(found) == np.isfinite(batch.value).sum()  # no instant twice
    return found


def _parted(site: Site, readings: Readings) -> tuple[Readings, Readings]:
    """Those of messages that carry a time, and the others."""
    timed = {site.points.points[rule.point].id for rule in site.topics.rules if rule.time_path}
    mine = {key: value for key, value in readings.items() if f"{key[0]}/{key[1]}" in timed}
    return mine, {key: value for key, value in readings.items() if key not in mine}


def _in_order(readings: Readings) -> dict[str, list[float]]:
    series: dict[str, list[float]] = {}
    for (asset, point, _ms), value in sorted(readings.items()):
        series.setdefault(f"{asset}/{point}", []).append(float(f"{value:.11g}"))
    return series


def _stored(server: VictoriaMetrics) -> Readings:
    exported = server.exported('{__name__=~".+_value",source="mqtt"}')
    found: Readings = {}
    for (asset, point), samples in exported.items():
        for ms, value in samples:
            assert (asset, point, ms) not in found, "stored twice"
            found[asset, point, ms] = value
    return found


def _sent(http: int) -> int:
    """How many items the daemon's writer has got through, from its own metrics."""
    with urlopen(f"http://127.0.0.1:{http}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return next(
        int(float(line.split()[-1])) for line in lines if line.startswith('twin_sink_sent_items{sink="influx"}')
    )


def _follows(site: Site, heard: list[Heard]) -> None:
    """Each setpoint reads back every value it was sent, in order; the last may have come too late to be read back."""
    readings = _in_order(_readings(site, _telemetry(site, heard)))
    sent: dict[str, list[float]] = {}
    for message in heard:
        if "/_cmd/" in message.topic:
            sent.setdefault(message.topic.split("/_cmd/")[1], []).append(message.json()["v"])
    for point, values in sent.items():
        local = next(actuator.local for actuator in site.limits.actuators if actuator.point == point)
        wanted, seen = _changes([local, *values]), _changes(readings[point])
        assert len(wanted) - 1 <= len(seen) <= len(wanted), point
        assert seen == pytest.approx(wanted[: len(seen)], abs=0.051), point


def _changes(values: list[float]) -> list[float]:
    return [value for before, value in zip([None, *values], values, strict=False) if value != before]
