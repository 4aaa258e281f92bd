"""Counterflow heat exchangers with flow-dependent UA, and the valve that holds a supply temperature.

Source: effectiveness-NTU; UA exponents 0.8 (air) and 0.85 (water); docs/reference/equations.md#coils.
"""

from __future__ import annotations

import math

from twin.kernels._jit import inlined_kernel, kernel
from twin.kernels.exponential import exp_of


@kernel
def counterflow_effectiveness(ntu: float, capacity_ratio: float) -> float:
    """Effectiveness 0..1; the formula's hole at a capacity ratio of 1 is filled by its limit."""
    z = min(max(capacity_ratio, 0.0), 1.0)
    if abs(1.0 - z) < 1e-6:
        return ntu / (1.0 + ntu)
    decay = math.exp(-ntu * (1.0 - z))
    return (1.0 - decay) / (1.0 - z * decay)


@inlined_kernel
def one_side_share(ntu: float, ratio: float, ntu_slope: float, ratio_fall: float) -> tuple[float, float]:
    """(share of one side's greatest heat that passes, its slope): counterflow with either side the weaker.

    `ratio` is this side's capacity rate over the other's; it falls by `ratio_fall` where `ntu` rises by `ntu_slope`.
    Without branches, for loops that run in vectors: rates that are equal to 1e-5 count as that far apart.
    """
    gap = 1.0 - ratio
    gap = (1e-5 if gap >= 0.0 else -1e-5) if abs(gap) < 1e-5 else gap
    ratio = 1.0 - gap
    decay = exp_of(-ntu * gap)
    decay_fall = decay * (ntu_slope * gap + ntu * ratio_fall)
    per_below = 1.0 / (1.0 - ratio * decay)
    share = (1.0 - decay) * per_below
    return share, (decay_fall - share * (decay * ratio_fall + ratio * decay_fall)) * per_below


@kernel
def coil_ua_w_k(ua0_w_k: float, ha_ratio: float, air_frac: float, water_frac: float) -> float:
    """UA at part flow: two resistances in series, `ha_ratio` = (air side hA) / (water side hA) at the design point."""
    # 1/UA0 = 1/hAa0 + 1/hAw0 with hAa0 = ha_ratio*hAw0
    water0 = ua0_w_k * (1.0 + ha_ratio) / ha_ratio
    air0 = water0 * ha_ratio
    air = air0 * math.pow(max(air_frac, 1e-3), 0.8)
    water = water0 * math.pow(max(water_frac, 1e-3), 0.85)
    return 1.0 / (1.0 / air + 1.0 / water)


@kernel
def coil_heat_w(
    return_c: float,
    chw_in_c: float,
    air_kg_s: float,
    water_kg_s: float,
    air0_kg_s: float,
    water0_kg_s: float,
    ua0_w_k: float,
    ha_ratio: float,
) -> float:
    """Heat from air to water, W, of a dry counterflow coil; 0 without flow."""
    if air_kg_s <= 1e-9 or water_kg_s <= 1e-9:
        return 0.0
    air_w_k = air_kg_s * 1006.0
    water_w_k = water_kg_s * 4186.0
    least = min(air_w_k, water_w_k)
    ua = coil_ua_w_k(ua0_w_k, ha_ratio, air_kg_s / air0_kg_s, water_kg_s / water0_kg_s)
    return counterflow_effectiveness(ua / least, least / max(air_w_k, water_w_k)) * least * (return_c - chw_in_c)


