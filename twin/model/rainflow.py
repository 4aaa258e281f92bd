"""Cycles in a history of charge, counted as rain flows down a pagoda.

Source: ASTM E1049-85, rainflow counting; docs/reference/equations.md#battery-ageing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Cycle:
    """One counted cycle, in the unit of the history: `depth` from trough to peak, `count` 1.0 whole or 0.5 half."""

    depth: float
    mean: float
    count: float


def reversals(history: Iterable[float]) -> list[float]:
    """Peaks and troughs in order, the first and the last value among them; missing values (NaN) are left out."""
    turns: list[float] = []
    for value in history:
        if math.isnan(value) or (turns and value == turns[-1]):
            continue
        if len(turns) > 1 and (turns[-1] - turns[-2]) * (value - turns[-1]) > 0.0:
            turns[-1] = value
        else:
            turns.append(value)
    return turns


def rainflow(history: Iterable[float]) -> list[Cycle]:
    """Every cycle of a history, whole ones as they close, then the halves that remain.

    Args:
        history: Values in order of time, such as a state of charge 0..1.
    """
    cycles: list[Cycle] = []
    open_turns: list[float] = []
    for turn in reversals(history):
        open_turns.append(turn)
        while len(open_turns) >= 3:
            newest = abs(open_turns[-1] - open_turns[-2])
            before = abs(open_turns[-2] - open_turns[-3])
            if newest < before:
                break
            first, second = open_turns[-3], open_turns[-2]
            if len(open_turns) == 3:
                cycles.append(_cycle(first, second, 0.5))
                del open_turns[0]
            else:
                cycles.append(_cycle(first, second, 1.0))
                del open_turns[-3:-1]
    cycles += [_cycle(a, b, 0.5) for a, b in pairwise(open_turns)]
    return cycles


def _cycle(a: float, b: float, count: float) -> Cycle:
    return Cycle(depth=abs(a - b), mean=0.5 * (a + b), count=count)
