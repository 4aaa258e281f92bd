"""The air side a second time: slow, obvious, plain Python, and nothing shared with the kernels.

Mixing balances are repeated until nothing moves, metal is stepped in small Euler steps, exchangers are cut into cells,
inverses are found by halving an interval. Equations and coefficients: docs/reference/equations.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.kernels.reference import bisected, clamp, dew_point_c, humidity_ratio, saturation_pressure_pa

AIR_J_KG_K, CONDENSATION_J_KG = 1006.0, 2.45e6


# --- racks
def inlets_by_mixing(
    outlet_frac: Sequence[Sequence[float]],
    air_w_k: Sequence[float],
    heat_w: Sequence[float],
    supply_c: Sequence[float],
) -> tuple[list[float], list[float]]:
    """(inlets, outlets): every rack mixes what the others send it with supply air, over and over."""
    n = len(air_w_k)
    outlets = list(supply_c)
    inlets = list(supply_c)
    for _ in range(4000):
        for j in range(n):
            if air_w_k[j] == 0:
                inlets[j] = supply_c[j]
                continue
            sent = [outlet_frac[i][j] * air_w_k[i] for i in range(n)]
            own_supply = air_w_k[j] - sum(sent)
            carried = sum(w_k * t_c for w_k, t_c in zip(sent, outlets, strict=True)) + own_supply * supply_c[j]
            inlets[j] = carried / air_w_k[j]
        fresh = [inlets[j] + (heat_w[j] / air_w_k[j] if air_w_k[j] else 0.0) for j in range(n)]
        moved = max(abs(a - b) for a, b in zip(fresh, outlets, strict=True))
        outlets = fresh
        if moved < 1e-12:
            break
    return inlets, outlets


@dataclass
class Rack:
    """One rack by itself: a law of power and fans, a lump of metal, air past it."""

    base_w: float
    air0_w_k: float
    liquid_frac: float
    metal_j_k: float
    metal_ua_w_k: float
    law: tuple[float, float, float, float, float, float]

    def power_and_air(self, inlet_c: float) -> tuple[float, float]:
        reference_c, start_c, leakage, fan, per_k, most = self.law
        speed = 1 + per_k * (inlet_c - start_c) if inlet_c > start_c else 1.0
        speed = min(speed, most)
        power_w = self.base_w * (1 - fan + leakage * (inlet_c - reference_c)) + self.base_w * fan * speed**3
        return power_w, self.air0_w_k * speed

    def stepped(self, inlet_c: float, metal_c: float, dt_s: float, steps: int) -> tuple[float, float]:
        """(metal after, mean outlet): Heun's small steps, the outlet from the balance of the air at each instant."""
        power_w, air_w_k = self.power_and_air(inlet_c)
        heat_w = (1 - self.liquid_frac) * power_w

        def outlet(of_metal_c: float) -> float:
            # G (Tm - To) = C (To - Ti)
            if air_w_k == 0:
                return inlet_c
            return (self.metal_ua_w_k * of_metal_c + air_w_k * inlet_c) / (self.metal_ua_w_k + air_w_k)

        def rate(of_metal_c: float) -> float:
            return (heat_w - air_w_k * (outlet(of_metal_c) - inlet_c)) / self.metal_j_k

        h, outlets = dt_s / steps, 0.0
        for _ in range(steps):
            first = rate(metal_c)
            after = metal_c + h / 2 * (first + rate(metal_c + h * first))
            outlets += (outlet(metal_c) + outlet(after)) / 2 / steps
            metal_c = after
        return metal_c, outlets


# --- metrics
def heat_indices(
    inlets: Sequence[float], outlets: Sequence[float], air_w_k: Sequence[float], supply_c: float
) -> tuple[float, float]:
    """(SHI, RHI), the second from its own meaning: the racks' heat over all heat above supply air."""
    above = [w_k * (t_c - supply_c) for w_k, t_c in zip(air_w_k, outlets, strict=True)]
    racks = [w_k * (out - t_in) for w_k, out, t_in in zip(air_w_k, outlets, inlets, strict=True)]
    return 1 - sum(racks) / sum(above), sum(racks) / sum(above)


def cooling_index(inlets: Sequence[float], recommended_c: float, allowable_c: float) -> float:
    """RCI of either side: the side is the one on which the allowable lies."""
    sign = 1 if allowable_c > recommended_c else -1
    beyond = [sign * (t_c - recommended_c) for t_c in inlets if sign * (t_c - recommended_c) > 0]
    return 100 - 100 * sum(beyond) / len(inlets) / abs(allowable_c - recommended_c)


# --- coils
def crossflow_by_cells(ntu: float, ratio: float, cells: int = 60) -> float:
    """Both streams unmixed: the weak one runs along the rows of a grid, the strong one down its columns."""
    weak = [1.0] * cells  # one temperature for each row, as it moves through the columns
    for _ in range(cells):
        strong = 0.0
        for row in range(cells):
            # in each cell a little counterless exchange at the mean difference
            across = ntu / cells
            gap = (weak[row] - strong) / (1 + across / 2 * (1 + ratio))
            weak[row] -= across * gap
            strong += across * ratio * gap
    return 1 - sum(weak) / cells


