"""Bias and drift: a reading that leans away from what neighbours and twin expect, added up until it cannot be chance.

Two-sided CUSUM in K·min; docs/reference/equations.md#leaning-sensors. The low side is the dangerous one: a reading that
has not been found guilty yet is still not believed below what is expected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats
from twin.gates.pick import pick

SLACK_K = 0.75
LIMIT_K_MIN = 4.0
MOST_K = 3.0  # one odd sample must not convict
MOST_STEP_MIN = 1.5
DEPARTED_K = 0.3
DRIFT_AFTER_S = 180.0  # from departed to beyond the slack: a step takes no time for it
SLOW_TAU_S, MOST_SLOW_K = 300.0, 0.5  # a mended sensor must not be doubted for long
LOW_AT_ONCE_SD, LOW_FOR_LONG_SD = 3.5, 1.5  # of the spread, and of the wander


@dataclass(frozen=True, slots=True)
class Lean:
    """By inlet. `low` and `high` are found guilty; `drifting` tells how they got there."""

    down_k_min: Floats
    up_k_min: Floats
    departed_s: Floats
    slow_k: Floats
    low: Flags
    high: Flags

    @property
    def drifting(self) -> Flags:
        """Whether the reading walked away instead of stepping."""
        return self.departed_s >= DRIFT_AFTER_S

    def guilty(self, is_supply: Flags) -> Flags:
        """Supply air that reads high hides heat; that it reads low may be recirculation, and cools."""
        return self.high | (self.low & ~is_supply)


def lean(before: Lean, residual_k: Floats, slack_k: tuple[Floats, Floats], since_s: Floats, judged: Flags) -> Lean:
    """One step. `slack_k`: what is forgiven (downwards, upwards); `judged`: new readings that have an expectation."""
    k = np.clip(pick(~judged, 0.0, residual_k), -MOST_K, MOST_K)
    slowly_k = np.clip(k, -MOST_SLOW_K, MOST_SLOW_K)
    since_s = since_s * judged
    minutes = np.minimum(since_s, 60.0 * MOST_STEP_MIN) / 60.0
    quiet = judged & (before.down_k_min == 0.0) & (before.up_k_min == 0.0)
    down = np.clip(before.down_k_min - (k + slack_k[0]) * minutes, 0.0, 2.0 * LIMIT_K_MIN)
    up = np.clip(before.up_k_min + (k - slack_k[1]) * minutes, 0.0, 2.0 * LIMIT_K_MIN)
    departed_s = (before.departed_s + since_s) * (np.abs(k) > DEPARTED_K)
    return Lean(
        down_k_min=down,
        up_k_min=up,
        departed_s=pick(quiet, departed_s, before.departed_s),
        slow_k=before.slow_k + since_s / (since_s + SLOW_TAU_S) * (slowly_k - before.slow_k),
        low=(down >= LIMIT_K_MIN) | (before.low & (down > 0.0)),
        high=(up >= LIMIT_K_MIN) | (before.high & (up > 0.0)),
    )


def too_low(residual_k: Floats, slow_k: Floats, honest_k: tuple[Floats, Floats], allowed_k: Floats) -> Flags:
    """Readings that are not believed because they are low: far at once, or a little for long.

    `honest_k`: spread and wander of the sensor.
    """
    spread_k, wander_k = honest_k
    at_once = residual_k < -(LOW_AT_ONCE_SD * spread_k + allowed_k)
    for_long = (slow_k < -(LOW_FOR_LONG_SD * wander_k + allowed_k)) & (residual_k < 0.0)
    return at_once | for_long
