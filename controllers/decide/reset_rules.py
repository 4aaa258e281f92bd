"""B2, the well-tuned site: trim and respond on supply air and chilled water, condenser water after the wet bulb.

Parameters as in ASHRAE Guideline 36, with requests made for a data hall: docs/reference/controllers.md#reset-rules.
Each setpoint creeps towards saving until somebody asks for cooling, then steps back. This is what savings are measured
against, and it is in the candidate set of every other controller.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from controllers.api import Task
from controllers.decide.evaluate import Judge
from controllers.decide.hold import standing
from controllers.decide.memory import DecideMemory, ResetMemory
from twin.domain.actuators import Actuator, Kind
from twin.domain.arrays import Floats
from twin.domain.clock import NS_PER_S
from twin.domain.decisions import Plan

AIR_DELAY_S, AIR_STEP_S = 600.0, 120.0
AIR_TRIM_K, AIR_RESPOND_K, AIR_MOST_K = 0.1, 0.2, 0.6
# requests of a hall, by how far its worst inlet is below the warning
ASK_ONE_K, ASK_TWO_K = 1.0, 0.5
HOT_FOR_S = 120.0
WATER_DELAY_S, WATER_STEP_S = 900.0, 300.0
WATER_IGNORED = 2
WATER_TRIM_FRAC, WATER_RESPOND_FRAC, WATER_MOST_FRAC = 0.02, 0.03, 0.07
WATER_SPAN = 0.5  # the upper half of the plant reset moves the temperature; the lower half is the pumps' own
VALVE_ASKS_FRAC, VALVE_CONTENT_FRAC = 0.95, 0.85
CONDENSER_STEP_S = 300.0


class ResetRules:
    """The site's own rules."""

    name = "reset_rules"

    def decide(self, task: Task, memory: DecideMemory) -> tuple[Plan, DecideMemory]:
        """One step of every loop that is due."""
        wish, reset, reason = rules_step(task, memory.reset)
        judge = Judge(task)
        chosen, hold = judge.judged((("reset_rules", wish), ("hold", task.previous.value)))
        n = len(task.limits.actuators)
        plan = Plan(self.name, chosen, None, hold, reason, (chosen.binding,) * n, task.state.residual_sd_w)
        return plan, replace(memory, reset=reset)


def rules_step(task: Task, memory: ResetMemory) -> tuple[Floats, ResetMemory, tuple[str, ...]]:
    """(wish by actuator, new memory, reason by actuator)."""
    now_ns = task.state.now_ns
    if memory.started_ns == 0:
        memory = replace(memory, started_ns=now_ns, plant_step_ns=now_ns, condenser_step_ns=0)
    memory = _noted_heat(task, memory)
    wish = standing(task)
    reason = ["at rest"] * len(wish)
    target = dict(memory.target)
    hall_step_ns = dict(memory.hall_step_ns)
    plant_due = _elapsed_s(memory.started_ns, now_ns) >= WATER_DELAY_S and (
        _elapsed_s(memory.plant_step_ns, now_ns) >= WATER_STEP_S
    )
    condenser_due = _elapsed_s(memory.condenser_step_ns, now_ns) >= CONDENSER_STEP_S
    for actuator in task.limits.actuators:
        if not task.authority.free(actuator.index):
            target.pop(actuator.point, None)
            continue
        stands = float(wish[actuator.index])
        step: float | None = None
        if actuator.kind is Kind.SUPPLY_AIR:
            due = _elapsed_s(memory.started_ns, now_ns) >= AIR_DELAY_S
            if due and _elapsed_s(hall_step_ns.get(actuator.hall, 0), now_ns) >= AIR_STEP_S:
                hall_step_ns[actuator.hall] = now_ns
                step = _air_step_k(task, memory, actuator)
        elif actuator.kind is Kind.CHILLED_WATER and plant_due:
            step = _water_step_k(task, memory, actuator)
        elif actuator.kind is Kind.CONDENSER_WATER and condenser_due:
            step = _condenser_c(task, actuator) - stands
        if step is not None:
            low, high = task.authority.band(actuator)
            target[actuator.point] = min(max(stands + step, low), high)
        if actuator.point in target:
            wish[actuator.index] = target[actuator.point]
            reason[actuator.index] = _reason(actuator, wish[actuator.index] - stands)
    memory = replace(
        memory,
        hall_step_ns=hall_step_ns,
        plant_step_ns=now_ns if plant_due else memory.plant_step_ns,
        condenser_step_ns=now_ns if condenser_due else memory.condenser_step_ns,
        target=target,
    )
    return wish, memory, tuple(reason)


