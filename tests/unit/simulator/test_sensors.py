"""Between truth and reading: seeded, repeatable, within what such a sensor does, and exact where nothing is sensed."""

from __future__ import annotations

import numpy as np
import pytest

from twin.simulator.sensors import CLOCK_SKEW_S, DROPOUT_FRAC, EXACT, Sensors, class_of, clock_skew_ns

NOW_NS = 1_779_148_800 * 10**9
INLETS = [f"h1-r{n:03d}/inlet_c" for n in range(1, 401)]


def test_a_reading_depends_on_the_instant_not_on_how_often_one_asked() -> None:
    once, often = Sensors(INLETS, 7), Sensors(INLETS, 7)
    truth = np.full(400, 24.0)
    for k in range(5):
        often.read(truth, NOW_NS - k)
    np.testing.assert_array_equal(once.read(truth, NOW_NS), often.read(truth, NOW_NS))
    assert not np.array_equal(once.read(truth, NOW_NS), once.read(truth, NOW_NS + 1), equal_nan=True)


def test_another_seed_is_another_set_of_sensors() -> None:
    assert not np.array_equal(Sensors(INLETS, 1).bias, Sensors(INLETS, 2).bias)
    np.testing.assert_array_equal(Sensors(INLETS, 1).bias, Sensors(INLETS, 1).bias)


def test_an_air_sensor_is_off_by_no_more_than_its_kind_is() -> None:
    sensors = Sensors(INLETS, 7, dropout_frac=0.0)
    error_k = sensors.read(np.full(400, 24.0), NOW_NS) - 24.0
    assert np.abs(sensors.bias).max() <= 0.6  # two standard deviations
    assert 0.2 < error_k.std() < 0.45  # bias 0.3 and noise 0.1 together
    assert np.abs(error_k).max() < 1.2


def test_the_bias_stays_and_the_noise_does_not() -> None:
    sensors = Sensors(INLETS, 7, dropout_frac=0.0)
    mean = np.mean([sensors.read(np.full(400, 24.0), NOW_NS + k) for k in range(200)], axis=0)
    np.testing.assert_allclose(mean - 24.0, sensors.bias, atol=0.04)


def test_readings_come_in_steps_of_the_sensors_resolution() -> None:
    seen = Sensors(INLETS, 7, dropout_frac=0.0).read(np.full(400, 24.0), NOW_NS)
    np.testing.assert_allclose(seen * 10, np.round(seen * 10), atol=1e-9)


def test_now_and_then_a_sensor_does_not_answer() -> None:
    sensors = Sensors(INLETS, 7)
    silent = np.mean([np.isnan(sensors.read(np.full(400, 24.0), NOW_NS + k)) for k in range(100)])
    assert silent == pytest.approx(DROPOUT_FRAC, rel=0.2)


def test_what_a_controller_says_of_itself_is_exact_and_always_there() -> None:
    names = ["h1/supply_air_sp_c", "h1/supply_air_held", "h1-crah-01/running", "ups-a/mode", "ups-a/on_generator"]
    sensors = Sensors(names, 7, dropout_frac=1.0)
    truth = np.array([22.3, 1.0, 1.0, 0.0, 1.0])
    np.testing.assert_array_equal(sensors.read(truth, NOW_NS), truth)
    assert all(class_of(name) is EXACT for name in names)


def test_shares_stay_between_nothing_and_all_and_powers_do_not_go_negative() -> None:
    names = ["h1-crah-01/fan_frac", "ups-a/battery_frac"] * 100 + ["h1-r001/power_w"] * 100
    seen = Sensors(names, 7, dropout_frac=0.0).read(np.concatenate([np.tile([0.0, 1.0], 100), np.zeros(100)]), NOW_NS)
    assert seen[:200].min() >= 0.0
    assert seen[:200].max() <= 1.0
    assert seen[200:].min() >= 0.0


def test_the_sites_own_meter_is_better_than_a_rack_meter() -> None:
    assert class_of("meter/facility_w").gain_frac < class_of("h1-r001/power_w").gain_frac


def test_what_is_not_true_anywhere_is_not_read() -> None:
    assert np.isnan(Sensors(["h1-r001/inlet_c"], 7).read(np.array([np.nan]), NOW_NS)).all()


def test_clocks_are_off_by_a_little_and_in_lock_step_never_ahead() -> None:
    assets = [f"r{n}" for n in range(200)]
    either, behind = clock_skew_ns(assets, 7, never_ahead=False), clock_skew_ns(assets, 7, never_ahead=True)
    assert max(either.values()) > 0 > min(either.values())
    assert max(abs(skew) for skew in either.values()) <= CLOCK_SKEW_S * 1e9
    assert max(behind.values()) <= 0
    assert all(skew % 1_000_000 == 0 for skew in behind.values())  # whole milliseconds, as gateways stamp
    assert behind == clock_skew_ns(assets, 7, never_ahead=True)
