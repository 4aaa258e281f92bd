"""Noise: readings that jump about far more than they used to.

What counts of a reading is the smaller of its distances from the two before: a step is far from both only once, a drift
hardly at all, and only noise again and again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats
from twin.gates.pick import pick

RATIO_ON, RATIO_OFF = 2.85, 2.0
FAST_SAMPLES = 7.0
USUAL_TAU_S = 6 * 3600.0
FIRST_K, LEAST_K, LEAST_STEPS = 0.1, 0.04, 0.3  # steps: of the sensor's resolution, between which it may go to and fro
MOST_JUMPS, MOST_TAUGHT = 12.0, 3.0  # of the usual: a spike is no noise, and noise is no teacher
LEAST_SAMPLES, FIRST_SAMPLES = 20.0, 40.0


@dataclass(frozen=True, slots=True)
class Noise:
    """By inlet: mean distance lately and usually, over `count` samples."""

    lately_k: Floats
    usual_k: Floats
    count: Floats
    noisy: Flags


def noise(before: Noise, jump_k: Floats, step_k: Floats, since_s: Floats, readings: tuple[Flags, Flags]) -> Noise:
    """One step.

    Args:
        before: What is known so far.
        jump_k: The smaller of the two distances, NaN where there is none yet.
        step_k: Resolution of the sensor.
        since_s: Time between this reading and the one before.
        readings: Which ones are new and have an expectation, and where nothing else is wrong.
    """
    judged, sound = readings
    judged = judged & ~np.isnan(jump_k)
    usual_k = np.maximum(np.maximum(before.usual_k, LEAST_K), LEAST_STEPS * step_k)
    jump_k = np.minimum(jump_k, MOST_JUMPS * usual_k)
    lately_k = pick(judged, before.lately_k + (jump_k - before.lately_k) / FAST_SAMPLES, before.lately_k)
    ratio = lately_k / usual_k
    noisy = (before.count >= LEAST_SAMPLES) & ((ratio > RATIO_ON) | (before.noisy & (ratio > RATIO_OFF)))
    weight = np.maximum((before.count < FIRST_SAMPLES) / (before.count + 10.0), since_s / USUAL_TAU_S)
    taught = judged & sound & ~noisy & (ratio < RATIO_OFF)  # what may become noise does not make itself usual
    lesson_k = np.minimum(jump_k, MOST_TAUGHT * usual_k)
    return Noise(
        lately_k=lately_k,
        usual_k=pick(taught, before.usual_k + weight * (lesson_k - before.usual_k), before.usual_k),
        count=before.count + judged,
        noisy=noisy,
    )
