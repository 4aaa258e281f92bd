"""Air-side economiser: outside air mixed with return air, its limits, its filters, and evaporative stages.

Fractions and mixtures are by mass of dry air. Sources: ASHRAE Handbook, economiser limits of TC9.9's recommended dew
points; docs/reference/equations.md#air-side-economiser.
"""

from __future__ import annotations

from twin.kernels._jit import kernel
from twin.kernels.fans import hydraulic_power_w
from twin.kernels.moist_air import enthalpy_j_kg, humidity_ratio

# why the economiser gives no more than the least outside air
OPEN, DAMPERS_SHUT, TOO_WARM, TOO_HUMID, TOO_MUCH_HEAT, TOO_DRY = 0.0, 1.0, 2.0, 3.0, 4.0, 5.0


@kernel
def mixed_air(
    outside_frac: float, outdoor_c: float, outdoor_ratio: float, return_c: float, return_ratio: float
) -> tuple[float, float]:
    """(degC, kg/kg) of outside and return air mixed; with the dampers shut outside air does not matter."""
    if outside_frac == 0.0:
        return return_c, return_ratio
    mixed_c = return_c + outside_frac * (outdoor_c - return_c)
    return mixed_c, return_ratio + outside_frac * (outdoor_ratio - return_ratio)


@kernel
def frac_for_supply(supply_c: float, outdoor_c: float, return_c: float, least_frac: float) -> float:
    """Outside air 0..1 that brings the mixture to `supply_c`, or as near as it can; `least_frac` is ventilation.

    Outside air no cooler than the return cannot help.
    """
    if supply_c != supply_c or outdoor_c != outdoor_c or return_c != return_c:
        return supply_c + outdoor_c + return_c
    if outdoor_c >= return_c:
        return least_frac
    return min(max((return_c - supply_c) / (return_c - outdoor_c), least_frac), 1.0)


@kernel
def high_limit(
    outdoor_c: float,
    outdoor_ratio: float,
    return_c: float,
    return_ratio: float,
    humid_climate: float,
    most_dew_c: float,
    pressure_pa: float,
) -> float:
    """Why outside air is no help (`TOO_WARM`, `TOO_HUMID`, `TOO_MUCH_HEAT`), or `OPEN`.

    Args:
        humid_climate: 0.0 compares dry bulbs; 1.0 holds the dew point to `most_dew_c` and compares enthalpies.
    """
    if humid_climate == 0.0:
        if outdoor_c != outdoor_c or return_c != return_c:
            return outdoor_c + return_c
        return TOO_WARM if outdoor_c >= return_c else OPEN
    outdoor_j_kg = enthalpy_j_kg(outdoor_c, outdoor_ratio)
    return_j_kg = enthalpy_j_kg(return_c, return_ratio)
    if outdoor_j_kg != outdoor_j_kg or return_j_kg != return_j_kg:
        return outdoor_j_kg + return_j_kg
    if outdoor_ratio > humidity_ratio(most_dew_c, 1.0, pressure_pa):
        return TOO_HUMID
    return TOO_MUCH_HEAT if outdoor_j_kg >= return_j_kg else OPEN


@kernel
def frac_not_too_dry(outside_frac: float, outdoor_ratio: float, return_ratio: float, least_ratio: float) -> float:
    """Outside air that leaves the mixture at least as humid as `least_ratio`, at most `outside_frac`."""
    if outside_frac != outside_frac or outdoor_ratio != outdoor_ratio or return_ratio != return_ratio:
        return outside_frac + outdoor_ratio + return_ratio
    if outdoor_ratio >= least_ratio or outdoor_ratio >= return_ratio:
        return outside_frac
    return min(max((return_ratio - least_ratio) / (return_ratio - outdoor_ratio), 0.0), outside_frac)


