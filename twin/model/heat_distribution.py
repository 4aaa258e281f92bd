"""Who breathes whose air: the matrices and the sparse rows that the rack kernels take, built and checked.

Source: Tang, Gupta and Varsamopoulos 2008; docs/reference/equations.md#racks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats, Ints
from twin.domain.errors import ExitCode, TwinError
from twin.kernels.racks import Rows, shares_of_flows

_ROUNDING = 1e-9


class ImpossibleAir(TwinError):
    """Shares of air that no room can have."""

    exit_code = ExitCode.CONFIG


@dataclass(frozen=True, slots=True)
class AirMix:
    """The inlet air of n racks by giver: rows of pairs, as `twin.kernels.racks` reads them without looking back.

    The givers of rack j are `neighbour[first[j]:first[j + 1]]`; `outlet_frac` is the share of their outlet air that
    enters j, `share` the share of j's inlet air that it makes, `supply_frac` what remains for supply air.
    """

    first: Rows
    neighbour: Rows
    outlet_frac: Floats
    share: Floats
    supply_frac: Floats


def distribution_matrix(outlet_frac: Floats, air_w_k: Floats) -> Floats:
    """Heat-distribution matrix, K/W: row j times the heat of all racks is the rise of rack j's inlet above supply.

    Args:
        outlet_frac: Share of rack i's outlet air (row) that enters rack j (column), shape (n, n), 0..1.
        air_w_k: Capacity rate of each rack's air, W/K, shape (n,), >= 0; a rack without air takes and gives nothing.
    Returns: Shape (n, n). Holds while the flows hold.
    Raises: ImpossibleAir: a rack gives or takes more air than it moves, or air goes round and never leaves.
    """
    a, flow = np.asarray(outlet_frac, np.float64), np.asarray(air_w_k, np.float64)
    n = flow.size
    if flow.shape != (n,) or a.shape != (n, n):
        raise ImpossibleAir(f"shares have shape {a.shape}, flows {flow.shape}", fix="give (n, n) shares, (n,) flows")
    _require_numbers(a, flow)
    _require_given(a.sum(axis=1))
    carried = a.T * flow  # row j: heat capacity that rack j takes from each other
    _require_taken(carried.sum(axis=1), flow)
    moving = np.flatnonzero(flow > 0.0)
    balance = np.diag(flow[moving]) - carried[np.ix_(moving, moving)]
    try:
        inverse = np.linalg.inv(balance)
    except np.linalg.LinAlgError:
        raise _closed_circle() from None
    rise = inverse - np.diag(1.0 / flow[moving])
    # the true inverse of such a balance has no negative entry, and huge ones only where next to nothing leaves
    if (
        not np.all(np.isfinite(rise))
        or rise.min(initial=0.0) < -_ROUNDING
        or (inverse * flow[moving]).max(initial=0.0) > 1e9
    ):
        raise _closed_circle()
    matrix = np.zeros((n, n))
    matrix[np.ix_(moving, moving)] = np.maximum(rise, 0.0)
    return matrix


def air_mix(giver: Ints, taker: Ints, outlet_frac: Floats, air_w_k: Floats) -> AirMix:
    """Sparse mix from pairs in any order: `outlet_frac[k]` of the outlet air of `giver[k]` enters `taker[k]`.

    Args:
        giver, taker: Rack numbers, shape (pairs,), 0..n-1. Some 12 givers for each taker are plenty.
        outlet_frac: Shape (pairs,), 0..1.
        air_w_k: Capacity rate of each rack's air at these flows, W/K, shape (n,), >= 0.
    Raises: ImpossibleAir: a rack number out of range, a pair twice, or more air than a rack gives or takes.
    """
    flow = np.ascontiguousarray(air_w_k, np.float64)
    n = flow.size
    frac = np.asarray(outlet_frac, np.float64)
    if not giver.shape == taker.shape == frac.shape == (frac.size,) or flow.shape != (n,):
        raise ImpossibleAir("pairs and shares differ in length", fix="give one share for each pair of racks")
    if giver.size and not (min(giver.min(), taker.min()) >= 0 and max(giver.max(), taker.max()) < n):
        raise ImpossibleAir(f"a rack number is not in 0..{n - 1}", fix="number racks as the flows are ordered")
    _require_numbers(frac, flow)
    order = np.lexsort((giver, taker))
    giver, taker, frac = giver[order], taker[order], np.ascontiguousarray(frac[order])
    twice = np.flatnonzero((np.diff(giver) == 0) & (np.diff(taker) == 0))
    if twice.size:
        k = int(twice[0])
        raise ImpossibleAir("a pair of racks stands twice", where=f"{giver[k]} -> {taker[k]}", fix="add their shares")
    _require_given(np.bincount(giver, frac, minlength=n).astype(np.float64))
    _require_taken(np.bincount(taker, frac * flow[giver], minlength=n).astype(np.float64), flow)
    first = np.concatenate([[0], np.cumsum(np.bincount(taker, minlength=n))]).astype(np.uint32)
    neighbour = giver.astype(np.uint32)
    share, supply_frac = np.empty(frac.size), np.empty(n)
    shares_of_flows(first, neighbour, frac, flow, share, supply_frac)
    return AirMix(first, neighbour, frac, share, np.maximum(supply_frac, 0.0))


def _require_numbers(outlet_frac: Floats, air_w_k: Floats) -> None:
    if not np.all(outlet_frac >= 0.0):
        raise ImpossibleAir("a share of air is negative or missing", fix="give shares from 0 to 1")
    if not np.all(np.isfinite(air_w_k) & (air_w_k >= 0.0)):
        raise ImpossibleAir("a rack's air flow is negative or missing", fix="give flows of 0 W/K or more")


def _require_given(given_frac: Floats) -> None:
    worst = int(np.argmax(given_frac)) if given_frac.size else 0
    if given_frac.size and given_frac[worst] > 1.0 + _ROUNDING:
        raise ImpossibleAir(
            f"{100 * given_frac[worst]:.1f} % of the outlet air goes to other racks",
            where=f"rack {worst}",
            fix="lower its shares until they sum to at most 1",
        )


def _require_taken(taken_w_k: Floats, air_w_k: Floats) -> None:
    over = np.flatnonzero((taken_w_k > air_w_k * (1.0 + _ROUNDING)) & (air_w_k > 0.0))
    if over.size:
        j = int(over[0])
        raise ImpossibleAir(
            f"takes {taken_w_k[j]:.1f} W/K from outlets and draws {air_w_k[j]:.1f} W/K in all",
            where=f"rack {j}",
            fix="lower the shares into this rack, or raise its air flow",
        )


def _closed_circle() -> ImpossibleAir:
    return ImpossibleAir("air goes round between racks and never leaves", fix="lower the shares so that some returns")
