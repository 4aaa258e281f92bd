"""Servers: how power and air flow answer to the inlet temperature.

Source: fits to three published fleets; docs/reference/equations.md#servers. Server fans are metered inside IT power:
a warmer inlet can lower PUE while the site's total rises.
"""

from __future__ import annotations

from twin.kernels._jit import kernel


@kernel
def speed_ratio(inlet_c: float, start_c: float, per_k: float, most: float) -> float:
    """Fan speed, and with it air flow, relative to the reference inlet."""
    if inlet_c != inlet_c:
        return inlet_c  # min and max would make a number of a missing one
    return min(most, 1.0 + per_k * max(0.0, inlet_c - start_c))


@kernel
def power_ratio(inlet_c: float, reference_c: float, leakage_per_k: float, fan_share: float, speed: float) -> float:
    """Server power relative to the reference inlet: leakage linear, fans cubic."""
    return 1.0 + leakage_per_k * (inlet_c - reference_c) + fan_share * (speed * speed * speed - 1.0)


@kernel
def fan_power_ratio(fan_share: float, speed: float) -> float:
    """Power of the server fans relative to the server power at the reference inlet."""
    return fan_share * speed * speed * speed
