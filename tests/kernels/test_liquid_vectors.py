"""Printed figures that the liquid cooling kernels must reproduce."""

from __future__ import annotations

import math

import pytest

from twin.kernels import cdus, cold_plates, immersion, rear_doors

CDU_W_K, CDU_UA_W_K = 83.3e3, 166.7e3
L_MIN_KW = 1e-3 / 60.0 / 1e3  # one litre a minute per kilowatt, m3/s per W


def test_exchanger_of_equal_streams_with_twice_their_ua_gives_two_thirds() -> None:
    conductance = cdus.exchanger_conductance_w_k(CDU_W_K, CDU_W_K, CDU_UA_W_K)
    assert conductance / CDU_W_K == pytest.approx(0.6667, rel=1e-3)


@pytest.mark.parametrize(
    ("heat_w", "supply_c", "return_c", "facility_return_c"), [(1e6, 40.0, 52.0, 46.0), (0.5e6, 37.0, 43.0, 40.0)]
)
def test_cdu_temperatures_at_full_and_half_load(
    heat_w: float, supply_c: float, return_c: float, facility_return_c: float
) -> None:
    got = cdus.steady_supply_c(heat_w, 34.0, CDU_W_K, CDU_W_K, CDU_UA_W_K)
    assert got == pytest.approx((supply_c, return_c, facility_return_c), rel=1e-3)


def test_valve_finds_the_design_flow_for_the_design_supply() -> None:
    flow, reached_c, opened = cdus.primary_for_supply_w_k(
        40.0, 1e6, 34.0, CDU_W_K, CDU_W_K, CDU_W_K, 1.5 * CDU_W_K, CDU_UA_W_K, 0.0, 0.0
    )
    assert (flow, reached_c, opened) == pytest.approx((CDU_W_K, 40.0, 0.0), rel=1e-3)


@pytest.mark.parametrize(("litres", "seconds"), [(100.0, 6.0), (300.0, 18.0)])
def test_ride_through_of_a_megawatt_over_15_k_is_seconds(litres: float, seconds: float) -> None:
    capacity = litres / 1e3 * cold_plates.PG25_J_M3_K
    assert cdus.ride_through_s(40.0, 55.0, 1e6, 34.0, 0.0, capacity) == pytest.approx(seconds, rel=0.005)


@pytest.mark.parametrize(
    ("litres", "fluid_j_m3_k", "rise_k"), [(1.2, cold_plates.PG25_J_M3_K, 12.5), (1.0, cold_plates.WATER_J_M3_K, 14.4)]
)
def test_coolant_rise_by_flow_per_kilowatt(litres: float, fluid_j_m3_k: float, rise_k: float) -> None:
    assert cold_plates.coolant_rise_k(litres * L_MIN_KW, fluid_j_m3_k) == pytest.approx(rise_k, rel=3e-3)


def test_coolant_constants_are_density_times_heat_capacity() -> None:
    assert pytest.approx(998.0 * 4186.0, rel=1e-6) == cold_plates.WATER_J_M3_K
    assert pytest.approx(1015.0 * 3950.0, rel=1e-6) == cold_plates.PG25_J_M3_K


def test_case_of_a_kilowatt_chip_at_its_reference_flow() -> None:
    """10 K in the metal, 15 K in the film, half of 12.5 K in the coolant."""
    rise_k = cold_plates.case_rise_k(1e3, 2e-5, 2e-5, 0.010, 0.015, 0.7, cold_plates.PG25_J_M3_K)
    assert rise_k == pytest.approx(10.0 + 15.0 + 6.236, rel=1e-3)
    highest_c = cold_plates.highest_supply_c(80.0, 1e3, 2e-5, 2e-5, 0.010, 0.015, 0.7, cold_plates.PG25_J_M3_K)
    assert highest_c + rise_k == pytest.approx(80.0)


def test_three_quarters_of_forty_kilowatts_go_into_liquid() -> None:
    assert cold_plates.split_heat_w(40e3, 0.75) == (30e3, 10e3)
    assert cold_plates.coolant_flow_m3_s(30e3, 1.2 * L_MIN_KW) * 60e3 == pytest.approx(36.0)


def test_setpoint_keeps_two_kelvin_above_the_dew_point_whatever_margin_is_asked() -> None:
    assert cdus.dew_safe_supply_c(20.0, 19.0, 3.0) == 22.0
    assert cdus.dew_safe_supply_c(20.0, 19.0, 0.0) == 21.0
    assert cdus.dew_safe_supply_c(32.0, 19.0, 3.0) == 32.0


@pytest.mark.parametrize(("capacity_j_m3_k", "k_min"), [(780.0 * 2100.0, 3.66), (850.0 * 2300.0, 3.07)])
def test_a_cubic_metre_bath_at_100_kw_heats_by_about_3_4_k_a_minute(capacity_j_m3_k: float, k_min: float) -> None:
    end_c, out_w = immersion.bath_step(45.0, 100e3, 30.0, 0.0, 20e3, 30e3, capacity_j_m3_k, 60.0)
    assert end_c - 45.0 == pytest.approx(k_min, rel=1e-3)
    assert abs(k_min - 3.4) < 0.35
    assert out_w == 0.0


