"""Whose clock is believed: late, early, stopped and stepped clocks, ours among them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.domain.clock import NS_PER_S
from twin.domain.points import Quality
from twin.domain.samples import SampleBatch
from twin.ingest.clocks import SourceClocks
from twin.shipped import shipped_config
from twin.sitefile.load import load_site

BEGIN_NS = 1_780_000_000 * NS_PER_S
HOUR_S = 3600.0
PERIOD_S = 10.0
N = 40
POINTS = load_site(shipped_config("demo")).points


class Stream:
    """`N` sensors that speak every ten seconds; each clock and ours may be wrong, and time passes as it does."""

    def __init__(self) -> None:
        self.clocks = SourceClocks(POINTS)
        self.now_s = 0.0
        self.wall_s = 0.0  # what our own clock is ahead of the truth
        self.ahead_s = np.zeros(N)
        self.stamped = np.ones(N, dtype=np.bool_)
        self.values = np.linspace(20.0, 30.0, N)

    def truth_ns(self) -> int:
        return BEGIN_NS + int(self.now_s * NS_PER_S)

    def round(self, *, which: slice = slice(None), stamps_ns: np.ndarray | None = None) -> SampleBatch:
        """Time passes, and every sensor speaks once."""
        self.now_s += PERIOD_S
        self.values = self.values + 0.01
        arrived_ns = self.truth_ns() + int(self.wall_s * NS_PER_S)
        received = np.full(N, arrived_ns, dtype=np.int64)
        own = self.truth_ns() - NS_PER_S // 100 + (self.ahead_s * NS_PER_S).astype(np.int64)
        if stamps_ns is not None:
            own = np.where(stamps_ns > 0, stamps_ns, own)
        source = np.where(self.stamped, own, received)
        point = np.arange(N, dtype=np.int32)
        batch = SampleBatch(point, source, received, self.values.copy(), np.zeros(N, dtype=np.uint8))
        part = SampleBatch(*(getattr(batch, name)[which] for name in SampleBatch.__slots__))
        return self.clocks.judge(part, self.now_s)


def lag_s(stream: Stream, batch: SampleBatch) -> np.ndarray:
    return (stream.truth_ns() - batch.source_ns) / NS_PER_S


def test_good_clocks_are_left_alone() -> None:
    stream = Stream()
    for _ in range(5):
        batch = stream.round()
        assert lag_s(stream, batch) == pytest.approx(np.full(N, 0.01), abs=1e-6)
        assert not batch.quality.any()
    assert not stream.clocks.counts


@pytest.mark.parametrize("wrong_s", [HOUR_S, -HOUR_S, 86_400.0, -55 * 60.0, 45.0])
def test_a_clock_that_is_wrong_is_found_by_the_second_sample_and_arrival_counts(wrong_s: float) -> None:
    stream = Stream()
    stream.round()
    stream.ahead_s[3] = wrong_s
    first, second, third = (stream.round() for _ in range(3))
    assert first.quality[3] == (Quality.SUSPECT if wrong_s > 0 else Quality.GOOD)
    for batch in (second, third):
        assert batch.quality[3] == Quality.SUSPECT
        assert abs(lag_s(stream, batch)[3]) < PERIOD_S + 0.1
        assert not np.delete(batch.quality, 3).any()
    assert stream.clocks.counts["skewed"] == 2
    stream.ahead_s[3] = 0.0
    assert stream.round().quality[3] == Quality.GOOD


def test_what_comes_late_keeps_its_time() -> None:
    """A gateway that was cut off sends an hour's readings in a second: their times are true."""
    stream = Stream()
    stream.round()
    stream.now_s += HOUR_S
    begin_ns = stream.truth_ns()
    source = begin_ns - np.arange(3600, 0, -10, dtype=np.int64) * NS_PER_S
    for stamp in source:
        stream.now_s += 1.0 / source.size
        arrived = np.array([stream.truth_ns()])
        batch = SampleBatch(
            np.array([5], np.int32), np.array([stamp]), arrived, np.array([stream.now_s]), np.zeros(1, np.uint8)
        )
        judged = stream.clocks.judge(batch, stream.now_s)
        assert judged.source_ns[0] == stamp
        assert judged.quality[0] == Quality.GOOD


