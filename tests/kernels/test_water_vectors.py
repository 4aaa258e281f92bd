"""Published figures of the water plant that its kernels must reproduce, to the digit the source prints."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.domain.errors import TwinError
from twin.kernels import (
    chillers,
    dry_coolers,
    pipes,
    plate_exchangers,
    pumps,
    reformulated_chillers,
    towers,
    water_use,
    york_towers,
)
from twin.model.chiller_catalogue import CATALOGUE
from twin.model.chiller_curves import RATED_C, normalised, rated_values
from twin.model.reformulated_catalogue import REFORMULATED
from twin.model.york_coefficients import york_coefficients

WATER_J_KG_K = 4186.0
YORK = york_coefficients()
DEFAULT = "carrier-19xr-1234kw"
WATER_COOLED = ("carrier-19xr-1234kw", "carrier-19xr-1407kw", "trane-rthb-1051kw", "york-ys-781kw")


# --- chillers
@pytest.mark.parametrize(
    ("name", "capft", "eirft", "sum_b"),
    [
        ("carrier-19xr-1234kw", 1.0116, 1.0174, 0.9987),
        ("carrier-19xr-1407kw", 0.9862, 1.0161, 0.9981),
        ("trane-rthb-1051kw", 0.9990, 1.0007, 1.0004),
        ("york-ys-781kw", 0.9993, 1.0035, 1.0002),
        ("air-cooled-screw-1050kw", 0.9964, 1.0374, 0.9943),
        ("air-cooled-scroll-2649kw", 1.0074, 0.9928, 1.0),
    ],
)
def test_chiller_curves_at_their_rating_point(name: str, capft: float, eirft: float, sum_b: float) -> None:
    curve = CATALOGUE[name]
    assert rated_values(curve, *RATED_C[name]) == pytest.approx((capft, eirft), abs=1.5e-4)
    assert sum(curve.eir_part_load) == pytest.approx(sum_b, abs=1.5e-4)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_normalised_curve_gives_its_rated_capacity_and_cop(name: str) -> None:
    curve = normalised(CATALOGUE[name], *RATED_C[name])
    assert rated_values(curve, *RATED_C[name]) == pytest.approx((1.0, 1.0), rel=1e-12)
    elsewhere, before = rated_values(curve, 8.0, 30.0), rated_values(CATALOGUE[name], 8.0, 30.0)
    assert elsewhere[0] / before[0] == pytest.approx(1 / rated_values(CATALOGUE[name], *RATED_C[name])[0], rel=1e-12)
    assert curve.eir_part_load == CATALOGUE[name].eir_part_load


def test_a_curve_that_is_negative_at_its_rating_point_is_refused() -> None:
    with pytest.raises(TwinError, match="rating point"):
        normalised(CATALOGUE[DEFAULT], 60.0, 90.0)


@pytest.mark.parametrize(
    ("name", "by_chilled_water", "by_condenser"),
    list(zip(WATER_COOLED, (-2.4, -3.5, -3.3, -3.0), (1.4, 2.7, 3.4, 3.5), strict=True)),
)
def test_chiller_setpoint_sensitivities(name: str, by_chilled_water: float, by_condenser: float) -> None:
    """Per cent per kelvin: chilled water across the box, condenser water over the 2 K below rating."""
    curve, (x, y) = CATALOGUE[name], RATED_C[name]
    cold, warm = curve.chws_c

    def per_k(first: tuple[float, float], last: tuple[float, float], kelvin: float) -> float:
        return 100 * math.log(rated_values(curve, *last)[1] / rated_values(curve, *first)[1]) / kelvin

    assert per_k((cold, y), (warm, y), warm - cold) == pytest.approx(by_chilled_water, abs=0.06)
    assert per_k((x, y - 2.0), (x, y), 2.0) == pytest.approx(by_condenser, abs=0.06)


def total_kw(name: str, load_kw: float, running: int, chws_c: float, condenser_c: float) -> tuple[float, float]:
    """(power of all running chillers with 15 kW of auxiliaries each, part load), at equal shares."""
    curve = CATALOGUE[name]
    power_w, part_load, _ = chillers.chiller_power_w(
        curve.packed(), curve.capacity_w, curve.cop, 0.0, chws_c, condenser_c, load_kw * 1e3 / running
    )
    return running * (power_w / 1e3 + 15.0), part_load


@pytest.mark.parametrize(
    ("load_kw", "running", "kw"),
    [
        (600, 1, 77), (600, 2, 103),
        (800, 1, 106), (800, 2, 115), (800, 3, 150),
        (1000, 1, 145), (1000, 2, 132), (1000, 3, 160),
        (1400, 2, 181), (1400, 3, 189),
        (1600, 2, 212), (1600, 3, 209),
        (2000, 2, 289), (2000, 3, 257),
    ],
)  # fmt: skip
def test_chiller_staging_table(load_kw: int, running: int, kw: float) -> None:
    assert total_kw(DEFAULT, float(load_kw), running, 12.0, 24.0)[0] == pytest.approx(kw, abs=0.55)


def test_three_chillers_at_600_kw_cycle_below_their_least_part_load() -> None:
    """The printed 144 kW lets the curve run below part load 0.19; with cycling, as printed beside it, 126 kW."""
    kw, part_load = total_kw(DEFAULT, 600.0, 3, 12.0, 24.0)
    assert part_load == pytest.approx(0.149, abs=1e-3)
    assert kw == pytest.approx(126.3, abs=0.1)
    curve = CATALOGUE[DEFAULT]
    x, y = 12.0, 24.0
    b, (capft, eirft) = curve.eir_part_load, rated_values(curve, x, y)
    uncycled = curve.capacity_w * capft / curve.cop * eirft * (b[0] + b[1] * part_load + b[2] * part_load**2)
    assert 3 * (uncycled / 1e3 + 15.0) == pytest.approx(144.0, abs=0.5)


def test_variable_speed_chillers_share_at_70_per_cent_and_fixed_speed_ones_at_full_load() -> None:
    loads_kw = [float(kw) for kw in range(400, 1400)]
    crossover = next(
        kw for kw in loads_kw if total_kw(DEFAULT, kw, 1, 12.0, 24.0)[0] > total_kw(DEFAULT, kw, 2, 12.0, 24.0)[0]
    )
    assert total_kw(DEFAULT, crossover, 1, 12.0, 24.0)[1] == pytest.approx(0.7, abs=0.06)
    assert total_kw("trane-rthb-1051kw", 1000.0, 1, 8.0, 28.0)[0] == pytest.approx(192.0, abs=0.5)
    assert total_kw("trane-rthb-1051kw", 1000.0, 2, 8.0, 28.0)[0] == pytest.approx(216.0, abs=0.5)


@pytest.mark.parametrize(("condenser_c", "kw"), [(22, math.inf), (23, 216.1), (24, 211.0), (25, 210.2), (26, 211.6)])
def test_condenser_water_has_a_flat_optimum(condenser_c: int, kw: float) -> None:
    """Chiller and tower fans of the reference plant, wet bulb 18 degC: 1677.6 kW on two chillers and two cells."""
    curve, half_w = CATALOGUE[DEFAULT], 1677.6e3 / 2
    water0, air0, ua0 = towers.size_tower(1.2e6, 35.0, 29.44, 25.55, 101325.0)
    power_w, _, _ = chillers.chiller_power_w(
        curve.packed(), curve.capacity_w, curve.cop, 0.0, 12.0, float(condenser_c), half_w
    )
    water = 77.22 / 2

    def rejected_w(fan: float) -> float:
        inlet_c = condenser_c + (half_w + power_w) / (water * WATER_J_KG_K)
        return towers.tower_cell_heat_w(inlet_c, 18.0, 25.55, water, water0, air0, ua0, fan, 101325.0)

    if rejected_w(1.0) < half_w + power_w:
        assert kw == math.inf
        return
    low, high = 0.2, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if rejected_w(middle) < half_w + power_w else (low, middle)
    assert 2 * (power_w + 18e3 * low**3) / 1e3 == pytest.approx(kw, rel=1e-3)


@pytest.mark.parametrize(
    ("chws_c", "condenser_in_c", "load_kw", "leaving_c", "power_kw", "cop"),
    [(10.0, 26.67, 1142.9, 32.803, 177.26, 6.447), (10.0, 22.0, 800.0, 26.110, 84.69, 9.447)],
)
def test_reformulated_chiller(
    chws_c: float, condenser_in_c: float, load_kw: float, leaving_c: float, power_kw: float, cop: float
) -> None:
    curve = REFORMULATED["carrier-19xr-1143kw"]
    power_w, taken_w, _, leaving, outside = reformulated_chillers.reformulated_power_w(
        curve.packed(), curve.capacity_w, curve.cop, chws_c, condenser_in_c, curve.condenser_kg_s * WATER_J_KG_K,
        load_kw * 1e3,
    )  # fmt: skip
    assert leaving == pytest.approx(leaving_c, abs=1e-3)
    assert power_w / 1e3 == pytest.approx(power_kw, abs=0.01)
    assert taken_w / power_w == pytest.approx(cop, abs=1e-3)
    assert taken_w == pytest.approx(load_kw * 1e3, rel=1e-12)
    assert outside == 0.0


# --- York towers
@pytest.mark.parametrize(
    ("range_k", "wet_bulb_c", "water", "air", "approach_k"),
    [
        (5.5556, 25.556, 1.0, 1.0, 3.841),
        (5.5556, 20.0, 1.0, 1.0, 5.055),
        (5.5556, 10.0, 1.0, 1.0, 7.766),
        (3.0, 20.0, 1.0, 1.0, 3.079),
        (5.5556, 20.0, 1.0, 0.5, 10.923),
        (4.0, 15.0, 1.0, 0.6, 8.533),
    ],
)
def test_york_approach(range_k: float, wet_bulb_c: float, water: float, air: float, approach_k: float) -> None:
    got, outside = york_towers.york_approach_k(YORK, 1.0, range_k, wet_bulb_c, water, air)
    assert got == pytest.approx(approach_k, abs=6e-4)
    assert outside == 0.0


@pytest.mark.parametrize(("outlet_c", "outside"), [(29.44, 0.0), (28.6, 0.0), (27.8, 1.0)])
def test_a_york_tower_meets_another_design_approach(outlet_c: float, outside: float) -> None:
    water, scale, beyond = york_towers.size_york(YORK, 1.5e6, 35.0, outlet_c, 25.55)
    heat_w, _ = york_towers.york_heat_w(YORK, scale, 35.0, 25.55, water, water, 1.0, 0.2)
    assert heat_w == pytest.approx(1.5e6, rel=1e-6)
    assert beyond == outside


# --- water, pumps, pipes, dry coolers
def test_water_use_of_the_reference_plant() -> None:
    make_up, evaporated, _, _ = water_use.tower_water_kg_s(1859.1e3, 0.9, 4.0, 64.0, 0.0)
    assert evaporated * 3600 == pytest.approx(2459.0, rel=1e-3)
    assert water_use.wue_l_kwh(make_up, 1500e3) == pytest.approx(2.185, rel=1e-3)
    assert water_use.wue_l_kwh(water_use.tower_water_kg_s(1859.1e3, 0.9, 6.0, 64.0, 0.0)[0], 1500e3) == pytest.approx(
        1.967, rel=1e-3
    )


def test_at_most_1_469_litres_evaporate_for_a_kilowatt_hour_of_heat() -> None:
    assert water_use.evaporation_kg_s(1e3, 1.0) * 3600 == pytest.approx(1.469, abs=5e-4)


def test_evaporation_agrees_with_the_handbook_rule() -> None:
    """0.85 % of the flow for each 5.56 K of range, here at a latent share of 0.9."""
    assert water_use.evaporation_kg_s(100.0 * WATER_J_KG_K * 5.56, 0.9) == pytest.approx(0.85, rel=0.01)


def test_latent_share_lies_between_that_of_cold_and_of_hot_weather() -> None:
    assert [water_use.latent_frac(t, 0.0, 30.0) for t in (-20.0, 0.0, 15.0, 30.0, 45.0)] == pytest.approx(
        [0.75, 0.75, 0.85, 0.95, 0.95]
    )


@pytest.mark.parametrize(("x", "variable"), [(0.3, 0.059), (0.5, 0.185), (0.7, 0.413), (0.9, 0.770)])
def test_pump_part_load_curves(x: float, variable: float) -> None:
    assert pumps.parallel_pump_power_w(1.0, x, 1.0, 1.0) == pytest.approx(variable, abs=6e-4)
    throttled = 3.2485 * x - 4.7443 * x**2 + 2.5295 * x**3
    assert pumps.parallel_pump_power_w(1.0, x, 1.0, 0.0) == pytest.approx(throttled, rel=1e-12)


def test_pump_affinity() -> None:
    assert pumps.scaled_by_speed(0.1, 250e3, 36e3, 0.5) == pytest.approx((0.05, 62.5e3, 4.5e3))


def test_buffer_tank_rides_through_six_and_a_half_minutes() -> None:
    seconds = pipes.tank_ride_through_s(15.0 * 998.0, WATER_J_KG_K, 10.0, 1.6e6)
    assert seconds / 60 == pytest.approx(6.5, abs=0.05)


def test_pipe_delays_by_its_contents_over_the_flow() -> None:
    kg, c, ring = np.zeros(32), np.zeros(32), np.zeros(2, dtype=np.int64)
    pipes.fill_pipe(kg, c, ring, 600.0, 20.0)
    out = [pipes.step_pipe(kg, c, ring, 600.0, 10.0, 12.0, 1.0) for _ in range(70)]
    assert out[:58] == pytest.approx([20.0] * 58)
    assert out[62:] == pytest.approx([12.0] * 8)


BAC_FANS_W, BAC_W = 117.7e3, 2931e3


def test_dry_cooler_meets_the_reference_unit_it_was_sized_by() -> None:
    """2931 kW, fluid 46.1 to 40.55 degC in air of 35 degC, equal capacity rates."""
    fluid, air, ua = dry_coolers.size_dry_cooler(BAC_W, 46.11, 40.55, 35.0, 5.56, WATER_J_KG_K)
    heat_w = dry_coolers.dry_cooler_heat_w(46.11, 35.0, fluid, fluid, WATER_J_KG_K, air, ua, 0.5, 1.0, 0.05)
    assert heat_w == pytest.approx(BAC_W, rel=1e-9)
    assert 46.11 - heat_w / (fluid * WATER_J_KG_K) == pytest.approx(40.55, abs=1e-6)
    assert air * 1006.0 == pytest.approx(fluid * WATER_J_KG_K, rel=1e-9)
    assert dry_coolers.dry_cooler_fan_w(BAC_FANS_W, 1.0) / heat_w == pytest.approx(0.040, abs=5e-4)
    assert dry_coolers.dry_cooler_fan_w(BAC_FANS_W, 0.5) == pytest.approx(BAC_FANS_W / 8)


def test_plate_exchanger_of_the_reference_plant() -> None:
    """1.2 MW with an approach of 1.5 K, 6 K on both sides: balanced, so that NTU is range over approach."""
    hot, cold, ua = plate_exchangers.size_plate(1.2e6, 18.0, 10.5, 1.5, 6.0, WATER_J_KG_K, WATER_J_KG_K)
    assert hot == pytest.approx(cold, rel=1e-12)
    assert ua / (hot * WATER_J_KG_K) == pytest.approx(4.0, rel=1e-9)
    heat_w = plate_exchangers.plate_heat_w(18.0, 10.5, hot, cold, hot, cold, ua, WATER_J_KG_K, WATER_J_KG_K)
    assert heat_w == pytest.approx(1.2e6, rel=1e-9)
