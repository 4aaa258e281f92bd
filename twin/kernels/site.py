"""The compiled site as the plant kernels take it: what stands in a row of each table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from twin.kernels._jit import Floats


@dataclass(frozen=True, slots=True)
class HallRow:
    """One hall. Flows and UA are those of one air handler at its design point."""

    reference_c: float
    speed_start_c: float
    leakage_per_k: float
    fan_share_frac: float
    speed_per_k: float
    max_speed_ratio: float
    rise_k: float
    rated_w: float
    flow_margin: float
    bypass_frac: float
    air0_kg_s: float
    water0_kg_s: float
    water_max_kg_s: float
    ua0_w_k: float
    ha_ratio: float
    crah_fan_w: float
    crah_count: float
    min_fan_frac: float
    max_fan_frac: float
    air_j_k: float
    metal_j_k: float
    metal_ua_w_k: float
    envelope_w_k: float
    lights_w: float
    supply_tau_s: float  # coil, valve and actuator together
    liquid_frac: float  # share of the heat that cold plates catch


@dataclass(frozen=True, slots=True)
class OtherAirRow:
    """What cools a hall's air beside or in place of chilled water; a site without any has no such table at all."""

    door_air0_kg_s: float  # all rear doors together, 0 without
    door_water0_kg_s: float
    door_ua0_w_k: float
    dx_w: float  # one direct-expansion unit, 0 for coils on chilled water
    dx_cop: float
    dx_least_frac: float
    dx_free_cop: float  # pumped-refrigerant economiser, 0 without
    dx_free_full_c: float
    dx_free_off_c: float
    dx_curve: Annotated[Floats, 25]
    outside_most_frac: float  # of outside air, 0 without an air-side economiser
    outside_humid: float  # 1.0: limits by dew point and enthalpy
    outside_most_dew_c: float
    outside_least_dew_c: float
    outside_pad_frac: float  # evaporative stage, 0 without
    outside_filter_pa: float


@dataclass(frozen=True, slots=True)
class UpsRow:
    """One UPS side; loss curves hold constant, linear, square."""

    modules: float
    module_w: float
    double_conversion: Annotated[Floats, 3]
    eco: Annotated[Floats, 3]


@dataclass(frozen=True, slots=True)
class PlantRow:
    """The water plant, the transformers and the distribution; `curve` as `chiller_power_w` takes it."""

    curve: Annotated[Floats, 22]
    air_cooled: float  # 1.0: `curve` looks at outdoor air, and nothing reaches the towers
    capacity_w: float
    cop_rated: float
    auxiliary_w: float
    lift_weight: float
    stage_up_frac: float
    stage_down_frac: float
    chw_head_pa: float
    chw_efficiency_frac: float
    chw_heat_frac: float
    least_flow_kg_s: float  # of one running chiller
    cw_kg_s: float  # of one running chiller
    cw_head_pa: float
    cw_efficiency_frac: float
    cw_heat_frac: float
    cells: float
    cell_fan_w: float
    cell_water0_kg_s: float
    cell_air0_kg_s: float
    cell_ua0_w_k: float
    cell_wet_bulb_c: float
    pressure_pa: float
    longest_step_s: float  # a longer step is taken in parts
    cycles: float  # of concentration
    drift_frac: float
    water_j_k: float  # buffer and loop
    basin_j_k: float
    head_pressure_c: float  # coldest condenser water a running chiller takes; a bypass keeps it
    facility_j_k: float  # warm-water loop of the liquid cooling
    facility_head_pa: float
    facility_efficiency_frac: float
    facility_sink: float  # 0 none, 1 chilled water, 2 tower cells, 3 dry coolers
    cooler_cells: float
    cooler_fan_w: float
    cooler_water0_kg_s: float
    cooler_air0_kg_s: float
    cooler_ua0_w_k: float
    cooler_wet_bulb_c: float
    cooler_ha_ratio: float
    cooler_pad_frac: float  # 0: dry
    cooler_pad_above_c: float
    transformers: float
    transformer_va: float
    no_load_w: float
    load_loss_w: float
    power_factor: float
    pdu_loss_frac: float  # of PDU input


@dataclass(frozen=True, slots=True)
class OptionRow:
    """What some water plants have besides; a plant with neither has no such table. One row."""

    reformulated: Annotated[Floats, 29]  # in place of `curve` where `by_leaving_water` is 1.0
    by_leaving_water: float
    free_kg_s: float  # plate exchanger of the water-side economiser, chilled water side at design; 0 without one
    free_cw_kg_s: float  # condenser water side at design
    free_ua_w_k: float
    free_approach_k: float  # what the tower is asked to leave between its water and the chilled water


@dataclass(frozen=True, slots=True)
class LiquidRow:
    """One coolant distribution unit with its plates, or one immersion tank; capacity rates in W/K."""

    hall: float  # number of its hall
    share_frac: float  # of that hall's liquid heat
    is_tank: float
    secondary_w_k: float
    primary0_w_k: float
    primary_max_w_k: float
    ua0_w_k: float
    fouling_frac: float
    volume_j_k: float
    pump_w: float
    dew_margin_k: float


@dataclass(frozen=True, slots=True)
class BatteryRow:
    """One battery behind its converter."""

    energy_j: float
    charge_efficiency_frac: float
    discharge_efficiency_frac: float
    charge_rate_c: float
    discharge_rate_c: float
    least_frac: float
    most_frac: float
    idle_w: float
    auxiliary_frac: float


@dataclass(frozen=True, slots=True)
class PvRow:
    """One array of modules and its inverter."""

    rated_w: float
    per_k: float
    loss_frac: float
    mount_a: float
    mount_b: float
    mount_rise_k: float
    inverter_w: float
    inverter_efficiency_frac: float