def test_a_backlog_of_all_sensors_does_not_make_our_clock_doubtful() -> None:
    stream = Stream()
    stream.round()
    stream.now_s += HOUR_S
    arrived_ns = stream.truth_ns()
    for back_s in range(3600, 0, -10):
        stamp = np.full(N, arrived_ns - back_s * NS_PER_S)
        batch = SampleBatch(
            np.arange(N, dtype=np.int32), stamp, np.full(N, arrived_ns), stream.values, np.zeros(N, np.uint8)
        )
        judged = stream.clocks.judge(batch, stream.now_s)
        assert (judged.source_ns == stamp).all()
        arrived_ns += NS_PER_S // 500
        stream.now_s += 0.002
    assert stream.clocks.ours_ns == 0


def test_a_clock_that_stands_still_is_found_when_the_value_moves() -> None:
    stream = Stream()
    stamps = np.zeros(N, dtype=np.int64)
    stream.round()
    stamps[7] = stream.truth_ns()
    stream.round(stamps_ns=stamps)
    batch = stream.round(stamps_ns=stamps)
    assert batch.quality[7] == Quality.SUSPECT
    assert abs(lag_s(stream, batch)[7]) < 0.1
    assert stream.clocks.counts["stopped"] == 1


def test_a_clock_that_runs_backwards_is_found_by_the_second_sample() -> None:
    stream = Stream()
    stream.round()
    judged = []
    for _ in range(3):
        stream.ahead_s[4] -= 2 * PERIOD_S
        judged.append(stream.round())
    assert [int(batch.quality[4]) for batch in judged] == [Quality.GOOD, Quality.SUSPECT, Quality.SUSPECT]
    assert abs(lag_s(stream, judged[-1])[4]) < 0.1
    assert stream.clocks.counts["backwards"] == 2


def test_a_message_that_comes_twice_says_nothing_about_the_clock() -> None:
    stream = Stream()
    batch = stream.round()
    again = SampleBatch(batch.point, batch.source_ns, batch.received_ns + NS_PER_S, batch.value, batch.quality)
    stream.now_s += 1.0
    judged = stream.clocks.judge(again, stream.now_s)
    assert (judged.source_ns == batch.source_ns).all()
    assert not judged.quality.any()
    assert stream.clocks.counts == {"repeated": N}


@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S, 86_400.0, -86_400.0])
@pytest.mark.parametrize("right_before", [True, False])
def test_when_our_own_clock_is_set_the_sources_time_goes_on(step_s: float, right_before: bool) -> None:
    """Whether the step made our clock wrong or right: most sources know the time, and after a round none is doubted."""
    stream = Stream()
    stream.stamped[10:15] = False  # these have only our label
    stream.wall_s = 0.0 if right_before else -step_s
    for _ in range(3):
        batch = stream.round()
    stream.wall_s += step_s
    newest = batch.source_ns.copy()
    stream.round()
    for _ in range(30):
        batch = stream.round()
        assert (batch.source_ns > newest).all()
        newest = batch.source_ns
    assert not batch.quality.any()
    assert np.abs(lag_s(stream, batch))[stream.stamped].max() < 1.0


def test_when_everything_is_late_it_looks_late() -> None:
    """A broker with a long queue is no wrong clock: readings that are old must not pass for fresh."""
    stream = Stream()
    stream.round()
    stream.ahead_s[:] = -200.0
    for _ in range(20):
        batch = stream.round()
    assert lag_s(stream, batch) == pytest.approx(np.full(N, 200.01), abs=1e-6)
    assert (batch.received_ns - batch.source_ns > 199 * NS_PER_S).all()
    assert stream.clocks.ours_ns == 0


@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S])
def test_without_other_clocks_our_label_never_goes_back(step_s: float) -> None:
    stream = Stream()
    stream.stamped[:] = False
    batch = stream.round()
    stream.wall_s = step_s
    for _ in range(20):
        before_ns, batch = batch.source_ns.max(), stream.round()
        assert batch.source_ns.min() > before_ns


@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.floats(-90_000.0, 90_000.0), st.integers(-5000, 5000)), max_size=30))
def test_labels_never_go_back_whatever_clocks_do(steps: list[tuple[float, float, int]]) -> None:
    clocks = SourceClocks(POINTS)
    mono_s, newest = 0.0, 0
    for passed_s, wall_s, ahead_s in steps:
        mono_s += passed_s
        arrived_ns = BEGIN_NS + int((mono_s + wall_s) * NS_PER_S)
        source = np.array([arrived_ns, arrived_ns + ahead_s * NS_PER_S])
        batch = SampleBatch(
            np.array([0, 1], np.int32), source, np.full(2, arrived_ns), np.ones(2), np.zeros(2, np.uint8)
        )
        judged = clocks.judge(batch, mono_s)
        assert judged.received_ns.min() >= newest
        newest = int(judged.received_ns.max())
