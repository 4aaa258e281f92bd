"""What the sensors of the example site say; what is broken says nothing, or something else."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.judge.book import Book
from tests.judge.bounds import NS
from tests.judge.surroundings import Troubles
from twin.domain.arrays import Bytes8, Floats, Ints
from twin.domain.site import Site
from twin.domain.snapshot import Snapshot
from twin.estimate.layout import Layout

GOOD, STALE, MISSING = 0, 3, 4


@dataclass(slots=True)
class Sensors:
    """One hall with its plant. `liar` picks the setpoint whose readback may be wrong."""

    site: Site
    book: Book
    layout: Layout
    chance: np.random.Generator
    liar: int
    _read_ns: dict[str, int] = field(default_factory=dict)

    def snapshot(
        self,
        step: int,
        now_ns: int,
        mono_s: float,
        plant: dict[str, float],
        held: set[str],
        supply_c: float,
        troubles: Troubles,
    ) -> Snapshot:
        """All points at one instant. `plant` is where the building's controllers really are."""
        points, layout = self.site.points, self.layout
        value, quality = np.full(len(points), np.nan), np.full(len(points), GOOD, dtype=np.uint8)
        source_ns = np.full(len(points), now_ns - 2 * NS, dtype=np.int64)
        self._halls(value, supply_c, step, troubles)
        self._plant(value, plant, step, troubles)
        for i, point in enumerate(plant):
            where = layout.setpoint[i]
            age_s = float(self.chance.choice([0.0, 2.0, 20.0]))
            self._read_ns[point] = max(self._read_ns.get(point, 0), now_ns - round(age_s * NS))
            lie = 1.0 if troubles.now("wrong", step) and i == self.liar % len(plant) else 0.0
            value[where], source_ns[where] = plant[point] + lie, self._read_ns[point]
            value[layout.held[i]] = float(point in held)
        self._lose(value, quality, step, troubles)
        return Snapshot(
            cycle=step,
            now_ns=now_ns,
            mono_s=mono_s,
            points=points,
            value=value,
            quality=quality,
            age_s=np.full(len(points), 2.0),
            source_ns=source_ns,
        )

    def _halls(self, value: Floats, supply_c: float, step: int, troubles: Troubles) -> None:
        hall, book = self.layout.halls[0], self.book
        hot_k = 0.0
        if troubles.now("panic", step):
            hot_k = book.panic_c - supply_c + float(self.chance.uniform(-0.5, 2.0))
        elif troubles.now("heat", step):
            hot_k = book.warn_c - supply_c + float(self.chance.uniform(-1.0, 3.0))
        offset_k = max(hot_k, float(self.chance.uniform(1.0, 2.0)))
        value[hall.inlet] = supply_c + np.linspace(0.5, offset_k, len(hall.inlet)) + self.chance.normal(0.0, 0.05)
        value[hall.rack_power] = 3500.0
        value[hall.supply_air], value[hall.return_air] = supply_c, supply_c + 12.0
        value[hall.crah_supply], value[hall.crah_return] = supply_c, supply_c + 12.0
        value[hall.crah_running], value[hall.crah_fan], value[hall.crah_valve] = 1.0, 0.7, 0.5
        value[hall.dew_point] = supply_c - book.dew_margin_k + 0.2 if troubles.now("damp", step) else 5.0

    def _plant(self, value: Floats, plant: dict[str, float], step: int, troubles: Troubles) -> None:
        layout, sides = self.layout, self.site.facility.power.ups
        value[layout.chws], value[layout.chwr], value[layout.cws] = plant["plant/chws_sp_c"], 16.0, 24.0
        value[layout.dry_bulb], value[layout.wet_bulb] = 20.0, 12.0
        value[layout.chiller_running] = 1.0
        value[layout.ups_output] = [0.3 * side.modules * side.module_w for side in sides]
        value[layout.ups_input], value[layout.ups_battery] = value[layout.ups_output] * 1.05, 1.0
        value[layout.ups_mains], value[layout.ups_thd], value[layout.ups_generator] = 0.0, 0.01, 0.0
        if troubles.now("mains", step):
            value[layout.ups_mains[-1]] = -0.2
            if self.liar % 2:
                value[layout.ups_thd[-1]] = np.nan  # a meter that says one half of it
        if troubles.now("thd", step):
            value[layout.ups_thd[-1]] = np.nan
        if troubles.now("generator", step):
            value[layout.ups_generator] = 1.0
        if troubles.now("battery", step):
            value[layout.ups_battery] = 0.3

    def _lose(self, value: Floats, quality: Bytes8, step: int, troubles: Troubles) -> None:
        hall = self.layout.halls[0]
        lost: dict[str, Ints] = {
            "inlets": hall.inlet,
            "some inlets": hall.inlet[:6],
            "weather": np.array([self.layout.wet_bulb]),
            "supply": np.append(hall.crah_supply, hall.supply_air),
        }
        for what, which in lost.items():
            if troubles.now(what, step):
                value[which] = np.nan
        quality[np.isnan(value)] = MISSING
        if troubles.now("readbacks", step):
            quality[self.layout.setpoint] = STALE
