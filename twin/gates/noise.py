"""Noise: readings that jump about far more than they used to; docs/reference/equations.md#noisy-sensors.

What counts of a reading is a product: how far it lies from the one before, times how far from the middle of the four
before. After a step or a spike one of the two is small at once, and noise has both large again and again. A drift runs
ahead of the middle by as much each time, and that much is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats
from twin.gates.neighbours import median_of_rows
from twin.gates.pick import pick

RATIO_ON, RATIO_OFF = 4.6, 2.5  # of variances
MOST_RATIO = 7.0  # a mended sensor must not be doubted for long
LATELY_SAMPLES = 10.0
USUAL_TAU_S = 6 * 3600.0
FIRST_K2, LEAST_K2, LEAST_STEPS2 = 0.0225, 0.006, 0.3  # steps: of the sensor's resolution squared, to and fro
MOST_SD, MOST_TAUGHT = 5.0, 9.0  # of the usual: one distance convicts nobody, and noise is no teacher
HALL_SAMPLES = 30.0  # what the hall's sensors usually do counts as much as so many of its own
LEAST_SAMPLES, FIRST_SAMPLES = 20.0, 40.0
BEFORE = ("one_ago_k", "two_ago_k", "three_ago_k", "four_ago_k")


@dataclass(frozen=True, slots=True)
class Noise:
    """By inlet: mean product of distances lately and usually, over `samples`; the last four residuals, NaN before."""

    lately_k2: Floats
    usual_k2: Floats
    samples: Floats
    noisy: Flags
    ahead_k: Floats  # by how much residuals have lately run ahead of the middle of the four before
    one_ago_k: Floats
    two_ago_k: Floats
    three_ago_k: Floats
    four_ago_k: Floats

    @property
    def lately_k(self) -> Floats:
        """How far a reading has jumped lately."""
        return np.sqrt(self.lately_k2)

    @property
    def usual_k(self) -> Floats:
        """How far it usually jumps."""
        return np.sqrt(self.usual_k2)


def noise(before: Noise, residual_k: Floats, step_k: Floats, since_s: Floats, readings: tuple[Flags, Flags]) -> Noise:
    """One step.

    Args:
        before: What is known so far.
        residual_k: Readings minus what was expected.
        step_k: Resolution of the sensor.
        since_s: Time between this reading and the one before.
        readings: Which ones are new and have an expectation, and where nothing else is wrong.
    """
    judged, sound = readings
    ahead_k = residual_k - _middle(before)
    apart_k, off_k = np.abs(residual_k - before.one_ago_k), np.abs(ahead_k - before.ahead_k)
    counted = judged & ~np.isnan(ahead_k)
    usual_k2 = np.maximum(np.maximum(usual_of(before), LEAST_K2), LEAST_STEPS2 * step_k**2)
    most_k = MOST_SD * np.sqrt(usual_k2)
    jump_k2 = np.minimum(apart_k, most_k) * np.minimum(off_k, most_k)
    lately_k2 = before.lately_k2 + (jump_k2 - before.lately_k2) / LATELY_SAMPLES
    lately_k2 = pick(counted, np.minimum(lately_k2, MOST_RATIO * usual_k2), before.lately_k2)
    ahead_k = np.minimum(np.maximum(ahead_k, -most_k), most_k) - before.ahead_k
    ratio = lately_k2 / usual_k2
    noisy = (before.samples >= LEAST_SAMPLES) & ((ratio > RATIO_ON) | (before.noisy & (ratio > RATIO_OFF)))
    weight = np.maximum((before.samples < FIRST_SAMPLES) / (before.samples + 10.0), since_s / USUAL_TAU_S)
    taught = counted & sound & ~noisy & (ratio < RATIO_OFF)  # what may become noise does not make itself usual
    lesson_k2 = np.minimum(jump_k2, MOST_TAUGHT * usual_k2)
    return Noise(
        lately_k2=lately_k2,
        usual_k2=pick(taught, before.usual_k2 + weight * (lesson_k2 - before.usual_k2), before.usual_k2),
        samples=before.samples + counted,
        noisy=noisy,
        ahead_k=pick(counted, before.ahead_k + ahead_k / LATELY_SAMPLES, before.ahead_k),
        one_ago_k=pick(judged, residual_k, before.one_ago_k),
        two_ago_k=pick(judged, before.one_ago_k, before.two_ago_k),
        three_ago_k=pick(judged, before.two_ago_k, before.three_ago_k),
        four_ago_k=pick(judged, before.three_ago_k, before.four_ago_k),
    )


def _middle(before: Noise) -> Floats:
    """Mean of the middle two of the last four; NaN while there are fewer."""
    a_k, b_k, c_k, d_k = before.one_ago_k, before.two_ago_k, before.three_ago_k, before.four_ago_k
    low_k = np.maximum(np.minimum(a_k, b_k), np.minimum(c_k, d_k))
    high_k = np.minimum(np.maximum(a_k, b_k), np.maximum(c_k, d_k))
    return 0.5 * (low_k + high_k)


def usual_of(before: Noise) -> Floats:
    """What is usual: its own, and while it has shown little of it, that of the middle sensor of its hall."""
    hall_k2, count = median_of_rows(np.where(before.samples > 0.0, before.usual_k2, np.nan))
    apart_k2 = np.where(count > 0, hall_k2, 0.0)[:, None] - before.usual_k2
    share = (count > 0)[:, None] * HALL_SAMPLES / (before.samples + HALL_SAMPLES)
    return before.usual_k2 + share * apart_k2
