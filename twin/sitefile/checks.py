"""What no single key of site.toml can know: that the ratings fit one another."""

from __future__ import annotations

from typing import Protocol

from twin.sitefile.locate import KeyPath
from twin.sitefile.own_curve import check_curve
from twin.sitefile.problems import Problems
from twin.sitefile.schema_base import FileModel
from twin.sitefile.schema_site import (
    CracTable,
    CrahTable,
    EconomiserTable,
    HallTable,
    PlantTable,
    PowerTable,
    SiteTable,
)

FILE = "site.toml"


class _Redundant(Protocol):
    @property
    def count(self) -> int: ...
    @property
    def needed(self) -> int: ...


def falls(problems: Problems, path: KeyPath, table: FileModel, warm: str, cold: str) -> None:
    """Refuse a design point whose warmer end is not warmer; the problem stands at the warmer key."""
    high_c, low_c = getattr(table, warm), getattr(table, cold)
    if high_c <= low_c:
        message = f"{warm} = {high_c:g} is not above {cold} = {low_c:g}"
        problems.add(FILE, (*path, warm), message, "swap the two, or mend one")


def _needed(problems: Problems, path: KeyPath, table: _Redundant) -> None:
    if table.needed > table.count:
        problems.add(
            FILE,
            (*path, "needed"),
            f"{table.needed} are needed but there are only {table.count}",
            f"give needed from 1 to {table.count}; count includes the redundant ones",
        )


def check_hall(hall: HallTable, path: KeyPath, problems: Problems) -> None:
    """A hall's air handlers against its racks, and whatever else cools its air."""
    if hall.crah is not None:
        _check_handlers(hall, hall.crah, (*path, "crah"), problems)
        _check_coil(hall.crah, (*path, "crah"), problems)
    if hall.crac is not None:
        _check_handlers(hall, hall.crac, (*path, "crac"), problems)
        falls(problems, (*path, "crac"), hall.crac, "economiser_off_c", "economiser_full_c")
    if hall.outside_air is not None:
        falls(problems, (*path, "outside_air"), hall.outside_air, "most_dew_c", "least_dew_c")
    if hall.rear_doors is not None:
        doors, at = hall.rear_doors, (*path, "rear_doors")
        falls(problems, at, doors, "design_exhaust_c", "design_leaving_c")
        falls(problems, at, doors, "design_exhaust_c", "design_water_out_c")
        falls(problems, at, doors, "design_leaving_c", "design_water_in_c")
        falls(problems, at, doors, "design_water_out_c", "design_water_in_c")


def _check_coil(crah: CrahTable, at: KeyPath, problems: Problems) -> None:
    falls(problems, at, crah, "design_supply_c", "design_chw_in_c")
    falls(problems, at, crah, "design_chw_out_c", "design_chw_in_c")
    falls(problems, at, crah, "design_return_c", "design_chw_out_c")


def _check_handlers(hall: HallTable, units: CrahTable | CracTable, at: KeyPath, problems: Problems) -> None:
    _needed(problems, at, units)
    falls(problems, at, units, "design_return_c", "design_supply_c")
    if units.min_fan_frac >= units.max_fan_frac:
        problems.add(FILE, (*at, "min_fan_frac"), "min_fan_frac is not below max_fan_frac", "0.3 and 1.0 are usual")
    rated_w = sum(group.count * group.rated_w for group in hall.racks)
    in_air_w = rated_w * (1.0 - hall.liquid_frac) - (hall.rear_doors.design_w if hall.rear_doors else 0.0)
    if in_air_w > units.count * units.design_w:
        left = "" if in_air_w == rated_w else f", {in_air_w:.0f} W of it for them"
        problems.add(
            FILE,
            (*at, "design_w"),
            f"all air handlers together cool {units.count * units.design_w:.0f} W, "
            f"the racks are rated {rated_w:.0f} W{left}",
            "check count, design_w and rated_w; all are in W",
        )


def check_plant(plant: PlantTable, problems: Problems) -> None:
    """Chillers, towers and the economiser within themselves."""
    chillers, towers = plant.chillers, plant.towers
    _needed(problems, ("plant", "chillers"), chillers)
    _needed(problems, ("plant", "towers"), towers)
    falls(problems, ("plant", "towers"), towers, "design_in_c", "design_out_c")
    falls(problems, ("plant", "towers"), towers, "design_out_c", "design_wet_bulb_c")
    if chillers.stage_down_frac >= chillers.stage_up_frac:
        problems.add(
            FILE,
            ("plant", "chillers", "stage_down_frac"),
            "stage_down_frac is not below stage_up_frac: chillers would start and stop in turns",
            "leave at least 0.1 between them",
        )
    check_curve(chillers.curve, ("plant", "chillers", "curve"), problems)
    if plant.economiser is not None:
        _check_economiser(plant.economiser, problems)


def _check_economiser(made: EconomiserTable, problems: Problems) -> None:
    leaving_c = made.design_cw_in_c + made.approach_k
    if made.design_return_c <= leaving_c:
        problems.add(
            FILE,
            ("plant", "economiser", "design_return_c"),
            f"design_return_c = {made.design_return_c:g} is not above {leaving_c:g}, where chilled water leaves",
            "it must be above design_cw_in_c + approach_k",
        )


def check_power(power: PowerTable, rated_it_w: float, problems: Problems) -> None:
    """UPS, transformers and standby sets against the load; batteries within themselves."""
    ups_w = sum(table.count * table.modules * table.module_w for table in power.ups)
    if rated_it_w > ups_w:
        problems.add(
            FILE,
            ("power", "ups", 0, "module_w"),
            f"all UPS modules together carry {ups_w:.0f} W, the racks are rated {rated_it_w:.0f} W",
            "check count, modules and module_w; module_w is in W",
        )
    limit_w = power.transformers * power.transformer_va * power.power_factor
    if rated_it_w > limit_w:
        problems.add(
            FILE,
            ("power", "transformer_va"),
            f"the transformers carry {limit_w:.0f} W, the racks are rated {rated_it_w:.0f} W",
            "transformer_va is in VA: 2500 kVA is 2.5e6",
        )
    for i, battery in enumerate(power.batteries):
        if battery.least_frac >= battery.most_frac:
            message = f"least_frac = {battery.least_frac:g} is not below most_frac = {battery.most_frac:g}"
            problems.add(FILE, ("power", "batteries", i, "least_frac"), message, "0.1 and 0.95 are usual")
    sets = power.generators
    if sets is not None and rated_it_w > sets.count * sets.rated_w:
        problems.add(
            FILE,
            ("power", "generators", "rated_w"),
            f"all sets together carry {sets.count * sets.rated_w:.0f} W, the racks are rated {rated_it_w:.0f} W",
            "check count and rated_w; rated_w is in W",
        )


def check_where(site: SiteTable, power: PowerTable, problems: Problems) -> None:
    """The sun stands elsewhere at every place: solar arrays need one."""
    for key in ("latitude_deg", "longitude_deg"):
        if power.solar and getattr(site, key) is None:
            problems.add(FILE, ("site", key), f'"{key}" is missing', f"add {key}: solar arrays need it")
