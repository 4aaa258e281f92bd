"""The water plant over one step: chilled water, economiser, chillers, condenser water and towers.

Two stores of water carry the state, the chilled water supplied and the tower basin. Each is held at its setpoint by
what rejects its heat, as far as that reaches; the rest warms or cools the store, so that no joule is lost.
Source: docs/reference/equations.md#step.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.chillers import biquadratic, chiller_capacity_w, chiller_power_w
from twin.kernels.columns import (
    U_AVAILABLE,
    U_CHWS,
    U_CWS,
    U_OUTDOOR,
    U_WET_BULB,
    X_BASIN,
    X_CHWS,
    X_MODE,
    X_MODE_S,
    X_RUNNING,
    X_TOWER_FAN,
    Y_BASIN,
    Y_CHILLED_HEAT,
    Y_CHILLER,
    Y_CHW_FLOW,
    Y_CHW_PUMP,
    Y_CHW_RETURN,
    Y_CHW_SHORT,
    Y_COIL_HEAT,
    Y_CONDENSER_HEAT,
    Y_CW_PUMP,
    Y_DIRECT_REJECTED,
    Y_EXTRAPOLATING,
    Y_FREE_HEAT,
    Y_LOAD_FRAC,
    Y_MAKE_UP,
    Y_MODE,
    Y_REJECTED,
    Y_RUNNING,
    Y_TOWER,
    Y_TOWER_FAN,
    Y_TOWER_SHORT,
)
from twin.kernels.economiser import FREE_COOLING, FULLY_MECHANICAL, economiser_mode
from twin.kernels.fans import hydraulic_power_w
from twin.kernels.plate_exchangers import plate_heat_w
from twin.kernels.reformulated_chillers import reformulated_power_w
from twin.kernels.site import OptionRow, PlantRow
from twin.kernels.towers import cell_fan_for_heat, tower_fan_w
from twin.kernels.water_use import latent_frac, tower_water_kg_s

WATER_J_KG_K = 4186.0
WATER_KG_M3 = 998.0
MODE_DWELL_S = 1200.0
EXCHANGER_ON_K = 1.1
EXCHANGER_OFF_K = 0.6
CHILLER_ON_K = 0.5
CHILLER_OFF_K = 0.1


@kernel
def staged(plant: PlantRow, most_w: float, load_w: float, running: float, available: float) -> float:
    """How many chillers the local staging settles at, starting from those that run; one takes at most `most_w`."""
    n = min(max(running, 1.0), max(available, 1.0))
    for _ in range(16):
        if load_w > plant.stage_up_frac * n * most_w and n < available:
            n += 1.0
        elif n > 1.0 and load_w < plant.stage_down_frac * (n - 1.0) * most_w:
            n -= 1.0
        else:
            break
    return float(n)


@kernel
def most_chilled_w(plant: PlantRow, options: Table[OptionRow] | None, chws_c: float, condenser_c: float) -> float:
    """Heat that one chiller takes at most, W."""
    if options is not None and options[0].by_leaving_water > 0.0:
        curve = options[0].reformulated
        x = min(max(chws_c, curve[22]), curve[23])
        # about the leaving water at full load: capacity changes little with it
        y = min(max(condenser_c + 5.0, curve[24]), curve[25])
        return float(plant.capacity_w * biquadratic(curve[0:6], x, y) * curve[27])
    return float(chiller_capacity_w(plant.curve, plant.capacity_w, chws_c, condenser_c) * plant.curve[20])


@kernel
def one_chiller(
    plant: PlantRow, options: Table[OptionRow] | None, chws_c: float, condenser_c: float, load_w: float
) -> tuple[float, float, float, float]:
    """(heat taken W, power W, part load, 1.0 when extrapolating) of one running chiller."""
    if options is not None and options[0].by_leaving_water > 0.0:
        power_w, taken_w, part, _, outside = reformulated_power_w(
            options[0].reformulated,
            plant.capacity_w,
            plant.cop_rated,
            chws_c,
            condenser_c,
            plant.cw_kg_s * WATER_J_KG_K,
            load_w,
        )
        return taken_w, power_w, part, outside
    power_w, part, outside = chiller_power_w(
        plant.curve, plant.capacity_w, plant.cop_rated, plant.lift_weight, chws_c, condenser_c, load_w
    )
    return load_w, power_w, part, outside


@kernel
def _economiser_w(
    plant: PlantRow, option: OptionRow, x: Floats, u: Floats, flow_kg_s: float, load_w: float, dt_s: float
) -> float:
    """What the exchanger would take of the return water now, W; moves the economiser's mode on."""
    flow_w_k = max(flow_kg_s * WATER_J_KG_K, 1e-6)
    return_c = x[X_CHWS] + load_w / flow_w_k
    exchanged_w = plate_heat_w(
        return_c,
        x[X_BASIN],
        flow_kg_s,
        option.free_cw_kg_s,
        option.free_kg_s,
        option.free_cw_kg_s,
        option.free_ua_w_k,
        WATER_J_KG_K,
        WATER_J_KG_K,
    )
    x[X_MODE], x[X_MODE_S] = economiser_mode(
        x[X_MODE],
        x[X_MODE_S],
        dt_s,
        return_c,
        u[U_WET_BULB],
        option.free_approach_k,
        return_c,
        return_c - exchanged_w / flow_w_k,
        u[U_CHWS],
        EXCHANGER_ON_K,
        EXCHANGER_OFF_K,
        CHILLER_ON_K,
        CHILLER_OFF_K,
        MODE_DWELL_S,
    )
    return max(exchanged_w, 0.0)


