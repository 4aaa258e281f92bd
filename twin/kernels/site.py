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
    pdu_loss_frac: float  # of PDU input
