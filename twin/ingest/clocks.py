"""Whose clock to believe: source times against arrival, point by point. Pure; the same batches give the same times.

A source time that stands apart from arrival is either a late message with a true time, or a clock that is wrong. A
clock that is wrong goes on at the pace of arrivals, so the second sample tells: from then on arrival counts, and the
sample is SUSPECT. When most clocks stand apart alike it is our own label that is wrong: theirs is then the time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats, Ints
from twin.domain.clock import NS_PER_S
from twin.domain.points import PointTable, Quality
from twin.domain.samples import SampleBatch

AHEAD_NS = 30 * NS_PER_S  # a message cannot come from the future; this much is forgiven to clocks
LEAST_LATE_S = 60.0  # later than this and than the point's own patience, a source time is doubted
AT_ONCE_NS = (
    NS_PER_S // 5
)  # samples of one point closer than this arrived together, and say nothing of its clock's pace
PACE_FRAC, PACE_SLACK_NS = 0.25, NS_PER_S // 2  # two clocks keep the same pace when they differ by no more
LEAST_WITNESSES = 5
AGREE_NS = 5 * NS_PER_S
OURS_OFF_NS = 20 * NS_PER_S  # less is the way of the messages, not our clock
HELD_S = 3.0  # so long the witnesses must agree on the same: a backlog that pours in runs through all times
DOUBT_S = 120.0  # a label that leaps is not believed for so long, while the witnesses have not spoken
LEAP_NS = NS_PER_S
SLOWED = 0.5  # the pace of labels that wait for a clock that was set back


@dataclass(slots=True)
class _Label:
    """The newest label of arrival, and the steady second it was given in."""

    ns: int = 0
    mono_s: float = 0.0
    leapt_s: float = -1.0  # since when our clock stands ahead of what it should show
    confirmed: bool = False  # by the witnesses, just now


class SourceClocks:
    """What is known of every point's clock. `judge` takes batches in arrival order."""

    def __init__(self, points: PointTable) -> None:
        n = len(points)
        self._late_ns: Ints = np.array(
            [int(max(point.stale_after_s, LEAST_LATE_S) * NS_PER_S) for point in points], dtype=np.int64
        )
        self._seen: Flags = np.zeros(n, dtype=np.bool_)
        self._stamped: Flags = np.zeros(n, dtype=np.bool_)  # whether the newest sample had a time of its own
        self._source_ns: Ints = np.zeros(n, dtype=np.int64)
        self._received_ns: Ints = np.zeros(n, dtype=np.int64)
        self._value: Floats = np.zeros(n)
        self._fell: Flags = np.zeros(n, dtype=np.bool_)  # whether the newest sample was older than the one before
        self._ours_ns = 0  # what must be added to our label to have the witnesses' time
        self._witnessed_ns, self._witnessed_s = 0, 0.0  # what they agreed on last, and since when
        self._label = _Label()
        self._wall_ns = 0  # the most that our clock stood ahead of the steady one
        self._stepped_s = -np.inf  # when our clock was last put forward
        self.counts: Counter[str] = Counter()

    @property
    def ours_ns(self) -> int:
        """How far the sources' time is ahead of ours, 0 when most agree with ours."""
        return self._ours_ns

    def judge(self, batch: SampleBatch, mono_s: float) -> SampleBatch:
        """The batch with arrival instead of the times that are not believed; those samples at best SUSPECT.

        Labels of arrival never go back, and a sample without a time of its own has the label.
        """
        if len(batch) == 0:
            return batch
        self._watch(int(batch.received_ns[-1]), mono_s)
        stamped = batch.source_ns != batch.received_ns
        before = self._before(batch)
        fell = stamped & before.seen & (batch.source_ns < before.source_ns)
        fell_before = self._fell[batch.point]
        self._keep(batch, stamped)
        self._fell[batch.point] = fell
        suspected_ns = self._listen(mono_s)
        arrived_ns = batch.received_ns + self._ours_ns
        ahead_ns = batch.source_ns - arrived_ns
        ran_ns, passed_ns = batch.source_ns - before.source_ns, batch.received_ns - before.received_ns
        apart = before.seen & (passed_ns > AT_ONCE_NS)
        paced = apart & (np.abs(ran_ns - passed_ns) <= PACE_FRAC * passed_ns + PACE_SLACK_NS)
        # what most sources say of our own clock is no fault of theirs
        alone = stamped if suspected_ns == 0 else stamped & (np.abs(ahead_ns - suspected_ns) > AGREE_NS)
        future = alone & (ahead_ns > AHEAD_NS)
        late = stamped & (ahead_ns < -self._late_ns[batch.point])
        stopped = stamped & apart & (ran_ns == 0) & (batch.value != before.value)
        # one that is older than the last came late; two in a row, and the clock runs backwards
        backwards = fell & fell_before & apart
        skewed = alone & (late | future) & paced & ~backwards
        again = stamped & before.seen & (ran_ns == 0) & ~stopped
        self._count(
            future=future & ~skewed,
            skewed=skewed,
            stopped=stopped,
            backwards=backwards,
            late=late & ~skewed & ~stopped & ~again & ~backwards,
            repeated=again,
            reordered=fell & ~late & ~backwards,
        )
        wrong = future | skewed | stopped | backwards
        label_ns = self._labels(batch.received_ns, mono_s)
        source_ns: Ints = np.where(wrong | ~stamped, label_ns, batch.source_ns)
        quality = np.where(wrong, np.maximum(batch.quality, np.uint8(Quality.SUSPECT)), batch.quality)
        return SampleBatch(batch.point, source_ns, label_ns, batch.value, quality.astype(np.uint8))

    def _watch(self, received_ns: int, mono_s: float) -> None:
        """Note when our own clock was put forward. Messages that waited can only make it look slower than it is."""
        wall_ns = received_ns - int(mono_s * NS_PER_S)
        if self._wall_ns and wall_ns > self._wall_ns + LEAP_NS:
            self._stepped_s = mono_s
        self._wall_ns = max(wall_ns, self._wall_ns)

    def _before(self, batch: SampleBatch) -> _Before:
        """The sample of the same point before each one, whether within the batch or known from an earlier one."""
        order = np.argsort(batch.point, kind="stable")
        point = batch.point[order]
        follows = np.zeros(len(batch), dtype=np.bool_)
        follows[1:] = point[1:] == point[:-1]
        seen, source_ns = self._seen[batch.point], self._source_ns[batch.point]
        received_ns, value = self._received_ns[batch.point], self._value[batch.point]
        if follows.any():
            here = order[follows]
            there = order[np.flatnonzero(follows) - 1]
            seen[here] = True
            source_ns[here], received_ns[here] = batch.source_ns[there], batch.received_ns[there]
            value[here] = batch.value[there]
        return _Before(seen, source_ns, received_ns, value)

    def _keep(self, batch: SampleBatch, stamped: Flags) -> None:
        # of a point that comes twice numpy keeps the last assignment
        point = batch.point
        self._seen[point] = True
        self._stamped[point] = stamped
        self._source_ns[point] = batch.source_ns
        self._received_ns[point] = batch.received_ns
        self._value[point] = batch.value

    def _count(self, **flags: Flags) -> None:
        for name, flag in flags.items():
            found = int(flag.sum())
            if found:
                self.counts[name] += found

    def _listen(self, mono_s: float) -> int:
        """How far most sources stand apart from our clock while that is not believed yet; 0 when they do not."""
        witness = self._seen & self._stamped
        if int(witness.sum()) < LEAST_WITNESSES:
            return 0
        ahead_ns = self._source_ns[witness] - self._received_ns[witness] - self._ours_ns
        middle_ns = int(np.median(ahead_ns))
        agree = float((np.abs(ahead_ns - middle_ns) <= AGREE_NS).mean())
        if agree <= 0.5 or abs(middle_ns) <= OURS_OFF_NS:
            self._witnessed_ns = 0
            return 0
        if self._witnessed_ns == 0 or abs(middle_ns - self._witnessed_ns) > AGREE_NS:
            self._witnessed_ns, self._witnessed_s = middle_ns, mono_s
        # all behind us: our clock only when it was just set, else the messages are late, and must look it
        back = abs(self._ours_ns + middle_ns) < abs(self._ours_ns)
        ours = middle_ns > 0 or back or mono_s - self._stepped_s < DOUBT_S
        if mono_s - self._witnessed_s < HELD_S or not ours:
            return middle_ns
        self._witnessed_ns = 0
        self._ours_ns += middle_ns
        if abs(self._ours_ns) <= OURS_OFF_NS:  # back in step: our own label counts again
            self._ours_ns = 0
        self._label.confirmed = True
        self.counts["ours_corrected"] += 1
        return 0

    def _labels(self, received_ns: Ints, mono_s: float) -> Ints:
        """Arrival as it is written down: never back, and a leap ahead only when nobody contradicts it for a while."""
        label, newest_ns = self._label, int(received_ns[-1]) + self._ours_ns
        if label.ns == 0:
            label.ns, label.mono_s = newest_ns, mono_s
            return received_ns + self._ours_ns
        passed_ns = int(max(mono_s - label.mono_s, 0.0) * NS_PER_S)
        expected_ns = label.ns + passed_ns
        wanted_ns = max(newest_ns, label.ns + int(SLOWED * passed_ns))
        if newest_ns > expected_ns + LEAP_NS and self._doubts(mono_s):
            wanted_ns = expected_ns
        else:
            label.leapt_s = -1.0
        label.confirmed = False
        floor_ns = label.ns
        label.ns, label.mono_s = max(wanted_ns, floor_ns), mono_s
        return np.maximum(received_ns + (self._ours_ns + wanted_ns - newest_ns), floor_ns)

    def _doubts(self, mono_s: float) -> bool:
        """Whether a leap of our clock may still be contradicted."""
        if self._label.confirmed or int((self._seen & self._stamped).sum()) < LEAST_WITNESSES:
            return False
        if self._label.leapt_s < 0.0:
            self._label.leapt_s = mono_s
        return mono_s - self._label.leapt_s < DOUBT_S


@dataclass(frozen=True, slots=True)
class _Before:
    """What was known of each sample's point before it."""

    seen: Flags
    source_ns: Ints
    received_ns: Ints
    value: Floats
