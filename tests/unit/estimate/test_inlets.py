"""Rack inlets: one filter for each rack, the worst of them, and how far that may be believed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.estimate.inlets import FIRST_SD_K, LEAST_SD_K, OFFSET_TAU_S, Inlets, doubted_sd_k, track

NAN = math.nan


def tracked(
    inlet_c: list[float],
    before_k: list[float],
    *,
    supply_c: float = 22.0,
    variance_k2: float = -1.0,
    dt_s: float = 60.0,
) -> tuple[Inlets, float]:
    return track(np.array(inlet_c), supply_c, np.array(before_k), variance_k2, dt_s)


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


def test_a_leap_counts_at_once_for_the_gates_have_left_out_what_is_none() -> None:
    inlets, _ = tracked([29.0, 23.0], [2.0, 1.0])
    assert inlets.worst_c == 29.0


def test_a_silent_rack_keeps_its_filter_and_still_counts() -> None:
    inlets, _ = tracked([23.0, NAN], [1.0, 4.0])
    assert inlets.offsets_k[1] == 4.0
    assert inlets.offset_k == 4.0
    assert inlets.worst_c == 26.0


def test_a_silent_rack_moves_with_the_middle_of_its_neighbours() -> None:
    warmer, _ = tracked([25.0, 25.5, 26.0, NAN], [1.0, 1.5, 2.0, 4.0])
    assert warmer.worst_c == 28.0  # 22 + 4, and 2 as the others
    cooler, _ = tracked([22.5, 23.0, 23.5, NAN], [1.0, 1.5, 2.0, 4.0])
    assert cooler.worst_c == 26.0  # a fall counts only as fast as the filter
    assert warmer.offsets_k[3] > 4.0 > cooler.offsets_k[3]


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


@pytest.mark.parametrize(("good_frac", "more_k"), [(1.0, 0.0), (0.98, 0.0), (0.89, 0.3), (0.8, 0.6), (0.0, 0.6)])
def test_doubt_grows_with_the_share_of_doubtful_inlets_up_to_a_kelvin_of_margin(
    good_frac: float, more_k: float
) -> None:
    assert doubted_sd_k(good_frac) == pytest.approx(more_k)
    assert 1.645 * doubted_sd_k(good_frac) < 1.0
