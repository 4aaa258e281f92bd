"""What the whole site would draw, and how warm it would get, under many candidate setpoints at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.actuators import ActuatorTable, Kind
from twin.domain.arrays import Bytes8, Floats, Ints
from twin.kernels import columns as at
from twin.kernels.halls import behind_measured
from twin.kernels.settle import settle_batch
from twin.model.compiled import CompiledSite
from twin.model.drive import Drive
from twin.model.layout import Layout
from twin.model.simulate import first_state


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
        row_of = {hall: row for row, hall in enumerate(site.hall_ids)}
        for actuator in actuators:
            column = setpoint[:, actuator.index]
            match actuator.kind:
                case Kind.SUPPLY_AIR:
                    supply_air_c[:, row_of[actuator.hall]] = column
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
    layout = Layout.of(site)
    _, _, out = _settled(site, conditions, candidates)
    worst_above_mean_k = conditions.inlet_offset_k - conditions.mean_offset_k

    def halls(column: int) -> Floats:
        return out[:, layout.y_hall(0) + column : layout.y_hall(layout.halls) : at.Y_HALL]

    def flags(column: int) -> Bytes8:
        return (out[:, column] > 0.5).astype(np.uint8)

    return SteadyBatch(
        facility_w=out[:, at.Y_FACILITY],
        it_w=out[:, at.Y_IT],
        it_fan_w=out[:, at.Y_IT_FAN],
        cooling_w=out[:, at.Y_COOLING],
        chiller_w=out[:, at.Y_CHILLER],
        tower_w=out[:, at.Y_TOWER],
        pump_w=out[:, at.Y_CHW_PUMP] + out[:, at.Y_CW_PUMP],
        crah_fan_w=out[:, at.Y_AIR_FAN],
        ups_loss_w=out[:, at.Y_UPS_LOSS],
        distribution_loss_w=out[:, at.Y_DISTRIBUTION],
        supply_air_c=halls(at.YH_SUPPLY),
        worst_inlet_c=halls(at.YH_INLET) + worst_above_mean_k,
        crah_fan_frac=halls(at.YH_FAN_FRAC),
        valve_saturated=(halls(at.YH_SHORT) > 0.5).astype(np.uint8),
        chiller_load_frac=out[:, at.Y_LOAD_FRAC],
        chillers_running=np.nan_to_num(out[:, at.Y_RUNNING]).astype(np.int64),
        cws_c=out[:, at.Y_BASIN],
        tower_saturated=flags(at.Y_TOWER_SHORT),
        extrapolating=flags(at.Y_EXTRAPOLATING),
        chw_short=flags(at.Y_CHW_SHORT),
    )


def at_rest(site: CompiledSite, conditions: Conditions, candidates: Candidates) -> tuple[Floats, Floats]:
    """(state, inputs) of the last candidate as the kernels have them, shapes (n_x,) and (n_u,), at its rest."""
    u, x, _ = _settled(site, conditions, candidates)
    return x, u[-1].copy()


def _settled(site: CompiledSite, conditions: Conditions, candidates: Candidates) -> tuple[Floats, Floats, Floats]:
    """(inputs of every candidate, state of the last one, outputs of every candidate)."""
    layout = Layout.of(site)
    u = _inputs(site, conditions, candidates)
    first = first_state(site, u[0])
    first[at.X_RUNNING] = conditions.chillers_running
    x, out = np.empty(layout.n_x), np.zeros((u.shape[0], layout.n_y))
    settle_batch(
        *site.tables,
        first,
        u,
        x,
        np.empty(layout.n_x),
        out,
    )
    return u, x, out


def _inputs(site: CompiledSite, conditions: Conditions, candidates: Candidates) -> Floats:
    n = len(site.halls)
    load_w, offset_k = np.empty(n), np.empty(n)
    inlet_c = conditions.supply_air_c + conditions.mean_offset_k
    behind_measured(site.halls, _plain(conditions.it_w), inlet_c, _plain(conditions.mean_offset_k), load_w, offset_k)
    return Drive(
        outdoor_c=conditions.outdoor_c,
        wet_bulb_c=conditions.wet_bulb_c,
        load_w=load_w,
        supply_air_c=candidates.supply_air_c,
        chws_c=candidates.chws_c,
        cws_c=candidates.cws_c,
        crah_running=conditions.crah_running.astype(np.float64),
        chillers_available=float(conditions.chillers_available),
        inlet_offset_k=offset_k,
        ups_eco=candidates.ups_eco,
        n=candidates.supply_air_c.shape[0],
    ).rows(site)


def _plain(values: Floats) -> Floats:
    """Writable and contiguous: to numba a frozen array is another type, for which it would compile in mid-cycle."""
    return np.require(values, np.float64, ["C", "W"])