@kernel
def step_chilled_water(
    plant: PlantRow,
    options: Table[OptionRow] | None,
    x: Floats,
    u: Floats,
    load_w: float,
    coil_kg_s: float,
    dt_s: float,
    y: Floats,
) -> None:
    """Chilled water over `dt_s`: takes `load_w` from coils that pass `coil_kg_s`; fills its columns of `y`."""
    setpoint_c, mode, available = u[U_CHWS], FULLY_MECHANICAL, u[U_AVAILABLE]
    condenser_c = u[U_OUTDOOR] if plant.air_cooled > 0.0 else max(x[X_BASIN], plant.head_pressure_c)
    # to stand at the setpoint at the end of the step
    behind_w = plant.water_j_k * (x[X_CHWS] - setpoint_c) / dt_s
    exchanged_w = 0.0
    if options is not None and options[0].free_ua_w_k > 0.0:
        mode = x[X_MODE]
        least_kg_s = 0.0 if mode == FREE_COOLING else plant.least_flow_kg_s * max(x[X_RUNNING], 1.0)
        offered_w = _economiser_w(plant, options[0], x, u, max(coil_kg_s, least_kg_s), load_w, dt_s)
        exchanged_w = 0.0 if mode == FULLY_MECHANICAL else offered_w
    n, most_w = 0.0, 0.0
    if mode != FREE_COOLING:
        most_w = most_chilled_w(plant, options, setpoint_c, condenser_c)
        running = min(max(x[X_RUNNING], 1.0), max(available, 1.0))
        n = staged(plant, most_w, load_w + behind_w - exchanged_w, running, available)
    chw_kg_s = max(coil_kg_s, plant.least_flow_kg_s * n)
    pump_w = hydraulic_power_w(chw_kg_s, plant.chw_head_pa, plant.chw_efficiency_frac, WATER_KG_M3)
    heat_w = load_w + plant.chw_heat_frac * pump_w
    wanted_w = max(heat_w + behind_w, 0.0)
    free_w = min(exchanged_w, wanted_w)
    chilled_w, power_w, part, outside = 0.0, 0.0, 0.0, 0.0
    if n > 0.0:
        asked_w = min(wanted_w - free_w, n * most_w) if available > 0.0 else 0.0
        taken_w, power_w, part, outside = one_chiller(plant, options, setpoint_c, condenser_c, asked_w / n)
        chilled_w = n * taken_w
        x[X_RUNNING] = n
    short = 1.0 if free_w + chilled_w < wanted_w * (1.0 - 1e-9) else 0.0
    y[Y_CHW_RETURN] = x[X_CHWS] + heat_w / max(chw_kg_s * WATER_J_KG_K, 1e-6)
    x[X_CHWS] += dt_s * (heat_w - free_w - chilled_w) / plant.water_j_k
    y[Y_COIL_HEAT] = heat_w
    y[Y_FREE_HEAT] = free_w
    y[Y_CHILLED_HEAT] = chilled_w
    y[Y_CHILLER] = n * (power_w + plant.auxiliary_w)
    y[Y_CONDENSER_HEAT] = free_w + chilled_w + n * power_w
    if plant.air_cooled > 0.0:
        y[Y_CONDENSER_HEAT] = 0.0
        y[Y_DIRECT_REJECTED] += free_w + chilled_w + n * power_w
    y[Y_CHW_PUMP] = pump_w
    y[Y_LOAD_FRAC] = part
    y[Y_RUNNING] = n
    y[Y_CHW_FLOW] = chw_kg_s
    y[Y_CHW_SHORT] = short
    y[Y_EXTRAPOLATING] = outside
    y[Y_MODE] = mode


