"""Spikes: left out once, believed as the middle of three when they last."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.gates.builders import INLET, POINTS, a_room
from twin.domain.findings import SensorFault
from twin.domain.points import Quality
from twin.gates.spike import Spikes, middle_of, spikes

AT = POINTS.index(INLET)


@pytest.mark.parametrize("to_c", [85.0, 50.0, 30.0, 2.0])
def test_a_spike_is_left_out_in_the_very_sample(to_c: float) -> None:
    room = a_room()
    before_c = room.step().value[AT]
    room.lying(lambda _minute, _honest: to_c)
    believed = room.step()
    assert believed.value[AT] == pytest.approx(before_c, abs=0.5)
    assert believed.quality[AT] == Quality.SUSPECT
    assert room.fault_of() is SensorFault.SPIKE


def test_a_move_just_short_of_five_kelvin_a_minute_is_no_spike() -> None:
    room = a_room(noise_k=0.0).lying(lambda _minute, honest: honest + 4.8)
    believed = room.step()
    assert room.fault_of() is None
    assert believed.value[AT] == pytest.approx(room.value[INLET])


def test_after_one_spike_the_next_reading_counts_again() -> None:
    room = a_room()
    room.lying(lambda minute, honest: 85.0 if minute == room.minute else honest)
    room.step()
    room.lies.clear()
    believed = room.step()
    assert believed.value[AT] == room.value[INLET]
    assert believed.quality[AT] == Quality.GOOD


def test_a_row_of_spikes_is_one_finding() -> None:
    room = a_room().lying(lambda minute, honest: 85.0 if minute % 5 == 0 else honest)
    room.step(5)
    since_ns = {finding.since_ns for finding in room.findings}
    room.step(25)
    assert {finding.since_ns for finding in room.findings} == since_ns
    assert room.fault_of() is SensorFault.SPIKE


def test_heat_that_lasts_is_believed_in_the_second_sample() -> None:
    room = a_room().lying(lambda _minute, honest: honest + 9.0)
    room.step(2)
    assert room.step().value[AT] > 29.0


def test_a_rack_that_leaps_ahead_of_its_warming_hall_is_believed() -> None:
    n = 8
    nothing = np.zeros(n, dtype=bool)
    before = Spikes(np.full(n, 24.0), np.zeros(n), np.full(n, 24.0), nothing)
    warmer_c = np.full(n, 28.0)
    warmer_c[3] = 31.0  # 7 K in a minute, of which the hall explains 4
    warm = spikes(warmer_c, ~nothing, np.full(n, 60.0), np.zeros(n, dtype=np.int64), before)
    assert not warm.ignored.any()
    alone_c = np.full(n, 24.0)
    alone_c[3] = 31.0
    alone = spikes(alone_c, ~nothing, np.full(n, 60.0), np.zeros(n, dtype=np.int64), before)
    assert alone.ignored.tolist() == [k == 3 for k in range(n)]


def test_when_the_whole_hall_heats_up_fast_it_is_seen() -> None:
    room = a_room()
    room.supply_c += 8.0
    room.return_c += 8.0
    assert room.step().value[AT] > 29.0
    assert room.findings == ()


def test_the_middle_of_three_needs_all_three() -> None:
    middle = middle_of(np.array([1.0, 3.0, np.nan]), np.array([2.0, 2.0, 2.0]), np.array([3.0, 1.0, 1.0]))
    assert middle[:2].tolist() == [2.0, 2.0]
    assert np.isnan(middle[2])


def test_a_first_reading_is_no_leap() -> None:
    nothing = Spikes(np.array([np.nan]), np.zeros(1), np.array([np.nan]), np.zeros(1, dtype=np.bool_))
    after = spikes(np.array([85.0]), np.array([True]), np.array([1e9]), np.array([-1]), nothing)
    assert after.sound_c.tolist() == [85.0]
    assert not after.ignored.any()


def test_a_reading_that_is_not_new_is_judged_no_second_time() -> None:
    before = Spikes(np.array([22.0]), np.array([1e9]), np.array([85.0]), np.array([True]))
    after = spikes(np.array([85.0]), np.array([False]), np.array([1e9 + 60.0]), np.array([-1]), before)
    assert after.sound_c.tolist() == [22.0]
    assert after.ignored.tolist() == [True]
