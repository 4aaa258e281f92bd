"""Wire units become house units by known factors."""

from __future__ import annotations

import pytest

from twin.sitefile.units import ALIASES, UNITS


@pytest.mark.parametrize(
    ("unit", "wire", "house", "unit_of_house"),
    [
        ("degF", 212.0, 100.0, "degC"),
        ("degF", 32.0, 0.0, "degC"),
        ("K", 295.15, 22.0, "degC"),
        ("kW", 7.5, 7500.0, "W"),
        ("MW", 1.5, 1.5e6, "W"),
        ("tonR", 1.0, 3516.85, "W"),
        ("%", 55.0, 0.55, "fraction"),
        ("bar", 2.5, 250e3, "Pa"),
        ("kPa", 12.0, 12e3, "Pa"),
        ("inH2O", 1.0, 249.09, "Pa"),
        ("m3/h", 3600.0, 998.0, "kg/s"),
        ("L/s", 10.0, 9.98, "kg/s"),
        ("gpm", 1000.0, 62.964, "kg/s"),
    ],
)
def test_a_wire_value_becomes_its_house_value(unit: str, wire: float, house: float, unit_of_house: str) -> None:
    conversion = UNITS[unit]
    assert wire * conversion.scale + conversion.offset == pytest.approx(house, rel=1e-5, abs=1e-9)
    assert conversion.house == unit_of_house


def test_every_everyday_name_stands_for_a_unit() -> None:
    assert set(ALIASES.values()) <= set(UNITS)
    assert not set(ALIASES) & set(UNITS)
