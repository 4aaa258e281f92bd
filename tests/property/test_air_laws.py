"""Laws of the air side: no joule or kilogram is lost, air is never colder than what cools it, missing stays missing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.kernels.test_air_parity import COIL, FLEETS, NEVER, SEA_LEVEL_PA, room
from twin.domain.arrays import Floats, Ints
from twin.domain.errors import TwinError
from twin.kernels import air_coils, air_metrics, coils, dx, outside_air, racks
from twin.kernels.moist_air import humidity_ratio, wet_bulb_c
from twin.model.heat_distribution import AirMix, ImpossibleAir, air_mix, distribution_matrix

AIR_J_KG_K, CONDENSATION_J_KG = 1006.0, 2.45e6
laws = settings(deadline=None, derandomize=True)  # no deadline: the first example may compile


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


class Room:
    """A seeded room of racks, stepped by the kernel."""

    def __init__(self, seed: int, n: int = 20, fleets: tuple[tuple[float, ...], ...] = FLEETS) -> None:
        chance = np.random.default_rng(seed)
        self.n = n
        self.outlet_frac, self.air0_w_k = room(n, chance)
        giver, taker = np.nonzero(self.outlet_frac)
        self.mix: AirMix = air_mix(giver, taker, self.outlet_frac[giver, taker], self.air0_w_k)
        self.law = np.array(fleets)
        self.fleet_first = np.linspace(0, n, len(fleets) + 1).astype(np.uint32)
        self.supply_c = chance.uniform(18.0, 27.0, n)
        self.base_w = chance.uniform(1e3, 14e3, n)
        self.liquid = np.where(self.air0_w_k > 0.0, chance.uniform(0.0, 0.7, n), 1.0)
        self.metal_j_k = chance.uniform(5e4, 4e5, n)
        self.metal_ua_w_k = chance.uniform(100.0, 900.0, n)
        self.metal_c, self.outlet_c = chance.uniform(25.0, 60.0, n), chance.uniform(25.0, 45.0, n)
        self.inlet_c, self.power_w, self.air_w_k = np.empty(n), np.empty(n), np.empty(n)

    def step(self, dt_s: float) -> Floats:
        """Metal before the step."""
        before, after_c, metal_c = self.metal_c, np.empty(self.n), np.empty(self.n)
        racks.step_racks(
            self.mix.first, self.mix.neighbour, self.mix.share, self.mix.supply_frac, self.supply_c,
            self.fleet_first, self.law, self.base_w, self.air0_w_k, self.liquid, self.metal_j_k, self.metal_ua_w_k,
            dt_s, self.metal_c, self.outlet_c,
            self.inlet_c, self.power_w, self.air_w_k, metal_c, after_c,
        )  # fmt: skip
        self.metal_c, self.outlet_c = metal_c, after_c
        return before


# --- racks
@laws
@given(seed=st.integers(0, 10_000), dt_s=between(1e-3, 1e5))
def test_a_rack_step_keeps_every_joule(seed: int, dt_s: float) -> None:
    r = Room(seed)
    before = r.step(dt_s)
    stored_j = r.metal_j_k * (r.metal_c - before)
    to_air_j = r.air_w_k * (r.outlet_c - r.inlet_c) * dt_s
    to_liquid_j = r.liquid * r.power_w * dt_s
    given_j = r.power_w * dt_s
    assert stored_j + to_air_j + to_liquid_j == pytest.approx(given_j, rel=1e-9, abs=1e-4)


@laws
@given(seed=st.integers(0, 10_000), heat_w=between(0.0, 2e4))
def test_a_room_at_rest_sends_back_what_it_was_given(seed: int, heat_w: float) -> None:
    r = Room(seed)
    heat = np.where(r.air0_w_k > 0.0, heat_w, 0.0)
    inlet_c, outlet_c = np.empty(r.n), np.empty(r.n)
    racks.steady_sparse(
        r.mix.first, r.mix.neighbour, r.mix.share, r.mix.supply_frac, r.supply_c, heat, r.air0_w_k, 1e-11, 2000.0,
        inlet_c, outlet_c,
    )  # fmt: skip
    # into a still rack no air is sent: that share returns as well
    kept = (r.outlet_frac * (r.air0_w_k > 0.0)).sum(axis=1)
    returned_w = float(np.sum(r.air0_w_k * (1.0 - kept) * outlet_c))
    supplied_w = float(np.sum(r.air0_w_k * r.mix.supply_frac * r.supply_c))
    assert returned_w - supplied_w == pytest.approx(float(heat.sum()), rel=1e-7, abs=1e-2)
    assert np.all(inlet_c >= r.supply_c.min() - 1e-9)


@laws
@given(seed=st.integers(0, 10_000), steps=st.integers(2, 40), dt_s=between(1.0, 600.0))
def test_a_step_is_as_long_as_it_likes_when_nothing_changes(seed: int, steps: int, dt_s: float) -> None:
    one, many = Room(seed, fleets=(NEVER,)), Room(seed, fleets=(NEVER,))
    for r in (one, many):  # nobody breathes another's air: the inputs are constant
        r.mix.share[:] = 0.0
        r.mix.supply_frac[:] = 1.0
    one.step(steps * dt_s)
    outlets = np.zeros(many.n)
    for _ in range(steps):
        many.step(dt_s)
        outlets += many.outlet_c / steps
    assert one.metal_c == pytest.approx(many.metal_c, rel=1e-9)
    assert one.outlet_c == pytest.approx(outlets, rel=1e-9)


@laws
@given(seed=st.integers(0, 10_000), dt_s=between(0.1, 3600.0))
def test_inlets_lie_between_the_air_they_are_mixed_of(seed: int, dt_s: float) -> None:
    r = Room(seed)
    coldest = min(float(r.supply_c.min()), float(r.outlet_c.min()))
    warmest = max(float(r.supply_c.max()), float(r.outlet_c.max()))
    r.step(dt_s)
    assert np.all((r.inlet_c >= coldest - 1e-9) & (r.inlet_c <= warmest + 1e-9))


def test_a_missing_outlet_reaches_the_racks_it_feeds_and_no_others() -> None:
    r = Room(3)
    r.outlet_c[5] = math.nan
    fed = np.zeros(r.n, dtype=bool)
    for j in range(r.n):
        fed[j] = 5 in r.mix.neighbour[r.mix.first[j] : r.mix.first[j + 1]] and r.air0_w_k[j] > 0.0
    assert 0 < fed.sum() < r.n
    r.step(10.0)
    for out in (r.inlet_c, r.power_w, r.air_w_k, r.metal_c, r.outlet_c):
        assert np.array_equal(np.isnan(out), fed)


def test_a_missing_heat_reaches_everyone_downstream_of_it_at_rest() -> None:
    n = 30
    rows = np.arange(n - 1)
    mix = air_mix(rows, rows + 1, np.full(n - 1, 1e-3), np.full(n, 500.0))
    backwards = air_mix(rows + 1, rows, np.full(n - 1, 1e-3), np.full(n, 500.0))
    for which, missing in ((mix, 4), (backwards, 25)):
        heat_w, inlet_c, outlet_c = np.full(n, 5e3), np.empty(n), np.empty(n)
        heat_w[missing] = math.nan
        racks.steady_sparse(
            which.first, which.neighbour, which.share, which.supply_frac, np.full(n, 20.0), heat_w, np.full(n, 500.0),
            1e-6, 100.0, inlet_c, outlet_c,
        )  # fmt: skip
        downstream = np.arange(n) >= missing if which is mix else np.arange(n) <= missing
        assert np.array_equal(np.isnan(outlet_c), downstream)


def test_air_that_never_leaves_ends_the_passes_and_says_so() -> None:
    circle = air_mix(np.array([0, 1]), np.array([1, 0]), np.ones(2), np.full(2, 500.0))
    inlet_c, outlet_c = np.empty(2), np.empty(2)
    passes, change_k = racks.steady_sparse(
        circle.first, circle.neighbour, circle.share, circle.supply_frac, np.full(2, 20.0), np.full(2, 5e3),
        np.full(2, 500.0), 1e-6, 50.0, inlet_c, outlet_c,
    )  # fmt: skip
    assert passes == 50.0
    assert change_k > 10.0


def refusals() -> list[tuple[str, Floats, Floats]]:
    flow = np.full(3, 500.0)
    a = np.zeros((3, 3))
    giving, taking, circle, negative = a.copy(), a.copy(), a.copy(), a.copy()
    giving[0] = 0.4
    taking[:, 1] = 0.5
    circle[0, 1] = circle[1, 0] = 1.0
    negative[2, 1] = -0.1
    return [
        ("120.0 % of the outlet air goes to other racks", giving, flow),
        ("takes 750.0 W/K from outlets and draws 500.0 W/K", taking, flow),
        ("never leaves", circle, flow),
        ("negative or missing", negative, flow),
        ("air flow is negative or missing", a, np.array([500.0, math.nan, 500.0])),
        ("shares have shape", np.zeros((2, 3)), flow),
    ]


@pytest.mark.parametrize(("says", "outlet_frac", "air_w_k"), refusals(), ids=[says for says, *_ in refusals()])
def test_air_that_no_room_can_have_is_refused_with_a_fix(says: str, outlet_frac: Floats, air_w_k: Floats) -> None:
    with pytest.raises(ImpossibleAir, match=says) as caught:
        distribution_matrix(outlet_frac, air_w_k)
    assert isinstance(caught.value, TwinError)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("says", "giver", "taker"),
    [
        ("not in 0..2", np.array([0, 3]), np.array([1, 1])),
        ("not in 0..2", np.array([0, -1]), np.array([1, 1])),
        ("stands twice", np.array([0, 0]), np.array([1, 1])),
        ("differ in length", np.array([0]), np.array([1, 2])),
    ],
)
def test_pairs_that_would_read_past_an_array_are_refused(says: str, giver: Ints, taker: Ints) -> None:
    with pytest.raises(ImpossibleAir, match=says):
        air_mix(giver, taker, np.full(2, 0.1), np.full(3, 500.0))


# --- metrics
@laws
@given(seed=st.integers(0, 10_000))
def test_heat_indices_share_the_whole(seed: int) -> None:
    r = Room(seed)
    r.supply_c[:] = 20.0
    heat = np.where(r.air0_w_k > 0.0, r.base_w, 0.0)
    inlet_c, outlet_c = np.empty(r.n), np.empty(r.n)
    racks.steady_sparse(
        r.mix.first, r.mix.neighbour, r.mix.share, r.mix.supply_frac, r.supply_c, heat, r.air0_w_k, 1e-9, 500.0,
        inlet_c, outlet_c,
    )  # fmt: skip
    shi = air_metrics.supply_heat_index(inlet_c, outlet_c, r.air0_w_k, 20.0)
    assert 0.0 <= shi < 1.0
    assert shi + air_metrics.return_heat_index(inlet_c, outlet_c, r.air0_w_k, 20.0) == pytest.approx(1.0)


def test_an_index_of_nothing_or_of_something_missing_is_missing() -> None:
    none, one, hole = np.empty(0), np.array([24.0]), np.array([24.0, math.nan])
    assert math.isnan(air_metrics.supply_heat_index(one, one, one, 24.0))
    for index in (air_metrics.rack_cooling_index_high, air_metrics.rack_cooling_index_low):
        assert math.isnan(index(none, 20.0, 20.0))
        assert math.isnan(index(hole, 27.0, 32.0))
    assert math.isnan(air_metrics.return_temperature_index(30.0, 20.0, 25.0, 25.0))


# --- coils
@laws
@given(ntu=between(0.0, 50.0), ratio=between(0.0, 1.0), more=between(0.01, 5.0))
def test_crossflow_grows_with_its_size_and_stays_below_counterflow(ntu: float, ratio: float, more: float) -> None:
    effectiveness = air_coils.crossflow_effectiveness(ntu, ratio)
    assert 0.0 <= effectiveness <= 1.0
    assert air_coils.crossflow_effectiveness(ntu + more, ratio) >= effectiveness - 1e-12
    assert effectiveness <= coils.counterflow_effectiveness(ntu, ratio) + 0.012


@laws
@given(ntu=between(0.05, 10.0), ratio=between(1e-12, 1e-6))
def test_crossflow_has_no_hole_where_one_stream_is_endless(ntu: float, ratio: float) -> None:
    assert air_coils.crossflow_effectiveness(ntu, ratio) == pytest.approx(-math.expm1(-ntu), rel=1e-4)


@laws
@given(
    t_c=between(18.0, 40.0), rh=between(0.05, 0.95), chw_c=between(4.0, 17.0), share=between(0.0, 1.0),
    air_kg_s=between(0.2, 9.0),
)  # fmt: skip
def test_wet_coil_keeps_heat_and_water_and_never_overdries(
    t_c: float, rh: float, chw_c: float, share: float, air_kg_s: float
) -> None:
    ratio = humidity_ratio(t_c, rh, SEA_LEVEL_PA)
    heat_w = share * air_kg_s * AIR_J_KG_K * (t_c - chw_c)
    sensible, latent, shr, condensate = air_coils.wet_coil(heat_w, t_c, ratio, chw_c, 1.5, air_kg_s, SEA_LEVEL_PA)
    assert sensible + latent == pytest.approx(heat_w, rel=1e-12)
    assert 0.0 <= shr <= 1.0
    assert condensate * CONDENSATION_J_KG == pytest.approx(latent)
    if condensate > 0.0:
        assert ratio - condensate / air_kg_s >= humidity_ratio(chw_c + 1.5, 1.0, SEA_LEVEL_PA) - 1e-9
    assert t_c - sensible / (air_kg_s * AIR_J_KG_K) >= chw_c - 1e-9


@laws
@given(x=between(0.0, 1.0), more=between(0.0, 0.5), authority=between(0.1, 1.0), seat=between(0.0, 0.1))
def test_a_valve_opens_one_way_and_back(x: float, more: float, authority: float, seat: float) -> None:
    flow = air_coils.valve_flow_frac(x, 40.0, authority, seat)
    assert 0.0 <= flow <= 1.0 + 1e-12
    assert air_coils.valve_flow_frac(x + more, 40.0, authority, seat) >= flow - 1e-12
    assert air_coils.valve_opening_frac(flow, 40.0, authority, seat) == pytest.approx(x, abs=1e-9)


# --- CRAC
@laws
@given(
    heat_w=between(0.0, 6e4), more_w=between(1.0, 2e4), wet_c=between(12.8, 23.9), outdoor_c=between(-20.0, 46.0),
    least=between(0.1, 1.0), economiser_cop=st.sampled_from([0.0, 10.0, 25.0]),
)  # fmt: skip
def test_crac_power_rises_with_heat_and_stays_below_carnot(
    heat_w: float, more_w: float, wet_c: float, outdoor_c: float, least: float, economiser_cop: float
) -> None:
    def power(q: float) -> tuple[float, float]:
        return dx.dx_power_w(
            COIL, 50e3, 3.4, least, economiser_cop, 5.0, 10.0, wet_c, outdoor_c, 1.0, q
        )[:2]  # fmt: skip

    power_w, reached_w = power(heat_w)
    assert power(heat_w + more_w)[0] >= power_w - 1e-9
    assert 0.0 <= reached_w <= heat_w
    assert power(0.0) == (0.0, 0.0)
    if economiser_cop == 0.0 and outdoor_c > wet_c + 5.0:
        assert reached_w * (outdoor_c - wet_c) <= power_w * (wet_c + 273.15)


@laws
@given(outdoor_c=between(-20.0, 40.0), heat_w=between(1e3, 4e4))
def test_colder_weather_never_costs_the_economiser_more(outdoor_c: float, heat_w: float) -> None:
    warm, cold = (
        dx.dx_power_w(COIL, 50e3, 3.4, 0.25, 15.0, 5.0, 10.0, 17.0, t, 1.0, heat_w)[0]
        for t in (outdoor_c, outdoor_c - 1.0)
    )  # fmt: skip
    assert cold <= warm * (1.0 + 1e-9)


@laws
@given(wanted_w=between(-1e4, 9e4), return_c=between(22.0, 42.0), air=between(0.0, 5.0), fan_w=between(0.0, 5e3))
def test_crac_supply_carries_the_heat_it_says(wanted_w: float, return_c: float, air: float, fan_w: float) -> None:
    power_w, supply_c, sensible_w, short, _ = dx.dx_for_sensible(
        COIL, 50e3, 3.4, 0.25, 0.0, 5.0, 10.0, 1.0, wanted_w, return_c, 17.0, 30.0, air, 3.0, fan_w
    )
    if air * AIR_J_KG_K > 1e-6:
        carried_w = air * AIR_J_KG_K * (return_c - supply_c) + fan_w
        assert carried_w == pytest.approx(sensible_w, rel=1e-9, abs=1e-6)
    assert power_w >= 0.0
    assert 0.0 <= sensible_w <= max(wanted_w, 0.0) + 1e-9
    assert short == (1.0 if wanted_w > 0.0 and sensible_w < 0.999999 * wanted_w else 0.0)


# --- outside air
@laws
@given(
    outdoor_c=between(-25.0, 42.0), rh=between(0.05, 1.0), return_c=between(25.0, 40.0), return_rh=between(0.05, 0.4),
    supply_c=between(16.0, 27.0), humid=st.sampled_from([0.0, 1.0]), least=between(0.0, 0.3),
)  # fmt: skip
def test_the_economiser_mixes_no_more_than_helps(
    outdoor_c: float, rh: float, return_c: float, return_rh: float, supply_c: float, humid: float, least: float
) -> None:
    assume(return_c > supply_c)
    outdoor, inside = humidity_ratio(outdoor_c, rh, SEA_LEVEL_PA), humidity_ratio(return_c, return_rh, SEA_LEVEL_PA)
    frac, mixed_c, ratio, left_w, _ = outside_air.air_economiser(
        supply_c, outdoor_c, outdoor, return_c, inside, 8.0, least, humid, 15.0, -9.0, SEA_LEVEL_PA, 0.0
    )
    assert least <= frac <= 1.0
    assert min(outdoor_c, return_c) - 1e-9 <= mixed_c <= max(outdoor_c, return_c) + 1e-9
    assert min(outdoor, inside) - 1e-12 <= ratio <= max(outdoor, inside) + 1e-12
    if frac > least:
        assert mixed_c >= min(supply_c, return_c) - 1e-9  # never colder than wanted for the sake of it
    # what outside air and the coil take together is the whole way down to the supply
    free_w = 8.0 * AIR_J_KG_K * (return_c - mixed_c)
    assert free_w + left_w >= 8.0 * AIR_J_KG_K * (return_c - supply_c) - 1e-6
    shut = outside_air.air_economiser(
        supply_c, outdoor_c, outdoor, return_c, inside, 8.0, least, humid, 15.0, -9.0, SEA_LEVEL_PA, 1.0
    )
    assert shut[:3] == (0.0, return_c, inside)


@laws
@given(t_c=between(5.0, 45.0), rh=between(0.05, 1.0), effectiveness=between(0.0, 1.0))
def test_a_wetted_pad_keeps_the_wet_bulb(t_c: float, rh: float, effectiveness: float) -> None:
    ratio, wet_c = humidity_ratio(t_c, rh, SEA_LEVEL_PA), wet_bulb_c(t_c, rh, SEA_LEVEL_PA)
    assume(wet_c > 1.0)
    out_c, out_ratio = outside_air.direct_evaporative(t_c, ratio, wet_c, effectiveness, SEA_LEVEL_PA)
    assert wet_c - 1e-9 <= out_c <= t_c
    assert out_ratio >= ratio - 1e-6
    out_rh = out_ratio / humidity_ratio(out_c, 1.0, SEA_LEVEL_PA)
    out_rh = (
        out_ratio
        * (0.621945 + humidity_ratio(out_c, 1.0, SEA_LEVEL_PA))
        / ((0.621945 + out_ratio) * humidity_ratio(out_c, 1.0, SEA_LEVEL_PA))
    )
    assert wet_bulb_c(out_c, min(out_rh, 1.0), SEA_LEVEL_PA) == pytest.approx(wet_c, abs=0.05)


@laws
@given(return_c=between(24.0, 42.0), wet_c=between(-10.0, 45.0), effectiveness=between(0.0, 0.8))
def test_indirect_evaporation_never_warms_nor_passes_the_wet_bulb(
    return_c: float, wet_c: float, effectiveness: float
) -> None:
    supply_c = outside_air.indirect_evaporative_c(return_c, wet_c, effectiveness)
    assert min(wet_c, return_c) - 1e-9 <= supply_c <= return_c


# --- what is missing
NAN = math.nan


def of_missing() -> list[float]:
    return [
        racks.outlet_temperature_c(NAN, 5e3, 500.0),
        racks.outlet_temperature_c(22.0, 5e3, NAN),
        racks.lag_share(NAN),
        racks.leakage_m3_s(0.3, NAN, 0.5),
        *racks.lumped_air_c(20.0, 1e5, NAN, 10.0, 0.1, 1200.0),
        racks.lumped_air_c(NAN, 1e5, 8.0, 10.0, 0.1, 1200.0)[0],
        air_coils.crossflow_effectiveness(NAN, 0.5),
        air_coils.crossflow_effectiveness(1.0, NAN),
        *air_coils.wet_coil(5e4, 24.0, NAN, 7.0, 1.5, 5.0, SEA_LEVEL_PA),
        *air_coils.wet_coil(NAN, 24.0, 0.01, 7.0, 1.5, 5.0, SEA_LEVEL_PA),
        air_coils.valve_flow_frac(NAN, 40.0, 0.4, 0.0),
        air_coils.valve_opening_frac(NAN, 40.0, 0.4, 0.0),
        dx.economiser_share(NAN, 5.0, 10.0),
        *dx.dx_power_w(COIL, 5e4, 3.4, 0.25, 15.0, 5.0, 10.0, NAN, 30.0, 1.0, 3e4)[:3],
        *dx.dx_power_w(COIL, 5e4, 3.4, 0.25, 15.0, 5.0, 10.0, 17.0, NAN, 1.0, 3e4)[:3],
        *dx.dx_power_w(COIL, 5e4, 3.4, 0.25, 15.0, 5.0, 10.0, 17.0, 30.0, 1.0, NAN)[:3],
        *dx.dx_for_sensible(COIL, 5e4, 3.4, 0.25, 0.0, 5.0, 10.0, 1.0, NAN, 30.0, 17.0, 30.0, 3.0, 3.0, 0.0)[:3],
        *dx.dx_for_sensible(COIL, 5e4, 3.4, 0.25, 0.0, 5.0, 10.0, 1.0, 3e4, 30.0, 17.0, 30.0, NAN, 3.0, 0.0)[:3],
        *outside_air.mixed_air(0.5, NAN, NAN, 30.0, 0.008)[:2],
        outside_air.frac_for_supply(22.0, NAN, 34.0, 0.1),
        outside_air.frac_not_too_dry(0.5, NAN, 0.008, 0.002),
        outside_air.humidifier_kg_s(8.0, NAN, 0.002),
        *outside_air.air_economiser(22.0, NAN, 0.006, 34.0, 0.008, 9.0, 0.1, 0.0, 15.0, -9.0, SEA_LEVEL_PA, 0.0),
        *outside_air.air_economiser(22.0, 10.0, NAN, 34.0, 0.008, 9.0, 0.1, 1.0, 15.0, -9.0, SEA_LEVEL_PA, 0.0),
        *outside_air.direct_evaporative(35.0, 0.014, NAN, 0.85, SEA_LEVEL_PA),
        outside_air.direct_evaporative(35.0, NAN, 23.9, 0.85, SEA_LEVEL_PA)[1],
        outside_air.indirect_evaporative_c(35.0, NAN, 0.7),
    ]


def test_what_is_missing_stays_missing() -> None:
    assert [i for i, value in enumerate(of_missing()) if not math.isnan(value)] == []


def test_shut_dampers_need_no_outdoor_reading() -> None:
    got = outside_air.air_economiser(22.0, NAN, NAN, 34.0, 0.008, 9.0, 0.1, 1.0, 15.0, -9.0, SEA_LEVEL_PA, 1.0)
    assert got == pytest.approx((0.0, 34.0, 0.008, 9.0 * AIR_J_KG_K * 12.0, outside_air.DAMPERS_SHUT))


@pytest.mark.parametrize("absurd", [math.inf, -math.inf, 0.0, -1e300, 1e300])
def test_an_absurd_input_comes_back_at_once(absurd: float) -> None:
    n = np.full(2, absurd)
    inlet_c, outlet_c = np.empty(2), np.empty(2)
    first, neighbour = np.array([0, 1, 2], np.uint32), np.array([1, 0], np.uint32)
    racks.steady_sparse(first, neighbour, n, n, n, n, n, 1e-6, 20.0, inlet_c, outlet_c)
    air_coils.valve_opening_frac(absurd, absurd, absurd, absurd)
    dx.dx_for_sensible(
        COIL, absurd, absurd, absurd, absurd, absurd, absurd, absurd, absurd, 30.0, absurd, absurd, absurd, 3.0, absurd
    )
    outside_air.air_economiser(absurd, absurd, absurd, absurd, absurd, absurd, absurd, 1.0, 15.0, -9.0, absurd, 0.0)
