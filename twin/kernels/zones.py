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
def zone_response(
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
) -> tuple[float, float, float, float]:
    """Temperatures (air, metal), degC, after `dt_s` of constant inputs, and what 1 K of supply air adds to each.

    dTa/dt = [Cs(Ts-Ta) + G(Tm-Ta) + UAe(To-Ta) + Qa]/Ca ; dTm/dt = [Qm + G(Ta-Tm)]/Cm. Exact for any step length. The
    change is the initial rates times (e^{At} - 1)/A, which needs no steady state: a closed hall without any loss keeps
    every joule.
    """
    lost_w_k = supply_w_k + envelope_w_k
    a11 = -(lost_w_k + metal_ua_w_k) / air_j_k
    a12 = metal_ua_w_k / air_j_k
    a21 = metal_ua_w_k / metal_j_k
    a22 = -metal_ua_w_k / metal_j_k
    mean = 0.5 * (a11 + a22)
    # both eigenvalues are real: the off-diagonal product is positive
    spread = math.sqrt(0.25 * (a11 - a22) * (a11 - a22) + a12 * a21)
    fast = mean - spread
    slow = lost_w_k * metal_ua_w_k / (air_j_k * metal_j_k) / fast  # from the determinant: no digits cancel
    of_fast = math.expm1(fast * dt_s) / fast
    of_slow = dt_s if slow == 0.0 else math.expm1(slow * dt_s) / slow
    exchange_w = metal_ua_w_k * (metal_c - air_c)
    air_w = supply_w_k * (supply_c - air_c) + envelope_w_k * (outdoor_c - air_c) + exchange_w + air_heat_w
    air_rate = air_w / air_j_k
    metal_rate = (metal_heat_w - exchange_w) / metal_j_k
    even = 0.5 * (of_slow + of_fast)
    odd = 0.5 * (of_slow - of_fast) / spread
    air_gain = even + odd * (a11 - mean)
    new_air_c = air_c + air_gain * air_rate + odd * a12 * metal_rate
    new_metal_c = metal_c + (even + odd * (a22 - mean)) * metal_rate + odd * a21 * air_rate
    per_k = supply_w_k / air_j_k
    return new_air_c, new_metal_c, air_gain * per_k, odd * a21 * per_k


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
    """Temperatures (air, metal), degC, after `dt_s` of constant inputs: `zone_response` without its slopes."""
    new_air_c, new_metal_c, _, _ = zone_response(
        air_c,
        metal_c,
        air_j_k,
        metal_j_k,
        supply_w_k,
        metal_ua_w_k,
        envelope_w_k,
        supply_c,
        outdoor_c,
        air_heat_w,
        metal_heat_w,
        dt_s,
    )
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
