"""A hall of twenty racks, minute by minute, and ways to make one of its sensors lie."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np

from tests.support.facilities import small_facility
from twin.domain.clock import NS_PER_S
from twin.domain.facility import Facility, Rack
from twin.domain.findings import Finding, SensorFault
from twin.domain.points import Point, PointTable, Quality
from twin.domain.snapshot import Snapshot
from twin.gates.judge import judge
from twin.gates.known import Gates
from twin.gates.memory import GateMemory

T0_NS = 1_784_116_800 * NS_PER_S
PERIOD_S = 60.0
RACKS = 20
LEARNT = 45  # minutes, after which every test may speak
SUSPECTED = "h1-r007"  # whose sensor the tests tamper with
INLET, POWER, SUPPLY, RETURN = f"{SUSPECTED}/inlet_c", f"{SUSPECTED}/power_w", "h1/supply_air_c", "h1/return_air_c"

Lie = Callable[[int, float], float | None]  # (minute, honest reading) -> reading, None for silence


def a_facility() -> Facility:
    small = small_facility()
    racks = tuple(Rack(f"h1-r{n:03}", 7500.0) for n in range(1, RACKS + 1))
    return replace(small, halls=(replace(small.halls[0], racks=racks),))


def a_point(index: int, point: str) -> Point:
    asset, name = point.split("/")
    unit = "W" if name.endswith("_w") else "degC"
    return Point(index, point, asset, name, "any", unit, "h1", -1e9, 1e9, PERIOD_S, 3.0 * PERIOD_S)


NAMES = [f"h1-r{n:03}/{name}" for n in range(1, RACKS + 1) for name in ("inlet_c", "power_w")] + [SUPPLY, RETURN]
POINTS = PointTable(tuple(a_point(i, point) for i, point in enumerate(NAMES)))
GATES = Gates.of(a_facility(), POINTS)


@dataclass(slots=True)
class Room:
    """What is really so, and what its sensors make of it. Change the fields between minutes."""

    points: PointTable = POINTS
    supply_c: float = 21.0
    return_c: float = 33.0
    load: float = 1.0
    noise_k: float = 0.08
    resolution_k: float = 0.1
    minute: int = 0
    lies: dict[str, Lie] = field(default_factory=dict)
    memory: GateMemory = field(default_factory=GateMemory)
    value: dict[str, float] = field(default_factory=dict)
    read_at: dict[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    seed: int = 1

    def honest(self) -> Mapping[str, float]:
        """Readings of honest sensors in this minute."""
        random = np.random.default_rng([self.seed, self.minute])
        told: dict[str, float] = {}
        for n in range(1, RACKS + 1):
            offset_k = 0.15 * n * (0.5 + 0.5 * self.load)
            told[f"h1-r{n:03}/inlet_c"] = self.supply_c + offset_k
            told[f"h1-r{n:03}/power_w"] = 5e3 * self.load
        told |= {SUPPLY: self.supply_c, RETURN: self.return_c}
        for point, noise in zip(NAMES, random.standard_normal(len(NAMES)).tolist(), strict=True):
            if point.endswith("_c"):
                seen_c = told[point] + self.noise_k * noise
                told[point] = round(round(seen_c / self.resolution_k) * self.resolution_k, 6)
            else:
                told[point] += 10.0 * noise
        return told

    def step(self, minutes: int = 1) -> Snapshot:
        """So many minutes; the last snapshot as the gates leave it."""
        for _ in range(minutes):
            self.minute += 1
            for point, honest in self.honest().items():
                said = self.lies[point](self.minute, honest) if point in self.lies else honest
                if said is not None:
                    self.value[point], self.read_at[point] = said, self.minute
            believed, self.memory, self.findings = judge(
                GATES if self.points is POINTS else Gates.of(a_facility(), self.points), self.snapshot(), self.memory
            )
        return believed

    def snapshot(self) -> Snapshot:
        """As the mirror shows it."""
        n, now_ns = len(self.points), T0_NS + self.minute * 60 * NS_PER_S
        value, quality = np.full(n, np.nan), np.full(n, int(Quality.MISSING), dtype=np.uint8)
        age_s, source_ns = np.full(n, np.inf), np.zeros(n, dtype=np.int64)
        for point, seen in self.value.items():
            i = self.points.index(point)
            value[i], source_ns[i] = seen, T0_NS + self.read_at[point] * 60 * NS_PER_S
            age_s[i] = 60.0 * (self.minute - self.read_at[point])
            late = age_s[i] > self.points.points[i].stale_after_s
            quality[i] = int(Quality.STALE if late else Quality.GOOD)
        return Snapshot(self.minute, now_ns, 1e4 + 60.0 * self.minute, self.points, value, quality, age_s, source_ns)

    def lying(self, lie: Lie, point: str = INLET) -> Room:
        """From the next minute on a point says something else."""
        self.lies[point] = lie
        return self

    def minutes_until(self, fault: SensorFault, point: str = INLET, within: int = 120) -> int | None:
        """How many minutes until a fault is found; None when it is not."""
        for minute in range(1, within + 1):
            self.step()
            if self.fault_of(point) is fault:
                return minute
        return None

    def fault_of(self, point: str = INLET) -> SensorFault | None:
        """What is found of a point now."""
        return next((finding.fault for finding in self.findings if finding.point == point), None)


def a_room(*, minutes: int = LEARNT, **fields: float) -> Room:
    """A room that has learned for so long."""
    return copy.deepcopy(_learned(minutes, tuple(sorted(fields.items()))))


@cache
def _learned(minutes: int, fields: tuple[tuple[str, float], ...]) -> Room:
    room = Room(**dict(fields))  # type: ignore[arg-type]
    room.step(minutes)
    return room


def shifted(by_k: float) -> Lie:
    return lambda _minute, honest: honest + by_k
