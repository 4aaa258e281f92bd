"""Small histories for the commands that read them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from tests.unit.historian.builders import START_NS, ManualClock, a_catalogue, a_decision
from twin.domain.clock import NS_PER_S
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Block, Priority, pack_samples
from twin.historian.store import HistoryStore

MINUTES = 180


def three_hours(n: int = 3) -> SampleBatch:
    """Every second a reading of `n` inlets; the first inlet is suspect for a while and bad once."""
    random = np.random.default_rng(3)
    seconds = MINUTES * 60
    times = np.repeat(START_NS + np.arange(seconds) * NS_PER_S + random.integers(0, 10**6, seconds), n)
    value = np.round(22.0 + np.sin(np.arange(seconds * n) / 3_000.0) + random.normal(0.0, 0.05, seconds * n), 2)
    value[31] = 1.0 / 3.0
    quality = np.zeros(seconds * n, np.uint8)
    quality[n * 3_600 : n * 3_700 : n] = 1
    quality[n * 9_000] = 2
    return SampleBatch.of(np.tile(np.arange(n), seconds), times, times, value, quality)


def a_history(there: Path) -> Path:
    """A state directory with a history, the last part of it not sealed yet."""
    path = there / "site" / "history.db"
    path.parent.mkdir(parents=True)
    asyncio.run(_write(path, three_hours()))
    return there


async def _write(path: Path, batch: SampleBatch) -> None:
    store = await HistoryStore.open(path, ManualClock(), retention_s=1e9)
    columns = (batch.point, batch.source_ns, batch.received_ns, batch.value, batch.quality)
    size = len(batch) // 6
    for k in range(6):
        part = SampleBatch.of(*(column[k * size : (k + 1) * size] for column in columns))
        await store.write(
            [Block(k + 1, Priority.TELEMETRY, len(part), k, 0, a_catalogue(3), part, (), pack_samples(part))]
        )
    records = (a_decision("d1"), a_decision("d2", at="2026-01-01T01:00:00.000Z"))
    await store.write([Block(9, Priority.CONTROL, 2, 0, 0, a_catalogue(3), SampleBatch.empty(), records, b"")])
    await store.close()
