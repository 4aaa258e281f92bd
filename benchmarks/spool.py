"""Appending to the spool: each append returns when the disk has it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Effort, Figure, rate, seconds, side_by_side, tell
from benchmarks.plain_sqlite import append_all
from benchmarks.stream import demo_samples, demo_site, pieces, repeated
from twin.domain.clock import SystemClock
from twin.domain.samples import SampleBatch
from twin.historian.series import Catalogue
from twin.historian.spool import Spool

IDS = ("spool.points_per_s",)
_AT_ONCE = 5_000


def measure(effort: Effort) -> Sequence[Figure]:
    """Durable appends of 5 000 points each, against one plain row a point in a table as durable."""
    site = demo_site()
    hour = demo_samples(site, effort.of(60, 2))
    batches = list(pieces(repeated(hour, effort.of(14, 1), 3600.0), _AT_ONCE))
    catalogue = Catalogue.of(site.points, site=site.facility.site, source="simulation")
    n = sum(len(batch) for batch in batches)
    ours_s, theirs_s = side_by_side(
        lambda: _spooled_s(catalogue, batches), lambda: _plain_s(batches), effort.repetitions
    )
    against = "sqlite executemany, one commit for each append, same durability"
    return (rate(IDS[0], n=n, ours_s=ours_s, theirs_s=theirs_s, unit="points/s", against=against),)


def _spooled_s(catalogue: Catalogue, batches: Sequence[SampleBatch]) -> float:
    with TemporaryDirectory() as there:
        path = Path(there) / "spool.db"
        spent_s = seconds(lambda: asyncio.run(_append(path, catalogue, batches)))
        tell(f"spool: {path.stat().st_size / sum(map(len, batches)):.1f} bytes a point on disk")
    return spent_s


async def _append(path: Path, catalogue: Catalogue, batches: Sequence[SampleBatch]) -> None:
    spool = await Spool.open(path, catalogue, sinks=("nobody",), clock=SystemClock())
    for batch in batches:
        await spool.append_samples(batch)
    await spool.close()


def _plain_s(batches: Sequence[SampleBatch]) -> float:
    with TemporaryDirectory() as there:
        return seconds(lambda: append_all(Path(there) / "plain.db", batches))
