"""Leases and records, one actuator after the other, the whole ledger copied each time."""

from __future__ import annotations

from controllers.api import Authority, Previous
from controllers.publish.leases import Ledger, Terms, _due, _lend, _release
from controllers.records import SAME, Citation, RecordMemory, _action, _in_words, _number
from twin.domain.commands import Command
from twin.domain.decisions import DecisionRecord, Plan, Verdict
from twin.domain.state import State


def plain_issue(verdicts: tuple[Verdict, ...], ledger: Ledger, terms: Terms) -> tuple[tuple[Command, ...], Ledger]:
    """What `issue` should say."""
    commands: tuple[Command, ...] = ()
    for verdict in verdicts:
        actuator = terms.limits.actuators.actuators[verdict.actuator]
        entry = ledger.leases[actuator.point]
        if verdict.release and entry.active:
            command, entry = _release(actuator, entry, ledger.epoch, terms)
        elif verdict.write and _due(actuator, entry, verdict.value, terms):
            command, entry = _lend(actuator, entry, verdict.value, ledger.epoch, terms)
        else:
            continue
        commands = (*commands, command)
        ledger = Ledger(ledger.epoch, {**ledger.leases, actuator.point: entry})
    return commands, ledger


def plain_records(
    cite: Citation,
    state: State,
    plan: Plan,
    verdicts: tuple[Verdict, ...],
    authority: Authority,
    previous: Previous,
    memory: RecordMemory,
) -> tuple[tuple[DecisionRecord | None, ...], RecordMemory]:
    """What `records_of` should say."""
    records: tuple[DecisionRecord | None, ...] = ()
    effect_w = plan.chosen.facility_w - plan.hold.facility_w
    for verdict in verdicts:
        i, actuator = verdict.actuator, cite.limits.actuators.actuators[verdict.actuator]
        stands, mode = float(previous.value[i]), authority.grants[i].mode
        action = _action(verdict, mode, stands, bool(previous.leased[i]))
        steps: tuple[str, ...] = ()
        for step in verdict.steps:
            steps = steps if step.step in steps else (*steps, step.step)
        mark = (action, plan.reason[i], plan.binding[i], *steps)
        moved = action == "command" and abs(verdict.value - stands) > SAME
        if memory.said.get(actuator.point) == mark and not moved:
            records = (*records, None)
            continue
        memory = RecordMemory({**memory.said, actuator.point: mark})
        record = DecisionRecord(
            id=f"{cite.epoch}-{state.cycle}-{i}",
            cycle=state.cycle,
            now_ns=state.now_ns,
            asset=actuator.asset,
            point=actuator.name,
            unit=actuator.unit,
            mode=mode.value,
            controller=plan.controller,
            from_value=_number(stands),
            to_value=_number(verdict.value),
            action=action,
            reason=plan.reason[i],
            guard=tuple(_in_words(step) for step in verdict.steps),
            binding=plan.binding[i],
            runner_up=plan.runner_up.name if plan.runner_up else "",
            runner_up_cost_per_h=_number(plan.runner_up.cost_per_h) if plan.runner_up else None,
            cost_per_h=_number(plan.chosen.cost_per_h) or 0.0,
            hold_cost_per_h=_number(plan.hold.cost_per_h) or 0.0,
            effect_w=_number(effect_w) or 0.0,
            effect_low_w=_number(effect_w - 1.96 * plan.sd_w) or 0.0,
            effect_high_w=_number(effect_w + 1.96 * plan.sd_w) or 0.0,
            worst_inlet_c=_number(plan.chosen.worst_inlet_c) or 0.0,
            inputs=state.input_quality,
            config_hash=cite.config_hash,
            limits_hash=cite.limits.hash,
        )
        records = (*records, record)
    return records, memory
