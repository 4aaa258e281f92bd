"""site.toml: topology and ratings. Keys carry their unit; W, J and Pa without prefixes, temperatures in degC."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from twin.sitefile.named import FLEETS, UPS_CURVES
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
    Text,
)

SiteId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=32)]


class SiteTable(FileModel):
    """Who this is."""

    id: SiteId = Field(description="short name in topics and directories: a-z, 0-9 and -")
    name: Text = Field(description="name for people")
    altitude_m: float = Field(ge=-500.0, le=5000.0, description="height above sea level; sets the density of air")
    seed: int = Field(default=1, ge=0, description="seed of every random choice the daemon makes")


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
    crah: CrahTable = Field(description="[halls.crah], the air handlers")


class ChillerTable(FileModel):
    """Equal water-cooled chillers, each with its own pumps."""

    count: Count = Field(description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="ch-{n}", description="id of each: fields site, n, letter")
    needed: Count = Field(description="how many carry the design load")
    curve: Text = Field(description="name in the chiller catalogue, for example carrier-19xr-1234kw")
    capacity_w: float = Field(ge=1e4, le=5e7, description="cooling of one at its rating point, W")
    cop_rated: float = Field(ge=1.0, le=15.0, description="cooling over electrical power at the rating point")
    auxiliary_w: NotNegative = Field(default=15e3, description="controls and oil pump of one running chiller, W")
    lift_extension_frac: Share = Field(default=0.5, description="trust in the lift correction outside the fitted box")
    stage_up_frac: Share = Field(default=0.85, description="one more above this part load")
    stage_down_frac: Share = Field(default=0.6, description="one fewer when the others would stay below this part load")
    restart_s: NotNegative = Field(default=240.0, description="from a trip to cooling again, s")


class PumpTable(FileModel):
    """The pumps of one circuit."""

    head_pa: float = Field(ge=1e3, le=2e6, description="pressure rise at the design flow, Pa")
    efficiency_frac: Positive = Field(le=1.0, description="pump, motor and drive together")
    heat_to_water_frac: Share = Field(default=0.9, description="share of pump power that warms the water")
    design_range_k: Positive = Field(description="temperature rise of the circuit at design, K")
    fixed_flow_kg_s: NotNegative = Field(
        default=0.0, description="constant flow for each running chiller; 0 = variable"
    )


class TowerTable(FileModel):
    """Equal open cooling-tower cells."""

    count: Count = Field(description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="ct-{n}", description="id of each: fields site, n, letter")
    needed: Count = Field(description="how many carry the design load")
    design_w: float = Field(ge=1e4, le=1e8, description="heat rejected by one cell at its design point, W")
    design_in_c: Celsius = Field(description="water into the cell at the design point")
    design_out_c: Celsius = Field(description="water out of the cell at the design point")
    design_wet_bulb_c: Celsius = Field(description="outdoor wet bulb at the design point")
    fan_w: Positive = Field(description="fan power of one cell at full speed, W")
    min_fan_frac: Share = Field(default=0.2, description="slowest fan speed")
    basin_m3: Positive = Field(description="water in all basins together, m3")


class PlantTable(FileModel):
    """The chilled-water plant."""

    buffer_m3: NotNegative = Field(description="buffer tank, m3")
    loop_m3: Positive = Field(description="water in the chilled-water pipes, m3")
    chillers: ChillerTable = Field(description="[plant.chillers]")
    chw_pumps: PumpTable = Field(description="[plant.chw_pumps], chilled water")
    cw_pumps: PumpTable = Field(description="[plant.cw_pumps], condenser water")
    towers: TowerTable = Field(description="[plant.towers]")


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
    autonomy_s: Positive = Field(default=600.0, description="battery at full load, s")


class PowerTable(FileModel):
    """From the utility to the rack."""

    transformers: Count = Field(description="how many share the load")
    transformer_va: float = Field(ge=1e4, le=1e8, description="rating of one, VA")
    transformer_no_load_w: NotNegative = Field(description="loss of one without load, W")
    transformer_load_loss_w: NotNegative = Field(description="further loss of one at its rating, W")
    power_factor: float = Field(default=0.97, ge=0.5, le=1.0, description="of the whole site")
    pdu_loss_frac: float = Field(default=0.01, ge=0.0, le=0.2, description="loss of distribution over its input")
    ups: list[UpsTable] = Field(min_length=1, description="[[power.ups]]")


class SiteFile(FileModel):
    """site.toml."""

    site: SiteTable = Field(description="[site]")
    halls: list[HallTable] = Field(min_length=1, description="[[halls]]")
    plant: PlantTable = Field(description="[plant]")
    power: PowerTable = Field(description="[power]")
