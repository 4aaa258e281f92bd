"""The water plant, the transformers and the distribution as one row."""

from __future__ import annotations

import numpy as np

from twin.domain.chillers import ChillerCurve, ReformulatedCurve
from twin.domain.errors import UnknownTopology
from twin.domain.facility import ChillerBank, Facility, WaterEconomiser, WaterPlant
from twin.kernels._tables import Table, table
from twin.kernels.liquid_step import SINK_CHILLED_WATER
from twin.kernels.plate_exchangers import size_plate
from twin.kernels.site import HallRow, LiquidRow, OptionRow, PlantRow
from twin.kernels.towers import size_tower
from twin.kernels.water_step import WATER_J_KG_K, WATER_KG_M3
from twin.model.chiller_catalogue import CATALOGUE
from twin.model.compiled_liquid import FacilityWater
from twin.model.reformulated_catalogue import REFORMULATED

LEAST_FLOW_FRAC = 0.4  # of a chiller's design flow: below it a bypass keeps the evaporator wet
CYCLES = 4.0  # of concentration in the tower basin (engineering estimate)
DRIFT_FRAC = 1e-5  # of the circulating water, with modern eliminators
STABLE_FRAC = 0.5  # of the time in which a store of water would follow what it feeds
LEAST_STEP_S = 1.0


def plant_row(
    facility: Facility,
    pressure_pa: float,
    halls: Table[HallRow],
    liquid: Table[LiquidRow] | None,
    warm: FacilityWater,
) -> PlantRow:
    """Raises: UnknownTopology: a chiller that no catalogue names."""
    plant, power = facility.plant, facility.power
    bank, towers, chw, cw = plant.chillers, plant.towers, plant.chw_pumps, plant.cw_pumps
    curve = chiller_curve(bank)
    cell_water, cell_air, cell_ua = size_tower(
        towers.design_w, towers.design_in_c, towers.design_out_c, towers.design_wet_bulb_c, pressure_pa
    )
    by_range = bank.capacity_w * (1.0 + 1.0 / bank.cop_rated) / (WATER_J_KG_K * cw.design_range_k)
    water_j_k = (plant.buffer_m3 + plant.loop_m3) * WATER_KG_M3 * WATER_J_KG_K
    row = PlantRow(
        curve=curve.packed() if isinstance(curve, ChillerCurve) else np.zeros(22),
        air_cooled=float(isinstance(curve, ChillerCurve) and curve.air_cooled),
        capacity_w=bank.capacity_w,
        cop_rated=bank.cop_rated,
        auxiliary_w=bank.auxiliary_w,
        lift_weight=bank.lift_extension_frac,
        stage_up_frac=bank.stage_up_frac,
        stage_down_frac=bank.stage_down_frac,
        chw_head_pa=chw.head_pa,
        chw_efficiency_frac=chw.efficiency_frac,
        chw_heat_frac=chw.heat_to_water_frac,
        least_flow_kg_s=LEAST_FLOW_FRAC * bank.capacity_w / (WATER_J_KG_K * chw.design_range_k),
        cw_kg_s=cw.fixed_flow_kg_s if cw.fixed_flow_kg_s > 0.0 else by_range,
        cw_head_pa=cw.head_pa,
        cw_efficiency_frac=cw.efficiency_frac,
        cw_heat_frac=cw.heat_to_water_frac,
        cells=float(len(towers.ids)),
        cell_fan_w=towers.fan_w,
        cell_water0_kg_s=cell_water,
        cell_air0_kg_s=cell_air,
        cell_ua0_w_k=cell_ua,
        cell_wet_bulb_c=towers.design_wet_bulb_c,
        pressure_pa=pressure_pa,
        longest_step_s=_longest_step_s(
            [
                (water_j_k, _coils_w_k(halls, liquid, warm)),
                (towers.basin_j_k, len(towers.ids) * cell_water * WATER_J_KG_K),
                (warm.water_j_k, warm.cells * warm.water0_kg_s * WATER_J_KG_K),
            ]
        ),
        cycles=CYCLES,
        drift_frac=DRIFT_FRAC,
        water_j_k=water_j_k,
        basin_j_k=towers.basin_j_k,
        head_pressure_c=_coldest_condenser_c(curve),
        facility_j_k=max(warm.water_j_k, 1.0),
        facility_head_pa=warm.head_pa,
        facility_efficiency_frac=warm.efficiency_frac,
        facility_sink=warm.sink,
        cooler_cells=warm.cells,
        cooler_fan_w=warm.fan_w,
        cooler_water0_kg_s=max(warm.water0_kg_s, 1e-3),
        cooler_air0_kg_s=warm.air0_kg_s,
        cooler_ua0_w_k=warm.ua0_w_k,
        cooler_wet_bulb_c=warm.wet_bulb_c,
        cooler_ha_ratio=warm.ha_ratio,
        cooler_pad_frac=warm.pad_frac,
        cooler_pad_above_c=warm.pad_above_c,
        transformers=float(power.transformers),
        transformer_va=power.transformer_va,
        no_load_w=power.transformer_no_load_w,
        load_loss_w=power.transformer_load_loss_w,
        power_factor=power.power_factor,
        pdu_loss_frac=power.pdu_loss_frac,
    )
    return table(PlantRow, [row])[0]


