"""Missing: named after its own patience, and never judged by a value that is old."""

from __future__ import annotations

import numpy as np

from tests.unit.gates.builders import INLET, POINTS, T0_NS, Room, a_room
from twin.domain.clock import NS_PER_S
from twin.domain.findings import SensorFault
from twin.domain.points import Quality
from twin.gates.silence import lost, silent

AT = POINTS.index(INLET)


def test_a_sensor_that_falls_silent_is_found_after_three_of_its_periods() -> None:
    room = a_room().lying(lambda _minute, _honest: None)
    room.step(3)
    assert room.fault_of() is None  # as old as its patience, and no older
    room.step()
    (finding,) = room.findings
    assert (finding.point, finding.fault) == (INLET, SensorFault.MISSING)
    assert finding.words == "nothing came for 240 s"
    assert finding.since_ns == T0_NS + room.minute * 60 * NS_PER_S


def test_since_when_it_is_missing_stays_while_it_is() -> None:
    room = a_room().lying(lambda _minute, _honest: None)
    room.step(4)
    since_ns = room.findings[0].since_ns
    room.step(30)
    assert room.findings[0].since_ns == since_ns


def test_it_is_over_when_the_sensor_speaks_again() -> None:
    room = a_room().lying(lambda _minute, _honest: None)
    room.step(10)
    room.lies.clear()
    room.step()
    assert room.findings == ()


def test_what_never_spoke_is_missing_once_its_patience_is_over() -> None:
    room = Room().lying(lambda _minute, _honest: None)
    room.step(4)
    assert room.fault_of() is None
    room.step()
    assert room.findings[0].words == "never came, for 240 s now"


def test_what_is_refused_has_a_name_of_its_own() -> None:
    quality = np.array([Quality.GOOD, Quality.STALE, Quality.MISSING, Quality.BAD, Quality.BAD], dtype=np.uint8)
    age_s = np.array([0.0, 200.0, np.inf, 200.0, np.inf])
    missing, refused = silent(quality, age_s, np.array([0.0, 9.0, 9.0, 9.0, 9.0]), np.full(5, 180.0))
    assert missing.tolist() == [False, True, False, False, False]
    assert refused.tolist() == [False, False, False, True, False]  # the last one only just failed its first time


def test_time_without_a_reading_adds_up_and_ends_with_one() -> None:
    assert lost(np.array([60.0, 60.0]), np.array([True, False]), 60.0).tolist() == [0.0, 120.0]


def test_the_quality_of_a_silent_sensor_is_the_mirrors() -> None:
    room = a_room().lying(lambda _minute, _honest: None)
    assert room.step(10).quality[AT] == Quality.STALE
