"""Liquid cooling over one step: plates and tanks, their coolant loops, facility water and what rejects its heat.

Source: docs/reference/equations.md#step and #liquid-cooling.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, kernel
from twin.kernels.cdus import dew_safe_supply_c, exchanger_ua_w_k, primary_for_supply_w_k, secondary_step
from twin.kernels.columns import (
    U_FACILITY_WATER,
    U_OUTDOOR,
    U_WET_BULB,
    UL_SUPPLY,
    X_COOLER_FAN,
    X_FACILITY_WATER,
    XL_PRIMARY,
    XL_SUPPLY,
    Y_COOLER,
    Y_COOLER_SHORT,
    Y_FACILITY_FLOW,
    Y_FACILITY_RETURN,
    Y_LIQUID_HEAT,
    Y_LIQUID_PUMP,
    Y_LIQUID_REJECTED,
    Y_MAKE_UP,
    YL_HEAT,
    YL_PRIMARY,
    YL_SHORT,
    YL_SUPPLY,
)
from twin.kernels.dry_coolers import adiabatic_pad, dry_cooler_fan_w, fan_for_heat
from twin.kernels.fans import hydraulic_power_w
from twin.kernels.immersion import bath_step
from twin.kernels.site import LiquidRow, PlantRow
from twin.kernels.towers import cell_fan_for_heat, tower_fan_w
from twin.kernels.water_step import WATER_J_KG_K, WATER_KG_M3
from twin.kernels.water_use import latent_frac, tower_water_kg_s

SINK_NONE, SINK_CHILLED_WATER, SINK_TOWERS, SINK_DRY_COOLERS = 0.0, 1.0, 2.0, 3.0
PAD_USE_FRAC = 0.8  # of an adiabatic pad's water that evaporates
DRAUGHT_FRAC = 0.05  # of a dry cooler's air that moves by itself
PUMP_HEAT_FRAC = 0.9  # of the facility pumps' power that warms their water


@kernel
def hall_dew_point_c(ratio: float, pressure_pa: float) -> float:
    """Dew point of the halls' air, degC, from its humidity ratio."""
    logarithm = math.log(max(ratio * pressure_pa / (0.621945 + ratio), 1.0) / 610.94)
    return 243.04 * logarithm / (17.625 - logarithm)


@kernel
def step_coolant(
    loop: LiquidRow, x: Floats, u: Floats, it_w: float, facility_c: float, dew_point_c: float, dt_s: float, y: Floats
) -> None:
    """One coolant loop or tank over `dt_s` with `it_w` from its servers; `x`, `u`, `y` are its blocks.

    The valve on the facility side holds the supply (of a tank: the bath), as far as it opens.
    """
    heat_w = it_w + loop.pump_w
    setpoint_c = dew_safe_supply_c(u[UL_SUPPLY], dew_point_c, loop.dew_margin_k)
    needed_w = heat_w + loop.volume_j_k * (x[XL_SUPPLY] - setpoint_c) / dt_s
    moved_w, primary_w_k, short = 0.0, 0.0, 0.0
    end_c = x[XL_SUPPLY] + heat_w * dt_s / loop.volume_j_k
    if needed_w > 0.0:
        leaving_c = setpoint_c
        if loop.is_tank > 0.0:
            leaving_c = setpoint_c - needed_w / loop.secondary_w_k
        primary_w_k, _, short = primary_for_supply_w_k(
            leaving_c,
            needed_w,
            facility_c,
            loop.secondary_w_k,
            loop.primary0_w_k,
            loop.secondary_w_k,
            loop.primary_max_w_k,
            loop.ua0_w_k,
            loop.fouling_frac,
            x[XL_PRIMARY],
        )
        moved_w, end_c = needed_w, setpoint_c
        if short > 0.0:
            ua = exchanger_ua_w_k(loop.ua0_w_k, loop.primary_max_w_k / loop.primary0_w_k, 1.0, loop.fouling_frac)
            primary_w_k = loop.primary_max_w_k
            if loop.is_tank > 0.0:
                end_c, moved_w = bath_step(
                    x[XL_SUPPLY], heat_w, facility_c, primary_w_k, loop.secondary_w_k, ua, loop.volume_j_k, dt_s
                )
            else:
                end_c, moved_w = secondary_step(
                    x[XL_SUPPLY], heat_w, facility_c, primary_w_k, loop.secondary_w_k, ua, loop.volume_j_k, dt_s
                )
            if end_c < setpoint_c:
                end_c, moved_w, short = setpoint_c, needed_w, 0.0
            elif moved_w < 0.0:
                # facility water warmer than the coolant would only heat it: the valve stays shut
                end_c, moved_w, primary_w_k = x[XL_SUPPLY] + heat_w * dt_s / loop.volume_j_k, 0.0, 0.0
    x[XL_SUPPLY] = end_c
    x[XL_PRIMARY] = primary_w_k
    y[YL_SUPPLY] = end_c
    y[YL_HEAT] = moved_w
    y[YL_PRIMARY] = primary_w_k
    y[YL_SHORT] = short


