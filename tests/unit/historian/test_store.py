"""The embedded history: each sample once, exact, summed up rightly, forgotten in time."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.unit.historian.builders import START_NS, ManualClock, a_batch, a_catalogue, a_decision
from twin.domain.clock import NS_PER_S
from twin.domain.errors import DataTooPoor
from twin.domain.samples import SampleBatch
from twin.historian import store as store_module
from twin.historian.blocks import Block, Priority, pack_samples
from twin.historian.chunks import HOUR_NS
from twin.historian.history import HistoryReader
from twin.historian.store import HistoryStore

DAY_S = 86_400.0


@pytest.fixture(params=["slow site", "fast site"])
def _sealing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole hours at once, or in slots of five minutes that are merged later."""
    if request.param == "fast site":
        monkeypatch.setattr("twin.historian.store._FEW_HOT", 0)


pytestmark = pytest.mark.usefixtures("_sealing")


@asynccontextmanager
async def a_store(path: Path, clock: ManualClock, retention_s: float = 1e9) -> AsyncIterator[HistoryStore]:
    store = await HistoryStore.open(path, clock, retention_s=retention_s)
    yield store
    await store.close()


@contextmanager
def a_reader(path: Path) -> Iterator[HistoryReader]:
    reader = HistoryReader(path)
    yield reader
    reader.close()


def a_block(number: int, samples: SampleBatch) -> Block:
    return Block(number, Priority.TELEMETRY, len(samples), number, 0, a_catalogue(), samples, (), pack_samples(samples))


def minutes(first: int, n: int, *, points: int = 4, seed: int = 1) -> SampleBatch:
    """A sample of each point each second of `n` minutes, a few of them of no use."""
    random = np.random.default_rng([seed, first])
    seconds = n * 60
    times = START_NS + (first * 60 + np.arange(seconds)) * NS_PER_S + random.integers(0, 5_000_000, seconds)
    count = seconds * points
    value = np.round(random.normal(22.0, 0.1, count), 2)
    value[random.integers(0, count, 5)] = np.nan
    quality = np.where(random.random(count) < 0.02, 2, 0)
    return SampleBatch.of(
        np.tile(np.arange(points), seconds), np.repeat(times, points), np.repeat(times, points), value, quality
    )


def told(batch: SampleBatch, point: int) -> tuple[bytes, bytes, bytes]:
    """What a reader must give of one point, bit for bit."""
    ours = batch.point == point
    order = np.argsort(batch.source_ns[ours], kind="stable")
    columns = (batch.source_ns[ours][order], batch.value[ours][order], batch.quality[ours][order])
    return columns[0].tobytes(), columns[1].tobytes(), columns[2].tobytes()


def read(reader: HistoryReader, point: str) -> tuple[bytes, bytes, bytes]:
    times, value, quality = reader.read(point)
    return times.tobytes(), value.tobytes(), quality.tobytes()


async def test_closed_hours_are_merged_and_every_sample_comes_back_bit_for_bit(tmp_path: Path) -> None:
    batches = [minutes(10 * k, 10) for k in range(15)]
    async with a_store(tmp_path / "h.db", ManualClock()) as store:
        for k, batch in enumerate(batches):
            await store.write([a_block(k + 1, batch)])
        with a_reader(tmp_path / "h.db") as reader:  # hot, sealed and merged side by side
            assert [read(reader, f"r{i}/inlet_c") for i in range(4)] == [
                told(SampleBatch.joined(batches), i) for i in range(4)
            ]
        assert store.health.merged_hours == (0 if store_module._FEW_HOT else 2)
        await store.seal()
    with a_reader(tmp_path / "h.db") as reader:
        assert [read(reader, f"r{i}/inlet_c") for i in range(4)] == [
            told(SampleBatch.joined(batches), i) for i in range(4)
        ]
    assert windows(tmp_path / "h.db") == [(START_NS + k * HOUR_NS, START_NS + (k + 1) * HOUR_NS) for k in range(3)]


