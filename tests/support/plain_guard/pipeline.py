"""The steps in their order, and the verdicts."""

from __future__ import annotations

from collections.abc import Callable

from controllers.guard.draft import SAME, GuardInput
from controllers.guard.envelope import seen_changes
from controllers.guard.memory import GuardMemory
from controllers.guard.pipeline import GuardOutcome
from controllers.guard.ups_eco import mains_events
from tests.support.plain_guard import failures, steps
from tests.support.plain_guard.sheet import PlainDraft
from twin.domain.actuators import Kind
from twin.domain.decisions import Plan, Verdict

STEPS: tuple[Callable[[GuardInput, GuardMemory, PlainDraft], PlainDraft], ...] = (
    steps.rights,
    steps.inputs,
    steps.confidence,
    steps.absolute,
    steps.rate,
    steps.dwell,
    steps.dew_point,
    steps.predicted_inlet,
    failures.single_failure,
    failures.ups_eco,
    failures.ride_through,
    steps.minimum_lift,
    steps.hot_inlet,
    steps.withhold,
    steps.settle,
)


def plain_guard(given: GuardInput, plan: Plan, memory: GuardMemory) -> GuardOutcome:
    """What the guard should say."""
    events = GuardMemory(memory.reverting, seen_changes(given, memory), mains_events(given, memory), memory.modes)
    draft = PlainDraft.of(plan)
    for step in STEPS:
        draft = step(given, events, draft)
    verdicts: tuple[Verdict, ...] = ()
    for i, wish in enumerate(plan.chosen.setpoint):
        one = Verdict(i, float(wish), draft.value[i], draft.write[i], draft.release[i], draft.steps[i])
        verdicts = (*verdicts, one)
    changed, modes = dict(events.changed_ns), dict(memory.modes)
    for actuator in given.limits.actuators:
        if actuator.kind is not Kind.UPS_MODE:
            continue
        i, now_ns = actuator.index, given.state.now_ns
        before = float(given.previous.value[i])
        if draft.write[i] and abs(draft.value[i] - before) > SAME:
            changed[actuator.point] = (*changed.get(actuator.point, ()), now_ns)
            modes[actuator.point] = draft.value[i]
        elif given.previous.known[i]:
            modes[actuator.point] = before
    after = GuardMemory(steps.reverting_halls(given, memory), changed, events.mains_event_ns, modes)
    return GuardOutcome(verdicts, after)
