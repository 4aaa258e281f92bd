"""Laws of the water plant: water and heat are kept, heat flows downhill, nothing beats Carnot, inverses run one way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from twin.domain.chillers import ChillerCurve
from twin.kernels import (
    chillers,
    dry_coolers,
    economiser,
    moist_air,
    pipes,
    plate_exchangers,
    pumps,
    reformulated_chillers,
    water_use,
    york_towers,
)
from twin.model.chiller_catalogue import CATALOGUE
from twin.model.chiller_curves import RATED_C, normalised
from twin.model.reformulated_catalogue import REFORMULATED
from twin.model.york_coefficients import york_coefficients

WATER_J_KG_K, SEA_LEVEL_PA = 4186.0, 101325.0
laws = settings(deadline=None, derandomize=True)  # no deadline: the first example may compile


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


# --- York towers
YORK = york_coefficients()
YORK_KG_S, YORK_SCALE, _ = york_towers.size_york(YORK, 1.5e6, 35.0, 29.44, 25.55)


def york_w(inlet_c: float, wet_bulb_c: float, water: float, air: float) -> float:
    return york_towers.york_heat_w(YORK, YORK_SCALE, inlet_c, wet_bulb_c, water * YORK_KG_S, YORK_KG_S, air, 0.2)[0]


def york_fan(outlet_c: float, heat_w: float, wet_bulb_c: float) -> tuple[float, float, float, float]:
    return york_towers.york_fan_frac(YORK, YORK_SCALE, outlet_c, heat_w, wet_bulb_c, YORK_KG_S, YORK_KG_S, 0.2)


@laws
@given(wet_bulb_c=between(-40.0, 35.0), above_k=between(-10.0, 40.0), water=between(0.05, 1.6), air=between(-0.1, 1.3))
def test_no_york_tower_cools_water_below_the_wet_bulb(
    wet_bulb_c: float, above_k: float, water: float, air: float
) -> None:
    heat_w = york_w(wet_bulb_c + above_k, wet_bulb_c, water, air)
    assert heat_w >= 0.0
    outlet_c = wet_bulb_c + above_k - heat_w / (water * YORK_KG_S * WATER_J_KG_K)
    assert outlet_c >= wet_bulb_c + min(above_k, 0.0) - 1e-9


@laws
@given(wet_bulb_c=between(-30.0, 30.0), outlet_c=between(5.0, 45.0), heat_w=between(-1e5, 3e6))
def test_a_york_outlet_asked_for_is_never_below_the_wet_bulb(wet_bulb_c: float, outlet_c: float, heat_w: float) -> None:
    fan, reached_c, full, _ = york_fan(outlet_c, heat_w, wet_bulb_c)
    assert 0.0 <= fan <= 1.0
    assert reached_c >= wet_bulb_c - 1e-9
    assert full == 0.0 or (fan == 1.0 and reached_c > outlet_c)


@laws
@given(wet_bulb_c=between(0.0, 26.0), heat_w=between(1e5, 1.9e6), outlet_c=between(10.0, 40.0))
def test_a_york_tower_rejects_the_heat_it_was_given(wet_bulb_c: float, heat_w: float, outlet_c: float) -> None:
    fan, reached_c, _, outside = york_fan(outlet_c, heat_w, wet_bulb_c)
    assume(outside == 0.0 or fan > 0.3)
    inlet_c = reached_c + heat_w / (YORK_KG_S * WATER_J_KG_K)
    assert york_w(inlet_c, wet_bulb_c, 1.0, fan) == pytest.approx(heat_w, rel=1e-6)


@laws
@given(wet_bulb_c=between(-34.4, 26.7), range_k=between(1.1, 22.2), slow=between(0.05, 1.0), fast=between(0.05, 1.0))
def test_more_air_never_widens_a_york_approach(wet_bulb_c: float, range_k: float, slow: float, fast: float) -> None:
    slow, fast = min(slow, fast), max(slow, fast)
    wide, _ = york_towers.york_approach_k(YORK, YORK_SCALE, range_k, wet_bulb_c, 1.0, slow)
    narrow, _ = york_towers.york_approach_k(YORK, YORK_SCALE, range_k, wet_bulb_c, 1.0, fast)
    assert narrow <= wide + 1e-9


@laws
@given(
    wet_bulb_c=between(0.0, 24.0), heat_w=between(1e5, 1.8e6), outlet_c=between(14.0, 34.0), warmer_k=between(0.1, 5.0)
)
def test_warmer_water_never_asks_a_york_tower_for_a_faster_fan(
    wet_bulb_c: float, heat_w: float, outlet_c: float, warmer_k: float
) -> None:
    assert york_fan(outlet_c + warmer_k, heat_w, wet_bulb_c)[0] <= york_fan(outlet_c, heat_w, wet_bulb_c)[0] + 1e-9


@pytest.mark.parametrize(
    ("range_k", "wet_bulb_c", "water", "air"),
    [
        (0.5, 20, 1, 1),
        (25, 20, 1, 1),
        (5, 28, 1, 1),
        (5, -36, 1, 1),
        (5, 20, 0.6, 1),
        (5, 20, 1.4, 1),
        (5, 20, 1, 0.1),
        (1.2, 26, 0.75, 1),
        (10, 0, 1, 0.2),
    ],
)
def test_a_york_tower_outside_its_box_says_so(range_k: float, wet_bulb_c: float, water: float, air: float) -> None:
    at = (float(range_k), float(wet_bulb_c), float(water), float(air))
    assert york_towers.york_approach_k(YORK, 1.0, *at)[1] == 1.0
    assert york_towers.york_approach_k(YORK, 1.0, 5.0, 20.0, 1.0, 1.0)[1] == 0.0


# --- chillers
def carnot(chws_c: float, condenser_c: float) -> float:
    return (chws_c + 273.15) / (condenser_c - chws_c) if condenser_c > chws_c else math.inf


def clamped(value: float, low_high: tuple[float, float]) -> float:
    return min(max(value, low_high[0]), low_high[1])


def share_of(low_high: tuple[float, float], share: float) -> float:
    return clamped(low_high[0] + share * (low_high[1] - low_high[0]), low_high)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_no_chiller_beats_carnot_inside_its_box(name: str) -> None:
    """Even between leaving chilled and leaving condenser water."""
    for curve in (CATALOGUE[name], normalised(CATALOGUE[name], *RATED_C[name])):
        packed = curve.packed()
        best = 0.0
        for i in range(13):
            x = share_of(curve.chws_c, i / 12)
            for j in range(13):
                y = share_of(curve.condenser_c, j / 12)
                available_w = chillers.chiller_capacity_w(packed, curve.capacity_w, x, y)
                for k in range(1, 13):
                    load_w = available_w * curve.part_load[1] * k / 12
                    power_w, _, outside = chillers.chiller_power_w(
                        packed, curve.capacity_w, curve.cop, 0.0, x, y, load_w
                    )
                    assert power_w > 0.0
                    assert outside == 0.0
                    water_w_k = curve.condenser_kg_s * WATER_J_KG_K
                    leaving_c = y + (load_w + power_w) / water_w_k if water_w_k > 0.0 else y
                    best = max(best, load_w / power_w / carnot(x, leaving_c))
        assert 0.2 < best < 0.75


@laws
@given(
    curve=st.sampled_from([CATALOGUE[name] for name in sorted(CATALOGUE)]),
    chws_c=between(0.0, 30.0), condenser_c=between(-10.0, 55.0), part=between(0.02, 1.2),
    weight=st.sampled_from([0.0, 1.0]),
)  # fmt: skip
def test_no_chiller_beats_carnot_where_it_was_clamped(
    curve: ChillerCurve, chws_c: float, condenser_c: float, part: float, weight: float
) -> None:
    """Without the lift correction, Carnot at the clamped temperatures; with all of it, at the real ones."""
    packed = curve.packed()
    available_w = chillers.chiller_capacity_w(packed, curve.capacity_w, chws_c, condenser_c)
    power_w, part_load, _ = chillers.chiller_power_w(
        packed, curve.capacity_w, curve.cop, weight, chws_c, condenser_c, part * available_w
    )
    cop = part_load * available_w / power_w
    x, y = (chws_c, condenser_c) if weight else (clamped(chws_c, curve.chws_c), clamped(condenser_c, curve.condenser_c))
    assert 0.0 < cop <= carnot(x, y)


def test_plain_clamping_beats_carnot_far_outside_the_box_of_two_machines() -> None:
    """Why the lift correction exists: hot condenser water costs a clamped machine nothing."""

    def cop_over_carnot(name: str, weight: float) -> float:
        curve = CATALOGUE[name]
        packed, x, y = curve.packed(), 0.0, 55.0
        load_w = 0.5 * chillers.chiller_capacity_w(packed, curve.capacity_w, x, y)
        return (
            load_w
            / chillers.chiller_power_w(packed, curve.capacity_w, curve.cop, weight, x, y, load_w)[0]
            / carnot(x, y)
        )

    assert cop_over_carnot("carrier-19xr-1234kw", 0.0) > 1.5
    assert cop_over_carnot("carrier-19xr-1234kw", 1.0) < 0.8


REFORMED = REFORMULATED["carrier-19xr-1143kw"]
REFORMED_PACKED = REFORMED.packed()


def reformed(chws_c: float, in_c: float, water_w_k: float, load_w: float) -> tuple[float, float, float, float, float]:
    return reformulated_chillers.reformulated_power_w(
        REFORMED_PACKED, REFORMED.capacity_w, REFORMED.cop, chws_c, in_c, water_w_k, load_w
    )


@laws
@given(chws_c=between(0.0, 25.0), in_c=between(5.0, 45.0), water_kg_s=between(0.0, 90.0), load_w=between(-1e5, 2e6))
def test_condenser_water_takes_the_heat_and_the_power_of_a_reformulated_chiller(
    chws_c: float, in_c: float, water_kg_s: float, load_w: float
) -> None:
    water_w_k = max(water_kg_s * WATER_J_KG_K, 1.0)
    power_w, taken_w, part_load, leaving_c, _ = reformed(chws_c, in_c, water_w_k, load_w)
    assert (leaving_c - in_c) * water_w_k == pytest.approx(taken_w + power_w, rel=1e-9, abs=1e-6)
    assert 0.0 <= taken_w <= max(load_w, 0.0) * (1 + 1e-12) + 1e-9
    assert 0.0 <= part_load <= REFORMED.part_load[1]


@laws
@given(x=between(0.0, 1.0), in_c=between(15.0, 30.0), load_w=between(2e5, 1.2e6))
def test_no_reformulated_chiller_beats_carnot_inside_its_box(x: float, in_c: float, load_w: float) -> None:
    chws_c = share_of(REFORMED.chws_c, x)
    power_w, taken_w, _, leaving_c, outside = reformed(chws_c, in_c, REFORMED.condenser_kg_s * WATER_J_KG_K, load_w)
    assume(outside == 0.0)
    assert 0.0 < taken_w / power_w < carnot(chws_c, leaving_c)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e300, -1e300])
@pytest.mark.parametrize("place", range(4))
def test_a_reformulated_chiller_always_answers(bad: float, place: int) -> None:
    given_values = [10.0, 26.0, 2e5, 8e5]
    given_values[place] = bad
    assert len(reformed(*given_values)) == 5


# --- dry coolers
DRY_KG_S, DRY_AIR_KG_S, DRY_UA = dry_coolers.size_dry_cooler(2931e3, 46.11, 40.55, 35.0, 5.56, WATER_J_KG_K)
DRY = (DRY_KG_S, WATER_J_KG_K, DRY_AIR_KG_S, DRY_UA, 0.5)


@laws
@given(in_c=between(10.0, 60.0), air_c=between(-30.0, 50.0), fluid=between(0.0, 200.0), fan=between(0.0, 1.0))
def test_a_dry_cooler_brings_neither_stream_past_the_other(in_c: float, air_c: float, fluid: float, fan: float) -> None:
    heat_w = dry_coolers.dry_cooler_heat_w(in_c, air_c, fluid, *DRY, fan, 0.05)
    assert heat_w * (in_c - air_c) >= 0.0
    most_w = min(fluid * WATER_J_KG_K, max(fan, 0.05) * DRY_AIR_KG_S * 1006.0) * abs(in_c - air_c)
    assert abs(heat_w) <= most_w * (1 + 1e-9) + 1e-9


@laws
@given(air_c=between(-20.0, 38.0), heat_w=between(1e4, 4e6), outlet_c=between(15.0, 50.0), start=between(-0.5, 1.5))
def test_a_dry_cooler_rejects_the_heat_it_was_given(air_c: float, heat_w: float, outlet_c: float, start: float) -> None:
    fan, reached_c, full = dry_coolers.fan_for_outlet(outlet_c, heat_w, air_c, DRY_KG_S, *DRY, 0.05, start)
    inlet_c = reached_c + heat_w / (DRY_KG_S * WATER_J_KG_K)
    assert dry_coolers.dry_cooler_heat_w(inlet_c, air_c, DRY_KG_S, *DRY, fan, 0.05) == pytest.approx(heat_w, rel=1e-6)
    assert (full == 1.0) == (reached_c > outlet_c)


@laws
@given(
    in_c=between(30.0, 50.0), air_c=between(-20.0, 29.0), wanted_w=between(1e4, 4e6), more_w=between(0.0, 1e6),
    start=between(0.0, 1.0),
)  # fmt: skip
def test_more_heat_never_asks_a_dry_cooler_for_a_slower_fan(
    in_c: float, air_c: float, wanted_w: float, more_w: float, start: float
) -> None:
    less = dry_coolers.fan_for_heat(wanted_w, in_c, air_c, DRY_KG_S, *DRY, 0.05, start)
    more = dry_coolers.fan_for_heat(wanted_w + more_w, in_c, air_c, DRY_KG_S, *DRY, 0.05, start)
    assert more[0] >= less[0] - 1e-6
    assert less[1] == pytest.approx(dry_coolers.dry_cooler_heat_w(in_c, air_c, DRY_KG_S, *DRY, less[0], 0.05), rel=1e-6)


@laws
@given(t_c=between(-10.0, 45.0), below_k=between(-5.0, 20.0), pad=between(0.5, 1.0), use=between(0.6, 1.0))
def test_a_pad_cools_towards_the_wet_bulb_and_pays_in_water(t_c: float, below_k: float, pad: float, use: float) -> None:
    behind_c, water_kg_s = dry_coolers.adiabatic_pad(t_c, t_c - below_k, 500.0, pad, 20.0, use, SEA_LEVEL_PA)
    assert t_c - max(below_k, 0.0) - 1e-9 <= behind_c <= t_c
    assert (water_kg_s > 0.0) == (behind_c < t_c)
    if t_c <= 20.0:
        assert (behind_c, water_kg_s) == (t_c, 0.0)
    # what evaporates takes about the heat the air and its vapour give
    air_j_kg_k = 1006.0 + 1860.0 * moist_air.humidity_ratio(t_c - below_k, 1.0, SEA_LEVEL_PA)
    assert water_kg_s * use * 2.45e6 == pytest.approx(500.0 * air_j_kg_k * (t_c - behind_c), rel=0.03, abs=1.0)


@pytest.mark.parametrize("start", [-1.0, 0.3, 0.9])
def test_water_that_still_air_cools_enough_needs_no_fan(start: float) -> None:
    heat_w, air_c = 2e5, 10.0
    _, floating_c, _ = dry_coolers.fan_for_outlet(60.0, heat_w, air_c, DRY_KG_S, *DRY, 0.05, start)
    just_warmer = dry_coolers.fan_for_outlet(floating_c + 1e-3, heat_w, air_c, DRY_KG_S, *DRY, 0.05, start)
    just_colder = dry_coolers.fan_for_outlet(floating_c - 1e-3, heat_w, air_c, DRY_KG_S, *DRY, 0.05, start)
    assert just_warmer == (0.0, pytest.approx(floating_c), 0.0)
    assert just_colder[0] == pytest.approx(0.05, abs=1e-4)
    assert just_colder[1] == floating_c - 1e-3


def test_against_warmer_air_a_dry_cooler_keeps_its_fans_off() -> None:
    fan, heat_w, full = dry_coolers.fan_for_heat(1e6, 30.0, 35.0, DRY_KG_S, *DRY, 0.05, 0.5)
    assert (fan, full) == (0.0, 1.0)
    assert heat_w < 0.0


# --- plate exchangers and the economiser
PLATE_KG_S, _, PLATE_UA = plate_exchangers.size_plate(1.2e6, 18.0, 10.5, 1.5, 6.0, WATER_J_KG_K, WATER_J_KG_K)


@laws
@given(hot_c=between(5.0, 30.0), cold_c=between(0.0, 30.0), hot=between(0.0, 80.0), cold=between(0.0, 80.0))
def test_a_plate_exchanger_brings_neither_side_past_the_other(
    hot_c: float, cold_c: float, hot: float, cold: float
) -> None:
    heat_w = plate_exchangers.plate_heat_w(
        hot_c, cold_c, hot, cold, PLATE_KG_S, PLATE_KG_S, PLATE_UA, WATER_J_KG_K, WATER_J_KG_K
    )
    assert heat_w * (hot_c - cold_c) >= 0.0
    assert abs(heat_w) <= min(hot, cold) * WATER_J_KG_K * abs(hot_c - cold_c) * (1 + 1e-12)


@laws
@given(
    wanted_w=between(0.0, 2e6), more_w=between(0.0, 1e6), hot_c=between(12.0, 24.0), cold_c=between(2.0, 23.0),
    hot=between(1.0, 60.0),
)  # fmt: skip
def test_more_heat_never_asks_for_less_cold_water(
    wanted_w: float, more_w: float, hot_c: float, cold_c: float, hot: float
) -> None:
    numbers = (PLATE_KG_S, PLATE_KG_S, 60.0, PLATE_UA, WATER_J_KG_K, WATER_J_KG_K, 20.0)
    assume(hot_c > cold_c + 0.01)
    less = plate_exchangers.cold_flow_for_heat_kg_s(wanted_w, hot_c, cold_c, hot, *numbers)
    more = plate_exchangers.cold_flow_for_heat_kg_s(wanted_w + more_w, hot_c, cold_c, hot, *numbers)
    assert more[0] >= less[0] - 1e-6
    got_w = plate_exchangers.plate_heat_w(
        hot_c, cold_c, hot, less[0], PLATE_KG_S, PLATE_KG_S, PLATE_UA, WATER_J_KG_K, WATER_J_KG_K
    )
    assert got_w == pytest.approx(less[1], rel=1e-6, abs=1e-6)
    assert (less[2] == 1.0) == (less[1] < wanted_w)


@laws
@given(
    hot_in_c=between(12.0, 30.0), cold_in_c=between(2.0, 11.0), approach=between(0.05, 0.9), rise=between(0.05, 0.95)
)
def test_a_sized_plate_exchanger_gives_its_design_heat(
    hot_in_c: float, cold_in_c: float, approach: float, rise: float
) -> None:
    gap_k = hot_in_c - cold_in_c
    hot, cold, ua = plate_exchangers.size_plate(
        1e6, hot_in_c, cold_in_c, approach * gap_k, rise * gap_k, WATER_J_KG_K, 3950.0
    )
    heat_w = plate_exchangers.plate_heat_w(hot_in_c, cold_in_c, hot, cold, hot, cold, ua, WATER_J_KG_K, 3950.0)
    assert heat_w == pytest.approx(1e6, rel=1e-6)


@pytest.mark.parametrize("numbers", [(0.0, 18.0), (8.0, 6.0), (1.5, 7.6), (-1.0, 6.0), (1.5, 0.0)])
def test_an_impossible_plate_exchanger_has_no_size(numbers: tuple[float, float]) -> None:
    approach_k, rise_k = numbers
    size = plate_exchangers.size_plate(1.2e6, 18.0, 10.5, approach_k, rise_k, WATER_J_KG_K, WATER_J_KG_K)
    assert all(math.isnan(value) for value in size)


@laws
@given(
    st.lists(st.tuples(between(0.0, 30.0), between(-5.0, 25.0), between(5.0, 25.0), between(5.0, 25.0)), max_size=60)
)
def test_an_economiser_stays_twenty_minutes_in_each_mode_and_skips_none(
    weather: list[tuple[float, float, float, float]],
) -> None:
    mode, seconds, elapsed = economiser.FULLY_MECHANICAL, 0.0, 0.0
    for return_c, wet_bulb_c, in_c, out_c in weather:
        fresh, seconds = economiser.economiser_mode(
            mode, seconds, 300.0, return_c, wet_bulb_c, 4.0, in_c, out_c, 13.0, 1.1, 0.6, 0.5, 0.0, 1200.0
        )
        elapsed += 300.0
        assert abs(fresh - mode) <= 1.0
        if fresh != mode:
            assert elapsed >= 1200.0
            assert seconds == 0.0
            mode, elapsed = fresh, 0.0


def test_against_warmer_water_the_cold_side_stays_shut() -> None:
    numbers = (PLATE_KG_S, PLATE_KG_S, 60.0, PLATE_UA, WATER_J_KG_K, WATER_J_KG_K, 20.0)
    assert plate_exchangers.cold_flow_for_heat_kg_s(1e5, 12.0, 14.0, 40.0, *numbers) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("mode", "out_c", "fresh"),
    [
        (economiser.FREE_COOLING, 13.5, economiser.FREE_COOLING),
        (economiser.FREE_COOLING, 13.6, economiser.PARTIAL_MECHANICAL),
        (economiser.PARTIAL_MECHANICAL, 13.0, economiser.FREE_COOLING),
        (economiser.PARTIAL_MECHANICAL, 13.1, economiser.PARTIAL_MECHANICAL),
        (economiser.PARTIAL_MECHANICAL, 18.5, economiser.FULLY_MECHANICAL),
        (economiser.FULLY_MECHANICAL, 13.0, economiser.FULLY_MECHANICAL),
    ],
)
def test_an_economiser_changes_just_beyond_its_dead_bands(mode: float, out_c: float, fresh: float) -> None:
    got, _ = economiser.economiser_mode(
        mode, 1140.0, 60.0, 15.0, 10.0, 4.0, 19.0, out_c, 13.0, 1.1, 0.6, 0.5, 0.0, 1200.0
    )
    assert got == fresh


# --- pipes and tanks
@laws
@given(
    cells=st.integers(3, 40),
    steps=st.lists(st.tuples(between(0.0, 400.0), between(2.0, 60.0), between(0.1, 60.0)), max_size=80),
)
def test_a_pipe_loses_neither_water_nor_heat(cells: int, steps: list[tuple[float, float, float]]) -> None:
    contents_kg = 900.0
    kg, c, ring = np.zeros(cells), np.zeros(cells), np.zeros(2, dtype=np.int64)
    pipes.fill_pipe(kg, c, ring, contents_kg, 12.0)
    put_in = contents_kg * 12.0
    for flow, inlet_c, dt_s in steps:
        before = {float(c[(ring[0] + k) % cells]) for k in range(ring[1])}
        outlet_c = pipes.step_pipe(kg, c, ring, contents_kg, flow, inlet_c, dt_s)
        put_in += flow * dt_s * (inlet_c - outlet_c)
        mass, heat = pipes.pipe_contents(kg, c, ring)
        assert mass == pytest.approx(contents_kg, rel=1e-9)
        assert heat == pytest.approx(put_in, rel=1e-9, abs=1e-6)
        assert 1 <= ring[1] <= cells
        assert min(before | {inlet_c}) - 1e-9 <= outlet_c <= max(before | {inlet_c}) + 1e-9


def test_a_pipe_told_too_small_contents_loses_nothing_either() -> None:
    kg, c, ring = np.zeros(8), np.zeros(8), np.zeros(2, dtype=np.int64)
    pipes.fill_pipe(kg, c, ring, 900.0, 12.0)
    put_in = 900.0 * 12.0
    for step in range(100):
        inlet_c = 10.0 + step % 7
        put_in += 7.0 * (inlet_c - pipes.step_pipe(kg, c, ring, 30.0, 7.0, inlet_c, 1.0))
        assert ring[1] <= 8
        assert pipes.pipe_contents(kg, c, ring) == pytest.approx((900.0, put_in), rel=1e-9)


def test_a_front_in_a_pipe_is_smeared_over_one_parcel_only() -> None:
    kg, c, ring = np.zeros(52), np.zeros(52), np.zeros(2, dtype=np.int64)
    pipes.fill_pipe(kg, c, ring, 500.0, 0.0)
    for step in range(1, 2000):
        outlet_c = pipes.step_pipe(kg, c, ring, 500.0, 1.0, 10.0 if step > 700 else 0.0, 1.0)
        if step <= 700 + 500 - 11:
            assert outlet_c == 0.0
        if step > 700 + 500 + 11:
            assert outlet_c == pytest.approx(10.0)


@laws
@given(changes=between(1e-6, 0.01), inlet_c=between(20.0, 60.0))
def test_a_slow_stream_through_a_tank_keeps_its_heat_too(changes: float, inlet_c: float) -> None:
    end_c, left_c = pipes.step_mixed_volume(10.0, 1e3, changes, inlet_c, 0.0, WATER_J_KG_K, 1e3)
    assert end_c - 10.0 == pytest.approx(changes * (inlet_c - left_c), rel=1e-9)


@laws
@given(
    t_c=between(0.0, 60.0), kg=between(1.0, 1e5), flow=between(0.0, 300.0), inlet_c=between(0.0, 60.0),
    heat_w=between(-2e6, 2e6), dt_s=between(0.0, 3600.0),
)  # fmt: skip
def test_a_tank_stores_exactly_what_it_does_not_pass_on(
    t_c: float, kg: float, flow: float, inlet_c: float, heat_w: float, dt_s: float
) -> None:
    end_c, left_c = pipes.step_mixed_volume(t_c, kg, flow, inlet_c, heat_w, WATER_J_KG_K, dt_s)
    given_j = (flow * WATER_J_KG_K * (inlet_c - left_c) + heat_w) * dt_s
    moved_j = (flow * WATER_J_KG_K * abs(inlet_c - left_c) + abs(heat_w)) * dt_s
    assert kg * WATER_J_KG_K * (end_c - t_c) == pytest.approx(given_j, rel=1e-9, abs=1e-9 * moved_j + 1e-5)


@laws
@given(t_c=between(0.0, 60.0), flow=between(0.0, 300.0), inlet_c=between(0.0, 60.0), dt_s=between(0.0, 600.0))
def test_two_half_steps_of_a_tank_are_one_whole_step(t_c: float, flow: float, inlet_c: float, dt_s: float) -> None:
    def step(start_c: float, seconds: float) -> float:
        return pipes.step_mixed_volume(start_c, 5e3, flow, inlet_c, 1e5, WATER_J_KG_K, seconds)[0]

    assert step(step(t_c, dt_s / 2), dt_s / 2) == pytest.approx(step(t_c, dt_s), rel=1e-9, abs=1e-9)


# --- pumps
@laws
@given(
    static_pa=between(0.0, 3e5), running=st.integers(1, 5), speed=between(0.1, 1.0), faster=between(0.0, 0.5),
    steepness=between(0.0, 1e7),
)  # fmt: skip
def test_a_faster_pump_or_one_pump_more_never_gives_less_flow(
    static_pa: float, running: int, speed: float, faster: float, steepness: float
) -> None:
    def flow(count: int, at_speed: float) -> float:
        return pumps.operating_point(static_pa, 2e6, float(count), at_speed, 3.2e5, steepness)[0]

    assert flow(running, speed + faster) >= flow(running, speed)
    assert flow(running + 1, speed) >= flow(running, speed)


@laws
@given(flow=between(1e-4, 0.6), static_pa=between(0.0, 2e5), running=st.integers(1, 5))
def test_pumps_at_the_speed_for_a_flow_give_that_flow(flow: float, static_pa: float, running: int) -> None:
    speed, reached, short = pumps.speed_for_flow(flow, static_pa, 2e6, float(running), 3.2e5, 1e6, 0.25)
    assert 0.25 <= speed <= 1.0
    assert pumps.operating_point(static_pa, 2e6, float(running), speed, 3.2e5, 1e6)[0] == pytest.approx(
        reached, rel=1e-9, abs=1e-12
    )
    assert (short == 1.0) == (reached < flow * (1 - 1e-9))


@laws
@given(load=between(0.0, 200.0), running=st.integers(0, 5), least=between(0.0, 40.0))
def test_the_bypass_carries_what_the_machines_need_and_the_load_does_not(
    load: float, running: int, least: float
) -> None:
    through, bypass = pumps.minimum_flow_bypass(load, float(running), least)
    assert through == pytest.approx(load + bypass, rel=1e-12, abs=1e-9)
    assert bypass >= 0.0
    assert through >= running * least


@laws
@given(flow=between(0.0, 4.0), running=st.integers(1, 5), variable=st.sampled_from([0.0, 1.0]))
def test_parallel_pumps_each_take_their_share(flow: float, running: int, variable: float) -> None:
    together_w = pumps.parallel_pump_power_w(11e3, flow, float(running), variable)
    alone_w = pumps.parallel_pump_power_w(11e3, flow / running, 1.0, variable)
    assert together_w == pytest.approx(running * alone_w, rel=1e-12)
    assert pumps.parallel_pump_power_w(11e3, flow, 0.0, variable) == 0.0


# --- water
@laws
@given(
    heat_w=between(0.0, 1e7), latent=between(0.0, 1.0), cycles=between(1.0, 12.0), flow=between(0.0, 500.0),
    drift_frac=between(0.0, 1e-3),
)  # fmt: skip
def test_water_in_is_evaporation_blowdown_and_drift(
    heat_w: float, latent: float, cycles: float, flow: float, drift_frac: float
) -> None:
    make_up, evaporated, blowdown, drift = water_use.tower_water_kg_s(heat_w, latent, cycles, flow, drift_frac)
    assert make_up == evaporated + blowdown + drift
    assert min(evaporated, blowdown, drift) >= 0.0
    assert evaporated * 2.45e6 <= heat_w * (1 + 1e-12)
    # salts never thicken beyond what is allowed
    assert make_up <= max(cycles, 1.001) * (blowdown + drift) * (1 + 1e-9) + 1e-12
