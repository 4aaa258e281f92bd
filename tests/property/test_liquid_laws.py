"""Laws of liquid cooling: heat is kept, flows downhill, and the coolant stays above the dew point."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.kernels import cdus, cold_plates, immersion, rear_doors

laws = settings(deadline=None, derandomize=True)  # no deadline: the first example may compile
DESIGN_W_K, UA0_W_K, MOST_W_K = 83.3e3, 166.7e3, 125e3


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


def valve(
    supply_c: float, heat_w: float, secondary: float = DESIGN_W_K, fouling: float = 0.0, start: float = 0.0
) -> tuple[float, float, float]:
    return cdus.primary_for_supply_w_k(
        supply_c, heat_w, 30.0, secondary, DESIGN_W_K, DESIGN_W_K, MOST_W_K, UA0_W_K, fouling, start
    )


@laws
@given(it_w=between(0.0, 1e6), share=between(-1.0, 2.0))
def test_liquid_and_air_share_the_racks_heat(it_w: float, share: float) -> None:
    liquid_w, air_w = cold_plates.split_heat_w(it_w, share)
    assert liquid_w + air_w == pytest.approx(it_w)
    assert 0.0 <= liquid_w <= it_w


@laws
@given(flow=between(1e-7, 1e-4), more=between(1.001, 3.0), power_w=between(1.0, 1500.0))
def test_more_coolant_means_a_cooler_case(flow: float, more: float, power_w: float) -> None:
    few, many = (
        cold_plates.case_rise_k(power_w, f, 2e-5, 0.010, 0.015, 0.7, cold_plates.PG25_J_M3_K)
        for f in (flow, more * flow)
    )
    assert 0.0 < many <= few


@laws
@given(primary=between(0.0, 1e6), secondary=between(0.0, 1e6), ua=between(0.0, 1e7))
def test_exchanger_passes_between_nothing_and_the_smaller_stream(primary: float, secondary: float, ua: float) -> None:
    conductance = cdus.exchanger_conductance_w_k(primary, secondary, ua)
    assert 0.0 <= conductance <= min(primary, secondary) * (1.0 + 1e-12)


@laws
@given(
    supply_c=between(10.0, 80.0), heat_w=between(0.0, 2e6), facility_c=between(5.0, 45.0),
    primary=between(0.0, 150e3), secondary=between(1e3, 150e3), volume=between(0.0, 5e6), dt_s=between(0.1, 3600.0),
)  # fmt: skip
def test_secondary_loop_keeps_every_joule_for_any_step(
    supply_c: float, heat_w: float, facility_c: float, primary: float, secondary: float, volume: float, dt_s: float
) -> None:
    end_c, out_w = cdus.secondary_step(supply_c, heat_w, facility_c, primary, secondary, UA0_W_K, volume, dt_s)
    if volume > 1.0:
        stored_w = volume * (end_c - supply_c) / dt_s
        assert stored_w + out_w == pytest.approx(heat_w, rel=1e-9, abs=1e-6 * (1.0 + volume))


@laws
@given(
    supply_c=between(10.0, 80.0), heat_w=between(0.0, 1e6), primary=between(1e3, 150e3), volume=between(1e3, 5e6),
    dt_s=between(0.1, 3600.0),
)  # fmt: skip
def test_secondary_loop_moves_towards_its_rest_and_never_past_it(
    supply_c: float, heat_w: float, primary: float, volume: float, dt_s: float
) -> None:
    rest_c = cdus.steady_supply_c(heat_w, 30.0, primary, DESIGN_W_K, UA0_W_K)[0]
    end_c, _ = cdus.secondary_step(supply_c, heat_w, 30.0, primary, DESIGN_W_K, UA0_W_K, volume, dt_s)
    assert min(supply_c, rest_c) - 1e-6 <= end_c <= max(supply_c, rest_c) + 1e-6


@laws
@given(
    supply_c=between(30.05, 50.0), heat_w=between(1e3, 2e6), secondary=between(20e3, 150e3), fouling=between(0.0, 0.6),
    start=between(0.0, 200e3),
)  # fmt: skip
def test_valve_holds_the_supply_it_claims_to_hold(
    supply_c: float, heat_w: float, secondary: float, fouling: float, start: float
) -> None:
    flow, reached_c, opened = valve(supply_c, heat_w, secondary, fouling, start)
    assert 0.0 < flow <= MOST_W_K
    ua = cdus.exchanger_ua_w_k(UA0_W_K, flow / DESIGN_W_K, secondary / DESIGN_W_K, fouling)
    rest_c = cdus.steady_supply_c(heat_w, 30.0, flow, secondary, ua)[0]
    span_k = supply_c + heat_w / secondary - 30.0
    assert rest_c == pytest.approx(reached_c, abs=1e-5 * span_k + 1e-6)
    assert reached_c >= supply_c - 1e-6
    assert (opened == 1.0) == (reached_c > supply_c)


@laws
@given(supply_c=between(31.0, 45.0), heat_w=between(1e4, 1.2e6), fouling=between(0.05, 0.4))
def test_a_fouled_exchanger_and_a_colder_wish_need_no_less_water(
    supply_c: float, heat_w: float, fouling: float
) -> None:
    clean = valve(supply_c, heat_w)[0]
    assert valve(supply_c, heat_w, fouling=fouling)[0] >= clean * (1.0 - 1e-6)
    assert valve(supply_c - 0.5, heat_w)[0] >= clean * (1.0 - 1e-6)


@laws
@given(supply_c=between(31.0, 45.0), heat_w=between(1e4, 1.2e6), start=between(0.0, 300e3))
def test_a_guess_changes_the_road_and_not_the_answer(supply_c: float, heat_w: float, start: float) -> None:
    assert valve(supply_c, heat_w, start=start)[0] == pytest.approx(valve(supply_c, heat_w)[0], rel=1e-5)


@laws
@given(wanted_c=between(5.0, 50.0), dew_c=between(-20.0, 30.0), margin_k=between(-5.0, 8.0))
def test_no_setpoint_comes_within_two_kelvin_of_the_dew_point(wanted_c: float, dew_c: float, margin_k: float) -> None:
    setpoint_c = cdus.dew_safe_supply_c(wanted_c, dew_c, margin_k)
    assert setpoint_c >= dew_c + 2.0
    assert setpoint_c >= wanted_c


@laws
@given(
    limit_c=between(40.5, 90.0), heat_w=between(1e3, 2e6), conductance=between(0.0, 50e3), capacity=between(1e4, 1e7)
)
def test_the_volume_is_at_its_limit_when_the_ride_through_is_over(
    limit_c: float, heat_w: float, conductance: float, capacity: float
) -> None:
    left_s = cdus.ride_through_s(40.0, limit_c, heat_w, 30.0, conductance, capacity)
    if math.isinf(left_s):
        assert 30.0 + heat_w / max(conductance, 1e-9) <= limit_c + 1e-9
        return
    end_c, _ = cdus.mixed_volume_step(40.0, heat_w, 30.0, conductance, capacity, left_s)
    assert end_c == pytest.approx(limit_c, abs=1e-4)


@laws
@given(limit_c=between(0.0, 40.0))
def test_no_time_is_left_at_the_limit(limit_c: float) -> None:
    assert cdus.ride_through_s(40.0, limit_c, 1e5, 30.0, 0.0, 1e6) == 0.0


@laws
@given(rated_w=between(1.0, 2e4), frac=between(0.0, 1.2), more=between(0.001, 0.3), manifold=between(0.0, 1.0))
def test_pumps_draw_more_the_more_they_move(rated_w: float, frac: float, more: float, manifold: float) -> None:
    assert cdus.pump_power_w(rated_w, frac, manifold) <= cdus.pump_power_w(rated_w, frac + more, manifold)


@laws
@given(exhaust_c=between(25.0, 55.0), water_c=between(8.0, 24.0), air=between(0.0, 3.0), water=between(0.0, 1.5))
def test_a_door_cools_no_air_below_its_water(exhaust_c: float, water_c: float, air: float, water: float) -> None:
    heat_w, air_c, out_c = rear_doors.rear_door(exhaust_c, water_c, air, water, 1.53, 0.8, 3e3, 0.5)
    assert heat_w >= 0.0
    assert water_c - 1e-6 <= air_c <= exhaust_c
    assert water_c <= out_c <= exhaust_c + 1e-6


@laws
@given(bath_c=between(20.0, 70.0), power_w=between(0.0, 2e5), water=between(0.0, 3e4), dt_s=between(0.1, 7200.0))
def test_a_bath_keeps_every_joule(bath_c: float, power_w: float, water: float, dt_s: float) -> None:
    end_c, out_w = immersion.bath_step(bath_c, power_w, 30.0, water, 15e3, 12e3, 1.7e6, dt_s)
    assert 1.7e6 * (end_c - bath_c) / dt_s + out_w == pytest.approx(power_w, rel=1e-9, abs=1e-2)


@laws
@given(power_w=between(0.0, 2e5), water_c=between(5.0, 70.0), water=between(0.0, 3e4), ua=between(0.0, 1e5))
def test_what_boils_off_is_what_the_condenser_leaves(power_w: float, water_c: float, water: float, ua: float) -> None:
    bath_c, taken_w, lost_kg_s = immersion.boiling_bath(power_w, 49.0, water_c, water, ua, 1e5)
    assert bath_c == 49.0
    assert taken_w + lost_kg_s * 1e5 == pytest.approx(power_w, abs=1e-6)
    assert 0.0 <= taken_w <= power_w
    if water_c >= 49.0:
        assert taken_w == 0.0
