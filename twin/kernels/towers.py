"""Open cooling towers by Merkel's theory in effectiveness-NTU form.

Source: EnergyPlus CoolingTower:VariableSpeed:Merkel with Scheier's UA factors; docs/reference/equations.md#towers.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel
from twin.kernels.coils import one_side_share
from twin.kernels.moist_air import saturation_enthalpy_j_kg

LEAST_FAN = 0.2  # below it the fan cycles between this speed and standing still
FREE_FRAC = 0.125  # of the capacity that remains by free convection


@kernel
def tower_ua_factor(wet_bulb_c: float, design_wet_bulb_c: float, air_frac: float, water_frac: float) -> float:
    """UA relative to design, from wet bulb, air and water flow ratios."""
    by_wet_bulb = 1.0 + 0.0081 * (design_wet_bulb_c - wet_bulb_c)
    by_air = 1.3 * air_frac - 0.3 * air_frac * air_frac
    by_water = 0.1082 + 1.667 * water_frac - 0.7713 * water_frac * water_frac
    return by_wet_bulb * by_air * by_water


@kernel
def _saturated(t_c: float, pressure_pa: float) -> tuple[float, float]:
    """(enthalpy J/kg, its slope J/kgK) of saturated air."""
    if t_c < 0.0:
        per_t = 1.0 / (t_c + 273.86)
        vapour_pa = 611.21 * math.exp(22.587 * t_c * per_t)
        vapour_rise = vapour_pa * 22.587 * 273.86 * per_t * per_t
    else:
        per_t = 1.0 / (t_c + 243.04)
        vapour_pa = 610.94 * math.exp(17.625 * t_c * per_t)
        vapour_rise = vapour_pa * 17.625 * 243.04 * per_t * per_t
    per_dry = 1.0 / (pressure_pa - vapour_pa)
    ratio = 0.621945 * vapour_pa * per_dry
    steam = 2.501e6 + 1860.0 * t_c
    slope = 1006.0 + 1860.0 * ratio + steam * 0.621945 * pressure_pa * vapour_rise * per_dry * per_dry
    return 1006.0 * t_c + ratio * steam, slope


@kernel
def tower_heat_w(
    water_in_c: float, wet_bulb_c: float, water_kg_s: float, air_kg_s: float, ua_w_k: float, pressure_pa: float
) -> float:
    """Heat rejected by one cell, W: air is a fluid whose heat capacity is the slope of saturation enthalpy.

    The leaving air is where that heat and the air's own enthalpy agree: Newton inside the bracket of wet bulb and
    entering water, to a millionth of the heat.
    """
    if water_in_c != water_in_c or wet_bulb_c != wet_bulb_c:
        return water_in_c + wet_bulb_c
    most_k = water_in_c - wet_bulb_c
    if water_kg_s <= 1e-9 or air_kg_s <= 1e-9 or most_k <= 1e-9:
        return 0.0
    water_w_k = water_kg_s * 4186.0
    enthalpy_in, _ = _saturated(wet_bulb_c, pressure_pa)
    low, high, gap_k = 0.0, most_k, 0.5 * most_k
    heat_w = 0.0
    for _ in range(60):
        enthalpy, rise = _saturated(wet_bulb_c + gap_k, pressure_pa)
        slope = (enthalpy - enthalpy_in) / gap_k
        ntu = ua_w_k * slope / (1006.0 * water_w_k)
        ratio = water_w_k / (air_kg_s * slope)
        grows = (rise - slope) / (gap_k * slope)
        share, share_slope = one_side_share(ntu, ratio, ntu * grows, ratio * grows)
        heat_w = share * water_w_k * most_k
        error_w = air_kg_s * (enthalpy - enthalpy_in) - heat_w
        step = -error_w / (air_kg_s * rise - share_slope * water_w_k * most_k)
        if abs(step) <= 1e-3 * gap_k:
            return heat_w + share_slope * water_w_k * most_k * step  # Newton's next error is the square of this one
        if error_w < 0.0:
            low = gap_k
        else:
            high = gap_k
        if high - low < 1e-12 * most_k:
            break
        after = gap_k + step
        gap_k = after if low < after < high else 0.5 * (low + high)
    return heat_w


@kernel
def tower_cell_heat_w(
    water_in_c: float,
    wet_bulb_c: float,
    design_wet_bulb_c: float,
    water_kg_s: float,
    water0_kg_s: float,
    air0_kg_s: float,
    ua0_w_k: float,
    air_frac: float,
    pressure_pa: float,
) -> float:
    """Heat rejected by one cell at a fan speed; with the fan off an eighth remains by free convection."""
    water_frac = min(max(water_kg_s / water0_kg_s, 0.3), 1.0)
    if air_frac < LEAST_FAN:
        full_ua = ua0_w_k * tower_ua_factor(wet_bulb_c, design_wet_bulb_c, 1.0, water_frac)
        slow_ua = ua0_w_k * tower_ua_factor(wet_bulb_c, design_wet_bulb_c, LEAST_FAN, water_frac)
        free_w = FREE_FRAC * tower_heat_w(water_in_c, wet_bulb_c, water_kg_s, air0_kg_s, full_ua, pressure_pa)
        slow_w = tower_heat_w(water_in_c, wet_bulb_c, water_kg_s, LEAST_FAN * air0_kg_s, slow_ua, pressure_pa)
        return free_w + max(air_frac, 0.0) / LEAST_FAN * max(slow_w - free_w, 0.0)
    ua = ua0_w_k * tower_ua_factor(wet_bulb_c, design_wet_bulb_c, air_frac, water_frac)
    return tower_heat_w(water_in_c, wet_bulb_c, water_kg_s, air_frac * air0_kg_s, ua, pressure_pa)


@kernel
def tower_fan_w(fan_w: float, air_frac: float) -> float:
    """Fan power of one cell: the cube of the speed; below the least speed it cycles."""
    if air_frac < LEAST_FAN:
        return fan_w * LEAST_FAN * LEAST_FAN * max(air_frac, 0.0)
    return fan_w * air_frac * air_frac * air_frac


@kernel
def _wet_bulb_of_enthalpy_c(enthalpy_j_kg: float, guess_c: float, pressure_pa: float) -> tuple[float, float]:
    """(temperature degC, enthalpy's slope J/kgK) of saturated air by its enthalpy: Newton from a guess."""
    t_c, slope = guess_c, 1.0
    for _ in range(12):
        enthalpy, slope = _saturated(t_c, pressure_pa)
        step = (enthalpy - enthalpy_j_kg) / slope
        t_c -= min(max(step, -8.0), 8.0)
        if abs(step) < 3e-3:
            break  # Newton's next error is the square of this one
    return t_c, slope


@kernel
def cell_fan_for_heat(
    wanted_w: float,
    water_in_c: float,
    wet_bulb_c: float,
    design_wet_bulb_c: float,
    water_kg_s: float,
    water0_kg_s: float,
    air0_kg_s: float,
    ua0_w_k: float,
    pressure_pa: float,
    guess_frac: float,
) -> tuple[float, float]:
    """(fan fraction, heat W rejected) of one cell that should reject `wanted_w` from water entering at `water_in_c`.

    The heat is known, and with it the leaving air's enthalpy, so each try costs one effectiveness and its slope;
    `guess_frac`, the fan of a moment ago, makes it one or two tries. Out of reach: the fan at its end and the heat
    it gets.
    """
    if wanted_w != wanted_w or water_in_c != water_in_c or wet_bulb_c != wet_bulb_c:
        missing = wanted_w + water_in_c + wet_bulb_c
        return missing, missing
    if wanted_w <= 0.0:
        idle_w = tower_cell_heat_w(
            water_in_c, wet_bulb_c, design_wet_bulb_c, water_kg_s, water0_kg_s, air0_kg_s, ua0_w_k, 0.0, pressure_pa
        )
        return 0.0, idle_w
    if water_kg_s <= 1e-9 or water_in_c <= wet_bulb_c:
        return 1.0, 0.0
    if guess_frac >= 1.0:
        full_w = tower_cell_heat_w(
            water_in_c, wet_bulb_c, design_wet_bulb_c, water_kg_s, water0_kg_s, air0_kg_s, ua0_w_k, 1.0, pressure_pa
        )
        if full_w <= wanted_w:
            return 1.0, full_w
    water_w_k = water_kg_s * 4186.0
    water_frac = min(max(water_kg_s / water0_kg_s, 0.3), 1.0)
    enthalpy_in, slope_in = _saturated(wet_bulb_c, pressure_pa)
    if wanted_w >= water_w_k * (water_in_c - wet_bulb_c):  # water is never cooled below the wet bulb
        return 1.0, tower_cell_heat_w(
            water_in_c, wet_bulb_c, design_wet_bulb_c, water_kg_s, water0_kg_s, air0_kg_s, ua0_w_k, 1.0, pressure_pa
        )
    low, high, low_seen, high_seen = LEAST_FAN, 1.0, 0, 0
    fan = min(max(guess_frac, LEAST_FAN), 1.0) if guess_frac == guess_frac else 0.6
    # the slope grows by some six per cent a kelvin
    straight_k = wanted_w / (fan * air0_kg_s * slope_in)
    leaving_c = min(wet_bulb_c + straight_k / (1.0 + 0.026 * straight_k), water_in_c)
    per_wet_bulb = ua0_w_k * tower_ua_factor(wet_bulb_c, design_wet_bulb_c, 1.0, water_frac)
    most_w = water_w_k * (water_in_c - wet_bulb_c)
    for _ in range(40):
        lift = wanted_w / (fan * air0_kg_s)
        leaving_c, enthalpy_slope = _wet_bulb_of_enthalpy_c(enthalpy_in + lift, leaving_c, pressure_pa)
        if leaving_c >= water_in_c:  # so little air cannot carry the heat
            low, low_seen = fan, 1
            if low >= 1.0:
                break
            fan = high if high_seen == 0 else 0.5 * (fan + high)
            leaving_c = 0.5 * (water_in_c + wet_bulb_c)
            continue
        gap_k = max(leaving_c - wet_bulb_c, 1e-6)
        by_air = 1.3 * fan - 0.3 * fan * fan
        ntu = per_wet_bulb * by_air * lift / (gap_k * 1006.0 * water_w_k)
        ratio = water_w_k * gap_k / wanted_w  # the air carries the heat over its own rise
        gap_fall = lift / (fan * enthalpy_slope)
        ntu_slope = ntu * ((1.3 - 0.6 * fan) / by_air - 1.0 / fan + gap_fall / gap_k)
        share, slope = one_side_share(ntu, ratio, ntu_slope, water_w_k * gap_fall / wanted_w)
        error_w = share * most_w - wanted_w
        step = -error_w / (slope * most_w) if slope > 0.0 else 0.0
        if abs(step) <= 1e-3 * fan and slope > 0.0 and LEAST_FAN <= fan + step <= 1.0:
            return fan + step, wanted_w
        if error_w < 0.0:
            low, low_seen = fan, 1
        else:
            high, high_seen = fan, 1
        if low >= 1.0 or high <= LEAST_FAN or high - low < 1e-9:
            break
        after = fan + step
        if after >= high:
            after = 0.5 * (fan + high) if high_seen == 1 else high
        elif after <= low:
            after = 0.5 * (fan + low) if low_seen == 1 else low
        elif step == 0.0:
            after = 0.5 * (low + high)
        leaving_c -= gap_fall * min(max(after - fan, -0.3 * fan), fan)
        fan = after
    if low >= 1.0:
        return 1.0, tower_cell_heat_w(
            water_in_c, wet_bulb_c, design_wet_bulb_c, water_kg_s, water0_kg_s, air0_kg_s, ua0_w_k, 1.0, pressure_pa
        )
    if high > LEAST_FAN:
        return fan, wanted_w
    idle_w = tower_cell_heat_w(
        water_in_c, wet_bulb_c, design_wet_bulb_c, water_kg_s, water0_kg_s, air0_kg_s, ua0_w_k, 0.0, pressure_pa
    )
    if idle_w >= wanted_w:
        return 0.0, idle_w
    slow_w = tower_cell_heat_w(
        water_in_c, wet_bulb_c, design_wet_bulb_c, water_kg_s, water0_kg_s, air0_kg_s, ua0_w_k, LEAST_FAN, pressure_pa
    )
    return LEAST_FAN * min((wanted_w - idle_w) / max(slow_w - idle_w, 1e-9), 1.0), wanted_w


@kernel
def tower_fan_frac(
    outlet_c: float,
    heat_w: float,
    wet_bulb_c: float,
    design_wet_bulb_c: float,
    water_kg_s: float,
    water0_kg_s: float,
    air0_kg_s: float,
    ua0_w_k: float,
    pressure_pa: float,
) -> tuple[float, float, float]:
    """(fan fraction, outlet degC reached, 1.0 when the fan is at full speed and the outlet floats up).

    One cell that must reject `heat_w` from `water_kg_s`; the inlet is the outlet plus the range. With little heat the
    cell does it without its fan, and the outlet falls below its setpoint.
    """
    if heat_w != heat_w or wet_bulb_c != wet_bulb_c or outlet_c != outlet_c:
        missing = heat_w + wet_bulb_c + outlet_c
        return missing, missing, 0.0
    range_k = heat_w / max(water_kg_s * 4186.0, 1e-9)
    fan, got_w = cell_fan_for_heat(
        heat_w,
        outlet_c + range_k,
        wet_bulb_c,
        design_wet_bulb_c,
        water_kg_s,
        water0_kg_s,
        air0_kg_s,
        ua0_w_k,
        pressure_pa,
        0.6,
    )
    if abs(got_w - heat_w) <= 1e-6 * abs(heat_w):
        return fan, outlet_c, 0.0
    # the fan has no say any more: the outlet finds its own temperature
    short = 1.0 if got_w < heat_w else 0.0
    low = outlet_c if short == 1.0 else min(wet_bulb_c, outlet_c)
    high = outlet_c + 40.0 if short == 1.0 else outlet_c
    for _ in range(26):
        middle = 0.5 * (low + high)
        got_w = tower_cell_heat_w(
            middle + range_k,
            wet_bulb_c,
            design_wet_bulb_c,
            water_kg_s,
            water0_kg_s,
            air0_kg_s,
            ua0_w_k,
            short,
            pressure_pa,
        )
        if got_w < heat_w:
            low = middle
        else:
            high = middle
    return short, 0.5 * (low + high), short


@kernel
def size_tower(
    heat_w: float, inlet_c: float, outlet_c: float, design_wet_bulb_c: float, pressure_pa: float
) -> tuple[float, float, float]:
    """(water kg/s, air kg/s, UA W/K) of a cell for its design point; air and water capacity rates are equal there."""
    water_kg_s = heat_w / (4186.0 * (inlet_c - outlet_c))
    rise = saturation_enthalpy_j_kg(design_wet_bulb_c + 5.0, pressure_pa) - saturation_enthalpy_j_kg(
        design_wet_bulb_c, pressure_pa
    )
    slope = rise / 5.0
    air_kg_s = heat_w / (slope * (inlet_c - outlet_c))
    low, high = 1.0, 1e7
    for _ in range(80):
        middle = 0.5 * (low + high)
        if tower_heat_w(inlet_c, design_wet_bulb_c, water_kg_s, air_kg_s, middle, pressure_pa) < heat_w:
            low = middle
        else:
            high = middle
    return water_kg_s, air_kg_s, 0.5 * (low + high)
