"""The liquid cooling kernels against the slow reference, on random inputs from fixed seeds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.kernels import reference_liquid as reference
from twin.kernels import cdus, cold_plates, immersion, rear_doors

DESIGN_W_K, UA0_W_K, MOST_W_K = 83.3e3, 166.7e3, 125e3


def draws(n: int, *ranges: tuple[float, float], seed: int = 1) -> Iterator[tuple[float, ...]]:
    """Seeded points in a box, its corners among them."""
    chance = np.random.default_rng(seed)
    for corner in range(2 ** min(len(ranges), 4)):
        yield tuple(pair[corner >> (i % 4) & 1] for i, pair in enumerate(ranges))
    for row in chance.uniform(size=(n, len(ranges))):
        yield tuple(low + float(x) * (high - low) for x, (low, high) in zip(row, ranges, strict=True))


def test_split_and_case() -> None:
    for it_w, share, flow in draws(80, (0.0, 100e3), (0.0, 1.0), (0.0, 4e-5)):
        liquid_w, air_w = cold_plates.split_heat_w(it_w, share)
        assert liquid_w == pytest.approx(share * it_w)
        assert air_w == pytest.approx((1 - share) * it_w, abs=1e-9)
        rise_k = cold_plates.case_rise_k(900.0, flow, 2e-5, 0.010, 0.015, 0.7, 4.0e6)
        expected_c = reference.case_c(30.0, 900.0, flow, 2e-5, 0.010, 0.015, 0.7, 4.0e6)
        assert 30.0 + rise_k == pytest.approx(expected_c, rel=1e-12)
        assert cold_plates.highest_supply_c(expected_c, 900.0, flow, 2e-5, 0.010, 0.015, 0.7, 4.0e6) == pytest.approx(
            30.0, rel=1e-9
        )


def test_exchanger() -> None:
    for primary, secondary, fouling in draws(60, (2e3, 150e3), (2e3, 150e3), (0.0, 0.4)):
        ua = reference.ua_w_k(UA0_W_K, primary / DESIGN_W_K, secondary / DESIGN_W_K, fouling)
        assert cdus.exchanger_ua_w_k(UA0_W_K, primary / DESIGN_W_K, secondary / DESIGN_W_K, fouling) == pytest.approx(
            ua, rel=1e-12
        )
        heat_w = reference.exchanged_w(50.0, 30.0, secondary, primary, ua)
        assert cdus.exchanger_conductance_w_k(primary, secondary, ua) * 20.0 == pytest.approx(heat_w, rel=1e-6)


def test_supply_at_rest() -> None:
    for heat_w, facility_c, primary, secondary in draws(15, (50e3, 1.2e6), (10.0, 45.0), (20e3, 150e3), (20e3, 150e3)):
        got_c = cdus.steady_supply_c(heat_w, facility_c, primary, secondary, UA0_W_K)[0]
        expected_c = reference.supply_c(heat_w, facility_c, primary, secondary, UA0_W_K)
        assert got_c == pytest.approx(expected_c, abs=1e-4)


def test_valve_that_holds_the_supply() -> None:
    tried = held = 0
    for heat_w, approach_k, secondary, fouling, start in draws(
        40, (20e3, 1.2e6), (0.5, 15.0), (20e3, 120e3), (0.0, 0.4), (0.0, 150e3)
    ):
        tried += 1
        flow, reached_c, opened = cdus.primary_for_supply_w_k(
            30.0 + approach_k, heat_w, 30.0, secondary, DESIGN_W_K, DESIGN_W_K, MOST_W_K, UA0_W_K, fouling, start
        )
        expected = reference.primary_w_k(
            30.0 + approach_k, heat_w, 30.0, secondary, DESIGN_W_K, MOST_W_K, UA0_W_K, fouling
        )
        assert flow == pytest.approx(expected, rel=2e-5)
        if opened:
            ua = reference.ua_w_k(UA0_W_K, MOST_W_K / DESIGN_W_K, secondary / DESIGN_W_K, fouling)
            assert reached_c == pytest.approx(reference.supply_c(heat_w, 30.0, MOST_W_K, secondary, ua), abs=1e-4)
            assert reached_c > 30.0 + approach_k
        else:
            held += 1
            assert reached_c == 30.0 + approach_k
    assert tried / 5 < held < tried


def test_mixed_volume_follows_small_steps() -> None:
    for heat_w, start_c, conductance, capacity, dt_s in draws(
        12, (0.0, 1e6), (20.0, 60.0), (0.0, 80e3), (4e5, 4e6), (1.0, 60.0)
    ):
        expected_c, out_w = reference.volume_after(start_c, heat_w, 30.0, conductance, capacity, dt_s)
        got_c, got_w = cdus.mixed_volume_step(start_c, heat_w, 30.0, conductance, capacity, dt_s)
        assert got_c == pytest.approx(expected_c, abs=1e-5)
        assert got_w == pytest.approx(out_w, rel=1e-5, abs=1.0)


def test_secondary_loop_follows_small_steps() -> None:
    for heat_w, supply_c, primary, dt_s in draws(12, (0.0, 1e6), (25.0, 60.0), (0.0, 120e3), (15.0, 60.0)):
        got_c, got_w = cdus.secondary_step(supply_c, heat_w, 30.0, primary, DESIGN_W_K, UA0_W_K, 8e5, dt_s)
        # what the exchanger takes from the return, which is the supply and the heat
        per_k = reference.exchanged_w(31.0, 30.0, DESIGN_W_K, primary, UA0_W_K)
        expected_c, out_w = reference.volume_after(supply_c, heat_w, 30.0 - heat_w / DESIGN_W_K, per_k, 8e5, dt_s)
        assert got_c == pytest.approx(expected_c, abs=1e-4)
        assert got_w == pytest.approx(out_w, rel=1e-5, abs=5.0)


def test_ride_through_is_when_the_walk_arrives() -> None:
    for heat_w, limit_c, conductance, capacity in draws(25, (50e3, 1e6), (41.0, 70.0), (0.0, 20e3), (4e5, 4e6)):
        walked_s = reference.seconds_to(40.0, limit_c, heat_w, 30.0, conductance, capacity)
        got_s = cdus.ride_through_s(40.0, limit_c, heat_w, 30.0, conductance, capacity)
        assert got_s == pytest.approx(walked_s, rel=0.01)


def test_pumps() -> None:
    for frac, manifold in draws(40, (0.0, 1.1), (0.0, 1.0)):
        assert cdus.pump_power_w(8473.0, frac, manifold) == pytest.approx(
            reference.pump_w(8473.0, frac, manifold), rel=1e-12, abs=1e-9
        )


def test_immersion_bath_follows_small_steps_and_comes_to_rest() -> None:
    for power_w, start_c, water, dt_s in draws(12, (0.0, 150e3), (25.0, 60.0), (500.0, 20e3), (5.0, 600.0)):
        per_k = reference.exchanged_w(31.0, 30.0, 15e3, water, 12e3)
        expected_c, out_w = reference.volume_after(start_c, power_w, 30.0, per_k, 1.7e6, dt_s)
        got_c, got_w = immersion.bath_step(start_c, power_w, 30.0, water, 15e3, 12e3, 1.7e6, dt_s)
        assert got_c == pytest.approx(expected_c, abs=1e-4)
        assert got_w == pytest.approx(out_w, rel=1e-4, abs=1.0)
        rest_c = immersion.bath_rest_c(power_w, 30.0, water, 15e3, 12e3)
        assert rest_c == pytest.approx(30.0 + power_w / per_k, rel=1e-5)


def test_rear_door() -> None:
    for exhaust_c, water_c, air, water in draws(60, (28.0, 50.0), (10.0, 26.0), (0.2, 2.5), (0.05, 1.2)):
        air0, water0, ua0, ratio = 1.53, 0.8, 3e3, 0.5
        film_a, film_w = ua0 * (1 + ratio), ua0 * (1 + ratio) / ratio
        ua = 1 / (1 / (film_a * (air / air0) ** 0.8) + 1 / (film_w * (water / water0) ** 0.85))
        expected_w = reference.exchanged_w(exhaust_c, water_c, air * 1006.0, water * 4186.0, ua)
        heat_w, air_c, out_c = rear_doors.rear_door(exhaust_c, water_c, air, water, air0, water0, ua0, ratio)
        assert heat_w == pytest.approx(expected_w, rel=1e-6)
        assert air_c == pytest.approx(exhaust_c - expected_w / (air * 1006.0), abs=1e-4)
        assert out_c == pytest.approx(water_c + expected_w / (water * 4186.0), abs=1e-4)
        back, reached_c, opened = rear_doors.door_water_kg_s(
            air_c, exhaust_c, water_c, air, air0, water0, 1.5, ua0, ratio, 0.0
        )
        assert opened == 0.0
        assert reached_c == pytest.approx(air_c)
        # near the water's own limit a door gives the same heat for much or little water
        assert rear_doors.rear_door(exhaust_c, water_c, air, back, air0, water0, ua0, ratio)[0] == pytest.approx(
            heat_w, rel=1e-5
        )
