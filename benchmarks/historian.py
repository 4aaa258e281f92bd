"""The embedded history: written from the spool, and read back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Effort, Figure, rate, seconds, side_by_side, tell
from benchmarks.plain_sqlite import keep_all, read_point
from benchmarks.sensors import Hall
from benchmarks.stream import START_NS, demo_samples, demo_site, pieces, repeated
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.samples import SampleBatch
from twin.domain.site import Site
from twin.historian.blocks import Block, Priority, pack_samples
from twin.historian.history import HistoryReader
from twin.historian.series import Catalogue
from twin.historian.sinks import Drain, DrainPolicy
from twin.historian.spool import Spool
from twin.historian.spool_db import open_database
from twin.historian.store import HistoryStore

IDS = ("historian.points_per_s", "historian.read_points_per_s")
DAY_IDS = ("history.bytes_per_point", "history.day_query")
_AT_ONCE = 50_000  # as the daemon's own drain takes
_KEEP_ALL_S = 1e9
_MINUTE_S = 60.0
_END_NS = START_NS + 86_400 * NS_PER_S
_BY_MINUTE = (
    "SELECT source_ns / 60000000000 AS minute, COUNT(*), AVG(value), MIN(value), MAX(value) FROM samples"
    " WHERE point = ? AND quality <= 1 GROUP BY minute"
)


def measure(effort: Effort) -> Sequence[Figure]:
    """From spool to sealed history, and every series out of it again, against a plain keyed table."""
    site = demo_site()
    samples = repeated(demo_samples(site, effort.of(60, 2)), effort.of(8, 1), 3600.0)
    with TemporaryDirectory() as there:
        bench = _Bench(Path(there), site, samples)
        written = side_by_side(bench.sealed_s, bench.kept_plain_s, effort.of(3, 1))
        tell(f"historian: {bench.bytes_a_point('history'):.1f} bytes a point, {bench.bytes_a_point('plain'):.1f} plain")
        read = side_by_side(bench.read_s, bench.read_plain_s, effort.repetitions)
    n, unit = len(samples), "points/s"
    keyed = "sqlite INSERT OR REPLACE by (point, time), same durability"
    select = "sqlite SELECT of each point from the keyed table, into the same arrays"
    return (
        rate(IDS[0], n=n, ours_s=written[0], theirs_s=written[1], unit=unit, against=keyed),
        rate(IDS[1], n=bench.distinct, ours_s=read[0], theirs_s=read[1], unit=unit, against=select),
    )


def measure_day(effort: Effort) -> Sequence[Figure]:
    """A day of real-looking sensors: what a sample takes on disk, and a series' day by minutes out of it."""
    hall = Hall(fast=effort.of(30, 1), slow=effort.of(30, 1), hours=24.0 if not effort.quick else 1.0)
    with TemporaryDirectory() as there:
        path, plain, n = Path(there) / "history.db", Path(there) / "plain.db", 0
        samples = list(hall.batches(10.0))
        n = sum(len(batch) for batch in samples)
        spent_s = seconds(lambda: asyncio.run(_stored(path, hall, samples)))
        tell(f"history: {n:,} samples stored, sealed and merged at {n / spent_s:,.0f} a second")
        keep_all(plain, [_of_point(SampleBatch.joined(samples), 0)])
        db, reader = open_database(plain), HistoryReader(path)
        reader.summary("s000/v", START_NS, _END_NS, _MINUTE_S)
        ours_s, theirs_s = side_by_side(
            lambda: seconds(lambda: reader.summary("s000/v", START_NS, _END_NS, _MINUTE_S)),
            lambda: seconds(lambda: db.execute(_BY_MINUTE, (0,)).fetchall()),
            effort.of(25, 1),
        )
        reader.close()
        (rows,) = db.execute("SELECT COUNT(*) FROM samples").fetchone()
        db.close()
        ours, theirs = path.stat().st_size / n, plain.stat().st_size / rows
    return (
        Figure(DAY_IDS[0], ours, "bytes", n, "sqlite table keyed by (point, time), file over rows", ours / theirs),
        Figure(DAY_IDS[1], 1e3 * ours_s, "ms", rows, "sqlite GROUP BY minute over that table", ours_s / theirs_s),
    )


async def _stored(path: Path, hall: Hall, samples: Sequence[SampleBatch]) -> None:
    """As a daemon writes: a block every ten seconds, sealed and merged along the way."""
    store = await HistoryStore.open(path, SystemClock(), retention_s=_KEEP_ALL_S)
    catalogue = hall.catalogue()
    for k, batch in enumerate(samples, start=1):
        packed = pack_samples(batch)
        await store.write([Block(k, Priority.TELEMETRY, len(batch), k, 0, catalogue, batch, (), packed)])
    await store.seal()
    await store.close()


def _of_point(batch: SampleBatch, point: int) -> SampleBatch:
    ours = batch.point == point
    return SampleBatch(
        batch.point[ours], batch.source_ns[ours], batch.received_ns[ours], batch.value[ours], batch.quality[ours]
    )


class _Bench:
    """One directory with both stores; each writing begins with an empty one."""

    def __init__(self, there: Path, site: Site, samples: SampleBatch) -> None:
        self._there, self._site, self._samples = there, site, samples
        self._batches = list(pieces(samples, _AT_ONCE))
        self._points = [point.id for point in site.points]
        self._nth = 0
        self.distinct = 0

    def sealed_s(self) -> float:
        """A full spool to a sealed history; filling the spool is not counted."""
        self._nth += 1
        return asyncio.run(self._sealed_s())

    def kept_plain_s(self) -> float:
        """The same samples into the keyed table."""
        path = self._path("plain")
        return seconds(lambda: keep_all(path, self._batches))

    def read_s(self) -> float:
        """Every series whole."""
        reader = HistoryReader(self._path("history"))
        spent_s = seconds(lambda: self._count(sum(reader.read(point)[0].size for point in self._points)))
        reader.close()
        return spent_s

    def read_plain_s(self) -> float:
        """Every series whole, from the keyed table."""
        db = open_database(self._path("plain"))
        spent_s = seconds(lambda: [read_point(db, i) for i in range(len(self._points))])
        db.close()
        return spent_s

    def bytes_a_point(self, name: str) -> float:
        """What a sample takes on disk."""
        return self._path(name).stat().st_size / len(self._samples)

    def _path(self, name: str) -> Path:
        return self._there / f"{name}-{self._nth}.db"

    def _count(self, n: int) -> None:
        self.distinct = n

    async def _sealed_s(self) -> float:
        clock = SystemClock()
        catalogue = Catalogue.of(self._site.points, site=self._site.facility.site, source="simulation")
        store = await HistoryStore.open(self._path("history"), clock, retention_s=_KEEP_ALL_S)
        spool = await Spool.open(self._path("spool"), catalogue, sinks=(store.name,), clock=clock)
        for batch in self._batches:
            await spool.append_samples(batch)
        drain = Drain(spool, store, clock, policy=DrainPolicy(batch_items=_AT_ONCE, resend_window_s=0.0))
        began_s = clock.monotonic_s()
        await drain.catch_up()
        await store.seal()
        spent_s = clock.monotonic_s() - began_s
        await spool.close()
        await store.close()
        return spent_s
