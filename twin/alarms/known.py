"""What alarms know of a site: which points belong together, by room, by class and by gateway."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from twin.domain.actuators import Limits
from twin.domain.arrays import Flags, Floats, Indices, Ints
from twin.domain.facility import Facility
from twin.domain.points import Point, PointTable, Quality
from twin.domain.site import Site
from twin.domain.snapshot import Snapshot

_AREAS = {"chiller": "plant", "tower": "plant", "ups": "power"}


@dataclass(frozen=True, slots=True)
class Groups:
    """Points that come and go together: of one class in one area, or of one gateway.

    `points` holds the groups one behind the other, `starts` where each begins, `sizes` how long it is.
    """

    names: tuple[str, ...]
    asset_classes: tuple[str, ...]
    points: Indices
    starts: Indices
    sizes: Indices

    @staticmethod
    def of(named: Iterable[tuple[str, Point]]) -> Groups:
        """Of points with the name of their group, at least one."""
        found: dict[str, list[Point]] = {}
        for name, point in named:
            found.setdefault(name, []).append(point)
        sizes = np.array([len(members) for members in found.values()], dtype=np.int32)
        return Groups(
            names=tuple(found),
            asset_classes=tuple(members[0].asset_class for members in found.values()),
            points=np.array([point.index for members in found.values() for point in members], dtype=np.int32),
            starts=(np.cumsum(sizes) - sizes).astype(np.int32),
            sizes=sizes,
        )

    def count(self, where: Flags) -> Ints:
        """How many points of each group are so."""
        return np.add.reduceat(where[self.points].astype(np.int64), self.starts)


@dataclass(frozen=True, slots=True)
class Area:
    """A hall, the plant, the power path, the meters, or outdoors. `assets` are the ids of what is in it."""

    id: str
    assets: frozenset[str]
    classes: Groups
    gateways: Groups


@dataclass(frozen=True, slots=True)
class Known:
    """A site as its alarms see it."""

    facility: Facility
    limits: Limits
    points: PointTable
    areas: tuple[Area, ...]
    _rows: dict[tuple[str, str], Indices]

    @staticmethod
    def of(site: Site) -> Known:
        """Of a loaded site."""
        topic_of = {rule.point: rule.topic for rule in site.topics.rules}
        by_area: dict[str, list[Point]] = {}
        for point in site.points:
            by_area.setdefault(_area(point), []).append(point)
        areas = tuple(
            Area(
                id=name,
                assets=frozenset(point.asset for point in members),
                classes=Groups.of((point.asset_class, point) for point in members),
                gateways=Groups.of((topic_of.get(point.index, point.id), point) for point in members),
            )
            for name, members in by_area.items()
        )
        facility = site.facility
        fleets = {f"crah {hall.id}": hall.crah.ids for hall in facility.halls}
        fleets |= {f"rack {hall.id}": tuple(rack.id for rack in hall.racks) for hall in facility.halls}
        fleets |= {"chillers": facility.plant.chillers.ids, "ups": tuple(side.id for side in facility.power.ups)}
        names = ("running", "load_frac", "on_generator", "battery_frac", "inlet_c")
        rows = {
            (fleet, name): np.array([site.points.find(f"{asset}/{name}") for asset in ids], dtype=np.int32)
            for fleet, ids in fleets.items()
            for name in names
        }
        return Known(facility, site.limits, site.points, areas, rows)

    def usable(self, snapshot: Snapshot, fleet: str, name: str) -> Floats:
        """One point of equal machines (`crah h1`, `rack h1`, `chillers`, `ups`), NaN where it is not usable."""
        points = self._rows[fleet, name]
        there = (points >= 0) & (snapshot.quality[points] <= int(Quality.SUSPECT))
        return np.where(there, snapshot.value[points], np.nan)


def _area(point: Point) -> str:
    return point.hall or _AREAS.get(point.asset_class, point.asset_class)