@kernel
def step_facility_water(plant: PlantRow, x: Floats, u: Floats, flow_kg_s: float, dt_s: float, y: Floats) -> None:
    """The warm-water loop over `dt_s`: takes the heat in `y`, rejects it by towers or dry coolers of its own."""
    pump_w = hydraulic_power_w(flow_kg_s, plant.facility_head_pa, plant.facility_efficiency_frac, WATER_KG_M3)
    heat_w = y[Y_LIQUID_HEAT] + PUMP_HEAT_FRAC * pump_w
    return_c = x[X_FACILITY_WATER] + heat_w / max(flow_kg_s * WATER_J_KG_K, 1e-6)
    wanted_w = heat_w + plant.facility_j_k * (x[X_FACILITY_WATER] - u[U_FACILITY_WATER]) / dt_s
    cells = max(plant.cooler_cells, 1.0)
    fan, got_w, fan_w, make_up = 0.0, 0.0, 0.0, 0.0
    if wanted_w > 0.0 and flow_kg_s > 0.0:
        if plant.facility_sink == SINK_TOWERS:
            fan, got_w = cell_fan_for_heat(
                wanted_w / cells,
                return_c,
                u[U_WET_BULB],
                plant.cooler_wet_bulb_c,
                flow_kg_s / cells,
                plant.cooler_water0_kg_s,
                plant.cooler_air0_kg_s,
                plant.cooler_ua0_w_k,
                plant.pressure_pa,
                x[X_COOLER_FAN],
            )
            fan_w = tower_fan_w(plant.cooler_fan_w, fan)
            make_up, _, _, _ = tower_water_kg_s(
                cells * got_w, latent_frac(u[U_OUTDOOR], 0.0, 30.0), plant.cycles, flow_kg_s, plant.drift_frac
            )
        else:
            air_in_c, pad_kg_s = u[U_OUTDOOR], 0.0
            if plant.cooler_pad_frac > 0.0:
                air_in_c, pad_kg_s = adiabatic_pad(
                    u[U_OUTDOOR],
                    u[U_WET_BULB],
                    cells * plant.cooler_air0_kg_s * max(x[X_COOLER_FAN], DRAUGHT_FRAC),
                    plant.cooler_pad_frac,
                    plant.cooler_pad_above_c,
                    PAD_USE_FRAC,
                    plant.pressure_pa,
                )
            fan, got_w, _ = fan_for_heat(
                wanted_w / cells,
                return_c,
                air_in_c,
                flow_kg_s / cells,
                plant.cooler_water0_kg_s,
                WATER_J_KG_K,
                plant.cooler_air0_kg_s,
                plant.cooler_ua0_w_k,
                plant.cooler_ha_ratio,
                DRAUGHT_FRAC,
                x[X_COOLER_FAN],
            )
            got_w = max(got_w, 0.0)  # a bypass keeps air that is warmer than the water from heating it
            fan_w = dry_cooler_fan_w(plant.cooler_fan_w, fan)
            make_up = pad_kg_s
    x[X_COOLER_FAN] = fan
    x[X_FACILITY_WATER] += dt_s * (heat_w - cells * got_w) / plant.facility_j_k
    y[Y_LIQUID_HEAT] = heat_w
    y[Y_LIQUID_REJECTED] = cells * got_w
    y[Y_LIQUID_PUMP] += pump_w
    y[Y_COOLER] = cells * fan_w
    y[Y_COOLER_SHORT] = 1.0 if got_w < wanted_w / cells * (1.0 - 1e-9) else 0.0
    y[Y_MAKE_UP] += make_up
    y[Y_FACILITY_FLOW] = flow_kg_s
    y[Y_FACILITY_RETURN] = return_c
