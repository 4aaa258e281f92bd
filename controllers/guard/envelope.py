"""Guard steps on the setpoint itself: absolute limits, ramp rates, and the dwell of discrete modes."""

from __future__ import annotations

import math

from controllers.guard.draft import SAME, Draft, GuardInput, grid_ceil, grid_floor
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Actuator, Kind
from twin.domain.clock import NS_PER_S

DAY_NS = 86_400 * NS_PER_S


def absolute(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """Inside the operator's limits file, whatever was wished. A wish that is no number is no wish.

    What is found colder than its limits, and is not wished warmer, is not lifted into them.
    """
    sheet = draft.opened()
    for actuator in given.limits.actuators:
        i, value, before = actuator.index, sheet.value[actuator.index], given.before(actuator.index)
        if not math.isfinite(value):
            value = before
            sheet.to(i, value, "limits", "the wish is not a number")
        if value > actuator.high:
            sheet.to(i, actuator.high, "limits", f"above the limit {actuator.high:g} {actuator.unit}")
        elif value < actuator.low and (before >= actuator.low - SAME or value > before + SAME):
            sheet.to(i, actuator.low, "limits", f"below the limit {actuator.low:g} {actuator.unit}")
    return sheet.closed()


def rate(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """Within the ramp, on the setpoint's grid; slower towards warm than towards cooling.

    A plant found colder than its envelope is not warmed into it in one jump, nor unasked: till then nothing is written.
    """
    sheet = draft.opened()
    for actuator in given.limits.actuators:
        i, before = actuator.index, given.before(actuator.index)
        if actuator.kind is Kind.UPS_MODE:
            sheet.to(i, 1.0 if sheet.value[i] >= 0.5 else 0.0, "rate", "a mode is whole")
            continue
        lowest, highest = given.reach(actuator)
        if highest < actuator.low - SAME:
            sheet.to(i, before, "rate", _colder(actuator, before))
            sheet.deny(i, "rate", _colder(actuator, before), release=True)
            continue
        wish = sheet.value[i]
        granted = min(max(wish, lowest), highest)
        if granted != wish:
            rate_per_min = actuator.max_rise_per_min if wish > before else actuator.max_fall_per_min
            because = f"at most {rate_per_min:g} {actuator.unit}/min {'up' if wish > before else 'down'}"
            sheet.to(i, granted, "rate", because)
        on_grid = _on_grid(actuator, granted, before, lowest)
        if on_grid != granted:
            sheet.to(i, on_grid, "rate", f"in steps of {actuator.step:g}")
        if on_grid < actuator.low - SAME:  # the steps that follow have to know that it does not leave
            sheet.deny(i, "rate", _colder(actuator, before), release=True)
    return sheet.closed()


def _colder(actuator: Actuator, before: float) -> str:
    return f"stands at {before:g}, below its limit {actuator.low:g}"


def _on_grid(actuator: Actuator, value: float, before: float, lowest: float) -> float:
    """A value of the setpoint's resolution, never past the wish towards warm; less than a step is no move."""
    if value >= before - SAME:
        down = grid_floor(value, actuator.step)
        return down if down > before + SAME and down >= actuator.low - SAME else min(value, before)
    nearest = round(round(value / actuator.step) * actuator.step, 6)
    floor = max(lowest, actuator.low)
    if nearest < floor - SAME:
        nearest = grid_ceil(floor, actuator.step)
    # above the envelope even its off-grid edge is better than staying outside
    ceiling = before if before <= actuator.high else actuator.high
    return nearest if nearest < before - SAME and nearest <= actuator.high + SAME else min(ceiling, before)


def dwell(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """A mode rests between changes, and changes only so often in a day. The way back to safety is always open."""
    sheet = draft.opened()
    for actuator in given.rows.of_kind[Kind.UPS_MODE]:
        i, before = actuator.index, given.before(actuator.index)
        if sheet.value[i] <= before + SAME:
            continue
        rested_s = (given.state.now_ns - int(given.previous.since_ns[i])) / NS_PER_S
        changes = recent_changes(memory, actuator.point, given.state.now_ns)
        if rested_s < actuator.dwell_s:
            because = f"changed {rested_s:.0f} s ago, dwell is {actuator.dwell_s:.0f} s"
            sheet.not_above(i, before, "dwell", because)
        elif len(changes) + 1 > actuator.max_changes_per_day:
            because = f"{len(changes)} changes in 24 h, at most {actuator.max_changes_per_day}"
            sheet.not_above(i, before, "dwell", because)
    return sheet.closed()


def seen_changes(given: GuardInput, memory: GuardMemory) -> dict[str, tuple[int, ...]]:
    """Times of the last day's mode changes by point: ours, and those that were found since the last cycle.

    A lease that ends and a local operator switch a machine as much as a command does.
    """
    changed: dict[str, tuple[int, ...]] = {}
    for actuator in given.rows.of_kind[Kind.UPS_MODE]:
        i, point = actuator.index, actuator.point
        before = given.before(i)
        times = recent_changes(memory, point, given.state.now_ns)
        if given.previous.known[i] and abs(memory.modes.get(point, before) - before) > SAME:
            times = (*times, given.state.now_ns)
        if times:
            changed[point] = times
    return changed


def recent_changes(memory: GuardMemory, point: str, now_ns: int) -> tuple[int, ...]:
    """Times of this point's mode changes within the last 24 hours."""
    return tuple(at_ns for at_ns in memory.changed_ns.get(point, ()) if now_ns - at_ns < DAY_NS)
