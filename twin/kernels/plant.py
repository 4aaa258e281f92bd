"""The whole site in steady state, for many candidate setpoints at once.

What each local loop settles at: server fans at their inlet, air handlers at the aisle pressure, valves at the supply
air, chillers by their staging, tower fans at the condenser water. Where an actuator saturates, the temperature it
should hold floats, and everything behind it follows. Sources: docs/reference/equations.md#whole-plant.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.chillers import chiller_capacity_w, chiller_power_w
from twin.kernels.coils import coil_heat_w, water_for_heat_kg_s
from twin.kernels.fans import hydraulic_power_w
from twin.kernels.halls import base_load_w, handlers_air, served_w
from twin.kernels.power import transformer_loss_w, ups_loss_w
from twin.kernels.site import HallRow, PlantRow, UpsRow
from twin.kernels.towers import tower_fan_frac
from twin.kernels.water_step import staged
from twin.kernels.zones import recirculated_frac

WATER_KG_M3 = 998.0
# rows of `hall_work`, scratch of shape (7, n_hall)
REACHED, IT_W, FAN_FRAC, CRAH_W, WATER, SHORT, COIL_W = 0, 1, 2, 3, 4, 5, 6
# columns of `out`, shape (n, 16)
(
    FACILITY,
    IT,
    IT_FAN,
    COOLING,
    CHILLER,
    TOWER,
    PUMP,
    CRAH_FAN,
    UPS_LOSS,
    DISTRIBUTION,
    LOAD_FRAC,
    RUNNING,
    CWS,
    TOWER_SHORT,
    EXTRAPOLATING,
    CHW_SHORT,
) = range(16)


@kernel
def all_ups_loss_w(ups: Table[UpsRow], eco: Floats, output_w: float) -> float:
    """Loss of all sides, which share the load equally; `eco` 1.0 means that side is in ECO."""
    n = len(ups)
    total = 0.0
    for k in range(n):
        weight = eco[k]
        for mode in range(2):
            curve = ups[k].eco if mode == 1 else ups[k].double_conversion
            part = weight if mode == 1 else 1.0 - weight
            if part > 0.0:
                total += part * ups_loss_w(output_w / n, ups[k].modules, ups[k].module_w, curve[0], curve[1], curve[2])
    return total


@kernel
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
    work: Floats,
) -> float:
    """Air and coil of one hall at a supply setpoint; fills its column of `work` and returns the return air, degC."""
    running = max(running, 1e-3)
    frac, flow_w_k, fan_w = handlers_air(halls[h], it_w_k, running)
    air_kg_s = frac * halls[h].air0_kg_s
    envelope = halls[h].envelope_w_k
    heat_w = it_w + room_w + halls[h].lights_w
    return_c = (flow_w_k * supply_c + heat_w + envelope * outdoor_c) / (flow_w_k + envelope)
    wanted_w = heat_w + fan_w + envelope * (outdoor_c - return_c)
    unit_w = wanted_w / running
    water, got_w = water_for_heat_kg_s(
        unit_w,
        return_c,
        chws_c,
        air_kg_s,
        halls[h].air0_kg_s,
        halls[h].water0_kg_s,
        halls[h].water_max_kg_s,
        halls[h].ua0_w_k,
        halls[h].ha_ratio,
        0.0,
    )
    short = 0.0
    reached_c = supply_c
    if got_w < unit_w:
        # the valve is open: the hall warms until the coil's driving temperature carries the heat
        short = 1.0
        per_k = got_w / max(return_c - chws_c, 1e-6)
        if return_c <= chws_c:
            per_k = coil_heat_w(
                chws_c + 1.0,
                chws_c,
                air_kg_s,
                halls[h].water_max_kg_s,
                halls[h].air0_kg_s,
                halls[h].water0_kg_s,
                halls[h].ua0_w_k,
                halls[h].ha_ratio,
            )
        return_c = chws_c + unit_w / per_k
        reached_c = return_c - (wanted_w - fan_w) / flow_w_k
    work[REACHED, h] = reached_c
    work[IT_W, h] = it_w
    work[FAN_FRAC, h] = frac
    work[CRAH_W, h] = fan_w
    work[WATER, h] = water * running
    work[SHORT, h] = short
    work[COIL_W, h] = wanted_w
    return float(return_c)


@kernel
def water_plant(
    plant: PlantRow,
    coil_w: float,
    coil_kg_s: float,
    chws_c: float,
    cws_c: float,
    wet_bulb_c: float,
    running: float,
    available: float,
    out: Floats,
) -> None:
    """Pumps, chillers and towers that carry `coil_w`; fills its columns of `out` (one row)."""
    n = staged(plant, coil_w, running, available, chws_c, cws_c)
    chw_kg_s = max(coil_kg_s, plant.least_flow_kg_s * n)
    chw_pump_w = hydraulic_power_w(chw_kg_s, plant.chw_head_pa, plant.chw_efficiency_frac, WATER_KG_M3)
    load_w = coil_w + plant.chw_heat_frac * chw_pump_w
    cw_kg_s = plant.cw_kg_s * n
    cw_pump_w = hydraulic_power_w(cw_kg_s, plant.cw_head_pa, plant.cw_efficiency_frac, WATER_KG_M3)
    cells = max(min(n, plant.cells), 1.0)
    reached_c, fan, floats, power_w, part, outside = cws_c, 0.0, 0.0, 0.0, 0.0, 0.0
    for _ in range(6):
        power_w, part, outside = chiller_power_w(
            plant.curve, plant.capacity_w, plant.cop_rated, plant.lift_weight, chws_c, reached_c, load_w / n
        )
        heat_w = load_w + n * power_w + plant.cw_heat_frac * cw_pump_w
        before_c = reached_c
        fan, reached_c, floats = tower_fan_frac(
            cws_c,
            heat_w / cells,
            wet_bulb_c,
            plant.cell_wet_bulb_c,
            cw_kg_s / cells,
            plant.cell_water0_kg_s,
            plant.cell_air0_kg_s,
            plant.cell_ua0_w_k,
            plant.pressure_pa,
        )
        if abs(reached_c - before_c) < 0.005:
            break
    most_w = chiller_capacity_w(plant.curve, plant.capacity_w, chws_c, reached_c) * plant.curve[20]
    out[CHILLER] = n * (power_w + plant.auxiliary_w)
    out[TOWER] = cells * plant.cell_fan_w * fan * fan * fan
    out[PUMP] = chw_pump_w + cw_pump_w
    out[LOAD_FRAC] = part
    out[RUNNING] = n
    out[CWS] = reached_c
    out[TOWER_SHORT] = floats
    out[EXTRAPOLATING] = outside
    out[CHW_SHORT] = 1.0 if load_w > n * most_w else 0.0


@kernel
def steady_batch(
    halls: Table[HallRow],
    ups: Table[UpsRow],
    plant: PlantRow,
    it_w: Floats,
    mean_inlet_c: Floats,
    mean_offset_k: Floats,
    worst_offset_k: Floats,
    crah_running: Floats,
    chillers_running: float,
    chillers_available: float,
    outdoor_c: float,
    wet_bulb_c: float,
    supply_air_c: Floats,
    chws_c: Floats,
    cws_c: Floats,
    ups_eco: Floats,
    hall_work: Floats,
    out: Floats,
    reached_c: Floats,
    worst_c: Floats,
    fan_frac: Floats,
    valve_open: Floats,
) -> None:
    """Fill `out` (n, 16) and the four (n, n_hall) arrays for n candidates.

    `it_w`, `mean_inlet_c`: rack power of each hall now and the inlet it was measured at. `mean_offset_k` and
    `worst_offset_k`: mean and worst inlet above supply air.
    """
    n_hall = len(halls)
    for i in range(supply_air_c.shape[0]):
        for h in range(n_hall):
            hall_work[REACHED, h] = supply_air_c[i, h]
        fan_w, pdu_w, loss_w, total_it_w = 0.0, 0.0, 0.0, 0.0
        for _ in range(4):
            # a supply that floats up warms the servers, which draw more: a few rounds settle it
            total_it_w, fan_w = 0.0, 0.0
            for h in range(n_hall):
                inlet_c = hall_work[REACHED, h] + mean_offset_k[h]
                base_w = base_load_w(halls[h], it_w[h], mean_inlet_c[h])
                power_w, server_fan_w, _ = served_w(halls[h], base_w, inlet_c)
                hall_work[IT_W, h] = power_w
                total_it_w += power_w
                fan_w += server_fan_w
            pdu_w = total_it_w * plant.pdu_loss_frac / (1.0 - plant.pdu_loss_frac)
            loss_w = all_ups_loss_w(ups, ups_eco[i], total_it_w + pdu_w)
            moved_k = 0.0
            for h in range(n_hall):
                inlet_c = hall_work[REACHED, h] + mean_offset_k[h]
                base_w = base_load_w(halls[h], it_w[h], mean_inlet_c[h])
                power_w, _, it_w_k = served_w(halls[h], base_w, inlet_c)
                room_w = (pdu_w + loss_w) * power_w / max(total_it_w, 1.0)
                before_c = hall_work[REACHED, h]
                return_c = hall_air(
                    halls,
                    h,
                    supply_air_c[i, h],
                    chws_c[i],
                    outdoor_c,
                    power_w,
                    it_w_k,
                    room_w,
                    crah_running[h],
                    hall_work,
                )
                moved_k = max(moved_k, abs(hall_work[REACHED, h] - before_c))
                given = crah_running[h] * hall_work[FAN_FRAC, h] * halls[h].air0_kg_s * 1006.0
                lacking = recirculated_frac(given, it_w_k, halls[h].bypass_frac)
                usual = recirculated_frac(halls[h].flow_margin, 1.0, halls[h].bypass_frac)
                rise_k = max(return_c - hall_work[REACHED, h], 0.0)
                worst_c[i, h] = hall_work[REACHED, h] + worst_offset_k[h] + max(lacking - usual, 0.0) * rise_k
            if moved_k < 0.01:
                break
        coil_w, coil_kg_s, crah_w, lights_w = 0.0, 0.0, 0.0, 0.0
        for h in range(n_hall):
            coil_w += hall_work[COIL_W, h]
            coil_kg_s += hall_work[WATER, h]
            crah_w += hall_work[CRAH_W, h]
            lights_w += halls[h].lights_w
            reached_c[i, h] = hall_work[REACHED, h]
            fan_frac[i, h] = hall_work[FAN_FRAC, h]
            valve_open[i, h] = hall_work[SHORT, h]
        water_plant(
            plant,
            coil_w,
            coil_kg_s,
            chws_c[i],
            cws_c[i],
            wet_bulb_c,
            chillers_running,
            chillers_available,
            out[i],
        )
        cooling_w = out[i, CHILLER] + out[i, TOWER] + out[i, PUMP] + crah_w
        carried_w = total_it_w + pdu_w + loss_w + cooling_w + lights_w
        transformer_w = transformer_loss_w(
            carried_w,
            plant.transformers,
            plant.transformer_va,
            plant.no_load_w,
            plant.load_loss_w,
            plant.power_factor,
        )
        out[i, IT] = total_it_w
        out[i, IT_FAN] = fan_w
        out[i, COOLING] = cooling_w
        out[i, CRAH_FAN] = crah_w
        out[i, UPS_LOSS] = loss_w
        out[i, DISTRIBUTION] = pdu_w + transformer_w + lights_w
        out[i, FACILITY] = carried_w + transformer_w
