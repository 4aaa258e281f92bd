"""Noise: five times the usual is found within ten minutes and filtered; a little more than usual is not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.gates.builders import INLET, POINTS, Lie, a_room, shifted
from twin.domain.findings import SensorFault
from twin.domain.points import Quality
from twin.gates.noise import Noise, usual_of

AT = POINTS.index(INLET)
LEARNT_NOISE = 90


def noisy(sd_k: float, seed: int) -> Lie:
    return lambda minute, honest: honest + sd_k * float(np.random.default_rng([seed, minute]).standard_normal())


def test_five_times_the_noise_is_found_within_ten_minutes_nine_times_in_ten() -> None:
    found = [
        a_room(minutes=LEARNT_NOISE).lying(noisy(0.4, seed)).minutes_until(SensorFault.NOISE, within=20)
        for seed in range(40)
    ]
    assert None not in found
    assert sum(minutes <= 10 for minutes in found if minutes) >= 36


@pytest.mark.parametrize("seed", range(5))
def test_a_quarter_more_noise_is_no_finding(seed: int) -> None:
    room = a_room(minutes=LEARNT_NOISE).lying(noisy(0.06, seed))
    for _ in range(300):
        room.step()
        assert room.fault_of() is None


def test_a_noisy_reading_is_filtered_and_never_below_what_is_expected() -> None:
    room = a_room(minutes=LEARNT_NOISE).lying(noisy(0.6, 3))
    room.step(15)
    assert room.fault_of() is SensorFault.NOISE
    honest_c = room.supply_c + 0.15 * 7
    values = []
    for _ in range(60):
        believed = room.step()
        values.append(believed.value[AT])
        if room.fault_of() is SensorFault.NOISE:
            assert believed.quality[AT] == Quality.SUSPECT
    assert min(values) > honest_c - 0.3
    assert np.std(values) < 0.6


def test_one_step_of_a_sensor_is_no_noise() -> None:
    room = a_room(minutes=LEARNT_NOISE).lying(shifted(-4.0))
    for _ in range(30):
        room.step()
        assert room.fault_of() is not SensorFault.NOISE


@pytest.mark.parametrize("to_k", [0.6, 1.0, 2.5, 4.5, -4.5])
def test_one_spike_is_no_noise(to_k: float) -> None:
    room = a_room(minutes=LEARNT_NOISE)
    at = room.minute + 1
    room.lying(lambda minute, honest: honest + to_k * (minute == at))
    for _ in range(30):
        room.step()
        assert room.fault_of() is not SensorFault.NOISE


def test_a_drift_is_no_noise() -> None:
    room = a_room(minutes=LEARNT_NOISE).lying(lambda minute, honest: honest + 0.1 * (minute - LEARNT_NOISE))
    for _ in range(40):
        room.step()
        assert room.fault_of() is not SensorFault.NOISE


def test_a_sensor_that_has_shown_little_is_measured_by_its_hall() -> None:
    quiet, n = np.full((1, 9), 0.01), np.full((1, 9), 300.0)
    nothing, never = np.full((1, 9), np.nan), np.zeros((1, 9), dtype=np.bool_)
    quiet[0, 4], n[0, 4] = 0.001, 10.0
    young = Noise(quiet, quiet, n, never, nothing, nothing, nothing, nothing, nothing)
    assert usual_of(young)[0, 4] == pytest.approx(0.001 + 0.009 * 30.0 / 40.0)
    n[0, 4] = 3000.0
    assert usual_of(young)[0, 4] == pytest.approx(0.001, rel=0.1)


def test_it_is_over_when_the_noise_is() -> None:
    room = a_room(minutes=LEARNT_NOISE).lying(noisy(0.5, 1))
    room.step(20)
    room.lies.clear()
    room.step(20)
    assert room.findings == ()
