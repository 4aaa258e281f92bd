"""Hold: leave every setpoint where it stands. The yardstick of every other plan, and the answer to doubt."""

from __future__ import annotations

import numpy as np

from controllers.api import Task
from controllers.decide.evaluate import Judge
from controllers.decide.memory import DecideMemory
from twin.domain.decisions import Plan


class Hold:
    """Wants nothing."""

    name = "hold"

    def decide(self, task: Task, memory: DecideMemory) -> tuple[Plan, DecideMemory]:
        """The setpoints as they stand."""
        hold = Judge(task).judged((("hold", task.previous.value),))[0]
        n = len(task.limits.actuators)
        plan = Plan(self.name, hold, None, hold, ("hold",) * n, (hold.binding,) * n, task.state.residual_sd_w)
        return plan, memory


def standing(task: Task) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A copy of the setpoints as they stand, ordered ones replaced by the order; shape (n_actuator,)."""
    values = task.previous.value.copy()
    for i, grant in enumerate(task.authority.grants):
        if grant.fixed is not None and not grant.held:
            values[i] = grant.fixed
    return values
