"""Many plans over a horizon at once: halls in lanes, one plan a lane, and the water plant behind each.

For one hall, the same arithmetic runs over all plans side by side, which is what the processor's vectors want. Within a
step the air flow is held and the hall's two nodes move on by implicit Euler in sub-steps: stable for any length, and
every joule is kept. The water plant is that of the step. Source: docs/reference/equations.md#rollout.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, kernel
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
from twin.kernels.lanes import (
    AIR,
    AIR_SUM,
    BACK,
    FLOOR_AIR,
    FLOOR_FIXED,
    FLOW,
    GIVEN,
    INLET,
    IT,
    METAL,
    MIXED,
    OPEN,
    PER_STORE,
    SPARE,
    STORED,
    close_lanes,
    least_of,
    prepare_lanes,
    sub_step_free_lanes,
    sub_step_lanes,
)
from twin.kernels.power import all_ups_loss_w, transformer_loss_w
from twin.kernels.site import HallRow, OptionRow, PlantRow, UpsRow
from twin.kernels.water_step import step_chilled_water, step_condenser_water

# rows of the sums of a step, shape (5, n_lane); power is that of racks and air handlers
COIL_W, COIL_KG_S, POWER_W, WORST_C, CHWS_C = range(5)
SUM_ROWS = 5


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
            prepare_lanes(
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
            if least_of(row[SPARE]) > 0.0:
                sub_step_free_lanes(
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
                sub_step_lanes(
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
            close_lanes(
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
