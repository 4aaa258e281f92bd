"""L1: search the twin for the setpoints that cost least in steady state, and walk there as fast as the guard allows.

Coordinate descent on the grid of the setpoints, from the best of three starts: hold, the site's own rules, and the
standing target. Those three stay in the set to the end, so that by the twin's own reckoning nothing worse is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from controllers.api import Task
from controllers.decide.evaluate import Judge
from controllers.decide.hold import standing
from controllers.decide.memory import DecideMemory, PlanMemory
from controllers.decide.reset_rules import rules_step
from twin.domain.actuators import Actuator, Kind
from twin.domain.arrays import Floats
from twin.domain.decisions import Candidate, Plan

COARSE_K, FINE_K = 1.0, 0.2
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _Group:
    """Setpoints that move together in the search, and the values they may take."""

    indices: tuple[int, ...]
    low: float
    high: float
    mode: bool


class Predictive:
    """The steady-state search."""

    name = "predictive"

    def decide(self, task: Task, memory: DecideMemory) -> tuple[Plan, DecideMemory]:
        """The cheapest setpoints known, if they are worth a change."""
        stands = standing(task)
        # the rules as they would go on from here; their own timers run along, so that they can take over any time
        from_here = replace(memory.reset, target={})
        rules, reset, _ = rules_step(task, from_here)
        judge = Judge(task)
        if not judge.known:
            return self._held(task, judge, stands, replace(memory, reset=reset, plan=PlanMemory()))
        target = _targeted(task, stands, memory.plan)
        starts = np.array([stands, rules, target])
        best = _descended(task, judge, starts[int(np.argmin(judge.costs(starts)))].copy())
        hold, by_rules, going, fresh = judge.judged(
            (("hold", stands), ("reset_rules", rules), ("standing target", target), ("search", best))
        )
        if np.array_equal(target, stands):
            going = hold  # arrived, or nothing was begun
        chosen = _chosen(task, hold, by_rules, going, fresh)
        others = [c for c in (hold, by_rules, going, fresh) if c is not chosen and c.feasible]
        runner_up = min(others, key=lambda c: c.facility_w, default=None)
        reason = tuple(_reason(chosen, hold, a) for a in task.limits.actuators)
        binding = (chosen.binding,) * len(stands)
        plan = Plan(self.name, chosen, runner_up, hold, reason, binding, task.state.residual_sd_w)
        wanted = {} if chosen is hold else {a.point: float(chosen.setpoint[a.index]) for a in task.limits.actuators}
        return plan, replace(memory, reset=reset, plan=PlanMemory(wanted))

    def _held(self, task: Task, judge: Judge, stands: Floats, memory: DecideMemory) -> tuple[Plan, DecideMemory]:
        hold = judge.judged((("hold", stands),))[0]
        n = len(stands)
        reason = ("the twin cannot be asked: an input is missing",) * n
        return Plan(self.name, hold, None, hold, reason, ("",) * n, task.state.residual_sd_w), memory


def _targeted(task: Task, stands: Floats, plan: PlanMemory) -> Floats:
    """The standing target where it still may be pursued, else where the setpoint stands."""
    target = stands.copy()
    for actuator in task.limits.actuators:
        if task.authority.free(actuator.index) and actuator.point in plan.target:
            low, high = task.authority.band(actuator)
            target[actuator.index] = min(max(plan.target[actuator.point], low), high)
    return target


def _groups(task: Task) -> list[_Group]:
    """All free setpoints one by one, and the halls' supply air together besides."""
    bands = [(a, *task.authority.band(a)) for a in task.limits.actuators if task.authority.free(a.index)]
    free = [(a, low, high) for a, low, high in bands if high > low]
    groups = [_Group((a.index,), low, high, a.kind is Kind.UPS_MODE) for a, low, high in free]
    air = [one for one in free if one[0].kind is Kind.SUPPLY_AIR]
    low, high = max((low for _, low, _ in air), default=0.0), min((high for _, _, high in air), default=0.0)
    if len(air) > 1 and high > low:
        groups.insert(0, _Group(tuple(a.index for a, _, _ in air), low, high, False))
    return groups


def _descended(task: Task, judge: Judge, start: Floats) -> Floats:
    """Coordinate descent: every group over its whole range first, then finely around the best."""
    best, groups = start, _groups(task)
    for turn in range(ROUNDS):
        before = best.copy()
        for group in groups:
            values = _values(group, float(best[group.indices[0]]), turn)
            trial = np.repeat(best[None, :], len(values) + 1, axis=0)
            for index in group.indices:
                trial[1:, index] = values
            best = trial[int(np.argmin(judge.costs(trial)))]
        if turn > 0 and np.array_equal(before, best):
            break
    return best


def _values(group: _Group, around: float, turn: int) -> Floats:
    if group.mode:
        return np.array([0.0, 1.0])
    if turn == 0:
        return np.append(np.arange(group.low, group.high, COARSE_K), group.high)
    fine: Floats = np.round(np.clip(around + FINE_K * np.arange(-4, 5), group.low, group.high), 6)
    return fine


def _chosen(task: Task, hold: Candidate, rules: Candidate, going: Candidate, fresh: Candidate) -> Candidate:
    """Go on with what was begun unless something is better by enough; leave what breaks a limit at once."""
    feasible = [c for c in (fresh, going, rules, hold) if c.feasible]
    if not feasible:
        return min((fresh, going, rules, hold), key=lambda c: c.worst_inlet_c)
    cheapest = min(feasible, key=lambda c: c.facility_w)
    current = next((c for c in (going, hold) if c.feasible), None)
    if current is None or cheapest.facility_w < current.facility_w - task.control.min_saving_frac * current.cooling_w:
        return cheapest
    # small gains are not worth a change of plan, but neither may the plan fall behind hold or the rules
    best_known = min((c for c in (current, hold, rules) if c.feasible), key=lambda c: c.facility_w)
    return best_known


def _reason(chosen: Candidate, hold: Candidate, actuator: Actuator) -> str:
    if chosen is hold:
        return "hold: nothing saves enough"
    if not hold.feasible:
        return f"leave: {hold.binding} does not allow the present setpoints"
    move = float(chosen.setpoint[actuator.index] - hold.setpoint[actuator.index])
    if abs(move) < 1e-9:
        return "part of the plan as it stands"
    return f"{chosen.name}: saves power"
