"""Where the whole site comes to rest, for many sets of inputs at once.

The step with halls and coolant moved on for ever and the stores of water by as much as keeps them calm, again and again
until nothing moves: one set of equations for both. Source: docs/reference/equations.md#whole-plant.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.columns import (
    U_BATTERY,
    U_CHWS,
    U_CWS,
    U_FACILITY_WATER,
    U_HALL,
    U_HEAD,
    U_LIQUID,
    U_UPS,
    UH_OFFSET,
    UH_SUPPLY,
    X_BASIN,
    X_CHWS,
    X_FACILITY_WATER,
    X_HALL,
    X_HEAD,
    X_MODE,
    X_RUNNING,
    XH_AIR,
    XH_INLET,
    XH_SUPPLY,
)
from twin.kernels.site import BatteryRow, HallRow, LiquidRow, OptionRow, OtherAirRow, PlantRow, PvRow, UpsRow
from twin.kernels.site_step import step_once

FOR_EVER_S = 1e8
MOST_ROUNDS = 200
CLOSE_K = 2e-4
WATER_STEPS = 2.0  # of the longest step that follows every store; a rest may be sought a little faster


@kernel
def _moved_k(x: Floats, before: Floats, n_hall: int) -> float:
    """Largest move of any temperature that others depend on; infinite while the economiser changes its mode."""
    most = 1e9 if x[X_MODE] != before[X_MODE] else 0.0
    for k in range(3):  # chilled water, basin, facility water
        most = max(most, abs(x[k] - before[k]))
    for h in range(n_hall):
        at = X_HEAD + X_HALL * h
        most = max(most, abs(x[at + XH_INLET] - before[at + XH_INLET]), abs(x[at + XH_SUPPLY] - before[at + XH_SUPPLY]))
    return float(most)


@kernel
def _begin(halls: Table[HallRow], first: Floats, u: Floats, x: Floats) -> None:
    """A state near the rest, which depends on its own inputs alone."""
    for k in range(x.shape[0]):
        x[k] = first[k]
    x[X_CHWS], x[X_BASIN], x[X_FACILITY_WATER] = u[U_CHWS], u[U_CWS], u[U_FACILITY_WATER]
    for h in range(len(halls)):
        xh, uh = X_HEAD + X_HALL * h, U_HEAD + U_HALL * h
        x[xh + XH_SUPPLY] = u[uh + UH_SUPPLY]
        x[xh + XH_INLET] = u[uh + UH_SUPPLY] + u[uh + UH_OFFSET]
        x[xh + XH_AIR] = u[uh + UH_SUPPLY] + halls[h].rise_k / max(halls[h].flow_margin, 1e-3)


@kernel
def settle_batch(
    plant: PlantRow,
    options: Table[OptionRow] | None,
    halls: Table[HallRow],
    others: Table[OtherAirRow] | None,
    liquid: Table[LiquidRow] | None,
    ups: Table[UpsRow],
    batteries: Table[BatteryRow] | None,
    arrays: Table[PvRow] | None,
    first: Floats,
    u: Floats,
    x: Floats,
    before: Floats,
    out: Floats,
) -> None:
    """Fill row i of `out`, shape (n, n_y), with the rest under row i of `u`.

    Of the state `first` counts what has no rest of its own: chillers that run, the economiser's mode, batteries, which
    stand still. `x` and `before`, shape (n_x,), are scratch; `x` ends as the last state found.
    """
    water_s = WATER_STEPS * plant.longest_step_s
    loops = 0 if liquid is None else len(liquid)
    still = U_HEAD + U_HALL * len(halls) + U_LIQUID * loops + U_UPS * len(ups)
    stores = 0 if batteries is None else len(batteries)
    for i in range(u.shape[0]):
        _begin(halls, first, u[i], x)
        for k in range(still, still + U_BATTERY * stores):
            u[i, k] = 0.0
        for _ in range(MOST_ROUNDS):
            for k in range(x.shape[0]):
                before[k] = x[k]
            x[X_RUNNING] = first[X_RUNNING]  # staged from what runs now, not from what a round on the way asked for
            step_once(
                plant, options, halls, others, liquid, ups, batteries, arrays, x, u[i], FOR_EVER_S, water_s, out[i]
            )
            if not _moved_k(x, before, len(halls)) > CLOSE_K:
                break