@kernel
def humidifier_kg_s(air_kg_s: float, ratio: float, least_ratio: float) -> float:
    """Water that lifts air to `least_ratio`, kg/s: the other way to meet the low limit."""
    if ratio != ratio:
        return ratio
    return air_kg_s * max(least_ratio - ratio, 0.0)


@kernel
def air_economiser(
    supply_c: float,
    outdoor_c: float,
    outdoor_ratio: float,
    return_c: float,
    return_ratio: float,
    air_kg_s: float,
    least_frac: float,
    humid_climate: float,
    most_dew_c: float,
    least_dew_c: float,
    pressure_pa: float,
    shut: float,
) -> tuple[float, float, float, float, float]:
    """(outside fraction, mixed degC, mixed kg/kg, heat W left for the coil, why no more outside air) of one unit.

    Args:
        supply_c: Wanted behind the mixing box, before the fan's heat.
        most_dew_c, least_dew_c: Limits of the dew point, 15 and -9 degC; the upper one in a humid climate only.
        shut: 1.0 when smoke or dust outside holds the dampers shut, ventilation too; missing counts as shut.
    """
    why, frac = DAMPERS_SHUT, 0.0
    if shut == 0.0:
        why = high_limit(outdoor_c, outdoor_ratio, return_c, return_ratio, humid_climate, most_dew_c, pressure_pa)
        frac = least_frac
        if why == OPEN:
            wanted = frac_for_supply(supply_c, outdoor_c, return_c, least_frac)
            least_ratio = humidity_ratio(least_dew_c, 1.0, pressure_pa)
            humid_enough = frac_not_too_dry(wanted, outdoor_ratio, return_ratio, least_ratio)
            frac = humid_enough if not humid_enough < least_frac else least_frac
            why = TOO_DRY if frac < wanted else OPEN
        elif why != why:
            frac = why
    mixed_c, mixed_ratio = mixed_air(frac, outdoor_c, outdoor_ratio, return_c, return_ratio)
    excess_k = mixed_c - supply_c
    left_w = air_kg_s * 1006.0 * (0.0 if excess_k < 0.0 else excess_k)
    return frac, mixed_c, mixed_ratio, left_w, why


@kernel
def filter_fan_w(
    air_kg_s: float, air0_kg_s: float, filter0_pa: float, efficiency_frac: float, density_kg_m3: float
) -> float:
    """Fan power spent on filters, W; their pressure drop (100 to 250 Pa at `air0_kg_s`) goes with the flow squared."""
    flow_frac = air_kg_s / air0_kg_s
    return hydraulic_power_w(air_kg_s, filter0_pa * flow_frac * flow_frac, efficiency_frac, density_kg_m3)


@kernel
def direct_evaporative(
    t_c: float, ratio: float, wet_bulb_c: float, effectiveness: float, pressure_pa: float
) -> tuple[float, float]:
    """(degC, kg/kg) behind a wetted pad: part of the way to saturation at the wet bulb, effectiveness 0.80 to 0.92.

    The water used is dry air times the rise in kg/kg.
    """
    if wet_bulb_c != wet_bulb_c or t_c != t_c:
        return t_c + wet_bulb_c, t_c + wet_bulb_c
    if wet_bulb_c >= t_c:
        return t_c, ratio
    saturated = humidity_ratio(wet_bulb_c, 1.0, pressure_pa)
    out_ratio = ratio + effectiveness * (saturated - ratio)
    return t_c - effectiveness * (t_c - wet_bulb_c), out_ratio


@kernel
def indirect_evaporative_c(return_c: float, outdoor_wet_bulb_c: float, effectiveness: float) -> float:
    """Hall air behind an exchanger wetted on its outdoor side, degC: effectiveness 0.6 to 0.8 on the wet bulb.

    With the water off, pass the outdoor dry bulb and the dry effectiveness. It never warms the hall's air: it is
    bypassed when outdoors is warmer.
    """
    gap_k = return_c - outdoor_wet_bulb_c
    return return_c - effectiveness * gap_k if not gap_k < 0.0 else return_c
