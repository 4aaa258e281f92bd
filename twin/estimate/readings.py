"""Values of a snapshot that may be used, NaN where they may not."""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Flags, Floats, Ints
from twin.domain.points import Quality
from twin.domain.snapshot import Snapshot


class Readings:
    """A snapshot's usable values by point number: good or merely suspect ones; NaN for everything else."""

    def __init__(self, snapshot: Snapshot) -> None:
        usable = snapshot.quality <= int(Quality.SUSPECT)
        # one more place at the end, so that NO_POINT (-1) reads as NaN
        self._value: Floats = np.append(np.where(usable, snapshot.value, np.nan), np.nan)
        self._last: Floats = np.append(snapshot.value, np.nan)
        self._good = np.append(snapshot.quality == int(Quality.GOOD), False)
        self._quality = np.append(snapshot.quality, np.uint8(Quality.MISSING))
        self._source_ns: Ints = np.append(snapshot.source_ns, 0)

    def one(self, index: int) -> float:
        """One value."""
        return float(self._value[index])

    def many(self, indices: Ints) -> Floats:
        """Values of an index array."""
        values: Floats = self._value[indices]
        return values

    def disowned(self, indices: Ints) -> Flags:
        """Which points turned out to be something else: bad, and not even a last value is left."""
        gone: Flags = (self._quality[indices] == Quality.BAD) & np.isnan(self._last[indices])
        return gone

    def source_ns(self, indices: Ints) -> Ints:
        """Source times of an index array; 0 where nothing was ever read."""
        times: Ints = self._source_ns[indices]
        return times

    def good_frac(self, indices: Ints) -> float:
        """Share of readings that are good; 0 of none."""
        return float(np.mean(self._good[indices])) if len(indices) else 0.0

    def quality(self, index: int) -> Quality:
        """Quality of one reading; MISSING for NO_POINT."""
        return Quality(int(self._quality[index]))


def mean_of(values: Floats) -> float:
    """Mean of what is there; NaN of nothing."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")


def first_known(*values: float) -> float:
    """The first that is a number; NaN when none is."""
    return next((value for value in values if value == value), float("nan"))  # noqa: PLR0124
