"""The whole of it: memory survives its bytes, other points begin anew, and the same in gives the same out."""

from __future__ import annotations

import copy

import msgspec
import numpy as np
import pytest

from controllers.storage import from_dict, to_dict
from tests.unit.gates.builders import GATES, INLET, NAMES, POINTS, a_point, a_room, shifted
from twin.domain.findings import SensorFault
from twin.domain.points import PointTable, Quality
from twin.gates.judge import judge
from twin.gates.memory import GateMemory


def test_the_same_in_gives_the_same_out_to_the_bit() -> None:
    room = a_room().lying(shifted(-2.0))
    room.step(10)
    one, after_one, found_one = judge(GATES, room.snapshot(), room.memory)
    two, after_two, found_two = judge(GATES, room.snapshot(), room.memory)
    assert one.value.tobytes() == two.value.tobytes()
    assert after_one == after_two
    assert found_one == found_two


def test_memory_survives_as_bytes_and_as_a_dictionary() -> None:
    memory = a_room().memory
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=GateMemory) == memory
    assert from_dict(GateMemory, msgspec.json.decode(msgspec.json.encode(to_dict(memory)))) == memory


def test_from_stored_memory_it_goes_on_as_if_it_had_never_stopped() -> None:
    room = a_room().lying(shifted(-2.0))
    room.step(3)
    again = copy.deepcopy(room)
    again.memory = msgspec.msgpack.decode(msgspec.msgpack.encode(room.memory), type=GateMemory)
    assert room.step(30).value.tobytes() == again.step(30).value.tobytes()
    assert room.findings == again.findings


def test_a_snapshot_without_a_memory_begins_to_learn() -> None:
    room = a_room().lying(shifted(-2.0))
    room.step(10)
    room.memory = GateMemory()
    room.step()
    assert room.findings == ()


def test_what_was_learned_of_other_points_is_left_aside() -> None:
    room = a_room().lying(shifted(-2.0))
    room.step(10)
    assert room.fault_of() is SensorFault.BIAS
    renamed = [name.replace("h1-r020", "h1-r021") for name in NAMES]
    other = PointTable(tuple(a_point(i, name) for i, name in enumerate(renamed)))
    room.points = other
    room.value = {name.replace("h1-r020", "h1-r021"): value for name, value in room.value.items()}
    room.read_at = dict.fromkeys(room.value, room.minute)
    room.lies.clear()
    _, memory, found = judge(_gates_of(other), room.snapshot(), room.memory)
    assert found == ()
    assert memory.key != GATES.key


def test_the_snapshot_given_in_stays_as_it_is_and_the_one_that_comes_out_cannot_be_changed() -> None:
    room = a_room().lying(shifted(-3.0))
    room.step(5)
    snapshot = room.snapshot()
    before = snapshot.value.copy()
    believed, _, _ = judge(GATES, snapshot, room.memory)
    assert np.array_equal(snapshot.value, before, equal_nan=True)
    assert believed.value[POINTS.index(INLET)] != before[POINTS.index(INLET)]
    with pytest.raises(ValueError, match="read-only"):
        believed.value[0] = 0.0


def test_a_cycle_without_new_readings_changes_no_verdict() -> None:
    room = a_room().lying(shifted(-2.0))
    room.step(2)
    for _ in range(20):  # cycles run faster than the sensors speak
        believed, room.memory, found = judge(GATES, room.snapshot(), room.memory)
        assert found == ()
        assert believed.quality[POINTS.index(INLET)] == Quality.SUSPECT


def test_findings_stand_in_the_order_of_their_points() -> None:
    room = a_room()
    for n in (17, 3, 11):
        room.lying(shifted(-3.0), f"h1-r{n:03}/inlet_c")
    room.step(10)
    assert [finding.point for finding in room.findings] == [f"h1-r{n:03}/inlet_c" for n in (3, 11, 17)]
    assert all(finding.words.startswith("reads ") and "K below" in finding.words for finding in room.findings)


def _gates_of(points: PointTable):  # type: ignore[no-untyped-def]
    from tests.unit.gates.builders import a_facility
    from twin.gates.known import Gates

    return Gates.of(a_facility(), points)
