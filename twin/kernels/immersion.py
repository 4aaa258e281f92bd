"""Immersion tanks: one mixed bath of fluid, or a boiling one of constant temperature.

Source: textbook energy balance; docs/reference/equations.md#liquid-cooling.
"""

from __future__ import annotations

from twin.kernels._jit import kernel
from twin.kernels.cdus import exchanger_conductance_w_k, mixed_volume_step


@kernel
def bath_step(
    bath_c: float,
    power_w: float,
    water_in_c: float,
    water_w_k: float,
    fluid_w_k: float,
    ua_w_k: float,
    capacity_j_k: float,
    dt_s: float,
) -> tuple[float, float]:
    """(bath degC, mean heat into the water W) of a single-phase tank after `dt_s`, exact for any step.

    Args:
        water_w_k: Capacity rate of the water in the tank's exchanger; 0 when the water is lost.
        fluid_w_k: Capacity rate of the fluid on the other side.
        capacity_j_k: Heat capacity of fluid and servers together.
    """
    conductance = exchanger_conductance_w_k(water_w_k, fluid_w_k, ua_w_k)
    return mixed_volume_step(bath_c, power_w, water_in_c, conductance, capacity_j_k, dt_s)


@kernel
def bath_rest_c(power_w: float, water_in_c: float, water_w_k: float, fluid_w_k: float, ua_w_k: float) -> float:
    """Bath temperature at rest, degC; absurdly high without cooling, never a division by zero."""
    conductance = exchanger_conductance_w_k(water_w_k, fluid_w_k, ua_w_k)
    if conductance != conductance:
        return conductance
    return water_in_c + power_w / max(conductance, 1e-9)


@kernel
def boiling_bath(
    power_w: float, boiling_c: float, water_in_c: float, water_w_k: float, ua_w_k: float, latent_j_kg: float
) -> tuple[float, float, float]:
    """(bath degC, heat into the water W, vapour kg/s that finds no condenser) of a two-phase tank.

    The bath stays at its boiling point and the vapour condenses on a coil of constant temperature; vapour left over
    means loss of fluid, which is an alarm.
    """
    missing = power_w + boiling_c + water_in_c + water_w_k + ua_w_k
    if missing != missing:
        return missing, missing, missing
    # condensing vapour is a stream of endless heat capacity
    most_w = exchanger_conductance_w_k(water_w_k, 1e15, ua_w_k) * max(boiling_c - water_in_c, 0.0)
    taken_w = min(max(power_w, 0.0), most_w)
    return boiling_c, taken_w, (max(power_w, 0.0) - taken_w) / max(latent_j_kg, 1.0)