def chiller_curve(bank: ChillerBank) -> ChillerCurve | ReformulatedCurve:
    """The site's own curve, or the catalogue's.

    Raises: UnknownTopology: no catalogue knows the name.
    """
    if bank.own_curve is not None:
        return bank.own_curve
    known: dict[str, ChillerCurve | ReformulatedCurve] = {**CATALOGUE, **REFORMULATED}
    if bank.curve not in known:
        raise UnknownTopology(
            f"no chiller is called {bank.curve!r}",
            where="site.toml plant.chillers.curve",
            fix=f"one of {', '.join(known)}",
        )
    return known[bank.curve]


def _coldest_condenser_c(curve: ChillerCurve | ReformulatedCurve) -> float:
    """Coldest condenser water that a running chiller of this make was measured with."""
    if isinstance(curve, ReformulatedCurve):
        return curve.leaving_condenser_c[0] - 5.0
    return curve.condenser_c[0]


def option_table(plant: WaterPlant) -> Table[OptionRow] | None:
    """Economiser and reformulated chillers; None for a plant with neither."""
    curve = chiller_curve(plant.chillers)
    if plant.economiser is None and not isinstance(curve, ReformulatedCurve):
        return None
    hot_kg_s, cold_kg_s, ua_w_k = _exchanger(plant.economiser) if plant.economiser else (0.0, 0.0, 0.0)
    row = OptionRow(
        reformulated=curve.packed() if isinstance(curve, ReformulatedCurve) else np.zeros(29),
        by_leaving_water=float(isinstance(curve, ReformulatedCurve)),
        free_kg_s=hot_kg_s,
        free_cw_kg_s=cold_kg_s,
        free_ua_w_k=ua_w_k,
        free_approach_k=plant.economiser.tower_approach_k if plant.economiser else 0.0,
    )
    return table(OptionRow, [row])


def _exchanger(made: WaterEconomiser) -> tuple[float, float, float]:
    fall_k = made.design_return_c - made.design_cw_in_c - made.approach_k
    return size_plate(
        made.design_w,
        made.design_return_c,
        made.design_cw_in_c,
        made.approach_k,
        fall_k,  # both streams change by as much
        WATER_J_KG_K,
        WATER_J_KG_K,
    )


def _coils_w_k(halls: Table[HallRow], liquid: Table[LiquidRow] | None, warm: FacilityWater) -> float:
    """What chilled water feels per kelvin of its own at most."""
    coils = float(np.sum(halls.crah_count * halls.air0_kg_s)) * 1006.0
    return coils + (
        float(np.sum(liquid.primary_max_w_k)) if liquid is not None and warm.sink == SINK_CHILLED_WATER else 0.0
    )


def _longest_step_s(stores: list[tuple[float, float]]) -> float:
    """Longest step in which no store of water (J/K) outruns the conductance it feeds (W/K)."""
    times = [STABLE_FRAC * store / felt for store, felt in stores if felt > 0.0 and store > 0.0]
    return max(min(times), LEAST_STEP_S)
