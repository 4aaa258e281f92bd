"""Which readings of a snapshot are new since the last cycle: a test that counts samples must not count one twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats
from twin.domain.clock import NS_PER_S
from twin.domain.points import Quality
from twin.domain.snapshot import Snapshot

LONGEST_S = 3600.0  # a sample speaks for no more time than this


@dataclass(frozen=True, slots=True)
class Arrivals:
    """By point. `since_s` lies between a new reading and the one before, 0 for the first; `at_s` is its own time."""

    usable: Flags
    fresh: Flags
    since_s: Floats
    at_s: Floats


def arrivals(snapshot: Snapshot, before_s: Floats) -> Arrivals:
    """`before_s`: source time of the last reading of each point, 0 before the first."""
    at_s = snapshot.source_ns / NS_PER_S
    usable = (snapshot.quality <= int(Quality.SUSPECT)) & ~np.isnan(snapshot.value)
    fresh = usable & (at_s > before_s)
    since_s = np.where(fresh & (before_s > 0.0), np.minimum(at_s - before_s, LONGEST_S), 0.0)
    return Arrivals(usable, fresh, since_s, np.where(fresh, at_s, before_s))
