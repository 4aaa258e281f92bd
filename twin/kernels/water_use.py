"""Water that evaporative cooling takes: evaporation, blowdown, drift, make-up.

Source: latent share of the heat over 2.45 MJ/kg, salt balance of the basin; docs/reference/equations.md#water-use.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel

LATENT_J_KG = 2.45e6  # at 25 degC


@kernel
def latent_frac(outdoor_c: float, cold_c: float, hot_c: float) -> float:
    """Share of the heat that leaves as vapour: 0.75 up to `cold_c`, 0.95 from `hot_c` on, linear between (EE)."""
    if outdoor_c != outdoor_c:
        return outdoor_c
    return 0.75 + 0.20 * min(max((outdoor_c - cold_c) / max(hot_c - cold_c, 1e-9), 0.0), 1.0)


@kernel
def evaporation_kg_s(rejected_w: float, latent_frac: float) -> float:
    """Water evaporated, kg/s, by `rejected_w` >= 0 of which `latent_frac` 0..1 leaves as vapour."""
    return rejected_w * latent_frac / LATENT_J_KG


@kernel
def blowdown_kg_s(evaporated_kg_s: float, drift_kg_s: float, cycles: float) -> float:
    """Water drained, kg/s, that holds salts at `cycles` > 1 times the make-up's; drift is part of the draining."""
    missing = evaporated_kg_s + drift_kg_s + cycles
    if missing != missing:
        return missing
    return max(evaporated_kg_s / max(cycles - 1.0, 1e-3) - drift_kg_s, 0.0)


@kernel
def tower_water_kg_s(
    rejected_w: float, latent_frac: float, cycles: float, circulating_kg_s: float, drift_frac: float
) -> tuple[float, float, float, float]:
    """(make-up, evaporation, blowdown, drift) of a cooling tower, all kg/s; the first is the sum of the others.

    `cycles` of concentration 3..7, `drift_frac` of the circulating water 0.000005..0.00002 with modern eliminators.
    """
    missing = rejected_w + latent_frac + cycles + circulating_kg_s + drift_frac
    if missing != missing:
        return missing, missing, missing, missing
    evaporated = evaporation_kg_s(max(rejected_w, 0.0), latent_frac)
    drift = max(circulating_kg_s, 0.0) * drift_frac
    blowdown = blowdown_kg_s(evaporated, drift, cycles)
    return evaporated + blowdown + drift, evaporated, blowdown, drift


@kernel
def wue_l_kwh(make_up_kg_s: float, it_w: float) -> float:
    """Water usage effectiveness, litres per kWh of IT; a kilogram counts as a litre. NaN without IT power."""
    if not it_w > 0.0:
        return math.nan
    return make_up_kg_s * 3.6e6 / it_w
