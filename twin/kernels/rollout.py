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
    X_TOWER_FAN,
    Y_CHILLER,
    Y_CHW_PUMP,
    Y_CW_PUMP,
    Y_DIRECT_REJECTED,
    Y_MAKE_UP,
    Y_TOWER,
)
from twin.kernels.lanes import (
    AIR,
    CHWS,
    COIL_KG_S,
    COIL_W,
    INLET,
    LANES,
    METAL,
    POWER_W,
    WARMEST_LOAD,
    WORST_C,
    close_lanes,
    flow_lanes,
    prepare_lanes,
    sub_step_lanes,
    sub_step_open_lanes,
    water_lanes,
)
from twin.kernels.power import all_ups_loss_w, transformer_loss_w
from twin.kernels.site import HallRow, OptionRow, PlantRow, UpsRow
from twin.kernels.tower_lanes import CELLS_SIZE, FAN, GOT_W, WANTED_W, WATER_IN_C, WATER_KG_S, cell_fans_for_heat
from twin.kernels.water_step import asked_of_cells, given_by_cells, step_chilled_water

# more rows of what plans ask of cells: how many cells, and what the whole plant takes
COUNT, PLANT_W = CELLS_SIZE, CELLS_SIZE + LANES
PLANT_SIZE = CELLS_SIZE + 2 * LANES


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
    states: Floats,
    lanes: Floats,
    heads: Floats,
    cells: Floats,
    outputs: Floats,
    u: Floats,
    facility_w: Floats,
    worst_c: Floats,
) -> None:
    """Plans `begin` to `end` of `supply_c`, shape (n_step, n_hall, n_plan), `chws_c` and `cws_c`, (n_step, n_plan).

    All begin at `first`, shape (X_HEAD,), and `air_c`, `metal_c`, `inlet_c`, (n_hall,), under the same weather,
    (n_step,), and load, (n_step, n_hall). Fills `facility_w` and `worst_c`, (n_step, n_plan): mean power of each step,
    and the warmest of all halls' mean inlets plus `spread_k` at its end. `coil` (n_hall,) says which row of `open_fit`
    (n_coil, 3) and `water` (n_coil, 14) describes a hall's coils. Scratch: `states` (n_hall, STATE_SIZE),
    `lanes` (LANES_SIZE,), `heads` (n, X_HEAD), `cells` (PLANT_SIZE,), `outputs` (n, Y_HEAD), `u` (U_HEAD,), with n =
    end - begin, at most `LANES`.
    """
    n_hall, n = len(halls), end - begin
    sub_s = dt_s / steps
    parts = max(math.ceil(dt_s / (4.0 * plant.longest_step_s) - 1e-9), 1)
    part_s = dt_s / parts
    for w in range(n):
        for k in range(X_HEAD):
            heads[w, k] = first[k]
    for h in range(n_hall):
        for w in range(LANES):
            states[h, AIR + w] = air_c[h]
            states[h, METAL + w] = halls[h].metal_j_k / sub_s * metal_c[h]
            states[h, INLET + w] = inlet_c[h]
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
        for w in range(LANES):
            lanes[COIL_W + w], lanes[COIL_KG_S + w], lanes[POWER_W + w], lanes[WORST_C + w] = 0.0, 0.0, 0.0, -300.0
            lanes[CHWS + w] = heads[min(w, n - 1), X_CHWS]
        lights_w = 0.0
        for h in range(n_hall):
            hall, state, base_w = halls[h], states[h], load_w[t, h]
            lights_w += hall.lights_w
            air_w_k, metal_w_k = hall.air_j_k / sub_s, hall.metal_j_k / sub_s
            share = hall.metal_ua_w_k / (metal_w_k + hall.metal_ua_w_k)
            store_w_k = air_w_k + hall.envelope_w_k + hall.metal_ua_w_k * (1.0 - share)
            room_w = hall.lights_w + (pdu_w + ups_w) * base_w / max(total_w, 1.0) + hall.envelope_w_k * outdoor_c[t]
            kind, units = int(coil[h]), max(running[h], 1e-3)
            rated_w_k = units * hall.air0_kg_s * 1006.0
            fan_per_cube = units * hall.crah_fan_w / (rated_w_k * rated_w_k * rated_w_k)
            # servers by their speed before its limits, 1 + speed_per_k (inlet - start); without a rise it stays at 1
            speed_per_k, speed_most = hall.speed_per_k, hall.max_speed_ratio
            if speed_per_k <= 0.0:
                speed_per_k, speed_most = 1.0, 1.0
            leakage_w = base_w * hall.leakage_per_k / speed_per_k
            fixed_w = base_w * (
                1.0 + hall.leakage_per_k * (hall.speed_start_c - hall.reference_c) - hall.fan_share_frac
            )
            flow_lanes(
                state,
                lanes,
                base_w / hall.rise_k,
                hall.flow_margin,
                1.0 - hall.bypass_frac,
                hall.speed_start_c,
                speed_per_k,
                speed_most,
                hall.min_fan_frac * rated_w_k,
                hall.max_fan_frac * rated_w_k,
                store_w_k,
            )
            opening = prepare_lanes(
                state,
                lanes,
                supply_c[t, h, begin:end],
                WARMEST_LOAD * base_w + room_w,
                room_w,
                offset_k[h] - hall.speed_start_c,
                speed_per_k,
                fan_per_cube,
                units * open_fit[kind, 0],
                units * open_fit[kind, 1] / rated_w_k,
                units * open_fit[kind, 2] / (rated_w_k * rated_w_k),
                air_w_k,
                hall.air_j_k,
                sub_s,
            )
            if opening == 0:
                sub_step_lanes(
                    state,
                    lanes,
                    fixed_w - leakage_w,
                    leakage_w,
                    base_w * hall.fan_share_frac,
                    speed_most,
                    share / air_w_k,
                    metal_w_k * share,
                    1.0 - share,
                    steps,
                )
            else:
                sub_step_open_lanes(
                    state,
                    lanes,
                    fixed_w - leakage_w,
                    leakage_w,
                    base_w * hall.fan_share_frac,
                    speed_most,
                    share / air_w_k,
                    metal_w_k * share,
                    1.0 - share,
                    speed_per_k,
                    1.0 / air_w_k,
                    steps,
                )
            close_lanes(
                state,
                lanes,
                1.0 / steps,
                1.0 / dt_s,
                hall.air_j_k,
                sub_s,
                hall.envelope_w_k,
                room_w,
                fan_per_cube,
                offset_k[h],
                spread_k[h],
            )
            c = water[kind]
            water_lanes(
                state,
                lanes,
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
            cells[PLANT_W + w] = 0.0
        for _ in range(parts):
            for w in range(n):
                x, y, u[U_CHWS], u[U_CWS] = heads[w], outputs[w], chws_c[t, begin + w], cws_c[t, begin + w]
                y[Y_DIRECT_REJECTED], y[Y_MAKE_UP], y[Y_TOWER], y[Y_CW_PUMP] = 0.0, 0.0, 0.0, 0.0
                step_chilled_water(plant, options, x, u, lanes[COIL_W + w], lanes[COIL_KG_S + w], part_s, y)
                if plant.air_cooled <= 0.0:
                    cells[COUNT + w], cells[WANTED_W + w], cells[WATER_IN_C + w], cells[WATER_KG_S + w] = (
                        asked_of_cells(plant, options, x, u, part_s, y)
                    )
                    cells[FAN + w] = x[X_TOWER_FAN]
            if plant.air_cooled <= 0.0:
                cell_fans_for_heat(
                    cells,
                    n,
                    wet_bulb_c[t],
                    plant.cell_wet_bulb_c,
                    plant.cell_water0_kg_s,
                    plant.cell_air0_kg_s,
                    plant.cell_ua0_w_k,
                    plant.pressure_pa,
                )
            for w in range(n):
                y = outputs[w]
                if plant.air_cooled <= 0.0:
                    given_by_cells(
                        plant,
                        heads[w],
                        u,
                        part_s,
                        y,
                        cells[COUNT + w],
                        cells[WANTED_W + w],
                        cells[WATER_KG_S + w],
                        cells[FAN + w],
                        cells[GOT_W + w],
                    )
                cells[PLANT_W + w] += (y[Y_CHILLER] + y[Y_TOWER] + y[Y_CHW_PUMP] + y[Y_CW_PUMP]) / parts
        for w in range(n):
            carried_w = lanes[POWER_W + w] + pdu_w + ups_w + cells[PLANT_W + w] + lights_w
            transformer_w = transformer_loss_w(
                carried_w,
                plant.transformers,
                plant.transformer_va,
                plant.no_load_w,
                plant.load_loss_w,
                plant.power_factor,
            )
            facility_w[t, begin + w] = carried_w + transformer_w
            worst_c[t, begin + w] = lanes[WORST_C + w]
