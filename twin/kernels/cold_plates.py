"""Cold plates: how a rack's heat splits between liquid and air, and how hot the chips get.

Source: two thermal resistances in series, one falling with flow; docs/reference/equations.md#liquid-cooling.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel

# volumetric heat capacity, J/m3K
WATER_J_M3_K = 4177628.0
PG25_J_M3_K = 4009250.0


@kernel
def split_heat_w(it_w: float, liquid_frac: float) -> tuple[float, float]:
    """(heat into liquid, heat left to the air) of racks that draw `it_w`, W; `liquid_frac` is held inside 0..1.

    Source: cold plates on processors alone catch 0.70..0.85; docs/reference/equations.md#liquid-cooling.
    """
    if liquid_frac != liquid_frac:
        return liquid_frac, liquid_frac
    liquid_w = it_w * min(max(liquid_frac, 0.0), 1.0)
    return liquid_w, it_w - liquid_w


@kernel
def coolant_flow_m3_s(liquid_w: float, flow_m3_s_w: float) -> float:
    """Coolant flow for `liquid_w` at a flow per watt (1.2 L/min per kW is 2e-8 m3/s per W), m3/s."""
    return max(liquid_w, 0.0) * flow_m3_s_w if liquid_w == liquid_w else liquid_w


@kernel
def coolant_rise_k(flow_m3_s_w: float, fluid_j_m3_k: float) -> float:
    """Rise of the coolant across the plates, K, from its flow per watt."""
    return 1.0 / max(flow_m3_s_w * fluid_j_m3_k, 1e-12) if flow_m3_s_w == flow_m3_s_w else flow_m3_s_w


@kernel
def case_rise_k(
    power_w: float,
    flow_m3_s: float,
    flow0_m3_s: float,
    fixed_k_w: float,
    convective_k_w: float,
    exponent: float,
    fluid_j_m3_k: float,
) -> float:
    """Chip case above its coolant supply, K.

    Args:
        power_w: Heat of the chip.
        flow_m3_s: Coolant through its plate; below a thousandth of `flow0_m3_s` that thousandth stands in.
        flow0_m3_s: Flow at which `convective_k_w` holds.
        fixed_k_w: Resistance that flow does not change, K/W.
        convective_k_w: Resistance that falls with flow, K/W.
        exponent: How steeply, 0.6..0.8.
        fluid_j_m3_k: Volumetric heat capacity of the coolant.
    Source: docs/reference/equations.md#liquid-cooling.
    """
    if flow_m3_s != flow_m3_s:
        return flow_m3_s
    flow = max(flow_m3_s, 1e-3 * flow0_m3_s)
    convective = convective_k_w * math.pow(flow / flow0_m3_s, -exponent)
    return power_w * (fixed_k_w + convective + 0.5 / (flow * fluid_j_m3_k))


@kernel
def highest_supply_c(
    case_limit_c: float,
    power_w: float,
    flow_m3_s: float,
    flow0_m3_s: float,
    fixed_k_w: float,
    convective_k_w: float,
    exponent: float,
    fluid_j_m3_k: float,
) -> float:
    """Warmest coolant supply that keeps the case at its limit, degC."""
    return case_limit_c - case_rise_k(power_w, flow_m3_s, flow0_m3_s, fixed_k_w, convective_k_w, exponent, fluid_j_m3_k)
