"""Sealed history: runs of one series' samples in one window of time, packed, with a summary beside them. No I/O here.

Windows are multiples of five minutes, the same for all series, never overlap and never cross an hour. Fast series get
a window for each five minutes, slow ones a longer one; once an hour is closed its windows become one, and its chunks
are packed anew, as small as they get.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Bytes8, Flags, Floats, Ints
from twin.domain.clock import NS_PER_S
from twin.historian.blocks import differences
from twin.historian.chunk_formats import dense, quick, unpacked
from twin.historian.integers import Cuts
from twin.historian.sums import usable

SLOT_NS = 300 * NS_PER_S
MOST_SLOTS = 12
HOUR_NS = MOST_SLOTS * SLOT_NS


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of any series in parallel arrays; `series` are the store's own numbers."""

    series: Ints
    source_ns: Ints
    value: Floats
    quality: Bytes8

    @staticmethod
    def joined(parts: Sequence[Samples]) -> Samples:
        """All parts as one, order kept."""
        if not parts:
            return Samples(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))
        return Samples(
            np.concatenate([p.series for p in parts]),
            np.concatenate([p.source_ns for p in parts]),
            np.concatenate([p.value for p in parts]),
            np.concatenate([p.quality for p in parts]),
        )

    def at(self, where: Flags | Ints) -> Samples:
        """The samples where a mask is true, or at these places."""
        return Samples(self.series[where], self.source_ns[where], self.value[where], self.quality[where])

    def is_in_order(self) -> bool:
        """Whether series and times rise already, as those of sealed chunks do."""
        same = self.series[1:] == self.series[:-1]
        later = self.source_ns[1:] > self.source_ns[:-1]
        return bool((later & same | (self.series[1:] > self.series[:-1])).all())

    def in_order(self) -> Samples:
        """By series, then time; of samples with equal series and time the last to arrive stays."""
        if self.is_in_order():
            return self
        sorted_all = self.at(np.lexsort((self.source_ns, self.series)))
        keep = np.ones(sorted_all.series.size, dtype=np.bool_)
        keep[:-1] = (np.diff(sorted_all.series) != 0) | (np.diff(sorted_all.source_ns) != 0)
        return sorted_all if keep.all() else sorted_all.at(keep)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One row of sealed history. `used` samples are finite and at worst suspect: the summary is theirs alone."""

    window_ns: int
    series: int
    n: int
    used: int
    first_ns: int
    last_ns: int
    minimum: float | None
    maximum: float | None
    total: float
    packed: bytes


def windows_for(slots: Ints, existing: Sequence[tuple[int, int]]) -> tuple[Ints, list[tuple[int, int]]]:
    """The window of each five-minute slot.

    Args:
        slots: Slot numbers, sorted, each once.
        existing: (first slot, slot after the last) of the windows there are, sorted.
    Returns: the first slot of each slot's window, and the windows that must be made.
    """
    starts = np.empty_like(slots)
    made: list[tuple[int, int]] = []
    nth = 0
    for i, slot in enumerate(slots.tolist()):
        while nth < len(existing) and existing[nth][1] <= slot:
            nth += 1
        if nth < len(existing) and existing[nth][0] <= slot:
            starts[i] = existing[nth][0]
        elif made and made[-1][1] == slot and slot % MOST_SLOTS != 0:
            made[-1] = (made[-1][0], slot + 1)
            starts[i] = made[-1][0]
        else:
            made.append((slot, slot + 1))
            starts[i] = slot
    return starts, made


def cut(samples: Samples, window_ns: Ints, *, densely: bool = False) -> Iterator[Chunk]:
    """Chunks from samples that are in order; `window_ns` is the start of each sample's window."""
    n = samples.series.size
    if n == 0:
        return
    new = np.ones(n, dtype=np.bool_)
    new[1:] = (np.diff(samples.series) != 0) | (np.diff(window_ns) != 0)
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], n)
    use = usable(samples.value, samples.quality)
    used = np.add.reduceat(use, starts, dtype=np.int64)
    total = np.add.reduceat(np.where(use, samples.value, 0.0), starts)
    minimum = np.minimum.reduceat(np.where(use, samples.value, np.inf), starts)
    maximum = np.maximum.reduceat(np.where(use, samples.value, -np.inf), starts)
    packed: Iterator[bytes]
    if densely:
        packed = iter(dense(samples.source_ns, samples.value, samples.quality, Cuts(starts, ends)))
    else:
        packed = _quickly(samples, starts, ends)
    for k, (a, b) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        some = used[k] > 0
        yield Chunk(
            int(window_ns[a]),
            int(samples.series[a]),
            b - a,
            int(used[k]),
            int(samples.source_ns[a]),
            int(samples.source_ns[b - 1]),
            float(minimum[k]) if some else None,
            float(maximum[k]) if some else None,
            float(total[k]),
            next(packed),
        )


def _quickly(samples: Samples, starts: Ints, ends: Ints) -> Iterator[bytes]:
    step_ns = differences(samples.source_ns)
    step_ns[starts] = 0
    for a, b in zip(starts.tolist(), ends.tolist(), strict=True):
        yield quick(step_ns[a:b], samples.value[a:b], samples.quality[a:b])


def opened(series: int, n: int, first_ns: int, packed: bytes) -> Samples:
    """The samples of a chunk, exactly as they were. Raises: ValueError: these bytes are no chunk."""
    return Samples(np.full(n, series, dtype=np.int64), *unpacked([(n, first_ns, packed)]))
