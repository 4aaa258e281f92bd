"""Open cooling towers by Merkel's theory in effectiveness-NTU form.

Source: EnergyPlus CoolingTower:VariableSpeed:Merkel with Scheier's UA factors; docs/reference/equations.md#towers.
"""

from __future__ import annotations

from twin.kernels._jit import kernel
from twin.kernels.coils import counterflow_effectiveness
from twin.kernels.moist_air import saturation_enthalpy_j_kg


@kernel
def tower_ua_factor(wet_bulb_c: float, design_wet_bulb_c: float, air_frac: float, water_frac: float) -> float:
    """UA relative to design, from wet bulb, air and water flow ratios."""
    by_wet_bulb = 1.0 + 0.0081 * (design_wet_bulb_c - wet_bulb_c)
    by_air = 1.3 * air_frac - 0.3 * air_frac * air_frac
    by_water = 0.1082 + 1.667 * water_frac - 0.7713 * water_frac * water_frac
    return by_wet_bulb * by_air * by_water


@kernel
def tower_heat_w(
    water_in_c: float, wet_bulb_c: float, water_kg_s: float, air_kg_s: float, ua_w_k: float, pressure_pa: float
) -> float:
    """Heat rejected by one cell, W: air is a fluid whose heat capacity is the slope of saturation enthalpy."""
    if water_in_c != water_in_c or wet_bulb_c != wet_bulb_c:
        return water_in_c + wet_bulb_c
    if water_kg_s <= 1e-9 or air_kg_s <= 1e-9 or water_in_c <= wet_bulb_c:
        return 0.0
    water_w_k = water_kg_s * 4186.0
    air_out_c = wet_bulb_c + 5.0
    enthalpy_in = saturation_enthalpy_j_kg(wet_bulb_c, pressure_pa)
    heat_w = 0.0
    for _ in range(25):
        gap = max(air_out_c - wet_bulb_c, 0.01)
        slope = (saturation_enthalpy_j_kg(wet_bulb_c + gap, pressure_pa) - enthalpy_in) / gap
        air_w_k = air_kg_s * slope
        least = min(air_w_k, water_w_k)
        ntu = ua_w_k * (slope / 1006.0) / least
        heat_w = counterflow_effectiveness(ntu, least / max(air_w_k, water_w_k)) * least * (water_in_c - wet_bulb_c)
        fresh = wet_bulb_c + heat_w / air_w_k
        change = fresh - air_out_c
        air_out_c += 0.5 * change
        if abs(change) < 1e-4:
            break
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
    if air_frac < 0.2:
        full_ua = ua0_w_k * tower_ua_factor(wet_bulb_c, design_wet_bulb_c, 1.0, water_frac)
        slow_ua = ua0_w_k * tower_ua_factor(wet_bulb_c, design_wet_bulb_c, 0.2, water_frac)
        free_w = 0.125 * tower_heat_w(water_in_c, wet_bulb_c, water_kg_s, air0_kg_s, full_ua, pressure_pa)
        slow_w = tower_heat_w(water_in_c, wet_bulb_c, water_kg_s, 0.2 * air0_kg_s, slow_ua, pressure_pa)
        return free_w + max(air_frac, 0.0) / 0.2 * max(slow_w - free_w, 0.0)
    ua = ua0_w_k * tower_ua_factor(wet_bulb_c, design_wet_bulb_c, air_frac, water_frac)
    return tower_heat_w(water_in_c, wet_bulb_c, water_kg_s, air_frac * air0_kg_s, ua, pressure_pa)


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
    idle_w, full_w = 0.0, 0.0
    for fan in (0.0, 1.0):
        got_w = tower_cell_heat_w(
            outlet_c + range_k,
            wet_bulb_c,
            design_wet_bulb_c,
            water_kg_s,
            water0_kg_s,
            air0_kg_s,
            ua0_w_k,
            fan,
            pressure_pa,
        )
        idle_w, full_w = (got_w, full_w) if fan == 0.0 else (idle_w, got_w)
    if full_w < heat_w or idle_w > heat_w:
        # the fan has no say any more: the outlet finds its own temperature
        fan = 1.0 if full_w < heat_w else 0.0
        low = outlet_c if fan == 1.0 else min(wet_bulb_c, outlet_c)
        high = outlet_c + 40.0 if fan == 1.0 else outlet_c
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
                fan,
                pressure_pa,
            )
            if got_w < heat_w:
                low = middle
            else:
                high = middle
        return fan, 0.5 * (low + high), fan
    low, low_w, high, high_w = 0.0, idle_w - heat_w, 1.0, full_w - heat_w
    middle, side = 0.5, 0
    for _ in range(40):
        middle = (low * high_w - high * low_w) / (high_w - low_w) if high_w > low_w else 0.5 * (low + high)
        error_w = (
            tower_cell_heat_w(
                outlet_c + range_k,
                wet_bulb_c,
                design_wet_bulb_c,
                water_kg_s,
                water0_kg_s,
                air0_kg_s,
                ua0_w_k,
                middle,
                pressure_pa,
            )
            - heat_w
        )
        if abs(error_w) <= 1e-5 * heat_w or high - low < 1e-7:
            break
        if error_w < 0.0:
            low, low_w = middle, error_w
            high_w = 0.5 * high_w if side < 0 else high_w
            side = -1
        else:
            high, high_w = middle, error_w
            low_w = 0.5 * low_w if side > 0 else low_w
            side = 1
    return middle, outlet_c, 0.0


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
