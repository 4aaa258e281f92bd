"""site.toml, [power]: transformers, UPS, batteries, solar arrays and standby sets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from twin.sitefile.named import UPS_CURVES
from twin.sitefile.schema_base import (
    ByName,
    Count,
    FileModel,
    First,
    IdTemplate,
    NotNegative,
    Positive,
    Share,
)


class UpsCurveTable(FileModel):
    """Loss of a module over its rating: a + b*x + c*x^2, x = output over rating."""

    a: Share = Field(description="loss without load")
    b: Share = Field(description="loss in proportion to load")
    c: Share = Field(description="loss with the square of load")


_CURVE = ByName(tuple(UPS_CURVES), "UPS curve", UpsCurveTable)


class UpsTable(FileModel):
    """Equal UPS sides that share the load."""

    count: Count = Field(default=1, le=26, description="how many equal sides")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="ups-{letter}", description="id of each: fields site, n, letter")
    modules: Count = Field(description="modules of one side")
    module_w: float = Field(ge=1e3, le=5e6, description="rating of one module, W")
    double_conversion: Annotated[UpsCurveTable | str, _CURVE] = Field(default="vfi-modern", description="loss curve")
    eco: Annotated[UpsCurveTable | str, _CURVE] = Field(default="eco", description="loss curve in ECO mode")
    autonomy_s: Positive = Field(default=600.0, description="battery at full load of the side, s")


class BatteryTable(FileModel):
    """Equal batteries beside the UPS, each behind its converter."""

    count: Count = Field(default=1, description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="bat-{n}", description="id of each: fields site, n, letter")
    energy_j: float = Field(ge=3.6e6, le=3.6e12, description="nominal capacity of one, J; 1 kWh is 3.6e6")
    charge_efficiency_frac: float = Field(default=0.96, ge=0.5, le=1.0, description="terminals to store")
    discharge_efficiency_frac: float = Field(default=0.96, ge=0.5, le=1.0, description="store to terminals")
    charge_rate_c: float = Field(gt=0.0, le=20.0, description="largest charging power, capacities per hour")
    discharge_rate_c: float = Field(gt=0.0, le=20.0, description="largest discharging power, capacities per hour")
    least_frac: Share = Field(default=0.1, description="discharge stops at this state of charge")
    most_frac: Share = Field(default=0.95, description="charging stops at this state of charge")
    idle_w: NotNegative = Field(default=0.0, description="controls and cooling of one at all times, W")
    auxiliary_frac: float = Field(default=0.02, ge=0.0, le=0.2, description="further need, share of its power")


class SolarTable(FileModel):
    """Equal arrays of solar modules in one plane, each with its inverter."""

    count: Count = Field(default=1, description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="pv-{n}", description="id of each: fields site, n, letter")
    rated_w: float = Field(ge=1e3, le=1e9, description="direct current of one at 1000 W/m2 and 25 degC, W")
    mount: Literal["open_rack", "close_mount", "insulated_back"] = Field(
        description="how air cools the modules: open_rack, close_mount or insulated_back"
    )
    tilt_deg: float = Field(ge=0.0, le=90.0, description="0 flat, 90 a facade")
    facing_deg: float = Field(ge=0.0, le=360.0, description="90 east, 180 south, 270 west")
    per_k: float = Field(default=-0.0035, ge=-0.02, le=0.0, description="power per kelvin of cell temperature")
    loss_frac: Share = Field(default=0.14, description="dirt, wiring, mismatch and the like")
    inverter_w: float = Field(ge=1e3, le=1e9, description="rating of the inverter, alternating current, W")


class GeneratorsTable(FileModel):
    """Equal standby sets."""

    count: Count = Field(description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="gen-{n}", description="id of each: fields site, n, letter")
    rated_w: float = Field(ge=1e4, le=1e8, description="rating of one, W")
    least_load_frac: Share = Field(default=0.3, description="a running set is not loaded less than this")


class PowerTable(FileModel):
    """From the utility to the rack."""

    transformers: Count = Field(description="how many share the load")
    transformer_va: float = Field(ge=1e4, le=1e8, description="rating of one, VA")
    transformer_no_load_w: NotNegative = Field(description="loss of one without load, W")
    transformer_load_loss_w: NotNegative = Field(description="further loss of one at its rating, W")
    power_factor: float = Field(default=0.97, ge=0.5, le=1.0, description="of the whole site")
    pdu_loss_frac: float = Field(default=0.01, ge=0.0, le=0.2, description="loss of distribution over its input")
    ups_carries_cooling: bool = Field(
        default=True, description="air handler fans and chilled-water pumps run on the UPS"
    )
    ups: list[UpsTable] = Field(min_length=1, description="[[power.ups]]")
    batteries: list[BatteryTable] = Field(default_factory=list, description="[[power.batteries]]")
    solar: list[SolarTable] = Field(default_factory=list, description="[[power.solar]]")
    generators: GeneratorsTable | None = Field(default=None, description="[power.generators]")
