"""What cools the air of a hall: outside air, a coil on chilled water, a direct-expansion unit.

Source: docs/reference/equations.md#coils, #crac-dx and #air-side-economiser.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels.coils import coil_heat_w, water_for_heat_kg_s
from twin.kernels.columns import U_HALL_RATIO, U_OUTDOOR, U_OUTDOOR_RATIO, U_SMOKE, U_WET_BULB
from twin.kernels.dx import dx_full_load, dx_power_w
from twin.kernels.moist_air import saturation_pressure_pa, wet_bulb_c
from twin.kernels.outside_air import air_economiser, direct_evaporative, filter_fan_w
from twin.kernels.site import HallRow, OtherAirRow, PlantRow

FILTER_FAN_EFFICIENCY = 0.6
AIR_KG_M3 = 1.16


@kernel
def outside_share(
    hall: HallRow,
    other: OtherAirRow,
    plant: PlantRow,
    u: Floats,
    supply_c: float,
    return_c: float,
    unit_kg_s: float,
    running: float,
) -> tuple[float, float, float, float]:
    """(share of outside air, its temperature degC, extra fan power W, water kg/s) of a hall's air handlers."""
    if other.outside_most_frac <= 0.0:
        return 0.0, u[U_OUTDOOR], 0.0, 0.0
    outside_c, outside_ratio = direct_evaporative(
        u[U_OUTDOOR], u[U_OUTDOOR_RATIO], u[U_WET_BULB], other.outside_pad_frac, plant.pressure_pa
    )
    share, _, _, _, _ = air_economiser(
        supply_c,
        outside_c,
        outside_ratio,
        return_c,
        u[U_HALL_RATIO],
        unit_kg_s,
        0.0,
        other.outside_humid,
        other.outside_most_dew_c,
        other.outside_least_dew_c,
        plant.pressure_pa,
        u[U_SMOKE],
    )
    share = min(share, other.outside_most_frac)
    filter_w = 0.0
    if share > 0.0:
        filter_w = running * filter_fan_w(
            share * unit_kg_s, hall.air0_kg_s, other.outside_filter_pa, FILTER_FAN_EFFICIENCY, AIR_KG_M3
        )
    return share, outside_c, filter_w, share * running * unit_kg_s * (outside_ratio - u[U_OUTDOOR_RATIO])


@kernel
def _entering_wet_bulb_c(t_c: float, ratio: float, pressure_pa: float) -> float:
    bounded_c = 60.0 if t_c > 60.0 else t_c  # far beyond any coil's measurements, short of boiling
    relative = ratio * pressure_pa / (0.621945 + ratio) / saturation_pressure_pa(bounded_c)
    return wet_bulb_c(bounded_c, min(max(relative, 0.01), 1.0), pressure_pa)


@kernel
def dx_unit_w(
    hall: HallRow, other: OtherAirRow, plant: PlantRow, u: Floats, entering_c: float, heat_w: float, air_kg_s: float
) -> float:
    """Power of one direct-expansion unit that takes `heat_w`, without its air fan, W."""
    wet_c = _entering_wet_bulb_c(entering_c, u[U_HALL_RATIO], plant.pressure_pa)
    power_w, _, _, _ = dx_power_w(
        other.dx_curve,
        other.dx_w,
        other.dx_cop,
        other.dx_least_frac,
        other.dx_free_cop,
        other.dx_free_full_c,
        other.dx_free_off_c,
        wet_c,
        u[U_OUTDOOR],
        air_kg_s / hall.air0_kg_s,
        heat_w,
    )
    return power_w


@kernel
def most_dx_w(
    hall: HallRow, other: OtherAirRow, plant: PlantRow, u: Floats, entering_c: float, air_kg_s: float
) -> float:
    """Heat that one direct-expansion unit takes at most, W."""
    wet_c = _entering_wet_bulb_c(entering_c, u[U_HALL_RATIO], plant.pressure_pa)
    available_w, _, _ = dx_full_load(
        other.dx_curve, other.dx_w, other.dx_cop, wet_c, u[U_OUTDOOR], air_kg_s / hall.air0_kg_s
    )
    return available_w


@kernel
def coil_limits(
    hall: HallRow, wanted_w: float, entering_c: float, chws_c: float, air_kg_s: float, running: float, guess_kg_s: float
) -> tuple[float, float, float]:
    """(most heat W that all coils take now, heat per kelvin above the chilled water W/K, water of one unit kg/s).

    The heat per kelvin is 0 while the valves are not fully open; the water is what `wanted_w` needs.
    """
    water_kg_s, got_w = water_for_heat_kg_s(
        wanted_w / running,
        entering_c,
        chws_c,
        air_kg_s,
        hall.air0_kg_s,
        hall.water0_kg_s,
        hall.water_max_kg_s,
        hall.ua0_w_k,
        hall.ha_ratio,
        guess_kg_s,
    )
    if got_w >= wanted_w / running:
        return max(wanted_w, 0.0), 0.0, water_kg_s
    per_k = running * coil_heat_w(
        chws_c + 1.0,
        chws_c,
        air_kg_s,
        hall.water_max_kg_s,
        hall.air0_kg_s,
        hall.water0_kg_s,
        hall.ua0_w_k,
        hall.ha_ratio,
    )
    return running * got_w, per_k, water_kg_s
