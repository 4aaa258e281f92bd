"""The latest value of every point with its quality and age; a snapshot is a frozen copy of it."""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Bytes8, Flags, Floats, Ints, frozen
from twin.domain.clock import NS_PER_S
from twin.domain.points import PointTable, Quality
from twin.domain.samples import SampleBatch
from twin.domain.snapshot import Snapshot

NEVER_NS = 0
AHEAD_NS = 30 * NS_PER_S  # a source clock further ahead than this is not quite believed


class Mirror:
    """State of all points; arrays indexed by point number.

    A sample older than what is known is history: the historian keeps it, the mirror does not go back for it. A bad
    sample does not touch the last usable value: that stays, marked SUSPECT, until it is too old; then the point is BAD.
    Ages are taken on the monotonic clock, from arrival on; what the sample spent on its way comes on top.
    """

    def __init__(self, points: PointTable) -> None:
        n = len(points)
        self._points = points
        self._value: Floats = np.full(n, np.nan)  # of the last usable sample, as the next four
        self._quality: Bytes8 = np.full(n, int(Quality.MISSING), dtype=np.uint8)
        self._source_ns: Ints = np.full(n, NEVER_NS, dtype=np.int64)
        self._taken_s: Floats = np.zeros(n)
        self._transit_s: Floats = np.full(n, np.inf)
        self._newest_ns: Ints = np.full(n, NEVER_NS, dtype=np.int64)
        self._newest_bad: Flags = np.zeros(n, dtype=np.bool_)
        self._stale_after_s: Floats = np.array([point.stale_after_s for point in points])
        self.late = 0

    def take(self, batch: SampleBatch, mono_s: float) -> None:
        """Keep the newest sample of each point; of two with the same time, the later arrival."""
        order = np.argsort(batch.source_ns, kind="stable")
        fresh = batch.source_ns[order] >= self._newest_ns[batch.point[order]]
        self.late += int(len(batch) - np.count_nonzero(fresh))
        order = order[fresh]
        point = batch.point[order]
        usable = (batch.quality[order] <= int(Quality.SUSPECT)) & ~np.isnan(batch.value[order])
        # ascending in time: for a point that comes twice numpy keeps the last assignment
        self._newest_ns[point] = batch.source_ns[order]
        self._newest_bad[point] = ~usable
        order = order[usable]
        point = batch.point[order]
        self._source_ns[point] = batch.source_ns[order]
        self._taken_s[point] = mono_s
        lead_ns = batch.source_ns[order] - batch.received_ns[order]
        self._transit_s[point] = np.maximum(-lead_ns, 0) / NS_PER_S
        self._value[point] = batch.value[order]
        self._quality[point] = np.where(lead_ns > AHEAD_NS, np.uint8(Quality.SUSPECT), batch.quality[order])

    def newest_ns(self) -> int:
        """The newest source time seen, 0 before the first sample."""
        return int(self._newest_ns.max(initial=NEVER_NS))

    def snapshot(self, cycle: int, now_ns: int, mono_s: float) -> Snapshot:
        """All points at one instant. A reading that did not come for too long is STALE; its last value stays."""
        age_s: Floats = np.maximum(mono_s - self._taken_s, 0.0) + self._transit_s
        late = age_s > self._stale_after_s
        quality = self._quality.copy()
        quality[late & (quality < Quality.STALE)] = int(Quality.STALE)
        held = self._newest_bad & (quality == Quality.GOOD)
        quality[held] = int(Quality.SUSPECT)
        quality[self._newest_bad & late] = int(Quality.BAD)
        value, source_ns = self._value.copy(), self._source_ns.copy()
        for array in (value, quality, age_s, source_ns):
            frozen(array)
        return Snapshot(cycle, now_ns, mono_s, self._points, value, quality, age_s, source_ns)
