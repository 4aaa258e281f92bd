"""What a chilled-water coil needs beyond the dry counterflow one: crossflow, condensation, and its valve.

Source: effectiveness-NTU, equal-percentage valve law; docs/reference/equations.md#coils-crossflow-and-wet.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel
from twin.kernels.moist_air import humidity_ratio

AIR_J_KG_K = 1006.0
CONDENSATION_J_KG = 2.45e6


@kernel
def crossflow_effectiveness(ntu: float, capacity_ratio: float) -> float:
    """Effectiveness 0..1 of crossflow with both streams unmixed; for coils of fewer than four rows, dry coolers.

    The usual approximation, within 0.01 of two streams that really cross. `capacity_ratio` is Cmin/Cmax, 0..1.
    """
    if ntu != ntu or capacity_ratio != capacity_ratio:
        return ntu + capacity_ratio
    if ntu <= 0.0:
        return 0.0
    z = min(max(capacity_ratio, 0.0), 1.0)
    if z < 1e-9:
        return -math.expm1(-ntu)
    return -math.expm1(math.pow(ntu, 0.22) / z * math.expm1(-z * math.pow(ntu, 0.78)))


@kernel
def wet_coil(
    dry_heat_w: float,
    return_c: float,
    return_ratio: float,
    chw_in_c: float,
    surface_above_k: float,
    air_kg_s: float,
    pressure_pa: float,
) -> tuple[float, float, float, float]:
    """(sensible W, latent W, sensible heat ratio, condensate kg/s) of a coil that may lie below the dew point.

    The water takes as much heat as it would from dry air (a little low: a wet coil takes more). The air moves on the
    straight line from return air towards saturated air at the surface, which splits the heat; no further than the
    surface, so the coil never dries air below its own saturation. Continuous where the surface meets the dew point.

    Args:
        dry_heat_w: Heat of the dry coil, W.
        return_c, return_ratio: Air entering the coil, degC and kg/kg.
        surface_above_k: Surface above the entering chilled water, 1 to 2 K.
        air_kg_s: Dry air.
    """
    surface_c = chw_in_c + surface_above_k
    wet_ratio = return_ratio - humidity_ratio(surface_c, 1.0, pressure_pa)
    if wet_ratio != wet_ratio or dry_heat_w != dry_heat_w or return_c != return_c or air_kg_s != air_kg_s:
        missing = wet_ratio + dry_heat_w + return_c + air_kg_s
        return missing, missing, missing, missing
    if wet_ratio <= 0.0 or return_c <= surface_c or dry_heat_w <= 0.0:
        return dry_heat_w, 0.0, 1.0, 0.0
    sensible_j_kg = AIR_J_KG_K * (return_c - surface_c)
    latent_j_kg = CONDENSATION_J_KG * wet_ratio
    by_line_w = dry_heat_w * latent_j_kg / (sensible_j_kg + latent_j_kg)
    latent_w = min(by_line_w, max(air_kg_s, 0.0) * latent_j_kg)
    return dry_heat_w - latent_w, latent_w, 1.0 - latent_w / dry_heat_w, latent_w / CONDENSATION_J_KG


@kernel
def valve_flow_frac(opening_frac: float, rangeability: float, authority_frac: float, seat_frac: float) -> float:
    """Flow 0..1 through an equal-percentage valve in its circuit, relative to the open valve.

    Args:
        opening_frac: Stem position, clamped to 0..1.
        rangeability: R of `R^(x-1)`, 30 to 50.
        authority_frac: Share of the circuit's pressure drop over the open valve, 0.3 to 0.5; 1 alone.
        seat_frac: Below this opening the plug closes and flow falls linearly to 0; 0 keeps the law down to a shut stem.
    """
    if opening_frac != opening_frac:
        return opening_frac
    x = min(max(opening_frac, 0.0), 1.0)
    if x <= 0.0:
        return 0.0
    bounded = max(x, seat_frac)
    inherent = math.pow(rangeability, bounded - 1.0)
    flow = 1.0 / math.sqrt(1.0 - authority_frac + authority_frac / (inherent * inherent)) if inherent > 0.0 else 0.0
    return flow * x / bounded


@kernel
def valve_opening_frac(flow_frac: float, rangeability: float, authority_frac: float, seat_frac: float) -> float:
    """Stem position 0..1 that passes `flow_frac`: the inverse of `valve_flow_frac`; 0 where only a shut one does."""
    if flow_frac != flow_frac:
        return flow_frac
    if flow_frac >= 1.0:
        return 1.0
    if flow_frac <= 0.0:
        return 0.0
    at_seat = valve_flow_frac(seat_frac, rangeability, authority_frac, seat_frac)
    if flow_frac < at_seat:
        return seat_frac * flow_frac / at_seat
    inherent = math.sqrt(authority_frac / (1.0 / (flow_frac * flow_frac) - 1.0 + authority_frac))
    return min(max(1.0 + math.log(inherent) / math.log(rangeability), 0.0), 1.0)
