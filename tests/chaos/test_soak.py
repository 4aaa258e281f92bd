"""R25: load for long, with a fault every now and then: memory, files and threads stay as they are, nothing is lost."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.chaos.fault_proxy import FaultProxy, Link
from tests.chaos.feed import POINTS_PER_S, rss_bytes
from tests.chaos.promise import NIGHTLY, Promise, scaled
from tests.chaos.stand_in_sink import Say, StandInSink, takes_all
from tests.chaos.watching import descriptors, metrics, threads
from tests.support.processes import Ear, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto, free_port
from twin.domain.site import Site
from twin.historian.history import HistoryReader
from twin.shipped import shipped_config
from twin.sitefile.load import load_site

pytestmark = pytest.mark.alone

MB = 1024**2
SPEED = 100  # of the demo site: some 2,000 points/s, and a control period of 0.6 s on the wall
WARM_S, RUN_S = scaled(30, 240), scaled(50, 1_200)
FAULT_S = scaled(10, 60)
MOST_GROWTH = MB if NIGHTLY else 4 * MB  # after a minute the allocator has not yet found its level
MOST_MORE = 3  # descriptors or threads
FIRST_DAY = datetime(2026, 5, 1, tzinfo=UTC)
LEAST_LOAD = 0.6  # of the rated load: a site takes some seconds to begin again

Fault = Callable[[], None]


class Surroundings:
    """A broker with a site on it and a sink, and what may go wrong with them. Each fault ends the one before."""

    def __init__(self, directory: Path, proxy: FaultProxy, sink: StandInSink) -> None:
        self.broker, self.proxy, self.sink = Mosquitto(directory), proxy, sink
        self._directory = directory
        self._began_s = time.monotonic()
        self._site: Running | None = None

    def begin_site(self) -> None:
        """The simulated site, from where it would be now: it ends with its broker."""
        self.end_site()
        plant_s = SPEED * (time.monotonic() - self._began_s)
        start = (FIRST_DAY + timedelta(seconds=round(plant_s))).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._site = Running(
            *("sim", "--site", str(shipped_config("demo")), "--hours", "1000", "--speed", str(SPEED)),
            *("--start", start),
            env=twin_environment(self._directory / "site", self.broker.port),
            log=self._directory / "sim.log",
        )

    def end_site(self) -> None:
        if self._site is not None:
            self._site.end(signal.SIGINT)
            self._site = None

    def faults(self) -> Iterator[Fault]:
        """One after the other, for ever."""
        return itertools.cycle((self.sink_away, self.broker_again, self.sink_slow, self.sink_full, self.sink_crashed))

    def mend(self) -> None:
        self.proxy.link = Link()
        self.sink.behaviour = takes_all

    def sink_away(self) -> None:
        self.proxy.link = Link(refuse=True)

    def sink_slow(self) -> None:
        self.proxy.link = Link(longest_delay_s=0.2, drop_frac=0.02)

    def sink_full(self) -> None:
        self.sink.behaviour = lambda lines: Say(503, "no space left", stored_frac=0.5)

    def sink_crashed(self) -> None:
        self.sink.crash()
        self.sink.start()

    def broker_again(self) -> None:
        self.broker.stop()
        self.broker.start()
        self.begin_site()


@pytest.mark.nightly
@pytest.mark.mosquitto
def test_r25_soak_memory_files_and_threads_stay_and_nothing_is_lost(
    tmp_path: Path, promised: Callable[..., None]
) -> None:
    sink, http = StandInSink(flush_s=1.0), free_port()
    sink.start()
    with FaultProxy(sink.port) as proxy:
        around = Surroundings(tmp_path, proxy, sink)
        around.broker.start()
        state, site_dir = tmp_path / "state", shipped_config("demo")
        env = twin_environment(
            state,
            around.broker.port,
            TWIN_CLOCK__SOURCE="event",
            TWIN_INFLUX__URL=proxy.url,
            TWIN_INFLUX__TIMEOUT_S="2",
            TWIN_HISTORIAN__RESEND_WINDOW_S="4",
            TWIN_HTTP__PORT=str(http),
        )
        daemon = Running("run", "--site", str(site_dir), "--mode", "control", env=env, log=tmp_path / "run.log")
        try:
            daemon.wait_for("connected")
            cycles = Ear(around.broker.port, "dc/demo/_twin/cycle")
            around.begin_site()
            wait_until(lambda: len(cycles.heard) >= 10, "the daemon cycles")
            faults = around.faults()
            soaked(around, faults, daemon, WARM_S)
            seen = soaked(around, faults, daemon, RUN_S)
            around.mend()
            around.end_site()
            wait_until(lambda: _pending(http) == 0, "all is in the sink", 240.0)
            last = metrics(http)
            cycles.close()
            assert daemon.end().code == 0
        finally:
            around.broker.kill()
            sink.stop()
    at_s, rss, files, running = seen.T
    growth = float(np.polyfit(at_s, rss, 1)[0]) * RUN_S
    more = int(max(np.median(files[-5:]) - np.median(files[:5]), np.median(running[-5:]) - np.median(running[:5])))
    here, there = kept(state / "demo" / "history.db", load_site(site_dir)), stored(sink)
    assert last["twin_samples_total"] >= LEAST_LOAD * POINTS_PER_S * (WARM_S + RUN_S)
    lost, dropped = len(here - there), last["twin_persist_dropped"] + last["twin_spool_shed_items"]
    promised(Promise("R25 lost", len(here), lost, 0, lost == 0 and dropped == 0), samples=last["twin_samples_total"])
    promised(
        Promise("R25 memory growth, MB", RUN_S, round(growth / MB, 2), MOST_GROWTH / MB, growth <= MOST_GROWTH),
        rss_mb=round(float(rss[-1]) / MB, 1),
    )
    promised(Promise("R25 more descriptors or threads", RUN_S, more, MOST_MORE, more <= MOST_MORE))


def soaked(
    around: Surroundings, faults: Iterator[Fault], daemon: Running, seconds: float
) -> np.ndarray[tuple[int, int]]:
    """Some time with a fault every now and then; rows of (s, bytes, descriptors, threads)."""
    pid = daemon.pid
    rows: list[tuple[float, int, int, int]] = []
    began_s = time.monotonic()
    next_fault_s = began_s + FAULT_S / 2
    while (now_s := time.monotonic()) < began_s + seconds:
        if now_s >= next_fault_s:
            next(faults)()
            next_fault_s = now_s + FAULT_S
        elif now_s >= next_fault_s - FAULT_S / 2:
            around.mend()
        assert daemon.alive, daemon.said()[-4_000:]
        rows.append((now_s - began_s, rss_bytes(pid), descriptors(pid), threads(pid)))
        time.sleep(0.25)
    return np.array(rows, dtype=np.float64)


def _pending(http: int) -> float:
    now = metrics(http)
    blocks = now["twin_spool_held_blocks"] + now["twin_persist_waiting"]
    return blocks if now['twin_sink_position{sink="influx"}'] == now['twin_sink_position{sink="history"}'] else 1.0


def kept(path: Path, site: Site) -> set[tuple[str, int]]:
    """(point, ns) of every finite sample in the embedded history, which reads the same spool."""
    reader = HistoryReader(path)
    found: set[tuple[str, int]] = set()
    for point in site.points:
        times, values, _ = reader.read(point.id)
        found |= {(point.id, ns) for ns in times[np.isfinite(values)].tolist()}
    reader.close()
    return found


def stored(sink: StandInSink) -> set[tuple[str, int]]:
    """(point, ns) of every sample that the stand-in holds."""
    found: set[tuple[str, int]] = set()
    for line in sink.all_stored():
        series, ns = line.rsplit(" ", 1)
        if series.startswith("decision,"):
            continue
        tags = dict(tag.split("=", 1) for tag in series.split(",")[1:])
        found.add((f"{tags['asset']}/{tags['point']}", int(ns)))
    return found
