"""R26: ten times too many messages, and one sensor gone mad: control keeps its period, and safety loses nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.chaos.conftest import PERIOD_S
from tests.chaos.feed import rss_bytes
from tests.chaos.promise import Promise, scaled
from tests.chaos.sensors import Sensors, said_by_a_site, with_time
from tests.chaos.watching import metrics
from tests.support.processes import Ear, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto, free_port
from twin.historian.history import HistoryReader
from twin.sitefile.load import load_site

SECONDS = scaled(20, 60)
FLOOD_HZ, MAD_HZ = 20_000, 5_000
MOST_MB = 300.0

pytestmark = [pytest.mark.mosquitto, pytest.mark.alone]


def flood(port: int, file: Path, per_s: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.chaos.flooder", str(port), str(file), str(per_s), str(SECONDS)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def line(topic: str, payload: bytes) -> bytes:
    return b"%b\t%b\n" % (topic.encode(), with_time(payload, time.time()))


def quiet(page: int) -> bool:
    """Nothing arrives any more, and all is in the history."""
    before = metrics(page)["twin_messages_total"]
    time.sleep(2.0)
    now = metrics(page)
    on_its_way = now["twin_persist_waiting"] + now["twin_spool_held_blocks"]
    return now["twin_messages_total"] == before and on_its_way == 0.0


def p99_s(ear: Ear, from_s: float, to_s: float) -> tuple[float, int]:
    at_s = [message.at_s for message in ear.under("/_twin/cycle") if from_s <= message.at_s <= to_s]
    periods = [later - earlier for earlier, later in pairwise(at_s)]
    return float(np.quantile(periods, 0.99)), len(periods)


def test_r26_a_flood_does_not_take_control_out_of_step(
    tmp_path: Path, site: Path, mosquitto: Mosquitto, promised: Callable[..., None]
) -> None:
    messages = said_by_a_site(site, mosquitto, tmp_path)
    page = free_port()
    env = twin_environment(tmp_path / "state", mosquitto.port) | {"TWIN_HTTP__PORT": str(page)}
    ear, sensors = Ear(mosquitto.port, "dc/demo/_twin/#"), Sensors(mosquitto.port, messages)
    daemon = Running("run", "--site", str(site), env=env, log=tmp_path / "run.log")
    wait_until(lambda: len(ear.under("/_twin/cycle")) >= 4, "the daemon is in step")

    mad = next((topic, payload) for topic, payload in messages if topic.endswith("/room/telemetry"))
    others = [(topic, payload) for topic, payload in messages if "/row-" not in topic and topic != mad[0]]
    (tmp_path / "mad").write_bytes(line(*mad))
    (tmp_path / "flood").write_bytes(b"".join(line(*message) for message in others))
    began_s, began_ns, rounds = time.monotonic(), time.time_ns(), sensors.rounds
    floods = [flood(mosquitto.port, tmp_path / "flood", FLOOD_HZ), flood(mosquitto.port, tmp_path / "mad", MAD_HZ)]
    sent = [int(process.communicate()[0]) for process in floods]
    ended_s = time.monotonic()
    during_s, cycles = p99_s(ear, began_s, ended_s)
    sensors.close()
    wait_until(lambda: metrics(page)["twin_mqtt_connects_total"] >= 2, "the broker is asked again", 30.0)
    wait_until(lambda: quiet(page), "the broker's queue is taken in", 120.0)
    refused = metrics(page)["twin_mqtt_refused_total"]
    resident_mb = rss_bytes(daemon.pid) / 1e6
    assert daemon.end().code == 0
    ear.close()

    inlets = [point.id for point in load_site(site).points if point.name == "inlet_c"]
    reader = HistoryReader(tmp_path / "state" / "demo" / "history.db")
    kept = min(len(reader.read(point, began_ns)[0]) for point in inlets)
    reader.close()
    spoken = sensors.rounds - rounds
    lost = max(spoken - kept, 0)
    promised(
        Promise("R26", cycles, round(during_s / PERIOD_S, 3), "period p99 <= 1.2 x", during_s <= 1.2 * PERIOD_S),
        sent=sum(sent),
        refused=refused,
        resident_mb=round(resident_mb, 1),
    )
    promised(Promise("R26", spoken * len(inlets), lost, "0 readings of the safety class lost", lost == 0))
    assert sum(sent) >= 0.8 * (FLOOD_HZ + MAD_HZ) * SECONDS, "the flood was none"
    assert resident_mb < MOST_MB
    assert f"topic={mad[0]}" in daemon.said()
