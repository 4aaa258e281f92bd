"""What no single key of [liquid] can know: that coolant, facility water and halls fit one another."""

from __future__ import annotations

from collections.abc import Sequence

from twin.domain.facility import Hall
from twin.sitefile.checks import falls
from twin.sitefile.liquid_part import units_of
from twin.sitefile.locate import KeyPath
from twin.sitefile.problems import Problems
from twin.sitefile.schema_liquid import CduTable, CoolersTable, LiquidTable, TankTable

FILE = "site.toml"
_OWN_LOOP = ("loop_m3", "head_pa", "efficiency_frac", "setpoint_c")
# of the way from inlet to air; beyond it no crossflow coil is large enough
_MOST_OF_THE_WAY = 0.95


def check_liquid(liquid: LiquidTable | None, halls: Sequence[tuple[KeyPath, Hall]], problems: Problems) -> None:
    """Every liquid-cooled hall has its units, every unit its hall, and the heat of all has where to go.

    Args:
        halls: Each with the place of its table.
    """
    carried_w = {hall.id: 0.0 for _, hall in halls}
    first: dict[str, KeyPath] = {}
    for path, table in units_of(liquid) if liquid is not None else ():
        carried_w[table.hall] += table.count * table.design_w
        first.setdefault(table.hall, path)
        _check_unit(table, path, problems)
    for path, hall in halls:
        _check_share(hall, path, carried_w[hall.id], first.get(hall.id), problems)
        if hall.rear_doors is not None and liquid is None:
            message = "rear doors need facility water, and there is no [liquid]"
            problems.add(FILE, (*path, "rear_doors"), message, "add [liquid] with its sink, or leave the doors out")
    if liquid is None:
        return
    doors_w = sum(hall.rear_doors.design_w for _, hall in halls if hall.rear_doors is not None)
    if not first and doors_w == 0.0:
        message = "[liquid] cools nothing: no coolant units, no tanks, no rear doors"
        problems.add(FILE, ("liquid",), message, "add [[liquid.cdus]] or [[liquid.tanks]], or leave [liquid] out")
    heat_w = doors_w + sum(hall.liquid_frac * hall.rated_it_w for _, hall in halls)
    _check_sink(liquid, heat_w, problems)


def _check_share(hall: Hall, path: KeyPath, carried_w: float, unit: KeyPath | None, problems: Problems) -> None:
    heat_w = hall.liquid_frac * hall.rated_it_w
    if unit is None:
        if hall.liquid_frac > 0.0:
            message = f'liquid_frac = {hall.liquid_frac:g}, but hall "{hall.id}" has no coolant unit and no tank'
            problems.add(FILE, (*path, "liquid_frac"), message, f'add [[liquid.cdus]] with hall = "{hall.id}"')
    elif hall.liquid_frac == 0.0:
        message = f'hall "{hall.id}" has liquid_frac = 0: this unit would have nothing to cool'
        problems.add(FILE, (*unit, "hall"), message, "give liquid_frac in that hall, 0.7 to 0.85 is usual")
    elif heat_w > carried_w:
        message = (
            f'all units of hall "{hall.id}" together carry {carried_w:.0f} W, '
            f"coolant catches {heat_w:.0f} W of its racks"
        )
        problems.add(FILE, (*unit, "design_w"), message, "check count, design_w and liquid_frac; design_w is in W")


def _check_unit(table: CduTable | TankTable, path: KeyPath, problems: Problems) -> None:
    """The four temperatures of a counterflow exchanger."""
    falls(problems, path, table, "facility_out_c", "facility_in_c")
    falls(problems, path, table, "coolant_return_c", "coolant_supply_c")
    falls(problems, path, table, "coolant_supply_c", "facility_in_c")
    falls(problems, path, table, "coolant_return_c", "facility_out_c")


def _check_sink(liquid: LiquidTable, heat_w: float, problems: Problems) -> None:
    coolers = liquid.coolers
    if liquid.sink == "chilled_water":
        if coolers is not None:
            message = 'coolers mean nothing with sink = "chilled_water"'
            problems.add(
                FILE, ("liquid", "coolers"), message, 'leave them out, or give sink = "towers" or "dry_coolers"'
            )
        return
    for key in _OWN_LOOP:
        if getattr(liquid, key) is None:
            problems.add(FILE, ("liquid", key), f'"{key}" is missing', f'add {key}: sink = "{liquid.sink}" needs it')
    if coolers is None:
        message = f'sink = "{liquid.sink}" needs [liquid.coolers]'
        problems.add(FILE, ("liquid", "sink"), message, 'add [liquid.coolers], or give sink = "chilled_water"')
        return
    _check_coolers(coolers, liquid.sink, heat_w, problems)
    if liquid.setpoint_c is None:
        return
    for path, table in units_of(liquid):
        if table.setpoint_c <= liquid.setpoint_c:
            message = f"setpoint_c = {table.setpoint_c:g} is not above liquid.setpoint_c = {liquid.setpoint_c:g}"
            fix = "coolant is never colder than facility water: 2 K and more lie between them"
            problems.add(FILE, (*path, "setpoint_c"), message, fix)


def _check_coolers(coolers: CoolersTable, sink: str, heat_w: float, problems: Problems) -> None:
    at = ("liquid", "coolers")
    falls(problems, at, coolers, "design_in_c", "design_out_c")
    falls(problems, at, coolers, "design_out_c", "design_air_c")
    if heat_w > coolers.count * coolers.design_w:
        message = (
            f"all coolers together reject {coolers.count * coolers.design_w:.0f} W, "
            f"coolant and rear doors bring {heat_w:.0f} W"
        )
        problems.add(FILE, (*at, "design_w"), message, "check count and design_w; design_w is in W")
    if sink == "towers":
        if coolers.pad_frac > 0.0:
            fix = 'leave it out, or give sink = "dry_coolers"'
            problems.add(FILE, (*at, "pad_frac"), 'a pad means nothing with sink = "towers"', fix)
        return
    whole_k, range_k = coolers.design_in_c - coolers.design_air_c, coolers.design_in_c - coolers.design_out_c
    if 0.0 < range_k < whole_k and range_k > _MOST_OF_THE_WAY * whole_k:
        message = f"design_out_c = {coolers.design_out_c:g} is nearer to the air than a dry cooler can bring it"
        fix = f"give at least {coolers.design_in_c - _MOST_OF_THE_WAY * whole_k:.1f}; 5 K above the air are usual"
        problems.add(FILE, (*at, "design_out_c"), message, fix)
