"""[liquid] of site.toml -> `LiquidCooling`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twin.domain.facility import CoolantUnits, Coolers, LiquidCooling
from twin.sitefile.assets import Assets
from twin.sitefile.locate import KeyPath
from twin.sitefile.problems import Problems
from twin.sitefile.schema_base import suggestion
from twin.sitefile.schema_liquid import CduTable, LiquidTable, TankTable

FILE = "site.toml"
_COUNTED = {"count", "first", "id"}


def units_of(liquid: LiquidTable) -> Iterator[tuple[KeyPath, CduTable | TankTable]]:
    """Coolant units, then tanks, each table with its place."""
    for i, cdu in enumerate(liquid.cdus):
        yield ("liquid", "cdus", i), cdu
    for i, tank in enumerate(liquid.tanks):
        yield ("liquid", "tanks", i), tank


def liquid_of(
    liquid: LiquidTable | None, halls: Sequence[str], assets: Assets, problems: Problems
) -> LiquidCooling | None:
    """The liquid cooling of a site; a hall that is not there is noted as a problem."""
    if liquid is None:
        return None
    units: list[CoolantUnits] = []
    for path, table in units_of(liquid):
        if table.hall not in halls:
            message = f'there is no hall "{table.hall}"'
            problems.add(FILE, (*path, "hall"), message, suggestion(table.hall, halls))
            continue
        units.append(_units(table, path, assets))
    coolers = liquid.coolers
    return LiquidCooling(
        units=tuple(units),
        sink=liquid.sink,
        coolers=None
        if coolers is None
        else Coolers(ids=assets.ids(coolers, "cooler", ("liquid", "coolers")), **coolers.model_dump(exclude=_COUNTED)),
        # without a loop of its own facility water is chilled water, and these mean nothing
        loop_m3=liquid.loop_m3 or 0.0,
        head_pa=liquid.head_pa or 0.0,
        efficiency_frac=liquid.efficiency_frac or 1.0,
        setpoint_c=liquid.setpoint_c or 0.0,
    )


def _units(table: CduTable | TankTable, path: KeyPath, assets: Assets) -> CoolantUnits:
    tank = isinstance(table, TankTable)
    servers_j_k = table.servers_j_k if isinstance(table, TankTable) else 0.0
    return CoolantUnits(
        ids=assets.ids(table, "tank" if tank else "cdu", path, table.hall),
        is_tank=tank,
        volume_j_k=table.volume_m3 * table.fluid_j_m3_k + servers_j_k,
        **table.model_dump(exclude={*_COUNTED, "volume_m3", "fluid_j_m3_k", "servers_j_k"}),
    )
