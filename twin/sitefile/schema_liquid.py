"""site.toml, [liquid]: coolant distribution units, immersion tanks and the facility water behind them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.sitefile.schema_base import (
    Celsius,
    Count,
    FileModel,
    First,
    IdTemplate,
    NotNegative,
    Positive,
    Share,
    Text,
)


class CduTable(FileModel):
    """Equal coolant distribution units of one hall."""

    count: Count = Field(description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="{hall}-cdu-{n}", description="id of each: fields site, hall, n, letter")
    hall: Text = Field(description="id of the hall whose racks it cools")
    design_w: float = Field(ge=1e3, le=1e8, description="heat of one at its design point, W")
    facility_in_c: Celsius = Field(description="facility water into the exchanger at the design point")
    facility_out_c: Celsius = Field(description="facility water out of the exchanger at the design point")
    coolant_supply_c: Celsius = Field(description="coolant to the racks at the design point")
    coolant_return_c: Celsius = Field(description="coolant from the racks at the design point")
    volume_m3: Positive = Field(description="coolant of one unit and its racks, m3")
    fluid_j_m3_k: float = Field(
        default=4.009e6, ge=1e5, le=5e6, description="heat capacity of it, J/m3K; the default is PG25"
    )
    pump_w: NotNegative = Field(description="pumps of one, W; all of it warms the coolant")
    fouling_frac: float = Field(default=0.0, ge=0.0, le=0.9, description="share of the exchanger's UA lost to dirt")
    dew_margin_k: float = Field(
        default=2.0, ge=2.0, le=20.0, description="the setpoint stays this far above the hall's dew point, K"
    )
    setpoint_c: Celsius = Field(description="coolant to the racks, held by the valve on the facility side")


class TankTable(FileModel):
    """Equal immersion tanks of one hall."""

    count: Count = Field(description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="{hall}-tank-{n}", description="id of each: fields site, hall, n, letter")
    hall: Text = Field(description="id of the hall whose racks it cools")
    design_w: float = Field(ge=1e3, le=1e8, description="heat of one at its design point, W")
    facility_in_c: Celsius = Field(description="facility water into the exchanger at the design point")
    facility_out_c: Celsius = Field(description="facility water out of the exchanger at the design point")
    coolant_supply_c: Celsius = Field(description="fluid out of the exchanger at the design point")
    coolant_return_c: Celsius = Field(description="the bath, into the exchanger, at the design point")
    volume_m3: Positive = Field(description="fluid in one tank, m3")
    fluid_j_m3_k: float = Field(
        default=1.8e6, ge=1e5, le=5e6, description="heat capacity of it, J/m3K; the default is oil"
    )
    servers_j_k: NotNegative = Field(default=0.0, description="heat capacity of the servers in one tank, J/K")
    pump_w: NotNegative = Field(description="pumps of one, W; all of it warms the bath")
    fouling_frac: float = Field(default=0.0, ge=0.0, le=0.9, description="share of the exchanger's UA lost to dirt")
    dew_margin_k: float = Field(
        default=2.0, ge=2.0, le=20.0, description="the setpoint stays this far above the hall's dew point, K"
    )
    setpoint_c: Celsius = Field(description="the bath, held by the valve on the facility side")


class CoolersTable(FileModel):
    """Equal machines that reject the heat of facility water: open tower cells or dry coolers, as `sink` says."""

    count: Count = Field(description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="cooler-{n}", description="id of each: fields site, n, letter")
    design_w: float = Field(ge=1e3, le=1e8, description="heat rejected by one at its design point, W")
    design_in_c: Celsius = Field(description="water into it at the design point")
    design_out_c: Celsius = Field(description="water out of it at the design point")
    design_air_c: Celsius = Field(description="outdoors at the design point: wet bulb for towers, else dry bulb")
    fan_w: Positive = Field(description="fan power of one at full speed, W")
    pad_frac: Share = Field(default=0.0, description="dry coolers: effectiveness of a wetted pad; 0 = none")
    pad_above_c: Celsius = Field(default=20.0, description="dry coolers: the pad is dry up to this dry bulb")


class LiquidTable(FileModel):
    """Facility water between coolant units, tanks and rear doors on one side and what takes its heat on the other."""

    sink: Literal["chilled_water", "towers", "dry_coolers"] = Field(
        description="what takes the heat: chilled_water, towers or dry_coolers"
    )
    loop_m3: Positive | None = Field(default=None, description="facility water in the pipes, m3")
    head_pa: float | None = Field(
        default=None, ge=1e3, le=2e6, description="pressure rise of the facility water pumps, Pa"
    )
    efficiency_frac: Positive | None = Field(default=None, le=1.0, description="pump, motor and drive together")
    setpoint_c: Celsius | None = Field(default=None, description="facility water out of the coolers")
    cdus: list[CduTable] = Field(default_factory=list, description="[[liquid.cdus]]")
    tanks: list[TankTable] = Field(default_factory=list, description="[[liquid.tanks]]")
    coolers: CoolersTable | None = Field(default=None, description="[liquid.coolers], unless sink is chilled_water")
