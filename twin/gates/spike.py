"""Spikes: a leap faster than air can move is left out once, and believed as the middle of three when it lasts.

When the cooling fails air can move that fast: a leap is measured from what its hall did meanwhile, and one that several
sensors of a hall make together is no spike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats, Ints
from twin.gates.pick import pick

RATE_K_MIN = 5.0
LEAST_K = 1.5  # two readings a second apart differ by their noise alone
LEAST_TOGETHER, TOGETHER_FRAC = 3, 0.1


@dataclass(frozen=True, slots=True)
class Spikes:
    """`sound_c` is what may be used now; `ignored` marks the points whose newest reading is left out."""

    sound_c: Floats
    sound_s: Floats  # time of the newest reading that was not left out
    last_c: Floats
    ignored: Flags


def spikes(value_c: Floats, fresh: Flags, at_s: Floats, hall: Ints, before: Spikes) -> Spikes:
    """One step for all points. NaN in `before.sound_c`: nothing was read yet. `hall`: of each point, -1 outside."""
    minutes = np.maximum(at_s - before.sound_s, 0.0) / 60.0
    change_k, most_k = value_c - before.sound_c, np.maximum(RATE_K_MIN * minutes, LEAST_K)
    leapt = fresh & (np.abs(change_k) > most_k)
    if leapt.any():
        leapt = leapt & ~_together(leapt, fresh, hall)
        leapt = leapt & (np.abs(change_k - _of_hall(change_k, leapt, fresh, hall)) > most_k)
    lasting = leapt & before.ignored
    ignored = leapt & ~before.ignored
    believed = pick(lasting, middle_of(before.sound_c, before.last_c, value_c), value_c) if lasting.any() else value_c
    taken = fresh & ~ignored
    return Spikes(
        sound_c=pick(taken, believed, before.sound_c),
        sound_s=pick(taken, at_s, before.sound_s),
        last_c=pick(fresh, value_c, before.last_c),
        ignored=ignored | (before.ignored & ~fresh),
    )


def _together(leapt: Flags, fresh: Flags, hall: Ints) -> Flags:
    """Points of halls where more leap than sensors go wrong at once."""
    halls = int(hall.max(initial=-1)) + 1
    inside = hall >= 0
    leaps = np.bincount(hall[inside & leapt], minlength=halls)
    all_of = np.bincount(hall[inside & fresh], minlength=halls)
    shared = np.append(leaps >= np.maximum(LEAST_TOGETHER, TOGETHER_FRAC * all_of), False)  # the last: no hall
    together: Flags = shared[hall]
    return together


def _of_hall(change_k: Floats, leapt: Flags, fresh: Flags, hall: Ints) -> Floats:
    """By how much the halls of these leaps moved, by the middle of their points; 0 elsewhere."""
    moved_k = np.zeros(len(change_k))
    for h in np.unique(hall[leapt & (hall >= 0)]):
        inside = hall == h
        known = change_k[inside & fresh & ~np.isnan(change_k)]
        if len(known) >= LEAST_TOGETHER:
            moved_k[inside] = np.median(known)
    return moved_k


def middle_of(one: Floats, two: Floats, three: Floats) -> Floats:
    """The middle of three numbers each; NaN where one is."""
    middle: Floats = np.maximum(np.minimum(one, two), np.minimum(np.maximum(one, two), three))
    return middle
