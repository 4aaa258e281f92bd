"""Standby generator sets: fuel, carbon dioxide and the load they must not stay below. Nothing here is optimised.

Source: Skarstein and Uhlen 1989; docs/reference/equations.md#gensets.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel

# litres per hour and kW, as m3/s per W
RATED_M3_J = 2.3375e-11
OUTPUT_M3_J = 6.8333333333333333e-11
CO2_KG_M3 = 2680.0
LEAST_LOAD_FRAC = 0.30


@kernel
def fuel_m3_s(output_w: float, rated_w: float, running: float) -> float:
    """Diesel of one set, m3/s; `running` 0.0 when it stands still."""
    if output_w != output_w or running != running:
        return output_w + running
    if running < 0.5:
        return 0.0
    return RATED_M3_J * rated_w + OUTPUT_M3_J * max(output_w, 0.0)


@kernel
def co2_kg_s(fuel_m3_s: float) -> float:
    """Carbon dioxide of burnt diesel, kg/s."""
    return CO2_KG_M3 * fuel_m3_s


@kernel
def load_bank_w(output_w: float, rated_w: float, least_frac: float) -> float:
    """Load to add so that a running set does not stack wet, W: up to `least_frac` of its rating."""
    if output_w != output_w:
        return output_w
    return max(least_frac * rated_w - output_w, 0.0)


@kernel
def tank_lasts_s(fuel_m3: float, output_w: float, rated_w: float) -> float:
    """Seconds until the tank of one running set is empty."""
    if fuel_m3 != fuel_m3 or output_w != output_w:
        return fuel_m3 + output_w
    flow = fuel_m3_s(output_w, rated_w, 1.0)
    return fuel_m3 / flow if flow > 0.0 else math.inf
