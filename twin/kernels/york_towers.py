"""Open cooling towers by the York approach polynomial: outlet, heat, and the fan speed for a wanted outlet.

Source: EnergyPlus CoolingTower:VariableSpeed, YorkCalc; docs/reference/equations.md#york-towers.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, kernel

WATER_J_KG_K = 4186.0
FREE_CONVECTION_FRAC = 0.125  # of what would cool the water to its wet bulb


@kernel
def _clamped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


@kernel
def _in_ratio(coefficients: Floats, range_k: float, wet_bulb_c: float) -> tuple[float, float, float]:
    """The polynomial at one range and wet bulb: approach = a0 + a1 L + a2 L^2, L = water to air flow ratio."""
    t, r = _clamped(wet_bulb_c, -34.4, 26.7), _clamped(range_k, 1.1, 22.2)
    a0, a1, a2 = 0.0, 0.0, 0.0
    for e in range(3):
        value = 0.0
        for j in range(2, -1, -1):
            at = 9 * e + 3 * j
            value = value * r + coefficients[at] + t * (coefficients[at + 1] + t * coefficients[at + 2])
        if e == 0:
            a0 = value
        elif e == 1:
            a1 = value
        else:
            a2 = value
    return a0, a1, a2


@kernel
def _greatest_ratio(a1: float, a2: float) -> float:
    """The flow ratio up to which the approach rises; the regression falls again behind its crest."""
    return min(8.0, -a1 / (2.0 * a2)) if a2 < 0.0 else 8.0


@kernel
def york_approach_k(
    coefficients: Floats, ratio_scale: float, range_k: float, wet_bulb_c: float, water_frac: float, air_frac: float
) -> tuple[float, float]:
    """(approach of the outlet to the wet bulb K, at least 0; 1.0 when outside the fitted box).

    `coefficients`, shape (27,): place 9e + 3j + i multiplies wet bulb^i * range^j * ratio^e. `ratio_scale`: see
    `size_york`. Fitted for a wet bulb of -34.4..26.7 degC, a range of 1.1..22.2 K, water 0.75..1.25 of design, a flow
    ratio up to 8 and an approach of 1.1..40 K; inputs are clamped there, the ratio also where the approach would fall
    with less air.
    """
    missing = ratio_scale + range_k + wet_bulb_c + water_frac + air_frac
    if missing != missing:
        return missing, 0.0
    a0, a1, a2 = _in_ratio(coefficients, range_k, wet_bulb_c)
    water = _clamped(water_frac, 0.75, 1.25)
    wanted = ratio_scale * water / max(air_frac, 1e-6)
    ratio = min(wanted, _greatest_ratio(a1, a2))
    approach_k = a0 + ratio * (a1 + ratio * a2)
    inside = (
        1.1 <= range_k <= 22.2
        and -34.4 <= wet_bulb_c <= 26.7
        and water == water_frac
        and 0.75 <= ratio_scale * water <= 1.25
        and ratio == wanted
        and 1.1 <= approach_k <= 40.0
    )
    return max(approach_k, 0.0), 0.0 if inside else 1.0


@kernel
def _forced_heat_w(
    coefficients: Floats,
    ratio_scale: float,
    water_in_c: float,
    wet_bulb_c: float,
    water_kg_s: float,
    water_frac: float,
    air_frac: float,
) -> tuple[float, float]:
    """(heat W, 1.0 outside the box) with running fans: range plus approach make up inlet minus wet bulb."""
    gap_k = water_in_c - wet_bulb_c
    low, high = 0.0, gap_k
    for _ in range(48):
        middle = 0.5 * (low + high)
        approach_k, _ = york_approach_k(coefficients, ratio_scale, middle, wet_bulb_c, water_frac, air_frac)
        if middle + approach_k < gap_k:
            low = middle
        else:
            high = middle
    _, outside = york_approach_k(coefficients, ratio_scale, low, wet_bulb_c, water_frac, air_frac)
    return low * water_kg_s * WATER_J_KG_K, outside


@kernel
def york_heat_w(
    coefficients: Floats,
    ratio_scale: float,
    water_in_c: float,
    wet_bulb_c: float,
    water_kg_s: float,
    water0_kg_s: float,
    air_frac: float,
    least_air_frac: float,
) -> tuple[float, float]:
    """(heat rejected by one cell W, 1.0 when outside the fitted box) for a known inlet.

    Below `least_air_frac` the fan cycles: linear between free convection, an eighth of what would cool the water to
    the wet bulb, and the heat at that least speed. The outlet is never below the wet bulb.
    """
    missing = water_in_c + wet_bulb_c + water_kg_s + air_frac
    if missing != missing:
        return missing, 0.0
    if water_kg_s <= 1e-9 or water_in_c <= wet_bulb_c:
        return 0.0, 0.0
    water_frac = water_kg_s / water0_kg_s
    running = max(air_frac, least_air_frac)
    heat_w, outside = _forced_heat_w(coefficients, ratio_scale, water_in_c, wet_bulb_c, water_kg_s, water_frac, running)
    if air_frac >= least_air_frac:
        return heat_w, outside
    free_w = FREE_CONVECTION_FRAC * water_kg_s * WATER_J_KG_K * (water_in_c - wet_bulb_c)
    return free_w + max(air_frac, 0.0) / least_air_frac * max(heat_w - free_w, 0.0), outside


@kernel
def york_fan_frac(
    coefficients: Floats,
    ratio_scale: float,
    outlet_c: float,
    heat_w: float,
    wet_bulb_c: float,
    water_kg_s: float,
    water0_kg_s: float,
    least_air_frac: float,
) -> tuple[float, float, float, float]:
    """(fan fraction, outlet degC reached, 1.0 when full speed is too little, 1.0 when outside the fitted box).

    The approach is a parabola in the flow ratio, so its inverse is the root on the rising branch. With little heat the
    cell does without its fan and the outlet falls below its setpoint.
    """
    missing = outlet_c + heat_w + wet_bulb_c + water_kg_s
    if missing != missing:
        return missing, missing, 0.0, 0.0
    if heat_w <= 0.0 or water_kg_s <= 1e-9:
        return 0.0, wet_bulb_c, 0.0, 0.0
    water_w_k = water_kg_s * WATER_J_KG_K
    range_k, water_frac = heat_w / water_w_k, water_kg_s / water0_kg_s
    wanted_k = outlet_c - wet_bulb_c
    best_k, outside = york_approach_k(coefficients, ratio_scale, range_k, wet_bulb_c, water_frac, 1.0)
    if wanted_k < best_k:
        return 1.0, wet_bulb_c + best_k, 1.0, outside
    slow_k, outside = york_approach_k(coefficients, ratio_scale, range_k, wet_bulb_c, water_frac, least_air_frac)
    if wanted_k <= slow_k:
        a0, a1, a2 = _in_ratio(coefficients, range_k, wet_bulb_c)
        root = math.sqrt(max(a1 * a1 - 4.0 * a2 * (a0 - wanted_k), 0.0))
        ratio = 2.0 * (wanted_k - a0) / max(a1 + root, 1e-12)
        fan = ratio_scale * _clamped(water_frac, 0.75, 1.25) / max(ratio, 1e-12)
        fan = _clamped(fan, least_air_frac, 1.0)
        _, outside = york_approach_k(coefficients, ratio_scale, range_k, wet_bulb_c, water_frac, fan)
        return fan, outlet_c, 0.0, outside
    free_k = range_k * (1.0 / FREE_CONVECTION_FRAC - 1.0)
    if wanted_k >= free_k:
        return 0.0, wet_bulb_c + free_k, 0.0, outside
    inlet_c = outlet_c + range_k
    free_w = FREE_CONVECTION_FRAC * water_w_k * (inlet_c - wet_bulb_c)
    slow_w, outside = _forced_heat_w(
        coefficients, ratio_scale, inlet_c, wet_bulb_c, water_kg_s, water_frac, least_air_frac
    )
    share = _clamped((heat_w - free_w) / max(slow_w - free_w, 1e-9), 0.0, 1.0)
    return share * least_air_frac, outlet_c, 0.0, outside


@kernel
def size_york(
    coefficients: Floats, heat_w: float, inlet_c: float, outlet_c: float, design_wet_bulb_c: float
) -> tuple[float, float, float]:
    """(design water kg/s, `ratio_scale`, 1.0 when the design lies outside the fitted box) of one cell.

    `ratio_scale` is the water ratio at which the reference tower has this approach with full air; all later flow
    ratios are multiplied by it, so that the design point is met. NaN without a range.
    """
    range_k, approach_k = inlet_c - outlet_c, outlet_c - design_wet_bulb_c
    missing = heat_w + range_k + approach_k
    if missing != missing or range_k <= 0.0:
        return math.nan, math.nan, 0.0
    water_kg_s = heat_w / (WATER_J_KG_K * range_k)
    a0, a1, a2 = _in_ratio(coefficients, range_k, design_wet_bulb_c)
    root = math.sqrt(max(a1 * a1 - 4.0 * a2 * (a0 - approach_k), 0.0))
    scale = _clamped(2.0 * (approach_k - a0) / max(a1 + root, 1e-12), 1e-3, 8.0)
    _, outside = york_approach_k(coefficients, scale, range_k, design_wet_bulb_c, 1.0, 1.0)
    return water_kg_s, scale, outside
