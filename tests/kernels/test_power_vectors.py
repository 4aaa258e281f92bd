"""Printed figures that UPS modules, feeders, batteries, photovoltaics and generator sets must reproduce."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.kernels import batteries, battery_ageing, distribution, gensets, power, pv, sun, ups_modules
from twin.model.rainflow import rainflow

MODERN = (0.0085, 0.0085, 0.0175)
YEAR_S = 365.25 * 86400.0
PLATINUM, TITANIUM, ORV3 = (
    tuple(np.array(column) for column in table)
    for table in (distribution.PLATINUM, distribution.TITANIUM, distribution.ORV3_SHELF)
)


@pytest.mark.parametrize(
    ("load_kw", "by_modules"),
    [
        (60.0, {1: 1.99, 2: 2.53, 4: 4.07, 6: 5.72}),
        (120.0, {2: 3.98, 3: 4.41, 4: 5.05, 6: 6.54}),
        (200.0, {2: 6.90, 3: 6.58, 4: 6.85, 6: 7.97}),
    ],
)
def test_best_number_awake_is_the_cheapest_of_the_printed_ones(load_kw: float, by_modules: dict[int, float]) -> None:
    awake, loss_w, short = ups_modules.best_modules(load_kw * 1e3, float(min(by_modules)), 6.0, 100e3, *MODERN)
    cheapest = min(by_modules, key=lambda n: by_modules[n])
    assert awake == cheapest
    assert loss_w / 1e3 == pytest.approx(by_modules[cheapest], abs=0.006)
    assert short == 0.0


def test_two_sides_of_ten_at_1515_kw_may_sleep_two_modules_each() -> None:
    assert ups_modules.side_modules_needed(1515e3, 0.0, 200e3) == 8.0
    ten_w = 2.0 * power.ups_loss_w(1515.15e3 / 2.0, 10.0, 200e3, *MODERN)
    eight_w = 2.0 * power.ups_loss_w(1515.15e3 / 2.0, 8.0, 200e3, *MODERN)
    assert (ten_w / 1e3, eight_w / 1e3) == pytest.approx((56.92, 52.63), rel=1e-3)
    assert ups_modules.best_modules(1515.15e3 / 2.0, 8.0, 10.0, 200e3, *MODERN)[0] == 8.0


def test_modules_needed_by_the_worst_load() -> None:
    assert ups_modules.worst_load_w(800e3, 0.2, 900e3, 700e3) == pytest.approx(960e3)
    assert ups_modules.modules_needed(960e3, 200e3, 1.0) == 6.0
    assert ups_modules.modules_needed(1000e3, 200e3, 1.0) == 6.0
    assert ups_modules.modules_needed(1000.001e3, 200e3, 1.0) == 7.0
    assert ups_modules.modules_needed(0.0, 200e3, 1.0) == 2.0


def test_the_side_that_stays_takes_the_whole_load() -> None:
    assert ups_modules.side_load_w(1515e3, 2.0) == 757.5e3
    assert ups_modules.load_frac_after_loss(1515e3, 2.0, 8.0, 200e3) == pytest.approx(0.947, rel=1e-3)
    assert math.isinf(ups_modules.load_frac_after_loss(1515e3, 1.0, 8.0, 200e3))


ECO_NOW = {
    "in_eco": 0.0, "permitted": 1.0, "battery_healthy": 1.0, "on_generator": 0.0, "other_path_maintained": 0.0,
    "load_frac": 0.3, "mains_deviation_frac": 0.02, "voltage_distortion_frac": 0.02, "battery_soc_frac": 1.0,
    "calm_s": 5 * 3600.0,
}  # fmt: skip
ECO_LIMITS = (0.10, 0.05, 0.08, 0.02, 0.05, 0.01, 0.90, 0.05, 4 * 3600.0)


def eco(**changes: float) -> float:
    return ups_modules.eco_allowed(*(ECO_NOW | changes).values(), *ECO_LIMITS)


@pytest.mark.parametrize(
    ("what", "enters", "stays"),
    [
        ({}, 1.0, 1.0),
        ({"load_frac": 0.07}, 0.0, 1.0),
        ({"load_frac": 0.04}, 0.0, 0.0),
        ({"mains_deviation_frac": -0.09}, 0.0, 1.0),
        ({"mains_deviation_frac": 0.11}, 0.0, 0.0),
        ({"voltage_distortion_frac": 0.055}, 0.0, 1.0),
        ({"battery_soc_frac": 0.87}, 0.0, 1.0),
        ({"calm_s": 3 * 3600.0}, 0.0, 0.0),
        ({"on_generator": 1.0}, 0.0, 0.0),
        ({"battery_healthy": 0.0}, 0.0, 0.0),
        ({"other_path_maintained": 1.0}, 0.0, 0.0),
        ({"permitted": 0.0}, 0.0, 0.0),
    ],
)
def test_eco_is_entered_by_strict_limits_and_left_by_wider_ones(
    what: dict[str, float], enters: float, stays: float
) -> None:
    assert eco(**what) == enters
    assert eco(**what, in_eco=1.0) == stays


@pytest.mark.parametrize("unknown", [name for name in ECO_NOW if name != "in_eco"])
def test_an_unknown_condition_forbids_eco(unknown: str) -> None:
    assert eco(**{unknown: math.nan}) == 0.0
    assert eco(**{unknown: math.nan, "in_eco": 1.0}) == 0.0


def test_one_per_cent_of_a_pdus_input_is_lost_on_the_way_to_1500_kw() -> None:
    input_w = distribution.feeder_input_w(1500e3, 2e6, 0.01, 0.0)
    assert input_w - 1500e3 == pytest.approx(15.152e3, rel=1e-4)
    assert distribution.feeder_loss_w(input_w, 2e6, 0.01, 0.0) == pytest.approx(15.152e3, rel=1e-4)
    assert math.isinf(distribution.feeder_input_w(100e6, 1e6, 0.005, 0.01))


@pytest.mark.parametrize(
    ("table", "load", "efficiency"),
    [
        (PLATINUM, 0.2, 0.90),
        (PLATINUM, 0.5, 0.94),
        (PLATINUM, 1.0, 0.91),
        (TITANIUM, 0.1, 0.90),
        (TITANIUM, 0.2, 0.94),
        (TITANIUM, 0.5, 0.96),
        (TITANIUM, 1.0, 0.91),
        (ORV3, 0.5, 0.975),
    ],
)
def test_power_supplies_meet_their_label(table: tuple[np.ndarray, np.ndarray], load: float, efficiency: float) -> None:
    assert distribution.psu_efficiency(load, *table) == pytest.approx(efficiency)
    assert distribution.psu_input_w(load * 2e3, 1.0, 2e3, *table) == pytest.approx(load * 2e3 / efficiency)


def test_sharing_over_a_and_b_halves_the_load_of_each_supply() -> None:
    alone, shared = (distribution.psu_input_w(1.0e3, n, 1e3, *TITANIUM) for n in (1.0, 2.0))
    assert alone == pytest.approx(1e3 / 0.91)
    assert shared == pytest.approx(1e3 / 0.96)


def test_without_a_supply_no_load_runs() -> None:
    assert distribution.psu_input_w(0.0, 0.0, 1e3, *TITANIUM) == 0.0
    assert math.isinf(distribution.psu_input_w(1.0, 0.0, 1e3, *TITANIUM))


@pytest.mark.parametrize(
    ("rated_va", "no_load_w", "load_loss_w"),
    [(1000e3, 1395.0, 9000.0), (1600e3, 1980.0, 13000.0), (2500e3, 2790.0, 19000.0), (1000e3, 693.0, 7600.0)],
)
def test_harmonics_raise_the_load_loss_alone(rated_va: float, no_load_w: float, load_loss_w: float) -> None:
    idle, full, dirty = (
        distribution.distorted_transformer_loss_w(load_w, 1.0, rated_va, no_load_w, load_loss_w, 0.97, harmonics)
        for load_w, harmonics in ((0.0, 1.15), (0.97 * rated_va, 1.0), (0.97 * rated_va, 1.15))
    )
    assert idle == no_load_w
    assert full == pytest.approx(no_load_w + load_loss_w)
    assert dirty - full == pytest.approx(0.15 * load_loss_w)


def test_arbitrage_breaks_even_at_the_printed_price() -> None:
    assert batteries.break_even_price(0.30, 0.88, 0.05) == pytest.approx(0.391, abs=5e-4)


def test_wear_price_of_a_battery_that_dies_after_its_throughput() -> None:
    """300 000 to replace, 20 % lost over 5 GWh: 6 cents on every kWh."""
    assert batteries.wear_price(300e3, 0.20 / 5e6, 0.20) == pytest.approx(0.06)


def test_reserve_is_the_ups_duty_and_arbitrage_gets_the_rest() -> None:
    """10 minutes of 1.5 MW are 250 kWh, 260 kWh inside a battery of 1 MWh."""
    reserve = batteries.ups_reserve_frac(1.5e6, 600.0, 0.96, 3.6e9, 0.05)
    assert reserve == pytest.approx(0.2604 + 0.05, rel=1e-3)
    assert batteries.spare_energy_j(0.90, reserve, 0.96, 3.6e9) == pytest.approx((0.90 - reserve) * 0.96 * 3.6e9)
    assert batteries.spare_energy_j(0.20, reserve, 0.96, 3.6e9) == 0.0
    assert batteries.autonomy_s(reserve - 0.05, 1.5e6, 0.96, 3.6e9, 4.0) == pytest.approx(600.0)
    assert batteries.autonomy_s(1.0, 1.5e6, 0.96, 3.6e9, 1.0) == 0.0
    assert math.isinf(batteries.autonomy_s(1.0, 0.0, 0.96, 3.6e9, 1.0))


def test_an_hour_of_charge_and_the_way_back() -> None:
    """500 kW for an hour at 0.95 puts 475 kWh into 1 MWh; 451.25 kWh of them come out again."""
    limits = (3.6e9, 0.95, 0.95, 1.0, 1.0, 0.0, 1.0, 0.0, 0.02, 3600.0)
    soc, discharge_w, auxiliary_w, loss_w = batteries.battery_step(0.4, -500e3, *limits)
    assert (soc, discharge_w, auxiliary_w, loss_w) == pytest.approx((0.875, -500e3, 10e3, 35e3))
    soc, discharge_w, _, _ = batteries.battery_step(soc, 451.25e3, *limits)
    assert (soc, discharge_w) == pytest.approx((0.4, 451.25e3))


@pytest.mark.parametrize(("years", "cell_c", "loss"), [(1, 25.0, 0.0579), (10, 25.0, 0.1729), (10, 35.0, 0.2700)])
def test_model_a_ages_by_the_calendar(years: int, cell_c: float, loss: float) -> None:
    fatigue = battery_ageing.calendar_fatigue(years * YEAR_S, 0.5, cell_c)
    assert battery_ageing.loss_of_fatigue(fatigue) == pytest.approx(loss, rel=1e-3)


@pytest.mark.parametrize(("years", "loss"), [(1, 0.0701), (5, 0.1445), (10, 0.2235)])
def test_model_a_ages_by_daily_cycles_and_the_calendar(years: int, loss: float) -> None:
    one_day = rainflow([0.8, 0.2, 0.8])
    days = 365.0 * years
    columns = [np.array([getattr(c, name) for c in one_day]) for name in ("depth", "mean")]
    counts = np.array([c.count * days for c in one_day])
    fatigue = battery_ageing.cycles_fatigue(*columns, np.full(2, 25.0), counts, 0.0)
    fatigue += battery_ageing.calendar_fatigue(years * 365.0 * 86400.0, 0.5, 25.0)
    assert battery_ageing.loss_of_fatigue(fatigue) == pytest.approx(loss, rel=1e-3)


def test_model_a_after_a_thousand_full_cycles() -> None:
    fatigue = 1000.0 * battery_ageing.depth_stress_lmo(1.0)
    assert battery_ageing.loss_of_fatigue(fatigue) == pytest.approx(0.1113, rel=1e-3)
    assert battery_ageing.depth_stress_nmc(1.0) == pytest.approx(1.0487e-4)


def test_model_b_anode_potential() -> None:
    assert battery_ageing.lfp_anode_v(0.5) == pytest.approx(0.1233, abs=5e-5)


@pytest.mark.parametrize(("years", "cell_c", "loss"), [(1, 25.0, 0.0110), (10, 25.0, 0.0370), (1, 35.0, 0.0204)])
def test_model_b_ages_by_the_calendar(years: int, cell_c: float, loss: float) -> None:
    rate = battery_ageing.lfp_calendar_rate(0.5, cell_c)
    grown = battery_ageing.grown_loss(0.0, rate, battery_ageing.LFP_CALENDAR_POWER, 365.0 * years)
    assert grown == pytest.approx(loss, abs=5.1e-5)


@pytest.mark.parametrize(("cycles", "loss"), [(1000.0, 0.0662), (5000.0, 0.2509)])
def test_model_b_ages_by_full_cycles(cycles: float, loss: float) -> None:
    rate = battery_ageing.lfp_cycle_rate(0.8, 0.5, 25.0)
    grown = battery_ageing.grown_loss(0.0, rate, battery_ageing.LFP_CYCLE_POWER, cycles)
    assert grown == pytest.approx(loss, rel=1e-3)


def test_lead_acid_lives_half_as_long_ten_kelvin_warmer() -> None:
    assert battery_ageing.lead_life_frac(30.0, 20.0, 10.0) == 0.5
    assert battery_ageing.lead_life_frac(15.0, 20.0, 10.0) == 1.0
    assert [battery_ageing.lead_health(r, c) for r, c in ((1.1, 0.95), (1.25, 0.95), (1.5, 0.95), (1.0, 0.79))] == [
        0.0, 1.0, 2.0, 2.0
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sunlight", "mount", "cell_c", "dc_kw", "ac_kw"),
    [(800.0, pv.OPEN_RACK, 45.858, 63.78, 61.36), (600.0, pv.INSULATED_BACK, 54.516, 46.27, 44.53)],
)
def test_photovoltaics_at_their_printed_points(
    sunlight: float, mount: tuple[float, float, float], cell_c: float, dc_kw: float, ac_kw: float
) -> None:
    cells_c = pv.cell_c(sunlight, 20.0, 1.0, *mount)
    dc_w = pv.dc_w(sunlight, cells_c, 100e3, pv.PREMIUM_1_K, 0.14)
    assert cells_c == pytest.approx(cell_c, abs=1e-3)
    assert dc_w / 1e3 == pytest.approx(dc_kw, rel=1e-3)
    assert pv.inverter_w(dc_w, 83.33e3, 0.96) / 1e3 == pytest.approx(ac_kw, rel=1e-3)


def test_fuel_of_a_1500_kw_set_at_1000_kw() -> None:
    flow = gensets.fuel_m3_s(1000e3, 1500e3, 1.0)
    assert flow * 3600e3 == pytest.approx(372.2, abs=0.1)
    assert gensets.co2_kg_s(flow) * 3600.0 == pytest.approx(372.2 * 2.68, rel=1e-3)
    assert gensets.fuel_m3_s(1000e3, 1500e3, 0.0) == 0.0
    assert gensets.load_bank_w(300e3, 1500e3, gensets.LEAST_LOAD_FRAC) == pytest.approx(150e3)
    assert gensets.load_bank_w(600e3, 1500e3, gensets.LEAST_LOAD_FRAC) == 0.0
    assert gensets.tank_lasts_s(10.0, 1000e3, 1500e3) / 3600.0 == pytest.approx(10e3 / 372.2, rel=1e-3)


def test_missing_stays_missing() -> None:
    nan = math.nan
    zeros = np.zeros(1)
    assert math.isnan(ups_modules.worst_load_w(1e5, 0.2, nan, 0.0))
    assert math.isnan(ups_modules.modules_needed(nan, 1e5, 1.0))
    assert math.isnan(ups_modules.best_modules(nan, 1.0, 6.0, 1e5, *MODERN)[0])
    assert math.isnan(ups_modules.best_modules(1e5, nan, 6.0, 1e5, *MODERN)[1])
    assert math.isnan(ups_modules.side_load_w(nan, 2.0))
    assert math.isnan(ups_modules.load_frac_after_loss(1e5, 2.0, nan, 1e5))
    assert math.isnan(distribution.feeder_input_w(nan, 1e5, 0.01, 0.01))
    assert math.isnan(distribution.psu_efficiency(nan, *TITANIUM))
    assert math.isnan(distribution.psu_input_w(nan, 2.0, 1e3, *TITANIUM))
    assert math.isnan(batteries.battery_step(nan, 0.0, 3.6e9, 0.95, 0.95, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 60.0)[0])
    assert math.isnan(batteries.battery_step(0.5, nan, 3.6e9, 0.95, 0.95, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 60.0)[1])
    assert math.isnan(batteries.ups_reserve_frac(nan, 600.0, 0.95, 3.6e9, 0.0))
    assert math.isnan(batteries.spare_energy_j(nan, 0.2, 0.95, 3.6e9))
    assert math.isnan(batteries.autonomy_s(nan, 1e5, 0.95, 3.6e9, 1.0))
    assert math.isnan(batteries.break_even_price(0.3, nan, 0.05))
    assert math.isnan(battery_ageing.depth_stress_lmo(nan))
    assert math.isnan(battery_ageing.depth_stress_nmc(nan))
    assert math.isnan(battery_ageing.temperature_stress(nan))
    assert math.isnan(battery_ageing.cycles_fatigue(np.array([nan]), zeros, zeros, np.ones(1), 0.0))
    assert math.isnan(battery_ageing.fatigue_of_loss(nan))
    assert math.isnan(battery_ageing.grown_loss(nan, 1e-3, 0.5, 1.0))
    assert math.isnan(battery_ageing.lfp_calendar_rate(0.5, nan))
    assert math.isnan(battery_ageing.lfp_cycle_rate(0.8, 0.5, nan))
    assert math.isnan(battery_ageing.lead_life_frac(nan, 20.0, 10.0))
    assert math.isnan(battery_ageing.lead_health(nan, 0.9))
    assert math.isnan(sun.sun_position_deg(nan, 30.0, 10.0)[0])
    assert math.isnan(sun.plane_w_m2(40.0, 180.0, nan, 500.0, 100.0, 1361.0, 30.0, 180.0, 0.2, 1.0))
    assert math.isnan(sun.split_global_w_m2(nan, 40.0, 1361.0)[0])
    assert math.isnan(pv.dc_w(nan, 25.0, 1e3, -0.0035, 0.14))
    assert math.isnan(pv.inverter_w(nan, 1e3, 0.96))
    assert math.isnan(gensets.fuel_m3_s(nan, 1e6, 1.0))
    assert math.isnan(gensets.load_bank_w(nan, 1e6, 0.3))
    assert math.isnan(gensets.tank_lasts_s(nan, 1e6, 1e6))
