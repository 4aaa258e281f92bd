"""The mirror's frozen picture of the site at one instant."""

from __future__ import annotations

from dataclasses import dataclass

from twin.domain.arrays import Bytes8, Floats, Ints
from twin.domain.points import PointTable, Quality


@dataclass(frozen=True, slots=True)
class Reading:
    """One point as the snapshot saw it. `value` is NaN when nothing usable was ever read."""

    value: float
    quality: Quality
    age_s: float

    @property
    def usable(self) -> bool:
        """Good or merely suspect: may be used for estimating, with its doubt."""
        return self.quality <= Quality.SUSPECT


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All points at one cycle; arrays of shape (n_points,), read-only.

    `now_ns` labels the cycle, `mono_s` is the clock that ages were taken with.
    """

    cycle: int
    now_ns: int
    mono_s: float
    points: PointTable
    value: Floats
    quality: Bytes8
    age_s: Floats
    source_ns: Ints

    def reading(self, point_id: str) -> Reading:
        """The reading of a point by id; MISSING when the site has no such point."""
        i = self.points.find(point_id)
        if i < 0:
            return Reading(float("nan"), Quality.MISSING, float("inf"))
        return Reading(float(self.value[i]), Quality(int(self.quality[i])), float(self.age_s[i]))
