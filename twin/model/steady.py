"""What the whole site would draw, and how warm it would get, under many candidate setpoints at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.actuators import ActuatorTable, Kind
from twin.domain.arrays import Bytes8, Floats, Ints
from twin.kernels import plant as kernel
from twin.model.compiled import CompiledSite


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the plant faces now; arrays of shape (n_hall,).

    `it_w` is rack power measured at the rack inlets, whose mean is `supply_air_c + mean_offset_k` and whose worst is
    `supply_air_c + inlet_offset_k`.
    """

    it_w: Floats
    supply_air_c: Floats
    mean_offset_k: Floats
    inlet_offset_k: Floats
    crah_running: Ints
    chillers_running: int
    chillers_available: int
    outdoor_c: float
    wet_bulb_c: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Setpoint sets: `supply_air_c` (n, n_hall), `chws_c` and `cws_c` (n,), `ups_eco` (n, n_ups) with 1.0 for ECO."""

    supply_air_c: Floats
    chws_c: Floats
    cws_c: Floats
    ups_eco: Floats

    @staticmethod
    def from_setpoints(actuators: ActuatorTable, setpoint: Floats, site: CompiledSite) -> Candidates:
        """From setpoints by actuator, shape (n, n_actuator).

        What no actuator sets stays at 22 degC supply air, 10 degC chilled water, 24 degC condenser water and double
        conversion.
        """
        n = setpoint.shape[0]
        supply_air_c = np.full((n, len(site.hall_ids)), 22.0)
        chws_c, cws_c = np.full(n, 10.0), np.full(n, 24.0)
        ups_eco = np.zeros((n, len(site.ups_ids)))
        for actuator in actuators:
            column = setpoint[:, actuator.index]
            match actuator.kind:
                case Kind.SUPPLY_AIR:
                    supply_air_c[:, site.hall_ids.index(actuator.hall)] = column
                case Kind.CHILLED_WATER:
                    chws_c[:] = column
                case Kind.CONDENSER_WATER:
                    cws_c[:] = column
                case Kind.UPS_MODE:
                    ups_eco[:, site.ups_ids.index(actuator.asset)] = column
        return Candidates(supply_air_c, chws_c, cws_c, ups_eco)


@dataclass(frozen=True, slots=True)
class SteadyBatch:
    """Powers in W, shape (n,); per hall (n, n_hall). `it_w` is rack power, `cooling_w` all motors of the cooling.

    `supply_air_c` and `cws_c` are those reached: above the setpoint where a valve or a tower fan is at its end.
    `chw_short`: the chillers cannot carry the load. `extrapolating`: outside the chiller's fitted box.
    """

    facility_w: Floats
    it_w: Floats
    it_fan_w: Floats
    cooling_w: Floats
    chiller_w: Floats
    tower_w: Floats
    pump_w: Floats
    crah_fan_w: Floats
    ups_loss_w: Floats
    distribution_loss_w: Floats
    supply_air_c: Floats
    worst_inlet_c: Floats
    crah_fan_frac: Floats
    valve_saturated: Bytes8
    chiller_load_frac: Floats
    chillers_running: Ints
    cws_c: Floats
    tower_saturated: Bytes8
    extrapolating: Bytes8
    chw_short: Bytes8


def steady_state(site: CompiledSite, conditions: Conditions, candidates: Candidates) -> SteadyBatch:
    """Evaluate n candidates. NaN in a condition gives NaN, never a number."""
    n, n_hall = candidates.supply_air_c.shape
    out = np.empty((n, 16))
    reached, worst, fan, valve = (np.empty((n, n_hall)) for _ in range(4))
    kernel.steady_batch(
        site.halls,
        site.ups,
        site.plant,
        _plain(conditions.it_w),
        conditions.supply_air_c + conditions.mean_offset_k,
        _plain(conditions.mean_offset_k),
        _plain(conditions.inlet_offset_k),
        conditions.crah_running.astype(np.float64),
        float(conditions.chillers_running),
        float(conditions.chillers_available),
        conditions.outdoor_c,
        conditions.wet_bulb_c,
        _plain(candidates.supply_air_c),
        _plain(candidates.chws_c),
        _plain(candidates.cws_c),
        _plain(candidates.ups_eco),
        np.empty((7, n_hall)),
        out,
        reached,
        worst,
        fan,
        valve,
    )

    def flags(column: int) -> Bytes8:
        return (out[:, column] > 0.5).astype(np.uint8)

    return SteadyBatch(
        facility_w=out[:, kernel.FACILITY],
        it_w=out[:, kernel.IT],
        it_fan_w=out[:, kernel.IT_FAN],
        cooling_w=out[:, kernel.COOLING],
        chiller_w=out[:, kernel.CHILLER],
        tower_w=out[:, kernel.TOWER],
        pump_w=out[:, kernel.PUMP],
        crah_fan_w=out[:, kernel.CRAH_FAN],
        ups_loss_w=out[:, kernel.UPS_LOSS],
        distribution_loss_w=out[:, kernel.DISTRIBUTION],
        supply_air_c=reached,
        worst_inlet_c=worst,
        crah_fan_frac=fan,
        valve_saturated=(valve > 0.5).astype(np.uint8),
        chiller_load_frac=out[:, kernel.LOAD_FRAC],
        chillers_running=np.nan_to_num(out[:, kernel.RUNNING]).astype(np.int64),
        cws_c=out[:, kernel.CWS],
        tower_saturated=flags(kernel.TOWER_SHORT),
        extrapolating=flags(kernel.EXTRAPOLATING),
        chw_short=flags(kernel.CHW_SHORT),
    )


def _plain(values: Floats) -> Floats:
    """Writable and contiguous: to numba a frozen array is another type, for which it would compile in mid-cycle."""
    return np.require(values, np.float64, ["C", "W"])
