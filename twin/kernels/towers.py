"""Open cooling towers by Merkel's theory in effectiveness-NTU form.

Source: EnergyPlus CoolingTower:VariableSpeed:Merkel with Scheier's UA factors; docs/reference/equations.md#towers.
"""

from __future__ import annotations

from twin.kernels._jit import inlined_kernel, kernel
from twin.kernels.coils import one_side_share
from twin.kernels.exponential import exp_of
from twin.kernels.moist_air import saturation_enthalpy_j_kg

LEAST_FAN = 0.2  # below it the fan cycles between this speed and standing still
CLOSE = 1e-3  # a step of Newton this small against the gap leaves the square of it
FREE_FRAC = 0.125  # of the capacity that remains by free convection


@inlined_kernel
def tower_ua_factor(wet_bulb_c: float, design_wet_bulb_c: float, air_frac: float, water_frac: float) -> float:
    """UA relative to design, from wet bulb, air and water flow ratios."""
    by_wet_bulb = 1.0 + 0.0081 * (design_wet_bulb_c - wet_bulb_c)
    by_air = 1.3 * air_frac - 0.3 * air_frac * air_frac
    by_water = 0.1082 + 1.667 * water_frac - 0.7713 * water_frac * water_frac
    return by_wet_bulb * by_air * by_water


@inlined_kernel
def saturated(t_c: float, pressure_pa: float) -> tuple[float, float]:
    """(enthalpy J/kg, its slope J/kgK) of saturated air; without branches, for loops that run in vectors."""
    start_pa, steep, zero_k = (611.21, 22.587, 273.86) if t_c < 0.0 else (610.94, 17.625, 243.04)
    per_t = 1.0 / (t_c + zero_k)
    vapour_pa = start_pa * exp_of(steep * t_c * per_t)
    per_dry = 1.0 / (pressure_pa - vapour_pa)
    ratio = 0.621945 * vapour_pa * per_dry
    steam = 2.501e6 + 1860.0 * t_c
    ratio_rise = ratio * pressure_pa * per_dry * steep * zero_k * per_t * per_t
    return 1006.0 * t_c + ratio * steam, 1006.0 + 1860.0 * ratio + steam * ratio_rise


@inlined_kernel
def heat_try(
    gap_k: float,
    enthalpy_in: float,
    wet_bulb_c: float,
    most_k: float,
    water_w_k: float,
    air_kg_s: float,
    ua_w_k: float,
    pressure_pa: float,
) -> tuple[float, float, float]:
    """(heat W, its slope W/K, step K) where the leaving air stands `gap_k` above the wet bulb: one step of Newton."""
    enthalpy, rise = saturated(wet_bulb_c + gap_k, pressure_pa)
    lift, most_w = enthalpy - enthalpy_in, water_w_k * most_k
    per_gap, per_lift = 1.0 / gap_k, 1.0 / lift
    ntu = ua_w_k * lift * per_gap / (1006.0 * water_w_k)
    ratio = water_w_k * gap_k * per_lift / air_kg_s
    grows = rise * per_lift - per_gap
    share, share_slope = one_side_share(ntu, ratio, ntu * grows, ratio * grows)
    heat_w, heat_slope = share * most_w, share_slope * most_w
    return heat_w, heat_slope, (heat_w - air_kg_s * lift) / (air_kg_s * rise - heat_slope)


