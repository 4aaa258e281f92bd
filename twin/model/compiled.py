"""A facility compiled to tables, once: what every kernel call starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from twin.domain.arrays import Floats
from twin.domain.errors import UnknownTopology
from twin.domain.facility import Facility
from twin.kernels._tables import Table
from twin.kernels.moist_air import density_kg_m3, pressure_at_altitude_pa
from twin.kernels.site import BatteryRow, HallRow, LiquidRow, OptionRow, OtherAirRow, PlantRow, PvRow, UpsRow
from twin.model.compiled_halls import hall_table, other_air_table
from twin.model.compiled_liquid import coolant_setpoints_c, facility_water, liquid_ids, liquid_table
from twin.model.compiled_plant import option_table, plant_row
from twin.model.compiled_power import battery_table, solar_table, ups_table

Tables: TypeAlias = tuple[
    PlantRow,
    Table[OptionRow] | None,
    Table[HallRow],
    Table[OtherAirRow] | None,
    Table[LiquidRow] | None,
    Table[UpsRow],
    Table[BatteryRow] | None,
    Table[PvRow] | None,
]


@dataclass(frozen=True, slots=True)
class CompiledSite:
    """A facility as tables; the ids name their rows. `plant` is the one row of its table.

    A table of things that the site does not have is None: kernels are then compiled without them.
    """

    hall_ids: tuple[str, ...]
    liquid_ids: tuple[str, ...]
    ups_ids: tuple[str, ...]
    battery_ids: tuple[str, ...]
    solar_ids: tuple[str, ...]
    chillers: int
    halls: Table[HallRow]
    others: Table[OtherAirRow] | None
    liquid: Table[LiquidRow] | None
    ups: Table[UpsRow]
    batteries: Table[BatteryRow] | None
    solar: Table[PvRow] | None
    plant: PlantRow
    options: Table[OptionRow] | None
    facility_water_c: float  # setpoints of the liquid cooling, as the site file has them
    coolant_c: Floats

    @property
    def tables(self) -> Tables:
        """What every kernel of the whole site begins with, in its order."""
        return self.plant, self.options, self.halls, self.others, self.liquid, self.ups, self.batteries, self.solar


def compile_site(facility: Facility) -> CompiledSite:
    """Size every coil, exchanger and tower cell for its design point and lay everything out in tables.

    Raises: UnknownTopology: something the model has no equations for.
    """
    if not facility.halls:
        raise UnknownTopology("a site needs at least one hall", where="site.toml [[halls]]")
    pressure_pa = pressure_at_altitude_pa(facility.altitude_m)
    halls = hall_table(facility.halls, density_kg_m3(30.0, 0.008, pressure_pa))
    liquid, warm = liquid_table(facility), facility_water(facility, pressure_pa)
    return CompiledSite(
        hall_ids=tuple(hall.id for hall in facility.halls),
        liquid_ids=liquid_ids(facility),
        ups_ids=tuple(side.id for side in facility.power.ups),
        battery_ids=tuple(battery.id for battery in facility.power.batteries),
        solar_ids=tuple(array.id for array in facility.power.solar),
        chillers=len(facility.plant.chillers.ids),
        halls=halls,
        others=other_air_table(facility.halls),
        liquid=liquid,
        ups=ups_table(facility),
        batteries=battery_table(facility),
        solar=solar_table(facility),
        plant=plant_row(facility, pressure_pa, halls, liquid, warm),
        options=option_table(facility.plant),
        facility_water_c=facility.liquid.setpoint_c if facility.liquid else 0.0,
        coolant_c=coolant_setpoints_c(facility),
    )