def _elapsed_s(since_ns: int, now_ns: int) -> float:
    return (now_ns - since_ns) / NS_PER_S


def _reason(actuator: Actuator, move: float) -> str:
    if actuator.kind is Kind.CONDENSER_WATER:
        return "follows the wet bulb"
    if move > 1e-9:
        return "trim: nobody asks for cooling"
    return "respond: cooling was asked for" if move < -1e-9 else "at rest"


def _noted_heat(task: Task, memory: ResetMemory) -> ResetMemory:
    """Since when each hall is above the warning, and which halls' valves are asking."""
    hot_since = dict(memory.hot_since_ns)
    asking = set(memory.requesting)
    for h, hall in enumerate(task.facility.halls):
        if float(task.state.halls.worst_inlet_c[h]) > task.limits.inlet_warn_c:
            hot_since.setdefault(hall.id, task.state.now_ns)
        else:
            hot_since.pop(hall.id, None)
        valve = float(task.state.halls.valve_frac[h])
        if valve > VALVE_ASKS_FRAC:
            asking.add(hall.id)
        elif valve < VALVE_CONTENT_FRAC:
            asking.discard(hall.id)
    return replace(memory, hot_since_ns=hot_since, requesting=tuple(sorted(asking)))


def _air_step_k(task: Task, memory: ResetMemory, actuator: Actuator) -> float:
    """Trim up, or respond to the hall's requests. Without a readable inlet nothing is trimmed."""
    h = task.site.hall_ids.index(actuator.hall)
    inlet_c = float(task.state.halls.worst_inlet_c[h])
    if math.isnan(inlet_c):
        return 0.0
    below_k = task.limits.inlet_warn_c - inlet_c
    requests = 2 if below_k < ASK_TWO_K else 1 if below_k < ASK_ONE_K else 0
    since_ns = memory.hot_since_ns.get(actuator.hall)
    if since_ns is not None and _elapsed_s(since_ns, task.state.now_ns) > HOT_FOR_S:
        requests = 3
    if requests == 0 and actuator.hall in memory.requesting:
        return 0.0  # the coil is at its end: warmer air would only hide it
    return AIR_TRIM_K if requests == 0 else -min(AIR_RESPOND_K * requests, AIR_MOST_K)


def _water_step_k(task: Task, memory: ResetMemory, actuator: Actuator) -> float:
    """Of the plant reset only the half that moves the temperature; every air handler of an asking hall is a request."""
    crahs = {hall.id: int(n) for hall, n in zip(task.facility.halls, task.state.halls.crah_running, strict=True)}
    requests = sum(crahs[hall] for hall in memory.requesting)
    per_frac_k = (actuator.high - actuator.low) / WATER_SPAN
    if requests > WATER_IGNORED:
        return -min(WATER_RESPOND_FRAC * (requests - WATER_IGNORED), WATER_MOST_FRAC) * per_frac_k
    return WATER_TRIM_FRAC * per_frac_k


def _condenser_c(task: Task, actuator: Actuator) -> float:
    """Wet bulb plus the towers' design approach, above the chilled water by the least lift."""
    towers = task.facility.plant.towers
    wet_bulb_c = task.state.plant.wet_bulb_c
    if math.isnan(wet_bulb_c):
        return float(task.previous.value[actuator.index])
    chws_c = max(
        (float(task.previous.value[a.index]) for a in task.limits.actuators.of_kind(Kind.CHILLED_WATER)),
        default=-math.inf,
    )
    wanted_c = max(wet_bulb_c + towers.design_out_c - towers.design_wet_bulb_c, chws_c + task.limits.min_lift_k)
    rounded = round(wanted_c / actuator.step) * actuator.step
    return float(np.clip(rounded, actuator.low, actuator.high))
