"""Dry coolers: finned crossflow coils with fans, with or without a wetted pad before them.

Source: effectiveness-NTU, crossflow of two unmixed streams; flow exponents of the dry coil; EE for pad and draught.
See docs/reference/equations.md#dry-coolers.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel
from twin.kernels.air_coils import crossflow_effectiveness
from twin.kernels.coils import coil_ua_w_k
from twin.kernels.moist_air import humidity_ratio

AIR_J_KG_K = 1006.0


@kernel
def _heat_per_k_w(
    fluid_w_k: float, fluid_frac: float, air0_kg_s: float, ua0_w_k: float, ha_ratio: float, air_frac: float
) -> float:
    """Heat per kelvin between the two inlets."""
    air_w_k = air_frac * air0_kg_s * AIR_J_KG_K
    least = min(air_w_k, fluid_w_k)
    if least <= 1e-6:
        return 0.0
    ua = coil_ua_w_k(ua0_w_k, ha_ratio, air_frac, fluid_frac)
    return crossflow_effectiveness(ua / least, least / max(air_w_k, fluid_w_k)) * least


@kernel
def dry_cooler_heat_w(
    fluid_in_c: float,
    air_in_c: float,
    fluid_kg_s: float,
    fluid0_kg_s: float,
    fluid_j_kg_k: float,
    air0_kg_s: float,
    ua0_w_k: float,
    ha_ratio: float,
    fan_frac: float,
    draught_frac: float,
) -> float:
    """Heat rejected, W; negative when the air is warmer than the fluid.

    `fan_frac`: fan speed 0..1; air flow follows it, but natural draught never lets it fall below `draught_frac`, 0..1.
    `ha_ratio`: air to fluid side hA at design.
    """
    missing = fluid_in_c + air_in_c + fluid_kg_s + fan_frac
    if missing != missing:
        return missing
    air_frac = max(fan_frac, draught_frac)
    per_k_w = _heat_per_k_w(fluid_kg_s * fluid_j_kg_k, fluid_kg_s / fluid0_kg_s, air0_kg_s, ua0_w_k, ha_ratio, air_frac)
    return per_k_w * (fluid_in_c - air_in_c)


@kernel
def _fan_for(
    wanted_per_k_w: float,
    fluid_w_k: float,
    fluid_frac: float,
    air0_kg_s: float,
    ua0_w_k: float,
    ha_ratio: float,
    draught_frac: float,
    start_frac: float,
) -> float:
    """Fan speed for a wanted heat per kelvin that lies between still air and full speed: Illinois' regula falsi."""
    low, high = draught_frac, 1.0
    low_w = _heat_per_k_w(fluid_w_k, fluid_frac, air0_kg_s, ua0_w_k, ha_ratio, low) - wanted_per_k_w
    high_w = _heat_per_k_w(fluid_w_k, fluid_frac, air0_kg_s, ua0_w_k, ha_ratio, high) - wanted_per_k_w
    fan, side = start_frac, 0
    for _ in range(40):
        if not low < fan < high:
            fan = (low * high_w - high * low_w) / max(high_w - low_w, 1e-300)
        error_w = _heat_per_k_w(fluid_w_k, fluid_frac, air0_kg_s, ua0_w_k, ha_ratio, fan) - wanted_per_k_w
        if abs(error_w) <= 1e-9 * wanted_per_k_w:
            break
        if error_w < 0.0:
            low, low_w = fan, error_w
            high_w = 0.5 * high_w if side < 0 else high_w
            side = -1
        else:
            high, high_w = fan, error_w
            low_w = 0.5 * low_w if side > 0 else low_w
            side = 1
        fan = (low * high_w - high * low_w) / max(high_w - low_w, 1e-300)
    return fan


@kernel
def fan_for_heat(
    wanted_w: float,
    fluid_in_c: float,
    air_in_c: float,
    fluid_kg_s: float,
    fluid0_kg_s: float,
    fluid_j_kg_k: float,
    air0_kg_s: float,
    ua0_w_k: float,
    ha_ratio: float,
    draught_frac: float,
    start_frac: float,
) -> tuple[float, float, float]:
    """(fan fraction, heat W reached, 1.0 when full speed is too little) for a known inlet.

    The heat is more than wanted when still air alone gives more. `start_frac`: the speed tried first, such as the
    last answer; anything outside 0..1 is no hint.
    """
    missing = wanted_w + fluid_in_c + air_in_c + fluid_kg_s
    if missing != missing:
        return missing, missing, 0.0
    gap_k = fluid_in_c - air_in_c
    fluid_w_k, fluid_frac = fluid_kg_s * fluid_j_kg_k, fluid_kg_s / fluid0_kg_s
    still_w = gap_k * _heat_per_k_w(fluid_w_k, fluid_frac, air0_kg_s, ua0_w_k, ha_ratio, draught_frac)
    if wanted_w <= max(still_w, 0.0):
        return 0.0, still_w, 0.0
    full_w = gap_k * _heat_per_k_w(fluid_w_k, fluid_frac, air0_kg_s, ua0_w_k, ha_ratio, 1.0)
    if full_w <= wanted_w:
        # against warmer air a fan would only bring heat in
        return (1.0, full_w, 1.0) if gap_k > 0.0 else (0.0, still_w, 1.0)
    fan = _fan_for(wanted_w / gap_k, fluid_w_k, fluid_frac, air0_kg_s, ua0_w_k, ha_ratio, draught_frac, start_frac)
    return fan, wanted_w, 0.0


