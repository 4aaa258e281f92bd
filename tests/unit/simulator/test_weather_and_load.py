"""The built-in climates and load: the shape of a day, a year and a week, the same for everyone who asks."""

from __future__ import annotations

import numpy as np
import pytest

from twin.domain.arrays import Floats
from twin.domain.timestamps import ns_of_iso
from twin.simulator.load import ShapedLoad, SteadyLoad
from twin.simulator.weather import CLIMATES, ShapedWeather

HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
JANUARY_NS, JULY_NS = ns_of_iso("2026-01-15T00:00:00Z"), ns_of_iso("2026-07-20T00:00:00Z")
MONDAY_NS = ns_of_iso("2026-05-18T00:00:00Z")


def a_climate(name: str, *, utc_offset_h: float = 0.0, seed: int = 7) -> ShapedWeather:
    return ShapedWeather(name, altitude_m=0.0, utc_offset_h=utc_offset_h, seed=seed)


def dry_c(weather: ShapedWeather, start_ns: int, hours: int) -> Floats:
    return np.array([weather.at(start_ns + n * HOUR_NS).dry_bulb_c for n in range(hours)])


@pytest.mark.parametrize("name", CLIMATES)
def test_outdoor_air_is_always_possible_air(name: str) -> None:
    weather = a_climate(name)
    for n in range(0, 365 * 24, 7):
        air = weather.at(JANUARY_NS + n * HOUR_NS)
        assert air.dew_point_c < air.dry_bulb_c
        assert air.dew_point_c - 0.5 <= air.wet_bulb_c <= air.dry_bulb_c
        assert 0.05 <= air.rh_frac <= 1.0
        assert -35.0 < air.dry_bulb_c < 45.0


def test_summer_is_warmer_than_winter_and_climates_differ_as_they_are_called() -> None:
    means = {
        name: [dry_c(a_climate(name), start_ns, 240).mean() for start_ns in (JANUARY_NS, JULY_NS)] for name in CLIMATES
    }
    assert all(july > january for january, july in means.values())
    assert means["hot-humid"][1] > means["temperate"][1]
    assert means["cold-dry"][0] < means["temperate"][0]


@pytest.mark.parametrize("utc_offset_h", [0.0, 8.0, -5.0])
def test_the_day_is_warmest_in_the_afternoon_of_its_own_place(utc_offset_h: float) -> None:
    days = dry_c(a_climate("temperate", utc_offset_h=utc_offset_h), JULY_NS, 24 * 106)  # many slow waves
    by_local_hour = np.roll(days.reshape(-1, 24).mean(axis=0), round(utc_offset_h))
    assert int(by_local_hour.argmax()) in {14, 15, 16}


def test_weather_says_that_it_is_no_recording_and_repeats_itself() -> None:
    weather = a_climate("temperate")
    assert weather.at(JULY_NS) == a_climate("temperate").at(JULY_NS)
    assert weather.at(JULY_NS) != a_climate("temperate", seed=8).at(JULY_NS)
    assert "not a recording" in weather.notes[0]


def shares(load: ShapedLoad, start_ns: int, minutes: int, step: int = 1) -> Floats:
    return np.array([load.at(start_ns + n * 60 * 10**9) for n in range(0, minutes, step)])


def test_load_stays_within_what_racks_can_do_and_moves_by_the_day() -> None:
    load = ShapedLoad(2, utc_offset_h=0.0, seed=7, steps=False)
    days = shares(load, MONDAY_NS, 5 * 1440, step=10)
    assert days.shape == (720, 2)
    assert 0.05 <= days.min() < days.max() <= 1.0
    by_hour = days.reshape(5, 24, 6, 2).mean(axis=(0, 2))
    assert np.all(np.abs(by_hour.argmax(axis=0) - 15) <= 2)
    assert np.all(by_hour.max(axis=0) / by_hour.min(axis=0) > 1.15)  # a wave of 12 % either way


def test_weekends_are_quieter() -> None:
    load = ShapedLoad(1, utc_offset_h=0.0, seed=7, steps=False)
    week = shares(load, MONDAY_NS, 7 * 1440, step=10).reshape(7, 144).mean(axis=1)
    assert week[5:].max() < week[:5].min()
    assert week[5:].mean() / week[:5].mean() == pytest.approx(0.92, abs=0.02)


def test_load_depends_on_the_instant_not_on_how_one_gets_there() -> None:
    forward, back = (ShapedLoad(2, utc_offset_h=8.0, seed=7) for _ in range(2))
    asked = [MONDAY_NS + n * HOUR_NS for n in range(72)]
    told = [forward.at(now_ns) for now_ns in asked]
    np.testing.assert_array_equal(told, [back.at(now_ns) for now_ns in reversed(asked)][::-1])


def test_midnight_shows_no_step() -> None:
    load = ShapedLoad(2, utc_offset_h=0.0, seed=7, steps=False)
    around = shares(load, MONDAY_NS + DAY_NS - 30 * 60 * 10**9, 60)
    jumps = np.abs(np.diff(around, axis=0)).max(axis=1)
    assert jumps[29] <= 3.0 * jumps.mean() + 1e-9  # the jump over midnight is like any other


def test_steps_of_load_come_and_go() -> None:
    with_steps, without = (ShapedLoad(2, utc_offset_h=0.0, seed=7, steps=steps) for steps in (True, False))
    ratio = shares(with_steps, MONDAY_NS, 2880) / shares(without, MONDAY_NS, 2880)
    assert np.abs(ratio - 1.0).max() == pytest.approx(0.2, abs=0.02)
    assert np.isclose(ratio, 1.0).mean() > 0.5


def test_a_steady_load_is_steady() -> None:
    load = SteadyLoad(np.array([0.7, 0.5]))
    np.testing.assert_array_equal(load.at(MONDAY_NS), load.at(JULY_NS))
