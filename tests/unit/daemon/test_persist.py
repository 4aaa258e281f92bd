"""What the broker is told we have is on disk; what is too much for it is dropped oldest first, and counted."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from structlog.testing import capture_logs

from tests.unit.daemon.builders import START_NS, HandClock, heard, settle
from twin.daemon import persist
from twin.daemon.persist import Persister
from twin.domain.messages import MessageIn
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Priority
from twin.historian.series import Catalogue, Series
from twin.historian.spool import Spool


def samples(*values: float, point: int = 0) -> SampleBatch:
    times = [START_NS + i for i in range(len(values))]
    return SampleBatch.of([point] * len(values), times, times, list(values), [0] * len(values))


class Disk:
    """A spool that takes things only while its door is open."""

    def __init__(self) -> None:
        self.door = asyncio.Event()
        self.door.set()
        self.values: list[float] = []
        self.records: list[bytes] = []
        self.classes: Counter[Priority] = Counter()
        self.dropped = 0

    async def append_samples(self, batch: SampleBatch, priority: Priority) -> None:
        await self.door.wait()
        self.values += batch.value.tolist()
        self.classes[priority] += len(batch)

    async def note_dropped(self, items: int) -> None:
        await self.door.wait()
        self.dropped += items

    async def append_records(self, priority: Priority, records: Sequence[bytes]) -> None:
        await self.door.wait()
        assert priority is Priority.CONTROL
        self.records += records


class Bench:
    """A persister on such a disk, and what the broker was told."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.acknowledged: list[bytes] = []
        self.asked_again = 0
        self.persister = Persister(
            cast("Spool", self.disk), self._acknowledge, safety=np.array([False, True]), ask_again=self._ask
        )

    def _ask(self) -> None:
        self.asked_again += 1

    def _acknowledge(self, messages: Sequence[MessageIn]) -> None:
        self.acknowledged += [message.payload for message in messages]

    def put(self, name: str, *values: float, point: int = 0) -> None:
        self.persister.put(samples(*values, point=point), [heard("x", name.encode(), qos=1)])


@asynccontextmanager
async def running(persister: Persister) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(persister.run())
        yield
        task.cancel()


async def test_nothing_is_acknowledged_before_the_disk_has_it() -> None:
    bench = Bench()
    bench.disk.door.clear()
    async with running(bench.persister):
        bench.put("a", 20.0)
        await settle()
        assert bench.acknowledged == []
        bench.disk.door.set()
        await bench.persister.flush()
        assert (bench.disk.values, bench.acknowledged) == ([20.0], [b"a"])


async def test_with_a_real_spool_the_samples_can_be_read_by_others_when_the_broker_is_told(tmp_path: Path) -> None:
    catalogue = Catalogue("s", "mqtt", (Series("r/inlet_c", "r", "inlet_c", "rack", "degC", "h1"),))
    spool = await Spool.open(tmp_path / "spool.db", catalogue, sinks=("a",), clock=HandClock())
    on_disk: list[int] = []

    def acknowledge(_messages: Sequence[MessageIn]) -> None:
        with sqlite3.connect(tmp_path / "spool.db") as other:
            on_disk.append(other.execute("SELECT SUM(n) FROM blocks").fetchone()[0])

    persister = Persister(spool, acknowledge)
    async with running(persister):
        persister.put(samples(20.0, 21.0), [heard("x", b"", qos=1)])
        await persister.flush()
    await spool.close()
    assert on_disk == [2]


async def test_messages_without_a_sample_are_acknowledged_too() -> None:
    bench = Bench()
    async with running(bench.persister):
        bench.put("nonsense")
        await bench.persister.flush()
    assert bench.acknowledged == [b"nonsense"]


async def test_order_is_kept_and_what_waits_together_is_written_together() -> None:
    bench = Bench()
    for name, value in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        bench.put(name, value)
    bench.persister.put_records([b"{}", b"[]"])
    async with running(bench.persister):
        await bench.persister.flush()
    assert bench.disk.values == [1.0, 2.0, 3.0]
    assert bench.acknowledged == [b"a", b"b", b"c"]
    assert bench.disk.records == [b"{}", b"[]"]
    health = bench.persister.health
    assert (health.samples, health.records, health.waiting, health.dropped) == (3, 2, 0, 0)


async def test_what_is_put_while_the_disk_is_busy_comes_after_it() -> None:
    bench = Bench()
    bench.disk.door.clear()
    async with running(bench.persister):
        bench.put("a", 1.0)
        await settle()
        bench.put("b", 2.0)
        assert bench.persister.health.waiting == 2
        bench.disk.door.set()
        await bench.persister.flush()
    assert bench.acknowledged == [b"a", b"b"]


async def test_beyond_what_memory_may_hold_the_oldest_go_unacknowledged_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(persist, "MOST_SAMPLES", 4)
    bench = Bench()
    with capture_logs() as logs:
        for n, name in enumerate("abcd"):
            bench.put(name, float(n), float(n))
    async with running(bench.persister):
        await bench.persister.flush()
    health = bench.persister.health
    assert bench.disk.values == [2.0, 2.0, 3.0, 3.0]
    assert bench.acknowledged == [b"c", b"d"]
    assert (health.dropped, health.samples, health.waiting) == (4, 4, 0)  # eight came in
    assert [line["log_level"] for line in logs] == ["error"]  # said once
    assert bench.disk.dropped == 4  # and in the account
    assert bench.asked_again == 1  # the broker still has the two messages


async def test_what_safety_hangs_on_is_never_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persist, "MOST_SAMPLES", 4)
    bench = Bench()
    for n in range(6):
        bench.put(f"inlet {n}", float(n), point=1)
        bench.put(f"other {n}", 100.0 + n)
    async with running(bench.persister):
        await bench.persister.flush()
    assert bench.disk.classes[Priority.SAFETY] == 6
    assert bench.disk.dropped + bench.disk.classes[Priority.TELEMETRY] == 6
    assert bench.disk.dropped >= 4
    assert [name for name in bench.acknowledged if name.startswith(b"inlet")] == [b"inlet %d" % n for n in range(6)]


async def test_messages_at_qos_0_are_not_kept_for_an_acknowledgement() -> None:
    bench = Bench()
    bench.persister.put(samples(1.0), [heard("x", b"a", qos=0), heard("x", b"b", qos=1)])
    async with running(bench.persister):
        await bench.persister.flush()
    assert bench.acknowledged == [b"b"]


async def test_a_batch_that_is_too_large_by_itself_is_still_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persist, "MOST_SAMPLES", 2)
    bench = Bench()
    bench.put("a", 1.0, 2.0, 3.0)
    async with running(bench.persister):
        await bench.persister.flush()
    assert (bench.disk.values, bench.persister.health.dropped) == ([1.0, 2.0, 3.0], 0)


async def test_a_disk_that_fails_for_good_ends_the_job_and_nothing_is_acknowledged() -> None:
    bench = Bench()

    async def broken(_batch: SampleBatch, _priority: Priority) -> None:
        raise ValueError("no such point")

    bench.disk.append_samples = broken  # type: ignore[method-assign]
    bench.put("a", 1.0)
    with pytest.raises(ValueError, match="no such point"):
        await bench.persister.run()
    assert bench.acknowledged == []


async def test_flushing_an_idle_persister_returns_at_once() -> None:
    await asyncio.wait_for(Bench().persister.flush(), timeout=1.0)
