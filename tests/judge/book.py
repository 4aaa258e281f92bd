"""The operator's limits file as the judge reads it: TOML, and nothing of how the daemon loads it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SUPPLY, CHILLED, CONDENSER, UPS = "supply_air", "chilled_water", "condenser_water", "ups_mode"
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Entry:
    """What the file says of one setpoint. A UPS mode has no ramp, the others no dwell."""

    point: str
    kind: str
    low: float
    high: float
    local: float
    ceiling: str
    span: float
    step: float
    rise_per_min: float
    fall_per_min: float
    dwell_s: float
    changes_per_day: int

    @property
    def owner(self) -> str:
        """The hall, the UPS side, or "plant"."""
        return self.point.split("/", maxsplit=1)[0]

    def lets(self, mode: str) -> bool:
        """Whether a command may be written in a mode."""
        return (mode == "bounded" and self.ceiling == "control") or mode == self.ceiling in {"bounded", "control"}

    @property
    def unit(self) -> str:
        return "1" if self.kind == UPS else "degC"


class Book:
    """The whole file for one site. `halls` and `sides` fill the templates in the order of the site file."""

    def __init__(self, content: bytes, halls: tuple[str, ...], sides: tuple[str, ...]) -> None:
        told = tomllib.loads(content.decode())
        inlet, air, lease = told["inlet"], told["air"], told["lease"]
        eco, plant = told.get("eco", {}), told.get("plant", {})
        self.hash = hashlib.sha256(content).hexdigest()[:16]
        self.warn_c, self.revert_c, self.panic_c = (float(inlet[k]) for k in ("warn_c", "revert_c", "panic_c"))
        self.dew_margin_k = float(air.get("dew_point_margin_k", 2.0))
        self.quorum_frac = float(air.get("zone_quorum_frac", 0.8))
        self.ride_through_s = float(air["ride_through_min_s"])
        self.lift_k = float(plant.get("min_lift_k", 5.0))
        self.lease_s = float(lease["lease_s"])
        self.eco_load_frac = float(eco.get("min_load_frac", 0.1))
        self.eco_mains_frac = float(eco.get("max_mains_deviation_frac", 0.05))
        self.eco_thd_frac = float(eco.get("max_thd_frac", 0.05))
        self.eco_battery_frac = float(eco.get("min_battery_frac", 0.9))
        self.entries = tuple(_entries(told["setpoints"], halls, sides))
        self._by_point = {entry.point: entry for entry in self.entries}

    def entry(self, point: str) -> Entry | None:
        return self._by_point.get(point)


def _entries(tables: list[dict[str, Any]], halls: tuple[str, ...], sides: tuple[str, ...]) -> Iterator[Entry]:
    for table in tables:
        pattern = table["point"]
        owners = halls if "{hall}" in pattern else sides if "{ups}" in pattern else ("",)
        for owner in owners:
            yield Entry(
                point=pattern.replace("{hall}", owner).replace("{ups}", owner),
                kind=table["kind"],
                low=float(table["low"]),
                high=float(table["high"]),
                local=float(table["local"]),
                ceiling=table["ceiling"],
                span=0.0 if table["kind"] == UPS else float(table.get("bounded_span_k", 1.0)),
                step=float(table.get("step", 1.0)),
                rise_per_min=float(table.get("max_rise_per_min", 0.0)),
                fall_per_min=float(table.get("max_fall_per_min", 0.0)),
                dwell_s=float(table.get("dwell_s", 0.0)),
                changes_per_day=int(table.get("max_changes_per_day", 0)),
            )
