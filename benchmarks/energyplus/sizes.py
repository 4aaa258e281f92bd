"""What the engine wants to be told and a data sheet leaves out: flows by mass at the design points."""

from __future__ import annotations

from dataclasses import dataclass

from twin.domain.facility import Facility
from twin.kernels.towers import size_tower

WATER_J_KG_K = 4186.0
WATER_KG_M3 = 998.0
AIR_J_KG_K = 1006.0
ENGINE_WATER_KG_M3 = 1000.0  # what the engine takes to make mass of its volume ratings
LEAST_FLOW_FRAC = 0.4  # of a chiller's design flow: the bypass keeps the evaporator wet


@dataclass(frozen=True, slots=True)
class Sizes:
    """One machine each; `standard_air_kg_m3` is the density by which the engine converts volume ratings of air."""

    pressure_pa: float
    standard_air_kg_m3: float
    crah_air_kg_s: tuple[float, ...]
    crah_water_kg_s: tuple[float, ...]
    chiller_water_kg_s: float
    least_water_kg_s: float
    condenser_kg_s: float
    chw_pump_w: float
    cw_pump_w: float
    tower_water_kg_s: float
    tower_air_kg_s: float


def density_kg_m3(pressure_pa: float, t_c: float, ratio: float) -> float:
    """Moist air, kg/m3."""
    return pressure_pa / (287.05 * (t_c + 273.15) * (1.0 + 1.6078 * ratio) / (1.0 + ratio))


def sizes_of(facility: Facility) -> Sizes:
    """Sizes behind the ratings of a facility; a fan's volume rating is read at return air, 30 degC and 8 g/kg."""
    pressure_pa = 101325.0 * (1.0 - 2.25577e-5 * facility.altitude_m) ** 5.2559
    plant = facility.plant
    chw, cw, towers = plant.chw_pumps, plant.cw_pumps, plant.towers
    chiller_kg_s = plant.chillers.capacity_w / (WATER_J_KG_K * chw.design_range_k)
    tower_water, tower_air, _ = size_tower(
        towers.design_w, towers.design_in_c, towers.design_out_c, towers.design_wet_bulb_c, pressure_pa
    )
    crahs = [hall.crah for hall in facility.halls]
    return Sizes(
        pressure_pa=pressure_pa,
        standard_air_kg_m3=density_kg_m3(pressure_pa, 20.0, 0.0),
        crah_air_kg_s=tuple(c.design_flow_m3_s * density_kg_m3(pressure_pa, 30.0, 0.008) for c in crahs),
        crah_water_kg_s=tuple(c.design_w / (WATER_J_KG_K * (c.design_chw_out_c - c.design_chw_in_c)) for c in crahs),
        chiller_water_kg_s=chiller_kg_s,
        least_water_kg_s=LEAST_FLOW_FRAC * chiller_kg_s,
        condenser_kg_s=cw.fixed_flow_kg_s,
        chw_pump_w=chiller_kg_s / WATER_KG_M3 * chw.head_pa / chw.efficiency_frac,
        cw_pump_w=cw.fixed_flow_kg_s / WATER_KG_M3 * cw.head_pa / cw.efficiency_frac,
        tower_water_kg_s=tower_water,
        tower_air_kg_s=tower_air,
    )
