"""Bias and drift: found in time; what is low is not believed meanwhile, what is high goes on to count."""

from __future__ import annotations

import pytest

from tests.unit.gates.builders import INLET, LEARNT, POINTS, SUPPLY, Room, a_room, shifted
from twin.domain.findings import SensorFault
from twin.domain.points import Quality

AT, SUPPLY_AT = POINTS.index(INLET), POINTS.index(SUPPLY)


@pytest.mark.parametrize(("by_k", "within_min"), [(-2.0, 30), (2.0, 30), (-4.9, 5), (4.9, 5), (-5.5, 5)])
def test_a_bias_is_found_in_time(by_k: float, within_min: int) -> None:
    found = a_room().lying(shifted(by_k)).minutes_until(SensorFault.BIAS)
    assert found is not None
    assert found <= within_min


@pytest.mark.parametrize("by_k", [-0.6, 0.6])
def test_a_bias_below_the_slack_is_no_finding(by_k: float) -> None:
    room = a_room().lying(shifted(by_k))
    room.step(300)
    assert room.findings == ()


@pytest.mark.parametrize("k_min", [-0.1, 0.1, -0.03, 0.03, -0.1 / 60.0, 0.1 / 60.0])
def test_a_drift_is_found_before_it_is_two_kelvin_off(k_min: float) -> None:
    room = a_room()
    begin = room.minute
    room.lying(lambda minute, honest: honest + k_min * (minute - begin))
    found = room.minutes_until(SensorFault.DRIFT, within=1300)
    assert found is not None
    assert abs(k_min) * found < 2.0


def test_a_low_reading_is_replaced_at_once_and_flagged() -> None:
    room = a_room().lying(shifted(-1.5))
    believed = room.step()
    assert room.findings == ()  # one sample convicts nobody
    assert believed.value[AT] == pytest.approx(room.supply_c + 0.15 * 7, abs=0.2)
    assert believed.quality[AT] == Quality.SUSPECT


def test_a_little_low_for_long_is_not_believed_either() -> None:
    room = a_room().lying(shifted(-0.5))
    room.step(20)
    values = [room.step().value[AT] for _ in range(30)]
    assert min(values) > room.supply_c + 0.15 * 7 - 0.25


def test_a_high_reading_goes_on_to_count_as_high() -> None:
    room = a_room().lying(shifted(2.0))
    room.step(30)
    believed = room.step()
    assert room.fault_of() is SensorFault.BIAS
    assert believed.value[AT] == room.value[INLET]
    assert believed.quality[AT] == Quality.SUSPECT


def test_what_moves_a_whole_hall_is_no_fault_of_a_sensor() -> None:
    room = a_room()
    for _ in range(60):
        room.supply_c += 0.08
        room.step()
    assert room.findings == ()


def test_offsets_that_follow_the_load_of_the_hall_are_no_fault() -> None:
    room = a_room()
    for load in (0.7, 1.2, 0.5, 1.0):
        room.load = load
        room.step(60)
        assert room.findings == ()


def test_a_rack_that_idles_may_be_as_cool_as_the_supply_air() -> None:
    hot, power = "h1-r020/inlet_c", "h1-r020/power_w"  # 3 K above supply air
    room = a_room().lying(lambda _minute, honest: honest - 2.5, hot).lying(lambda _minute, _honest: 300.0, power)
    room.step(120)
    assert room.fault_of(hot) is None


def test_it_is_over_some_minutes_after_the_sensor_is_mended() -> None:
    room = a_room().lying(shifted(-3.0))
    room.step(60)
    room.lies.clear()
    room.step(15)
    assert room.findings == ()
    assert room.step().value[AT] == room.value[INLET]


def test_while_a_sensor_is_doubted_nothing_is_learned_from_it() -> None:
    room = a_room().lying(shifted(-3.0))
    room.step(6 * 60)
    assert room.fault_of() is SensorFault.BIAS


def test_five_of_twenty_that_drift_together_do_not_drag_the_others() -> None:
    room = a_room()
    begin = room.minute
    for n in (3, 8, 12, 17, 20):
        room.lying(lambda minute, honest: honest - 0.1 * (minute - begin), f"h1-r{n:03}/inlet_c")
    believed = room.step(60)
    for n in range(1, 21):
        assert believed.value[POINTS.index(f"h1-r{n:03}/inlet_c")] == pytest.approx(21.0 + 0.15 * n, abs=0.4)
    assert {finding.fault for finding in room.findings} == {SensorFault.DRIFT}
    assert len(room.findings) == 5


def test_supply_air_that_reads_high_is_replaced_by_what_the_inlets_say() -> None:
    room = a_room().lying(shifted(2.0), SUPPLY)
    believed = room.step()
    assert believed.value[SUPPLY_AT] == pytest.approx(21.0, abs=0.2)
    assert room.minutes_until(SensorFault.BIAS, SUPPLY) is not None


def test_supply_air_that_reads_low_stays_for_it_cools() -> None:
    room = a_room().lying(shifted(-2.0), SUPPLY)
    believed = room.step(60)
    assert believed.value[SUPPLY_AT] == room.value[SUPPLY]
    assert room.findings == ()


def test_before_it_has_learned_nothing_is_said_of_bias() -> None:
    room = Room().lying(shifted(-3.0))
    room.step(LEARNT)
    assert room.findings == ()
