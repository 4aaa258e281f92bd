"""Many plans over a horizon at once: halls in lanes, one plan a lane, and the water plant behind each.

For one hall, the same arithmetic runs over all plans side by side, which is what the processor's vectors want. Within a
step the air flow is held and the hall's two nodes move on by implicit Euler in sub-steps: stable for any length, and
every joule is kept. The water plant is that of the step. Source: docs/reference/equations.md#rollout.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, fused_kernel, kernel
from twin.kernels._tables import Table
from twin.kernels.columns import (
    U_AVAILABLE,
    U_CHWS,
    U_CWS,
    U_HEAD,
    U_OUTDOOR,
    U_WET_BULB,
    X_CHWS,
    X_HEAD,
    Y_CHILLER,
    Y_CHW_PUMP,
    Y_CW_PUMP,
    Y_DIRECT_REJECTED,
    Y_MAKE_UP,
    Y_TOWER,
)
from twin.kernels.power import all_ups_loss_w, transformer_loss_w
from twin.kernels.site import HallRow, OptionRow, PlantRow, UpsRow
from twin.kernels.water_step import step_chilled_water, step_condenser_water

# rows of a hall's lanes, shape (n_hall, 15, n_lane)
(
    AIR,
    METAL,
    INLET,
    FLOW,
    BACK,
    FLOOR_AIR,
    FLOOR_FIXED,
    PER_STORE,
    AIR_SUM,
    IT,
    OPEN,
    STORED,
    GIVEN,
    MIXED,
    SPARE,
) = range(15)
LANE_ROWS = 15
# rows of the sums of a step, shape (5, n_lane); power is that of racks and air handlers
COIL_W, COIL_KG_S, POWER_W, WORST_C, CHWS_C = range(5)
SUM_ROWS = 5
WARMEST_LOAD = 1.3  # of the load at the reference inlet: more than servers draw at any inlet that plans may reach
SMOOTH = 0.00173  # squared width of the rounded corner where supply begins to fall short


@fused_kernel
def _prepare(
    inlet_c: Floats,
    flow_w_k: Floats,
    back: Floats,
    floor_air: Floats,
    floor_fixed: Floats,
    per_store: Floats,
    open_w_k: Floats,
    given_w: Floats,
    mixed_c: Floats,
    spare_k: Floats,
    air_c: Floats,
    supply_c: Floats,
    chws_c: Floats,
    base_w: float,
    room_w: float,
    offset_k: float,
    per_k: float,
    margin: float,
    through: float,
    start_c: float,
    speed_per_k: float,
    speed_most: float,
    least_w_k: float,
    most_w_k: float,
    fan_per_cube: float,
    open_0: float,
    open_1: float,
    open_2: float,
    den_w_k: float,
) -> None:
    """Air of a hall's step over all lanes: flow, mixing, and the supply below which its open valves cannot go.

    `spare_k` is how far supply stays above that, however warm the hall gets within the step; where it stays above,
    `given_w` and `mixed_c` are what the supply brings. `per_k` is the servers' air at the reference, W/K; fan power is
    `fan_per_cube` times the cube of the flow, the heat of the open coils per kelvin a parabola in it. Everything the
    loop needs comes as a number: an array it could not tell from those it fills would keep it from running in vectors.
    """
    for w in range(inlet_c.shape[0]):
        above = inlet_c[w] - start_c
        above = above if above > 0.0 else 0.0
        speed = 1.0 + speed_per_k * above
        speed = speed if speed < speed_most else speed_most
        it_w_k = per_k * speed
        flow = margin * it_w_k
        flow = flow if flow > least_w_k else least_w_k
        flow = flow if flow < most_w_k else most_w_k
        share = flow / it_w_k
        lacking = 1.0 - share * through
        mixed = 0.5 * (lacking + math.sqrt(lacking * lacking + SMOOTH))
        mixed = mixed if mixed < 0.95 else 0.95
        longer = share / (1.0 - mixed)
        longer = longer if longer > 1.0 else 1.0
        per_flow = 1.0 / flow
        opened = open_0 + flow * (open_1 + flow * open_2)
        flow_w_k[w] = flow
        part = mixed * longer
        share_air = 1.0 - opened * per_flow
        fixed = (opened * chws_c[w] + fan_per_cube * flow * flow * flow) * per_flow
        supply = supply_c[w]
        rest = supply + (WARMEST_LOAD * base_w + room_w) * per_flow
        warmest = air_c[w] if air_c[w] > rest else rest
        back[w] = part
        open_w_k[w] = opened
        floor_air[w] = share_air
        floor_fixed[w] = fixed
        spare_k[w] = supply - (warmest * share_air + fixed)
        given_w[w] = flow * supply + room_w
        mixed_c[w] = (1.0 - part) * supply + offset_k
        per_store[w] = 1.0 / (den_w_k + flow)


@fused_kernel
def _sub_steps(
    air_c: Floats,
    metal_c: Floats,
    air_sum_c: Floats,
    it_w: Floats,
    flow_w_k: Floats,
    back: Floats,
    floor_air: Floats,
    floor_fixed: Floats,
    per_store: Floats,
    supply_c: Floats,
    offset_k: float,
    fixed_w: float,
    leakage_w_k: float,
    fan_w: float,
    speed_per_k: float,
    speed_most: float,
    air_w_k: float,
    metal_w_k: float,
    exchange_w_k: float,
    per_metal: float,
    room_w: float,
    steps: int,
) -> None:
    """Sub-steps of one hall over all lanes; arrays of shape (n_lane,). The innermost loop of the rollout.

    With d the inlet above the temperature where fans speed up, of which `offset_k` is the part that does not move,
    servers draw fixed_w + leakage_w_k d + fan_w speed^3.
    """
    metal_share = exchange_w_k * per_metal
    for _ in range(steps):
        for w in range(air_c.shape[0]):
            air = air_c[w]
            least = air * floor_air[w] + floor_fixed[w]
            supply = supply_c[w]
            supply = supply if supply > least else least
            above = back[w] * (air - supply) + (supply + offset_k)
            positive = above if above > 0.0 else 0.0
            speed = 1.0 + speed_per_k * positive
            speed = speed if speed < speed_most else speed_most
            power = fan_w * (speed * speed * speed) + (leakage_w_k * above + fixed_w)
            metal = metal_w_k * metal_c[w] + power
            air = (air_w_k * air + (flow_w_k[w] * supply + (metal_share * metal + room_w))) * per_store[w]
            air_c[w] = air
            metal_c[w] = metal_share * air + per_metal * metal
            air_sum_c[w] += air
            it_w[w] += power


@fused_kernel
def _free_sub_steps(
    air_c: Floats,
    metal_c: Floats,
    air_sum_c: Floats,
    it_w: Floats,
    given_w: Floats,
    back: Floats,
    mixed_c: Floats,
    per_store: Floats,
    fixed_w: float,
    leakage_w_k: float,
    fan_w: float,
    speed_per_k: float,
    speed_most: float,
    air_w_k: float,
    metal_w_k: float,
    exchange_w_k: float,
    per_metal: float,
    steps: int,
) -> None:
    """`_sub_steps` where no valve reaches its end: supply stands still, and what it brings is known beforehand."""
    metal_share = exchange_w_k * per_metal
    for _ in range(steps):
        for w in range(air_c.shape[0]):
            air = air_c[w]
            above = back[w] * air + mixed_c[w]
            positive = above if above > 0.0 else 0.0
            speed = 1.0 + speed_per_k * positive
            speed = speed if speed < speed_most else speed_most
            power = fan_w * (speed * speed * speed) + (leakage_w_k * above + fixed_w)
            metal = metal_w_k * metal_c[w] + power
            air = (air_w_k * air + (given_w[w] + metal_share * metal)) * per_store[w]
            air_c[w] = air
            metal_c[w] = metal_share * air + per_metal * metal
            air_sum_c[w] += air
            it_w[w] += power


@kernel
def _least(values: Floats) -> float:
    """The least of some values; a missing one is the least of all."""
    least = values[0]
    for w in range(values.shape[0]):
        if not values[w] >= least:
            least = values[w]
    return float(least)


@fused_kernel
def _close(
    air_c: Floats,
    metal_c: Floats,
    inlet_c: Floats,
    air_sum_c: Floats,
    it_w: Floats,
    stored_j: Floats,
    flow_w_k: Floats,
    back: Floats,
    floor_air: Floats,
    floor_fixed: Floats,
    open_w_k: Floats,
    supply_c: Floats,
    chws_c: Floats,
    coil_w: Floats,
    coil_kg_s: Floats,
    power_w: Floats,
    worst_c: Floats,
    per_step: float,
    per_s: float,
    air_j_k: float,
    metal_j_k: float,
    envelope_w_k: float,
    room_w: float,
    fan_per_cube: float,
    offset_k: float,
    spread_k: float,
    per_rated: float,
    most_kg_s: float,
    pole_0: float,
    pole_1: float,
    c00: float,
    c01: float,
    c02: float,
    c10: float,
    c11: float,
    c12: float,
    c20: float,
    c21: float,
    c22: float,
    c30: float,
    c31: float,
    c32: float,
) -> None:
    """Add a hall's step to the sums of all lanes; arrays of shape (n_lane,).

    Its coil heat is what the balance of the whole step leaves: racks and room, less what air and metal stored and what
    the walls took. The chilled water it needs is a rational function, see `Coils`.
    """
    for w in range(air_c.shape[0]):
        air, flow = air_c[w], flow_w_k[w]
        fan = fan_per_cube * flow * flow * flow
        racks = it_w[w] * per_step
        stored = air_j_k * air + metal_j_k * metal_c[w]
        heat = racks + room_w - envelope_w_k * air_sum_c[w] * per_step - (stored - stored_j[w]) * per_s + fan
        stored_j[w] = stored
        air_sum_c[w] = 0.0
        it_w[w] = 0.0
        least = air * floor_air[w] + floor_fixed[w]
        supply = supply_c[w]
        supply = supply if supply > least else least
        inlet = supply + back[w] * (air - supply) + offset_k
        inlet_c[w] = inlet
        warmest = inlet + spread_k
        worst_c[w] = worst_c[w] if worst_c[w] > warmest else warmest
        coil_w[w] += heat
        power_w[w] += racks + fan
        reach = open_w_k[w] * (air - chws_c[w])
        reach = reach if reach > 1.0 else 1.0
        s = heat / reach
        s = s if s > 0.0 else 0.0
        s = s if s < 1.0 else 1.0
        x = flow * per_rated
        cubic = (c30 + x * (c31 + x * c32)) * s + (c20 + x * (c21 + x * c22))
        top = (cubic * s + (c10 + x * (c11 + x * c12))) * s + (c00 + x * (c01 + x * c02))
        coil_kg_s[w] += most_kg_s * s * top / (1.0 - (pole_0 + pole_1 * x) * s)


@kernel
def roll_out(
    plant: PlantRow,
    options: Table[OptionRow] | None,
    halls: Table[HallRow],
    ups: Table[UpsRow],
    coil: Floats,
    open_fit: Floats,
    water: Floats,
    first: Floats,
    air_c: Floats,
    metal_c: Floats,
    inlet_c: Floats,
    running: Floats,
    offset_k: Floats,
    spread_k: Floats,
    available: float,
    eco: Floats,
    outdoor_c: Floats,
    wet_bulb_c: Floats,
    load_w: Floats,
    supply_c: Floats,
    chws_c: Floats,
    cws_c: Floats,
    dt_s: float,
    steps: int,
    begin: int,
    end: int,
    lanes: Floats,
    sums: Floats,
    heads: Floats,
    u: Floats,
    y: Floats,
    facility_w: Floats,
    worst_c: Floats,
) -> None:
    """Plans `begin` to `end` of `supply_c`, shape (n_step, n_hall, n_plan), `chws_c` and `cws_c`, (n_step, n_plan).

    All begin at `first`, shape (X_HEAD,), and `air_c`, `metal_c`, `inlet_c`, (n_hall,), under the same weather,
    (n_step,), and load, (n_step, n_hall). Fills `facility_w` and `worst_c`, (n_step, n_plan): mean power of each step,
    and the warmest of all halls' mean inlets plus `spread_k` at its end. `coil` (n_hall,) says which row of `open_fit`
    (n_coil, 3) and `water` (n_coil, 14) describes a hall's coils. Scratch: `lanes` (n_hall, LANE_ROWS, end - begin),
    `sums` (SUM_ROWS, end - begin), `heads` (end - begin, X_HEAD), `u` (U_HEAD,), `y` (Y_HEAD,).
    """
    n_hall, n = len(halls), end - begin
    sub_s = dt_s / steps
    parts = max(math.ceil(dt_s / (4.0 * plant.longest_step_s) - 1e-9), 1)
    for w in range(n):
        for k in range(X_HEAD):
            heads[w, k] = first[k]
        for h in range(n_hall):
            lanes[h, AIR, w], lanes[h, METAL, w], lanes[h, INLET, w] = air_c[h], metal_c[h], inlet_c[h]
            lanes[h, AIR_SUM, w], lanes[h, IT, w] = 0.0, 0.0
            lanes[h, STORED, w] = halls[h].air_j_k * air_c[h] + halls[h].metal_j_k * metal_c[h]
    for k in range(U_HEAD):
        u[k] = 0.0
    u[U_AVAILABLE] = available
    for t in range(outdoor_c.shape[0]):
        u[U_OUTDOOR], u[U_WET_BULB] = outdoor_c[t], wet_bulb_c[t]
        total_w = 0.0
        for h in range(n_hall):
            total_w += load_w[t, h]
        pdu_w = total_w * plant.pdu_loss_frac / (1.0 - plant.pdu_loss_frac)
        ups_w = all_ups_loss_w(ups, eco, total_w + pdu_w)
        for w in range(n):
            for k in range(SUM_ROWS):
                sums[k, w] = 0.0
            sums[WORST_C, w] = -300.0
            sums[CHWS_C, w] = heads[w, X_CHWS]
        lights_w = 0.0
        for h in range(n_hall):
            hall, row = halls[h], lanes[h]
            base_w = load_w[t, h]
            metal_w_k = hall.metal_j_k / sub_s
            per_metal = 1.0 / (metal_w_k + hall.metal_ua_w_k)
            air_w_k = hall.air_j_k / sub_s
            den_w_k = air_w_k + hall.envelope_w_k + hall.metal_ua_w_k * (1.0 - hall.metal_ua_w_k * per_metal)
            room_w = hall.lights_w + (pdu_w + ups_w) * base_w / max(total_w, 1.0) + hall.envelope_w_k * outdoor_c[t]
            lights_w += hall.lights_w
            wanted_c = supply_c[t, h, begin:end]
            kind, units = int(coil[h]), max(running[h], 1e-3)
            rated_w_k = units * hall.air0_kg_s * 1006.0
            fan_per_cube = units * hall.crah_fan_w / (rated_w_k * rated_w_k * rated_w_k)
            fixed_w = base_w * (
                1.0 + hall.leakage_per_k * (hall.speed_start_c - hall.reference_c) - hall.fan_share_frac
            )
            _prepare(
                row[INLET],
                row[FLOW],
                row[BACK],
                row[FLOOR_AIR],
                row[FLOOR_FIXED],
                row[PER_STORE],
                row[OPEN],
                row[GIVEN],
                row[MIXED],
                row[SPARE],
                row[AIR],
                wanted_c,
                sums[CHWS_C],
                base_w,
                room_w,
                offset_k[h] - hall.speed_start_c,
                base_w / hall.rise_k,
                hall.flow_margin,
                1.0 - hall.bypass_frac,
                hall.speed_start_c,
                hall.speed_per_k,
                hall.max_speed_ratio,
                hall.min_fan_frac * rated_w_k,
                hall.max_fan_frac * rated_w_k,
                fan_per_cube,
                units * open_fit[kind, 0],
                units * open_fit[kind, 1] / rated_w_k,
                units * open_fit[kind, 2] / (rated_w_k * rated_w_k),
                den_w_k,
            )
            if _least(row[SPARE]) > 0.0:
                _free_sub_steps(
                    row[AIR],
                    row[METAL],
                    row[AIR_SUM],
                    row[IT],
                    row[GIVEN],
                    row[BACK],
                    row[MIXED],
                    row[PER_STORE],
                    fixed_w,
                    base_w * hall.leakage_per_k,
                    base_w * hall.fan_share_frac,
                    hall.speed_per_k,
                    hall.max_speed_ratio,
                    air_w_k,
                    metal_w_k,
                    hall.metal_ua_w_k,
                    per_metal,
                    steps,
                )
            else:
                _sub_steps(
                    row[AIR],
                    row[METAL],
                    row[AIR_SUM],
                    row[IT],
                    row[FLOW],
                    row[BACK],
                    row[FLOOR_AIR],
                    row[FLOOR_FIXED],
                    row[PER_STORE],
                    wanted_c,
                    offset_k[h] - hall.speed_start_c,
                    fixed_w,
                    base_w * hall.leakage_per_k,
                    base_w * hall.fan_share_frac,
                    hall.speed_per_k,
                    hall.max_speed_ratio,
                    air_w_k,
                    metal_w_k,
                    hall.metal_ua_w_k,
                    per_metal,
                    room_w,
                    steps,
                )
            c = water[kind]
            _close(
                row[AIR],
                row[METAL],
                row[INLET],
                row[AIR_SUM],
                row[IT],
                row[STORED],
                row[FLOW],
                row[BACK],
                row[FLOOR_AIR],
                row[FLOOR_FIXED],
                row[OPEN],
                wanted_c,
                sums[CHWS_C],
                sums[COIL_W],
                sums[COIL_KG_S],
                sums[POWER_W],
                sums[WORST_C],
                1.0 / steps,
                1.0 / dt_s,
                hall.air_j_k,
                hall.metal_j_k,
                hall.envelope_w_k,
                room_w,
                fan_per_cube,
                offset_k[h],
                spread_k[h],
                1.0 / rated_w_k,
                units * hall.water_max_kg_s,
                c[0],
                c[1],
                c[2],
                c[3],
                c[4],
                c[5],
                c[6],
                c[7],
                c[8],
                c[9],
                c[10],
                c[11],
                c[12],
                c[13],
            )
        for w in range(n):
            u[U_CHWS], u[U_CWS] = chws_c[t, begin + w], cws_c[t, begin + w]
            plant_w = 0.0
            for _ in range(parts):
                y[Y_DIRECT_REJECTED], y[Y_MAKE_UP], y[Y_TOWER], y[Y_CW_PUMP] = 0.0, 0.0, 0.0, 0.0
                x = heads[w]
                step_chilled_water(plant, options, x, u, sums[COIL_W, w], sums[COIL_KG_S, w], dt_s / parts, y)
                if plant.air_cooled <= 0.0:
                    step_condenser_water(plant, options, x, u, dt_s / parts, y)
                plant_w += (y[Y_CHILLER] + y[Y_TOWER] + y[Y_CHW_PUMP] + y[Y_CW_PUMP]) / parts
            carried_w = sums[POWER_W, w] + pdu_w + ups_w + plant_w + lights_w
            transformer_w = transformer_loss_w(
                carried_w,
                plant.transformers,
                plant.transformer_va,
                plant.no_load_w,
                plant.load_loss_w,
                plant.power_factor,
            )
            facility_w[t, begin + w] = carried_w + transformer_w
            worst_c[t, begin + w] = sums[WORST_C, w]
