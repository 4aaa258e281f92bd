"""Every kernel of the water plant against its slow reference, on random inputs from fixed seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from tests.kernels import reference_water as reference
from twin.kernels import (
    dry_coolers,
    economiser,
    pipes,
    plate_exchangers,
    pumps,
    reformulated_chillers,
    water_use,
    york_towers,
)
from twin.kernels.coils import counterflow_effectiveness
from twin.model.reformulated_catalogue import REFORMULATED
from twin.model.york_coefficients import york_coefficients

SEA_LEVEL_PA, WATER_J_KG_K = 101325.0, 4186.0
NAN = math.nan
YORK = york_coefficients()
YORK_WATER, YORK_SCALE, _ = york_towers.size_york(YORK, 1.5e6, 35.0, 29.44, 25.55)
YORK_CELL = reference.YorkCell(YORK_SCALE, YORK_WATER, 0.2)
DRY = reference.DryCooler(126.0, 524.0, 6.0e5, 0.5, 0.06)
DRY_NUMBERS = (DRY.fluid0_kg_s, DRY.j_kg_k, DRY.air0_kg_s, DRY.ua0_w_k, DRY.ha_ratio)
PLATE = (47.8, 47.8, 8.0e5, WATER_J_KG_K, WATER_J_KG_K)  # flows at design, UA, specific heats


def draws(n: int, *ranges: tuple[float, float], seed: int = 1) -> Iterator[tuple[float, ...]]:
    """Seeded points in a box, its corners among them."""
    chance = np.random.default_rng(seed)
    yield tuple(low for low, _ in ranges)
    yield tuple(high for _, high in ranges)
    for row in chance.uniform(size=(n, len(ranges))):
        yield tuple(low + float(x) * (high - low) for x, (low, high) in zip(row, ranges, strict=True))


# --- York towers
def test_york_approach() -> None:
    for scale, range_k, wet_c, water, air in draws(
        120, (0.6, 1.4), (0.5, 24.0), (-36.0, 28.0), (0.5, 1.4), (0.05, 1.0)
    ):
        got, _ = york_towers.york_approach_k(YORK, scale, range_k, wet_c, water, air)
        assert got == pytest.approx(reference.york_approach_k(scale, range_k, wet_c, water, air), rel=1e-3, abs=1e-3)


def test_york_heat() -> None:
    for above_k, wet_c, water, air in draws(40, (-1.0, 14.0), (0.0, 26.0), (0.75, 1.2), (0.0, 1.0)):
        heat_w, _ = york_towers.york_heat_w(
            YORK, YORK_SCALE, wet_c + above_k, wet_c, water * YORK_WATER, YORK_WATER, air, 0.2
        )
        expected = YORK_CELL.heat_w(wet_c + above_k, wet_c, water * YORK_WATER, air)
        assert heat_w == pytest.approx(expected, rel=2e-3, abs=10.0)


def test_york_fan_for_an_outlet() -> None:
    seen = set()
    for above_k, heat_w, wet_c, water in draws(12, (1.0, 30.0), (1e5, 1.8e6), (5.0, 26.0), (0.75, 1.2)):
        got = york_towers.york_fan_frac(
            YORK, YORK_SCALE, wet_c + above_k, heat_w, wet_c, water * YORK_WATER, YORK_WATER, 0.2
        )
        expected = YORK_CELL.fan(wet_c + above_k, heat_w, wet_c, water * YORK_WATER)
        assert got[:3] == pytest.approx(expected, rel=3e-3, abs=3e-3)
        seen.add("full" if got[2] else "off" if got[0] == 0.0 else "slow" if got[0] < 0.2 else "between")
    assert {"full", "off", "between"} <= seen


def test_york_fan_below_its_least_speed_cycles() -> None:
    # half of what lies between free convection and the slow fan
    inlet_c, wet_c = 40.0, 20.0
    free_w = YORK_CELL.heat_w(inlet_c, wet_c, YORK_WATER, 0.0)
    half_w = (free_w + YORK_CELL.heat_w(inlet_c, wet_c, YORK_WATER, 0.2)) / 2
    outlet_c = inlet_c - half_w / (YORK_WATER * WATER_J_KG_K)
    fan, reached_c, _, _ = york_towers.york_fan_frac(
        YORK, YORK_SCALE, outlet_c, half_w, wet_c, YORK_WATER, YORK_WATER, 0.2
    )
    assert (fan, reached_c) == pytest.approx((0.1, outlet_c), rel=2e-3)


# --- reformulated chillers
def test_reformulated_power() -> None:
    curve = REFORMULATED["carrier-19xr-1143kw"]
    packed = curve.packed()
    for x, y_in, water, load_w in draws(150, (5.0, 15.0), (12.0, 34.0), (15.0, 70.0), (0.0, 1.4e6)):
        rate = water * WATER_J_KG_K
        got = reformulated_chillers.reformulated_power_w(packed, curve.capacity_w, curve.cop, x, y_in, rate, load_w)
        expected = reference.reformulated(curve, x, y_in, rate, load_w)
        assert got[:4] == pytest.approx(expected, rel=1e-5, abs=1e-3)
        cold, warm = curve.leaving_condenser_c
        inside = curve.chws_c[0] <= x <= curve.chws_c[1] and cold <= expected[3] <= warm
        assert got[4] == (0.0 if inside else 1.0)


def test_part_load_ratio_has_all_ten_terms() -> None:
    chance = np.random.default_rng(5)
    for y, p in draws(40, (15.0, 35.0), (0.1, 1.1)):
        c = chance.uniform(-1.0, 1.0, 10) * 10.0 ** -np.array([0, 1, 3, 0, 0, 1, 4, 0, 3, 1])
        terms = (1.0, y, y**2, p, p**2, y * p, y**3, p**3, y**2 * p, y * p**2)
        expected = sum(float(factor) * term for factor, term in zip(c, terms, strict=True))
        assert reformulated_chillers.part_load_ratio(c, y, p) == pytest.approx(expected, rel=1e-9, abs=1e-12)


# --- dry coolers
def test_dry_cooler_heat() -> None:
    for in_c, air_c, fluid, fan in draws(200, (15.0, 55.0), (-20.0, 45.0), (0.0, 160.0), (0.0, 1.0)):
        got = dry_coolers.dry_cooler_heat_w(in_c, air_c, fluid, *DRY_NUMBERS, fan, DRY.draught)
        assert got == pytest.approx(DRY.heat_w(in_c, air_c, fluid, fan), rel=1e-9, abs=1e-3)


@pytest.mark.parametrize("start_frac", [-1.0, 0.02, 0.5, 1.0, NAN])
def test_dry_cooler_fan_for_a_heat_wherever_the_search_starts(start_frac: float) -> None:
    for wanted_w, in_c, air_c, fluid in draws(30, (1e4, 5e6), (20.0, 50.0), (-20.0, 40.0), (40.0, 150.0)):
        if in_c <= air_c:
            continue
        got = dry_coolers.fan_for_heat(wanted_w, in_c, air_c, fluid, *DRY_NUMBERS, DRY.draught, start_frac)
        assert got == pytest.approx(DRY.fan(wanted_w, in_c, air_c, fluid), rel=1e-5, abs=1e-6)


def test_dry_cooler_fan_for_an_outlet() -> None:
    seen = set()
    for out_c, heat_w, air_c, fluid in draws(40, (20.0, 45.0), (1e5, 4e6), (-20.0, 38.0), (60.0, 150.0)):
        got = dry_coolers.fan_for_outlet(out_c, heat_w, air_c, fluid, *DRY_NUMBERS, DRY.draught, 0.4)
        assert got == pytest.approx(DRY.fan_for_outlet(out_c, heat_w, air_c, fluid), rel=1e-5, abs=1e-6)
        seen.add("full" if got[2] else "off" if got[0] == 0.0 else "between")
    assert seen == {"full", "off", "between"}


def test_adiabatic_pad() -> None:
    for t_c, rh, pad, threshold_c, use in draws(60, (5.0, 45.0), (0.1, 1.0), (0.7, 0.95), (18.0, 24.0), (0.7, 0.9)):
        wet_c = reference.wet_bulb_of(t_c, rh, SEA_LEVEL_PA) if rh < 1.0 else t_c
        got = dry_coolers.adiabatic_pad(t_c, wet_c, 500.0, pad, threshold_c, use, SEA_LEVEL_PA)
        expected = reference.adiabatic_pad(t_c, wet_c, 500.0, pad, threshold_c, use, SEA_LEVEL_PA)
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-9)


# --- plate exchangers
def plate_reference_w(hot_c: float, cold_c: float, hot: float, cold: float) -> float:
    hot0, cold0, ua0, hot_j, cold_j = PLATE
    if min(hot, cold) <= 1e-9:
        return 0.0
    # each film has half of the resistance at design
    resistance = 0.5 / ua0 * (max(hot / hot0, 1e-3) ** -0.8 + max(cold / cold0, 1e-3) ** -0.8)
    least, most = sorted((hot * hot_j, cold * cold_j))
    return counterflow_effectiveness(1 / resistance / least, least / most) * least * (hot_c - cold_c)


def test_plate_heat() -> None:
    for hot_c, cold_c, hot, cold in draws(200, (8.0, 25.0), (2.0, 22.0), (0.0, 60.0), (0.0, 60.0)):
        got = plate_exchangers.plate_heat_w(hot_c, cold_c, hot, cold, *PLATE)
        assert got == pytest.approx(plate_reference_w(hot_c, cold_c, hot, cold), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("start_kg_s", [0.0, 3.0, 60.0, NAN])
def test_plate_flow_for_a_heat_wherever_the_search_starts(start_kg_s: float) -> None:
    for wanted_w, hot_c, cold_c, hot in draws(40, (1e3, 2e6), (14.0, 22.0), (4.0, 13.0), (5.0, 60.0)):
        got = plate_exchangers.cold_flow_for_heat_kg_s(
            wanted_w, hot_c, cold_c, hot, PLATE[0], PLATE[1], 57.0, *PLATE[2:], start_kg_s
        )
        most_w = plate_reference_w(hot_c, cold_c, hot, 57.0)
        if most_w <= wanted_w:
            assert got == pytest.approx((57.0, most_w, 1.0), rel=1e-9)
            continue
        flow = reference.bisected(lambda m, a=(hot_c, cold_c, hot), w=wanted_w: plate_reference_w(*a, m) - w, 0.0, 57.0)
        assert got == pytest.approx((flow, wanted_w, 0.0), rel=1e-6, abs=1e-7)


# --- economiser
BANDS = (1.1, 0.6, 0.5, 0.0)


def test_economiser_modes() -> None:
    changes = set()
    for mode, seconds, return_c, wet_c, in_c, out_c in draws(
        600, (0.0, 2.999), (0.0, 3000.0), (14.0, 22.0), (0.0, 18.0), (14.0, 20.0), (10.0, 20.0)
    ):
        whole = float(math.floor(mode))
        got = economiser.economiser_mode(whole, seconds, 60.0, return_c, wet_c, 4.0, in_c, out_c, 13.0, *BANDS, 1200.0)
        expected = reference.economiser(whole, seconds + 60.0, return_c, wet_c + 4.0, in_c, out_c, 13.0, BANDS, 1200.0)
        assert got == expected
        changes.add((whole, got[0]))
    assert changes == {(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (1.0, 2.0), (2.0, 2.0), (2.0, 1.0)}


# --- pipes and tanks
def pipe_of(cells: int, contents_kg: float, start_c: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    kg, c, ring = np.zeros(cells), np.zeros(cells), np.zeros(2, dtype=np.int64)
    pipes.fill_pipe(kg, c, ring, contents_kg, start_c)
    return kg, c, ring


def test_pipe_moves_parcels_as_they_came_when_none_must_be_joined() -> None:
    chance = np.random.default_rng(3)
    kg, c, ring = pipe_of(64, 500.0, 15.0)
    slow = reference.Pipe()
    slow.fill(500.0, 15.0)
    for _ in range(900):
        flow = float(
            chance.choice([0.0, chance.uniform(8.5, 60.0), chance.uniform(8.5, 12.0), 700.0], p=(0.1, 0.44, 0.45, 0.01))
        )
        inlet_c = float(chance.uniform(5.0, 25.0))
        got = pipes.step_pipe(kg, c, ring, 500.0, flow, inlet_c, 1.0)
        assert got == pytest.approx(slow.push(flow, inlet_c), rel=1e-9)


def test_pipe_with_few_parcels_still_delays_to_its_resolution() -> None:
    for cells in (8, 24):
        kg, c, ring = pipe_of(cells, 500.0, 0.0)
        slow = reference.Pipe()
        slow.fill(500.0, 0.0)
        behind = 0.0
        for step in range(2000):
            inlet_c = 10.0 if step > 100 else 0.0
            behind += pipes.step_pipe(kg, c, ring, 500.0, 1.0, inlet_c, 1.0) - slow.push(1.0, inlet_c)
        # the front is smeared over one parcel, early by as much as late
        assert abs(behind) <= 10.0 * 500.0 / (cells - 2)


def test_mixed_volume_answers_like_many_small_steps() -> None:
    for t_c, kg, flow, in_c, heat_w, dt_s in draws(
        15, (5.0, 40.0), (100.0, 2e4), (0.0, 60.0), (5.0, 30.0), (-1e5, 1e6), (1.0, 600.0)
    ):
        got = pipes.step_mixed_volume(t_c, kg, flow, in_c, heat_w, WATER_J_KG_K, dt_s)
        steps = max(300, int(20 * flow * dt_s / kg))
        expected = reference.mixed_volume(t_c, kg, flow, in_c, heat_w, WATER_J_KG_K, dt_s, steps)
        assert got == pytest.approx(expected, rel=2e-3, abs=2e-3)


# --- pumps and water
def test_pumps_meet_the_piping() -> None:
    for static_pa, running, speed, steepness in draws(60, (0.0, 2e5), (1.0, 4.0), (0.3, 1.0), (1e5, 5e6)):
        n = float(round(running))
        got = pumps.operating_point(static_pa, 2e6, n, speed, 3.2e5, steepness)
        expected = reference.meeting_point(static_pa, 2e6, n, speed, 3.2e5, steepness)
        assert got == pytest.approx(expected, rel=1e-7, abs=1e-9)
        assert pumps.pump_head_pa(got[0] / n, speed, 3.2e5, steepness) == pytest.approx(got[1], rel=1e-7) or got[0] == 0


def test_pump_speed_for_a_flow() -> None:
    for flow, static_pa, running in draws(60, (0.001, 0.6), (0.0, 1.5e5), (1.0, 4.0)):
        n = float(round(running))

        def flow_at(speed: float, n: float = n, static_pa: float = static_pa) -> float:
            return reference.meeting_point(static_pa, 2e6, n, speed, 3.2e5, 1e6)[0]

        speed, reached, short = pumps.speed_for_flow(flow, static_pa, 2e6, n, 3.2e5, 1e6, 0.3)
        if flow_at(1.0) < flow:
            assert (speed, reached, short) == pytest.approx((1.0, flow_at(1.0), 1.0), rel=1e-7)
        elif flow_at(0.3) > flow:
            assert (speed, reached, short) == pytest.approx((0.3, flow_at(0.3), 0.0), rel=1e-7)
        else:
            expected = reference.bisected(lambda s, f=flow, at=flow_at: at(s) - f, 0.3, 1.0)
            assert (speed, reached, short) == pytest.approx((expected, flow, 0.0), rel=1e-6)


def test_pump_and_piping_curves_pass_through_their_design_point() -> None:
    for flow, head_pa, static_pa, steeper in draws(40, (0.01, 0.3), (1.5e5, 3e5), (0.0, 1e5), (1.05, 1.5)):
        resistance = pumps.system_resistance(flow, head_pa, static_pa)
        steepness = pumps.pump_steepness(flow, head_pa, steeper * head_pa)
        assert pumps.system_head_pa(flow, static_pa, resistance) == pytest.approx(head_pa, rel=1e-12)
        assert pumps.pump_head_pa(flow, 1.0, steeper * head_pa, steepness) == pytest.approx(head_pa, rel=1e-9)
        reached, _ = pumps.operating_point(static_pa, resistance, 1.0, 1.0, steeper * head_pa, steepness)
        assert reached == pytest.approx(flow, rel=1e-9)


def test_water_of_a_tower() -> None:
    for heat_w, latent, cycles, flow, drift_frac in draws(
        100, (0.0, 5e6), (0.7, 1.0), (1.5, 10.0), (0.0, 200.0), (0.0, 2e-3)
    ):
        make_up, evaporated, blowdown, drift = water_use.tower_water_kg_s(heat_w, latent, cycles, flow, drift_frac)
        assert evaporated == pytest.approx(heat_w * latent / 2.45e6, rel=1e-12)
        assert drift == pytest.approx(flow * drift_frac, rel=1e-12)
        assert blowdown == pytest.approx(reference.blowdown_kg_s(evaporated, drift, cycles), rel=1e-6, abs=1e-6)
        assert make_up == pytest.approx(evaporated + blowdown + drift, rel=1e-12)


# --- missing values
def test_a_missing_input_comes_out_missing() -> None:
    curve = REFORMULATED["carrier-19xr-1143kw"]
    kg, c, ring = pipe_of(8, 100.0, 15.0)
    results = [
        york_towers.york_approach_k(YORK, 1.0, NAN, 20.0, 1.0, 1.0)[0],
        york_towers.york_heat_w(YORK, 1.0, 30.0, NAN, 60.0, 60.0, 1.0, 0.2)[0],
        *york_towers.york_fan_frac(YORK, 1.0, 25.0, NAN, 20.0, 60.0, 60.0, 0.2)[:2],
        *york_towers.size_york(YORK, 1e6, 35.0, NAN, 25.0)[:2],
        *reformulated_chillers.reformulated_power_w(curve.packed(), 1e6, 6.0, 10.0, NAN, 2e5, 8e5)[:4],
        dry_coolers.dry_cooler_heat_w(40.0, NAN, 100.0, *DRY_NUMBERS, 1.0, 0.05),
        *dry_coolers.fan_for_heat(1e6, 40.0, NAN, 100.0, *DRY_NUMBERS, 0.05, 0.5)[:2],
        *dry_coolers.fan_for_outlet(35.0, NAN, 20.0, 100.0, *DRY_NUMBERS, 0.05, 0.5)[:2],
        *dry_coolers.adiabatic_pad(NAN, 20.0, 500.0, 0.85, 20.0, 0.8, SEA_LEVEL_PA),
        *dry_coolers.size_dry_cooler(1e6, NAN, 35.0, 30.0, 5.0, WATER_J_KG_K),
        plate_exchangers.plate_heat_w(18.0, NAN, 40.0, 40.0, *PLATE),
        *plate_exchangers.cold_flow_for_heat_kg_s(1e6, 18.0, 10.0, NAN, PLATE[0], PLATE[1], 57.0, *PLATE[2:], 10.0)[:2],
        *plate_exchangers.size_plate(NAN, 18.0, 10.0, 1.5, 5.0, WATER_J_KG_K, WATER_J_KG_K),
        pipes.step_pipe(kg, c, ring, 100.0, NAN, 15.0, 1.0),
        *pipes.step_mixed_volume(20.0, 100.0, 1.0, NAN, 0.0, WATER_J_KG_K, 1.0),
        pipes.tank_ride_through_s(15e3, WATER_J_KG_K, 10.0, NAN),
        *pumps.operating_point(NAN, 2e6, 1.0, 1.0, 3e5, 1e6),
        *pumps.speed_for_flow(NAN, 0.0, 2e6, 1.0, 3e5, 1e6, 0.3)[:2],
        pumps.system_resistance(0.1, NAN, 0.0),
        pumps.constant_speed_pump_ratio(NAN),
        pumps.parallel_pump_power_w(1e4, NAN, 2.0, 1.0),
        *pumps.minimum_flow_bypass(NAN, 2.0, 10.0),
        *water_use.tower_water_kg_s(NAN, 0.9, 4.0, 60.0, 1e-5),
        water_use.wue_l_kwh(1.0, NAN),
        water_use.latent_frac(NAN, 0.0, 30.0),
    ]
    assert [math.isnan(value) for value in results] == [True] * len(results)
    assert pipes.pipe_contents(kg, c, ring) == (100.0, 1500.0)


def test_a_missing_temperature_never_changes_the_economisers_mode() -> None:
    for mode in (economiser.FREE_COOLING, economiser.PARTIAL_MECHANICAL, economiser.FULLY_MECHANICAL):
        assert economiser.economiser_mode(mode, 5000.0, 60.0, NAN, NAN, 4.0, NAN, NAN, 13.0, *BANDS, 1200.0) == (
            mode,
            5060.0,
        )