@inlined_kernel
def fan_try(
    gap_k: float,
    enthalpy_in: float,
    wet_bulb_c: float,
    most_k: float,
    water_w_k: float,
    wanted_w: float,
    air0_kg_s: float,
    full_ua_w_k: float,
    pressure_pa: float,
) -> tuple[float, float, float, float]:
    """(fan, its fall per K, heat W, step K) where the air that carries `wanted_w` leaves `gap_k` above the wet bulb.

    `full_ua_w_k` is the UA at full speed; beyond it UA goes on by the slope there, so that a search can pass through.
    """
    enthalpy, rise = saturated(wet_bulb_c + gap_k, pressure_pa)
    lift, most_w, ratio_rise = enthalpy - enthalpy_in, water_w_k * most_k, water_w_k / wanted_w
    per_lift, per_gap = 1.0 / lift, 1.0 / gap_k
    fan = wanted_w * per_lift / air0_kg_s
    fan_fall = fan * rise * per_lift
    by_air = (1.3 - 0.3 * fan) * fan if fan < 1.0 else 0.3 + 0.7 * fan
    by_air_slope = 1.3 - 0.6 * fan if fan < 1.0 else 0.7
    per_k = full_ua_w_k * lift * per_gap / (1006.0 * water_w_k)
    ntu = per_k * by_air
    ntu_slope = ntu * (rise * per_lift - per_gap) - per_k * by_air_slope * fan_fall
    share, slope = one_side_share(ntu, ratio_rise * gap_k, ntu_slope, -ratio_rise)
    step_k = (wanted_w - share * most_w) / (slope * most_w) if slope < 0.0 else 2.0 * most_k
    return fan, fan_fall, share * most_w, step_k


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
    enthalpy_in, _ = saturated(wet_bulb_c, pressure_pa)
    low, high, gap_k = 0.0, most_k, 0.5 * most_k
    heat_w = 0.0
    for _ in range(60):
        heat_w, heat_slope, step = heat_try(
            gap_k, enthalpy_in, wet_bulb_c, most_k, water_kg_s * 4186.0, air_kg_s, ua_w_k, pressure_pa
        )
        if abs(step) <= CLOSE * gap_k:
            return heat_w + heat_slope * step
        if step > 0.0:
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


@inlined_kernel
def leaving_gap_k(heat_w: float, air_kg_s: float, slope_in: float, most_k: float) -> float:
    """A guess of the leaving air above the wet bulb, K: the slope grows by some six per cent a kelvin."""
    straight_k = heat_w / (air_kg_s * slope_in)
    return min(straight_k / (1.0 + 0.026 * straight_k), 0.9 * most_k)


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

    Sought is the leaving air: the heat is known, so each try of that gives the flow of air by the enthalpy it gains,
    and costs one saturation and one effectiveness with their slopes. `guess_frac`, the fan of a moment ago, makes it
    two or three tries. Out of reach: the fan at its end and the heat it gets.
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
    enthalpy_in, slope_in = saturated(wet_bulb_c, pressure_pa)
    if wanted_w >= water_w_k * (water_in_c - wet_bulb_c):  # water is never cooled below the wet bulb
        return 1.0, tower_cell_heat_w(
            water_in_c, wet_bulb_c, design_wet_bulb_c, water_kg_s, water0_kg_s, air0_kg_s, ua0_w_k, 1.0, pressure_pa
        )
    fan = min(max(guess_frac, LEAST_FAN), 1.0) if guess_frac == guess_frac else 0.6
    full_ua = ua0_w_k * tower_ua_factor(wet_bulb_c, design_wet_bulb_c, 1.0, water_frac)
    most_k = water_in_c - wet_bulb_c
    low_k, high_k, gap_k = 0.0, most_k, leaving_gap_k(wanted_w, fan * air0_kg_s, slope_in, most_k)
    for _ in range(60):
        fan, fan_fall, got_w, step_k = fan_try(
            gap_k, enthalpy_in, wet_bulb_c, most_k, water_w_k, wanted_w, air0_kg_s, full_ua, pressure_pa
        )
        if abs(step_k) <= CLOSE * gap_k:
            fan -= fan_fall * step_k
            break
        if got_w > wanted_w:
            low_k = gap_k
        else:
            high_k = gap_k
        if high_k - low_k < 1e-12 * most_k:
            break
        after_k = gap_k + step_k
        gap_k = after_k if low_k < after_k < high_k else 0.5 * (low_k + high_k)
    if fan > 1.0:
        return 1.0, tower_cell_heat_w(
            water_in_c, wet_bulb_c, design_wet_bulb_c, water_kg_s, water0_kg_s, air0_kg_s, ua0_w_k, 1.0, pressure_pa
        )
    if fan >= LEAST_FAN:
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