@kernel
def asked_of_cells(
    plant: PlantRow, options: Table[OptionRow] | None, x: Floats, u: Floats, dt_s: float, y: Floats
) -> tuple[float, float, float, float]:
    """(cells, heat W that each should reject, water into it degC, its water kg/s) to end the step at the setpoint."""
    n = max(y[Y_RUNNING], 1.0)
    cw_kg_s = plant.cw_kg_s * n
    pump_w = hydraulic_power_w(cw_kg_s, plant.cw_head_pa, plant.cw_efficiency_frac, WATER_KG_M3)
    heat_w = y[Y_CONDENSER_HEAT] + plant.cw_heat_frac * pump_w
    setpoint_c = u[U_CWS]
    if options is not None and options[0].free_ua_w_k > 0.0 and y[Y_MODE] != FULLY_MECHANICAL:
        setpoint_c = min(setpoint_c, u[U_CHWS] - options[0].free_approach_k)
    cells = max(min(n, plant.cells), 1.0)
    wanted_w = max(heat_w + plant.basin_j_k * (x[X_BASIN] - setpoint_c) / dt_s, 0.0)
    y[Y_CONDENSER_HEAT] = heat_w
    y[Y_CW_PUMP] = pump_w
    return cells, wanted_w / cells, x[X_BASIN] + heat_w / (cw_kg_s * WATER_J_KG_K), cw_kg_s / cells


@kernel
def given_by_cells(
    plant: PlantRow,
    x: Floats,
    u: Floats,
    dt_s: float,
    y: Floats,
    cells: float,
    wanted_w: float,
    water_kg_s: float,
    fan: float,
    got_w: float,
) -> None:
    """Ends the step of the condenser water: each of the `cells` ran at `fan` and got rid of `got_w`."""
    rejected_w = cells * got_w
    x[X_TOWER_FAN] = fan
    x[X_BASIN] += dt_s * (y[Y_CONDENSER_HEAT] - rejected_w) / plant.basin_j_k
    make_up, _, _, _ = tower_water_kg_s(
        rejected_w, latent_frac(u[U_OUTDOOR], 0.0, 30.0), plant.cycles, cells * water_kg_s, plant.drift_frac
    )
    y[Y_REJECTED] = rejected_w
    y[Y_TOWER] = cells * tower_fan_w(plant.cell_fan_w, fan)
    y[Y_TOWER_FAN] = fan
    y[Y_BASIN] = x[X_BASIN]
    y[Y_TOWER_SHORT] = 1.0 if got_w < wanted_w else 0.0
    y[Y_MAKE_UP] += make_up


@kernel
def step_condenser_water(
    plant: PlantRow, options: Table[OptionRow] | None, x: Floats, u: Floats, dt_s: float, y: Floats
) -> None:
    """Condenser water and towers over `dt_s`: the basin takes what chillers and economiser gave off."""
    cells, wanted_w, water_in_c, water_kg_s = asked_of_cells(plant, options, x, u, dt_s, y)
    fan, got_w = cell_fan_for_heat(
        wanted_w,
        water_in_c,
        u[U_WET_BULB],
        plant.cell_wet_bulb_c,
        water_kg_s,
        plant.cell_water0_kg_s,
        plant.cell_air0_kg_s,
        plant.cell_ua0_w_k,
        plant.pressure_pa,
        x[X_TOWER_FAN],
    )
    given_by_cells(plant, x, u, dt_s, y, cells, wanted_w, water_kg_s, fan, got_w)
