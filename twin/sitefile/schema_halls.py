"""site.toml, [[halls]]: racks, air handlers, and whatever else cools the air of a hall."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from twin.sitefile.named import FLEETS
from twin.sitefile.schema_base import (
    ByName,
    Celsius,
    Count,
    FileModel,
    First,
    IdTemplate,
    NotNegative,
    Positive,
    Share,
)


class RackGroup(FileModel):
    """Equal racks of a hall."""

    count: Count = Field(default=1, description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="{hall}-r{n:03}", description="id of each: fields site, hall, n, letter")
    rated_w: float = Field(ge=100.0, le=500e3, description="nameplate IT power of one rack, W")
    per_row: Count = Field(default=10, description="racks in one row, for the field {row}")


class FleetTable(FileModel):
    """How servers answer to their inlet temperature."""

    reference_c: Celsius = Field(description="inlet temperature at which the rated power holds")
    speed_start_c: Celsius = Field(description="inlet temperature above which fans speed up")
    leakage_per_k: Share = Field(description="share of power added for each K above the reference")
    fan_share_frac: Share = Field(description="share of fan power at the reference")
    speed_per_k: Share = Field(description="fan speed added for each K above the start")
    max_speed_ratio: float = Field(
        default=2.5, ge=1.0, le=5.0, description="fastest fan speed over that at the reference"
    )
    rise_k: float = Field(default=12.0, ge=3.0, le=40.0, description="air temperature rise across the servers, K")


class CrahTable(FileModel):
    """The hall's air handlers, all equal."""

    count: Count = Field(description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="{hall}-crah-{n:02}", description="id of each: fields site, hall, n, letter")
    needed: Count = Field(description="how many carry the design load; the rest is redundancy")
    design_w: float = Field(ge=1e3, le=1e7, description="cooling of one unit at its design point, W")
    design_flow_m3_s: Positive = Field(description="air flow of one unit at full speed, m3/s")
    design_fan_w: Positive = Field(description="fan power of one unit at full speed, W")
    design_return_c: Celsius = Field(description="return air at the design point")
    design_supply_c: Celsius = Field(description="supply air at the design point")
    design_chw_in_c: Celsius = Field(description="chilled water into the coil at the design point")
    design_chw_out_c: Celsius = Field(description="chilled water out of the coil at the design point")
    air_to_water_ha_ratio: Positive = Field(
        default=0.5, description="air side over water side conductance at the design point"
    )
    min_fan_frac: Share = Field(default=0.3, description="slowest fan speed")
    max_fan_frac: Share = Field(default=1.0, description="fastest fan speed")


class CracTable(FileModel):
    """Direct-expansion units in place of air handlers on chilled water, all equal."""

    count: Count = Field(description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="{hall}-crac-{n:02}", description="id of each: fields site, hall, n, letter")
    needed: Count = Field(description="how many carry the design load; the rest is redundancy")
    design_w: float = Field(ge=1e3, le=1e7, description="total cooling of one: wet bulb 19.4, outdoors 35 degC, W")
    design_flow_m3_s: Positive = Field(description="air flow of one unit at full speed, m3/s")
    design_fan_w: Positive = Field(description="fan power of one unit at full speed, W")
    design_return_c: Celsius = Field(description="return air at the design point")
    design_supply_c: Celsius = Field(description="supply air at the design point")
    min_fan_frac: Share = Field(default=0.3, description="slowest fan speed")
    max_fan_frac: Share = Field(default=1.0, description="fastest fan speed")
    cop_rated: float = Field(ge=1.0, le=10.0, description="cooling over power at the rating point, air fan left out")
    least_speed_frac: Positive = Field(
        default=0.3, le=1.0, description="slowest compressor speed, below it cycles; 1 = fixed speed"
    )
    economiser_cop: float = Field(
        default=0.0, ge=0.0, le=100.0, description="pumped refrigerant: cooling over power; 0 = none"
    )
    economiser_full_c: Celsius = Field(default=5.0, description="outdoors, below it pumped refrigerant does it all")
    economiser_off_c: Celsius = Field(default=10.0, description="outdoors, above it the compressor does it all")


class OutsideAirTable(FileModel):
    """An air-side economiser."""

    most_frac: Positive = Field(default=1.0, le=1.0, description="most outside air, share of the air flow")
    humid_climate: bool = Field(
        default=False, description="true: dew point and enthalpies decide; false: dry bulbs alone"
    )
    most_dew_c: Celsius = Field(default=15.0, description="no outside air above this dew point, in a humid climate")
    least_dew_c: Celsius = Field(default=-9.0, description="less outside air below this dew point")
    pad_frac: Share = Field(default=0.0, description="effectiveness of a wetted pad in the outside air; 0 = none")
    filter_pa: NotNegative = Field(default=150.0, description="further pressure drop of filters at full air flow, Pa")


class RearDoorsTable(FileModel):
    """Water coils behind the racks of a hall, all together at their design point."""

    design_w: float = Field(ge=1e3, le=1e8, description="heat that all doors of the hall take, W")
    design_exhaust_c: Celsius = Field(description="air out of the racks")
    design_leaving_c: Celsius = Field(description="air behind the doors")
    design_water_in_c: Celsius = Field(description="facility water into the doors")
    design_water_out_c: Celsius = Field(description="facility water out of the doors")


class HallTable(FileModel):
    """One hall, or `count` equal ones."""

    count: Count = Field(default=1, le=64, description="how many equal halls")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="h{n}", description="id of each: fields site, n, letter")
    fleet: Annotated[FleetTable | str, ByName(tuple(FLEETS), "server fleet", FleetTable)] = Field(
        default="modern", description="server fleet, by name or as a table"
    )
    air_volume_m3: Positive = Field(description="air in the hall, m3")
    metal_j_k_per_rack: Positive = Field(default=240e3, description="heat capacity of one rack with its servers, J/K")
    metal_to_air_ua_ratio: Positive = Field(
        default=0.8, description="conductance from servers to air over the air's own flow"
    )
    envelope_ua_w_k: NotNegative = Field(description="walls, roof and floor, W/K")
    lights_w: NotNegative = Field(description="lights and other constant loads, W")
    bypass_frac: float = Field(ge=0.0, le=0.9, description="share of air that never meets a server")
    flow_margin_ratio: float = Field(default=1.10, ge=1.0, le=3.0, description="air supplied over air the servers draw")
    racks: list[RackGroup] = Field(min_length=1, description="[[halls.racks]], one for each kind of rack")
    crah: CrahTable | None = Field(default=None, description="[halls.crah], air handlers on chilled water")
    crac: CracTable | None = Field(default=None, description="[halls.crac], direct-expansion units in their place")
    liquid_frac: Share = Field(default=0.0, description="share of the racks' heat that coolant catches")
    outside_air: OutsideAirTable | None = Field(default=None, description="[halls.outside_air]")
    rear_doors: RearDoorsTable | None = Field(default=None, description="[halls.rear_doors]")
