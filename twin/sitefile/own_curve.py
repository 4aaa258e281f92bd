"""A chiller's own regression in site.toml -> its curve, and what can be wrong with it."""

from __future__ import annotations

from itertools import product

from twin.domain.chillers import ChillerCurve, ReformulatedCurve
from twin.sitefile.locate import KeyPath
from twin.sitefile.problems import Problems
from twin.sitefile.schema_plant import OwnCurveTable

FILE = "site.toml"
NAME = "own"
_PART_LOAD_TERMS = {"eir": 3, "reformulated": 10}


def own_curve(given: OwnCurveTable | str) -> ChillerCurve | ReformulatedCurve | None:
    """The curve of a table, None for a name."""
    if isinstance(given, str):
        return None
    chws_c, condenser_c, part_load = _pair(given.chws_c), _pair(given.condenser_c), _pair(given.part_load)
    capacity, eir, eir_part_load = tuple(given.capacity), tuple(given.eir), tuple(given.eir_part_load)
    if given.model == "reformulated":
        return ReformulatedCurve(
            given.capacity_w, given.cop, chws_c, condenser_c, part_load, capacity, eir, eir_part_load,
            given.condenser_kg_s,
        )  # fmt: skip
    return ChillerCurve(
        given.capacity_w, given.cop, chws_c, condenser_c, part_load, capacity, eir, eir_part_load,
        given.condenser_kg_s, given.air_cooled,
    )  # fmt: skip


def check_curve(given: OwnCurveTable | str, path: KeyPath, problems: Problems) -> None:
    """The box is one, the numbers fit the model, and both regressions stay above 0 in the corners of their box."""
    if isinstance(given, str):
        return
    for key in ("chws_c", "condenser_c", "part_load"):
        low, high = getattr(given, key)
        if low >= high:
            problems.add(FILE, (*path, key), f"{key} = [{low:g}, {high:g}] is no range", "give [low, high]")
    terms = _PART_LOAD_TERMS[given.model]
    if len(given.eir_part_load) != terms:
        message = f'model "{given.model}" has {terms} numbers in eir_part_load, here are {len(given.eir_part_load)}'
        problems.add(FILE, (*path, "eir_part_load"), message, f"give {terms} numbers, or mend model")
    if given.model == "reformulated" and given.air_cooled:
        message = "the reformulated model is for water-cooled chillers"
        problems.add(FILE, (*path, "air_cooled"), message, 'leave it out, or give model = "eir"')
    for key in ("capacity", "eir"):
        least, x, y = min(
            (_value(getattr(given, key), x, y), x, y) for x, y in product(given.chws_c, given.condenser_c)
        )
        if not least > 0.0:
            message = f"{key} is {least:.3g} at chilled water {x:g} and condenser {y:g} degC: a machine is above 0"
            problems.add(FILE, (*path, key), message, "the order is 1, x, x2, y, y2, xy, temperatures in degC")


def _pair(values: list[float]) -> tuple[float, float]:
    return values[0], values[1]


def _value(c: list[float], x: float, y: float) -> float:
    return c[0] + x * (c[1] + x * c[2]) + y * (c[3] + y * c[4]) + x * y * c[5]
