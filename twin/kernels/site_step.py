"""The whole site over one step, in the order in which power and heat flow through it.

Source: docs/reference/equations.md#step.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.columns import (
    U_BATTERY,
    U_HALL,
    U_HALL_RATIO,
    U_HEAD,
    U_LIQUID,
    U_UPS,
    X_CHWS,
    X_FACILITY_WATER,
    X_HALL,
    X_HEAD,
    X_LIQUID,
    Y_AIR_FAN,
    Y_BATTERY,
    Y_BATTERY_LOSS,
    Y_CHILLER,
    Y_CHW_PUMP,
    Y_COMPRESSOR,
    Y_COOLER,
    Y_COOLING,
    Y_CW_PUMP,
    Y_DIRECT_REJECTED,
    Y_DISTRIBUTION,
    Y_ENVELOPE,
    Y_FACILITY,
    Y_GRID,
    Y_HALL,
    Y_HEAD,
    Y_IT,
    Y_IT_FAN,
    Y_LIQUID_HEAT,
    Y_LIQUID_PUMP,
    Y_LIQUID_ROW,
    Y_MAKE_UP,
    Y_PV,
    Y_TOWER,
    Y_UPS_LOSS,
    YH_COIL_HEAT,
    YH_COMPRESSOR,
    YH_DIRECT,
    YH_DOOR,
    YH_ENVELOPE,
    YH_FAN,
    YH_IT,
    YH_IT_FAN,
    YH_LIQUID,
    YH_MAKE_UP,
    YH_WATER,
    YL_HEAT,
    YL_PRIMARY,
)
from twin.kernels.hall_step import step_hall_air, step_servers
from twin.kernels.liquid_step import (
    SINK_CHILLED_WATER,
    hall_dew_point_c,
    step_coolant,
    step_facility_water,
)
from twin.kernels.power import all_ups_loss_w, transformer_loss_w
from twin.kernels.site import BatteryRow, HallRow, LiquidRow, OptionRow, OtherAirRow, PlantRow, PvRow, UpsRow
from twin.kernels.storage_step import solar_w, step_batteries
from twin.kernels.water_step import WATER_J_KG_K, step_chilled_water, step_condenser_water


@kernel
def _step_liquid(
    plant: PlantRow,
    halls: Table[HallRow],
    others: Table[OtherAirRow] | None,
    liquid: Table[LiquidRow],
    x: Floats,
    u: Floats,
    dt_s: float,
    water_dt_s: float,
    y: Floats,
) -> tuple[float, float]:
    """Coolant loops, tanks and rear doors; (heat into chilled water W, its flow kg/s) where that is their sink."""
    n = len(halls)
    chilled = plant.facility_sink == SINK_CHILLED_WATER
    facility_c = x[X_CHWS] if chilled else x[X_FACILITY_WATER]
    dew_point_c = hall_dew_point_c(u[U_HALL_RATIO], plant.pressure_pa)
    heat_w, flow_w_k, pump_w = 0.0, 0.0, 0.0
    for k in range(len(liquid)):
        hall = int(liquid[k].hall)
        xl, ul = X_HEAD + X_HALL * n + X_LIQUID * k, U_HEAD + U_HALL * n + U_LIQUID * k
        yl = Y_HEAD + Y_HALL * n + Y_LIQUID_ROW * k
        step_coolant(
            liquid[k],
            x[xl : xl + X_LIQUID],
            u[ul : ul + U_LIQUID],
            liquid[k].share_frac * y[Y_HEAD + Y_HALL * hall + YH_LIQUID],
            facility_c,
            dew_point_c,
            dt_s,
            y[yl : yl + Y_LIQUID_ROW],
        )
        heat_w += y[yl + YL_HEAT]
        flow_w_k += y[yl + YL_PRIMARY]
        pump_w += liquid[k].pump_w
    if others is not None:
        for h in range(n):
            heat_w += y[Y_HEAD + Y_HALL * h + YH_DOOR]
            flow_w_k += others[h].door_water0_kg_s * WATER_J_KG_K
    y[Y_LIQUID_HEAT] = heat_w
    y[Y_LIQUID_PUMP] = pump_w
    if chilled:
        return heat_w, flow_w_k / WATER_J_KG_K
    step_facility_water(plant, x, u, flow_w_k / WATER_J_KG_K, water_dt_s, y)
    return 0.0, 0.0


@kernel
def step_once(
    plant: PlantRow,
    options: Table[OptionRow] | None,
    halls: Table[HallRow],
    others: Table[OtherAirRow] | None,
    liquid: Table[LiquidRow] | None,
    ups: Table[UpsRow],
    batteries: Table[BatteryRow] | None,
    arrays: Table[PvRow] | None,
    x: Floats,
    u: Floats,
    dt_s: float,
    water_dt_s: float,
    y: Floats,
) -> None:
    """Move the state `x` on under the inputs `u`, in place, and fill `y` with what that took.

    Halls and coolant move on by `dt_s`, the stores of water by `water_dt_s`: the same, but where a rest is sought.
    """
    for k in range(Y_HEAD):
        y[k] = 0.0
    n = len(halls)
    it_w, server_fan_w, lights_w = 0.0, 0.0, 0.0
    for h in range(n):
        xh, uh, yh = X_HEAD + X_HALL * h, U_HEAD + U_HALL * h, Y_HEAD + Y_HALL * h
        it_w += step_servers(halls[h], x[xh : xh + X_HALL], u[uh : uh + U_HALL], y[yh : yh + Y_HALL])
        server_fan_w += y[yh + YH_IT_FAN]
        lights_w += halls[h].lights_w
    pdu_w = it_w * plant.pdu_loss_frac / (1.0 - plant.pdu_loss_frac)
    loops = 0 if liquid is None else len(liquid)
    u_ups = U_HEAD + U_HALL * n + U_LIQUID * loops
    ups_w = all_ups_loss_w(ups, u[u_ups:], it_w + pdu_w)
    facility_c = x[X_CHWS] if plant.facility_sink == SINK_CHILLED_WATER else x[X_FACILITY_WATER]
    coil_w, coil_kg_s, air_fan_w, compressor_w = 0.0, 0.0, 0.0, 0.0
    for h in range(n):
        xh, uh, yh = X_HEAD + X_HALL * h, U_HEAD + U_HALL * h, Y_HEAD + Y_HALL * h
        step_hall_air(
            h,
            halls,
            others,
            plant,
            x[xh : xh + X_HALL],
            u[uh : uh + U_HALL],
            u,
            x[X_CHWS],
            facility_c,
            (pdu_w + ups_w) * y[yh + YH_IT] / max(it_w, 1.0),
            dt_s,
            y[yh : yh + Y_HALL],
        )
        coil_w += y[yh + YH_COIL_HEAT]
        coil_kg_s += y[yh + YH_WATER]
        air_fan_w += y[yh + YH_FAN]
        compressor_w += y[yh + YH_COMPRESSOR]
        y[Y_ENVELOPE] += y[yh + YH_ENVELOPE]
        y[Y_DIRECT_REJECTED] += y[yh + YH_DIRECT]
        y[Y_MAKE_UP] += y[yh + YH_MAKE_UP]
    if liquid is not None:
        more_w, more_kg_s = _step_liquid(plant, halls, others, liquid, x, u, dt_s, water_dt_s, y)
        coil_w += more_w
        coil_kg_s += more_kg_s
    if plant.capacity_w > 0.0:
        step_chilled_water(plant, options, x, u, coil_w, coil_kg_s, water_dt_s, y)
        if plant.air_cooled <= 0.0:
            step_condenser_water(plant, options, x, u, water_dt_s, y)
    u_battery = u_ups + U_UPS * len(ups)
    stores, taken_w, battery_loss_w, solar = 0, 0.0, 0.0, 0.0
    if batteries is not None:
        stores = len(batteries)
        x_battery, y_battery = X_HEAD + X_HALL * n + X_LIQUID * loops, Y_HEAD + Y_HALL * n + Y_LIQUID_ROW * loops
        taken_w, battery_loss_w = step_batteries(batteries, x[x_battery:], u[u_battery:], dt_s, y[y_battery:])
    if arrays is not None:
        solar = solar_w(arrays, u[u_battery + U_BATTERY * stores :], u)
    cooling_w = (
        y[Y_CHILLER]
        + y[Y_TOWER]
        + y[Y_CHW_PUMP]
        + y[Y_CW_PUMP]
        + y[Y_COOLER]
        + y[Y_LIQUID_PUMP]
        + air_fan_w
        + compressor_w
    )
    carried_w = it_w + pdu_w + ups_w + cooling_w + lights_w
    transformer_w = transformer_loss_w(
        carried_w, plant.transformers, plant.transformer_va, plant.no_load_w, plant.load_loss_w, plant.power_factor
    )
    y[Y_IT] = it_w
    y[Y_IT_FAN] = server_fan_w
    y[Y_UPS_LOSS] = ups_w
    y[Y_DISTRIBUTION] = pdu_w + transformer_w + lights_w
    y[Y_AIR_FAN] = air_fan_w
    y[Y_COMPRESSOR] = compressor_w
    y[Y_COOLING] = cooling_w
    y[Y_PV] = solar
    y[Y_BATTERY] = taken_w
    y[Y_BATTERY_LOSS] = battery_loss_w
    y[Y_FACILITY] = carried_w + transformer_w + battery_loss_w
    y[Y_GRID] = carried_w + transformer_w + taken_w - solar


@kernel
def run_site(
    plant: PlantRow,
    options: Table[OptionRow] | None,
    halls: Table[HallRow],
    others: Table[OtherAirRow] | None,
    liquid: Table[LiquidRow] | None,
    ups: Table[UpsRow],
    batteries: Table[BatteryRow] | None,
    arrays: Table[PvRow] | None,
    x: Floats,
    u: Floats,
    dt_s: float,
    out: Floats,
    part: Floats,
) -> None:
    """Steps of `dt_s` under the rows of `u`, shape (n, n_u), from the state `x`, which is moved on in place.

    Row i of `out`, shape (n, n_y), is what step i took; where everything stands: `twin.kernels.columns`. `part`, shape
    (n_y,), is scratch for a step that is longer than the site's quickest store allows and is therefore taken in parts;
    the row then holds their means.
    """
    parts = max(math.ceil(dt_s / plant.longest_step_s - 1e-9), 1)
    for i in range(u.shape[0]):
        if parts == 1:
            step_once(plant, options, halls, others, liquid, ups, batteries, arrays, x, u[i], dt_s, dt_s, out[i])
            continue
        for k in range(out.shape[1]):
            out[i, k] = 0.0
        for _ in range(parts):
            step_once(
                plant, options, halls, others, liquid, ups, batteries, arrays, x, u[i], dt_s / parts, dt_s / parts, part
            )
            for k in range(out.shape[1]):
                out[i, k] += part[k] / parts
