"""The step of a site as a straight line about a state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats, Ints
from twin.kernels.linearise import linearise_site
from twin.model.compiled import CompiledSite
from twin.model.layout import Layout

STATE_REACH_K = 0.02  # far above rounding, small beside what bends an equation


@dataclass(frozen=True, slots=True)
class Linear:
    """x+ = x0+ + f (x - x0) + b (u - u0) and y = y0 + h (x - x0) + d (u - u0), for the chosen places alone.

    Shapes: f (n_state, n_state), b (n_state, n_input), h (n_output, n_state), d (n_output, n_input).
    """

    f: Floats
    b: Floats
    h: Floats
    d: Floats


def linearise(
    site: CompiledSite,
    x: Floats,
    u: Floats,
    dt_s: float,
    *,
    states: Ints,
    inputs: Ints,
    outputs: Ints,
    input_reach: Floats,
) -> Linear:
    """Slopes about the state `x` under the inputs `u`, one step of `dt_s`.

    Args:
        states: Places in the state, all of them temperatures; see `Layout`.
        inputs: Places in the inputs, and in `input_reach` how far to move each to both sides.
        outputs: Places in the outputs.

    A place where a valve or a fan is at its end has the slopes of that end; across a change of staging or mode slopes
    mean nothing.
    """
    layout, n = Layout.of(site), states.size
    out_x, out_y = np.empty((n, n + inputs.size)), np.empty((outputs.size, n + inputs.size))
    linearise_site(
        *site.tables,
        np.require(x, np.float64, ["C", "W"]),
        np.require(u, np.float64, ["C", "W"]),
        dt_s,
        states.astype(np.int64),
        inputs.astype(np.int64),
        outputs.astype(np.int64),
        np.full(n, STATE_REACH_K),
        np.require(input_reach, np.float64, ["C", "W"]),
        np.empty(layout.n_x),
        np.empty(layout.n_u),
        np.empty(layout.n_y),
        out_x,
        out_y,
    )
    return Linear(out_x[:, :n], out_x[:, n:], out_y[:, :n], out_y[:, n:])
