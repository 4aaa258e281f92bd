"""The step as a straight line about a state: what an estimator or a linear planner starts from.

Central differences of the very step, so that there is no second set of equations to keep true.
Source: docs/reference/equations.md#linearise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.site import BatteryRow, HallRow, LiquidRow, OptionRow, OtherAirRow, PlantRow, PvRow, UpsRow
from twin.kernels.site_step import step_once


@kernel
def linearise_site(
    plant: PlantRow,
    options: Table[OptionRow] | None,
    halls: Table[HallRow],
    others: Table[OtherAirRow] | None,
    liquid: Table[LiquidRow] | None,
    ups: Table[UpsRow],
    batteries: Table[BatteryRow] | None,
    arrays: Table[PvRow] | None,
    x: Floats,
    u: Floats,
    dt_s: float,
    states: NDArray[np.int64],
    inputs: NDArray[np.int64],
    outputs: NDArray[np.int64],
    state_reach: Floats,
    input_reach: Floats,
    moved_x: Floats,
    moved_u: Floats,
    y: Floats,
    out_x: Floats,
    out_y: Floats,
) -> None:
    """Slopes of the chosen states and outputs after `dt_s` by the chosen states and inputs.

    Fills `out_x`, shape (n_state, n_state + n_input), and `out_y`, (n_output, n_state + n_input). `state_reach` and
    `input_reach` say how far each is moved to both sides. `moved_x`, `moved_u` and `y` are scratch, as long as the
    state, the inputs and the outputs.
    """
    n = states.shape[0]
    for column in range(n + inputs.shape[0]):
        reach = state_reach[column] if column < n else input_reach[column - n]
        for side in range(2):
            sign = 1.0 - 2.0 * side
            for k in range(x.shape[0]):
                moved_x[k] = x[k]
            for k in range(u.shape[0]):
                moved_u[k] = u[k]
            if column < n:
                moved_x[states[column]] += sign * reach
            else:
                moved_u[inputs[column - n]] += sign * reach
            step_once(plant, options, halls, others, liquid, ups, batteries, arrays, moved_x, moved_u, dt_s, dt_s, y)
            weight = sign / (2.0 * reach)
            for row in range(n):
                before = 0.0 if side == 0 else out_x[row, column]
                out_x[row, column] = before + weight * moved_x[states[row]]
            for row in range(outputs.shape[0]):
                before = 0.0 if side == 0 else out_y[row, column]
                out_y[row, column] = before + weight * y[outputs[row]]
