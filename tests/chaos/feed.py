"""Readings by number: the n-th is the same in every run, so that a ledger is a count and every loss has a name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np

from twin.domain.arrays import Floats, Indices, Ints
from twin.domain.clock import NS_PER_S
from twin.domain.samples import SampleBatch
from twin.historian.series import Catalogue, Series

SENSORS = 500
POINTS_PER_S = 2_000
GATHERED = 100  # what arrives while the daemon waits for company for a commit, 50 ms at 2,000 points/s
START_NS = 1_767_225_600 * NS_PER_S  # 2026-01-01T00:00:00Z
_PERIOD_MS = 1_000 * SENSORS // POINTS_PER_S
_JITTER_MS = 97


def a_fleet() -> Catalogue:
    """500 racks with an inlet each."""
    series = (Series(f"r{i}/inlet_c", f"r{i}", "inlet_c", "rack", "degC", "h1") for i in range(SENSORS))
    return Catalogue("chaos", "mqtt", tuple(series))


def ledger_of(sensor: int, fed: int) -> dict[int, float]:
    """ms -> value of one sensor's readings among the first `fed`; no two have one time."""
    numbers = np.arange(sensor, fed, SENSORS)
    return dict(zip((times_ns(numbers) // 1_000_000).tolist(), values(numbers).tolist(), strict=True))


def readings(first: int, n: int) -> SampleBatch:
    """`n` readings from number `first` on: 500 sensors in turn, each four times a second, a little uneven."""
    numbers = np.arange(first, first + n, dtype=np.int64)
    source_ns = times_ns(numbers)
    point: Indices = (numbers % SENSORS).astype(np.int32)
    received_ns = source_ns + 3_000_000 + (numbers * 40_503 % 9_000_011)
    return SampleBatch(point, source_ns, received_ns, values(numbers), np.zeros(n, np.uint8))


def times_ns(numbers: Ints) -> Ints:
    """When the sensors say they were read."""
    ms = numbers // SENSORS * _PERIOD_MS + numbers * 7_919 % _JITTER_MS
    times: Ints = START_NS + ms * 1_000_000
    return times


def values(numbers: Ints) -> Floats:
    """Rounded noisy temperatures, as a sensor that knows a tenth of a degree gives them."""
    rack, turn = numbers % SENSORS, numbers // SENSORS
    noise = (numbers * 2_654_435_761 % 1_000) / 1_000.0 - 0.5
    told: Floats = np.round(21.0 + 3.0 * np.sin(turn / 573.0 + rack) + 0.4 * noise, 1)
    return told


def pieces(first: int, n: int, size: int = GATHERED) -> Iterator[SampleBatch]:
    """The readings as they arrive: so many together."""
    for start in range(first, first + n, size):
        yield readings(start, min(size, first + n - start))


async def feed(
    append: Callable[[SampleBatch], Awaitable[None]], first: int, n: int, *, faster: float = 1.0, size: int = GATHERED
) -> None:
    """Append readings at 2,000 a second, or `faster` where the machine keeps up."""
    began_s = time.monotonic()
    for nth, batch in enumerate(pieces(first, n, size), 1):
        await append(batch)
        early_s = began_s + nth * size / (POINTS_PER_S * faster) - time.monotonic()
        await asyncio.sleep(max(0.0, early_s))


def rss_bytes(pid: int | str = "self") -> int:
    """Memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4_096
