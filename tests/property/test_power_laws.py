"""Laws of UPS modules, feeders, batteries and photovoltaics: energy and reserves are kept, nothing ages backwards."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from twin.kernels import batteries, battery_ageing, distribution, gensets, power, pv, sun, ups_modules

laws = settings(deadline=None, derandomize=True)  # no deadline: the first example may compile
ENERGY_J = 3.6e9
TITANIUM = tuple(np.array(column) for column in distribution.TITANIUM)


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


def stepped(
    soc: float, wanted_w: float, *, eta: float = 0.95, least: float = 0.3, most: float = 0.95, dt_s: float = 60.0,
    idle_w: float = 2e3, aux: float = 0.02,
) -> tuple[float, float, float, float]:  # fmt: skip
    return batteries.battery_step(soc, wanted_w, ENERGY_J, eta, eta, 0.5, 1.0, least, most, idle_w, aux, dt_s)


# --- UPS modules
@laws
@given(
    load_w=between(0.0, 1.2e6), least=st.integers(0, 12), installed=st.integers(1, 12), constant=between(1e-4, 0.05),
    square=between(0.0, 0.05),
)  # fmt: skip
def test_no_other_number_of_modules_loses_less(
    load_w: float, least: int, installed: int, constant: float, square: float
) -> None:
    awake, loss_w, short = ups_modules.best_modules(
        load_w, float(least), float(installed), 100e3, constant, 0.0085, square
    )
    fewest = min(max(least, 1), installed)
    assert fewest <= awake <= installed
    assert awake == int(awake)
    assert (short == 1.0) == (least > installed)
    for n in range(fewest, installed + 1):
        assert loss_w <= power.ups_loss_w(load_w, float(n), 100e3, constant, 0.0085, square) + 1e-6


@laws
@given(worst_w=between(0.0, 5e6), module_w=between(1e3, 1e6), spare=st.integers(0, 3))
def test_needed_modules_carry_the_load_without_the_spare_ones(worst_w: float, module_w: float, spare: int) -> None:
    needed = ups_modules.modules_needed(worst_w, module_w, float(spare))
    assert (needed - spare) * module_w >= worst_w * (1.0 - 1e-8)
    assert needed == 1.0 + spare or (needed - spare - 1.0) * module_w < worst_w


@laws
@given(total_w=between(1.0, 5e6), margin=between(0.0, 0.5), module_w=between(1e4, 5e5))
def test_a_2n_side_sized_for_the_whole_load_is_not_overloaded_alone(
    total_w: float, margin: float, module_w: float
) -> None:
    awake = ups_modules.side_modules_needed(total_w, margin, module_w)
    assert ups_modules.load_frac_after_loss(total_w, 2.0, awake, module_w) <= (1.0 + 1e-8) / (1.0 + margin)


conditions = st.tuples(between(0.0, 1.0), between(-0.2, 0.2), between(0.0, 0.1), between(0.0, 1.0), between(0.0, 1e5))


@laws
@given(now=conditions)
def test_what_may_enter_eco_may_stay_in_it(now: tuple[float, ...]) -> None:
    limits = (0.10, 0.05, 0.08, 0.02, 0.05, 0.01, 0.90, 0.05, 4 * 3600.0)
    enters, stays = (
        ups_modules.eco_allowed(held, 1.0, 1.0, 0.0, 0.0, now[0], now[1], now[2], now[3], now[4], *limits)
        for held in (0.0, 1.0)
    )
    assert enters <= stays
    assert ups_modules.eco_allowed(1.0, 0.0, 1.0, 0.0, 0.0, now[0], now[1], now[2], now[3], now[4], *limits) == 0.0


# --- distribution
@laws
@given(output_w=between(0.0, 2e6), linear=between(0.0, 0.1), square=between(0.0, 0.05), more_w=between(0.0, 1e5))
def test_a_feeder_takes_in_what_it_gives_out_and_loses(
    output_w: float, linear: float, square: float, more_w: float
) -> None:
    input_w = distribution.feeder_input_w(output_w, 1e6, linear, square)
    lost_w = distribution.feeder_loss_w(input_w, 1e6, linear, square)
    assert input_w - lost_w == pytest.approx(output_w, rel=1e-9, abs=1e-6)
    assert lost_w >= 0.0
    assert distribution.feeder_input_w(output_w + more_w, 1e6, linear, square) >= input_w


@laws
@given(load=between(0.0, 2.0), more=between(1e-6, 0.5))
def test_a_power_supply_never_gives_out_more_than_it_takes_and_takes_more_for_more(load: float, more: float) -> None:
    assert 0.0 <= distribution.psu_efficiency(load, *TITANIUM) <= 1.0
    less_w, more_w = (distribution.psu_input_w(x * 1e3, 1.0, 1e3, *TITANIUM) for x in (load, load + more))
    assert load * 1e3 <= less_w <= more_w


# --- batteries
@laws
@given(
    soc=between(0.0, 1.0), wanted_w=between(-5e6, 5e6), eta=between(0.5, 1.0), dt_s=between(0.1, 7200.0),
    idle_w=between(0.0, 1e4), aux=between(0.0, 0.05),
)  # fmt: skip
def test_a_battery_stores_exactly_what_goes_in_and_is_not_lost(
    soc: float, wanted_w: float, eta: float, dt_s: float, idle_w: float, aux: float
) -> None:
    after, discharge_w, auxiliary_w, loss_w = stepped(soc, wanted_w, eta=eta, dt_s=dt_s, idle_w=idle_w, aux=aux)
    stored_j = (after - soc) * ENERGY_J
    assert stored_j == pytest.approx((auxiliary_w - discharge_w - loss_w) * dt_s, rel=1e-9, abs=10.0)
    assert loss_w >= auxiliary_w - 1e-6
    assert auxiliary_w >= idle_w


@laws
@given(soc=between(0.0, 1.0), wanted_w=between(-5e7, 5e7), least=between(0.0, 0.9), dt_s=between(0.1, 36000.0))
def test_no_wish_takes_a_battery_out_of_its_window(soc: float, wanted_w: float, least: float, dt_s: float) -> None:
    after, discharge_w, _, _ = stepped(soc, wanted_w, least=least, most=0.95, dt_s=dt_s)
    assert min(soc, least) - 1e-12 <= after <= max(soc, 0.95) + 1e-12
    assert abs(discharge_w) <= abs(wanted_w)
    assert discharge_w * wanted_w >= 0.0
    assert -0.5 * ENERGY_J / 3600.0 <= discharge_w <= ENERGY_J / 3600.0


@laws
@given(critical_w=between(1e3, 3e6), hold_s=between(10.0, 1800.0), eta=between(0.8, 1.0))
def test_a_battery_at_its_reserve_lasts_as_long_as_the_ups_duty_asks(
    critical_w: float, hold_s: float, eta: float
) -> None:
    reserve = batteries.ups_reserve_frac(critical_w, hold_s, eta, ENERGY_J, 0.0)
    assert batteries.autonomy_s(reserve, critical_w, eta, ENERGY_J, 10.0) == pytest.approx(hold_s)
    assert batteries.spare_energy_j(reserve, reserve, eta, ENERGY_J) == 0.0


@laws
@given(charge=between(0.0, 1.0), trip=between(0.5, 1.0), wear=between(0.0, 0.2))
def test_arbitrage_never_pays_below_what_was_paid(charge: float, trip: float, wear: float) -> None:
    assert batteries.break_even_price(charge, trip, wear) >= charge + wear - 1e-12


# --- ageing
@laws
@given(depth=between(0.0, 1.0), deeper=between(0.0, 1.0), soc=between(0.0, 1.0), cell_c=between(15.0, 50.0))
def test_deeper_fuller_and_warmer_ages_faster(depth: float, deeper: float, soc: float, cell_c: float) -> None:
    low, high = sorted((depth, deeper))
    assert 0.0 <= battery_ageing.depth_stress_lmo(low) <= battery_ageing.depth_stress_lmo(high)
    assert 0.0 <= battery_ageing.depth_stress_nmc(low) <= battery_ageing.depth_stress_nmc(high)
    assert battery_ageing.calendar_fatigue(1e6, soc, cell_c) < battery_ageing.calendar_fatigue(1e6, soc + 0.1, cell_c)
    assert battery_ageing.calendar_fatigue(1e6, soc, cell_c) < battery_ageing.calendar_fatigue(1e6, soc, cell_c + 1.0)
    assert 0.0 < battery_ageing.lfp_calendar_rate(soc, cell_c) < battery_ageing.lfp_calendar_rate(soc, cell_c + 1.0)


@laws
@given(fatigue=between(0.0, 3.0), more=between(0.0, 3.0))
def test_no_battery_gets_younger(fatigue: float, more: float) -> None:
    loss = battery_ageing.loss_of_fatigue(fatigue)
    assert 0.0 <= loss <= battery_ageing.loss_of_fatigue(fatigue + more) <= 1.0
    assert battery_ageing.loss_slope(fatigue) > 0.0


@laws
@given(loss=between(0.0, 0.3), rate=between(1e-6, 1e-2), power_of=between(0.3, 1.0), one=between(0.0, 4000.0))
def test_ageing_in_two_steps_is_ageing_in_one(loss: float, rate: float, power_of: float, one: float) -> None:
    half = battery_ageing.grown_loss(loss, rate, power_of, one / 2.0)
    twice = battery_ageing.grown_loss(half, rate, power_of, one / 2.0)
    assert loss <= half + 1e-12
    assert twice == pytest.approx(battery_ageing.grown_loss(loss, rate, power_of, one), rel=1e-6, abs=1e-12)


# --- sun and photovoltaics
@laws
@given(unix_s=between(0.0, 2.5e9), latitude=between(-90.0, 90.0), longitude=between(-180.0, 180.0))
def test_the_sun_is_somewhere_in_the_sky_and_never_above_the_tropics_zenith(
    unix_s: float, latitude: float, longitude: float
) -> None:
    elevation, azimuth = sun.sun_position_deg(unix_s, latitude, longitude)
    assert 0.0 <= azimuth <= 360.0
    assert -90.0 <= elevation <= min(90.0, 90.0 - abs(latitude) + 23.5) + 1e-6
    assert 1310.0 < sun.normal_w_m2(unix_s) < 1410.0


@laws
@given(
    elevation=between(-90.0, 90.0), azimuth=between(0.0, 360.0), direct=between(0.0, 1000.0),
    diffuse=between(0.0, 500.0), tilt=between(0.0, 90.0), facing=between(0.0, 360.0),
)  # fmt: skip
def test_a_plane_gets_no_less_than_nothing_and_a_level_one_what_falls_on_it(
    elevation: float, azimuth: float, direct: float, diffuse: float, tilt: float, facing: float
) -> None:
    assume(direct + diffuse < 1361.0)
    level = direct * max(math.sin(math.radians(elevation)), 0.0) + diffuse
    for model in (0.0, 1.0):
        assert sun.plane_w_m2(elevation, azimuth, level, direct, diffuse, 1361.0, tilt, facing, 0.2, model) >= 0.0
        if elevation > 1.0:
            flat = sun.plane_w_m2(elevation, azimuth, level, direct, diffuse, 1361.0, 0.0, facing, 0.2, model)
            assert flat == pytest.approx(level, rel=1e-6)


@laws
@given(level=between(0.0, 1100.0), elevation=between(-10.0, 90.0))
def test_split_sunlight_adds_up_to_the_whole(level: float, elevation: float) -> None:
    direct, diffuse = sun.split_global_w_m2(level, elevation, 1361.0)
    assert direct >= 0.0
    assert 0.0 <= diffuse <= level
    assert direct * math.sin(math.radians(elevation)) + diffuse == pytest.approx(level, rel=1e-9, abs=1e-9)


@laws
@given(light=between(0.0, 1400.0), air_c=between(-40.0, 55.0), wind=between(0.0, 30.0), rated_ac_w=between(1e3, 2e5))
def test_an_array_gives_between_nothing_and_its_inverter(
    light: float, air_c: float, wind: float, rated_ac_w: float
) -> None:
    cells_c = pv.cell_c(light, air_c, wind, *pv.OPEN_RACK)
    assert cells_c >= air_c
    direct_w = pv.dc_w(light, cells_c, 100e3, pv.STANDARD_1_K, 0.14)
    assert 0.0 <= pv.inverter_w(direct_w, rated_ac_w, 0.96) <= min(direct_w, rated_ac_w)


# --- generator sets
@laws
@given(output_w=between(0.0, 2e6), more_w=between(1.0, 1e6), rated_w=between(1e5, 3e6))
def test_more_power_burns_more_and_the_load_bank_fills_up_to_the_least(
    output_w: float, more_w: float, rated_w: float
) -> None:
    assert 0.0 < gensets.fuel_m3_s(output_w, rated_w, 1.0) < gensets.fuel_m3_s(output_w + more_w, rated_w, 1.0)
    bank_w = gensets.load_bank_w(output_w, rated_w, gensets.LEAST_LOAD_FRAC)
    assert bank_w >= 0.0
    assert output_w + bank_w >= gensets.LEAST_LOAD_FRAC * rated_w - 1e-6
