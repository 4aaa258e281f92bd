"""Halls after a failure a second time: explicit steps of a second, many halls at once, nothing shared with the kernels.

Rows of every array are states of a site, columns its halls; all halls of a state are on one store of chilled water.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tests.kernels.reference import AIR_J_KG_K, WATER_J_KG_K, WATER_KG_M3
from twin.domain.arrays import Floats
from twin.domain.facility import Facility, Ups
from twin.kernels._tables import Table
from twin.kernels.site import HallRow

STEP_S = 1.0


@dataclass(frozen=True)
class Rooms:
    """States of halls, shape (n, n_hall), and of their water, (n, 1)."""

    air_c: Floats
    metal_c: Floats
    supply_c: Floats
    inlet_c: Floats
    chws_c: Floats


@dataclass(frozen=True)
class Asked:
    """What does not change: load at the reference inlet, setpoint, mean and worst inlet above what mixes, weather."""

    load_w: Floats
    supply_c: Floats
    offset_k: Floats
    spread_k: Floats
    running: Floats
    outdoor_c: Floats
    chilled_w: Floats  # that chillers take at most, (n, 1)


@dataclass(frozen=True)
class Passed:
    """First second at which each hall is above the limit, infinite when it never is; UPS load of every second."""

    seconds: Floats
    ups_w: Floats


def measured_load_w(halls: Table[HallRow], it_w: Floats, inlet_c: Floats) -> Floats:
    """Load at the reference inlet behind a measured power."""
    load_w: Floats = it_w / _servers(halls, np.ones_like(it_w), inlet_c)[0]
    return load_w


def usually_mixed_k(halls: Table[HallRow]) -> Floats:
    """What the mixing law itself adds to the inlet at the design margin."""
    mixed_k: Floats = _mixed(halls.flow_margin * np.ones_like(halls.rise_k), np.ones_like(halls.rise_k), halls)
    return mixed_k * halls.rise_k


def moved_on(
    facility: Facility, halls: Table[HallRow], rooms: Rooms, asked: Asked, seconds: int, limit_c: float = np.inf
) -> tuple[Rooms, Passed]:
    """The halls after so many seconds, and when they passed the limit."""
    plant, power = facility.plant, facility.power
    water_j_k = (plant.buffer_m3 + plant.loop_m3) * WATER_KG_M3 * WATER_J_KG_K
    passed = np.full(asked.load_w.shape, np.inf)
    on_ups_w = np.zeros((len(asked.load_w), seconds))
    for second in range(seconds + 1):
        _, demand_w_k, _ = _servers(halls, asked.load_w, rooms.inlet_c)
        frac, flow_w_k = _handlers(halls, demand_w_k, asked.running)
        mixed = _mixed(flow_w_k, demand_w_k, halls)
        through_w_k = np.maximum(demand_w_k * (1.0 - mixed), 0.05 * flow_w_k)
        behind_c = rooms.supply_c + (rooms.air_c - rooms.supply_c) * np.maximum(flow_w_k / through_w_k, 1.0)
        inlet_c = rooms.supply_c + mixed * (behind_c - rooms.supply_c) + asked.offset_k
        above = inlet_c + asked.spread_k > limit_c
        passed = np.where(above & np.isinf(passed), second, passed)
        if second == seconds:
            break
        it_w, _, _ = _servers(halls, asked.load_w, inlet_c)
        total_w = it_w.sum(axis=1, keepdims=True)
        carried_w = total_w / (1.0 - power.pdu_loss_frac)
        losses_w = carried_w - total_w + _ups_loss_w(power.ups, carried_w)
        fan_w = np.maximum(asked.running, 1e-3) * halls.crah_fan_w * frac**3
        supply_c, coil_w, open_frac = _supplied(halls, rooms, asked, frac, flow_w_k, fan_w)
        exchange_w = halls.metal_ua_w_k * (rooms.metal_c - rooms.air_c)
        air_w = flow_w_k * (supply_c - rooms.air_c) + exchange_w + halls.lights_w + losses_w * it_w / total_w
        air_w = air_w + halls.envelope_w_k * (asked.outdoor_c - rooms.air_c)
        water_kg_s = (open_frac * asked.running * halls.water_max_kg_s).sum(axis=1, keepdims=True)
        pump_w = water_kg_s / WATER_KG_M3 * plant.chw_pumps.head_pa / plant.chw_pumps.efficiency_frac
        heat_w = coil_w.sum(axis=1, keepdims=True) + plant.chw_pumps.heat_to_water_frac * pump_w
        left_w = heat_w - np.minimum(asked.chilled_w, heat_w)
        on_ups_w[:, second] = (carried_w + fan_w.sum(axis=1, keepdims=True) + pump_w)[:, 0]
        rooms = replace(
            rooms,
            air_c=rooms.air_c + STEP_S * air_w / halls.air_j_k,
            metal_c=rooms.metal_c + STEP_S * (it_w - exchange_w) / halls.metal_j_k,
            supply_c=supply_c,
            inlet_c=inlet_c,
            chws_c=rooms.chws_c + STEP_S * left_w / water_j_k,
        )
    return rooms, Passed(passed, on_ups_w)


def on_battery_s(sides: tuple[Ups, ...], charge_frac: Floats, loads_w: Floats) -> float:
    """Whole seconds that the batteries carry these loads, emptied second by second; infinite when they outlast them."""
    stored_j = [
        frac * side.autonomy_s * _drawn_w(side, side.modules * side.module_w)
        for side, frac in zip(sides, np.nan_to_num(charge_frac), strict=True)
    ]
    for second, load_w in enumerate(loads_w):
        alive = [k for k, energy_j in enumerate(stored_j) if energy_j > 0.0]
        if not alive or any(load_w / len(alive) > sides[k].modules * sides[k].module_w for k in alive):
            return second
        for k in alive:
            stored_j[k] -= _drawn_w(sides[k], load_w / len(alive))
    return float("inf")


def _drawn_w(side: Ups, output_w: float) -> float:
    rating_w, curve = side.modules * side.module_w, side.double_conversion
    x = output_w / rating_w
    return output_w + rating_w * (curve.constant + curve.linear * x + curve.square * x**2)


def _ups_loss_w(sides: tuple[Ups, ...], carried_w: Floats) -> Floats:
    loss_w = np.zeros_like(carried_w)
    for side in sides:
        rating_w, curve = side.modules * side.module_w, side.double_conversion
        x = carried_w / len(sides) / rating_w
        loss_w += rating_w * (curve.constant + curve.linear * x + curve.square * x**2)
    return loss_w


def _servers(halls: Table[HallRow], load_w: Floats, inlet_c: Floats) -> tuple[Floats, Floats, Floats]:
    """(power W, air they draw W/K, fan speed)."""
    felt_c = np.minimum(inlet_c, 60.0)
    speed = np.minimum(1.0 + halls.speed_per_k * np.maximum(felt_c - halls.speed_start_c, 0.0), halls.max_speed_ratio)
    power_w = load_w * (
        1.0 + halls.leakage_per_k * (felt_c - halls.reference_c) + halls.fan_share_frac * (speed**3 - 1.0)
    )
    return power_w, load_w / halls.rise_k * speed, speed


def _handlers(halls: Table[HallRow], demand_w_k: Floats, running: Floats) -> tuple[Floats, Floats]:
    """(fan speed, air W/K)."""
    there = np.maximum(running, 1e-3)
    frac = halls.flow_margin * demand_w_k / AIR_J_KG_K / (there * halls.air0_kg_s)
    frac = np.minimum(np.maximum(frac, halls.min_fan_frac), halls.max_fan_frac)
    return frac, there * frac * halls.air0_kg_s * AIR_J_KG_K


def _mixed(flow: Floats, demand: Floats, halls: Table[HallRow]) -> Floats:
    """Share of its own exhaust in what the servers breathe."""
    shortfall = 1.0 - flow * (1.0 - halls.bypass_frac) / demand
    mixed: Floats = np.minimum(0.03 * np.logaddexp(0.0, shortfall / 0.03), 1.0)
    return mixed


def _supplied(
    halls: Table[HallRow], rooms: Rooms, asked: Asked, frac: Floats, flow_w_k: Floats, fan_w: Floats
) -> tuple[Floats, Floats, Floats]:
    """(supply air degC, heat into the water W, how far the valves are open): the setpoint, late, as far as coils go."""
    wanted_c = rooms.supply_c + (asked.supply_c - rooms.supply_c) * STEP_S / halls.supply_tau_s
    wanted_w = flow_w_k * (rooms.air_c - wanted_c) + fan_w
    film_ratio = halls.ha_ratio
    water_film = halls.ua0_w_k * (1.0 + film_ratio) / film_ratio
    open_film = water_film * (halls.water_max_kg_s / halls.water0_kg_s) ** 0.85
    ua = 1.0 / (1.0 / (water_film * film_ratio * frac**0.8) + 1.0 / open_film)
    air_w_k = frac * halls.air0_kg_s * AIR_J_KG_K
    water_w_k = halls.water_max_kg_s * WATER_J_KG_K
    least, most = np.minimum(air_w_k, water_w_k), np.maximum(air_w_k, water_w_k)
    ntu, ratio = ua / least, least / most
    decay = np.exp(-ntu * (1.0 - ratio))
    effect = np.where(ratio > 0.9999, ntu / (1.0 + ntu), (1.0 - decay) / (1.0 - ratio * decay))
    open_w = np.maximum(asked.running * effect * least * (rooms.air_c - rooms.chws_c), 0.0)
    coil_w = np.clip(wanted_w, 0.0, open_w)
    open_frac = np.divide(coil_w, open_w, out=np.zeros_like(coil_w), where=open_w > 0.0)
    return rooms.air_c - (coil_w - fan_w) / flow_w_k, coil_w, open_frac
