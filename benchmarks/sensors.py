"""What sensors of a real hall say: drift and noise in two decimals, clocks that jitter, a fault now and then.

| share | series |
|---|---|
| 7 of 10 | a temperature: a daily wave, a slow wander, noise of 0.02 to 0.15 K |
| 2 of 10 | a power: a wave and noise of 0.1 to 0.5 % |
| 1 of 10 | a setpoint or a level: moves once an hour |

Half of the clocks stamp whole milliseconds; the others give all nine digits, as a gateway does that stamps what it
receives. Both are late by a few milliseconds. Every series has a day's share of suspect readings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.stream import START_NS
from twin.domain.arrays import Bytes8, Floats, Ints
from twin.domain.clock import NS_PER_S
from twin.domain.points import Quality
from twin.domain.samples import SampleBatch
from twin.historian.series import Catalogue, Series

FAST_S, SLOW_S = 1.0, 60.0
_JITTER_NS = 1_500_000.0
_SUSPECT_RUNS, _RUN = 3, 20


@dataclass(frozen=True, slots=True)
class Hall:
    """`fast` series at 1 Hz, then `slow` ones at one a minute; `stamps` is "mixed", "ms" or "ns"."""

    fast: int
    slow: int
    hours: float
    stamps: str = "mixed"

    def catalogue(self) -> Catalogue:
        """Names of all series."""
        names = [f"s{i:03}" for i in range(self.fast + self.slow)]
        return Catalogue("site", "mqtt", tuple(Series(f"{n}/v", n, "v", "rack", "degC", "h1") for n in names))

    def batches(self, every_s: float) -> Iterator[SampleBatch]:
        """All samples in the order of time, cut where a drain would take them."""
        whole = self._whole()
        cuts = np.searchsorted(
            whole.source_ns, START_NS + np.arange(every_s, self.hours * 3600.0, every_s) * float(NS_PER_S)
        )
        for a, b in zip([0, *cuts.tolist()], [*cuts.tolist(), len(whole)], strict=True):
            if b > a:
                yield SampleBatch(*(column[a:b] for column in _columns(whole)))

    def _whole(self) -> SampleBatch:
        random = np.random.default_rng(7)
        parts = [self._series(i, random) for i in range(self.fast + self.slow)]
        point = np.repeat(np.arange(len(parts), dtype=np.int32), [times.size for times, _, _ in parts])
        times, values, quality = (np.concatenate([part[k] for part in parts]) for k in range(3))
        order = np.argsort(times, kind="stable")
        return SampleBatch(
            point[order],
            times[order].astype(np.int64),
            times[order].astype(np.int64),
            values[order].astype(np.float64),
            quality[order].astype(np.uint8),
        )

    def _series(self, i: int, random: np.random.Generator) -> tuple[Ints, Floats, Bytes8]:
        period_s = FAST_S if i < self.fast else SLOW_S
        n = int(self.hours * 3600.0 / period_s)
        return self._times(i, n, period_s, random), _values(i, n, period_s, random), _quality(n, random)

    def _times(self, i: int, n: int, period_s: float, random: np.random.Generator) -> Ints:
        jitter_ns = np.abs(random.normal(0.0, _JITTER_NS, n)) + random.normal(0.0, _JITTER_NS / 3, n)
        phase_ns = random.integers(0, round(period_s * NS_PER_S))
        grid = START_NS + phase_ns + np.arange(n, dtype=np.int64) * round(period_s * NS_PER_S)
        times: Ints = grid + jitter_ns.astype(np.int64)
        in_ms = self.stamps == "ms" or (self.stamps == "mixed" and i % 2 == 0)
        return times // 1_000_000 * 1_000_000 if in_ms else times


def _values(i: int, n: int, period_s: float, random: np.random.Generator) -> Floats:
    hour = np.arange(n) * period_s / 3600.0
    wave = np.sin(2.0 * np.pi * (hour / 24.0 + random.random()))
    wander = np.cumsum(random.normal(0.0, 1.0, n)) * 0.005 * np.sqrt(period_s)
    kind = i % 10
    if kind < 7:
        values = 22.0 + 2.0 * wave + 0.2 * wander + random.normal(0.0, random.uniform(0.02, 0.15), n)
    elif kind < 9:
        values = 4_000.0 + 800.0 * wave + 10.0 * wander + random.normal(0.0, random.uniform(4.0, 20.0), n)
    else:
        values = np.floor(hour) % 3.0 * 0.5 + 20.0
    rounded: Floats = np.round(values, 2)
    return rounded


def _quality(n: int, random: np.random.Generator) -> Bytes8:
    quality = np.zeros(n, dtype=np.uint8)
    for start in random.integers(0, n, _SUSPECT_RUNS).tolist():
        quality[start : start + _RUN] = Quality.SUSPECT
    return quality


def _columns(batch: SampleBatch) -> tuple[np.ndarray, ...]:
    return batch.point, batch.source_ns, batch.received_ns, batch.value, batch.quality
