"""Rack inlets: one offset filter for each rack, the worst of them, and how far that may be believed.

Each rack's inlet is supply air plus an offset that moves slowly; docs/reference/equations.md#inlets. A single reading
that leaps away from its own filter waits for the next one to confirm it; a rise that lasts counts at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats, Ints

OFFSET_TAU_S = 600.0
SD_TAU_S = 1800.0
LEAP_K = 3.0
FIRST_SD_K = 0.3
LEAST_SD_K = 0.15


@dataclass(frozen=True, slots=True)
class Inlets:
    """Of one hall: the worst inlet now, the worst filtered offset, its standard deviation, and the filters' memory."""

    worst_c: float
    offset_k: float
    sd_k: float
    offsets_k: Floats
    jumped: Ints


def track(
    inlet_c: Floats, supply_c: float, before_k: Floats, jumped: Ints, variance_k2: float, dt_s: float
) -> tuple[Inlets, float]:
    """One step of all filters of a hall, and the new variance.

    NaN readings leave their filter as it is, and it still counts among the worst: losing the warmest sensor must not
    make a hall look cooler.
    """
    raw_k = inlet_c - supply_c
    known = ~np.isnan(raw_k)
    fresh = known & np.isnan(before_k)
    leap = known & ~fresh & (np.abs(raw_k - before_k) > LEAP_K) & (jumped == 0)
    believed = known & ~leap
    keep = math.exp(-dt_s / OFFSET_TAU_S) if dt_s > 0.0 else 1.0
    offsets_k = np.where(believed & ~fresh, keep * before_k + (1.0 - keep) * raw_k, before_k)
    offsets_k = np.where(fresh, raw_k, offsets_k)
    now_jumped = leap.astype(np.int64)
    if not bool(np.any(known)):
        missing = Inlets(math.nan, math.nan, math.nan, offsets_k, now_jumped)
        return missing, variance_k2
    worst_k, worst_known_k = float(np.nanmax(offsets_k)), float(np.max(offsets_k[known]))
    seen_k = float(np.max(raw_k[believed])) if bool(np.any(believed)) else worst_known_k
    error_k = seen_k - worst_known_k
    if variance_k2 < 0.0:
        variance_k2 = FIRST_SD_K**2
    else:
        hold = math.exp(-dt_s / SD_TAU_S) if dt_s > 0.0 else 1.0
        variance_k2 = hold * variance_k2 + (1.0 - hold) * error_k**2
    sd_k = max(math.sqrt(variance_k2), LEAST_SD_K)
    return Inlets(supply_c + max(seen_k, worst_k), worst_k, sd_k, offsets_k, now_jumped), variance_k2
