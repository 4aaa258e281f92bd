"""R5: the historian is away for an hour. Nothing is lost, memory and disk stay small, and the way back is quick."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.chaos.feed import POINTS_PER_S, SENSORS, ledger_of, pieces
from tests.chaos.memory_buffer import MOST_ITEMS
from tests.chaos.outage import Seen
from tests.chaos.promise import NIGHTLY, Promise, scaled
from tests.chaos.watching import metrics
from tests.support.processes import Ear, Heard, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto, VictoriaMetrics, free_port
from twin.domain.arrays import Floats
from twin.domain.clock import SystemClock
from twin.domain.site import Site
from twin.historian.series import Catalogue
from twin.historian.spool import Spool
from twin.shipped import shipped_config
from twin.sitefile.load import load_site

MB = 1024**2
OUTAGE_S = scaled(360, 3_600)
POINTS = OUTAGE_S * POINTS_PER_S
FASTER = 1.0 if NIGHTLY else 40.0
HOUR_POINTS = 3_600 * POINTS_PER_S
SPEED = 100  # of the demo site: some 2,000 points/s, and a control period of 0.6 s on the wall
WAITING = scaled(700_000, 7_200_000)
SETTLED, BEFORE_S, MOST_SLOWER = 10, 12.0, 1.2
MOST_MEMORY, MOST_DISK, LEAST_DRAIN_S = 32 * MB, 150 * MB, 20_000

pytestmark = [pytest.mark.victoriametrics, pytest.mark.alone]


class Ending(VictoriaMetrics):
    """One that can also be ended in an orderly way."""

    def end(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Ending]:
    server = Ending(tmp_path / "victoria")
    server.start()
    yield server
    server.stop()


def went_through(directory: Path, sink: Ending, points: int, kind: str) -> Seen:
    """The outage script against a real sink, which is ended and started again at its word."""
    directory.mkdir()
    script = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.outage", str(directory), sink.url, str(points), str(FASTER), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert script.stdin is not None
    assert script.stdout is not None
    try:
        assert script.stdout.readline() == "away\n"
        sink.end()
        print("it is", file=script.stdin, flush=True)
        assert script.stdout.readline() == "full\n"
        sink.start()
        print("it is back", file=script.stdin, flush=True)
        seen = Seen(**json.loads(script.stdout.readline()))
        assert script.wait(10.0) == 0
    finally:
        script.kill()
        script.communicate()
    return seen


def lost_in(sink: VictoriaMetrics, fed: int) -> int:
    """How many readings of the ledger the sink does not have, or has with another value."""
    lost = 0
    for last_digit in range(10):
        stored = sink.exported(f'{{__name__="rack_value",asset=~"r[0-9]*{last_digit}"}}')
        for sensor in range(last_digit, SENSORS, 10):
            found = dict(stored.get((f"r{sensor}", "inlet_c"), []))
            lost += sum(found.get(ms) != value for ms, value in ledger_of(sensor, fed).items())
    return lost


def test_r5_an_hour_without_the_historian_loses_nothing_and_stays_small(
    tmp_path: Path, sink: Ending, promised: Callable[..., None]
) -> None:
    seen = went_through(tmp_path / "spool", sink, POINTS, "spool")
    lost = lost_in(sink, seen.fed)
    memory, drain = seen.rss_peak - seen.rss_before, seen.drained / seen.drain_s
    disk = seen.disk * HOUR_POINTS / POINTS + seen.beside
    assert seen.account["received"] == seen.account["stored"] == seen.fed
    promised(Promise("R5 outage", seen.fed, lost, 0, lost == 0), outage_s=OUTAGE_S)
    promised(Promise("R5 memory growth, MB", POINTS, round(memory / MB, 1), MOST_MEMORY / MB, memory <= MOST_MEMORY))
    promised(Promise("R5 spool for 7.2 M points, MB", POINTS, round(disk / MB), MOST_DISK / MB, disk <= MOST_DISK))
    promised(Promise("R5 drain, points/s", seen.drained, round(drain), LEAST_DRAIN_S, drain >= LEAST_DRAIN_S))


@pytest.mark.mosquitto
def test_r5_control_keeps_its_period_while_the_spool_drains(tmp_path: Path, promised: Callable[..., None]) -> None:
    site_dir, state, http = shipped_config("demo"), tmp_path / "state", free_port()
    (state / "demo").mkdir(parents=True)
    asyncio.run(filled(state / "demo" / "spool.db", load_site(site_dir)))
    broker, sink = Mosquitto(tmp_path), Ending(tmp_path / "victoria")
    broker.start()
    env = twin_environment(
        state, broker.port, TWIN_CLOCK__SOURCE="event", TWIN_INFLUX__URL=sink.url, TWIN_HTTP__PORT=str(http)
    )
    site = ("--site", str(site_dir))
    daemon = Running("run", *site, "--mode", "control", env=env, log=tmp_path / "run.log")
    try:
        daemon.wait_for("connected")
        cycles = Ear(broker.port, "dc/demo/_twin/cycle")
        sim_env = twin_environment(tmp_path / "site", broker.port)
        Running("sim", *site, "--hours", "24", "--speed", str(SPEED), env=sim_env, log=tmp_path / "sim.log")
        wait_until(lambda: len(cycles.heard) >= SETTLED, "the daemon cycles")
        began_s = time.monotonic()
        time.sleep(BEFORE_S)
        sink.start()
        wait_until(lambda: sent(http) > 0, "the drain begins", 70.0)
        drain_s = time.monotonic()
        already = sent(http)
        wait_until(lambda: sent(http) >= WAITING, "the drain is through", 120.0)
        end_s = time.monotonic()
        rate = (sent(http) - already) / (end_s - drain_s)
        before, during = of(cycles.heard, began_s, drain_s), of(cycles.heard, drain_s, end_s)
        cycles.close()
        assert daemon.end().code == 0
    finally:
        sink.stop()
        broker.kill()
    promised(
        Promise(
            "R5 control period p99 during the drain / before",
            len(during.period_s),
            round(float(np.quantile(during.period_s, 0.99) / np.quantile(before.period_s, 0.99)), 3),
            MOST_SLOWER,
            bool(np.quantile(during.period_s, 0.99) <= MOST_SLOWER * np.quantile(before.period_s, 0.99)),
        ),
        drain_points_s=round(rate),
        period_before_s=round(float(np.quantile(before.period_s, 0.99)), 3),
        cycle_ms_before=round(float(np.quantile(before.cycle_ms, 0.99)), 1),
        cycle_ms_during=round(float(np.quantile(during.cycle_ms, 0.99)), 1),
    )
    assert rate >= LEAST_DRAIN_S


@dataclass(frozen=True, slots=True)
class Cycles:
    """Wall time from cycle to cycle, and what each took by its own word."""

    period_s: Floats
    cycle_ms: Floats


def of(heard: list[Heard], begin_s: float, end_s: float) -> Cycles:
    """The cycles between two instants."""
    inside = [message for message in heard if begin_s <= message.at_s <= end_s]
    spent = np.array([message.json()["duration_ms"] for message in inside])
    return Cycles(np.diff([message.at_s for message in inside]), spent)


async def filled(path: Path, site: Site) -> None:
    """A spool with much in it that only the outer sink has not got."""
    catalogue = Catalogue.of(site.points, site=site.facility.site)
    spool = await Spool.open(path, catalogue, sinks=("history", "influx"), clock=SystemClock())
    for batch in pieces(0, WAITING, SENSORS):
        await spool.append_samples(batch)
    await spool.advance("history", spool.newest_id)
    await spool.close()


def sent(http: int) -> float:
    """What the daemon says it has brought to the sink."""
    return metrics(http)['twin_sink_sent_items{sink="influx"}']


def test_r5_the_same_outage_is_lost_on_a_build_that_keeps_it_in_memory(tmp_path: Path, sink: Ending) -> None:
    seen = went_through(tmp_path / "spool", sink, 2 * MOST_ITEMS, "memory")
    assert lost_in(sink, seen.fed) == MOST_ITEMS
    assert seen.account["received"] > seen.account["stored"] + seen.account["pending"] + seen.account["dropped"]