async def test_a_sample_late_by_hours_joins_its_merged_chunk_and_a_corrected_one_replaces(tmp_path: Path) -> None:
    async with a_store(tmp_path / "h.db", ManualClock()) as store:
        await store.write([a_block(1, minutes(0, 130))])
        await store.seal()
        late = a_batch((1, 600.5, 99.0), (2, 700.5, 98.0))
        await store.write([a_block(2, late)])
        await store.seal()
        await store.write([a_block(3, a_batch((1, 600.5, 97.0)))])
        await store.seal()
    with a_reader(tmp_path / "h.db") as reader:
        times, value, _ = reader.read("r1/inlet_c")
        assert times.size == 130 * 60 + 1
        assert value[times == late.source_ns[0]].tolist() == [97.0]
        assert reader.summary("r2/inlet_c", START_NS, START_NS + HOUR_NS, 3600.0).maximum.tolist() == [98.0]


@pytest.mark.parametrize("bucket_s", [1.0, 60.0, 300.0, 3600.0, 7200.0])
@pytest.mark.parametrize("sealed", [False, True])
async def test_summaries_equal_a_direct_computation(tmp_path: Path, bucket_s: float, sealed: bool) -> None:
    batch = minutes(0, 150)
    async with a_store(tmp_path / "h.db", ManualClock()) as store:
        for k in range(3):
            part = slice(k * len(batch) // 3, (k + 1) * len(batch) // 3)
            await store.write([a_block(k + 1, SampleBatch.of(*(column[part] for column in columns_of(batch))))])
        if sealed:
            await store.seal()
        start_ns, end_ns = START_NS + 95 * NS_PER_S, START_NS + 8_000 * NS_PER_S
        with a_reader(tmp_path / "h.db") as reader:
            found = reader.summary("r2/inlet_c", start_ns, end_ns, bucket_s)
    use = (batch.point == 2) & (batch.source_ns >= start_ns) & (batch.source_ns < end_ns)
    use &= np.isfinite(batch.value) & (batch.quality <= 1)
    bucket = batch.source_ns[use] // int(bucket_s * NS_PER_S)
    values = [batch.value[use][bucket == b] for b in np.unique(bucket)]
    assert found.start_ns.tolist() == (np.unique(bucket) * int(bucket_s * NS_PER_S)).tolist()
    assert found.n.tolist() == [v.size for v in values]
    assert found.minimum.tolist() == [v.min() for v in values]
    assert found.maximum.tolist() == [v.max() for v in values]
    assert found.mean == pytest.approx([v.mean() for v in values], rel=1e-12)


async def test_a_correction_that_is_not_sealed_yet_counts_once_in_a_summary(tmp_path: Path) -> None:
    batch = minutes(0, 60)
    async with a_store(tmp_path / "h.db", ManualClock()) as store:
        await store.write([a_block(1, batch)])
        await store.seal()
        ours = (batch.point == 1) & np.isfinite(batch.value) & (batch.quality <= 1)
        at_ns = int(batch.source_ns[ours][500])
        await store.write([a_block(2, SampleBatch.of([1], [at_ns], [at_ns], [77.0], [0]))])
        with a_reader(tmp_path / "h.db") as reader:
            for bucket_s in (60.0, 3600.0):
                found = reader.summary("r1/inlet_c", START_NS, START_NS + HOUR_NS, bucket_s)
                assert int(found.n.sum()) == int(ours.sum())
                assert found.maximum.max() == 77.0


async def test_retention_forgets_what_is_too_old_and_the_file_stops_growing(tmp_path: Path) -> None:
    path, clock, sizes = tmp_path / "h.db", ManualClock(), []
    async with a_store(path, clock, retention_s=2 * 3600.0) as store:
        for hour in range(8):
            clock.pass_s(3600.0)
            for k in range(6):
                await store.write([a_block(6 * hour + k + 1, minutes(60 * hour + 10 * k, 10))])
            await store.write(
                [
                    Block(
                        900 + hour,
                        Priority.CONTROL,
                        1,
                        0,
                        0,
                        a_catalogue(),
                        SampleBatch.empty(),
                        (a_decision(f"d{hour}", at=f"2026-01-01T0{hour}:30:00.000Z"),),
                        b"",
                    )
                ]
            )
            sizes.append(pages(path))
        await store.seal()
    with a_reader(path) as reader:
        times, _, _ = reader.read("r0/inlet_c")
        assert START_NS + 4 * HOUR_NS <= times[0] <= START_NS + 6 * HOUR_NS
        assert times[-1] >= START_NS + 8 * HOUR_NS - 2 * NS_PER_S
        assert [row.id for row in reader.decisions()][-1] == "d7"
        assert "d2" not in [row.id for row in reader.decisions()]
        assert windows(path)[0][0] >= START_NS + 4 * HOUR_NS
    assert max(sizes[4:]) <= 1.1 * max(sizes[2:4])  # room of the forgotten is used again
    assert pages(path) < max(sizes)  # and given back at the end
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA freelist_count").fetchone() == (0,)


async def test_a_history_of_the_first_version_is_read_and_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    async with a_store(path, ManualClock()) as store:
        await store.write([a_block(1, minutes(0, 70))])
    with sqlite3.connect(path) as db:
        db.execute("DROP INDEX chunks_by_series")
        db.execute("PRAGMA user_version=1")
    with a_reader(path) as reader:
        assert read(reader, "r3/inlet_c") == told(minutes(0, 70), 3)
        assert [extent.n for extent in reader.extents()] == [4_200] * 4
    async with a_store(path, ManualClock()) as store:
        await store.write([a_block(2, minutes(70, 10))])
        await store.seal()
    with a_reader(path) as reader:
        assert read(reader, "r3/inlet_c") == told(SampleBatch.joined([minutes(0, 70), minutes(70, 10)]), 3)


async def test_an_hour_with_a_damaged_chunk_stays_as_it_is_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.historian.store._FEW_HOT", 0)
    path = tmp_path / "h.db"
    async with a_store(path, ManualClock()) as store:
        await store.write([a_block(1, minutes(0, 30))])
        await store.write([a_block(2, minutes(30, 30))])
        with sqlite3.connect(path) as db:
            db.execute("UPDATE chunks SET packed = x'78000000' WHERE series = 1")
        await store.write([a_block(3, minutes(60, 70))])
        await store.seal()
    with a_reader(path) as reader:
        assert reader.read("r1/inlet_c")[0].size == 130 * 60
        with pytest.raises(DataTooPoor, match="damaged"):
            reader.read("r0/inlet_c")
        assert reader.read("r0/inlet_c", START_NS + HOUR_NS)[0].size == 70 * 60


async def test_what_there_is_of_each_point_counts_hot_and_sealed(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    async with a_store(path, ManualClock()) as store:
        await store.write([a_block(1, minutes(0, 70))])
        await store.write([a_block(2, a_batch((2, 5_000.0, 31.5), quality=1))])
        with a_reader(path) as reader:
            found = {extent.series.point: extent for extent in reader.extents()}
    assert [extent.n for extent in found.values()] == [4_200, 4_200, 4_201, 4_200]
    assert (found["r2/inlet_c"].value, found["r2/inlet_c"].quality) == (31.5, 1)
    assert found["r2/inlet_c"].last_ns == START_NS + 5_000 * NS_PER_S


def columns_of(batch: SampleBatch) -> tuple[np.ndarray, ...]:
    return batch.point, batch.source_ns, batch.received_ns, batch.value, batch.quality


def windows(path: Path) -> list[tuple[int, int]]:
    with sqlite3.connect(path) as db:
        return db.execute("SELECT start_ns, end_ns FROM windows ORDER BY start_ns").fetchall()


def pages(path: Path) -> int:
    with sqlite3.connect(path) as db:
        return int(db.execute("PRAGMA page_count").fetchone()[0])


async def test_every_whole_hour_is_packed_densely_after_late_samples_too(tmp_path: Path) -> None:
    path = tmp_path / "h.db"
    async with a_store(path, ManualClock()) as store:
        await store.write([a_block(1, minutes(0, 190))])
        await store.seal()
        await store.write([a_block(2, a_batch((0, 4_000.5, 1.0), (1, 20_000.0, 1.0)))])
        await store.seal()
    with sqlite3.connect(path) as db:
        assert {row[0] for row in db.execute("SELECT DISTINCT hex(substr(packed, 1, 1)) FROM chunks")} == {"02"}
