"""limits.toml, control.toml and tariff.toml: what may be written, how, and what energy costs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.sitefile.schema_base import Celsius, FileModel, NotNegative, Positive, Share, Text

ModeName = Literal["shadow", "advise", "bounded", "control"]


class InletTable(FileModel):
    """Rack inlet temperature, worst of a hall."""

    warn_c: Celsius = Field(description="no plan may expect more")
    revert_c: Celsius = Field(description="above: back to full cooling at the permitted rate")
    panic_c: Celsius = Field(description="above: coldest permitted setpoints at once")


class AirTable(FileModel):
    """The halls."""

    dew_point_margin_k: NotNegative = Field(
        default=2.0, description="supply air stays this far above the room's dew point, K"
    )
    zone_quorum_frac: Share = Field(default=0.8, description="least share of good rack inlets for a move towards warm")
    ride_through_min_s: Positive = Field(
        description="least time to panic_c without the grid or an air handler, and on battery, s"
    )


class DataTable(FileModel):
    """Inputs."""

    stale_after_s: Positive = Field(default=180.0, description="no reading is trusted for longer, s")


class PlantLimits(FileModel):
    """The water plant."""

    min_lift_k: Positive = Field(
        default=5.0, description="least condenser water setpoint minus chilled water setpoint, K"
    )


class LeaseTable(FileModel):
    """How long a setpoint lives without us."""

    lease_s: float = Field(gt=0.0, le=900.0, description="a setpoint not renewed ends after this long, s")
    heartbeat_s: float = Field(
        default=5.0, gt=0.0, le=10.0, description="the receiver reverts after 30 s without one, s"
    )


class EcoTable(FileModel):
    """Conditions of ECO mode, all of them."""

    min_load_frac: Share = Field(default=0.10, description="load of the side over its rating")
    max_mains_deviation_frac: Share = Field(default=0.05, description="mains voltage off its nominal value")
    max_thd_frac: Share = Field(default=0.05, description="harmonic distortion of the mains voltage")
    min_battery_frac: Share = Field(default=0.90, description="charge of the battery")


class SetpointTable(FileModel):
    """One writable setpoint, or one for each hall or UPS when `point` holds {hall} or {ups}."""

    point: Text = Field(description='the readback point, for example "{hall}/supply_air_sp_c"')
    kind: Literal["supply_air", "chilled_water", "condenser_water", "ups_mode"] = Field(description="what it means")
    low: float = Field(description="lowest value that may be written")
    high: float = Field(description="highest value that may be written")
    local: float = Field(description="the site's own setpoint, in force without us")
    step: Positive | None = Field(default=None, description="resolution; values are rounded to it")
    max_rise_per_min: Positive | None = Field(default=None, description="fastest rise, per minute")
    max_fall_per_min: Positive | None = Field(default=None, description="fastest fall, per minute")
    dwell_s: Positive | None = Field(default=None, description="ups_mode: least time between changes, s")
    max_changes_per_day: int | None = Field(default=None, ge=0, le=1440, description="ups_mode: most changes in 24 h")
    bounded_span_k: NotNegative | None = Field(
        default=None, description="in bounded mode it stays so near to `local`, K; 1 K where nothing is said"
    )
    ceiling: ModeName = Field(description="highest mode this setpoint may reach: shadow, advise, bounded or control")


class LimitsFile(FileModel):
    """limits.toml, owned by the operator."""

    inlet: InletTable = Field(description="[inlet]")
    air: AirTable = Field(description="[air]")
    data: DataTable = Field(default_factory=DataTable, description="[data]")
    plant: PlantLimits = Field(default_factory=PlantLimits, description="[plant]")
    lease: LeaseTable = Field(description="[lease]")
    eco: EcoTable = Field(default_factory=EcoTable, description="[eco]")
    setpoints: list[SetpointTable] = Field(default_factory=list, description="[[setpoints]]")


class ControlFile(FileModel):
    """control.toml."""

    mode: ModeName = Field(default="shadow", description="shadow, advise, bounded or control")
    controller: Literal["hold", "reset_rules", "predictive"] = Field(default="predictive", description="who plans")
    period_s: float = Field(default=60.0, ge=5.0, le=900.0, description="one cycle, s")
    warm_up_s: NotNegative = Field(default=300.0, description="after a start, observe this long before writing, s")
    inlet_backoff_sd: float = Field(
        default=1.645, ge=0.0, le=5.0, description="standard deviations between plan and limit"
    )
    it_step_frac: Share = Field(default=0.20, description="load rise that must be survivable without notice")
    co2_price_per_kg: NotNegative = Field(default=0.0, description="price put on carbon, currency of the tariff")
    min_saving_frac: Share = Field(
        default=0.005, description="a new plan must promise this share of cooling power, or the present one stays"
    )
    override_hours: float = Field(
        default=8.0, gt=0.0, le=720.0, description="an operator's override without an end ends after this long, h"
    )
    auto_resume: bool = Field(
        default=True, description="after a start go on writing by itself; false: not before an operator orders a mode"
    )
    write_priority: int = Field(
        default=12, ge=1, le=16, description="BACnet priority the gateway writes at for us; a lower number is stronger"
    )
    vouched_by: str = Field(
        default="", max_length=120, description="who lets setpoints climb without a readiness report; empty = nobody"
    )


class BandTable(FileModel):
    """Price of a window of the local day; a window may cross midnight."""

    name: Text = Field(description="for reports, for example peak")
    start_hour: float = Field(ge=0.0, le=24.0, description="local hour at which it starts")
    end_hour: float = Field(ge=0.0, le=24.0, description="local hour at which it ends")
    price_per_kwh: NotNegative = Field(le=100.0, description="energy price")


class RestTable(FileModel):
    """Price of every hour that no band names."""

    name: Text = Field(default="flat", description="for reports")
    price_per_kwh: NotNegative = Field(le=100.0, description="energy price")


class TariffFile(FileModel):
    """tariff.toml."""

    currency: str = Field(min_length=3, max_length=3, description="three letters, for example EUR")
    utc_offset_h: float = Field(ge=-12.0, le=14.0, description="local time minus UTC, h")
    demand_charge_per_kw_month: NotNegative = Field(default=0.0, description="price of the month's highest power")
    carbon_kg_per_kwh: NotNegative = Field(le=5.0, description="carbon of grid energy, kg/kWh")
    rest: RestTable = Field(description="[rest], the hours that no band names")
    bands: list[BandTable] = Field(default_factory=list, description="[[bands]]")
