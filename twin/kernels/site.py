"""The compiled site as the plant kernels take it: plain numbers and arrays, no objects."""

from __future__ import annotations

from typing import NamedTuple

from twin.kernels._jit import Floats


class HallArrays(NamedTuple):
    """Per hall, shape (n_hall,). Flows and UA are those of one air handler at its design point."""

    reference_c: Floats
    speed_start_c: Floats
    leakage_per_k: Floats
    fan_share_frac: Floats
    speed_per_k: Floats
    max_speed_ratio: Floats
    rise_k: Floats
    rated_w: Floats
    flow_margin: Floats
    bypass_frac: Floats
    air0_kg_s: Floats
    water0_kg_s: Floats
    water_max_kg_s: Floats
    ua0_w_k: Floats
    ha_ratio: Floats
    crah_fan_w: Floats
    crah_count: Floats
    min_fan_frac: Floats
    max_fan_frac: Floats
    air_j_k: Floats
    metal_j_k: Floats
    metal_ua_w_k: Floats
    envelope_w_k: Floats
    lights_w: Floats


class UpsArrays(NamedTuple):
    """Per UPS side, shape (n_ups,); loss curves as (n_ups, 3): constant, linear, square."""

    modules: Floats
    module_w: Floats
    double_conversion: Floats
    eco: Floats


class PlantNumbers(NamedTuple):
    """The water plant, the transformers and the distribution, one number each; `curve` as the kernels take it."""

    curve: Floats
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
    water_j_k: float  # buffer and loop
    transformers: float
    transformer_va: float
    no_load_w: float
    load_loss_w: float
    power_factor: float
    pdu_loss_frac: float
