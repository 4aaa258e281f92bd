"""Guard steps on failures: a rise must leave the hall able to lose one machine, or all cooling for a while."""

from __future__ import annotations

import math

from controllers.guard import what_if
from controllers.guard.doubt import serves
from controllers.guard.draft import SAME, Draft, GuardInput, grid_floor
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Actuator, Kind


def predicted_inlet(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """Supply air does not rise past what keeps the worst inlet, with its doubt, under the planning limit."""
    halls = given.state.halls
    for actuator in given.limits.actuators.of_kind(Kind.SUPPLY_AIR):
        i, before, row = actuator.index, given.before(actuator.index), given.hall_index(actuator.hall)
        margin_k = float(halls.inlet_offset_k[row]) + given.control.inlet_backoff_sd * float(halls.inlet_sd_k[row])
        if math.isnan(margin_k):  # nothing is known of this hall's inlets
            draft = draft.not_above(i, before, "inlet", "no inlet can be predicted")
            continue
        ceiling_c = max(before, grid_floor(given.limits.inlet_warn_c - margin_k, actuator.step))
        because = f"worst inlet would pass {given.limits.inlet_warn_c:g} degC less its doubt"
        draft = draft.not_above(i, ceiling_c, "inlet", because)
    return draft


def single_failure(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """N+1: with one air handler lost no inlet passes the revert limit; with one chiller lost the rest carry the load.

    Only rises are refused; what is already tight is the plan's business, not made worse here.
    """
    if not _rising(given, draft):
        return draft
    now = what_if.conditions(given)
    if not what_if.known(now):
        return _all_back(given, draft, "redundancy", "the twin cannot be asked: an input is not a number")
    inlet_c = what_if.single_failure_c(given, now, draft)
    for row, hall in enumerate(given.facility.halls):
        if not float(inlet_c[row]) <= given.limits.inlet_revert_c:
            because = f"{hall.id}: {float(inlet_c[row]):.1f} degC with one air handler lost"
            draft = _back(given, draft, hall.id, "redundancy", because)
    condensers = given.limits.actuators.of_kind(Kind.CONDENSER_WATER)
    if any(_rises(given, draft, c) for c in condensers) and what_if.short_of_chillers(given, now, draft):
        for condenser in condensers:
            because = "one chiller fewer could not carry the load"
            draft = draft.not_above(condenser.index, given.before(condenser.index), "redundancy", because)
    return draft


def ride_through(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """After losing all cooling there is time enough until the panic limit; else nothing rises."""
    if not _rising(given, draft):
        return draft
    now = what_if.conditions(given)
    seconds = what_if.seconds_to_panic(given, now, draft)
    for row, hall in enumerate(given.facility.halls):
        if not float(seconds[row]) >= given.limits.ride_through_min_s:
            needed_s = given.limits.ride_through_min_s
            because = f"{hall.id}: {float(seconds[row]):.0f} s without cooling, needed {needed_s:.0f} s"
            draft = _back(given, draft, hall.id, "ride_through", because)
    return draft


def _rises(given: GuardInput, draft: Draft, actuator: Actuator) -> bool:
    return draft.value[actuator.index] > given.before(actuator.index) + SAME


def _rising(given: GuardInput, draft: Draft) -> bool:
    return any(_rises(given, draft, a) for a in given.limits.actuators if a.kind is not Kind.UPS_MODE)


def _back(given: GuardInput, draft: Draft, hall_id: str, step: str, because: str) -> Draft:
    """Take back the rises that warm a hall: its supply air and the chilled water."""
    for actuator in given.limits.actuators:
        if serves(actuator, hall_id) and actuator.kind is not Kind.CONDENSER_WATER:
            draft = draft.not_above(actuator.index, given.before(actuator.index), step, because)
    return draft


def _all_back(given: GuardInput, draft: Draft, step: str, because: str) -> Draft:
    for actuator in given.limits.actuators:
        if actuator.kind is not Kind.UPS_MODE:
            draft = draft.not_above(actuator.index, given.before(actuator.index), step, because)
    return draft
