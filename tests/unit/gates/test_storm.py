"""Storm after an outage: when most of a hall comes back at once, none of it is good for five minutes."""

from __future__ import annotations

import numpy as np

from tests.unit.gates.builders import NAMES, POINTS, RACKS, Room, a_room
from twin.domain.findings import SensorFault
from twin.domain.points import Quality

INLETS = [POINTS.index(f"h1-r{n:03}/inlet_c") for n in range(1, RACKS + 1)]


def silence(room: Room, share: float, minutes: int = 10) -> Room:
    for point in NAMES[: round(share * len(NAMES))]:
        room.lying(lambda _minute, _honest: None, point)
    room.step(minutes)
    room.lies.clear()
    return room


def good(room: Room) -> int:
    return int(np.count_nonzero(room.step().quality[INLETS] == Quality.GOOD))


def test_after_an_outage_of_most_points_no_inlet_is_good_for_five_minutes() -> None:
    room = silence(a_room(), 0.6)
    assert [good(room) for _ in range(7)] == [0, 0, 0, 0, 0, RACKS, RACKS]


def test_it_is_named_by_its_hall_while_it_holds() -> None:
    room = silence(a_room(), 0.6)
    room.step()
    (finding,) = room.findings
    assert (finding.point, finding.fault) == ("h1", SensorFault.STORM)
    assert "another 300 s" in finding.words
    room.step(5)
    assert room.findings == ()


def test_fewer_than_half_are_no_storm() -> None:
    room = silence(a_room(), 0.45)
    assert good(room) == RACKS
    assert room.findings == ()


def test_points_that_come_back_over_half_an_hour_are_no_storm() -> None:
    room = a_room()
    for n, point in enumerate(NAMES):
        back_at = room.minute + 10 + n  # one a minute
        room.lying(lambda minute, honest, back_at=back_at: honest if minute >= back_at else None, point)  # type: ignore[misc]
    for _ in range(60):
        room.step()
        assert SensorFault.STORM not in {finding.fault for finding in room.findings}


def test_points_that_come_back_within_four_minutes_are_one() -> None:
    room = a_room()
    for n, point in enumerate(NAMES):
        back_at = room.minute + 10 + n % 4
        room.lying(lambda minute, honest, back_at=back_at: honest if minute >= back_at else None, point)  # type: ignore[misc]
    seen = [room.step() for _ in range(20)]
    held = [bool((snapshot.quality[INLETS] > Quality.GOOD).all()) for snapshot in seen]
    last_back = 12  # index of the minute in which the last ones come
    assert all(held[last_back : last_back + 5])
    assert not held[last_back + 6]


def test_the_first_readings_of_a_site_are_no_storm() -> None:
    room = Room()
    room.step()
    assert room.findings == ()
