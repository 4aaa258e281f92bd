"""What goes wrong, and when: a schedule of plant faults, sensor faults and local operators' holds.

A schedule is a TOML file of `[[fault]]` tables (or the same as a list): kind, target (an id or a pattern such as
"h1-r*/inlet_c"), at_min, for_min, size, count (that many of the matching targets, chosen by the seed; 0 = all).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twin.domain.arrays import Floats, Ints
from twin.domain.errors import TwinError

if TYPE_CHECKING:
    from twin.simulator.plant import Plant

PLANT_KINDS = ("chiller_trip", "crah_fail", "tower_fail", "mains_event")
# size: stuck -, bias units, drift units per hour, spike value, dropout -, noise one sigma, fahrenheit -
SENSOR_KINDS = ("stuck", "bias", "drift", "spike", "dropout", "noise", "fahrenheit")
HOLD = "operator_hold"  # size: the value held
SPIKE_SHARE = 0.2  # of the readings while the fault lasts


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, in seconds since the start of the simulation."""

    kind: str
    target: str
    at_s: float
    for_s: float
    size: float = 0.0
    count: int = 0

    def active(self, elapsed_s: float) -> bool:
        return self.at_s <= elapsed_s < self.at_s + self.for_s


def read_faults(path: Path) -> tuple[Fault, ...]:
    """Faults of a TOML file. Raises: TwinError: not readable, or a table that is no fault."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TwinError(f"cannot read the faults: {error}", where=str(path)) from error
    entries = document.pop("fault", [])
    if document or not isinstance(entries, list):
        found = ", ".join(document) or "one fault where a list was expected"
        raise TwinError(f"a schedule is made of [[fault]] tables; found {found}", where=str(path))
    faults: list[Fault] = []
    for number, entry in enumerate(entries, start=1):
        try:
            fault = Fault(
                kind=str(entry.pop("kind")),
                target=str(entry.pop("target")),
                at_s=60.0 * float(entry.pop("at_min")),
                for_s=60.0 * float(entry.pop("for_min")),
                size=float(entry.pop("size", 0.0)),
                count=int(entry.pop("count", 0)),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise TwinError(f"not a fault: {error!r}", where=f"{path}: [[fault]] number {number}") from error
        if entry:
            raise TwinError(f"unknown keys {', '.join(entry)}", where=f"{path}: [[fault]] number {number}")
        faults.append(fault)
    return tuple(faults)


class FaultSchedule:
    """Faults with their targets resolved against one site."""

    def __init__(self, faults: Sequence[Fault], *, assets: Sequence[str], points: Sequence[str], seed: int) -> None:
        """Raises: TwinError: an unknown kind, or a target that matches nothing."""
        self._plant: list[tuple[Fault, frozenset[str]]] = []
        self._sensor: list[tuple[Fault, Ints]] = []
        self._hold: list[tuple[Fault, tuple[str, ...]]] = []
        self._frozen: dict[int, Floats] = {}
        self._seed = seed
        for number, fault in enumerate(faults):
            names = assets if fault.kind in PLANT_KINDS else points
            if fault.kind not in (*PLANT_KINDS, *SENSOR_KINDS, HOLD):
                fix = ", ".join((*PLANT_KINDS, *SENSOR_KINDS, HOLD))
                raise TwinError(f"no fault {fault.kind!r}", where=f"fault number {number + 1}", fix=f"one of {fix}")
            hit = [i for i, name in enumerate(names) if fnmatchcase(name, fault.target)]
            if not hit:
                raise TwinError(f"nothing matches {fault.target!r}", where=f"fault number {number + 1} ({fault.kind})")
            if fault.count:
                rng = np.random.default_rng([seed, 0xFA, number])
                hit = sorted(rng.choice(hit, size=min(fault.count, len(hit)), replace=False).tolist())
            if fault.kind in PLANT_KINDS:
                self._plant.append((fault, frozenset(names[i] for i in hit)))
            elif fault.kind == HOLD:
                self._hold.append((fault, tuple(names[i] for i in hit)))
            else:
                self._sensor.append((fault, np.array(hit, dtype=np.int64)))

    def break_plant(self, plant: Plant, elapsed_s: float) -> None:
        """Set what is out of order now, and mend what is over."""
        down: dict[str, set[str]] = {kind: set() for kind in PLANT_KINDS}
        for fault, assets in self._plant:
            if fault.active(elapsed_s):
                down[fault.kind] |= assets
        facility = plant.ratings.facility
        staging = plant.water.staging
        staging.available = [asset not in down["chiller_trip"] for asset in facility.plant.chillers.ids]
        plant.water.cells_ok = [asset not in down["tower_fail"] for asset in facility.plant.towers.ids]
        for hall, ok in zip(facility.halls, plant.air.crah_ok, strict=True):
            ok[:] = [asset not in down["crah_fail"] for asset in hall.crah.ids]
        for side in plant.ups:
            bad = side.rating.id in down["mains_event"]
            side.mains_deviation_frac = 0.15 if bad else 0.02
            side.thd_frac = 0.08 if bad else 0.025
            side.on_generator = 1.0 if bad else 0.0

    def disturb(self, seen: Floats, elapsed_s: float, now_ns: int) -> Floats:
        """Readings as faulty sensors give them. Call with rising times: a stuck sensor repeats its last good one."""
        for number, (fault, hit) in enumerate(self._sensor):
            if not fault.active(elapsed_s):
                self._frozen.pop(number, None)
                continue
            if fault.kind == "stuck":
                seen[hit] = self._frozen.setdefault(number, seen[hit].copy())
            elif fault.kind == "bias":
                seen[hit] += fault.size
            elif fault.kind == "drift":
                seen[hit] += fault.size * (elapsed_s - fault.at_s) / 3600.0
            elif fault.kind == "dropout":
                seen[hit] = np.nan
            elif fault.kind == "fahrenheit":
                seen[hit] = seen[hit] * 1.8 + 32.0
            else:
                rng = np.random.default_rng([self._seed, 0xFB, number, now_ns])
                if fault.kind == "noise":
                    seen[hit] += rng.normal(0.0, fault.size, len(hit))
                else:
                    seen[hit[rng.random(len(hit)) < SPIKE_SHARE]] = fault.size
        return seen

    def holds(self, elapsed_s: float) -> dict[str, float]:
        """Points that a local operator holds now, and the value held."""
        return {point: fault.size for fault, points in self._hold if fault.active(elapsed_s) for point in points}
