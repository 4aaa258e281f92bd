"""Every kernel of the air side against its slow reference, on random inputs from fixed seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from tests.kernels import reference_air as reference
from twin.domain.arrays import Floats
from twin.kernels import air_coils, air_metrics, dx, outside_air, racks
from twin.kernels.moist_air import enthalpy_j_kg, humidity_ratio
from twin.model.heat_distribution import air_mix, distribution_matrix

SEA_LEVEL_PA = 101325.0
COIL = np.array(dx.EXAMPLE_COIL)
FLEETS = (
    (23.0, 23.0, 0.0020, 0.010, 0.050, 2.5),
    (27.0, 27.0, 0.00108, 0.0050, 0.181, 2.5),
    (20.0, 24.0, 0.0020, 0.0155, 0.1705, 2.5),
)
NEVER = (23.0, 99.0, 0.0, 0.0, 0.0, 1.0)  # a fleet whose power and air answer to nothing


def draws(n: int, *ranges: tuple[float, float], seed: int = 1) -> Iterator[tuple[float, ...]]:
    """Seeded points in a box, its corners among them."""
    chance = np.random.default_rng(seed)
    yield tuple(low for low, _ in ranges)
    yield tuple(high for _, high in ranges)
    for row in chance.uniform(size=(n, len(ranges))):
        yield tuple(low + float(x) * (high - low) for x, (low, high) in zip(row, ranges, strict=True))


def room(n: int, chance: np.random.Generator, *, still: float = 0.1) -> tuple[Floats, Floats]:
    """(outlet shares, flows) of a random room; some racks have no fans."""
    air_w_k = chance.uniform(200.0, 1200.0, n) * (chance.random(n) > still)
    outlet_frac = chance.uniform(0.0, 0.2, (n, n)) * (chance.random((n, n)) < 0.3)
    taken = outlet_frac.T @ air_w_k
    scale = np.minimum(1.0, 0.9 * air_w_k / np.maximum(taken, 1e-9))
    outlet_frac = outlet_frac * scale
    return outlet_frac / np.maximum(outlet_frac.sum(axis=1, keepdims=True), 1.0), air_w_k


# --- racks
@pytest.mark.parametrize("seed", range(6))
def test_dense_and_sparse_inlets_are_those_of_repeated_mixing(seed: int) -> None:
    chance = np.random.default_rng(seed)
    n = 3 + 3 * seed
    outlet_frac, air_w_k = room(n, chance)
    heat_w = chance.uniform(0.0, 12e3, n) * (air_w_k > 0.0)
    units = chance.dirichlet(np.ones(3), n)
    units_c = np.array([18.0, 21.0, 24.0])
    by_mixing, outlets = reference.inlets_by_mixing(
        outlet_frac.tolist(), air_w_k.tolist(), heat_w.tolist(), [21.0] * n
    )  # fmt: skip

    dense_c = np.empty(n)
    rise = distribution_matrix(outlet_frac, air_w_k)
    racks.inlets_dense(np.ones((n, 1)), np.array([21.0]), rise, heat_w, dense_c)
    assert dense_c == pytest.approx(by_mixing, abs=1e-8)
    racks.inlets_dense(units, units_c, rise, heat_w, dense_c)
    assert dense_c == pytest.approx(units @ units_c + np.array(by_mixing) - 21.0, abs=1e-8)

    giver, taker = np.nonzero(outlet_frac)
    mix = air_mix(giver, taker, outlet_frac[giver, taker], air_w_k)
    inlet_c, outlet_c, once_c = np.empty(n), np.empty(n), np.empty(n)
    racks.steady_sparse(
        mix.first, mix.neighbour, mix.share, mix.supply_frac, np.full(n, 21.0), heat_w, air_w_k, 1e-12, 500.0,
        inlet_c, outlet_c,
    )  # fmt: skip
    assert inlet_c == pytest.approx(by_mixing, abs=1e-8)
    assert outlet_c == pytest.approx(outlets, abs=1e-8)
    racks.inlets_sparse(mix.first, mix.neighbour, mix.share, mix.supply_frac, np.full(n, 21.0), outlet_c, once_c)
    assert once_c == pytest.approx(by_mixing, abs=1e-8)


def test_each_rack_has_its_own_supply_temperature() -> None:
    chance = np.random.default_rng(9)
    outlet_frac, air_w_k = room(12, chance)
    heat_w, supply_c = chance.uniform(0.0, 12e3, 12) * (air_w_k > 0.0), chance.uniform(17.0, 27.0, 12)
    giver, taker = np.nonzero(outlet_frac)
    mix = air_mix(giver, taker, outlet_frac[giver, taker], air_w_k)
    inlet_c, outlet_c = np.empty(12), np.empty(12)
    racks.steady_sparse(
        mix.first, mix.neighbour, mix.share, mix.supply_frac, supply_c, heat_w, air_w_k, 1e-12, 500.0, inlet_c, outlet_c
    )
    wanted, _ = reference.inlets_by_mixing(outlet_frac.tolist(), air_w_k.tolist(), heat_w.tolist(), supply_c.tolist())
    assert inlet_c == pytest.approx(wanted, abs=1e-8)


def test_lag_share_is_that_of_the_exponential() -> None:
    for x in [0.0, *(10.0 ** np.linspace(-15.0, 5.0, 400))]:
        exact = -math.expm1(-x) / x if x > 0.0 else 1.0
        assert racks.lag_share(float(x)) == pytest.approx(exact, rel=2e-15, abs=0.0)


def test_a_step_of_all_racks_is_many_small_steps_of_each() -> None:
    n, chance = 24, np.random.default_rng(4)
    outlet_frac, air_w_k = room(n, chance, still=0.2)
    giver, taker = np.nonzero(outlet_frac)
    mix = air_mix(giver, taker, outlet_frac[giver, taker], air_w_k)
    fleet_first = np.array([0, 9, 9, 24], np.uint32)
    law = np.array([FLEETS[0], FLEETS[1], FLEETS[2]])
    supply_c, base_w = chance.uniform(18.0, 27.0, n), chance.uniform(1e3, 14e3, n)
    liquid = chance.uniform(0.0, 0.8, n)
    metal_j_k, metal_ua_w_k = chance.uniform(5e4, 4e5, n), chance.uniform(100.0, 900.0, n)
    metal_ua_w_k[3] = 0.0  # metal cut off from its air
    for dt_s in (0.1, 5.0, 60.0, 900.0):
        metal_c, outlet_c = chance.uniform(25.0, 60.0, n), chance.uniform(25.0, 45.0, n)
        out = [np.empty(n) for _ in range(5)]
        racks.step_racks(
            mix.first, mix.neighbour, mix.share, mix.supply_frac, supply_c, fleet_first, law, base_w, air_w_k, liquid,
            metal_j_k, metal_ua_w_k, dt_s, metal_c, outlet_c, *out,
        )  # fmt: skip
        for j in range(n):
            inlet_c = supply_c[j]
            if air_w_k[j] > 0.0:
                carried = [outlet_frac[i, j] * air_w_k[i] / air_w_k[j] for i in range(n)]
                inlet_c = float(np.dot(carried, outlet_c) + (1.0 - sum(carried)) * supply_c[j])
            fleet = FLEETS[0] if j < 9 else FLEETS[2]
            rack = reference.Rack(base_w[j], air_w_k[j], liquid[j], metal_j_k[j], metal_ua_w_k[j], fleet)
            power_w, flow_w_k = rack.power_and_air(inlet_c)
            metal, outlet = rack.stepped(inlet_c, float(metal_c[j]), dt_s, 150)
            assert out[0][j] == pytest.approx(inlet_c, abs=1e-9)
            assert (out[1][j], out[2][j]) == pytest.approx((power_w, flow_w_k), rel=1e-12)
            assert (out[3][j], out[4][j]) == pytest.approx((metal, outlet), abs=2e-3)


def test_new_flows_give_new_shares() -> None:
    chance = np.random.default_rng(11)
    outlet_frac, air_w_k = room(10, chance, still=0.0)
    giver, taker = np.nonzero(outlet_frac)
    before = air_mix(giver, taker, outlet_frac[giver, taker], air_w_k)
    faster = air_w_k * chance.uniform(0.9, 1.1, 10)
    faster[4] = 0.0
    share, supply_frac = np.empty(before.share.size), np.empty(10)
    racks.shares_of_flows(before.first, before.neighbour, before.outlet_frac, faster, share, supply_frac)
    for j in range(10):
        row = slice(before.first[j], before.first[j + 1])
        wanted = [outlet_frac[i, j] * faster[i] / faster[j] if faster[j] else 0.0 for i in before.neighbour[row]]
        assert share[row] == pytest.approx(wanted, rel=1e-12)
        assert supply_frac[j] == pytest.approx(1.0 - sum(wanted))


def test_a_short_hall_is_server_air_going_round() -> None:
    for crah, it, bypass, heat_w in draws(60, (4.0, 14.0), (6.0, 12.0), (0.0, 0.4), (1e3, 2e5)):
        short = 1.0 - crah * (1.0 - bypass) / it
        if abs(short) < 0.15 or short > 0.7:
            continue  # near the switch the kernel is smoothed
        inlet_c, outlet_c = 20.0, 20.0
        for _ in range(400):
            inlet_c = max(short, 0.0) * outlet_c + (1.0 - max(short, 0.0)) * 20.0
            outlet_c = inlet_c + heat_w / (it * 1200.0)
        got = racks.lumped_air_c(20.0, heat_w, crah, it, bypass, 1200.0)
        assert got[:2] == pytest.approx((inlet_c, outlet_c), abs=0.02)
        bypassed = max(crah - it, 0.0) if short <= 0.0 else crah * bypass
        returned = ((crah - bypassed) * outlet_c + bypassed * 20.0) / crah
        assert got[2] == pytest.approx(returned, abs=0.02)


# --- metrics
def test_air_metrics() -> None:
    chance = np.random.default_rng(2)
    for _ in range(50):
        inlet_c, air_w_k = chance.uniform(14.0, 36.0, 9), chance.uniform(0.0, 900.0, 9)
        outlet_c = inlet_c + chance.uniform(2.0, 15.0, 9)
        shi, rhi = reference.heat_indices(inlet_c.tolist(), outlet_c.tolist(), air_w_k.tolist(), 13.0)
        assert air_metrics.supply_heat_index(inlet_c, outlet_c, air_w_k, 13.0) == pytest.approx(shi, rel=1e-12)
        assert air_metrics.return_heat_index(inlet_c, outlet_c, air_w_k, 13.0) == pytest.approx(rhi, rel=1e-12)
        high, low = (reference.cooling_index(inlet_c.tolist(), *limits) for limits in ((27.0, 32.0), (18.0, 15.0)))
        assert air_metrics.rack_cooling_index_high(inlet_c, 27.0, 32.0) == pytest.approx(high, rel=1e-12)
        assert air_metrics.rack_cooling_index_low(inlet_c, 18.0, 15.0) == pytest.approx(low, rel=1e-12)
        rise, difference = chance.uniform(5.0, 20.0, 2)
        rti = air_metrics.return_temperature_index(20.0 + difference, 20.0, 22.0 + rise, 22.0)
        assert rti * rise == pytest.approx(100.0 * difference)


# --- coils
def test_crossflow_is_two_streams_that_cross() -> None:
    for ntu, ratio in draws(25, (0.05, 5.0), (0.0, 1.0)):
        by_cells = reference.crossflow_by_cells(ntu, ratio)
        assert air_coils.crossflow_effectiveness(ntu, ratio) == pytest.approx(by_cells, abs=0.011)


def test_wet_coil_splits_its_heat_along_the_way() -> None:
    for t_c, rh, chw_c, share, air in draws(40, (20.0, 38.0), (0.2, 0.9), (4.0, 16.0), (0.05, 1.0), (1.0, 9.0)):
        ratio = humidity_ratio(t_c, rh, SEA_LEVEL_PA)
        heat_w = share * air * 1006.0 * (t_c - chw_c)
        got = air_coils.wet_coil(heat_w, t_c, ratio, chw_c, 1.5, air, SEA_LEVEL_PA)
        sensible, latent = reference.wet_coil(heat_w, t_c, ratio, chw_c + 1.5, air, SEA_LEVEL_PA)
        assert got[:2] == pytest.approx((sensible, latent), abs=2e-3 * heat_w)


def test_valve_and_its_inverse() -> None:
    for x, rangeability, authority, seat in draws(100, (-0.1, 1.1), (30.0, 50.0), (0.2, 1.0), (0.0, 0.1)):
        flow = reference.valve_flow(x, rangeability, authority, seat)
        assert air_coils.valve_flow_frac(x, rangeability, authority, seat) == pytest.approx(flow, abs=1e-9)
        if 0.0 < x < 1.0:
            opening = reference.valve_opening(flow, rangeability, authority, seat)
            assert air_coils.valve_opening_frac(flow, rangeability, authority, seat) == pytest.approx(opening, abs=1e-7)


# --- CRAC
def test_crac_power() -> None:
    for wet_c, outdoor_c, flow, heat_w, least, cop in draws(
        100, (10.0, 26.0), (-10.0, 50.0), (0.3, 1.7), (0.0, 8e4), (0.05, 1.0), (0.0, 25.0)
    ):
        crac = reference.Crac(dx.EXAMPLE_COIL, 50e3, 3.4, least, cop, 5.0, 10.0)
        got = dx.dx_power_w(COIL, 50e3, 3.4, least, cop, 5.0, 10.0, wet_c, outdoor_c, flow, heat_w)
        assert got[:2] == pytest.approx(crac.power(wet_c, outdoor_c, flow, heat_w), rel=1e-5, abs=1e-6)
        inside = 12.8 <= wet_c <= 23.9 and 18.0 <= outdoor_c <= 46.0 and 0.5 <= flow <= 1.5
        assert got[3] == (0.0 if inside else 1.0)


def test_crac_for_a_sensible_heat() -> None:
    for wanted_w, ratio, return_c, air, fan_w, outdoor_c in draws(
        80, (-5e3, 7e4), (0.7, 1.2), (24.0, 40.0), (1.5, 4.5), (0.0, 5e3), (0.0, 45.0)
    ):
        crac = reference.Crac(dx.EXAMPLE_COIL, 50e3, 3.4, 0.25, 15.0, 5.0, 10.0)
        power_w, supply_c, sensible_w, short, _ = dx.dx_for_sensible(
            COIL, 50e3, 3.4, 0.25, 15.0, 5.0, 10.0, ratio, wanted_w, return_c, 17.0, outdoor_c, air, 3.0, fan_w
        )
        most_w = min(ratio, 1.0) * crac.full_load(17.0, outdoor_c, air / 3.0)[0]
        reached = min(max(wanted_w, 0.0), most_w)
        assert sensible_w == pytest.approx(reached, abs=1e-6)
        assert short == (1.0 if wanted_w > most_w else 0.0)
        assert power_w == pytest.approx(
            crac.power(17.0, outdoor_c, air / 3.0, reached / min(ratio, 1.0))[0], rel=1e-5, abs=1e-6
        )
        # from the supply back to the heat
        assert air * 1006.0 * (return_c - supply_c) + fan_w == pytest.approx(reached, abs=1e-5)


# --- outside air
def test_outside_air_fractions() -> None:
    for supply_c, outdoor_c, return_c, least in draws(
        100, (16.0, 28.0), (-20.0, 40.0), (26.0, 40.0), (0.0, 0.3)
    ):  # fmt: skip
        wanted = reference.outside_frac(supply_c, outdoor_c, return_c, least)
        assert outside_air.frac_for_supply(supply_c, outdoor_c, return_c, least) == pytest.approx(wanted, abs=1e-8)
    for frac, outdoor, inside in draws(100, (0.0, 1.0), (0.0005, 0.006), (0.001, 0.012)):
        wanted = reference.not_too_dry(frac, outdoor, inside, 0.0018)
        assert outside_air.frac_not_too_dry(frac, outdoor, inside, 0.0018) == pytest.approx(wanted, abs=1e-8)


def test_high_limits() -> None:
    for outdoor_c, rh, return_c, return_rh in draws(150, (5.0, 40.0), (0.1, 1.0), (24.0, 40.0), (0.1, 0.4)):
        outdoor, inside = (
            humidity_ratio(t, r, SEA_LEVEL_PA) for t, r in ((outdoor_c, rh), (return_c, return_rh))
        )  # fmt: skip
        dry = outside_air.high_limit(outdoor_c, outdoor, return_c, inside, 0.0, 15.0, SEA_LEVEL_PA)
        assert (dry == outside_air.OPEN) == (outdoor_c < return_c)
        humid = outside_air.high_limit(outdoor_c, outdoor, return_c, inside, 1.0, 15.0, SEA_LEVEL_PA)
        dew_c = reference.dew_point_of_ratio_c(outdoor_c, outdoor, SEA_LEVEL_PA)
        too_much = enthalpy_j_kg(outdoor_c, outdoor) >= enthalpy_j_kg(return_c, inside)
        wanted = outside_air.TOO_HUMID if dew_c > 15.0 else outside_air.TOO_MUCH_HEAT if too_much else outside_air.OPEN
        assert humid == wanted


def test_mixed_air_is_two_streams_of_dry_air_put_together() -> None:
    for frac, outdoor_c, outdoor, return_c, inside in draws(
        50, (0.0, 1.0), (-20.0, 40.0), (0.001, 0.02), (24.0, 40.0), (0.002, 0.015)
    ):
        got = outside_air.mixed_air(frac, outdoor_c, outdoor, return_c, inside)
        outdoor_kg, return_kg = 7.0 * frac, 7.0 * (1.0 - frac)
        heat = outdoor_kg * outdoor_c + return_kg * return_c
        water = outdoor_kg * outdoor + return_kg * inside
        assert got == pytest.approx((heat / 7.0, water / 7.0), rel=1e-12, abs=1e-12)
