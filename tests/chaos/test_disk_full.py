"""R7: the disk is full. Nothing stops, the oldest of the lowest class goes, and every item is accounted for."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from tests.chaos.disks import MB, Ballast, free_now, small_disk
from tests.chaos.feed import SENSORS, START_NS, a_fleet, pieces, readings
from tests.chaos.memory_buffer import MemoryBuffer
from tests.chaos.promise import Promise, scaled
from tests.chaos.stand_in_sink import StandInSink
from tests.chaos.watching import metrics
from tests.support.processes import Ear, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto, free_port
from twin.adapters.influx import InfluxWriter
from twin.domain.clock import SystemClock
from twin.historian.blocks import Priority
from twin.historian.line_sink import LineSink
from twin.historian.sinks import Drain, DrainPolicy
from twin.historian.spool import Spool
from twin.historian.spool_db import Account
from twin.shipped import shipped_config

pytestmark = pytest.mark.alone

DISK_MB = 16
FED = scaled(3_000_000, 20_000_000)  # several times what the disk holds
RECORDS = [b'{"id":"%d"}' % n for n in range(1_000)]
VISIBLE_S, HEALED_S = 5.0, 10.0
SPEED = 100  # of the demo site: some 2,000 points/s, a control period of 0.6 s on the wall
FULL_S = scaled(9, 600)
MOST_LATE_S = 0.5


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", DISK_MB) as mounted:
        yield mounted


class Beside:
    """A control loop's stand-in: how late each of its turns began."""

    def __init__(self, every_s: float = 0.02) -> None:
        self._every_s = every_s
        self.late_s: list[float] = []

    async def run(self) -> None:
        due_s = time.monotonic()
        while True:
            due_s = max(due_s + self._every_s, time.monotonic())
            await asyncio.sleep(due_s - time.monotonic())
            self.late_s.append(time.monotonic() - due_s)


def off_by(account: Account) -> int:
    return account.received - account.stored - account.pending - account.dropped


async def test_r7_a_full_disk_loses_the_oldest_telemetry_alone_and_counts_it(
    disk: Path, promised: Callable[..., None]
) -> None:
    spool = await Spool.open(disk / "spool.db", a_fleet(), sinks=("influx",), clock=SystemClock())
    beside = Beside()
    loop = asyncio.get_running_loop().create_task(beside.run(), name="loop")
    wrong, full_s, visible_s = 0, 0.0, 0.0
    with capture_logs() as logged:
        await spool.append_records(Priority.SAFETY, RECORDS)
        await spool.append_records(Priority.CONTROL, RECORDS)
        for nth, batch in enumerate(pieces(0, FED, SENSORS)):
            await spool.append_samples(batch)
            if not full_s and free_now(disk) < MB // 10:
                full_s = time.monotonic()
            if not visible_s and spool.health.full:
                visible_s = time.monotonic()
                beside.late_s.clear()
            if nth % 100 == 0:
                wrong += abs(off_by((await spool.accounts())["influx"]))
        longest_s = max(beside.late_s)
        account = (await spool.accounts())["influx"]
        kept = await spool.read_after(0, 2 * FED)
        records = [block.records for block in kept if block.records]
        numbers = np.concatenate([block.samples.source_ns for block in kept if len(block.samples)])

        sink = StandInSink()
        sink.start()
        writer = InfluxWriter(url=sink.url, token="", org="o", bucket="b")
        drain = Drain(spool, LineSink(writer), SystemClock(), policy=DrainPolicy(resend_window_s=0.0))
        await drain.catch_up()
        drained_s = time.monotonic()
        fed = FED
        while spool.health.full and time.monotonic() < drained_s + 2.0 * HEALED_S:
            await spool.append_samples(readings(fed, SENSORS))
            fed += SENSORS
            await asyncio.sleep(0.1)
        healed_s = time.monotonic() - drained_s
        await drain.catch_up()
        after = (await spool.accounts())["influx"]
        await writer.close()
        sink.stop()
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop
    await spool.close()

    received = fed + 2 * len(RECORDS)
    assert records == [tuple(RECORDS), tuple(RECORDS)]
    assert _is_newest(numbers)
    assert spool.health.shed_items == account.dropped > FED // 4
    assert after.pending == 0
    assert after.stored == len(sink.stand.stored)
    said = [entry["event"] for entry in logged if "disk" in entry["event"]]
    assert said == [
        "spool: the disk is full, the oldest of the lowest class makes room",
        "spool: the disk has room again",
    ]
    wrong += abs(off_by(account)) + abs(off_by(after)) + abs(after.received - received)
    promised(Promise("R7 items not accounted for", received, wrong, 0, wrong == 0), dropped=after.dropped)
    seen_s = max(0.0, visible_s - full_s)
    promised(Promise("R7 full disk visible, s", 1, round(seen_s, 2), VISIBLE_S, 0.0 < visible_s <= full_s + VISIBLE_S))
    promised(Promise("R7 healed, s", 1, round(healed_s, 1), HEALED_S, healed_s <= HEALED_S))
    promised(
        Promise(
            "R7 longest pause of a loop beside it, s", 1, round(longest_s, 3), MOST_LATE_S, longest_s <= MOST_LATE_S
        )
    )


