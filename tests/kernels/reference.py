"""The physics a second time: slow, obvious, plain Python, and nothing shared with the kernels.

Where a kernel solves in closed form or by a quick iteration, this integrates in small steps or halves an interval
until nothing changes. Equations and coefficients: docs/reference/equations.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from twin.domain.arrays import Floats
from twin.kernels._tables import Table
from twin.kernels.site import HallRow, PlantRow, UpsRow

AIR_J_KG_K, WATER_J_KG_K, WATER_KG_M3 = 1006.0, 4186.0, 998.0


def bisected(error: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses zero."""
    while high - low > 1e-10 * max(abs(low), abs(high), 0.1):
        middle = (low + high) / 2
        if error(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def clamp(value: float, low: float, high: float) -> float:
    return low if value < low else high if value > high else value


# --- moist air
def saturation_pressure_pa(t_c: float) -> float:
    if t_c >= 0:
        return 610.94 * math.exp(17.625 * t_c / (243.04 + t_c))
    return 611.21 * math.exp(22.587 * t_c / (273.86 + t_c))


def humidity_ratio(t_c: float, rh: float, pressure_pa: float) -> float:
    vapour_pa = rh * saturation_pressure_pa(t_c)
    return 0.621945 * vapour_pa / (pressure_pa - vapour_pa)


def enthalpy_j_kg(t_c: float, ratio: float) -> float:
    dry, vapour = 1006.0 * t_c, 2.501e6 + 1860.0 * t_c
    return dry + ratio * vapour


def dew_point_c(t_c: float, rh: float) -> float:
    """The temperature that this much vapour saturates; over ice by the constants 22.46 and 272.62."""
    vapour_pa = max(rh, 1e-4) * saturation_pressure_pa(t_c)

    def over_ice_pa(dew_c: float) -> float:
        return 611.21 * math.exp(22.46 * dew_c / (272.62 + dew_c))

    if vapour_pa < 611.21:
        return bisected(lambda dew_c: over_ice_pa(dew_c) - vapour_pa, -120.0, 1.0)
    return bisected(lambda dew_c: saturation_pressure_pa(dew_c) - vapour_pa, 0.0, 90.0)


def density_kg_m3(t_c: float, ratio: float, pressure_pa: float) -> float:
    specific_volume = 287.05 * (t_c + 273.15) * (1 + 1.6078 * ratio) / pressure_pa  # m3 per kg of dry air
    return (1 + ratio) / specific_volume


def pressure_at_altitude_pa(altitude_m: float) -> float:
    return 101325.0 * math.pow(1 - 2.25577e-5 * altitude_m, 5.2559)


def ratio_at_wet_bulb(t_c: float, wet_c: float, pressure_pa: float) -> float:
    """The psychrometer equation of the ASHRAE Handbook, kJ."""
    saturated = humidity_ratio(wet_c, 1.0, pressure_pa)
    if wet_c >= 0:
        return ((2501 - 2.326 * wet_c) * saturated - 1.006 * (t_c - wet_c)) / (2501 + 1.86 * t_c - 4.186 * wet_c)
    return ((2830 - 0.24 * wet_c) * saturated - 1.006 * (t_c - wet_c)) / (2830 + 1.86 * t_c - 2.1 * wet_c)


def wet_bulb_c(t_c: float, rh: float, pressure_pa: float) -> float:
    wanted = humidity_ratio(t_c, rh, pressure_pa)
    return bisected(lambda wet_c: ratio_at_wet_bulb(t_c, wet_c, pressure_pa) - wanted, t_c - 40.0, t_c)


# --- fans, power, servers
def vfd_fan_ratio(x: float) -> float:
    x = max(x, 0.0)
    return sum(c * x**k for k, c in enumerate((0.0408, 0.0880, -0.0729, 0.9437)))


def vfd_pump_ratio(x: float) -> float:
    x = max(x, 0.0)
    return sum(c * x**k for k, c in enumerate((0.0, 0.0205, 0.4101, 0.5753)))


def hydraulic_power_w(flow_kg_s: float, head_pa: float, efficiency: float, density: float) -> float:
    return (flow_kg_s / density) * head_pa / efficiency


def ups_loss_w(output_w: float, modules: float, module_w: float, curve: tuple[float, float, float]) -> float:
    if modules <= 0:
        return 0.0
    load = output_w / modules / module_w
    one = module_w * (curve[0] + curve[1] * load + curve[2] * load**2)
    return modules * one


def transformer_loss_w(load_w: float, count: float, va: float, no_load_w: float, full_w: float, pf: float) -> float:
    if count <= 0:
        return 0.0
    load = (load_w / count) / (pf * va)
    return count * no_load_w + count * full_w * load**2


def speed_ratio(inlet_c: float, start_c: float, per_k: float, most: float) -> float:
    if inlet_c <= start_c:
        return min(1.0, most)
    return min(1.0 + per_k * (inlet_c - start_c), most)


def power_ratio(inlet_c: float, reference_c: float, leakage_per_k: float, fan_share: float, speed: float) -> float:
    return 1 + leakage_per_k * (inlet_c - reference_c) + fan_share * (speed**3 - 1)


# --- coils
def effectiveness(ntu: float, ratio: float) -> float:
    """Counterflow, by the other form of the formula; at equal capacity rates by its limit."""
    z = clamp(ratio, 0.0, 1.0)
    if 1 - z < 1e-6:
        return ntu / (1 + ntu)
    grown = math.exp(min(ntu * (1 - z), 600.0))
    return (grown - 1) / (grown - z)


def effectiveness_by_slices(ntu: float, ratio: float, slices: int = 1000) -> float:
    """Counterflow from first principles, marched along the exchanger in midpoint steps.

    With x along the weak stream, its temperature falls by NTU and the strong stream's by NTU*ratio for each degree
    between them; started at the end where the strong stream enters, with one degree between them.
    """
    step = ntu / slices
    between_k, weak_k = 1.0, 0.0
    for _ in range(slices):
        middle_k = between_k * (1 + step / 2 * (1 - ratio))
        weak_k += step * middle_k
        between_k += step * (1 - ratio) * middle_k
    # the weak stream cools by `weak_k`; at best it would reach the strong stream's inlet, one degree lower
    return weak_k / (weak_k + 1.0)


def coil_ua_w_k(ua0_w_k: float, ha_ratio: float, air: float, water: float) -> float:
    resistance0 = 1 / ua0_w_k
    # of the design resistance the water's share is ha_ratio / (1 + ha_ratio), since hA_air = ha_ratio * hA_water
    water0, air0 = resistance0 * ha_ratio / (1 + ha_ratio), resistance0 / (1 + ha_ratio)
    return 1 / (air0 / math.pow(max(air, 1e-3), 0.8) + water0 / math.pow(max(water, 1e-3), 0.85))


@dataclass(frozen=True, slots=True)
class Coil:
    """One coil's design."""

    air0_kg_s: float
    water0_kg_s: float
    water_max_kg_s: float
    ua0_w_k: float
    ha_ratio: float

    def heat_w(self, return_c: float, chw_c: float, air_kg_s: float, water_kg_s: float) -> float:
        """From air to water."""
        if air_kg_s <= 1e-9 or water_kg_s <= 1e-9:
            return 0.0
        air_w_k, water_w_k = air_kg_s * AIR_J_KG_K, water_kg_s * WATER_J_KG_K
        weak, strong = sorted((air_w_k, water_w_k))
        ua = coil_ua_w_k(self.ua0_w_k, self.ha_ratio, air_kg_s / self.air0_kg_s, water_kg_s / self.water0_kg_s)
        return effectiveness(ua / weak, weak / strong) * weak * (return_c - chw_c)

    def water_kg_s(self, wanted_w: float, return_c: float, chw_c: float, air_kg_s: float) -> tuple[float, float]:
        """(water, heat reached)."""
        if wanted_w <= 0:
            return 0.0, 0.0
        most_w = self.heat_w(return_c, chw_c, air_kg_s, self.water_max_kg_s)
        if most_w <= wanted_w:
            return self.water_max_kg_s, most_w
        water = bisected(lambda kg_s: self.heat_w(return_c, chw_c, air_kg_s, kg_s) - wanted_w, 0.0, self.water_max_kg_s)
        return water, wanted_w

    def supply(
        self, supply_c: float, return_c: float, fan_w: float, chw_c: float, air_kg_s: float
    ) -> tuple[float, float, float]:
        """(water, supply reached, whether the valve is at its end)."""
        air_w_k = max(air_kg_s * AIR_J_KG_K, 1e-9)
        wanted_w = (return_c - supply_c) * air_w_k + fan_w
        if wanted_w <= 0:
            return 0.0, return_c + fan_w / air_w_k, 0.0
        water, heat_w = self.water_kg_s(wanted_w, return_c, chw_c, air_kg_s)
        if heat_w < wanted_w:
            return water, return_c - (heat_w - fan_w) / air_w_k, 1.0
        return water, supply_c, 0.0


def coil_of(halls: Table[HallRow], h: int) -> Coil:
    return Coil(halls.air0_kg_s[h], halls.water0_kg_s[h], halls.water_max_kg_s[h], halls.ua0_w_k[h], halls.ha_ratio[h])


def design_ua_w_k(heat_w: float, air_w_k: float, water_w_k: float, return_c: float, chw_c: float) -> float:
    weak, strong = sorted((air_w_k, water_w_k))
    wanted = heat_w / weak / (return_c - chw_c)
    return bisected(lambda ntu: effectiveness(ntu, weak / strong) - wanted, 0.0, 100.0) * weak


# --- chillers
def biquadratic(c: Floats, x: float, y: float) -> float:
    return float(sum(k * term for k, term in zip(c, (1, x, x**2, y, y**2, x * y), strict=True)))


def chiller_capacity_w(curve: Floats, capacity_w: float, chws_c: float, condenser_c: float) -> float:
    x, y = clamp(chws_c, curve[15], curve[16]), clamp(condenser_c, curve[17], curve[18])
    return capacity_w * biquadratic(curve[0:6], x, y)


def chiller_power_w(
    curve: Floats, capacity_w: float, cop: float, lift_weight: float, chws_c: float, condenser_c: float, load_w: float
) -> tuple[float, float, float]:
    x, y = clamp(chws_c, curve[15], curve[16]), clamp(condenser_c, curve[17], curve[18])
    outside = x != chws_c or y != condenser_c
    available_w = capacity_w * biquadratic(curve[0:6], x, y)
    part = clamp(load_w / max(available_w, 1.0), 0.0, curve[20])
    unloaded = max(part, curve[21])
    full_load_eir = biquadratic(curve[6:12], x, y) / cop
    power_w = available_w * full_load_eir * float(curve[12] + curve[13] * unloaded + curve[14] * unloaded**2)
    power_w *= min(1.0, part / max(curve[19], 1e-6))
    if outside and lift_weight > 0:
        lift_box, lift = max(y - x + 8, 3.0), max(condenser_c - chws_c + 8, 3.0)
        power_w /= 1 - lift_weight + lift_weight * lift_box / lift
    return power_w, part, float(outside)


# --- towers
def tower_ua_factor(wet_c: float, design_wet_c: float, air: float, water: float) -> float:
    return (
        (1 + 0.0081 * (design_wet_c - wet_c))
        * (1.3 * air - 0.3 * air**2)
        * (0.1082 + 1.667 * water - 0.7713 * water**2)
    )


def tower_heat_w(in_c: float, wet_c: float, water_kg_s: float, air_kg_s: float, ua: float, pressure_pa: float) -> float:
    """Merkel: the air's outlet saturation temperature is the one that its own slope gives again."""
    if water_kg_s <= 1e-9 or air_kg_s <= 1e-9 or in_c <= wet_c:
        return 0.0

    def saturated_j_kg(t_c: float) -> float:
        return enthalpy_j_kg(t_c, humidity_ratio(t_c, 1.0, pressure_pa))

    def heat_and_air(air_out_c: float) -> tuple[float, float]:
        gap_k = max(air_out_c - wet_c, 0.01)
        slope = (saturated_j_kg(wet_c + gap_k) - saturated_j_kg(wet_c)) / gap_k
        air_w_k, water_w_k = air_kg_s * slope, water_kg_s * WATER_J_KG_K
        weak, strong = sorted((air_w_k, water_w_k))
        heat_w = effectiveness(ua * slope / AIR_J_KG_K / weak, weak / strong) * weak * (in_c - wet_c)
        return heat_w, wet_c + heat_w / air_w_k

    air_out_c = bisected(lambda out_c: out_c - heat_and_air(out_c)[1], wet_c, in_c + 5.0)
    return heat_and_air(air_out_c)[0]


@dataclass(frozen=True, slots=True)
class Cell:
    """One tower cell's design."""

    wet_c: float
    water0_kg_s: float
    air0_kg_s: float
    ua0_w_k: float
    pressure_pa: float

    def heat_w(self, in_c: float, wet_c: float, water_kg_s: float, fan: float) -> float:
        """Heat rejected; below a fifth of the speed it falls linearly to what free convection does."""
        water = clamp(water_kg_s / self.water0_kg_s, 0.3, 1.0)

        def at(air: float) -> float:
            ua = self.ua0_w_k * tower_ua_factor(wet_c, self.wet_c, air, water)
            return tower_heat_w(in_c, wet_c, water_kg_s, air * self.air0_kg_s, ua, self.pressure_pa)

        if fan >= 0.2:
            return at(fan)
        free_w, slow_w = 0.125 * at(1.0), at(0.2)
        return free_w + max(fan, 0.0) / 0.2 * max(slow_w - free_w, 0.0)

    def fan(self, out_c: float, heat_w: float, wet_c: float, water_kg_s: float) -> tuple[float, float, float]:
        """(fan, outlet reached, whether it is at full speed and floats)."""
        range_k = heat_w / max(water_kg_s * WATER_J_KG_K, 1e-9)

        def rejected_w(fan: float, outlet_c: float) -> float:
            return self.heat_w(outlet_c + range_k, wet_c, water_kg_s, fan)

        if rejected_w(1.0, out_c) < heat_w:
            return 1.0, bisected(lambda t_c: rejected_w(1.0, t_c) - heat_w, out_c, out_c + 40.0), 1.0
        if rejected_w(0.0, out_c) > heat_w:
            return 0.0, bisected(lambda t_c: rejected_w(0.0, t_c) - heat_w, min(wet_c, out_c), out_c), 0.0
        return bisected(lambda fan: rejected_w(fan, out_c) - heat_w, 0.0, 1.0), out_c, 0.0


def size_tower(
    heat_w: float, in_c: float, out_c: float, wet_c: float, pressure_pa: float
) -> tuple[float, float, float]:
    water_kg_s = heat_w / WATER_J_KG_K / (in_c - out_c)
    low, high = (enthalpy_j_kg(t, humidity_ratio(t, 1.0, pressure_pa)) for t in (wet_c, wet_c + 5))
    air_kg_s = heat_w / ((high - low) / 5) / (in_c - out_c)
    ua = bisected(lambda ua: tower_heat_w(in_c, wet_c, water_kg_s, air_kg_s, ua, pressure_pa) - heat_w, 1.0, 1e7)
    return water_kg_s, air_kg_s, ua


# --- halls
@dataclass(frozen=True, slots=True)
class Room:
    """Heat capacities, conductances and heat of one hall."""

    air_j_k: float
    metal_j_k: float
    supply_w_k: float
    metal_ua_w_k: float
    envelope_w_k: float
    supply_c: float
    outdoor_c: float
    air_w: float
    metal_w: float

    def rates(self, air_c: float, metal_c: float) -> tuple[float, float]:
        """K/s of air and metal."""
        exchange_w = self.metal_ua_w_k * (metal_c - air_c)
        into_air_w = self.supply_w_k * (self.supply_c - air_c) + self.envelope_w_k * (self.outdoor_c - air_c)
        return (into_air_w + exchange_w + self.air_w) / self.air_j_k, (self.metal_w - exchange_w) / self.metal_j_k

    def after(self, air_c: float, metal_c: float, dt_s: float, longest_s: float = 1.0) -> tuple[float, float]:
        """Runge-Kutta in steps of at most a second."""
        n = max(1, math.ceil(dt_s / longest_s))
        h = dt_s / n
        for _ in range(n):
            a1, m1 = self.rates(air_c, metal_c)
            a2, m2 = self.rates(air_c + h / 2 * a1, metal_c + h / 2 * m1)
            a3, m3 = self.rates(air_c + h / 2 * a2, metal_c + h / 2 * m2)
            a4, m4 = self.rates(air_c + h * a3, metal_c + h * m3)
            air_c += h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
            metal_c += h / 6 * (m1 + 2 * m2 + 2 * m3 + m4)
        return air_c, metal_c

    def steady(self) -> tuple[float, float]:
        """Where both rates are zero: all heat leaves through supply air and envelope."""
        warm_w = self.supply_w_k * self.supply_c + self.envelope_w_k * self.outdoor_c + self.air_w + self.metal_w
        air_c = warm_w / max(self.supply_w_k + self.envelope_w_k, 1e-9)
        return air_c, air_c + self.metal_w / max(self.metal_ua_w_k, 1e-9)


def recirculated_frac(crah_m3_s: float, it_m3_s: float, bypass: float) -> float:
    it = max(it_m3_s, 1e-6)
    shortfall = 1 - crah_m3_s * (1 - bypass) / it
    return min(1.0, 0.03 * math.log1p(math.exp(min(shortfall / 0.03, 600.0))))


# --- the whole plant
def served(halls: Table[HallRow], h: int, base_w: float, inlet_c: float) -> tuple[float, float, float]:
    """(rack power, server fan power, air capacity rate) of a load that is `base_w` at the reference inlet."""
    inlet_c = min(inlet_c, 60.0)
    speed = speed_ratio(inlet_c, halls.speed_start_c[h], halls.speed_per_k[h], halls.max_speed_ratio[h])
    share = halls.fan_share_frac[h]
    power_w = base_w * power_ratio(inlet_c, halls.reference_c[h], halls.leakage_per_k[h], share, speed)
    return power_w, base_w * share * speed**3, base_w / halls.rise_k[h] * speed


def base_load_w(halls: Table[HallRow], h: int, it_w: float, inlet_c: float) -> float:
    return it_w / served(halls, h, 1.0, inlet_c)[0]


def all_ups_loss_w(ups: Table[UpsRow], eco: Floats, output_w: float) -> float:
    """ECO and double conversion weighted by `eco`."""
    sides = len(ups.modules)
    total = 0.0
    for k in range(sides):
        for share, curves in ((eco[k], ups.eco), (1 - eco[k], ups.double_conversion)):
            curve = (curves[k, 0], curves[k, 1], curves[k, 2])
            total += share * ups_loss_w(output_w / sides, ups.modules[k], ups.module_w[k], curve)
    return float(total)


def fan_frac(halls: Table[HallRow], h: int, it_w_k: float, running: float) -> float:
    wanted_kg_s = halls.flow_margin[h] * it_w_k / AIR_J_KG_K / running
    return clamp(wanted_kg_s / halls.air0_kg_s[h], halls.min_fan_frac[h], halls.max_fan_frac[h])


@dataclass(frozen=True, slots=True)
class HallAir:
    """What one hall settles at."""

    reached_c: float
    return_c: float
    fan: float
    fan_w: float
    water_kg_s: float
    short: float
    coil_w: float


def hall_air(
    halls: Table[HallRow],
    h: int,
    supply_c: float,
    chws_c: float,
    outdoor_c: float,
    it_w: float,
    it_w_k: float,
    room_w: float,
    running: float,
) -> HallAir:
    """Supply air at its setpoint, or as warm as the open valve leaves it."""
    running = max(running, 1e-3)
    fan = fan_frac(halls, h, it_w_k, running)
    air_kg_s = fan * halls.air0_kg_s[h]
    flow_w_k = running * air_kg_s * AIR_J_KG_K
    fan_w = running * halls.crah_fan_w[h] * fan**3
    envelope = halls.envelope_w_k[h]
    heat_w = it_w + room_w + halls.lights_w[h]
    return_c = (flow_w_k * supply_c + heat_w + envelope * outdoor_c) / (flow_w_k + envelope)
    coil_w = heat_w + fan_w + envelope * (outdoor_c - return_c)
    coil = coil_of(halls, h)
    water, got_w = coil.water_kg_s(coil_w / running, return_c, chws_c, air_kg_s)
    if got_w >= coil_w / running:
        return HallAir(supply_c, return_c, fan, fan_w, water * running, 0.0, coil_w)

    def settled(reached_c: float) -> tuple[float, float]:
        """(return, heat for the coils) with this supply."""
        back_c = (flow_w_k * reached_c + heat_w + envelope * outdoor_c) / (flow_w_k + envelope)
        return back_c, heat_w + fan_w + envelope * (outdoor_c - back_c)

    def spare_w(reached_c: float) -> float:
        back_c, needed_w = settled(reached_c)
        return running * coil.heat_w(back_c, chws_c, air_kg_s, coil.water_max_kg_s) - needed_w

    reached_c = bisected(spare_w, supply_c, supply_c + 500.0)
    return_c, coil_w = settled(reached_c)
    return HallAir(reached_c, return_c, fan, fan_w, water * running, 1.0, coil_w)


def mixed_in_k(halls: Table[HallRow], h: int, air: HallAir, it_w_k: float, running: float) -> float:
    """How much exhaust air warms the mean inlet: servers draw what supply does not give."""
    given_w_k = max(running, 1e-3) * air.fan * halls.air0_kg_s[h] * AIR_J_KG_K
    back = recirculated_frac(given_w_k, it_w_k, halls.bypass_frac[h])
    through = max(it_w_k * (1 - back), 0.05 * given_w_k)
    return float(back * (air.return_c - air.reached_c) * max(given_w_k / through, 1.0))


def staged(plant: PlantRow, load_w: float, running: float, available: float, chws_c: float, cws_c: float) -> float:
    most_w = chiller_capacity_w(plant.curve, plant.capacity_w, chws_c, cws_c) * plant.curve[20]
    n = int(clamp(running, 1.0, max(available, 1.0)))
    while n < available and load_w > plant.stage_up_frac * n * most_w:
        n += 1
    while n > 1 and load_w < plant.stage_down_frac * (n - 1) * most_w and load_w <= plant.stage_up_frac * n * most_w:
        n -= 1
    return float(n)


def water_plant(
    plant: PlantRow,
    coil_w: float,
    coil_kg_s: float,
    chws_c: float,
    cws_c: float,
    wet_c: float,
    running: float,
    available: float,
) -> dict[str, float]:
    """Chillers, pumps and towers, condenser temperature and heat brought into agreement."""
    n = staged(plant, coil_w, running, available, chws_c, cws_c)
    chw_kg_s = max(coil_kg_s, n * plant.least_flow_kg_s)
    chw_pump_w = hydraulic_power_w(chw_kg_s, plant.chw_head_pa, plant.chw_efficiency_frac, WATER_KG_M3)
    cw_kg_s = n * plant.cw_kg_s
    cw_pump_w = hydraulic_power_w(cw_kg_s, plant.cw_head_pa, plant.cw_efficiency_frac, WATER_KG_M3)
    load_w = coil_w + plant.chw_heat_frac * chw_pump_w
    cells = clamp(n, 1.0, max(plant.cells, 1.0))
    cell = Cell(
        plant.cell_wet_bulb_c, plant.cell_water0_kg_s, plant.cell_air0_kg_s, plant.cell_ua0_w_k, plant.pressure_pa
    )
    reached_c = cws_c
    for _ in range(30):
        power_w, part, outside = chiller_power_w(
            plant.curve, plant.capacity_w, plant.cop_rated, plant.lift_weight, chws_c, reached_c, load_w / n
        )
        heat_w = load_w + n * power_w + plant.cw_heat_frac * cw_pump_w
        before_c = reached_c
        fan, reached_c, floats = cell.fan(cws_c, heat_w / cells, wet_c, cw_kg_s / cells)
        if abs(reached_c - before_c) < 1e-4:
            break
    power_w, part, outside = chiller_power_w(
        plant.curve, plant.capacity_w, plant.cop_rated, plant.lift_weight, chws_c, reached_c, load_w / n
    )
    most_w = chiller_capacity_w(plant.curve, plant.capacity_w, chws_c, reached_c) * plant.curve[20]
    return {
        "chiller_w": n * (power_w + plant.auxiliary_w),
        "tower_w": cells * plant.cell_fan_w * (fan**3 if fan >= 0.2 else 0.04 * fan),
        "pump_w": chw_pump_w + cw_pump_w,
        "load_frac": part,
        "running": n,
        "cws_c": reached_c,
        "tower_short": floats,
        "outside": outside,
        "short": float(load_w > n * most_w),
    }


@dataclass(frozen=True, slots=True)
class Facing:
    """What the plant faces, and the setpoints."""

    it_w: list[float]
    supply_now_c: list[float]
    mean_offset_k: list[float]
    worst_offset_k: list[float]
    crah_running: list[float]
    chillers_running: float
    chillers_available: float
    outdoor_c: float
    wet_bulb_c: float
    supply_c: list[float]
    chws_c: float
    cws_c: float
    eco: Floats


def steady(halls: Table[HallRow], ups: Table[UpsRow], plant: PlantRow, facing: Facing) -> dict[str, float]:
    """The whole site in steady state, by rounds until nothing moves."""
    every = range(len(halls.rated_w))
    reached = list(facing.supply_c)
    usual = [recirculated_frac(halls.flow_margin[h], 1.0, halls.bypass_frac[h]) for h in every]
    inlet = [reached[h] + facing.mean_offset_k[h] for h in every]
    airs: list[HallAir] = []
    for _ in range(100):
        base = [base_load_w(halls, h, facing.it_w[h], facing.supply_now_c[h] + facing.mean_offset_k[h]) for h in every]
        racks = [served(halls, h, base[h], inlet[h]) for h in every]
        it_w = sum(power_w for power_w, _, _ in racks)
        server_fan_w = sum(fan_w for _, fan_w, _ in racks)
        pdu_w = it_w / (1 - plant.pdu_loss_frac) - it_w
        ups_w = all_ups_loss_w(ups, facing.eco, it_w + pdu_w)
        airs = [
            hall_air(
                halls,
                h,
                facing.supply_c[h],
                facing.chws_c,
                facing.outdoor_c,
                racks[h][0],
                racks[h][2],
                (pdu_w + ups_w) * racks[h][0] / max(it_w, 1.0),
                facing.crah_running[h],
            )
            for h in every
        ]
        moved = max(abs(air.reached_c - before) for air, before in zip(airs, reached, strict=True))
        reached = [air.reached_c for air in airs]
        for h in every:
            before_c = inlet[h]
            inlet[h] = (
                reached[h]
                + facing.mean_offset_k[h]
                - usual[h] * halls.rise_k[h]
                + mixed_in_k(halls, h, airs[h], racks[h][2], facing.crah_running[h])
            )
            moved = max(moved, abs(inlet[h] - before_c))
        if moved < 1e-9:
            break
    worst = [inlet[h] + facing.worst_offset_k[h] - facing.mean_offset_k[h] for h in every]
    water = water_plant(
        plant,
        sum(air.coil_w for air in airs),
        sum(air.water_kg_s for air in airs),
        facing.chws_c,
        facing.cws_c,
        facing.wet_bulb_c,
        facing.chillers_running,
        facing.chillers_available,
    )
    crah_w, lights_w = sum(air.fan_w for air in airs), float(sum(halls.lights_w))
    cooling_w = water["chiller_w"] + water["tower_w"] + water["pump_w"] + crah_w
    carried_w = it_w + pdu_w + ups_w + cooling_w + lights_w
    transformer_w = transformer_loss_w(
        carried_w, plant.transformers, plant.transformer_va, plant.no_load_w, plant.load_loss_w, plant.power_factor
    )
    return water | {
        "facility_w": carried_w + transformer_w,
        "it_w": it_w,
        "it_fan_w": server_fan_w,
        "cooling_w": cooling_w,
        "crah_fan_w": crah_w,
        "ups_loss_w": ups_w,
        "distribution_loss_w": pdu_w + transformer_w + lights_w,
        **{f"reached_{h}": reached[h] for h in every},
        **{f"worst_{h}": worst[h] for h in every},
        **{f"fan_{h}": airs[h].fan for h in every},
        **{f"valve_{h}": airs[h].short for h in every},
    }
