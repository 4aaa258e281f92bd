"""Points: what can be read or written, numbered once, so that the hot path speaks in indices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum


class Quality(IntEnum):
    """How far a reading may be trusted; higher is worse."""

    GOOD = 0
    SUSPECT = 1
    BAD = 2
    STALE = 3
    MISSING = 4


SAFETY_NAMES = frozenset({"inlet_c"})  # what the guard's hot-inlet rules look at: such readings are the last to go


@dataclass(frozen=True, slots=True)
class Point:
    """One quantity of one asset.

    `id` is "<asset>/<name>", for example "h1-r001/inlet_c"; `name` carries the unit in its suffix.
    `low` and `high` are the plausible range in the point's unit: outside, a reading is BAD.
    `period_s` is how often the source is expected to speak; older than `stale_after_s` the reading is STALE.
    """

    index: int
    id: str
    asset: str
    name: str
    asset_class: str  # "rack", "crah", "hall", "chiller", "tower", "plant", "ups", "meter", "outdoor"
    unit: str  # the unit inside the house: degC, W, fraction, Pa, kg/s, 1
    hall: str  # id of the hall, "" when outside any
    low: float
    high: float
    period_s: float
    stale_after_s: float


@dataclass(frozen=True, slots=True)
class PointTable:
    """All points of a site in index order: `points[i].index == i`."""

    points: tuple[Point, ...]
    _index_of: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index_of", {point.id: point.index for point in self.points})

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[Point]:
        return iter(self.points)

    def __contains__(self, point_id: str) -> bool:
        return point_id in self._index_of

    def index(self, point_id: str) -> int:
        """Index of a point. Raises: KeyError: no such point."""
        return self._index_of[point_id]

    def find(self, point_id: str) -> int:
        """Index of a point, or -1 when the site has none of that id."""
        return self._index_of.get(point_id, -1)
