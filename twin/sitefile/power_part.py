"""[power] of site.toml -> `PowerChain`."""

from __future__ import annotations

from twin.domain.facility import Battery, Generators, PowerChain, SolarArray, Ups, UpsCurve
from twin.sitefile.assets import Assets
from twin.sitefile.named import UPS_CURVES
from twin.sitefile.schema_power import PowerTable, UpsCurveTable

_COUNTED = {"count", "first", "id"}


def power_of(power: PowerTable, assets: Assets) -> PowerChain:
    """The power path; batteries and solar arrays one by one."""
    sides = tuple(
        Ups(
            ups,
            table.modules,
            table.module_w,
            curve_of(table.double_conversion),
            curve_of(table.eco),
            table.autonomy_s,
        )
        for i, table in enumerate(power.ups)
        for ups in assets.ids(table, "ups", ("power", "ups", i))
    )
    batteries = tuple(
        Battery(id=battery, **table.model_dump(exclude=_COUNTED))
        for i, table in enumerate(power.batteries)
        for battery in assets.ids(table, "battery", ("power", "batteries", i))
    )
    solar = tuple(
        SolarArray(id=array, **table.model_dump(exclude=_COUNTED))
        for i, table in enumerate(power.solar)
        for array in assets.ids(table, "solar", ("power", "solar", i))
    )
    sets = power.generators
    return PowerChain(
        ups=sides,
        batteries=batteries,
        solar=solar,
        generators=None
        if sets is None
        else Generators(
            ids=assets.ids(sets, "generator", ("power", "generators")), **sets.model_dump(exclude=_COUNTED)
        ),
        **power.model_dump(exclude={"ups", "batteries", "solar", "generators"}),
    )


def curve_of(given: UpsCurveTable | str) -> UpsCurve:
    """A UPS curve by name, or the site's own."""
    return UPS_CURVES[given] if isinstance(given, str) else UpsCurve(given.a, given.b, given.c)
