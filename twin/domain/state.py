"""What the site is believed to be doing now: the estimate that deciding and guarding start from."""

from __future__ import annotations

from dataclasses import dataclass

from twin.domain.arrays import Bytes8, Floats, Ints


@dataclass(frozen=True, slots=True)
class HallState:
    """Per-hall estimate; arrays of shape (n_hall,), temperatures in degC, read-only.

    `inlet_offset_k` is the worst good rack inlet minus supply air: the linear back-off that stands for all racks.
    `inlet_sd_k` is one standard deviation of what that back-off leaves unexplained.
    `quorum_frac` is the share of rack inlets that are good; `it_w` is rack power at the rack inlet (after PDU).
    """

    it_w: Floats
    zone_air_c: Floats  # return-side air node
    zone_metal_c: Floats  # hidden server and rack metal node
    supply_air_c: Floats
    return_air_c: Floats
    worst_inlet_c: Floats
    inlet_offset_k: Floats
    inlet_sd_k: Floats
    quorum_frac: Floats
    dew_point_c: Floats
    fan_frac: Floats
    valve_frac: Floats  # mean chilled-water valve of the running air handlers
    crah_running: Ints


@dataclass(frozen=True, slots=True)
class PlantState:
    """The water plant and the weather."""

    chws_c: float
    chwr_c: float
    cws_c: float  # condenser water entering the chillers
    chillers_running: int
    outdoor_c: float
    wet_bulb_c: float
    cooling_w: float  # metered: chillers, pumps, towers, CRAH fans


@dataclass(frozen=True, slots=True)
class UpsState:
    """Per UPS side; arrays of shape (n_ups,)."""

    output_w: Floats
    loss_w: Floats
    battery_frac: Floats
    mains_deviation_frac: Floats
    thd_frac: Floats
    on_generator: Bytes8  # 1 when on a generator or on battery, or when unknown


@dataclass(frozen=True, slots=True)
class State:
    """The whole estimate of one cycle.

    `setpoint` holds the plant's actual setpoints by actuator index (readback; NaN when unknown), `setpoint_quality` and
    `setpoint_ns` the quality and source time of each readback (0 before the first), and `held_by_operator` is 1 where
    the gateway reports a local holder.
    `missing` names the inputs that deciding needs and that are not usable now; while it is not empty nothing may be
    written, except towards more cooling. `input_quality` lists (point id, quality name) of the inputs a decision cites.
    `residual_kw` is metered minus predicted facility power at the present operating point.
    """

    cycle: int
    now_ns: int
    mono_s: float
    halls: HallState
    plant: PlantState
    ups: UpsState
    facility_w: float
    it_w: float
    setpoint: Floats
    setpoint_quality: Bytes8
    setpoint_ns: Ints
    held_by_operator: Bytes8
    missing: tuple[str, ...]
    input_quality: tuple[tuple[str, str], ...]
    residual_w: float
    residual_sd_w: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected over the next hour: scalars now, one value each.

    `it_step_frac` is the load rise that must be survivable without notice; `price_per_kwh` and `carbon_kg_per_kwh`
    hold for the coming period.
    """

    it_w: Floats  # per hall, expected at the end of the period
    wet_bulb_c: float
    outdoor_c: float
    it_step_frac: float
    price_per_kwh: float
    carbon_kg_per_kwh: float
