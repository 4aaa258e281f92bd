"""Plate heat exchangers between two liquids, such as a water-side economiser.

Source: counterflow effectiveness-NTU, film coefficients by flow to the power 0.8 on both sides.
See docs/reference/equations.md#plate-exchangers.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel
from twin.kernels.coils import counterflow_effectiveness


@kernel
def plate_ua_w_k(ua0_w_k: float, hot_frac: float, cold_frac: float) -> float:
    """UA at part flow; both films carry the same share of the resistance at design. Flow ratios at least 1e-3."""
    hot = math.pow(max(hot_frac, 1e-3), 0.8)
    cold = math.pow(max(cold_frac, 1e-3), 0.8)
    return 2.0 * ua0_w_k * hot * cold / (hot + cold)


@kernel
def plate_heat_w(
    hot_in_c: float,
    cold_in_c: float,
    hot_kg_s: float,
    cold_kg_s: float,
    hot0_kg_s: float,
    cold0_kg_s: float,
    ua0_w_k: float,
    hot_j_kg_k: float,
    cold_j_kg_k: float,
) -> float:
    """Heat from the hot to the cold side, W; negative when the cold side is the warmer, 0 without flow."""
    missing = hot_in_c + cold_in_c + hot_kg_s + cold_kg_s
    if missing != missing:
        return missing
    if hot_kg_s <= 1e-9 or cold_kg_s <= 1e-9:
        return 0.0
    hot_w_k, cold_w_k = hot_kg_s * hot_j_kg_k, cold_kg_s * cold_j_kg_k
    least = min(hot_w_k, cold_w_k)
    ua = plate_ua_w_k(ua0_w_k, hot_kg_s / hot0_kg_s, cold_kg_s / cold0_kg_s)
    return counterflow_effectiveness(ua / least, least / max(hot_w_k, cold_w_k)) * least * (hot_in_c - cold_in_c)


@kernel
def cold_flow_for_heat_kg_s(
    wanted_w: float,
    hot_in_c: float,
    cold_in_c: float,
    hot_kg_s: float,
    hot0_kg_s: float,
    cold0_kg_s: float,
    cold_most_kg_s: float,
    ua0_w_k: float,
    hot_j_kg_k: float,
    cold_j_kg_k: float,
    start_kg_s: float,
) -> tuple[float, float, float]:
    """(cold side kg/s, heat W reached, 1.0 when the greatest flow is too little) for a wanted heat.

    The heat rises with the flow, steeply first: Illinois' regula falsi to 1e-9 of the heat. `start_kg_s`: the flow
    tried first, such as the last answer; anything outside 0..`cold_most_kg_s` is no hint.
    """
    missing = wanted_w + hot_in_c + cold_in_c + hot_kg_s
    if missing != missing:
        return missing, missing, 0.0
    if wanted_w <= 0.0:
        return 0.0, 0.0, 0.0
    most_w = plate_heat_w(
        hot_in_c, cold_in_c, hot_kg_s, cold_most_kg_s, hot0_kg_s, cold0_kg_s, ua0_w_k, hot_j_kg_k, cold_j_kg_k
    )
    if most_w <= wanted_w:
        # a cold side that is the warmer one would only heat: keep it shut
        return (cold_most_kg_s, most_w, 1.0) if most_w > 0.0 else (0.0, 0.0, 1.0)
    low, low_w, high, high_w = 0.0, -wanted_w, cold_most_kg_s, most_w - wanted_w
    flow, side = start_kg_s, 0
    for _ in range(60):
        if not low < flow < high:
            flow = (low * high_w - high * low_w) / (high_w - low_w)
        error_w = (
            plate_heat_w(hot_in_c, cold_in_c, hot_kg_s, flow, hot0_kg_s, cold0_kg_s, ua0_w_k, hot_j_kg_k, cold_j_kg_k)
            - wanted_w
        )
        if abs(error_w) <= 1e-9 * wanted_w:
            break
        if error_w < 0.0:
            low, low_w = flow, error_w
            high_w = 0.5 * high_w if side < 0 else high_w
            side = -1
        else:
            high, high_w = flow, error_w
            low_w = 0.5 * low_w if side > 0 else low_w
            side = 1
        flow = (low * high_w - high * low_w) / (high_w - low_w)
    return flow, wanted_w, 0.0


@kernel
def size_plate(
    heat_w: float,
    hot_in_c: float,
    cold_in_c: float,
    approach_k: float,
    cold_rise_k: float,
    hot_j_kg_k: float,
    cold_j_kg_k: float,
) -> tuple[float, float, float]:
    """(hot side kg/s, cold side kg/s, UA W/K) of an exchanger for its design point; NaN for an impossible one.

    `approach_k`: hot outlet minus cold inlet, usually 1 to 2 K. `cold_rise_k`: warming of the cold side.
    """
    hot_fall_k = hot_in_c - cold_in_c - approach_k
    possible = heat_w > 0.0 and approach_k > 0.0 and hot_fall_k > 0.0 and 0.0 < cold_rise_k < hot_in_c - cold_in_c
    if not possible:
        return math.nan, math.nan, math.nan
    # textbook logarithmic mean of the two end differences
    warm_end_k = hot_in_c - (cold_in_c + cold_rise_k)
    if abs(warm_end_k - approach_k) < 1e-6 * approach_k:
        mean_k = 0.5 * (warm_end_k + approach_k)
    else:
        mean_k = (warm_end_k - approach_k) / math.log(warm_end_k / approach_k)
    return heat_w / (hot_fall_k * hot_j_kg_k), heat_w / (cold_rise_k * cold_j_kg_k), heat_w / mean_k
