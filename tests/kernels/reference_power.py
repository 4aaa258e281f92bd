"""UPS modules, feeders, batteries and photovoltaics a second time: obvious, plain Python, nothing shared.

Equations and coefficients: docs/reference/equations.md.
"""

from __future__ import annotations

import math

from tests.kernels.reference_liquid import halved


def ups_loss_w(load_w: float, modules: int, module_w: float, curve: tuple[float, float, float]) -> float:
    each = load_w / modules / module_w
    return sum(module_w * (curve[0] + curve[1] * each + curve[2] * each**2) for _ in range(modules))


def best_modules(
    load_w: float, least: int, installed: int, module_w: float, curve: tuple[float, float, float]
) -> tuple[int, float]:
    """Try them all."""
    tried = {n: ups_loss_w(load_w, n, module_w, curve) for n in range(min(max(least, 1), installed), installed + 1)}
    best = min(tried, key=lambda n: tried[n])
    return best, tried[best]


def modules_needed(worst_w: float, module_w: float, redundant: int) -> int:
    """Add modules until they carry it with the redundant ones gone."""
    n = 1 + redundant
    while (n - redundant) * module_w < worst_w * (1 - 1e-9):
        n += 1
    return n


def feeder_input_w(output_w: float, rated_w: float, linear: float, square: float) -> float:
    """The input whose output, less its loss, is the wanted one; searched below the most a feeder can pass."""
    most = (1 - linear) * rated_w / (2 * square) if square > 0 else 100 * (output_w + 1)
    return halved(lambda w: w - linear * w - square * (w / rated_w) ** 2 * rated_w - output_w, 0.0, most)


def psu_efficiency(load: float, table: tuple[tuple[float, ...], tuple[float, ...]]) -> float:
    loads, efficiencies = table
    if load >= loads[-1]:
        return efficiencies[-1]
    if load < loads[0]:
        lost = loads[0] / efficiencies[0] - loads[0]
        return load / (load + lost)
    i = max(n for n, x in enumerate(loads) if x <= load)
    share = (load - loads[i]) / (loads[i + 1] - loads[i])
    return (1 - share) * efficiencies[i] + share * efficiencies[i + 1]


def battery(
    soc: float, wanted_w: float, energy_j: float, eta: tuple[float, float], rate: tuple[float, float],
    window: tuple[float, float], idle_w: float, aux: float, dt_s: float,
) -> tuple[float, float, float, float]:  # fmt: skip
    """The same by the limits one after the other; returns state, discharge, auxiliary, loss."""
    if wanted_w >= 0:
        inside_w = min(wanted_w, rate[1] * energy_j / 3600) / eta[1]
        inside_w = min(inside_w, max(soc - window[0], 0) * energy_j / dt_s)
        power_w, stored_j = inside_w * eta[1], -inside_w * dt_s
    else:
        inside_w = min(-wanted_w, rate[0] * energy_j / 3600) * eta[0]
        inside_w = min(inside_w, max(window[1] - soc, 0) * energy_j / dt_s)
        power_w, stored_j = -inside_w / eta[0], inside_w * dt_s
    aux_w = idle_w + aux * abs(power_w)
    taken_j = (aux_w - power_w) * dt_s
    return soc + stored_j / energy_j, power_w, aux_w, (taken_j - stored_j) / dt_s


def arrhenius_days(loss: float, rate: float, power: float, days: int) -> float:
    """A power law walked day by day: how much the next day adds depends on what is lost already."""
    for _ in range(days):
        n = (loss / rate) ** (1 / power)
        loss = rate * (n + 1) ** power
    return loss


def xu_loss(fatigue: float) -> float:
    film, wear = 0.0575, 1 - 0.0575
    return 1 - film * math.exp(-121 * fatigue) - wear * math.exp(-fatigue)


def xu_fatigue(cycles: list[tuple[float, float, float, float]], nmc: bool) -> float:
    """Sum over (depth, mean charge, cell degC, count)."""
    total = 0.0
    for depth, soc, cell_c, count in cycles:
        if depth <= 0:
            continue
        by_depth = 1.0487e-4 * depth**2.03 if nmc else 1 / (1.40e5 * depth**-0.501 - 1.23e5)
        kelvin = cell_c + 273.15
        total += (
            count * by_depth * math.exp(1.04 * (soc - 0.5)) * math.exp(0.0693 * (kelvin - 298.15) * 298.15 / kelvin)
        )
    return total


def anode_v(soc: float) -> float:
    """Fitted potential of graphite: one exponential and four steps."""
    x = 0.0085 + soc * (0.78 - 0.0085)
    steps = ((0.044, 0.1958, -0.1088), (-0.1978, 1.0571, 0.0854), (-0.6875, -0.0117, 0.0529), (-0.0175, 0.5692, 0.0875))
    return 0.6379 + 0.5416 * math.exp(-305.5309 * x) + sum(h * math.tanh((x - at) / wide) for h, at, wide in steps)


def lfp_rates(soc: float, depth: float, c_rate: float, cell_c: float) -> tuple[float, float]:
    kelvin = cell_c + 273.15
    calendar = 8.37e4 * math.exp((-5210 - 3560 * anode_v(soc)) / kelvin)
    cycle = (4.38e-8 + 1.55e-8 * depth + 1.68e-7 * c_rate) * (math.exp(2190 / kelvin) + math.exp(-1.55e5 / kelvin))
    return calendar, cycle
