"""What one value of points.toml says for every asset alike: its unit, its range, and how the wire becomes the house."""

from __future__ import annotations

from twin.domain.site import SourceRule
from twin.sitefile.catalogue import KNOWN, SUFFIXES, KnownPoint, house_unit_of
from twin.sitefile.locate import KeyPath
from twin.sitefile.problems import Problems
from twin.sitefile.schema_base import suggestion
from twin.sitefile.schema_points import MessageTable, ValueTable
from twin.sitefile.units import ALIASES, UNITS, units_of

FILE = "points.toml"


def wire_of(
    table: MessageTable, name: str, value: ValueTable, path: KeyPath, problems: Problems
) -> tuple[KnownPoint, SourceRule] | None:
    """What a value's table says for every asset alike: its range, and a rule without topic, point and place."""
    known = _known(table, name, value, path, problems)
    if known is None:
        return None
    scaling = _scaling(value, known, path, problems)
    if scaling is None:
        return None
    unit, scale, offset = scaling
    low = known.low if value.low is None else value.low
    high = known.high if value.high is None else value.high
    if low >= high:
        where = "low" if value.low is not None else "high"
        problems.add(FILE, (*path, where), f"low = {low:g} is not below high = {high:g}", f"in {known.unit}")
        return None
    return KnownPoint(known.unit, low, high), SourceRule(
        topic="",
        point=-1,
        codec=table.codec,
        value_path="",
        time_path=table.time_path,
        time_unit=table.time_unit or ("ns" if table.codec == "line" else "iso"),
        unit_path=value.unit_path,
        quality_path=table.quality_path,
        values_path=table.values_path,
        name_key=table.name_key,
        value_key=table.value_key,
        errors_path=table.errors_path,
        measurement="",
        tags=(),
        wire_unit=unit,
        scale=scale,
        offset=offset,
        words=tuple(value.words.items()),
        sequence_path=table.sequence_path,
    )


def _known(table: MessageTable, name: str, value: ValueTable, path: KeyPath, problems: Problems) -> KnownPoint | None:
    of_class = KNOWN[table.each]
    if name in of_class:
        return of_class[name]
    if not value.extra:
        fix = f"{suggestion(name, of_class, quote='')} A point beyond the list needs extra = true, low and high"
        problems.add(FILE, path, f'a {table.each} has no point "{name}"', fix)
        return None
    if value.low is None or value.high is None:
        problems.add(FILE, path, f'extra point "{name}" has no range', "add low and high")
        return None
    if not name.replace("_", "").isalnum() or not name.isascii() or not name.islower():
        fix = "lower case, with the unit: " + ", ".join(SUFFIXES)
        problems.add(FILE, path, f'"{name}" is not a point name', fix)
        return None
    return KnownPoint(house_unit_of(name), value.low, value.high)


def _scaling(
    value: ValueTable, known: KnownPoint, path: KeyPath, problems: Problems
) -> tuple[str, float, float] | None:
    """Wire unit, scale and offset."""
    if value.scale is not None:
        if value.scale == 0.0:
            problems.add(FILE, (*path, "scale"), "scale = 0 makes every reading the same", "leave scale out")
            return None
        return value.unit, value.scale, value.offset
    if value.offset != 0.0:
        problems.add(FILE, (*path, "offset"), "offset without scale", "add scale, or leave offset out")
        return None
    if not value.unit and known.unit != "1":
        fix = "add unit, one of " + ", ".join(units_of(known.unit))
        problems.add(FILE, path, "the unit on the wire is not given", fix)
        return None
    return _converted(value.unit or "1", known.unit, (*path, "unit"), problems)


def _converted(unit: str, house: str, path: KeyPath, problems: Problems) -> tuple[str, float, float] | None:
    conversion = UNITS.get(unit)
    if conversion is None:
        alias = ALIASES.get(unit)
        fix = f'did you mean "{alias}"?' if alias else suggestion(unit, UNITS)
        problems.add(FILE, path, f'unknown unit "{unit}"', fix)
        return None
    if conversion.house != house:
        problems.add(FILE, path, f'"{unit}" cannot become {house}', "one of " + ", ".join(units_of(house)))
        return None
    return unit, conversion.scale, conversion.offset
