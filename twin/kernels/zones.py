"""A hall as two nodes, air and metal, stepped exactly; and the mixing between servers and air handlers.

Source: two-node RC network, matrix exponential of a 2x2 in closed form; docs/reference/equations.md#zones.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel


@kernel
def zone_steady_c(
    supply_w_k: float,
    metal_ua_w_k: float,
    envelope_w_k: float,
    supply_c: float,
    outdoor_c: float,
    air_heat_w: float,
    metal_heat_w: float,
) -> tuple[float, float]:
    """Steady temperatures (air, metal), degC, of a hall fed by `supply_w_k` of air capacity rate."""
    lost_w_k = max(supply_w_k + envelope_w_k, 1e-9)
    air_c = (supply_w_k * supply_c + envelope_w_k * outdoor_c + air_heat_w + metal_heat_w) / lost_w_k
    return air_c, air_c + metal_heat_w / max(metal_ua_w_k, 1e-9)


@kernel
def zone_step_c(
    air_c: float,
    metal_c: float,
    air_j_k: float,
    metal_j_k: float,
    supply_w_k: float,
    metal_ua_w_k: float,
    envelope_w_k: float,
    supply_c: float,
    outdoor_c: float,
    air_heat_w: float,
    metal_heat_w: float,
    dt_s: float,
) -> tuple[float, float]:
    """Temperatures (air, metal), degC, after `dt_s` of constant inputs: exact for any step length.

    dTa/dt = [Cs(Ts-Ta) + G(Tm-Ta) + UAe(To-Ta) + Qa]/Ca ; dTm/dt = [Qm + G(Ta-Tm)]/Cm.
    A closed hall (no supply, no envelope) has no steady state; a tiny loss of 1e-6 W/K stands in for it.
    """
    lost_w_k = max(supply_w_k + envelope_w_k, 1e-6)
    driven_w = supply_w_k * supply_c + envelope_w_k * outdoor_c
    if supply_w_k + envelope_w_k < 1e-6:
        driven_w = 1e-6 * air_c
    steady_air_c = (driven_w + air_heat_w + metal_heat_w) / lost_w_k
    steady_metal_c = steady_air_c + metal_heat_w / metal_ua_w_k
    a11 = -(lost_w_k + metal_ua_w_k) / air_j_k
    a12 = metal_ua_w_k / air_j_k
    a21 = metal_ua_w_k / metal_j_k
    a22 = -metal_ua_w_k / metal_j_k
    mean = 0.5 * (a11 + a22)
    # both eigenvalues are real: the off-diagonal product is positive
    spread = math.sqrt(0.25 * (a11 - a22) * (a11 - a22) + a12 * a21)
    slow = math.exp((mean + spread) * dt_s)
    fast = math.exp((mean - spread) * dt_s)
    even = 0.5 * (slow + fast)
    odd = 0.5 * (slow - fast) / spread
    air_gap = air_c - steady_air_c
    metal_gap = metal_c - steady_metal_c
    new_air_c = steady_air_c + even * air_gap + odd * ((a11 - mean) * air_gap + a12 * metal_gap)
    new_metal_c = steady_metal_c + even * metal_gap + odd * (a21 * air_gap + (a22 - mean) * metal_gap)
    return new_air_c, new_metal_c


@kernel
def recirculated_frac(crah_m3_s: float, it_m3_s: float, bypass_frac: float) -> float:
    """Share of server air that comes back as inlet air because the supply falls short.

    1 - Veff/Vit with Veff = Vcrah*(1-bypass), through a softplus of 3 % of Vit so that an optimiser sees no kink.
    """
    it = max(it_m3_s, 1e-6)
    shortfall = (it - crah_m3_s * (1.0 - bypass_frac)) / it
    width = 0.03
    scaled = shortfall / width
    if scaled > 30.0:
        return min(shortfall, 1.0)
    return min(width * math.log(1.0 + math.exp(scaled)), 1.0)
