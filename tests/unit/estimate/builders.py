"""A small hall of ten racks whose every reading is good, and ways to spoil some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from tests.support.facilities import small_facility
from tests.support.states import T0_NS, an_actuator
from twin.domain.actuators import ActuatorTable, Kind
from twin.domain.clock import NS_PER_S
from twin.domain.facility import Facility
from twin.domain.points import Point, PointTable, Quality
from twin.domain.snapshot import Snapshot
from twin.domain.state import State
from twin.estimate.estimate import Estimator, estimate
from twin.estimate.layout import Layout
from twin.estimate.memory import EstimateMemory
from twin.model.compiled import CompiledSite, compile_site

RACKS = tuple(f"h1-r{n:03d}" for n in range(1, 11))
CRAHS = ("h1-crah-01", "h1-crah-02", "h1-crah-03")
INLETS = tuple(f"{rack}/inlet_c" for rack in RACKS)
POWERS = tuple(f"{rack}/power_w" for rack in RACKS)
ACTUATORS = ActuatorTable(
    (
        an_actuator(0, "h1/supply_air_sp_c", Kind.SUPPLY_AIR),
        an_actuator(1, "plant/chws_sp_c", Kind.CHILLED_WATER),
        an_actuator(2, "ups-b/mode", Kind.UPS_MODE),
    )
)

GOOD_READINGS: Mapping[str, float] = {
    **{inlet: 23.0 + 0.1 * n for n, inlet in enumerate(INLETS)},  # the last rack is the warmest: 23.9
    **dict.fromkeys(POWERS, 5e3),
    "h1/supply_air_c": 22.0,
    "h1/return_air_c": 34.0,
    "h1/dew_point_c": 10.0,
    "h1/it_w": 51e3,
    **{f"{crah}/supply_c": 22.0 + 0.3 * n for n, crah in enumerate(CRAHS)},
    **{f"{crah}/return_c": 34.0 for crah in CRAHS},
    **{f"{crah}/running": float(n < 2) for n, crah in enumerate(CRAHS)},  # the third stands by
    **{f"{crah}/fan_frac": 0.6 + 0.2 * n for n, crah in enumerate(CRAHS)},
    **{f"{crah}/valve_frac": 0.4 + 0.2 * n for n, crah in enumerate(CRAHS)},
    "plant/chws_c": 10.0,
    "plant/chwr_c": 16.0,
    "plant/cws_c": 24.0,
    "plant/cooling_w": 9e3,
    "outdoor/dry_bulb_c": 25.0,
    "outdoor/wet_bulb_c": 18.0,
    "ch-1/running": 1.0,
    "ch-2/running": 0.0,
    "ch-3/running": 0.0,
    **{f"ups-{side}/input_w": 30e3 for side in "ab"},
    **{f"ups-{side}/output_w": 26e3 for side in "ab"},
    **{f"ups-{side}/battery_frac": 1.0 for side in "ab"},
    **{f"ups-{side}/mains_deviation_frac": 0.01 for side in "ab"},
    **{f"ups-{side}/thd_frac": 0.02 for side in "ab"},
    **{f"ups-{side}/on_generator": 0.0 for side in "ab"},
    "meter/facility_w": 70e3,
    "meter/it_w": 52e3,
    "h1/supply_air_sp_c": 22.0,
    "h1/supply_air_sp_held": 0.0,
    "plant/chws_sp_c": 10.0,
    "plant/chws_sp_held": 0.0,
    "plant/chws_sp_priority": 17.0,
    "ups-b/mode": 0.0,
    "ups-b/mode_held": 0.0,
}


def a_point(index: int, point: str) -> Point:
    asset, name = point.split("/")
    return Point(index, point, asset, name, "any", "any", "", -1e9, 1e9, 10.0, 60.0)


POINTS = PointTable(tuple(a_point(i, point) for i, point in enumerate(GOOD_READINGS)))


def an_estimator(points: PointTable = POINTS) -> Estimator:
    facility, site = _small()
    return Estimator(facility, site, ACTUATORS, Layout.of(facility, points, ACTUATORS))


@cache
def _small() -> tuple[Facility, CompiledSite]:
    facility = small_facility()
    return facility, compile_site(facility)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the mirror shows: values, and the quality of those that are not good."""

    values: Mapping[str, float] = field(default_factory=lambda: dict(GOOD_READINGS))
    qualities: Mapping[str, Quality] = field(default_factory=dict)
    read_s: Mapping[str, float] = field(default_factory=dict)

    def having(self, values: Mapping[str, float]) -> Picture:
        """Other values."""
        return replace(self, values={**self.values, **values})

    def spoilt(self, points: Iterable[str], quality: Quality) -> Picture:
        """The same values, of another quality."""
        return replace(self, qualities={**self.qualities, **dict.fromkeys(points, quality)})

    def read_at(self, point: str, at_s: float) -> Picture:
        """A point's source time, in seconds after the first cycle."""
        return replace(self, read_s={**self.read_s, point: at_s})

    def snapshot(self, at_s: float = 0.0, points: PointTable = POINTS) -> Snapshot:
        """The picture as one cycle sees it, `at_s` after the first."""
        n = len(points)
        source_ns = [T0_NS + round(self.read_s.get(p.id, at_s - 1.0) * NS_PER_S) for p in points]
        return Snapshot(
            cycle=1 + round(at_s / 60.0),
            now_ns=T0_NS + round(at_s * NS_PER_S),
            mono_s=1000.0 + at_s,
            points=points,
            value=np.array([self.values.get(p.id, np.nan) for p in points]),
            quality=np.array([int(self.qualities.get(p.id, Quality.GOOD)) for p in points], dtype=np.uint8),
            age_s=np.ones(n),
            source_ns=np.array(source_ns, dtype=np.int64),
        )

    def estimated(self, memory: EstimateMemory | None = None, at_s: float = 0.0) -> tuple[State, EstimateMemory]:
        """The state that this picture gives, and the memory after it."""
        return estimate(an_estimator(), self.snapshot(at_s), memory or EstimateMemory())

    def state(self) -> State:
        """The state of a first cycle."""
        return self.estimated()[0]
