"""Guard steps on failures: a rise must leave the hall able to lose one machine, or all cooling for a while."""

from __future__ import annotations

import math

import numpy as np

from controllers.guard import what_if
from controllers.guard.draft import SAME, Draft, GuardInput, Sheet, grid_floor
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Actuator, Kind


def predicted_inlet(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """Supply air does not rise past what keeps the worst inlet, with its doubt, under the planning limit."""
    sheet, halls = draft.opened(), given.state.halls
    because = f"worst inlet would pass {given.limits.inlet_warn_c:g} degC less its doubt"
    margins_k = (halls.inlet_offset_k + given.control.inlet_backoff_sd * halls.inlet_sd_k).tolist()
    for actuator in given.rows.of_kind[Kind.SUPPLY_AIR]:
        i, before, margin_k = actuator.index, given.before(actuator.index), margins_k[given.hall_index(actuator.hall)]
        if math.isnan(margin_k):  # nothing is known of this hall's inlets
            sheet.not_above(i, before, "inlet", "no inlet can be predicted")
            continue
        ceiling_c = max(before, grid_floor(given.limits.inlet_warn_c - margin_k, actuator.step))
        sheet.not_above(i, ceiling_c, "inlet", because)
    return sheet.closed()


def single_failure(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """N+1: with one air handler lost no inlet passes the revert limit; with one chiller lost the rest carry the load.

    Only rises are refused; what is already tight is the plan's business, not made worse here.
    """
    if not _rising(given, draft):
        return draft
    now = what_if.conditions(given)
    if not what_if.known(now):
        return _all_back(given, draft, "redundancy", "the twin cannot be asked: an input is not a number")
    sheet = draft.opened()
    for row, inlet_c in enumerate(what_if.single_failure_c(given, now, draft).tolist()):
        if not inlet_c <= given.limits.inlet_revert_c:
            because = f"{given.facility.halls[row].id}: {inlet_c:.1f} degC with one air handler lost"
            _back(given, sheet, row, "redundancy", because)
    condensers = given.rows.of_kind[Kind.CONDENSER_WATER]
    if any(_rises(given, sheet, c) for c in condensers):
        asked = sheet.closed()
        for lost, short in (("chiller", what_if.short_of_chillers), ("tower cell", what_if.short_of_towers)):
            if short(given, now, asked):
                for condenser in condensers:
                    because = f"one {lost} fewer could not carry the load"
                    sheet.not_above(condenser.index, given.before(condenser.index), "redundancy", because)
    return sheet.closed()


def ride_through(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """After losing the grid, or an air handler, there is time enough until the panic limit or the end of the batteries.

    2N: with one UPS side lost the others carry the load. What would break any of these does not rise.
    """
    if not _rising(given, draft):
        return draft
    sheet, needed_s = draft.opened(), given.limits.ride_through_min_s
    left = what_if.endurance(given, what_if.conditions(given), draft)
    for lost, seconds in (("the grid lost", left.grid_s), ("one air handler lost", left.air_handler_s)):
        for row, lasts_s in enumerate(seconds.tolist()):
            if not lasts_s >= needed_s:
                because = f"{given.facility.halls[row].id}: {lasts_s:.0f} s with {lost}, needed {needed_s:.0f} s"
                _back(given, sheet, row, "ride_through", because)
    if not left.battery_s >= needed_s:
        because = f"{left.battery_s:.0f} s on battery, needed {needed_s:.0f} s"
        if np.all(np.isnan(given.state.ups.battery_frac)):
            because = "the charge of no UPS battery is known"
        _all_halls_back(given, sheet, "ride_through", because)
    if left.short_of:
        because = f"without {left.short_of} the UPS could not carry {left.ups_w / 1e3:.0f} kW"
        _all_halls_back(given, sheet, "redundancy", because)
    return sheet.closed()


def _rises(given: GuardInput, draft: Draft | Sheet, actuator: Actuator) -> bool:
    return draft.value[actuator.index] > given.before(actuator.index) + SAME


def _rising(given: GuardInput, draft: Draft) -> bool:
    return any(_rises(given, draft, a) for a in given.limits.actuators if a.kind is not Kind.UPS_MODE)


def _back(given: GuardInput, sheet: Sheet, row: int, step: str, because: str) -> None:
    """Take back the rises that warm a hall: its supply air and the chilled water."""
    for actuator in given.rows.serving[row]:
        if actuator.kind is not Kind.CONDENSER_WATER:
            sheet.not_above(actuator.index, given.before(actuator.index), step, because)


def _all_halls_back(given: GuardInput, sheet: Sheet, step: str, because: str) -> None:
    for row in range(len(given.facility.halls)):
        _back(given, sheet, row, step, because)


def _all_back(given: GuardInput, draft: Draft, step: str, because: str) -> Draft:
    sheet = draft.opened()
    for actuator in given.limits.actuators:
        if actuator.kind is not Kind.UPS_MODE:
            sheet.not_above(actuator.index, given.before(actuator.index), step, because)
    return sheet.closed()
