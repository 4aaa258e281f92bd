"""The mirror keeps the newest, remembers quality and counts age on the monotonic clock."""

from __future__ import annotations

import numpy as np
import pytest

from twin.domain.clock import NS_PER_S
from twin.domain.points import Point, PointTable, Quality
from twin.domain.samples import SampleBatch
from twin.mirror.mirror import Mirror

T0 = 1_767_225_600 * NS_PER_S


def a_point(index: int) -> Point:
    return Point(index, f"r{index}/inlet_c", f"r{index}", "inlet_c", "rack", "degC", "h1", 0.0, 60.0, 10.0, 30.0)


@pytest.fixture
def mirror() -> Mirror:
    return Mirror(PointTable((a_point(0), a_point(1))))


def sample(
    point: int, at_s: float, value: float, *, quality: Quality = Quality.GOOD, late_s: float = 0.0
) -> SampleBatch:
    at_ns = T0 + round(at_s * NS_PER_S)
    return SampleBatch.of([point], [at_ns], [at_ns + round(late_s * NS_PER_S)], [value], [int(quality)])


def test_what_was_never_read_is_missing(mirror: Mirror) -> None:
    reading = mirror.snapshot(1, T0, 100.0).reading("r0/inlet_c")
    assert reading.quality is Quality.MISSING
    assert np.isnan(reading.value)
    assert reading.age_s == float("inf")


def test_the_newest_source_time_wins_whatever_the_order_of_arrival(mirror: Mirror) -> None:
    mirror.take(sample(0, 20.0, 23.0), 100.0)
    mirror.take(sample(0, 10.0, 21.0), 101.0)
    assert mirror.snapshot(1, T0, 101.0).reading("r0/inlet_c").value == 23.0
    assert mirror.late == 1


def test_of_one_batch_the_newest_of_each_point_stays(mirror: Mirror) -> None:
    batch = SampleBatch.joined([sample(0, 30.0, 3.0), sample(1, 5.0, 9.0), sample(0, 10.0, 1.0), sample(0, 20.0, 2.0)])
    mirror.take(batch, 100.0)
    snapshot = mirror.snapshot(1, T0, 100.0)
    assert (snapshot.value[0], snapshot.value[1]) == (3.0, 9.0)


def test_age_counts_on_the_monotonic_clock_and_adds_the_time_on_the_way(mirror: Mirror) -> None:
    mirror.take(sample(0, 0.0, 23.0, late_s=4.0), 100.0)
    # the wall clock jumps by an hour: ages do not
    assert mirror.snapshot(1, T0 + 3600 * NS_PER_S, 110.0).reading("r0/inlet_c").age_s == pytest.approx(14.0)


def test_a_reading_goes_stale_and_keeps_its_last_value(mirror: Mirror) -> None:
    mirror.take(sample(0, 0.0, 23.0), 100.0)
    assert mirror.snapshot(1, T0, 130.0).reading("r0/inlet_c").quality is Quality.GOOD
    stale = mirror.snapshot(2, T0, 130.1).reading("r0/inlet_c")
    assert (stale.quality, stale.value) == (Quality.STALE, 23.0)


@pytest.mark.parametrize("value", [float("nan"), 850.0])
def test_a_bad_sample_leaves_the_last_usable_value_in_doubt_until_it_is_too_old(mirror: Mirror, value: float) -> None:
    mirror.take(sample(0, 0.0, 23.0), 100.0)
    mirror.take(sample(0, 10.0, value, quality=Quality.BAD), 110.0)
    reading = mirror.snapshot(1, T0, 110.0).reading("r0/inlet_c")
    assert (reading.quality, reading.value, reading.age_s) == (Quality.SUSPECT, 23.0, 10.0)
    mirror.take(sample(0, 31.0, value, quality=Quality.BAD), 131.0)
    assert mirror.snapshot(2, T0, 131.0).reading("r0/inlet_c").quality is Quality.BAD


def test_a_good_sample_ends_the_doubt(mirror: Mirror) -> None:
    mirror.take(sample(0, 0.0, 850.0, quality=Quality.BAD), 100.0)
    assert mirror.snapshot(1, T0, 100.0).reading("r0/inlet_c").quality is Quality.BAD
    mirror.take(sample(0, 10.0, 23.0), 110.0)
    assert mirror.snapshot(2, T0, 110.0).reading("r0/inlet_c").quality is Quality.GOOD


def test_a_source_clock_far_ahead_is_not_quite_believed(mirror: Mirror) -> None:
    mirror.take(sample(0, 0.0, 23.0, late_s=-31.0), 100.0)
    assert mirror.snapshot(1, T0, 100.0).reading("r0/inlet_c").quality is Quality.SUSPECT


def test_a_snapshot_is_frozen_and_does_not_follow_the_mirror(mirror: Mirror) -> None:
    mirror.take(sample(0, 0.0, 23.0), 100.0)
    snapshot = mirror.snapshot(1, T0, 100.0)
    mirror.take(sample(0, 10.0, 25.0), 110.0)
    assert snapshot.value[0] == 23.0
    with pytest.raises(ValueError, match="read-only"):
        snapshot.value[0] = 1.0
