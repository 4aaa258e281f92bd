"""site.toml: topology and ratings. Keys carry their unit; W, J and Pa without prefixes, temperatures in degC."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from twin.sitefile.schema_base import FileModel, Text
from twin.sitefile.schema_halls import (
    CracTable,
    CrahTable,
    FleetTable,
    HallTable,
    OutsideAirTable,
    RackGroup,
    RearDoorsTable,
)
from twin.sitefile.schema_liquid import CduTable, CoolersTable, LiquidTable, TankTable
from twin.sitefile.schema_plant import (
    ChillerTable,
    EconomiserTable,
    OwnCurveTable,
    PlantTable,
    PumpTable,
    TowerTable,
)
from twin.sitefile.schema_power import (
    BatteryTable,
    GeneratorsTable,
    PowerTable,
    SolarTable,
    UpsCurveTable,
    UpsTable,
)

__all__ = [
    "BatteryTable",
    "CduTable",
    "ChillerTable",
    "CoolersTable",
    "CracTable",
    "CrahTable",
    "EconomiserTable",
    "FleetTable",
    "GeneratorsTable",
    "HallTable",
    "LiquidTable",
    "OutsideAirTable",
    "OwnCurveTable",
    "PlantTable",
    "PowerTable",
    "PumpTable",
    "RackGroup",
    "RearDoorsTable",
    "SiteFile",
    "SiteId",
    "SiteTable",
    "SolarTable",
    "TankTable",
    "TowerTable",
    "UpsCurveTable",
    "UpsTable",
]

SiteId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=32)]


class SiteTable(FileModel):
    """Who this is."""

    id: SiteId = Field(description="short name in topics and directories: a-z, 0-9 and -")
    name: Text = Field(description="name for people")
    altitude_m: float = Field(ge=-500.0, le=5000.0, description="height above sea level; sets the density of air")
    seed: int = Field(default=1, ge=0, description="seed of every random choice the daemon makes")
    latitude_deg: float | None = Field(
        default=None, ge=-90.0, le=90.0, description="north is positive; needed with solar arrays"
    )
    longitude_deg: float | None = Field(
        default=None, ge=-180.0, le=180.0, description="east is positive; needed with solar arrays"
    )


class SiteFile(FileModel):
    """site.toml."""

    site: SiteTable = Field(description="[site]")
    halls: list[HallTable] = Field(min_length=1, description="[[halls]]")
    plant: PlantTable = Field(description="[plant]")
    power: PowerTable = Field(description="[power]")
    liquid: LiquidTable | None = Field(default=None, description="[liquid]")
