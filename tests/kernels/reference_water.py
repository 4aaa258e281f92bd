"""The water plant a second time: slow, obvious, plain Python, and nothing shared with the kernels."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from tests.kernels.reference import AIR_J_KG_K, WATER_J_KG_K, bisected, clamp, humidity_ratio, ratio_at_wet_bulb
from twin.model.reformulated_catalogue import ReformulatedCurve
from twin.model.york_coefficients import YORK_CALC


# --- York towers
def york_polynomial_k(range_k: float, wet_c: float, ratio: float) -> float:
    total = 0.0
    for e in range(3):
        for j in range(3):
            for i in range(3):
                total += YORK_CALC[9 * e + 3 * j + i] * wet_c**i * range_k**j * ratio**e
    return total


def york_approach_k(scale: float, range_k: float, wet_c: float, water: float, air: float, samples: int = 140) -> float:
    """The greatest approach on the way to this flow ratio: less air never brings the water closer."""
    r, t = clamp(range_k, 1.1, 22.2), clamp(wet_c, -34.4, 26.7)
    wanted = min(scale * clamp(water, 0.75, 1.25) / max(air, 1e-6), 8.0)
    steps = [wanted * (0.3 + 0.7 * k / samples) for k in range(samples + 1)]
    return max(0.0, *(york_polynomial_k(r, t, ratio) for ratio in steps))


@dataclass(frozen=True)
class YorkCell:
    """One cell, for weather and ranges where the approach still rises at its least fan speed."""

    scale: float
    water0_kg_s: float
    least_air: float

    def forced_w(self, in_c: float, wet_c: float, water_kg_s: float, air: float) -> float:
        if in_c <= wet_c:
            return 0.0
        water = water_kg_s / self.water0_kg_s
        # the outlet that the approach gives with the range it makes itself
        outlet_c = bisected(
            lambda out_c: out_c - wet_c - york_approach_k(self.scale, in_c - out_c, wet_c, water, air, 3), wet_c, in_c
        )
        return water_kg_s * WATER_J_KG_K * (in_c - outlet_c)

    def heat_w(self, in_c: float, wet_c: float, water_kg_s: float, air: float) -> float:
        if air >= self.least_air or in_c <= wet_c:
            return self.forced_w(in_c, wet_c, water_kg_s, air)
        free_w = water_kg_s * WATER_J_KG_K * (in_c - wet_c) / 8
        slow_w = max(self.forced_w(in_c, wet_c, water_kg_s, self.least_air), free_w)
        return free_w + (slow_w - free_w) * max(air, 0.0) / self.least_air

    def fan(self, out_c: float, heat_w: float, wet_c: float, water_kg_s: float) -> tuple[float, float, float]:
        range_k = heat_w / (water_kg_s * WATER_J_KG_K)

        def too_much_w(fan: float, outlet_c: float) -> float:
            return self.heat_w(outlet_c + range_k, wet_c, water_kg_s, fan) - heat_w

        if too_much_w(1.0, out_c) < 0:
            return 1.0, bisected(lambda c: too_much_w(1.0, c), out_c, out_c + 80), 1.0
        if too_much_w(0.0, out_c) > 0:
            return 0.0, bisected(lambda c: too_much_w(0.0, c), wet_c - range_k, out_c), 0.0
        return bisected(lambda fan: too_much_w(fan, out_c), 0.0, 1.0), out_c, 0.0


# --- reformulated chillers
def reformulated(
    curve: ReformulatedCurve, x: float, y_in: float, condenser_w_k: float, load_w: float
) -> tuple[float, float, float, float]:
    """(power, heat, part load, leaving condenser water): bisection on the leaving water."""

    def at(y_free: float) -> tuple[float, float, float]:
        xb, y = clamp(x, *curve.chws_c), clamp(y_free, *curve.leaving_condenser_c)
        a, e, b = curve.capacity, curve.eir, curve.eir_part_load
        capacity = curve.capacity_w * (a[0] + a[1] * xb + a[2] * xb**2 + a[3] * y + a[4] * y**2 + a[5] * xb * y)
        by_temperature = e[0] + e[1] * xb + e[2] * xb**2 + e[3] * y + e[4] * y**2 + e[5] * xb * y
        part = clamp(load_w / capacity, 0.0, curve.part_load[1])
        p = max(part, curve.part_load[0])
        by_load = (
            b[0] + b[1] * y + b[2] * y**2 + b[3] * p + b[4] * p**2 + b[5] * y * p
            + b[6] * y**3 + b[7] * p**3 + b[8] * y**2 * p + b[9] * y * p**2
        )  # fmt: skip
        power = capacity / curve.cop * by_temperature * by_load * min(part / curve.part_load[0], 1.0)
        return power, part * capacity, part

    def gap_k(y: float) -> float:
        power, heat, _ = at(y)
        return y - y_in - (heat + power) / condenser_w_k

    y = bisected(gap_k, y_in, y_in + 3 * max(load_w, 1.0) / condenser_w_k + 3 * curve.capacity_w / condenser_w_k)
    return (*at(y), y)


# --- dry coolers
def crossflow(ntu: float, ratio: float) -> float:
    if ntu <= 0:
        return 0.0
    if ratio < 1e-6:
        return 1 - math.exp(-ntu)
    return 1 - math.exp(ntu**0.22 / ratio * (math.exp(-ratio * ntu**0.78) - 1))


@dataclass(frozen=True)
class DryCooler:
    fluid0_kg_s: float
    air0_kg_s: float
    ua0_w_k: float
    ha_ratio: float
    draught: float
    j_kg_k: float = WATER_J_KG_K

    def heat_w(self, in_c: float, air_c: float, fluid_kg_s: float, fan: float) -> float:
        air = max(fan, self.draught)
        fluid_w_k, air_w_k = fluid_kg_s * self.j_kg_k, air * self.air0_kg_s * AIR_J_KG_K
        if min(fluid_w_k, air_w_k) <= 1e-6:
            return 0.0
        # design resistances in series: air first
        air_side = self.ha_ratio / (1 + self.ha_ratio)
        resistance = (
            (1 - air_side) / max(air, 1e-3) ** 0.8 + air_side / max(fluid_kg_s / self.fluid0_kg_s, 1e-3) ** 0.85
        ) / self.ua0_w_k
        least, most = min(fluid_w_k, air_w_k), max(fluid_w_k, air_w_k)
        return crossflow(1 / resistance / least, least / most) * least * (in_c - air_c)

    def fan(self, wanted_w: float, in_c: float, air_c: float, fluid_kg_s: float) -> tuple[float, float, float]:
        def error(fan: float) -> float:
            return self.heat_w(in_c, air_c, fluid_kg_s, fan) - wanted_w

        if error(0.0) >= 0:
            return 0.0, error(0.0) + wanted_w, 0.0
        if error(1.0) <= 0:
            return 1.0, error(1.0) + wanted_w, 1.0
        return bisected(error, 0.0, 1.0), wanted_w, 0.0

    def fan_for_outlet(
        self, out_c: float, heat_w: float, air_c: float, fluid_kg_s: float
    ) -> tuple[float, float, float]:
        range_k = heat_w / (fluid_kg_s * self.j_kg_k)

        def error(fan: float, outlet_c: float) -> float:
            return self.heat_w(outlet_c + range_k, air_c, fluid_kg_s, fan) - heat_w

        if error(1.0, out_c) <= 0:
            return 1.0, bisected(lambda c: error(1.0, c), out_c, out_c + 1e5), 1.0
        if error(0.0, out_c) >= 0:
            return 0.0, bisected(lambda c: error(0.0, c), air_c - range_k, out_c), 0.0
        return bisected(lambda fan: error(fan, out_c), 0.0, 1.0), out_c, 0.0


def adiabatic_pad(
    t_c: float, wet_c: float, air_kg_s: float, pad: float, threshold_c: float, use: float, pressure_pa: float
) -> tuple[float, float]:
    """By the psychrometer equation of the ASHRAE Handbook on both sides of the pad."""
    if t_c <= threshold_c or wet_c >= t_c:
        return t_c, 0.0
    behind_c = (1 - pad) * t_c + pad * wet_c
    gained = ratio_at_wet_bulb(behind_c, wet_c, pressure_pa) - ratio_at_wet_bulb(t_c, wet_c, pressure_pa)
    return behind_c, gained * air_kg_s / use


def wet_bulb_of(t_c: float, rh: float, pressure_pa: float) -> float:
    ratio = humidity_ratio(t_c, rh, pressure_pa)
    return bisected(lambda wet_c: ratio_at_wet_bulb(t_c, wet_c, pressure_pa) - ratio, 0.05, t_c)


# --- economiser
def economiser(
    mode: float, seconds: float, return_c: float, reach_c: float, in_c: float, out_c: float, set_c: float,
    bands: tuple[float, float, float, float], dwell_s: float,
) -> tuple[float, float]:  # fmt: skip
    exchanger_on, exchanger_off, chiller_on, chiller_off = bands
    wishes = {
        0.0: [(out_c - set_c > chiller_on, 1.0)],
        1.0: [(in_c - out_c < exchanger_off, 2.0), (out_c - set_c <= chiller_off, 0.0)],
        2.0: [(return_c - reach_c > exchanger_on, 1.0)],
    }
    for wish, target in wishes[mode]:
        if wish and seconds >= dwell_s:
            return target, 0.0
    return mode, seconds


# --- pipes and tanks
@dataclass
class Pipe:
    """Every parcel that ever entered, oldest first."""

    parcels: deque[tuple[float, float]] = field(default_factory=deque)

    def fill(self, kg: float, start_c: float) -> None:
        self.parcels.append((kg, start_c))

    def push(self, kg: float, inlet_c: float) -> float:
        if kg <= 0:
            return self.parcels[0][1]
        self.parcels.append((kg, inlet_c))
        left, heat = kg, 0.0
        while left > 0:
            mass, t_c = self.parcels.popleft()
            taken = min(mass, left)
            heat += taken * t_c
            left -= taken
            if mass > taken:
                self.parcels.appendleft((mass - taken, t_c))
        return heat / kg


def mixed_volume(
    t_c: float, kg: float, flow: float, in_c: float, heat_w: float, j_kg_k: float, dt_s: float, steps: int = 2000
) -> tuple[float, float]:
    """Midpoint steps; the mean of what left by the same points."""
    h, left = dt_s / steps, 0.0
    for _ in range(steps):

        def rate(now_c: float) -> float:
            return flow / kg * (in_c - now_c) + heat_w / (kg * j_kg_k)

        middle_c = t_c + h / 2 * rate(t_c)
        left += middle_c / steps
        t_c += h * rate(middle_c)
    return t_c, left


# --- pumps
def meeting_point(
    static_pa: float, resistance: float, running: float, speed: float, shutoff_pa: float, steepness: float
) -> tuple[float, float]:
    def surplus(flow: float) -> float:
        pump = speed**2 * (shutoff_pa - steepness * (flow / running / speed) ** 2)
        return static_pa + resistance * flow**2 - pump

    if surplus(0.0) >= 0:
        return 0.0, static_pa
    high = 1e-3
    while surplus(high) < 0:
        high *= 2
    flow = bisected(surplus, 0.0, high)
    return flow, static_pa + resistance * flow**2


def blowdown_kg_s(evaporated: float, drift: float, cycles: float) -> float:
    """What must be drained so that salts in, with the make-up, equal salts out at `cycles` times its strength."""

    def salt_surplus(drained: float) -> float:
        return cycles * (drained + drift) - (evaporated + drained + drift)

    return 0.0 if salt_surplus(0.0) >= 0 else bisected(salt_surplus, 0.0, 1e6)