def test_boiling_bath_holds_its_temperature_and_counts_the_vapour_it_loses() -> None:
    bath_c, taken_w, lost_kg_s = immersion.boiling_bath(50e3, 49.0, 35.0, 5e3, 1e9, 100e3)
    assert bath_c == 49.0
    assert taken_w == 50e3
    assert lost_kg_s == 0.0
    _, taken_w, lost_kg_s = immersion.boiling_bath(80e3, 49.0, 35.0, 5e3, 1e9, 100e3)
    assert taken_w == pytest.approx(70e3)
    assert lost_kg_s == pytest.approx(0.1)


def test_neutral_door_returns_room_air() -> None:
    """A 20 kW rack with a 13 K rise behind a door of the coil family: its exhaust comes back at 24 degC."""
    water_kg_s, leaving_c, opened = rear_doors.door_water_kg_s(24.0, 37.0, 18.0, 1.53, 1.53, 0.8, 1.2, 3.0e3, 0.5, 0.0)
    heat_w, air_c, water_c = rear_doors.rear_door(37.0, 18.0, 1.53, water_kg_s, 1.53, 0.8, 3.0e3, 0.5)
    assert (leaving_c, opened) == (24.0, 0.0)
    assert air_c == pytest.approx(24.0, abs=1e-3)
    assert rear_doors.captured_frac(heat_w, 1.53 * 1006.0 * 13.0) == pytest.approx(1.0, rel=1e-4)
    assert water_c == pytest.approx(18.0 + heat_w / (water_kg_s * 4186.0))


def test_a_door_that_need_not_cool_takes_no_water() -> None:
    assert rear_doors.door_water_kg_s(37.0, 37.0, 18.0, 1.53, 1.53, 0.8, 1.2, 3.0e3, 0.5, 0.0) == (0.0, 37.0, 0.0)
    assert rear_doors.captured_frac(1e3, 0.0) == 0.0


def test_a_door_too_small_for_its_rack_says_so() -> None:
    water_kg_s, leaving_c, opened = rear_doors.door_water_kg_s(20.0, 37.0, 18.0, 1.53, 1.53, 0.8, 1.2, 3e3, 0.5, 0.0)
    assert (water_kg_s, opened) == (1.2, 1.0)
    assert leaving_c > 20.0


def test_pumps_draw_their_rating_at_full_flow_and_little_over_a_quarter_at_half() -> None:
    assert cdus.pump_power_w(10e3, 1.0, 0.4) == pytest.approx(10e3)
    assert cdus.pump_power_w(10e3, 0.5, 0.4) == pytest.approx(10e3 * 0.5 * 0.55)


def test_missing_stays_missing() -> None:
    nan = math.nan
    assert math.isnan(cold_plates.split_heat_w(1e3, nan)[0])
    assert math.isnan(cold_plates.coolant_flow_m3_s(nan, 1e-8))
    assert math.isnan(cold_plates.coolant_rise_k(nan, 4e6))
    assert math.isnan(cold_plates.case_rise_k(1e3, nan, 1e-5, 0.01, 0.01, 0.7, 4e6))
    assert math.isnan(cdus.exchanger_ua_w_k(1e5, nan, 1.0, 0.0))
    assert math.isnan(cdus.exchanger_conductance_w_k(nan, 1.0, 1.0))
    assert math.isnan(cdus.exchanger_conductance_w_k(1.0, 1.0, nan))
    assert math.isnan(cdus.steady_supply_c(nan, 34.0, 1e4, 1e4, 1e4)[0])
    assert math.isnan(cdus.secondary_step(40.0, 1e5, nan, 1e4, 1e4, 1e4, 1e6, 15.0)[0])
    assert math.isnan(cdus.dew_safe_supply_c(20.0, nan, 2.0))
    assert math.isnan(cdus.pump_power_w(1e3, nan, 0.4))
    assert math.isnan(cdus.ride_through_s(nan, 55.0, 1e6, 34.0, 0.0, 1e6))
    for n in range(4):
        given = [40.0, 1e6, 34.0, CDU_W_K]
        given[n] = nan
        solved = cdus.primary_for_supply_w_k(
            given[0], given[1], given[2], given[3], CDU_W_K, CDU_W_K, 1.5 * CDU_W_K, CDU_UA_W_K, 0.0, 0.0
        )
        assert math.isnan(solved[0])
    assert math.isnan(rear_doors.rear_door(nan, 18.0, 1.5, 0.8, 1.5, 0.8, 3e3, 0.5)[0])
    assert math.isnan(rear_doors.door_water_kg_s(24.0, nan, 18.0, 1.5, 1.5, 0.8, 1.2, 3e3, 0.5, 0.0)[0])
    assert math.isnan(immersion.bath_rest_c(1e3, 30.0, nan, 1e4, 1e4))
    assert math.isnan(immersion.boiling_bath(nan, 49.0, 35.0, 5e3, 1e5, 1e5)[2])