@kernel
def fan_for_outlet(
    outlet_c: float,
    heat_w: float,
    air_in_c: float,
    fluid_kg_s: float,
    fluid0_kg_s: float,
    fluid_j_kg_k: float,
    air0_kg_s: float,
    ua0_w_k: float,
    ha_ratio: float,
    draught_frac: float,
    start_frac: float,
) -> tuple[float, float, float]:
    """(fan fraction, outlet degC reached, 1.0 when full speed is too little) for a load that must be rejected.

    The inlet is the outlet plus the range; when the fan has no say, the outlet floats to where the heat balances.
    """
    missing = outlet_c + heat_w + air_in_c + fluid_kg_s
    if missing != missing:
        return missing, missing, 0.0
    if heat_w <= 0.0 or fluid_kg_s <= 1e-9:
        return 0.0, outlet_c, 0.0
    fluid_w_k, fluid_frac = fluid_kg_s * fluid_j_kg_k, fluid_kg_s / fluid0_kg_s
    range_k = heat_w / fluid_w_k
    full = _heat_per_k_w(fluid_w_k, fluid_frac, air0_kg_s, ua0_w_k, ha_ratio, 1.0)
    hottest_c = air_in_c + heat_w / max(full, 1e-9) - range_k
    if hottest_c >= outlet_c:
        return 1.0, hottest_c, 1.0
    still = _heat_per_k_w(fluid_w_k, fluid_frac, air0_kg_s, ua0_w_k, ha_ratio, draught_frac)
    coldest_c = air_in_c + heat_w / max(still, 1e-9) - range_k
    if coldest_c <= outlet_c:
        return 0.0, coldest_c, 0.0
    per_k_w = heat_w / (outlet_c + range_k - air_in_c)
    fan = _fan_for(per_k_w, fluid_w_k, fluid_frac, air0_kg_s, ua0_w_k, ha_ratio, draught_frac, start_frac)
    return fan, outlet_c, 0.0


@kernel
def dry_cooler_fan_w(fan0_w: float, fan_frac: float) -> float:
    """Electrical power of the fans, W, by the cube of their speed."""
    return fan0_w * fan_frac * fan_frac * fan_frac


@kernel
def adiabatic_pad(
    dry_bulb_c: float,
    wet_bulb_c: float,
    air_kg_s: float,
    pad_frac: float,
    threshold_c: float,
    use_frac: float,
    pressure_pa: float,
) -> tuple[float, float]:
    """(air temperature behind the pad degC, water kg/s) of a wetted pad, dry at and below `threshold_c`.

    `pad_frac`: saturation effectiveness, 0.75..0.9. `use_frac`: share of the water that evaporates, 0.7..0.9. The air
    keeps its enthalpy but for that of the liquid, so its moisture follows from its temperatures.
    """
    missing = dry_bulb_c + wet_bulb_c + air_kg_s
    if missing != missing:
        return missing, missing
    if dry_bulb_c <= threshold_c or wet_bulb_c >= dry_bulb_c:
        return dry_bulb_c, 0.0
    behind_c = dry_bulb_c - pad_frac * (dry_bulb_c - wet_bulb_c)
    saturated = humidity_ratio(wet_bulb_c, 1.0, pressure_pa)
    liquid_j_kg = 4186.0 * wet_bulb_c
    before = _ratio_on_the_way(dry_bulb_c, wet_bulb_c, saturated, liquid_j_kg)
    after = _ratio_on_the_way(behind_c, wet_bulb_c, saturated, liquid_j_kg)
    return behind_c, air_kg_s * max(after - before, 0.0) / use_frac


@kernel
def _ratio_on_the_way(t_c: float, wet_bulb_c: float, saturated: float, liquid_j_kg: float) -> float:
    """Humidity ratio at `t_c` of air that ends saturated at its wet bulb: adiabatic saturation, above freezing."""
    vapour_j_kg = 2.501e6 - liquid_j_kg
    numerator = saturated * (vapour_j_kg + 1860.0 * wet_bulb_c) - AIR_J_KG_K * (t_c - wet_bulb_c)
    return numerator / (vapour_j_kg + 1860.0 * t_c)


@kernel
def size_dry_cooler(
    heat_w: float, fluid_in_c: float, fluid_out_c: float, air_in_c: float, air_rise_k: float, fluid_j_kg_k: float
) -> tuple[float, float, float]:
    """(fluid kg/s, air kg/s, UA W/K) of a dry cooler for its design point; NaN for a point no coil can reach.

    `air_rise_k`: warming of the air at design; equal to the fluid's range when both capacity rates are equal.
    """
    range_k = fluid_in_c - fluid_out_c
    if not (heat_w > 0.0 and range_k > 0.0 and air_rise_k > 0.0 and fluid_in_c > air_in_c):
        return math.nan, math.nan, math.nan
    fluid_w_k, air_w_k = heat_w / range_k, heat_w / air_rise_k
    least = min(fluid_w_k, air_w_k)
    ratio = least / max(fluid_w_k, air_w_k)
    wanted = heat_w / (least * (fluid_in_c - air_in_c))
    if wanted >= crossflow_effectiveness(200.0, ratio):
        return math.nan, math.nan, math.nan
    low, high = 0.0, 200.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if crossflow_effectiveness(middle, ratio) < wanted:
            low = middle
        else:
            high = middle
    return fluid_w_k / fluid_j_kg_k, air_w_k / AIR_J_KG_K, 0.5 * (low + high) * least
