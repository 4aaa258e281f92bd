"""Rack inlets: one filter for each rack, the worst of them, and how far that may be believed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.estimate.inlets import FIRST_SD_K, LEAP_K, LEAST_SD_K, OFFSET_TAU_S, Inlets, track

NAN = math.nan


def tracked(
    inlet_c: list[float],
    before_k: list[float],
    *,
    supply_c: float = 22.0,
    jumped: list[int] | None = None,
    variance_k2: float = -1.0,
    dt_s: float = 60.0,
) -> tuple[Inlets, float]:
    return track(
        np.array(inlet_c), supply_c, np.array(before_k), np.array(jumped or [0] * len(inlet_c)), variance_k2, dt_s
    )


def test_a_first_reading_is_believed_as_it_is() -> None:
    inlets, variance = tracked([23.0, 24.5], [NAN, NAN], dt_s=-1.0)
    assert inlets.offsets_k.tolist() == [1.0, 2.5]
    assert (inlets.worst_c, inlets.offset_k) == (24.5, 2.5)
    assert inlets.sd_k == FIRST_SD_K
    assert variance == pytest.approx(FIRST_SD_K**2)


def test_an_offset_follows_its_readings_with_a_time_constant_of_ten_minutes() -> None:
    inlets, _ = tracked([24.0], [1.0], dt_s=OFFSET_TAU_S)
    assert inlets.offsets_k[0] == pytest.approx(1.0 + (1.0 - math.exp(-1.0)))


def test_two_short_steps_filter_like_one_long_step() -> None:
    long, _ = tracked([24.0], [1.0], dt_s=120.0)
    half, _ = tracked([24.0], [1.0], dt_s=60.0)
    twice, _ = tracked([24.0], half.offsets_k.tolist(), dt_s=60.0)
    assert twice.offsets_k[0] == pytest.approx(long.offsets_k[0])


def test_a_rise_that_is_believed_counts_at_once() -> None:
    inlets, _ = tracked([26.0, 23.0], [2.0, 1.0])
    assert inlets.worst_c == 26.0
    assert inlets.offset_k < 2.2


def test_a_fall_counts_only_as_fast_as_the_filter() -> None:
    inlets, _ = tracked([23.0], [2.0])
    assert inlets.worst_c == pytest.approx(22.0 + inlets.offset_k)
    assert inlets.offset_k > 1.9


def test_a_single_leap_waits_to_be_confirmed() -> None:
    inlets, _ = tracked([22.0 + 2.0 + LEAP_K + 0.1], [2.0])
    assert inlets.jumped.tolist() == [1]
    assert inlets.offsets_k.tolist() == [2.0]
    assert inlets.worst_c == 24.0


def test_a_leap_that_lasts_counts_in_the_second_cycle() -> None:
    inlets, _ = tracked([28.0], [2.0], jumped=[1])
    assert inlets.jumped.tolist() == [0]
    assert inlets.worst_c == 28.0


def test_a_rise_just_short_of_a_leap_is_believed() -> None:
    inlets, _ = tracked([22.0 + 2.0 + LEAP_K - 0.01], [2.0])
    assert inlets.jumped.tolist() == [0]


def test_a_silent_rack_keeps_its_filter_and_still_counts() -> None:
    inlets, _ = tracked([23.0, NAN], [1.0, 4.0])
    assert inlets.offsets_k[1] == 4.0
    assert inlets.offset_k == 4.0
    assert inlets.worst_c == 26.0


def test_losing_the_warmest_sensor_never_lowers_the_worst_inlet() -> None:
    with_it, _ = tracked([23.0, 26.0], [1.0, 4.0])
    without, _ = tracked([23.0, NAN], [1.0, 4.0])
    assert without.worst_c >= with_it.worst_c
    assert without.offset_k >= with_it.offset_k


def test_a_silent_rack_that_was_never_read_does_not_count() -> None:
    inlets, _ = tracked([23.0, NAN], [1.0, NAN])
    assert inlets.worst_c == 23.0


def test_with_no_reading_at_all_nothing_is_known_and_nothing_forgotten() -> None:
    inlets, variance = tracked([NAN, NAN], [1.0, 4.0], variance_k2=0.04)
    assert math.isnan(inlets.worst_c)
    assert math.isnan(inlets.offset_k)
    assert math.isnan(inlets.sd_k)
    assert inlets.offsets_k.tolist() == [1.0, 4.0]
    assert variance == 0.04


def test_without_supply_air_nothing_is_known() -> None:
    inlets, _ = tracked([23.0], [1.0], supply_c=NAN)
    assert math.isnan(inlets.worst_c)


def test_uncertainty_grows_while_the_inlet_differs_from_its_filter() -> None:
    quiet = tracked([24.0], [2.0], variance_k2=0.04)[1]
    restless = tracked([26.5], [2.0], variance_k2=0.04)[1]
    assert quiet < 0.04 < restless


def test_uncertainty_never_falls_below_the_sensors_own() -> None:
    inlets, _ = tracked([24.0], [2.0], variance_k2=1e-9)
    assert inlets.sd_k == LEAST_SD_K


def test_a_silent_rack_is_no_error_of_the_others() -> None:
    variance = tracked([23.0, NAN], [1.0, 4.0], variance_k2=0.04)[1]
    assert variance < 0.04


def test_time_that_stands_still_changes_no_filter() -> None:
    inlets, variance = tracked([24.5], [2.0], variance_k2=0.04, dt_s=0.0)
    assert inlets.offsets_k.tolist() == [2.0]
    assert variance == 0.04
    assert inlets.worst_c == 24.5
