"""What no single key of site.toml can know: that the ratings fit one another."""

from __future__ import annotations

from twin.sitefile.locate import KeyPath
from twin.sitefile.problems import Problems
from twin.sitefile.schema_site import ChillerTable, CrahTable, HallTable, PlantTable, PowerTable, TowerTable

FILE = "site.toml"


def _falls(problems: Problems, path: KeyPath, table: CrahTable | TowerTable, warm: str, cold: str) -> None:
    """Refuse a design point whose warmer end is not warmer; the problem stands at the warmer key."""
    high_c, low_c = getattr(table, warm), getattr(table, cold)
    if high_c <= low_c:
        message = f"{warm} = {high_c:g} is not above {cold} = {low_c:g}"
        problems.add(FILE, (*path, warm), message, "swap the two, or mend one")


def _needed(problems: Problems, path: KeyPath, table: CrahTable | ChillerTable | TowerTable) -> None:
    if table.needed > table.count:
        problems.add(
            FILE,
            (*path, "needed"),
            f"{table.needed} are needed but there are only {table.count}",
            f"give needed from 1 to {table.count}; count includes the redundant ones",
        )


def check_hall(hall: HallTable, path: KeyPath, problems: Problems) -> None:
    """A hall's air handlers against its racks."""
    crah, at = hall.crah, (*path, "crah")
    _needed(problems, at, crah)
    _falls(problems, at, crah, "design_return_c", "design_supply_c")
    _falls(problems, at, crah, "design_supply_c", "design_chw_in_c")
    _falls(problems, at, crah, "design_chw_out_c", "design_chw_in_c")
    if crah.design_return_c <= crah.design_chw_out_c:
        _falls(problems, at, crah, "design_return_c", "design_chw_out_c")
    if crah.min_fan_frac >= crah.max_fan_frac:
        problems.add(FILE, (*at, "min_fan_frac"), "min_fan_frac is not below max_fan_frac", "0.3 and 1.0 are usual")
    rated_w = sum(group.count * group.rated_w for group in hall.racks)
    if rated_w > crah.count * crah.design_w:
        problems.add(
            FILE,
            (*at, "design_w"),
            f"all air handlers together cool {crah.count * crah.design_w:.0f} W, the racks are rated {rated_w:.0f} W",
            "check count, design_w and rated_w; all are in W",
        )


def check_plant(plant: PlantTable, problems: Problems) -> None:
    """Chillers and towers within themselves."""
    chillers, towers = plant.chillers, plant.towers
    _needed(problems, ("plant", "chillers"), chillers)
    _needed(problems, ("plant", "towers"), towers)
    _falls(problems, ("plant", "towers"), towers, "design_in_c", "design_out_c")
    _falls(problems, ("plant", "towers"), towers, "design_out_c", "design_wet_bulb_c")
    if chillers.stage_down_frac >= chillers.stage_up_frac:
        problems.add(
            FILE,
            ("plant", "chillers", "stage_down_frac"),
            "stage_down_frac is not below stage_up_frac: chillers would start and stop in turns",
            "leave at least 0.1 between them",
        )


def check_power(power: PowerTable, rated_it_w: float, problems: Problems) -> None:
    """UPS and transformers against the load."""
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
