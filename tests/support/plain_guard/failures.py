"""The steps that ask the twin for failures, and the one on UPS sides."""

from __future__ import annotations

import math

from controllers.guard import what_if
from controllers.guard.draft import SAME, GuardInput
from controllers.guard.elsewhere import unwritten
from controllers.guard.memory import GuardMemory
from controllers.guard.ups_eco import obstacle
from tests.support.plain_guard.sheet import PlainDraft, serves, side_of, stands
from twin.domain.actuators import Actuator, Kind


def single_failure(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    if not _any_rises(given, draft):
        return draft
    now = what_if.conditions(given)
    if not what_if.known(now):
        for actuator in given.limits.actuators:
            if actuator.kind is not Kind.UPS_MODE:
                because = "the twin cannot be asked: an input is not a number"
                draft = draft.not_above(actuator.index, stands(given, actuator), "redundancy", because)
        return draft
    inlet_c = what_if.single_failure_c(given, now, draft)
    for row, hall in enumerate(given.facility.halls):
        if not float(inlet_c[row]) <= given.limits.inlet_revert_c:
            because = f"{hall.id}: {float(inlet_c[row]):.1f} degC with one air handler lost"
            draft = _back(given, draft, hall.id, "redundancy", because)
    condensers = given.limits.actuators.of_kind(Kind.CONDENSER_WATER)
    if any(_rises(given, draft, c) for c in condensers):
        no_chiller, no_cell = what_if.short_of_chillers(given, now, draft), what_if.short_of_towers(given, now, draft)
        for lost, short in (("chiller", no_chiller), ("tower cell", no_cell)):
            for condenser in condensers:
                because = f"one {lost} fewer could not carry the load"
                if short:
                    draft = draft.not_above(condenser.index, stands(given, condenser), "redundancy", because)
    return draft


def ride_through(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    if not _any_rises(given, draft):
        return draft
    left, needed_s = what_if.endurance(given, what_if.conditions(given), draft), given.limits.ride_through_min_s
    for lost, seconds in (("the grid lost", left.grid_s), ("one air handler lost", left.air_handler_s)):
        for row, hall in enumerate(given.facility.halls):
            if not float(seconds[row]) >= needed_s:
                because = f"{hall.id}: {float(seconds[row]):.0f} s with {lost}, needed {needed_s:.0f} s"
                draft = _back(given, draft, hall.id, "ride_through", because)
    for hall in given.facility.halls:
        if not left.battery_s >= needed_s:
            because = f"{left.battery_s:.0f} s on battery, needed {needed_s:.0f} s"
            if all(math.isnan(frac) for frac in given.state.ups.battery_frac):
                because = "the charge of no UPS battery is known"
            draft = _back(given, draft, hall.id, "ride_through", because)
        if left.short_of:
            because = f"without {left.short_of} the UPS could not carry {left.ups_w / 1e3:.0f} kW"
            draft = _back(given, draft, hall.id, "redundancy", because)
    return draft


def ups_eco(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    sides = given.limits.actuators.of_kind(Kind.UPS_MODE)
    for actuator in sides:
        if draft.value[actuator.index] >= 0.5:
            because = obstacle(given, memory, given.facility.power.ups[side_of(given, actuator.asset)])
            if because:
                draft = draft.to(actuator.index, 0.0, "ups_eco", because)
    foreign = [a.index for a in sides if not draft.write[a.index] and unwritten(given, draft, a)[1] >= 0.5]
    wishing = [a for a in sides if draft.value[a.index] >= 0.5 and a.index not in foreign]
    wishing.sort(key=lambda a: (not draft.write[a.index], -stands(given, a), a.index))
    for actuator in wishing[max(0, len(given.facility.power.ups) - 1 - len(foreign)) :]:
        draft = draft.to(actuator.index, 0.0, "ups_eco", "one side stays in double conversion")
    return draft


def _rises(given: GuardInput, draft: PlainDraft, actuator: Actuator) -> bool:
    return draft.value[actuator.index] > stands(given, actuator) + SAME


def _any_rises(given: GuardInput, draft: PlainDraft) -> bool:
    return any(_rises(given, draft, a) for a in given.limits.actuators if a.kind is not Kind.UPS_MODE)


def _back(given: GuardInput, draft: PlainDraft, hall_id: str, step: str, because: str) -> PlainDraft:
    for actuator in given.limits.actuators:
        if serves(actuator, hall_id) and actuator.kind is not Kind.CONDENSER_WATER:
            draft = draft.not_above(actuator.index, stands(given, actuator), step, because)
    return draft