def wet_coil(
    dry_heat_w: float, t_c: float, ratio: float, surface_c: float, air_kg_s: float, pressure_pa: float
) -> tuple[float, float]:
    """(sensible, latent) W: small portions of heat, each split by how far air is from the surface in either sense."""
    at_surface = humidity_ratio(surface_c, 1.0, pressure_pa)
    if ratio <= at_surface or t_c <= surface_c:
        return dry_heat_w, 0.0
    portion, sensible, latent = dry_heat_w / 2000, 0.0, 0.0
    for _ in range(2000):
        dry_j = max(AIR_J_KG_K * (t_c - surface_c), 0.0)
        wet_j = max(CONDENSATION_J_KG * (ratio - at_surface), 0.0)
        wet = 0.0 if wet_j <= 1e-9 else wet_j / (dry_j + wet_j)
        condensed = min(portion * wet, air_kg_s * wet_j)
        latent += condensed
        sensible += portion - condensed
        ratio -= condensed / CONDENSATION_J_KG / air_kg_s
        t_c -= (portion - condensed) / AIR_J_KG_K / air_kg_s
    return sensible, latent


def valve_flow(opening: float, rangeability: float, authority: float, seat: float) -> float:
    """The flow at which valve and circuit use up the whole pressure."""
    if opening <= 0:
        return 0.0
    held = max(min(opening, 1.0), seat)
    passes = math.exp(math.log(rangeability) * held) / rangeability
    flow = bisected(lambda q: authority * (q / passes) ** 2 + (1 - authority) * q**2 - 1.0, 0.0, 2.0)
    return flow * min(opening, 1.0) / held


def valve_opening(flow: float, rangeability: float, authority: float, seat: float) -> float:
    if flow <= 0:
        return 0.0
    return bisected(lambda x: valve_flow(x, rangeability, authority, seat) - flow, 0.0, 1.0)


# --- CRAC
def polynomial(c: Sequence[float], x: float, y: float) -> float:
    return sum(k * x**i * y**j for k, (i, j) in zip(c, [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2), (1, 1)], strict=True))


@dataclass
class Crac:
    """One machine; `curve` as the kernels pack it."""

    curve: Sequence[float]
    capacity_w: float
    cop: float
    least_speed: float
    economiser_cop: float
    full_c: float
    off_c: float

    def full_load(self, wet_c: float, outdoor_c: float, flow: float) -> tuple[float, float]:
        c = self.curve
        x, y, ff = clamp(wet_c, c[19], c[20]), clamp(outdoor_c, c[21], c[22]), clamp(flow, c[23], c[24])
        eir = polynomial(c[6:12], x, y) * sum(k * ff**i for i, k in enumerate(c[14:17]))
        return self.capacity_w * polynomial(c[0:6], x, y) * (c[12] + c[13] * ff), self.cop / eir

    def pumped_share(self, outdoor_c: float, slices: int = 2000) -> float:
        """The area under a parabola from where the economiser comes in to where it is now."""
        t = clamp((self.off_c - outdoor_c) / (self.off_c - self.full_c), 0.0, 1.0)
        h = t / slices
        return sum(6 * ((i + 0.5) * h) * (1 - (i + 0.5) * h) * h for i in range(slices))

    def power(self, wet_c: float, outdoor_c: float, flow: float, heat_w: float) -> tuple[float, float]:
        """(W, heat reached): at least speed the machine runs a part of the hour, longer by the cycling loss."""
        most_w, cop = self.full_load(wet_c, outdoor_c, flow)
        heat_w = clamp(heat_w, 0.0, most_w)
        pumped = self.pumped_share(outdoor_c) * heat_w if self.economiser_cop else 0.0
        load = (heat_w - pumped) / most_w
        if load >= self.least_speed:
            compressor = most_w * load / cop
        else:
            run = load / self.least_speed
            longer = run / (self.curve[17] + self.curve[18] * run)
            compressor = longer * most_w * self.least_speed / cop
        return compressor + (pumped / self.economiser_cop if pumped else 0.0), heat_w


# --- outside air
def dew_point_of_ratio_c(t_c: float, ratio: float, pressure_pa: float) -> float:
    vapour_pa = ratio * pressure_pa / (0.621945 + ratio)
    return dew_point_c(t_c, vapour_pa / saturation_pressure_pa(t_c))


def outside_frac(supply_c: float, outdoor_c: float, return_c: float, least: float) -> float:
    """Open the dampers from the least on until the mixture is cold enough."""
    if outdoor_c >= return_c:
        return least

    def too_warm(frac: float) -> float:
        return supply_c - (frac * outdoor_c + (1 - frac) * return_c)

    if too_warm(1.0) <= 0:
        return 1.0
    if too_warm(least) >= 0:
        return least
    return bisected(too_warm, least, 1.0)


def not_too_dry(frac: float, outdoor_ratio: float, return_ratio: float, least_ratio: float) -> float:
    """Close the dampers from `frac` on until the mixture is humid enough, or until nothing helps."""

    def dryness(f: float) -> float:
        return least_ratio - (f * outdoor_ratio + (1 - f) * return_ratio)

    if outdoor_ratio >= return_ratio or dryness(frac) <= 0:
        return frac
    if dryness(0.0) >= 0:
        return 0.0
    return bisected(dryness, 0.0, frac)