@kernel
def water_for_heat_kg_s(
    wanted_w: float,
    return_c: float,
    chw_in_c: float,
    air_kg_s: float,
    air0_kg_s: float,
    water0_kg_s: float,
    water_max_kg_s: float,
    ua0_w_k: float,
    ha_ratio: float,
    guess_kg_s: float,
) -> tuple[float, float]:
    """(water kg/s, heat W reached) of one coil; less than wanted when even the open valve is too little.

    The coil's heat rises with its water, steeply first: Newton inside a bracket, to a millionth of the heat.
    `guess_kg_s`, the water of a moment ago, makes it one or two steps; 0 is no guess.
    """
    if not wanted_w > 0.0:
        return wanted_w - wanted_w, wanted_w - wanted_w
    if not (return_c > chw_in_c and air_kg_s > 1e-9):
        return water_max_kg_s, coil_heat_w(
            return_c, chw_in_c, air_kg_s, water_max_kg_s, air0_kg_s, water0_kg_s, ua0_w_k, ha_ratio
        )
    water_film0_w_k = ua0_w_k * (1.0 + ha_ratio) / ha_ratio
    air_film_w_k = water_film0_w_k * ha_ratio * math.pow(max(air_kg_s / air0_kg_s, 1e-3), 0.8)
    air_w_k = air_kg_s * 1006.0
    most_w = air_w_k * (return_c - chw_in_c)
    low, high, high_seen = 0.0, water_max_kg_s, 0
    water = min(max(guess_kg_s, 0.01 * high), high) if guess_kg_s > 0.0 else 0.5 * high
    for _ in range(60):
        flow_frac = water / water0_kg_s
        film_w_k = water_film0_w_k * math.pow(max(flow_frac, 1e-3), 0.85)
        exponent = 0.85 if flow_frac > 1e-3 else 0.0
        ua = 1.0 / (1.0 / air_film_w_k + 1.0 / film_w_k)
        ntu, ratio = ua / air_w_k, air_w_k / (water * 4186.0)
        share, slope = one_side_share(ntu, ratio, exponent * ntu * ua / (film_w_k * water), ratio / water)
        got_w = share * most_w
        error_w = got_w - wanted_w
        step = -error_w / (slope * most_w) if slope > 0.0 else 0.0
        if abs(step) <= 1e-3 * water and slope > 0.0 and water + step <= water_max_kg_s:
            return water + step, wanted_w  # Newton's next error is the square of this one
        if error_w < 0.0:
            low = water
            if low >= water_max_kg_s:
                return water_max_kg_s, got_w
        else:
            high, high_seen = water, 1
        if high - low < 1e-12 * high:
            return water, wanted_w
        after = water + step
        if after >= high:
            after = 0.5 * (water + high) if high_seen == 1 else high
        elif after <= low or step == 0.0:
            after = 0.5 * (low + high)
        water = after
    return water, wanted_w


@kernel
def water_for_supply_kg_s(
    supply_c: float,
    return_c: float,
    fan_heat_w: float,
    chw_in_c: float,
    air_kg_s: float,
    air0_kg_s: float,
    water0_kg_s: float,
    water_max_kg_s: float,
    ua0_w_k: float,
    ha_ratio: float,
) -> tuple[float, float, float]:
    """(water kg/s, supply degC reached, 1.0 when the valve is fully open and the supply floats up).

    The fan sits behind the coil, so its heat is taken out first.
    """
    air_w_k = max(air_kg_s * 1006.0, 1e-9)
    wanted_w = (return_c - supply_c) * air_w_k + fan_heat_w
    if wanted_w != wanted_w or chw_in_c != chw_in_c:
        missing = wanted_w + chw_in_c
        return missing, missing, 0.0
    water_kg_s, heat_w = water_for_heat_kg_s(
        wanted_w, return_c, chw_in_c, air_kg_s, air0_kg_s, water0_kg_s, water_max_kg_s, ua0_w_k, ha_ratio, 0.0
    )
    if wanted_w <= 0.0:
        return 0.0, return_c + fan_heat_w / air_w_k, 0.0
    if heat_w < wanted_w:
        return water_kg_s, return_c - (heat_w - fan_heat_w) / air_w_k, 1.0
    return water_kg_s, supply_c, 0.0


@kernel
def design_ua_w_k(heat_w: float, air_w_k: float, water_w_k: float, return_c: float, chw_in_c: float) -> float:
    """UA that gives `heat_w` at the design point: bisection on the counterflow effectiveness."""
    least = min(air_w_k, water_w_k)
    ratio = least / max(air_w_k, water_w_k)
    wanted = heat_w / (least * (return_c - chw_in_c))
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if counterflow_effectiveness(middle, ratio) < wanted:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high) * least
