"""Decision records: one for each change of a setpoint or of the reason for leaving it, none for a tick that repeats."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from controllers.api import Authority, Previous
from twin.domain.actuators import Limits, Mode
from twin.domain.decisions import DecisionRecord, GuardStep, Plan, Verdict
from twin.domain.state import State

SAME = 1e-9


@dataclass(frozen=True, slots=True)
class RecordMemory:
    """By actuator point id: what the last record said, as (action, reason, binding, guard steps)."""

    said: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Citation:
    """What all records of a cycle cite."""

    epoch: int
    config_hash: str
    limits: Limits


def records_of(
    cite: Citation,
    state: State,
    plan: Plan,
    verdicts: tuple[Verdict, ...],
    authority: Authority,
    previous: Previous,
    memory: RecordMemory,
) -> tuple[tuple[DecisionRecord | None, ...], RecordMemory]:
    """One record or None for each actuator, in index order, and what was said."""
    records: list[DecisionRecord | None] = []
    said = dict(memory.said)
    before, leased = previous.value.tolist(), previous.leased.tolist()
    effect_w = plan.chosen.facility_w - plan.hold.facility_w
    runner_up, runner_up_cost = "", None
    if plan.runner_up:
        runner_up, runner_up_cost = plan.runner_up.name, _number(plan.runner_up.cost_per_h)
    cost, hold_cost = _number(plan.chosen.cost_per_h) or 0.0, _number(plan.hold.cost_per_h) or 0.0
    expected_w = _number(effect_w) or 0.0
    low_w = _number(effect_w - 1.96 * plan.sd_w) or 0.0
    high_w = _number(effect_w + 1.96 * plan.sd_w) or 0.0
    worst_c = _number(plan.chosen.worst_inlet_c) or 0.0
    for verdict in verdicts:
        actuator = cite.limits.actuators.actuators[verdict.actuator]
        i = actuator.index
        point, mode = actuator.point, authority.grants[i].mode
        action = _action(verdict, mode, before[i], leased[i])
        # which step acted, not its figures: those change with every reading
        steps = tuple(dict.fromkeys(step.step for step in verdict.steps))
        mark = (action, plan.reason[i], plan.binding[i], *steps)
        moved = action == "command" and abs(verdict.value - before[i]) > SAME
        if said.get(point) == mark and not moved:
            records.append(None)
            continue
        said[point] = mark
        records.append(
            DecisionRecord(
                id=f"{cite.epoch}-{state.cycle}-{i}",
                cycle=state.cycle,
                now_ns=state.now_ns,
                asset=actuator.asset,
                point=actuator.name,
                unit=actuator.unit,
                mode=mode.value,
                controller=plan.controller,
                from_value=_number(before[i]),
                to_value=_number(verdict.value),
                action=action,
                reason=plan.reason[i],
                guard=tuple(_in_words(step) for step in verdict.steps),
                binding=plan.binding[i],
                runner_up=runner_up,
                runner_up_cost_per_h=runner_up_cost,
                cost_per_h=cost,
                hold_cost_per_h=hold_cost,
                effect_w=expected_w,
                effect_low_w=low_w,
                effect_high_w=high_w,
                worst_inlet_c=worst_c,
                inputs=state.input_quality,
                config_hash=cite.config_hash,
                limits_hash=cite.limits.hash,
            )
        )
    return tuple(records), RecordMemory(said)


def _action(verdict: Verdict, mode: Mode, before: float, leased: bool) -> str:
    moves = abs(verdict.value - before) > SAME
    if verdict.write:
        return "command" if moves or leased else "hold"
    if verdict.release and leased:
        return "release"
    if not moves:
        return "hold"
    return {Mode.ADVISE: "advice", Mode.SHADOW: "shadow"}.get(mode, "hold")


def _number(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _in_words(step: GuardStep) -> str:
    if abs(step.after - step.before) <= SAME:
        return f"{step.step}: {step.because}"
    return f"{step.step}: {step.before:g} -> {step.after:g}, {step.because}"
