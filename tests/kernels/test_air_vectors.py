"""Printed figures of the air side that the kernels must reproduce, and hand-checked ones beside them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.domain.arrays import Floats
from twin.kernels import air_coils, air_metrics, dx, outside_air, racks
from twin.kernels.chillers import biquadratic
from twin.kernels.moist_air import humidity_ratio, wet_bulb_c
from twin.model.heat_distribution import AirMix, air_mix, distribution_matrix

SEA_LEVEL_PA = 101325.0
COIL = np.array(dx.EXAMPLE_COIL)
MODERN = (23.0, 23.0, 0.0020, 0.010, 0.050, 2.5)

# three racks, printed inlets, outlets and indices
AIR_W_K = np.array([500.0, 500.0, 500.0])
OUTLET_FRAC = np.array([[0.02, 0.05, 0.0], [0.05, 0.02, 0.05], [0.0, 0.05, 0.10]])
HEAT_W = np.array([5000.0, 6000.0, 4000.0])
INLETS, OUTLETS = [20.882, 21.291, 21.627], [30.882, 33.291, 29.627]


def three_racks() -> AirMix:
    giver, taker = np.nonzero(OUTLET_FRAC)
    return air_mix(giver, taker, OUTLET_FRAC[giver, taker], AIR_W_K)


def dense_inlets() -> Floats:
    inlet_c = np.empty(3)
    racks.inlets_dense(
        np.ones((3, 1)), np.array([20.0]), distribution_matrix(OUTLET_FRAC, AIR_W_K), HEAT_W, inlet_c
    )  # fmt: skip
    return inlet_c


def test_heat_distribution_matrix_meets_the_printed_inlets_and_outlets() -> None:
    inlet_c = dense_inlets()
    assert inlet_c == pytest.approx(INLETS, abs=6e-4)
    outlets = [racks.outlet_temperature_c(*row) for row in zip(inlet_c, HEAT_W, AIR_W_K, strict=True)]
    assert outlets == pytest.approx(OUTLETS, abs=6e-4)


def test_sparse_rows_settle_at_the_printed_inlets_and_outlets() -> None:
    mix, inlet_c, outlet_c = three_racks(), np.empty(3), np.empty(3)
    passes, change_k = racks.steady_sparse(
        mix.first, mix.neighbour, mix.share, mix.supply_frac, np.full(3, 20.0), HEAT_W, AIR_W_K, 1e-10, 100.0,
        inlet_c, outlet_c,
    )  # fmt: skip
    assert inlet_c == pytest.approx(INLETS, abs=6e-4)
    assert outlet_c == pytest.approx(OUTLETS, abs=6e-4)
    assert inlet_c == pytest.approx(dense_inlets(), abs=1e-9)
    assert passes < 30.0
    assert change_k <= 1e-10


def test_steps_of_many_racks_come_to_rest_at_the_printed_inlets_and_outlets() -> None:
    mix, fixed = three_racks(), np.array([[23.0, 99.0, 0.0, 0.0, 0.0, 9.0]])
    metal_c, outlet_c, after_c = np.full(3, 20.0), np.full(3, 20.0), np.empty(3)
    inlet_c, power_w, air_w_k = np.empty(3), np.empty(3), np.empty(3)
    for _ in range(200):
        racks.step_racks(
            mix.first, mix.neighbour, mix.share, mix.supply_frac, np.full(3, 20.0), np.array([0, 3], np.uint32), fixed,
            HEAT_W, AIR_W_K, np.zeros(3), np.full(3, 240e3), 0.75 * AIR_W_K, 300.0, metal_c, outlet_c,
            inlet_c, power_w, air_w_k, metal_c, after_c,
        )  # fmt: skip
        outlet_c, after_c = after_c, outlet_c
    assert inlet_c == pytest.approx(INLETS, abs=6e-4)
    assert outlet_c == pytest.approx(OUTLETS, abs=6e-4)
    assert metal_c == pytest.approx(outlet_c + HEAT_W / (0.75 * AIR_W_K), abs=1e-6)


def test_supply_and_return_heat_index_meet_the_printed_figures() -> None:
    inlet_c, outlet_c = np.array(INLETS), np.array(OUTLETS)
    assert air_metrics.supply_heat_index(inlet_c, outlet_c, AIR_W_K, 20.0) == pytest.approx(0.1124, abs=6e-5)
    assert air_metrics.return_heat_index(inlet_c, outlet_c, AIR_W_K, 20.0) == pytest.approx(0.8876, abs=6e-5)


def test_rack_cooling_index_counts_kelvins_beyond_the_recommended() -> None:
    inlet_c = np.array([17.0, 22.0, 27.0, 28.0, 29.0])
    # 1 + 2 K too warm of 5 racks times 5 K; 1 K too cold of 5 racks times 3 K
    assert air_metrics.rack_cooling_index_high(inlet_c, 27.0, 32.0) == pytest.approx(88.0)
    assert air_metrics.rack_cooling_index_low(inlet_c, 18.0, 15.0) == pytest.approx(100.0 * (1.0 - 1.0 / 15.0))
    assert air_metrics.rack_cooling_index_high(np.full(4, 32.0), 27.0, 32.0) == pytest.approx(0.0, abs=1e-12)


def test_return_temperature_index_is_below_100_with_bypass_and_above_with_recirculation() -> None:
    assert air_metrics.return_temperature_index(30.0, 20.0, 32.5, 20.0) == pytest.approx(80.0)
    assert air_metrics.return_temperature_index(33.0, 20.0, 33.0, 23.0) == pytest.approx(130.0)


@pytest.mark.parametrize(
    ("inlet_c", "watts"), [(27, 137.7), (29, 139.4), (31, 141.5), (33, 144.0), (35, 148.4), (37, 154.0)]
)
def test_a_fleet_of_racks_meets_the_measured_r410(inlet_c: float, watts: float) -> None:
    power_w, air_w_k = np.empty(1), np.empty(1)
    racks.servers_at(
        27.0, 27.0, 0.00108, 0.0050, 0.181, 9.0, np.array([float(inlet_c)]), np.array([137.86]), np.array([11.5]),
        power_w, air_w_k,
    )  # fmt: skip
    assert power_w[0] == pytest.approx(watts, abs=0.33)


def test_a_modern_fleet_rises_by_035_to_047_per_cent_a_kelvin() -> None:
    inlet_c = np.arange(23.0, 31.0)
    power_w, air_w_k = np.empty(8), np.empty(8)
    racks.servers_at(*MODERN, inlet_c, np.ones(8), np.ones(8), power_w, air_w_k)
    rises = 100.0 * np.diff(power_w)
    assert (float(rises.min()), float(rises.max())) == pytest.approx((0.36, 0.47), abs=0.01)
    assert air_w_k[-1] == pytest.approx(1.35)


def test_a_hall_short_of_air_breathes_its_own() -> None:
    # 10 m3/s asked for, 8 arrive: a fifth is recirculated; 120 kW at 1200 J/m3K is 10 K
    inlet_c, outlet_c, return_c = racks.lumped_air_c(20.0, 120e3, 8.0, 10.0, 0.0, 1200.0)
    assert inlet_c == pytest.approx(22.5, abs=0.01)
    assert outlet_c == pytest.approx(32.5, abs=0.01)
    assert return_c == pytest.approx(outlet_c, abs=0.01)  # no bypass: what returns is outlet air
    # 12.5 arrive, a tenth passes by: enough
    inlet_c, outlet_c, return_c = racks.lumped_air_c(20.0, 120e3, 12.5, 10.0, 0.1, 1200.0)
    assert inlet_c == pytest.approx(20.0, abs=0.01)
    assert outlet_c == pytest.approx(30.0, abs=0.01)
    assert return_c == pytest.approx((10.0 * 30.0 + 2.5 * 20.0) / 12.5, abs=0.01)


def test_gaps_leak_with_the_root_of_the_pressure() -> None:
    assert racks.leakage_m3_s(0.3, 16.0, 0.5) == pytest.approx(1.2)
    assert racks.leakage_m3_s(0.3, -16.0, 0.5) == pytest.approx(-1.2)


@pytest.mark.parametrize(
    ("wet_c", "outdoor_c", "capacity", "eir"),
    [(19.44, 35.0, 0.9998, 1.0002), (17.0, 25.0, 1.0255, 0.8439), (17.0, 15.0, 1.1355, 0.7428)],
)
def test_crac_regressions_meet_the_printed_figures(wet_c: float, outdoor_c: float, capacity: float, eir: float) -> None:
    assert biquadratic(COIL[0:6], wet_c, outdoor_c) == pytest.approx(capacity, abs=6e-5)
    assert biquadratic(COIL[6:12], wet_c, outdoor_c) == pytest.approx(eir, abs=6e-5)


def test_crac_at_its_rating_point_and_outside_its_box() -> None:
    watts, cop, outside = dx.dx_full_load(COIL, 50e3, 3.4, 19.44, 35.0, 1.0)
    assert (watts, cop) == pytest.approx((49990.0, 3.4), rel=1e-3)
    assert outside == 0.0
    beyond, edge = (dx.dx_full_load(COIL, 50e3, 3.4, 17.0, outdoor_c, 1.0) for outdoor_c in (15.0, 18.0))
    assert (beyond[2], edge[2]) == (1.0, 0.0)
    assert beyond[:2] == edge[:2]
    assert dx.dx_full_load(COIL, 50e3, 3.4, 19.44, 35.0, 0.5)[0] == pytest.approx(0.9 * watts)


def test_crac_cycles_below_its_least_speed_only() -> None:
    # half load: a fixed-speed machine pays 1/(.85 + .15/2), an inverter nothing; at 10 % it runs 40 % of the time
    fixed_w, _ = dx.dx_compressor_w(COIL, 50e3, 4.0, 1.0, 25e3)
    inverter_w, _ = dx.dx_compressor_w(COIL, 50e3, 4.0, 0.25, 25e3)
    idling_w, part_load = dx.dx_compressor_w(COIL, 50e3, 4.0, 0.25, 5e3)
    assert fixed_w == pytest.approx(6250.0 / 0.925)
    assert inverter_w == pytest.approx(6250.0)
    assert (idling_w, part_load) == pytest.approx((1250.0 / 0.91, 0.1))


def test_pumped_refrigerant_takes_over_between_ten_and_five_degrees() -> None:
    shares = [dx.economiser_share(outdoor_c, 5.0, 10.0) for outdoor_c in (12.0, 10.0, 7.5, 5.0, -10.0)]
    assert shares == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])
    watts, *_ = dx.dx_power_w(COIL, 50e3, 3.4, 0.25, 20.0, 5.0, 10.0, 17.0, 0.0, 1.0, 30e3)
    assert watts == pytest.approx(1500.0)


def test_crossflow_lies_a_little_below_counterflow() -> None:
    assert air_coils.crossflow_effectiveness(1.0, 1.0) == pytest.approx(0.476, abs=0.01)  # counterflow 0.5
    assert air_coils.crossflow_effectiveness(2.0, 0.0) == pytest.approx(1.0 - math.exp(-2.0), rel=1e-12)
    assert air_coils.crossflow_effectiveness(0.0, 0.5) == 0.0


def test_a_coil_below_the_dew_point_spends_part_of_its_heat_on_water() -> None:
    # 24 degC, 50 %: dew point 12.9 degC. A surface of 8.5 degC is below it, one of 14.5 is not
    ratio = humidity_ratio(24.0, 0.5, SEA_LEVEL_PA)
    sensible_w, latent_w, share, condensate = air_coils.wet_coil(50e3, 24.0, ratio, 7.0, 1.5, 5.0, SEA_LEVEL_PA)
    surface = humidity_ratio(8.5, 1.0, SEA_LEVEL_PA)
    assert share == pytest.approx(1006.0 * 15.5 / (1006.0 * 15.5 + 2.45e6 * (ratio - surface)))
    assert sensible_w + latent_w == pytest.approx(50e3)
    assert 3.6e3 * condensate == pytest.approx(3.6e3 * (1.0 - share) * 50e3 / 2.45e6)
    assert air_coils.wet_coil(50e3, 24.0, ratio, 13.0, 1.5, 5.0, SEA_LEVEL_PA) == (50e3, 0.0, 1.0, 0.0)
    # air colder than the surface, by a sensor that errs: nothing condenses
    assert air_coils.wet_coil(1e3, 8.0, 0.02, 7.0, 1.5, 5.0, SEA_LEVEL_PA) == (1e3, 0.0, 1.0, 0.0)


def test_an_equal_percentage_valve_adds_the_same_share_for_each_step() -> None:
    assert air_coils.valve_flow_frac(0.5, 50.0, 1.0, 0.0) == pytest.approx(50.0**-0.5)
    assert air_coils.valve_flow_frac(0.0, 50.0, 1.0, 0.0) == 0.0
    assert air_coils.valve_flow_frac(1.0, 50.0, 0.4, 0.05) == pytest.approx(1.0)
    # little authority opens the curve: f = .1414, 1/sqrt(.6 + .4/.02)
    assert air_coils.valve_flow_frac(0.5, 50.0, 0.4, 0.0) == pytest.approx(1.0 / math.sqrt(0.6 + 0.4 * 50.0))
    assert air_coils.valve_flow_frac(0.025, 50.0, 0.4, 0.05) == pytest.approx(
        0.5 * air_coils.valve_flow_frac(0.05, 50.0, 0.4, 0.05)
    )


def test_outside_air_is_mixed_to_the_supply_temperature() -> None:
    # 34 degC return, 10 degC outdoors, 22 wanted: half and half
    frac, mixed_c, ratio, left_w, why = outside_air.air_economiser(
        22.0, 10.0, 0.006, 34.0, 0.008, 10.0, 0.05, 0.0, 15.0, -9.0, SEA_LEVEL_PA, 0.0
    )
    assert (frac, mixed_c, ratio, left_w, why) == pytest.approx((0.5, 22.0, 0.007, 0.0, outside_air.OPEN), abs=1e-9)


@pytest.mark.parametrize(
    ("outdoor_c", "rh", "humid", "shut", "why", "frac"),
    [
        (36.0, 0.3, 0.0, 0.0, outside_air.TOO_WARM, 0.05),
        (21.0, 0.8, 1.0, 0.0, outside_air.TOO_HUMID, 0.05),
        (33.9, 0.3, 1.0, 0.0, outside_air.TOO_MUCH_HEAT, 0.05),
        (25.0, 0.4, 0.0, 0.0, outside_air.OPEN, 1.0),
        (10.0, 0.8, 0.0, 1.0, outside_air.DAMPERS_SHUT, 0.0),
        (10.0, 0.8, 0.0, math.nan, outside_air.DAMPERS_SHUT, 0.0),
    ],
)
def test_the_economiser_says_why_it_gives_no_outside_air(
    outdoor_c: float, rh: float, humid: float, shut: float, why: float, frac: float
) -> None:
    got = outside_air.air_economiser(
        22.0, outdoor_c, humidity_ratio(outdoor_c, rh, SEA_LEVEL_PA), 34.0, 0.0088, 10.0,
        0.05, humid, 15.0, -9.0, SEA_LEVEL_PA, shut,
    )  # fmt: skip
    assert (got[0], got[4]) == pytest.approx((frac, why))


def test_air_too_dry_outside_is_taken_only_as_far_as_the_dew_point_allows() -> None:
    least = humidity_ratio(-9.0, 1.0, SEA_LEVEL_PA)
    outdoor = humidity_ratio(-20.0, 0.8, SEA_LEVEL_PA)
    frac, mixed_c, ratio, left_w, why = outside_air.air_economiser(
        20.0, -20.0, outdoor, 34.0, 1.02 * least, 10.0, 0.0, 0.0, 15.0, -9.0, SEA_LEVEL_PA, 0.0
    )
    assert why == outside_air.TOO_DRY
    assert ratio == pytest.approx(least)
    assert frac == pytest.approx(0.02 * least / (1.02 * least - outdoor))
    assert left_w == pytest.approx(10.0 * 1006.0 * (mixed_c - 20.0))
    assert outside_air.humidifier_kg_s(10.0, outdoor, least) == pytest.approx(10.0 * (least - outdoor))
    assert outside_air.humidifier_kg_s(10.0, least + 0.001, least) == 0.0
    # as dry inside as outside: closing the dampers would not help
    assert outside_air.frac_not_too_dry(0.6, outdoor, outdoor, least) == 0.6


def test_filters_cost_the_fan_the_cube_of_the_flow() -> None:
    full_w = outside_air.filter_fan_w(8.28, 8.28, 200.0, 0.6, 1.16)
    assert full_w == pytest.approx(8.28 / 1.16 * 200.0 / 0.6)
    assert outside_air.filter_fan_w(4.14, 8.28, 200.0, 0.6, 1.16) == pytest.approx(full_w / 8.0)


def test_evaporative_stages_go_part_of_the_way_to_the_wet_bulb() -> None:
    wet_c = wet_bulb_c(35.0, 0.4, SEA_LEVEL_PA)  # 23.93 printed
    t_c, ratio = outside_air.direct_evaporative(
        35.0, humidity_ratio(35.0, 0.4, SEA_LEVEL_PA), wet_c, 0.85, SEA_LEVEL_PA
    )  # fmt: skip
    assert t_c == pytest.approx(35.0 - 0.85 * (35.0 - 23.93), abs=0.05)
    assert ratio == pytest.approx(0.0180, abs=2e-4)
    assert outside_air.indirect_evaporative_c(36.0, 23.93, 0.7) == pytest.approx(36.0 - 0.7 * 12.07)
    assert outside_air.indirect_evaporative_c(24.0, 26.0, 0.7) == 24.0
    # fog, or a wet bulb that reads too high: no warming
    assert outside_air.direct_evaporative(20.0, 0.0147, 20.3, 0.85, SEA_LEVEL_PA) == (20.0, 0.0147)
