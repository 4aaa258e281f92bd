"""Moist air: saturation, humidity ratio, enthalpy, dew point, wet bulb, density.

Sources: Magnus form of the saturation pressure (WMO), over ice below 0 degC; ideal-gas humidity ratio and the
psychrometer equation of the ASHRAE Handbook of Fundamentals. See docs/reference/equations.md#moist-air.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, kernel


@kernel
def saturation_pressure_pa(t_c: float) -> float:
    """Vapour pressure at saturation, Pa; over ice below 0 degC (the water form is 10 % high at -10 degC)."""
    if t_c < 0.0:
        return 611.21 * math.exp(22.587 * t_c / (t_c + 273.86))
    return 610.94 * math.exp(17.625 * t_c / (t_c + 243.04))


@kernel
def humidity_ratio(t_c: float, rh_frac: float, pressure_pa: float) -> float:
    """Water per dry air, kg/kg."""
    vapour_pa = rh_frac * saturation_pressure_pa(t_c)
    return 0.621945 * vapour_pa / (pressure_pa - vapour_pa)


@kernel
def enthalpy_j_kg(t_c: float, ratio: float) -> float:
    """Enthalpy per dry air, J/kg, zero at 0 degC dry."""
    return 1006.0 * t_c + ratio * (2.501e6 + 1860.0 * t_c)


@kernel
def saturation_enthalpy_j_kg(t_c: float, pressure_pa: float) -> float:
    """Enthalpy of saturated air per dry air, J/kg."""
    return enthalpy_j_kg(t_c, humidity_ratio(t_c, 1.0, pressure_pa))


@kernel
def dew_point_c(t_c: float, rh_frac: float) -> float:
    """Dew point above 0 degC, frost point below, degC; by Magnus' formula over water and over ice."""
    vapour_pa = max(rh_frac, 1e-4) * saturation_pressure_pa(t_c)
    if vapour_pa < 611.21:
        frost = math.log(vapour_pa / 611.21)
        return 272.62 * frost / (22.46 - frost)
    logarithm = math.log(vapour_pa / 610.94)
    return 243.04 * logarithm / (17.625 - logarithm)


@kernel
def density_kg_m3(t_c: float, ratio: float, pressure_pa: float) -> float:
    """Density of moist air, kg/m3."""
    return pressure_pa / (287.05 * (t_c + 273.15) * (1.0 + 1.6078 * ratio) / (1.0 + ratio))


@kernel
def pressure_at_altitude_pa(altitude_m: float) -> float:
    """Standard atmosphere, Pa."""
    return 101325.0 * math.pow(1.0 - 2.25577e-5 * altitude_m, 5.2559)


@kernel
def ratio_at_wet_bulb(t_c: float, wet_bulb_c: float, pressure_pa: float) -> float:
    """Water per dry air, kg/kg, of air at `t_c` whose wet bulb is `wet_bulb_c`: the psychrometer equation."""
    saturated = humidity_ratio(wet_bulb_c, 1.0, pressure_pa)
    if wet_bulb_c >= 0.0:
        numerator = (2501.0 - 2.326 * wet_bulb_c) * saturated - 1.006 * (t_c - wet_bulb_c)
        return numerator / (2501.0 + 1.86 * t_c - 4.186 * wet_bulb_c)
    numerator = (2830.0 - 0.24 * wet_bulb_c) * saturated - 1.006 * (t_c - wet_bulb_c)
    return numerator / (2830.0 + 1.86 * t_c - 2.1 * wet_bulb_c)


@kernel
def ratios_at_wet_bulb(t_c: Floats, wet_bulb_c: Floats, pressure_pa: float, least: float, out_ratio: Floats) -> None:
    """`ratio_at_wet_bulb` for many, shape (n,), never below `least`; missing stays missing."""
    for i in range(t_c.shape[0]):
        ratio = ratio_at_wet_bulb(t_c[i], wet_bulb_c[i], pressure_pa)
        out_ratio[i] = least if ratio < least else ratio


@kernel
def wet_bulb_c(t_c: float, rh_frac: float, pressure_pa: float) -> float:
    """Thermodynamic wet bulb, degC: Newton on the psychrometer equation, from the dry bulb downwards."""
    ratio = humidity_ratio(t_c, rh_frac, pressure_pa)
    wet_c = t_c - (1.0 - rh_frac) * 0.4 * max(t_c + 10.0, 1.0)
    for _ in range(12):
        error = ratio_at_wet_bulb(t_c, wet_c, pressure_pa) - ratio
        slope = (ratio_at_wet_bulb(t_c, wet_c + 0.01, pressure_pa) - ratio - error) / 0.01
        step = error / slope
        wet_c -= step
        if abs(step) < 1e-6:
            break
    return min(wet_c, t_c)
