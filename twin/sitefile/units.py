"""Units on the wire and what they become inside the house: house = wire*scale + offset.

Conversion factors: NIST SP 811 appendix B. Volume flows are of water at 998 kg/m3: every flow point is a water flow.
"""

from __future__ import annotations

from dataclasses import dataclass

WATER_KG_M3 = 998.0
_US_GALLON_M3 = 3.785411784e-3


@dataclass(frozen=True, slots=True)
class Conversion:
    """Into which house unit, and how."""

    house: str
    scale: float
    offset: float = 0.0


UNITS: dict[str, Conversion] = {
    "degC": Conversion("degC", 1.0),
    "degF": Conversion("degC", 5.0 / 9.0, -32.0 * 5.0 / 9.0),
    "K": Conversion("degC", 1.0, -273.15),
    "W": Conversion("W", 1.0),
    "kW": Conversion("W", 1e3),
    "MW": Conversion("W", 1e6),
    "Btu/h": Conversion("W", 0.29307107),
    "tonR": Conversion("W", 3516.8528),
    "fraction": Conversion("fraction", 1.0),
    "%": Conversion("fraction", 0.01),
    "permille": Conversion("fraction", 0.001),
    "Pa": Conversion("Pa", 1.0),
    "hPa": Conversion("Pa", 100.0),
    "kPa": Conversion("Pa", 1e3),
    "mbar": Conversion("Pa", 100.0),
    "bar": Conversion("Pa", 1e5),
    "psi": Conversion("Pa", 6894.757293),
    "inH2O": Conversion("Pa", 249.08891),
    "kg/s": Conversion("kg/s", 1.0),
    "kg/h": Conversion("kg/s", 1.0 / 3600.0),
    "m3/h": Conversion("kg/s", WATER_KG_M3 / 3600.0),
    "m3/s": Conversion("kg/s", WATER_KG_M3),
    "L/s": Conversion("kg/s", WATER_KG_M3 / 1e3),
    "L/min": Conversion("kg/s", WATER_KG_M3 / 60e3),
    "gpm": Conversion("kg/s", WATER_KG_M3 * _US_GALLON_M3 / 60.0),
    "1": Conversion("1", 1.0),
}

# what people write, and what it is called here
ALIASES: dict[str, str] = {
    "C": "degC", "°C": "degC", "celsius": "degC", "F": "degF", "°F": "degF", "percent": "%", "l/s": "L/s",
    "m³/h": "m3/h", "ton": "tonR", "TR": "tonR", "kw": "kW", "KW": "kW", "watt": "W", "frac": "fraction",
    "pa": "Pa", "BTU/h": "Btu/h", "GPM": "gpm", "": "1",
}  # fmt: skip


def units_of(house: str) -> list[str]:
    """Every wire unit that can become this house unit."""
    return [name for name, conversion in UNITS.items() if conversion.house == house]
