"""The guard: every wish passes these steps in this order, and nothing reaches the plant by another way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from controllers.guard.doubt import confidence, inputs, withhold
from controllers.guard.draft import SAME, Draft, GuardInput
from controllers.guard.envelope import absolute, dwell, rate, seen_changes
from controllers.guard.hot_inlet import hot_inlet, reverting_halls
from controllers.guard.interlocks import dew_point, minimum_lift
from controllers.guard.memory import GuardMemory
from controllers.guard.redundancy import predicted_inlet, ride_through, single_failure
from controllers.guard.rights import rights
from controllers.guard.ups_eco import mains_events, ups_eco
from twin.domain.actuators import Kind
from twin.domain.decisions import Plan, Verdict

Step = Callable[[GuardInput, GuardMemory, Draft], Draft]


def settle(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """Last look: a held point shows its own value, and what is outside the limits after all does not leave."""
    sheet = draft.opened()
    for actuator in given.limits.actuators:
        i, value = actuator.index, sheet.value[actuator.index]
        if given.authority.grants[i].held:
            sheet.to(i, given.before(i), "settle", given.authority.grants[i].why)
        elif sheet.write[i] and not actuator.low - SAME <= value <= actuator.high + SAME:
            sheet.deny(i, "settle", f"stands at {value:g}, outside its limits", release=True)
    return sheet.closed()


STEPS: tuple[Step, ...] = (
    rights,
    inputs,
    confidence,
    absolute,
    rate,
    dwell,
    dew_point,
    predicted_inlet,
    single_failure,
    ups_eco,
    ride_through,
    minimum_lift,
    hot_inlet,
    withhold,
    settle,
)


@dataclass(frozen=True, slots=True)
class GuardOutcome:
    """One verdict for each actuator, in index order, and what to remember."""

    verdicts: tuple[Verdict, ...]
    memory: GuardMemory


def guard(given: GuardInput, plan: Plan, memory: GuardMemory) -> GuardOutcome:
    """The plan as far as it may be carried out now. Pure, and idempotent: its own verdicts pass it unchanged."""
    events = GuardMemory(memory.reverting, seen_changes(given, memory), mains_events(given, memory), memory.modes)
    draft = Draft.of(plan)
    for step in STEPS:
        draft = step(given, events, draft)
    wish = plan.chosen.setpoint
    verdicts = tuple(
        Verdict(i, float(wish[i]), draft.value[i], draft.write[i], draft.release[i], draft.steps[i])
        for i in range(len(draft.value))
    )
    return GuardOutcome(verdicts, _remembered(given, events, draft))


def _remembered(given: GuardInput, memory: GuardMemory, draft: Draft) -> GuardMemory:
    changed, modes = dict(memory.changed_ns), dict(memory.modes)
    for actuator in given.rows.of_kind[Kind.UPS_MODE]:
        i, point = actuator.index, actuator.point
        if draft.write[i] and abs(draft.value[i] - given.before(i)) > SAME:
            changed[point] = (*changed.get(point, ()), given.state.now_ns)
            modes[point] = draft.value[i]
        elif given.previous.known[i]:
            modes[point] = given.before(i)
    return GuardMemory(reverting_halls(given, memory), changed, memory.mains_event_ns, modes)