def _is_newest(source_ns: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Whether these are the last readings of the feed, without a hole."""
    expected = readings(FED - len(source_ns), len(source_ns)).source_ns
    return bool((source_ns == expected).all()) and source_ns[0] > START_NS


async def test_r7_a_spool_that_starts_on_a_full_disk_takes_the_newest(disk: Path) -> None:
    spool = await Spool.open(disk / "spool.db", a_fleet(), sinks=("influx",), clock=SystemClock())
    await spool.append_samples(readings(0, 20_000))
    await spool.close()
    Ballast(disk).leave_free(0)
    spool = await Spool.open(disk / "spool.db", a_fleet(), sinks=("influx",), clock=SystemClock())
    async with asyncio.timeout(30.0):
        for batch in pieces(20_000, 600_000, SENSORS):
            await spool.append_samples(batch)
    account = (await spool.accounts())["influx"]
    newest = (await spool.read_after(0, 10**9))[-1]
    await spool.close()
    assert account.received == 620_000
    assert account.dropped > 0
    assert off_by(account) == 0
    assert newest.samples.source_ns[-1] == readings(619_999, 1).source_ns[0]


async def test_r7_a_buffer_in_memory_does_not_account_for_what_it_drops() -> None:
    buffer = MemoryBuffer(a_fleet(), "influx")
    for batch in pieces(0, 300_000, SENSORS):
        await buffer.append_samples(batch)
    assert off_by((await buffer.accounts())["influx"]) == 200_000


@pytest.mark.mosquitto
def test_r7_a_daemon_whose_disk_is_full_stays_in_control_and_heals(
    tmp_path: Path, disk: Path, promised: Callable[..., None]
) -> None:
    http, broker = free_port(), Mosquitto(tmp_path)
    broker.start()
    nowhere = f"http://127.0.0.1:{free_port()}"
    env = twin_environment(
        disk, broker.port, TWIN_CLOCK__SOURCE="event", TWIN_INFLUX__URL=nowhere, TWIN_HTTP__PORT=str(http)
    )
    site = ("--site", str(shipped_config("demo")))
    daemon = Running("run", *site, "--mode", "control", env=env, log=tmp_path / "run.log")
    try:
        daemon.wait_for("connected")
        cycles = Ear(broker.port, "dc/demo/_twin/cycle")
        sim_env = twin_environment(tmp_path / "site", broker.port)
        Running("sim", *site, "--hours", "24", "--speed", str(SPEED), env=sim_env, log=tmp_path / "sim.log")
        wait_until(lambda: len(cycles.heard) >= 10, "the daemon cycles")
        ballast = Ballast(disk)

        ballast.leave_free(0)
        full_s = time.monotonic()
        seen_s = wait_until(
            lambda: "disk" in daemon.said() or "cannot be stored" in daemon.said(), "a word on it", 60.0
        )
        while time.monotonic() < full_s + FULL_S:
            ballast.leave_free(0)  # whatever was given up is taken too
            time.sleep(0.2)
        full = metrics(http)
        ballast.remove()
        before, back_s = metrics(http), time.monotonic()
        wait_until(lambda: _healed(http, before), "healed", 60.0)
        healed_s = time.monotonic() - back_s
        time.sleep(2.0)
        heard = [message.at_s for message in cycles.heard]
        cycles.close()
        after = metrics(http)
        assert daemon.end().code == 0
    finally:
        broker.kill()
    period_s = np.diff([at_s for at_s in heard if full_s <= at_s <= back_s])
    usual_s = 60.0 / SPEED
    assert full["twin_persist_dropped"] == 0
    assert after["twin_samples_total"] >= full["twin_samples_total"] > 0
    wrong = _not_accounted_for(disk / "demo" / "spool.db")
    longest = float(period_s.max())
    promised(
        Promise("R7 longest pause of control on a full disk, s", len(period_s), round(longest, 2), 1.5, longest <= 1.5),
        usual_s=usual_s,
        cycles_expected=round(FULL_S / usual_s),
    )
    assert len(period_s) >= 0.8 * FULL_S / usual_s
    promised(Promise("R7 daemon: full disk visible, s", 1, round(seen_s, 2), VISIBLE_S, seen_s <= VISIBLE_S))
    promised(Promise("R7 daemon: healed, s", 1, round(healed_s, 1), HEALED_S, healed_s <= HEALED_S))
    promised(
        Promise("R7 daemon: items not accounted for", int(after["twin_persist_samples"]), wrong, 0, wrong == 0),
        dropped=after["twin_spool_shed_items"],
    )


def _healed(http: int, before: dict[str, float]) -> bool:
    """The history goes on, and the spool has its reserve back."""
    now, position = metrics(http), 'twin_sink_position{sink="history"}'
    return now["twin_spool_full"] == 0.0 and now["twin_spool_writable"] == 1.0 and now[position] > before[position]


def _not_accounted_for(path: Path) -> int:
    """Over all sinks: received less stored, dropped and what is still there."""
    query = (
        "SELECT SUM(ABS(received - stored - dropped - (SELECT COALESCE(SUM(n), 0) FROM blocks WHERE id > position)))"
        " FROM positions WHERE active"
    )
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute(query).fetchone()[0])
