"""site.toml, [plant]: chillers, pumps, towers and the water-side economiser."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

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

CelsiusPair = Annotated[list[Celsius], Field(min_length=2, max_length=2)]
SharePair = Annotated[list[Annotated[float, Field(ge=0.0, le=2.0)]], Field(min_length=2, max_length=2)]
Six = Annotated[list[float], Field(min_length=6, max_length=6)]


class OwnCurveTable(FileModel):
    """A chiller's own regression, from its maker: x is leaving chilled water, y the condenser temperature."""

    model: Literal["eir", "reformulated"] = Field(description="eir or reformulated, see equations")
    capacity_w: float = Field(ge=1e4, le=5e7, description="cooling of the machine that was fitted, W")
    cop: float = Field(ge=1.0, le=15.0, description="its cooling over electrical power")
    chws_c: CelsiusPair = Field(description="[low, high] of leaving chilled water that was fitted")
    condenser_c: CelsiusPair = Field(
        description="[low, high] fitted: entering condenser water; reformulated: leaving; air-cooled: outdoor air"
    )
    part_load: SharePair = Field(description="[low, high] of part load that was fitted")
    capacity: Six = Field(description="six numbers: 1, x, x2, y, y2, xy")
    eir: Six = Field(description="six numbers: 1, x, x2, y, y2, xy")
    eir_part_load: list[float] = Field(
        min_length=3, max_length=10, description="three numbers for eir, ten for reformulated"
    )
    condenser_kg_s: NotNegative = Field(default=0.0, description="its condenser water flow, kg/s")
    air_cooled: bool = Field(default=False, description="condenser in outdoor air")


CURVE_NAMES = ByName(None, "chiller curve", OwnCurveTable)


class ChillerTable(FileModel):
    """Equal water-cooled chillers, each with its own pumps."""

    count: Count = Field(description="how many")
    first: First = Field(default=1, description="number of the first one, {n}")
    id: IdTemplate = Field(default="ch-{n}", description="id of each: fields site, n, letter")
    needed: Count = Field(description="how many carry the design load")
    curve: Annotated[OwnCurveTable | str, CURVE_NAMES] = Field(
        description="name in the chiller catalogue, for example carrier-19xr-1234kw, or a table"
    )
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


class EconomiserTable(FileModel):
    """A plate exchanger that cools chilled-water return with condenser water before the chillers do."""

    design_w: float = Field(ge=1e4, le=1e8, description="heat through the exchanger at its design point, W")
    design_return_c: Celsius = Field(description="chilled water into the exchanger at the design point")
    design_cw_in_c: Celsius = Field(description="condenser water into the exchanger at the design point")
    approach_k: float = Field(
        default=1.5, gt=0.0, le=10.0, description="chilled water leaves this much above design_cw_in_c, K"
    )
    tower_approach_k: float = Field(
        default=2.0,
        gt=0.0,
        le=20.0,
        description="while in use, towers aim this far below the chilled water setpoint, K",
    )


class PlantTable(FileModel):
    """The chilled-water plant."""

    buffer_m3: NotNegative = Field(description="buffer tank, m3")
    loop_m3: Positive = Field(description="water in the chilled-water pipes, m3")
    chillers: ChillerTable = Field(description="[plant.chillers]")
    chw_pumps: PumpTable = Field(description="[plant.chw_pumps], chilled water")
    cw_pumps: PumpTable = Field(description="[plant.cw_pumps], condenser water")
    towers: TowerTable = Field(description="[plant.towers]")
    economiser: EconomiserTable | None = Field(default=None, description="[plant.economiser], water-side")
