"""The guard's own questions to the twin: what the setpoints on the sheet lead to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from controllers.guard.draft import Draft, GuardInput
from controllers.guard.elsewhere import coldest, warmest
from twin.domain.actuators import Kind
from twin.domain.arrays import Floats
from twin.model.compiled import CompiledSite
from twin.model.ride_through import (
    Failure,
    Left,
    Setpoints,
    Standing,
    Start,
    after_losing,
    single_failure_inlet_c,
    with_one_cell_fewer,
)
from twin.model.steady import Candidates, Conditions, steady_state
from twin.model.ups_sides import battery_s, short_side


@dataclass(frozen=True, slots=True)
class Endurance:
    """What is left after each failure: seconds by hall to the panic inlet, seconds on battery, and the UPS load."""

    air_handler_s: Floats
    grid_s: Floats
    battery_s: float
    ups_w: float
    short_of: str  # a UPS side without which the others could not carry the load, "" when there is none


def conditions(given: GuardInput) -> Conditions:
    """What the plant faces now, as the estimate has it.

    The mean inlet is taken midway between supply air and the worst inlet.
    """
    halls, plant = given.state.halls, given.state.plant
    return Conditions(
        it_w=halls.it_w,
        supply_air_c=halls.supply_air_c,
        mean_offset_k=0.5 * halls.inlet_offset_k,
        inlet_offset_k=halls.inlet_offset_k,
        crah_running=halls.crah_running,
        chillers_running=plant.chillers_running,
        chillers_available=len(given.facility.plant.chillers.ids),
        outdoor_c=plant.outdoor_c,
        wet_bulb_c=plant.wet_bulb_c,
    )


def known(now: Conditions) -> bool:
    """Whether the twin can be asked at all."""
    numbers = (now.it_w, now.supply_air_c, now.inlet_offset_k, now.outdoor_c, now.wet_bulb_c)
    return all(bool(np.all(np.isfinite(number))) for number in numbers)


def supply_and_water(given: GuardInput, draft: Draft) -> tuple[Floats, float]:
    """Supply air by hall and chilled water as they stand on the sheet; where there is no setpoint, the measured one."""
    supply_air_c = given.state.halls.supply_air_c.copy()
    for actuator in given.rows.of_kind[Kind.SUPPLY_AIR]:
        supply_air_c[given.hall_index(actuator.hall)] = warmest(given, draft, actuator)
    chws_c = given.state.plant.chws_c
    for actuator in given.rows.of_kind[Kind.CHILLED_WATER]:
        chws_c = warmest(given, draft, actuator)
    return supply_air_c, chws_c


def single_failure_c(given: GuardInput, now: Conditions, draft: Draft) -> Floats:
    """Worst inlet of each hall with one of its air handlers lost, shape (n_hall,)."""
    supply_air_c, chws_c = supply_and_water(given, draft)
    return single_failure_inlet_c(given.site, now, supply_air_c, chws_c)


def endurance(given: GuardInput, now: Conditions, draft: Draft) -> Endurance:
    """How long halls and batteries hold out, looking ahead as far as the operator asks for.

    Losing all chillers with the grid there leaves a hall no shorter than losing the grid, losing one of them longer.
    """
    halls, limits, power = given.state.halls, given.limits, given.facility.power
    supply_air_c, chws_c = supply_and_water(given, draft)
    standing = Standing(halls.zone_air_c, halls.zone_metal_c, given.state.plant.chws_c)
    start = Start.of(given.site, now, standing, Setpoints(supply_air_c, chws_c, _condenser_c(given, draft)))

    def after(failure: Failure) -> Left:
        return after_losing(
            given.site,
            now,
            start,
            failure,
            revert_c=limits.inlet_revert_c,
            panic_c=limits.inlet_panic_c,
            longest_s=min(limits.ride_through_min_s, LONGEST_S),
            cooling_carried=power.ups_carries_cooling,
        )

    handler, grid = after(Failure.AIR_HANDLER), after(Failure.GRID)
    ups_w = _ups_w(given, grid)
    short = short_side(power.ups, ups_w)
    return Endurance(
        handler.panic_s,
        grid.panic_s,
        battery_s(power.ups, given.state.ups.battery_frac, ups_w),
        ups_w,
        power.ups[short].id if short >= 0 else "",
    )


def short_of_chillers(given: GuardInput, now: Conditions, draft: Draft) -> bool:
    """Whether the chillers that remain after losing one cannot carry the load at these setpoints."""
    remaining = max(0, now.chillers_available - 1)
    if remaining == 0:
        return True
    degraded = replace(now, chillers_available=remaining, chillers_running=min(now.chillers_running, remaining))
    return _short(given, given.site, degraded, draft)


def short_of_towers(given: GuardInput, now: Conditions, draft: Draft) -> bool:
    """Whether the chillers cannot carry the load with one tower cell lost: their condenser water is then warmer."""
    cells = len(given.facility.plant.towers.ids)
    if cells > now.chillers_available:  # one cell for each running chiller: there is one to spare
        return False
    return cells <= 1 or _short(given, with_one_cell_fewer(given.site), now, draft)


LONGEST_S = 7200.0  # nobody looks further ahead


def _short(given: GuardInput, site: CompiledSite, now: Conditions, draft: Draft) -> bool:
    # colder chilled and warmer condenser water are what a chiller finds hard
    values = [
        coldest(given, draft, a) if a.kind is Kind.CHILLED_WATER else warmest(given, draft, a)
        for a in given.limits.actuators
    ]
    candidates = Candidates.from_setpoints(given.limits.actuators, np.asarray([values], dtype=np.float64), site)
    return bool(steady_state(site, now, candidates).chw_short[0])


def _condenser_c(given: GuardInput, draft: Draft) -> float:
    """Condenser water as it stands on the sheet, else as measured, else at its usual setpoint."""
    for actuator in given.rows.of_kind[Kind.CONDENSER_WATER]:
        return warmest(given, draft, actuator)
    measured_c = given.state.plant.cws_c
    return measured_c if math.isfinite(measured_c) else 24.0


def _ups_w(given: GuardInput, left: Left) -> float:
    """Most that the UPS carries on the way, by the twin or as it is measured now, whichever is more."""
    power = given.facility.power
    carried_w = left.it_w / (1.0 - power.pdu_loss_frac)
    if power.ups_carries_cooling:
        carried_w += left.air_fan_w + left.chw_pump_w
    measured_w = float(np.sum(given.state.ups.output_w))
    return carried_w if math.isnan(measured_w) else max(carried_w, measured_w)
