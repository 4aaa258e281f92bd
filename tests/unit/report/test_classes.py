"""Classes of air and facility water, and failures by inlet temperature."""

from __future__ import annotations

import math
from typing import Any

import pytest

from twin.domain.errors import DataTooPoor
from twin.report.classes import AIR_CLASSES, mean_x_factor, water_class, x_factor


@pytest.mark.parametrize(
    ("name", "inlet_c", "standing"),
    [
        ("A1", 27.0, "recommended"), ("A1", 27.1, "allowable"), ("A1", 32.0, "allowable"), ("A1", 32.1, "outside"),
        ("A1", 14.9, "outside"), ("A2", 35.0, "allowable"), ("A2", 10.0, "allowable"), ("A3", 40.0, "allowable"),
        ("A3", 40.1, "outside"), ("A4", 45.0, "allowable"), ("A4", 4.9, "outside"), ("H1", 22.1, "allowable"),
        ("H1", 25.1, "outside"), ("H1", 18.0, "recommended"), ("A2", math.nan, "unknown"),
    ],
)  # fmt: skip
def test_inlet_temperature_by_class(name: str, inlet_c: float, standing: str) -> None:
    assert AIR_CLASSES[name].standing(inlet_c, 10.0, 0.40) == standing


@pytest.mark.parametrize(
    ("name", "dew_c", "rh", "standing"),
    [
        ("A1", 15.0, 0.70, "recommended"), ("A1", 15.1, 0.70, "allowable"), ("A1", 15.0, 0.71, "allowable"),
        ("A1", 17.1, 0.70, "outside"), ("A1", 15.0, 0.81, "outside"), ("A2", 21.0, 0.80, "allowable"),
        ("A3", 24.0, 0.85, "allowable"), ("A4", 24.0, 0.90, "allowable"), ("A4", 24.1, 0.90, "outside"),
        ("A1", -9.1, 0.15, "allowable"), ("A1", -12.1, 0.15, "outside"), ("A1", -10.0, 0.07, "outside"),
        ("H1", 17.0, 0.80, "allowable"), ("A1", math.nan, 0.5, "unknown"),
    ],
)  # fmt: skip
def test_humidity_by_class(name: str, dew_c: float, rh: float, standing: str) -> None:
    assert AIR_CLASSES[name].standing(20.0, dew_c, rh) == standing


def test_corrosive_gases_halve_the_recommended_humidity() -> None:
    assert AIR_CLASSES["A1"].standing(24.0, 12.0, 0.55) == "recommended"
    assert AIR_CLASSES["A1"].standing(24.0, 12.0, 0.55, corrosive=True) == "allowable"


@pytest.mark.parametrize(
    ("name", "altitude_m", "highest_c"),
    [("A1", 900.0, 32.0), ("A1", 1800.0, 29.0), ("A2", 1500.0, 33.0), ("A3", 1600.0, 36.0), ("A4", 1650.0, 39.0),
     ("H1", 1900.0, 23.0)],
)  # fmt: skip
def test_thin_air_lowers_the_highest_allowable_temperature(name: str, altitude_m: float, highest_c: float) -> None:
    assert AIR_CLASSES[name].highest_allowable_c(altitude_m) == pytest.approx(highest_c)
    assert AIR_CLASSES[name].standing(highest_c + 0.1, 10.0, 0.4, altitude_m=altitude_m) == "outside"


@pytest.mark.parametrize(
    ("supply_c", "name"),
    [(2.0, "W17"), (17.0, "W17"), (17.1, "W27"), (32.0, "W32"), (40.0, "W40"), (45.0, "W45"), (46.0, "W+")],
)
def test_facility_water_by_class(supply_c: float, name: str) -> None:
    assert water_class(supply_c) == name


# --- reliability
@pytest.mark.parametrize(
    ("inlet_c", "factor"),
    [(15.0, 0.72), (17.5, 0.87), (20.0, 1.00), (22.5, 1.13), (25.0, 1.24), (27.5, 1.34), (30.0, 1.42), (32.5, 1.48),
     (35.0, 1.55), (21.25, 1.065), (10.0, 0.72), (37.5, 1.62)],
)  # fmt: skip
def test_failures_by_inlet_temperature(inlet_c: float, factor: float) -> None:
    assert x_factor(inlet_c) == pytest.approx(factor)


def test_failures_of_a_period_are_weighted_by_its_hours() -> None:
    assert mean_x_factor([(20.0, 6000.0), (30.0, 2000.0)]) == pytest.approx((6000.0 + 2840.0) / 8000.0)
    assert math.isnan(x_factor(math.nan))


@pytest.mark.parametrize(
    "broken",
    [
        lambda: water_class(1.0),
        lambda: water_class(math.nan),
        lambda: mean_x_factor([]),
        lambda: mean_x_factor([(20.0, -1.0), (25.0, 2.0)]),
    ],
)
def test_what_belongs_to_no_class_or_period_is_refused(broken: Any) -> None:
    with pytest.raises(DataTooPoor):
        broken()
