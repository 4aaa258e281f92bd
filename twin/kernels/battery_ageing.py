"""Ageing of batteries: capacity lost to time and cycles, two models and two rules of thumb for lead-acid.

Sources: Xu et al. 2018 (A); NREL BLAST-Lite, 250 Ah prismatic LFP (B); docs/reference/equations.md#battery-ageing.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, kernel

XU_CALENDAR_1_S = 4.14e-10
LFP_CALENDAR_POWER = 0.526
LFP_CYCLE_POWER = 0.828


@kernel
def depth_stress_lmo(depth_frac: float) -> float:
    """Fatigue of one full cycle by its depth 0..1, LMO cells, model A."""
    if depth_frac != depth_frac:
        return depth_frac
    if depth_frac <= 0.0:
        return 0.0
    return 1.0 / (1.40e5 * math.pow(min(depth_frac, 1.0), -0.501) - 1.23e5)


@kernel
def depth_stress_nmc(depth_frac: float) -> float:
    """Fatigue of one full cycle by its depth 0..1, NMC cells, model A."""
    if depth_frac != depth_frac:
        return depth_frac
    return 1.0487e-4 * math.pow(min(max(depth_frac, 0.0), 1.0), 2.03)


@kernel
def soc_stress(soc_frac: float) -> float:
    """Factor on fatigue by mean state of charge, 1 at one half, model A."""
    return math.exp(1.04 * (soc_frac - 0.5))


@kernel
def temperature_stress(cell_c: float) -> float:
    """Factor on fatigue by cell temperature, 1 at 25 degC, model A; meant for 15 degC and above."""
    return math.exp(0.0693 * (cell_c - 25.0) * 298.15 / max(cell_c + 273.15, 1.0)) if cell_c == cell_c else cell_c


@kernel
def calendar_fatigue(time_s: float, soc_frac: float, cell_c: float) -> float:
    """Fatigue of time alone, model A."""
    return time_s * XU_CALENDAR_1_S * soc_stress(soc_frac) * temperature_stress(cell_c)


@kernel
def cycles_fatigue(depth_frac: Floats, mean_soc_frac: Floats, cell_c: Floats, count: Floats, nmc: float) -> float:
    """Fatigue of counted cycles, arrays of shape (n_cycle,), model A; `nmc` 1.0 for NMC cells, 0.0 for LMO."""
    fatigue = 0.0
    for i in range(depth_frac.shape[0]):
        depth = depth_stress_nmc(depth_frac[i]) if nmc > 0.5 else depth_stress_lmo(depth_frac[i])
        fatigue += count[i] * depth * soc_stress(mean_soc_frac[i]) * temperature_stress(cell_c[i])
    return fatigue


@kernel
def loss_of_fatigue(fatigue: float) -> float:
    """Capacity lost, 0..1, model A: a film forms fast at first, then wear goes on exponentially."""
    return 1.0 - 0.0575 * math.exp(-121.0 * fatigue) - 0.9425 * math.exp(-fatigue)


@kernel
def loss_slope(fatigue: float) -> float:
    """Capacity lost per fatigue, for the price of one more cycle, model A."""
    return 0.0575 * 121.0 * math.exp(-121.0 * fatigue) + 0.9425 * math.exp(-fatigue)


@kernel
def fatigue_of_loss(loss_frac: float) -> float:
    """Fatigue behind a measured loss, so that a used battery can start in the middle, model A; loss 0..0.99."""
    if loss_frac != loss_frac:
        return loss_frac
    low, high = 0.0, 5.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if loss_of_fatigue(middle) < loss_frac:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@kernel
def lfp_anode_v(soc_frac: float) -> float:
    """Potential of the graphite anode over lithium, V, by state of charge, model B."""
    x = 0.0085 + 0.7715 * soc_frac
    return (
        0.6379
        + 0.5416 * math.exp(-305.5309 * x)
        + 0.044 * math.tanh(-(x - 0.1958) / 0.1088)
        - 0.1978 * math.tanh((x - 1.0571) / 0.0854)
        - 0.6875 * math.tanh((x + 0.0117) / 0.0529)
        - 0.0175 * math.tanh((x - 0.5692) / 0.0875)
    )


@kernel
def lfp_calendar_rate(soc_frac: float, cell_c: float) -> float:
    """Calendar rate k of model B: loss = k * days^0.526."""
    kelvin = max(cell_c + 273.15, 1.0) if cell_c == cell_c else cell_c
    return 8.37e4 * math.exp(-5210.0 / kelvin) * math.exp(-3560.0 * lfp_anode_v(soc_frac) / kelvin)


@kernel
def lfp_cycle_rate(depth_frac: float, rate_c: float, cell_c: float) -> float:
    """Cycle rate k of model B: loss = k * (equivalent full cycles)^0.828; fitted to depths of 0.8..1, up to 0.65 C."""
    kelvin = max(cell_c + 273.15, 100.0) if cell_c == cell_c else cell_c
    stress = 4.38e-8 + 1.55e-8 * depth_frac + 1.68e-7 * rate_c
    return stress * (math.exp(2190.0 / kelvin) + math.exp(-1.55e5 / kelvin))


@kernel
def grown_loss(loss_frac: float, rate: float, power: float, more: float) -> float:
    """Loss after `more` days or cycles of a law k*n^power, from a loss reached under any other rate.

    The past is read as the n that today's rate would have needed; under a constant rate the steps add up exactly.
    """
    missing = loss_frac + rate + more
    if missing != missing:
        return missing
    if rate <= 0.0 or more <= 0.0:
        return loss_frac
    past = math.pow(max(loss_frac, 0.0) / rate, 1.0 / power)
    return rate * math.pow(past + more, power)


@kernel
def lead_life_frac(mean_c: float, design_c: float, halving_k: float) -> float:
    """Life of a lead-acid battery of its design life: it halves every `halving_k` (8..10 K) above `design_c`."""
    if mean_c != mean_c:
        return mean_c
    return math.pow(2.0, -max(mean_c - design_c, 0.0) / max(halving_k, 1e-3))


@kernel
def lead_health(ohmic_ratio: float, capacity_frac: float) -> float:
    """0 sound, 1 to be looked into, 2 to be replaced: lead-acid by internal resistance over new, and by capacity."""
    missing = ohmic_ratio + capacity_frac
    if missing != missing:
        return missing
    if ohmic_ratio >= 1.5 or capacity_frac < 0.8:
        return 2.0
    return 1.0 if ohmic_ratio >= 1.2 else 0.0
