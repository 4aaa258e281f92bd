"""Laws no kernel may break, whatever it is fed: energy is kept, heat flows downhill, inverse solves run one way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from twin.domain.chillers import ChillerCurve
from twin.kernels import chillers, coils, fans, power, towers, zones
from twin.model.chiller_catalogue import CATALOGUE

SEA_LEVEL_PA = 101325.0
AIR_J_KG_K, WATER_J_KG_K = 1006.0, 4186.0
laws = settings(deadline=None, derandomize=True)  # no deadline: the first example may compile


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


# --- coils: 100 kW at 35/15 degC, 12 K on the air, 6 K on the water
COIL_AIR_KG_S, COIL_WATER_KG_S, COIL_UA_W_K = 8.284, 3.982, 9327.0


def coil_w(return_c: float, chw_in_c: float, air_kg_s: float, water_kg_s: float) -> float:
    return coils.coil_heat_w(return_c, chw_in_c, air_kg_s, water_kg_s, COIL_AIR_KG_S, COIL_WATER_KG_S, COIL_UA_W_K, 0.5)


def coil_water(
    supply_c: float, return_c: float, fan_heat_w: float, chw_in_c: float, air_kg_s: float
) -> tuple[float, float, float]:
    return coils.water_for_supply_kg_s(
        supply_c, return_c, fan_heat_w, chw_in_c, air_kg_s,
        COIL_AIR_KG_S, COIL_WATER_KG_S, 1.2 * COIL_WATER_KG_S, COIL_UA_W_K, 0.5,
    )  # fmt: skip


@laws
@given(ntu=between(0.0, 50.0), ratio=between(0.0, 1.0))
def test_effectiveness_lies_between_nothing_and_everything(ntu: float, ratio: float) -> None:
    assert 0.0 <= coils.counterflow_effectiveness(ntu, ratio) <= 1.0 + 1e-12


@laws
@given(ntu=between(0.01, 20.0), gap=between(1e-9, 1e-4))
def test_effectiveness_has_no_hole_where_the_capacity_rates_are_equal(ntu: float, gap: float) -> None:
    assert coils.counterflow_effectiveness(ntu, 1.0 - gap) == pytest.approx(ntu / (1.0 + ntu), rel=1e-3)


@laws
@given(
    return_c=between(24.0, 45.0),
    chw_in_c=between(5.0, 23.0),
    air_kg_s=between(0.5, 12.0),
    water_kg_s=between(0.05, 6.0),
)
def test_coil_never_cools_air_below_the_water_nor_heats_water_above_the_air(
    return_c: float, chw_in_c: float, air_kg_s: float, water_kg_s: float
) -> None:
    heat_w = coil_w(return_c, chw_in_c, air_kg_s, water_kg_s)
    assert heat_w >= 0.0
    assert return_c - heat_w / (air_kg_s * AIR_J_KG_K) >= chw_in_c - 1e-9
    assert chw_in_c + heat_w / (water_kg_s * WATER_J_KG_K) <= return_c + 1e-9


@laws
@given(
    supply_c=between(14.0, 30.0), return_c=between(20.0, 45.0), fan_heat_w=between(0.0, 6e3),
    chw_in_c=between(5.0, 22.0), air_kg_s=between(1.0, 10.0),
)  # fmt: skip
def test_coil_water_takes_the_heat_the_air_and_the_fan_give(
    supply_c: float, return_c: float, fan_heat_w: float, chw_in_c: float, air_kg_s: float
) -> None:
    assume(return_c > chw_in_c)
    water_kg_s, reached_c, _ = coil_water(supply_c, return_c, fan_heat_w, chw_in_c, air_kg_s)
    from_air_w = air_kg_s * AIR_J_KG_K * (return_c - reached_c) + fan_heat_w
    assert coil_w(return_c, chw_in_c, air_kg_s, water_kg_s) == pytest.approx(from_air_w, rel=1e-5, abs=1.0)


@laws
@given(
    supply_c=between(12.0, 30.0), warmer_k=between(0.1, 5.0), return_c=between(30.0, 42.0), air_kg_s=between(2.0, 9.0)
)
def test_a_warmer_supply_setpoint_never_asks_for_more_water(
    supply_c: float, warmer_k: float, return_c: float, air_kg_s: float
) -> None:
    cold = coil_water(supply_c, return_c, 2e3, 10.0, air_kg_s)
    warm = coil_water(supply_c + warmer_k, return_c, 2e3, 10.0, air_kg_s)
    assert warm[0] <= cold[0] + 1e-9
    assert warm[1] >= cold[1] - 1e-9


@laws
@given(
    supply_c=between(10.0, 26.0), return_c=between(28.0, 45.0), chw_in_c=between(6.0, 24.0), air_kg_s=between(2.0, 12.0)
)
def test_a_supply_above_its_setpoint_is_always_flagged(
    supply_c: float, return_c: float, chw_in_c: float, air_kg_s: float
) -> None:
    water_kg_s, reached_c, saturated = coil_water(supply_c, return_c, 2e3, chw_in_c, air_kg_s)
    assert reached_c >= supply_c - 1e-9
    assert (saturated == 1.0) == (water_kg_s == 1.2 * COIL_WATER_KG_S)
    if reached_c > supply_c + 1e-9:
        assert saturated == 1.0


# --- halls
def hall_step(
    air_c: float, metal_c: float, supply_w_k: float, envelope_w_k: float, it_w: float, dt_s: float
) -> tuple[float, float]:
    return zones.zone_step_c(air_c, metal_c, 2.9e6, 24e6, supply_w_k, 50e3, envelope_w_k, 22.0, 30.0, 12e3, it_w, dt_s)


def stored_j(before: tuple[float, float], after: tuple[float, float]) -> float:
    return 2.9e6 * (after[0] - before[0]) + 24e6 * (after[1] - before[1])


@laws
@given(
    air_c=between(15.0, 50.0), metal_c=between(15.0, 70.0), supply_w_k=between(5e3, 1.2e5),
    envelope_w_k=between(0.0, 3e3), it_w=between(0.0, 1.5e6), dt_s=between(1.0, 120.0),
)  # fmt: skip
def test_hall_stores_what_goes_in_less_what_the_air_carries_out(
    air_c: float, metal_c: float, supply_w_k: float, envelope_w_k: float, it_w: float, dt_s: float
) -> None:
    after = hall_step(air_c, metal_c, supply_w_k, envelope_w_k, it_w, dt_s)
    # what leaves follows the air temperature within the step: Gauss-Legendre over the kernel's own path
    nodes, weights = np.polynomial.legendre.leggauss(40)
    out_j = 0.0
    for node, weight in zip(nodes, weights, strict=True):
        t_s = 0.5 * dt_s * (float(node) + 1.0)
        now_c, _ = hall_step(air_c, metal_c, supply_w_k, envelope_w_k, it_w, t_s)
        out_j += 0.5 * dt_s * float(weight) * (supply_w_k * (now_c - 22.0) + envelope_w_k * (now_c - 30.0))
    into_j = (it_w + 12e3) * dt_s
    assert stored_j((air_c, metal_c), after) == pytest.approx(into_j - out_j, rel=1e-6, abs=1e-6 * into_j + 1.0)


@laws
@given(air_c=between(15.0, 50.0), metal_c=between(15.0, 70.0), it_w=between(1e4, 1.5e6), dt_s=between(1.0, 600.0))
def test_a_closed_hall_keeps_every_joule(air_c: float, metal_c: float, it_w: float, dt_s: float) -> None:
    after = hall_step(air_c, metal_c, 0.0, 0.0, it_w, dt_s)
    assert stored_j((air_c, metal_c), after) == pytest.approx((it_w + 12e3) * dt_s, rel=1e-6)


@laws
@given(air_c=between(15.0, 50.0), metal_c=between(15.0, 70.0), supply_w_k=between(1e3, 1.2e5), dt_s=between(1.0, 900.0))
def test_two_half_steps_of_a_hall_make_a_whole_one(
    air_c: float, metal_c: float, supply_w_k: float, dt_s: float
) -> None:
    whole = hall_step(air_c, metal_c, supply_w_k, 1e3, 750e3, dt_s)
    half = hall_step(air_c, metal_c, supply_w_k, 1e3, 750e3, 0.5 * dt_s)
    assert hall_step(*half, supply_w_k, 1e3, 750e3, 0.5 * dt_s) == pytest.approx(whole, abs=1e-6)


@laws
@given(supply_w_k=between(5e3, 1.2e5), envelope_w_k=between(0.0, 3e3), it_w=between(0.0, 1.5e6))
def test_a_steady_hall_loses_what_it_gains_and_stays(supply_w_k: float, envelope_w_k: float, it_w: float) -> None:
    air_c, metal_c = zones.zone_steady_c(supply_w_k, 50e3, envelope_w_k, 22.0, 30.0, 12e3, it_w)
    lost_w = supply_w_k * (air_c - 22.0) + envelope_w_k * (air_c - 30.0)
    assert lost_w == pytest.approx(it_w + 12e3, rel=1e-9)
    stayed = hall_step(air_c, metal_c, supply_w_k, envelope_w_k, it_w, 600.0)
    assert stayed == pytest.approx((air_c, metal_c), abs=1e-6)


@laws
@given(crah_m3_s=between(0.0, 60.0), it_m3_s=between(0.1, 60.0), bypass=between(0.0, 0.5), more_m3_s=between(0.0, 5.0))
def test_more_supply_air_never_recirculates_more(
    crah_m3_s: float, it_m3_s: float, bypass: float, more_m3_s: float
) -> None:
    less_air = zones.recirculated_frac(crah_m3_s, it_m3_s, bypass)
    more_air = zones.recirculated_frac(crah_m3_s + more_m3_s, it_m3_s, bypass)
    assert 0.0 <= more_air <= less_air + 1e-12
    assert less_air <= 1.0


# --- chillers, inside the box their curves were fitted in
@laws
@given(
    curve=st.sampled_from(sorted(CATALOGUE.items())).map(lambda item: item[1]),
    x=between(0.0, 1.0), y=between(0.0, 1.0), part_load=between(0.05, 1.0),
)  # fmt: skip
def test_no_chiller_beats_carnot(curve: ChillerCurve, x: float, y: float, part_load: float) -> None:
    chws_c = (1.0 - x) * curve.chws_c[0] + x * curve.chws_c[1]  # exact at both ends of the box
    condenser_c = (1.0 - y) * curve.condenser_c[0] + y * curve.condenser_c[1]
    assume(condenser_c > chws_c)  # without lift Carnot sets no bound
    packed = curve.packed()
    load_w = part_load * chillers.chiller_capacity_w(packed, curve.capacity_w, chws_c, condenser_c)
    power_w, _, outside = chillers.chiller_power_w(
        packed, curve.capacity_w, curve.cop, 0.0, chws_c, condenser_c, load_w
    )
    assert outside == 0.0
    assert power_w > 0.0
    assert load_w / power_w <= (chws_c + 273.15) / (condenser_c - chws_c)


# --- towers: a 1.5 MW cell at 35/29.44 degC and 25.55 degC wet bulb
CELL_WATER_KG_S, CELL_AIR_KG_S, CELL_UA_W_K = towers.size_tower(1.5e6, 35.0, 29.44, 25.55, SEA_LEVEL_PA)


def cell_w(inlet_c: float, wet_bulb_c: float, water_kg_s: float, air_frac: float) -> float:
    return towers.tower_cell_heat_w(
        inlet_c, wet_bulb_c, 25.55, water_kg_s, CELL_WATER_KG_S, CELL_AIR_KG_S, CELL_UA_W_K, air_frac, SEA_LEVEL_PA
    )


def cell_fan(outlet_c: float, heat_w: float, wet_bulb_c: float) -> tuple[float, float, float]:
    return towers.tower_fan_frac(
        outlet_c, heat_w, wet_bulb_c, 25.55, CELL_WATER_KG_S, CELL_WATER_KG_S, CELL_AIR_KG_S, CELL_UA_W_K, SEA_LEVEL_PA
    )


@laws
@given(
    wet_bulb_c=between(-10.0, 28.0), above_k=between(-5.0, 20.0), water=between(0.3, 1.0), air_frac=between(0.0, 1.0)
)
def test_no_tower_cools_water_below_the_wet_bulb(
    wet_bulb_c: float, above_k: float, water: float, air_frac: float
) -> None:
    inlet_c = wet_bulb_c + above_k
    heat_w = cell_w(inlet_c, wet_bulb_c, water * CELL_WATER_KG_S, air_frac)
    assert heat_w >= 0.0
    outlet_c = inlet_c - heat_w / (water * CELL_WATER_KG_S * WATER_J_KG_K)
    assert outlet_c >= min(wet_bulb_c, inlet_c) - 1e-6


@laws
@given(wet_bulb_c=between(0.0, 26.0), above_k=between(2.0, 15.0), slow=between(0.0, 1.0), fast=between(0.0, 1.0))
def test_a_faster_fan_never_rejects_less(wet_bulb_c: float, above_k: float, slow: float, fast: float) -> None:
    slow, fast = min(slow, fast), max(slow, fast)
    slow_w = cell_w(wet_bulb_c + above_k, wet_bulb_c, CELL_WATER_KG_S, slow)
    assert cell_w(wet_bulb_c + above_k, wet_bulb_c, CELL_WATER_KG_S, fast) >= slow_w * (1.0 - 1e-4)


@laws
@given(wet_bulb_c=between(0.0, 24.0), heat_w=between(1e5, 2e6), outlet_c=between(14.0, 34.0))
def test_a_tower_rejects_the_heat_it_was_given(wet_bulb_c: float, heat_w: float, outlet_c: float) -> None:
    air_frac, reached_c, saturated = cell_fan(outlet_c, heat_w, wet_bulb_c)
    inlet_c = reached_c + heat_w / (CELL_WATER_KG_S * WATER_J_KG_K)
    # with the fan off, free convection may reject more than the load while the solve still answers with the setpoint
    assume(air_frac > 1e-4)
    assert cell_w(inlet_c, wet_bulb_c, CELL_WATER_KG_S, air_frac) == pytest.approx(heat_w, rel=1e-3)
    assert (saturated == 1.0) == (air_frac == 1.0)


@laws
@given(
    wet_bulb_c=between(0.0, 24.0), heat_w=between(1e5, 1.8e6), outlet_c=between(14.0, 32.0), warmer_k=between(0.1, 5.0)
)
def test_warmer_condenser_water_never_asks_for_a_faster_fan(
    wet_bulb_c: float, heat_w: float, outlet_c: float, warmer_k: float
) -> None:
    assert cell_fan(outlet_c + warmer_k, heat_w, wet_bulb_c)[0] <= cell_fan(outlet_c, heat_w, wet_bulb_c)[0] + 1e-4


@laws
@given(
    wet_bulb_c=between(0.0, 20.0), heat_w=between(1e5, 1.8e6), outlet_c=between(14.0, 32.0), more_k=between(0.1, 4.0)
)
def test_a_higher_wet_bulb_never_asks_for_a_slower_fan(
    wet_bulb_c: float, heat_w: float, outlet_c: float, more_k: float
) -> None:
    assert cell_fan(outlet_c, heat_w, wet_bulb_c + more_k)[0] >= cell_fan(outlet_c, heat_w, wet_bulb_c)[0] - 1e-4


# --- fans and the power chain
@laws
@given(slow=between(0.0, 1.2), fast=between(0.0, 1.2))
def test_more_flow_never_costs_less_power(slow: float, fast: float) -> None:
    slow, fast = min(slow, fast), max(slow, fast)
    assert fans.vfd_fan_ratio(fast) >= fans.vfd_fan_ratio(slow) - 1e-12
    assert fans.vfd_pump_ratio(fast) >= fans.vfd_pump_ratio(slow) - 1e-12


UPS_CURVES = ((0.0085, 0.0085, 0.0175), (0.0305, 0.0057, 0.0390), (0.0035, 0.0025, 0.0035))


@laws
@given(
    curve=st.sampled_from(UPS_CURVES), output_w=between(0.0, 1e6), modules=st.integers(1, 10), more_w=between(0.0, 1e5)
)
def test_ups_takes_in_what_it_gives_out_and_what_its_modules_lose(
    curve: tuple[float, float, float], output_w: float, modules: int, more_w: float
) -> None:
    loss_w = power.ups_loss_w(output_w, float(modules), 200e3, *curve)
    each_w = power.ups_loss_w(output_w / modules, 1.0, 200e3, *curve)
    assert loss_w == pytest.approx(modules * each_w, rel=1e-12)
    assert loss_w >= modules * 200e3 * curve[0] * (1.0 - 1e-12)
    assert power.ups_loss_w(output_w + more_w, float(modules), 200e3, *curve) >= loss_w - 1e-9


@laws
@given(load_w=between(0.0, 4e6), count=st.integers(1, 4))
def test_transformers_share_a_load_without_gaining_any(load_w: float, count: int) -> None:
    loss_w = power.transformer_loss_w(load_w, float(count), 2.5e6, 2790.0, 19e3, 0.97)
    one_w = power.transformer_loss_w(load_w / count, 1.0, 2.5e6, 2790.0, 19e3, 0.97)
    assert loss_w == pytest.approx(count * one_w, rel=1e-12)
    assert math.isfinite(loss_w)
    assert loss_w >= count * 2790.0
