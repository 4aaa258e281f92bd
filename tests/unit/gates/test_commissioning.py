"""Commissioning: a point that is something else than the site file says is named, and counts for nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.gates.builders import INLET, POINTS, POWER, SUPPLY, Lie, Room, a_room
from twin.domain.findings import SensorFault
from twin.domain.points import Quality

AT = POINTS.index(INLET)
HOUR = 60


def outlet(minute: int, honest: float) -> float:
    """What its own rack blows out: it rises with the rack's power, which wanders by some per cent."""
    return honest + 11.0 * power(minute, 5e3) / 5e3


def power(minute: int, honest: float) -> float:
    return honest * (1.0 + 0.03 * float(np.sin(minute / 7.0)))


LIES: dict[str, Lie] = {
    "degF read as degC": lambda _minute, honest: honest * 1.8 + 32.0,
    "a tenth": lambda _minute, honest: honest / 10.0,
    "ten times": lambda _minute, honest: honest * 10.0,
    "kelvin": lambda _minute, honest: honest + 273.15,
    "a water temperature": lambda _minute, honest: honest - 10.0,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_wrong_from_the_first_reading_on_is_bad_within_the_hour(lie: Lie) -> None:
    room = Room().lying(lie)
    found = room.minutes_until(SensorFault.COMMISSIONING, within=HOUR)
    assert found is not None
    believed = room.step()
    assert believed.quality[AT] == Quality.BAD
    assert np.isnan(believed.value[AT])
    assert "another quantity or unit" in room.findings[0].words


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_wrong_from_some_day_on_is_replaced_at_once_and_named_within_the_hour(lie: Lie) -> None:
    room = a_room().lying(lie)
    believed = room.step(3)  # the first is a spike
    assert believed.value[AT] == pytest.approx(21.0 + 0.15 * 7, abs=0.3)
    assert room.minutes_until(SensorFault.COMMISSIONING, within=HOUR) is not None
    assert room.step().value[AT] == pytest.approx(21.0 + 0.15 * 7, abs=0.3)


def test_an_outlet_in_place_of_an_inlet_is_found_by_its_racks_power() -> None:
    room = Room().lying(outlet).lying(power, POWER)
    assert room.minutes_until(SensorFault.COMMISSIONING, within=HOUR) is not None
    assert room.step().quality[AT] == Quality.BAD


def test_until_it_is_found_an_outlet_counts_as_a_hot_inlet() -> None:
    room = Room().lying(outlet).lying(power, POWER)
    assert room.step(20).value[AT] > 30.0


def test_a_hot_inlet_that_does_not_follow_its_power_stays_hot() -> None:
    room = a_room().lying(lambda _minute, honest: honest + 10.0).lying(power, POWER)
    believed = room.step(2 * HOUR)
    assert room.fault_of() is SensorFault.BIAS
    assert believed.value[AT] > 31.0


def test_a_rack_that_breathes_its_own_exhaust_is_hot_and_believed() -> None:
    room = a_room().lying(lambda minute, honest: honest + 8.0 * power(minute, 5e3) / 5e3).lying(power, POWER)
    believed = room.step(2 * HOUR)
    assert room.fault_of() is SensorFault.BIAS
    assert believed.value[AT] > 29.0


def test_a_warm_inlet_not_yet_near_return_air_is_no_outlet() -> None:
    room = Room().lying(lambda minute, honest: honest + 5.5 * power(minute, 5e3) / 5e3).lying(power, POWER)
    room.step(2 * HOUR)
    assert room.fault_of() is None


@pytest.mark.parametrize("learnt", [True, False])
def test_supply_air_that_reads_high_does_not_make_misfits_of_its_inlets(learnt: bool) -> None:
    room = a_room() if learnt else Room()
    room.lying(lambda _minute, honest: honest + 6.0, SUPPLY)
    believed = room.step(2 * HOUR)
    assert {finding.point for finding in room.findings} <= {SUPPLY}
    assert believed.value[AT] == room.value[INLET]


def test_a_hall_that_is_hot_as_a_whole_is_no_hall_of_outlets() -> None:
    room = a_room()
    room.supply_c, room.return_c = 30.0, 35.0
    room.lying(power, POWER).lying(lambda _minute, _honest: 21.0, SUPPLY)
    believed = room.step(2 * HOUR)
    assert believed.value[AT] > 30.0
    assert np.isfinite(believed.value).all()


def test_a_misfit_that_is_put_right_is_learned_anew() -> None:
    room = Room().lying(LIES["a tenth"])
    room.step(HOUR)
    room.lies.clear()
    believed = room.step(3 * HOUR)
    assert room.findings == ()
    assert believed.value[AT] == room.value[INLET]


def test_a_little_below_supply_air_is_possible() -> None:
    room = Room().lying(lambda _minute, honest: honest - 3.5)  # 2.5 K below supply air
    room.step(2 * HOUR)
    assert room.findings == ()
