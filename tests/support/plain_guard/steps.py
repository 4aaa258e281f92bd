"""The guard's steps but those on failures and UPS, actuator by actuator."""

from __future__ import annotations

import math

from controllers.guard.doubt import MAX_INLET_SD_K
from controllers.guard.draft import SAME, GuardInput, grid_ceil, grid_floor
from controllers.guard.elsewhere import beside
from controllers.guard.envelope import _on_grid, recent_changes
from controllers.guard.hot_inlet import _coldest
from controllers.guard.interlocks import driest_supply_c
from controllers.guard.memory import GuardMemory
from tests.support.plain_guard.sheet import PlainDraft, row_of, serves, stands
from twin.domain.actuators import Kind, Mode
from twin.domain.clock import NS_PER_S
from twin.domain.points import Quality


def rights(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    for actuator in given.limits.actuators:
        i, grant = actuator.index, given.authority.grants[actuator.index]
        if grant.held:
            draft = draft.to(i, stands(given, actuator), "authority", grant.why)
            draft = draft.deny(i, "authority", grant.why, release=True)
            continue
        if grant.fixed is not None:
            draft = draft.to(i, grant.fixed, "authority", f"an operator ordered {grant.fixed:g}")
        if grant.mode not in {Mode.BOUNDED, Mode.CONTROL}:
            draft = draft.deny(i, "authority", grant.why, release=True)
        if grant.mode is Mode.BOUNDED:
            low, high = actuator.local - actuator.span, min(actuator.high, actuator.local + actuator.span)
            low = max(low, actuator.low)
            because = f"bounded to {low:g} to {high:g} {actuator.unit}"
            draft = draft.not_above(i, high, "authority", because)
            floor = min(low, stands(given, actuator))
            if grant.fixed is None and draft.value[i] < floor - SAME:
                draft = draft.to(i, floor, "authority", because)
    return draft


def inputs(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    missing = given.state.missing
    if missing:
        named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        for actuator in given.limits.actuators:
            draft = draft.not_above(actuator.index, stands(given, actuator), "inputs", f"missing {named}")
    for row, hall in enumerate(given.facility.halls):
        good_frac, needed_frac = float(given.state.halls.quorum_frac[row]), given.limits.zone_quorum_frac
        if not good_frac >= needed_frac:
            because = f"{hall.id}: {good_frac:.0%} of the inlets are good, needed {needed_frac:.0%}"
            draft = _no_rise(given, draft, hall.id, "inputs", because)
    for actuator in given.limits.actuators:
        if given.state.setpoint_quality[actuator.index] > Quality.SUSPECT:
            draft = draft.not_above(actuator.index, stands(given, actuator), "inputs", "its readback is not usable")
    return draft


def confidence(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    for row, hall in enumerate(given.facility.halls):
        sd_k = float(given.state.halls.inlet_sd_k[row])
        if not sd_k <= MAX_INLET_SD_K:
            because = f"{hall.id}: inlet uncertainty {sd_k:.2f} K is above {MAX_INLET_SD_K} K"
            draft = _no_rise(given, draft, hall.id, "confidence", because)
    return draft


def absolute(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    for actuator in given.limits.actuators:
        i, value = actuator.index, draft.value[actuator.index]
        if not math.isfinite(value):
            value = stands(given, actuator)
            draft = draft.to(i, value, "limits", "the wish is not a number")
        if value > actuator.high:
            draft = draft.to(i, actuator.high, "limits", f"above the limit {actuator.high:g} {actuator.unit}")
        elif value < actuator.low and (
            stands(given, actuator) >= actuator.low - SAME or value > stands(given, actuator) + SAME
        ):
            draft = draft.to(i, actuator.low, "limits", f"below the limit {actuator.low:g} {actuator.unit}")
    return draft


def rate(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    for actuator in given.limits.actuators:
        i, before = actuator.index, stands(given, actuator)
        if actuator.kind is Kind.UPS_MODE:
            draft = draft.to(i, 1.0 if draft.value[i] >= 0.5 else 0.0, "rate", "a mode is whole")
            continue
        lowest, highest = given.reach(actuator)
        if highest < actuator.low - SAME:
            because = f"stands at {before:g}, below its limit {actuator.low:g}"
            draft = draft.to(i, before, "rate", because)
            draft = draft.deny(i, "rate", because, release=True)
            continue
        wish = draft.value[i]
        granted = min(max(wish, lowest), highest)
        if granted != wish:
            rate_per_min = actuator.max_rise_per_min if wish > before else actuator.max_fall_per_min
            because = f"at most {rate_per_min:g} {actuator.unit}/min {'up' if wish > before else 'down'}"
            draft = draft.to(i, granted, "rate", because)
        draft = draft.to(i, _on_grid(actuator, granted, before, lowest), "rate", f"in steps of {actuator.step:g}")
        if draft.value[i] < actuator.low - SAME:
            draft = draft.deny(i, "rate", f"stands at {before:g}, below its limit {actuator.low:g}", release=True)
    return draft


def dwell(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    for actuator in given.limits.actuators:
        i, before = actuator.index, stands(given, actuator)
        if actuator.kind is not Kind.UPS_MODE or draft.value[i] <= before + SAME:
            continue
        rested_s = (given.state.now_ns - int(given.previous.since_ns[i])) / NS_PER_S
        changes = recent_changes(memory, actuator.point, given.state.now_ns)
        if rested_s < actuator.dwell_s:
            because = f"changed {rested_s:.0f} s ago, dwell is {actuator.dwell_s:.0f} s"
            draft = draft.not_above(i, before, "dwell", because)
        elif len(changes) + 1 > actuator.max_changes_per_day:
            because = f"{len(changes)} changes in 24 h, at most {actuator.max_changes_per_day}"
            draft = draft.not_above(i, before, "dwell", because)
    return draft


def dew_point(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    for actuator in given.limits.actuators:
        if actuator.kind is not Kind.SUPPLY_AIR:
            continue
        i, before = actuator.index, stands(given, actuator)
        floor_c = min(driest_supply_c(given, actuator), actuator.high, max(before, draft.value[i]))
        if draft.value[i] < min(before, floor_c) - SAME:
            because = f"dew point leaves no less than {floor_c:g} {actuator.unit}"
            draft = draft.to(i, min(before, floor_c), "dew_point", because)
    return draft


def predicted_inlet(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    halls = given.state.halls
    for actuator in given.limits.actuators:
        if actuator.kind is not Kind.SUPPLY_AIR:
            continue
        i, before, row = actuator.index, stands(given, actuator), row_of(given, actuator.hall)
        margin_k = float(halls.inlet_offset_k[row]) + given.control.inlet_backoff_sd * float(halls.inlet_sd_k[row])
        if math.isnan(margin_k):
            draft = draft.not_above(i, before, "inlet", "no inlet can be predicted")
            continue
        ceiling_c = max(before, grid_floor(given.limits.inlet_warn_c - margin_k, actuator.step))
        because = f"worst inlet would pass {given.limits.inlet_warn_c:g} degC less its doubt"
        draft = draft.not_above(i, ceiling_c, "inlet", because)
    return draft


def minimum_lift(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    need_k = given.limits.min_lift_k
    because = f"least lift {need_k:g} K"
    for chilled in given.limits.actuators.of_kind(Kind.CHILLED_WATER):
        for condenser in given.limits.actuators.of_kind(Kind.CONDENSER_WATER):
            i, k = chilled.index, condenser.index
            water_c, warm_c = stands(given, chilled), stands(given, condenser)
            coldest_c = beside(given, draft, chilled, condenser)[0]
            if coldest_c - draft.value[i] < need_k - SAME and draft.value[i] > water_c + SAME:
                room_c = grid_floor(coldest_c - need_k, chilled.step)
                draft = draft.not_above(i, max(water_c, room_c), "lift", because)
            warmest_c = beside(given, draft, condenser, chilled)[1]
            if draft.value[k] - warmest_c < need_k - SAME and draft.value[k] < warm_c - SAME:
                floor_c = min(warm_c, grid_ceil(warmest_c + need_k, condenser.step))
                draft = draft.to(k, max(draft.value[k], floor_c), "lift", because)
    return draft


def hot_inlet(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    limits = given.limits
    for row, hall in enumerate(given.facility.halls):
        inlet_c = float(given.state.halls.worst_inlet_c[row])
        for actuator in limits.actuators:
            if not serves(actuator, hall.id):
                continue
            i, before = actuator.index, stands(given, actuator)
            cools = actuator.kind is not Kind.CONDENSER_WATER
            if inlet_c > limits.inlet_panic_c and cools:
                because = f"{hall.id}: inlet {inlet_c:.1f} degC, coldest permitted at once"
                draft = draft.not_above(i, _coldest(given, actuator), "panic", because)
            elif cools and hall.id in reverting_halls(given, memory):
                down = grid_ceil(max(_coldest(given, actuator), given.reach(actuator)[0]), actuator.step)
                because = f"{hall.id}: inlet {inlet_c:.1f} degC, back to full cooling"
                draft = draft.not_above(i, min(before, down), "revert", because)
            elif not inlet_c <= limits.inlet_warn_c:
                because = f"{hall.id}: inlet {inlet_c:.1f} degC is above {limits.inlet_warn_c:g}, no warming"
                draft = draft.not_above(i, before, "warn", because)
    return draft


def reverting_halls(given: GuardInput, memory: GuardMemory) -> tuple[str, ...]:
    """Halls on their way back to full cooling."""
    halls: list[str] = []
    for row, hall in enumerate(given.facility.halls):
        inlet_c = float(given.state.halls.worst_inlet_c[row])
        cooled = inlet_c <= given.limits.inlet_warn_c
        if inlet_c > given.limits.inlet_revert_c or (hall.id in memory.reverting and not cooled):
            halls.append(hall.id)
    return tuple(halls)


def withhold(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    state = given.state
    seen = [state.plant.outdoor_c, state.plant.wet_bulb_c, state.plant.chws_c]
    for row in range(len(given.facility.halls)):
        halls = state.halls
        seen += [float(halls.supply_air_c[row]), float(halls.worst_inlet_c[row]), float(halls.it_w[row])]
    nothing = all(math.isnan(value) for value in seen)
    for actuator in given.limits.actuators:
        if nothing:
            if given.authority.grants[actuator.index].fixed is None:
                draft = draft.deny(actuator.index, "inputs", "nothing can be read", release=True)
            continue
        i, before = actuator.index, stands(given, actuator)
        value = draft.value[i]
        cooler = value < before - SAME or (value <= before + SAME and value < actuator.local - SAME)
        unread = given.state.setpoint_quality[i] > Quality.SUSPECT and not given.previous.leased[i]
        if draft.write[i] and given.state.missing and not cooler:
            draft = draft.deny(i, "inputs", "inputs are missing: the lease may run out", release=False)
        elif draft.write[i] and unread and value > min(before, actuator.local) + SAME:
            because = "nobody knows whether this would cool: it cannot be read back"
            draft = draft.deny(i, "inputs", because, release=False)
    return draft


def settle(given: GuardInput, memory: GuardMemory, draft: PlainDraft) -> PlainDraft:
    for actuator in given.limits.actuators:
        i, value = actuator.index, draft.value[actuator.index]
        if given.authority.grants[i].held:
            draft = draft.to(i, stands(given, actuator), "settle", given.authority.grants[i].why)
        elif draft.write[i] and not actuator.low - SAME <= value <= actuator.high + SAME:
            draft = draft.deny(i, "settle", f"stands at {value:g}, outside its limits", release=True)
    return draft


def _no_rise(given: GuardInput, draft: PlainDraft, hall_id: str, step: str, because: str) -> PlainDraft:
    for actuator in given.limits.actuators:
        if serves(actuator, hall_id):
            draft = draft.not_above(actuator.index, stands(given, actuator), step, because)
    return draft
