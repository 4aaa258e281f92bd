"""The points a site can have, by asset class: house unit and plausible range of each.

Outside its range a reading is BAD, whatever it says. The ranges are what a quantity can be in a site that works or has
just failed, not what anyone wishes for; `low` and `high` in points.toml narrow them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """House unit, and the range a reading may lie in."""

    unit: str
    low: float
    high: float


_FLAG = KnownPoint("1", 0.0, 1.0)
_PRIORITY = KnownPoint("1", 1.0, 17.0)  # of BACnet, 1 the strongest; 17 where nobody writes
_SHARE = KnownPoint("fraction", 0.0, 1.0)
_SETPOINT = KnownPoint("degC", 0.0, 45.0)


def _air(low: float, high: float) -> KnownPoint:
    return KnownPoint("degC", low, high)


def _watts(high: float) -> KnownPoint:
    return KnownPoint("W", 0.0, high)


KNOWN: dict[str, dict[str, KnownPoint]] = {
    "outdoor": {
        "dry_bulb_c": _air(-45.0, 60.0),
        "wet_bulb_c": _air(-45.0, 40.0),
        "rh_frac": KnownPoint("fraction", 0.0, 1.05),
    },
    "hall": {
        "supply_air_c": _air(5.0, 50.0),
        "return_air_c": _air(5.0, 80.0),
        "dew_point_c": _air(-30.0, 35.0),
        "it_w": _watts(1e8),
        "aisle_dp_pa": KnownPoint("Pa", -50.0, 100.0),
        "supply_air_sp_c": _SETPOINT,
        "supply_air_sp_held": _FLAG,
        "supply_air_sp_priority": _PRIORITY,
    },
    "rack": {"inlet_c": _air(0.0, 70.0), "power_w": _watts(2e5)},
    "crah": {
        "supply_c": _air(0.0, 60.0),
        "return_c": _air(0.0, 80.0),
        "fan_frac": _SHARE,
        "valve_frac": _SHARE,
        "running": _FLAG,
        "fan_w": _watts(1e5),
    },
    "plant": {
        "chws_c": _air(0.0, 45.0),
        "chwr_c": _air(0.0, 60.0),
        "cws_c": _air(0.0, 50.0),
        "cwr_c": _air(0.0, 60.0),
        "chw_flow_kg_s": KnownPoint("kg/s", 0.0, 5e3),
        "chw_pump_w": _watts(5e6),
        "cw_pump_w": _watts(5e6),
        "chws_sp_c": _SETPOINT,
        "cws_sp_c": _SETPOINT,
        "chws_sp_held": _FLAG,
        "cws_sp_held": _FLAG,
        "chws_sp_priority": _PRIORITY,
        "cws_sp_priority": _PRIORITY,
        "cooling_w": _watts(1e8),
    },
    "chiller": {"power_w": _watts(1e7), "running": _FLAG, "load_frac": KnownPoint("fraction", 0.0, 1.3)},
    "tower": {"fan_w": _watts(1e6), "fan_frac": _SHARE},
    "ups": {
        "input_w": _watts(1e8),
        "output_w": _watts(1e8),
        "battery_frac": _SHARE,
        "mains_deviation_frac": KnownPoint("fraction", -1.0, 1.0),
        "thd_frac": _SHARE,
        "on_generator": _FLAG,
        "mode": _FLAG,
        "mode_held": _FLAG,
        "mode_priority": _PRIORITY,
    },
    "meter": {"facility_w": _watts(1e9), "it_w": _watts(1e9)},
}

CLASSES: tuple[str, ...] = tuple(KNOWN)

# unit suffix of a point name -> house unit, for points beyond the list
SUFFIXES: dict[str, str] = {"_c": "degC", "_w": "W", "_frac": "fraction", "_pa": "Pa", "_kg_s": "kg/s"}


def house_unit_of(name: str) -> str:
    """The house unit that a point's name promises by its suffix; "1" without one."""
    return next((unit for suffix, unit in SUFFIXES.items() if name.endswith(suffix)), "1")
