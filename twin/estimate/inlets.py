"""Rack inlets: one offset filter for each rack, the worst of them, and how far that may be believed.

Each rack's inlet is supply air plus an offset that moves slowly; docs/reference/equations.md#inlets. A rise counts at
once, a fall as fast as the filter; single readings that leap were left out before, by the gates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats

OFFSET_TAU_S = 600.0
SD_TAU_S = 1800.0
LEAST_NEIGHBOURS = 3
FIRST_SD_K = 0.3
LEAST_SD_K = 0.15
DOUBTED_SD_K = 0.6  # at 95 % a margin of 1 K
DOUBTED_FRACS = (0.02, 0.20)  # none of it up to the first share of doubtful inlets, all of it from the second on


@dataclass(frozen=True, slots=True)
class Inlets:
    """Of one hall: the worst inlet now, the worst filtered offset, its standard deviation, and the filters' memory."""

    worst_c: float
    offset_k: float
    sd_k: float
    offsets_k: Floats


def doubted_sd_k(good_frac: float) -> float:
    """What the doubt of a hall grows by when some of its inlets are not good: with their number, up to a margin."""
    least, most = DOUBTED_FRACS
    return DOUBTED_SD_K * min(max((1.0 - good_frac - least) / (most - least), 0.0), 1.0)


def track(inlet_c: Floats, supply_c: float, before_k: Floats, variance_k2: float, dt_s: float) -> tuple[Inlets, float]:
    """One step of all filters of a hall, and the new variance.

    A rack without a reading keeps its filter, moves with the middle of its neighbours, and still counts as one: losing
    the warmest sensor must not make a hall look cooler.
    """
    raw_k = inlet_c - supply_c
    known = ~np.isnan(raw_k)
    if not bool(np.any(known)):
        return Inlets(math.nan, math.nan, math.nan, before_k), variance_k2
    first = np.isnan(before_k)
    keep = math.exp(-dt_s / OFFSET_TAU_S) if dt_s > 0.0 else 1.0
    moved_k = (raw_k - before_k)[known & ~first]
    together_k = float(np.median(moved_k)) if len(moved_k) >= LEAST_NEIGHBOURS else 0.0
    silent = ~known & ~first
    offsets_k = np.where(known, keep * before_k + (1.0 - keep) * raw_k, before_k + (1.0 - keep) * together_k)
    offsets_k = np.where(known & first, raw_k, offsets_k)
    worst_k, seen_k = float(np.nanmax(offsets_k)), float(np.max(raw_k[known]))
    error_k = seen_k - float(np.max(offsets_k[known]))
    if bool(np.any(silent)):
        seen_k = max(seen_k, float(np.max(before_k[silent])) + max(together_k, 0.0))
    if variance_k2 < 0.0:
        variance_k2 = FIRST_SD_K**2
    else:
        hold = math.exp(-dt_s / SD_TAU_S) if dt_s > 0.0 else 1.0
        variance_k2 = hold * variance_k2 + (1.0 - hold) * error_k**2
    sd_k = max(math.sqrt(variance_k2), LEAST_SD_K)
    return Inlets(supply_c + max(seen_k, worst_k), worst_k, sd_k, offsets_k), variance_k2
