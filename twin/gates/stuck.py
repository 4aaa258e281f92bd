"""Stuck: a reading that does not move while its neighbours' movement, at this sensor's own resolution, must have shown.

In a steady room nobody moves, and nothing is said: what a sensor that steps by 1 K should show is asked, not how often
it changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats, Ints
from twin.gates.pick import pick

AFTER_S = 900.0
MARGIN_K = 0.25
COARSEST_K = 1.0  # a sensor that never moved yet may have this resolution
LEAST_STEP_K = 1e-6


@dataclass(frozen=True, slots=True)
class Stillness:
    """By inlet: how long it has shown `shown_c`, the range of what was expected meanwhile, its smallest step so far."""

    shown_c: Floats
    still_s: Floats
    least_c: Floats
    most_c: Floats
    step_k: Floats

    @property
    def resolution_k(self) -> Floats:
        """Resolution of each sensor as far as it has shown it; the coarsest while it never moved."""
        return np.where(np.isnan(self.step_k), COARSEST_K, np.minimum(self.step_k, COARSEST_K))


def stillness(before: Stillness, value_c: Floats, expected_c: Floats, since_s: Floats, fresh: Flags) -> Stillness:
    """One step. NaN in `step_k`: no step was seen yet."""
    move_k = np.abs(value_c - before.shown_c)
    moved = fresh & ~(move_k <= LEAST_STEP_K)  # also the first reading
    least_c = pick(fresh, np.fmin(before.least_c, expected_c), before.least_c)
    most_c = pick(fresh, np.fmax(before.most_c, expected_c), before.most_c)
    return Stillness(
        shown_c=pick(moved, value_c, before.shown_c),
        still_s=pick(moved, 0.0, before.still_s + since_s * fresh),
        least_c=pick(moved, expected_c, least_c),
        most_c=pick(moved, expected_c, most_c),
        step_k=pick(moved, np.fmin(before.step_k, move_k), before.step_k),
    )


def stuck(still: Stillness, neighbours: Ints) -> Flags:
    """Which sensors do not move though they should. `neighbours`: how many the expectation rests on, by hall."""
    long = still.still_s >= AFTER_S
    if not long.any():
        return long
    margin_k = MARGIN_K + 0.5 / np.sqrt(np.maximum(neighbours, 1))
    return long & (still.most_c - still.least_c >= still.resolution_k + margin_k[:, None])
