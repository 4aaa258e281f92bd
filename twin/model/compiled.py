"""A facility compiled to arrays, once: what every kernel call starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats
from twin.domain.errors import UnknownTopology
from twin.domain.facility import Facility, Hall, UpsCurve
from twin.kernels._tables import Table, table
from twin.kernels.coils import design_ua_w_k
from twin.kernels.moist_air import density_kg_m3, pressure_at_altitude_pa
from twin.kernels.site import HallRow, PlantRow, UpsRow
from twin.kernels.towers import size_tower
from twin.model.chiller_catalogue import CATALOGUE

WATER_J_KG_K = 4186.0
WATER_KG_M3 = 998.0
AIR_J_KG_K = 1006.0
VALVE_OPEN_RATIO = 1.2  # water through an open valve, relative to the coil's design flow (engineering estimate)
LEAST_FLOW_FRAC = 0.4  # of a chiller's design flow: below it a bypass keeps the evaporator wet


@dataclass(frozen=True, slots=True)
class CompiledSite:
    """A facility as arrays; `hall_ids` and `ups_ids` name the rows."""

    hall_ids: tuple[str, ...]
    ups_ids: tuple[str, ...]
    chillers: int
    halls: Table[HallRow]
    ups: Table[UpsRow]
    plant: PlantRow  # one row of its table, for a kernel to read


def compile_site(facility: Facility) -> CompiledSite:
    """Size every coil and tower cell for its design point and lay everything out in arrays.

    Raises: UnknownTopology: something the model has no equations for.
    """
    pressure_pa = pressure_at_altitude_pa(facility.altitude_m)
    return CompiledSite(
        hall_ids=tuple(hall.id for hall in facility.halls),
        ups_ids=tuple(side.id for side in facility.power.ups),
        chillers=len(facility.plant.chillers.ids),
        halls=_halls(facility.halls, density_kg_m3(30.0, 0.008, pressure_pa)),
        ups=_ups(facility),
        plant=_plant(facility, pressure_pa),
    )


def _halls(halls: tuple[Hall, ...], air_kg_m3: float) -> Table[HallRow]:
    if not halls:
        raise UnknownTopology("a site needs at least one hall", where="site.toml [[halls]]")
    return table(HallRow, [_hall(hall, air_kg_m3) for hall in halls])


def _hall(hall: Hall, air_kg_m3: float) -> HallRow:
    fleet, crah = hall.fleet, hall.crah
    water0_kg_s = crah.design_w / (WATER_J_KG_K * (crah.design_chw_out_c - crah.design_chw_in_c))
    return HallRow(
        reference_c=fleet.reference_c,
        speed_start_c=fleet.speed_start_c,
        leakage_per_k=fleet.leakage_per_k,
        fan_share_frac=fleet.fan_share_frac,
        speed_per_k=fleet.speed_per_k,
        max_speed_ratio=fleet.max_speed_ratio,
        rise_k=fleet.rise_k,
        rated_w=hall.rated_it_w,
        flow_margin=hall.flow_margin_ratio,
        bypass_frac=hall.bypass_frac,
        air0_kg_s=crah.design_flow_m3_s * air_kg_m3,
        water0_kg_s=water0_kg_s,
        water_max_kg_s=VALVE_OPEN_RATIO * water0_kg_s,
        ua0_w_k=design_ua_w_k(
            crah.design_w,
            # the air flow that the design temperatures imply; the fan's rated flow may be larger
            crah.design_w / (crah.design_return_c - crah.design_supply_c),
            water0_kg_s * WATER_J_KG_K,
            crah.design_return_c,
            crah.design_chw_in_c,
        ),
        ha_ratio=crah.air_to_water_ha_ratio,
        crah_fan_w=crah.design_fan_w,
        crah_count=float(len(crah.ids)),
        min_fan_frac=crah.min_fan_frac,
        max_fan_frac=crah.max_fan_frac,
        air_j_k=hall.air_capacity_j_k,
        metal_j_k=hall.metal_capacity_j_k,
        metal_ua_w_k=hall.metal_to_air_ua_ratio * hall.rated_it_w / fleet.rise_k,
        envelope_w_k=hall.envelope_ua_w_k,
        lights_w=hall.lights_w,
    )


def _ups(facility: Facility) -> Table[UpsRow]:
    sides = facility.power.ups
    if not sides:
        raise UnknownTopology("a site needs at least one UPS side", where="site.toml [[power.ups]]")

    def curve(of: UpsCurve) -> Floats:
        return np.array([of.constant, of.linear, of.square])

    return table(
        UpsRow,
        [UpsRow(float(s.modules), s.module_w, curve(s.double_conversion), curve(s.eco)) for s in sides],
    )


def _plant(facility: Facility, pressure_pa: float) -> PlantRow:
    plant, power = facility.plant, facility.power
    bank, towers, chw, cw = plant.chillers, plant.towers, plant.chw_pumps, plant.cw_pumps
    curve = CATALOGUE.get(bank.curve)
    if curve is None or curve.air_cooled:
        known = ", ".join(name for name, entry in CATALOGUE.items() if not entry.air_cooled)
        raise UnknownTopology(
            f"no water-cooled chiller is called {bank.curve!r}",
            where="site.toml plant.chillers.curve",
            fix=f"one of {known}",
        )
    cell_water, cell_air, cell_ua = size_tower(
        towers.design_w, towers.design_in_c, towers.design_out_c, towers.design_wet_bulb_c, pressure_pa
    )
    by_range = bank.capacity_w * (1.0 + 1.0 / bank.cop_rated) / (WATER_J_KG_K * cw.design_range_k)
    row = PlantRow(
        curve=curve.packed(),
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
        water_j_k=(plant.buffer_m3 + plant.loop_m3) * WATER_KG_M3 * WATER_J_KG_K,
        transformers=float(power.transformers),
        transformer_va=power.transformer_va,
        no_load_w=power.transformer_no_load_w,
        load_loss_w=power.transformer_load_loss_w,
        power_factor=power.power_factor,
        pdu_loss_frac=power.pdu_loss_frac,
    )
    return table(PlantRow, [row])[0]
