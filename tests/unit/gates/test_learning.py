"""What an inlet is like when nothing is wrong: learned in half an hour, and then slower than any drift."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.gates.builders import GATES, INLET, Room, a_room, shifted
from twin.gates.learning import FIRST_SAMPLES, LEAST_SPREAD_K, MOST_SPREAD_K, Learned

PLACE = tuple(np.argwhere(GATES.inlet == GATES.points.index(INLET))[0].tolist())


def learned(room: Room) -> Learned:
    return room.memory.kept(Learned, "learned", GATES.inlet.shape)


def test_after_half_an_hour_it_knows_its_offset() -> None:
    room = Room()
    room.step(FIRST_SAMPLES - 1)
    assert not learned(room).done[PLACE]
    room.step()
    assert learned(room).done[PLACE]
    assert learned(room).offset_k[PLACE] == pytest.approx(0.15 * 7, abs=0.06)


def test_from_then_on_it_follows_by_no_more_than_a_fiftieth_of_a_kelvin_an_hour() -> None:
    room = a_room(minutes=60)
    before_k = learned(room).offset_k[PLACE]
    room.lying(shifted(0.6))
    room.step(5 * 60)
    gained_k = learned(room).offset_k[PLACE] - before_k
    assert 0.05 < gained_k <= 0.11


def test_a_low_reading_teaches_nothing() -> None:
    room = a_room(minutes=60).lying(shifted(-0.6))
    room.step(15)
    before = learned(room)
    room.step(120)
    assert learned(room).offset_k[PLACE] == pytest.approx(before.offset_k[PLACE], abs=0.01)
    assert learned(room).wander_k2[PLACE] == pytest.approx(before.wander_k2[PLACE], abs=0.001)


def test_a_silent_sensor_is_remembered_as_it_was() -> None:
    room = a_room(minutes=60)
    before_k = learned(room).offset_k[PLACE]
    room.lying(lambda _minute, _honest: None)
    room.step(120)
    assert learned(room).offset_k[PLACE] == before_k


def test_what_counts_as_spread_has_bounds() -> None:
    columns = [np.array([value]) for value in (0.0, 0.0, 99.0)]
    assert Learned(*columns, np.array([1e-9]), np.array([0.01])).spread_k.tolist() == [pytest.approx(LEAST_SPREAD_K)]
    assert Learned(*columns, np.array([9.0]), np.array([0.01])).spread_k.tolist() == [pytest.approx(MOST_SPREAD_K)]
