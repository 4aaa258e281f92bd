"""Stuck: only where a movement that must have shown did not show, at the sensor's own resolution."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.gates.builders import INLET, POINTS, Room, a_room
from twin.domain.findings import SensorFault
from twin.domain.points import Quality
from twin.gates.stuck import AFTER_S, Stillness, stuck

AT = POINTS.index(INLET)


def frozen_at(value: float):  # type: ignore[no-untyped-def]
    return lambda _minute, _honest: value


def test_a_frozen_sensor_is_found_within_fifteen_minutes_of_movement() -> None:
    room = a_room()
    room.lying(frozen_at(room.value[INLET]))
    for minute in range(1, 16):
        room.supply_c += 0.05
        believed = room.step()
        assert room.fault_of() in (None, SensorFault.STUCK, SensorFault.BIAS, SensorFault.DRIFT), minute
    room.supply_c += 0.05
    believed = room.step()
    assert room.fault_of() is SensorFault.STUCK
    assert believed.quality[AT] == Quality.SUSPECT
    assert believed.value[AT] == pytest.approx(room.supply_c + 0.15 * 7, abs=0.2)  # where it must be


def test_one_that_froze_before_the_room_moved_is_found_as_soon_as_it_must_have_shown() -> None:
    room = a_room()
    room.lying(frozen_at(room.value[INLET]))
    room.step(120)
    assert room.findings == ()  # nothing moved: nothing is known, and nothing is wrong
    room.supply_c += 0.6
    assert room.minutes_until(SensorFault.STUCK, within=3) is not None


def test_in_a_steady_room_no_coarse_sensor_is_called_stuck() -> None:
    room = Room(resolution_k=1.0, noise_k=0.05)
    room.step(60)
    room.step(300)
    assert room.findings == ()


@pytest.mark.parametrize("moves_k", [0.3, 0.6, -0.6])
def test_a_coarse_sensor_may_sleep_through_what_it_cannot_show(moves_k: float) -> None:
    room = Room(resolution_k=1.0, noise_k=0.02)
    room.step(60)
    for _ in range(60):
        room.supply_c += moves_k / 60.0
        room.step()
    room.step(60)
    assert SensorFault.STUCK not in {finding.fault for finding in room.findings}


def test_a_coarse_sensor_that_sleeps_through_two_kelvin_is_stuck() -> None:
    room = Room(resolution_k=1.0, noise_k=0.02)
    room.step(60)
    room.lying(frozen_at(room.value[INLET]))
    for _ in range(20):
        room.supply_c -= 0.1
        room.step()
    assert room.fault_of() is SensorFault.STUCK


def test_high_or_low_a_stuck_reading_has_no_weight() -> None:
    room = a_room()
    room.lying(frozen_at(room.value[INLET]))
    for _ in range(20):
        room.supply_c -= 0.05  # it now reads too high
        believed = room.step()
    assert room.fault_of() is SensorFault.STUCK
    assert believed.value[AT] < room.value[INLET] - 0.5


def test_it_is_over_when_the_sensor_moves() -> None:
    room = a_room()
    room.lying(frozen_at(room.value[INLET]))
    for _ in range(18):
        room.supply_c += 0.05
        room.step()
    room.lies.clear()
    room.step(12)
    assert room.findings == ()


def test_shown_for_too_short_a_time_is_not_stuck() -> None:
    still = Stillness(*(np.array([[value]]) for value in (22.0, AFTER_S - 1.0, 22.0, 24.0, 0.1)))
    assert not stuck(still, np.array([20])).any()
    long = Stillness(*(np.array([[value]]) for value in (22.0, AFTER_S, 22.0, 24.0, 0.1)))
    assert stuck(long, np.array([20])).all()
