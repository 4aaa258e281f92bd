"""Coolant units, tanks and what rejects their heat as rows: every exchanger sized for its design point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats
from twin.domain.errors import UnknownTopology
from twin.domain.facility import Coolers, Facility, LiquidCooling
from twin.kernels._tables import Table, table
from twin.kernels.coils import design_ua_w_k
from twin.kernels.dry_coolers import size_dry_cooler
from twin.kernels.liquid_step import SINK_CHILLED_WATER, SINK_DRY_COOLERS, SINK_NONE, SINK_TOWERS
from twin.kernels.site import LiquidRow
from twin.kernels.towers import size_tower
from twin.kernels.water_step import WATER_J_KG_K, WATER_KG_M3

WATER_J_M3_K = WATER_KG_M3 * WATER_J_KG_K
VALVE_OPEN_RATIO = 1.2
COOLER_HA_RATIO = 0.5  # air side over water side
SINKS = {"chilled_water": SINK_CHILLED_WATER, "towers": SINK_TOWERS, "dry_coolers": SINK_DRY_COOLERS}


@dataclass(frozen=True, slots=True)
class FacilityWater:
    """The warm-water loop and one of its coolers, as numbers; all zero without liquid cooling."""

    sink: float = SINK_NONE
    water_j_k: float = 0.0
    head_pa: float = 0.0
    efficiency_frac: float = 1.0
    cells: float = 0.0
    fan_w: float = 0.0
    water0_kg_s: float = 0.0
    air0_kg_s: float = 0.0
    ua0_w_k: float = 0.0
    wet_bulb_c: float = 0.0
    ha_ratio: float = COOLER_HA_RATIO
    pad_frac: float = 0.0
    pad_above_c: float = 0.0


def liquid_table(facility: Facility) -> Table[LiquidRow] | None:
    """Every coolant unit and tank, in the order of the site file; None without liquid cooling."""
    return table(LiquidRow, _rows(facility, facility.liquid)) if facility.liquid else None


def liquid_ids(facility: Facility) -> tuple[str, ...]:
    """Their names, one for each row."""
    units = facility.liquid.units if facility.liquid else ()
    return tuple(unit for group in units for unit in group.ids)


def coolant_setpoints_c(facility: Facility) -> Floats:
    """The site file's setpoint of each unit and tank, shape (n_liquid,)."""
    units = facility.liquid.units if facility.liquid else ()
    return np.array([group.setpoint_c for group in units for _ in group.ids])


def _rows(facility: Facility, liquid: LiquidCooling) -> list[LiquidRow]:
    halls = [hall.id for hall in facility.halls]
    designed_w = dict.fromkeys(halls, 0.0)
    for group in liquid.units:
        if group.hall not in designed_w:
            raise UnknownTopology(
                f"coolant unit {group.ids[0]} stands in hall {group.hall!r}, which is not there",
                where="site.toml [liquid]",
                fix=f"one of {', '.join(halls)}",
            )
        designed_w[group.hall] += group.design_w * len(group.ids)
    rows = []
    for group in liquid.units:
        secondary = group.design_w / (group.coolant_return_c - group.coolant_supply_c)
        primary = group.design_w / (group.facility_out_c - group.facility_in_c)
        row = LiquidRow(
            hall=float(halls.index(group.hall)),
            share_frac=group.design_w / designed_w[group.hall],
            is_tank=float(group.is_tank),
            secondary_w_k=secondary,
            primary0_w_k=primary,
            primary_max_w_k=VALVE_OPEN_RATIO * primary,
            ua0_w_k=design_ua_w_k(group.design_w, secondary, primary, group.coolant_return_c, group.facility_in_c),
            fouling_frac=group.fouling_frac,
            volume_j_k=group.volume_j_k,
            pump_w=group.pump_w,
            dew_margin_k=group.dew_margin_k,
        )
        rows += [row] * len(group.ids)
    return rows


def facility_water(facility: Facility, pressure_pa: float) -> FacilityWater:
    """Raises: UnknownTopology: a sink without equations, or one without its machines."""
    liquid = facility.liquid
    if liquid is None:
        return FacilityWater()
    where = "site.toml liquid.sink"
    if liquid.sink not in SINKS:
        raise UnknownTopology(
            f"nothing is known of a sink {liquid.sink!r}", where=where, fix=f"one of {', '.join(SINKS)}"
        )
    sink = SINKS[liquid.sink]
    if sink == SINK_CHILLED_WATER:
        return FacilityWater(sink)
    if liquid.coolers is None:
        raise UnknownTopology(f"{liquid.sink} need a table of their own", where=where, fix="add [liquid.coolers]")
    water, air, ua = _sized(liquid.coolers, sink, pressure_pa)
    return FacilityWater(
        sink=sink,
        water_j_k=liquid.loop_m3 * WATER_J_M3_K,
        head_pa=liquid.head_pa,
        efficiency_frac=liquid.efficiency_frac,
        cells=float(len(liquid.coolers.ids)),
        fan_w=liquid.coolers.fan_w,
        water0_kg_s=water,
        air0_kg_s=air,
        ua0_w_k=ua,
        wet_bulb_c=liquid.coolers.design_air_c,
        pad_frac=liquid.coolers.pad_frac,
        pad_above_c=liquid.coolers.pad_above_c,
    )


def _sized(coolers: Coolers, sink: float, pressure_pa: float) -> tuple[float, float, float]:
    heat_w, in_c, out_c = coolers.design_w, coolers.design_in_c, coolers.design_out_c
    if sink == SINK_TOWERS:
        return size_tower(heat_w, in_c, out_c, coolers.design_air_c, pressure_pa)
    return size_dry_cooler(heat_w, in_c, out_c, coolers.design_air_c, in_c - out_c, WATER_J_KG_K)
