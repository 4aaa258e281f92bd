"""Halls and their air handlers as rows: every coil sized for its design point."""

from __future__ import annotations

import numpy as np

from twin.domain.facility import Hall
from twin.kernels._tables import Table, table
from twin.kernels.coils import design_ua_w_k
from twin.kernels.dx import EXAMPLE_COIL
from twin.kernels.site import HallRow, OtherAirRow
from twin.kernels.water_step import WATER_J_KG_K

AIR_J_KG_K = 1006.0
VALVE_OPEN_RATIO = 1.2  # water through an open valve, relative to the coil's design flow (engineering estimate)
SUPPLY_TAU_S = 45.0  # coil, valve and actuator together after a new setpoint (engineering estimate: 30 to 90 s)


def hall_table(halls: tuple[Hall, ...], air_kg_m3: float) -> Table[HallRow]:
    """All halls, in the order of the site file."""
    return table(HallRow, [_row(hall, air_kg_m3) for hall in halls])


def _row(hall: Hall, air_kg_m3: float) -> HallRow:
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
        supply_tau_s=SUPPLY_TAU_S,
        liquid_frac=hall.liquid_frac,
    )


def other_air_table(halls: tuple[Hall, ...]) -> Table[OtherAirRow] | None:
    """Rear doors, direct expansion and outside air of every hall; None when no hall has any."""
    if not any(hall.rear_doors or hall.crah.dx or hall.outside_air for hall in halls):
        return None
    return table(OtherAirRow, [_other(hall) for hall in halls])


def _other(hall: Hall) -> OtherAirRow:
    dx, outside = hall.crah.dx, hall.outside_air
    door_air_kg_s, door_water_kg_s, door_ua_w_k = _doors(hall)
    return OtherAirRow(
        door_air0_kg_s=door_air_kg_s,
        door_water0_kg_s=door_water_kg_s,
        door_ua0_w_k=door_ua_w_k,
        dx_w=hall.crah.design_w if dx else 0.0,
        dx_cop=dx.cop_rated if dx else 1.0,
        dx_least_frac=dx.least_speed_frac if dx else 1.0,
        dx_free_cop=dx.economiser_cop if dx else 0.0,
        dx_free_full_c=dx.economiser_full_c if dx else 0.0,
        dx_free_off_c=dx.economiser_off_c if dx else 1.0,
        dx_curve=np.array(EXAMPLE_COIL),
        outside_most_frac=outside.most_frac if outside else 0.0,
        outside_humid=float(outside.humid_climate) if outside else 0.0,
        outside_most_dew_c=outside.most_dew_c if outside else 0.0,
        outside_least_dew_c=outside.least_dew_c if outside else 0.0,
        outside_pad_frac=outside.pad_frac if outside else 0.0,
        outside_filter_pa=outside.filter_pa if outside else 0.0,
    )


def _doors(hall: Hall) -> tuple[float, float, float]:
    """(air kg/s, water kg/s, UA W/K) of all rear doors of a hall at their design point."""
    doors = hall.rear_doors
    if doors is None:
        return 0.0, 0.0, 0.0
    air_w_k = doors.design_w / (doors.design_exhaust_c - doors.design_leaving_c)
    water_w_k = doors.design_w / (doors.design_water_out_c - doors.design_water_in_c)
    ua = design_ua_w_k(doors.design_w, air_w_k, water_w_k, doors.design_exhaust_c, doors.design_water_in_c)
    return air_w_k / AIR_J_KG_K, water_w_k / WATER_J_KG_K, ua
