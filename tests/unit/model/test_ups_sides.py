"""How long the batteries of the UPS last, and whether its sides can do without each other."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.support.facilities import reference_facility
from twin.model.ups_sides import battery_s, short_side

SIDES = reference_facility().power.ups  # two of 2 MW, ten minutes at full load each
FULL = np.ones(2)


def test_at_full_load_of_all_sides_a_battery_lasts_as_long_as_it_is_rated() -> None:
    assert battery_s(SIDES, FULL, 4e6) == pytest.approx(600.0)


def test_at_half_load_it_lasts_twice_as_long_with_the_converters_own_loss_of_that_load() -> None:
    # (1 + 0.0085 + 0.0085 + 0.0175) over (0.5 + 0.0085 + 0.00425 + 0.004375), times 600 s
    assert battery_s(SIDES, FULL, 2e6) == pytest.approx(1200.3, abs=0.1)


def test_half_a_charge_lasts_half_as_long() -> None:
    assert battery_s(SIDES, 0.5 * FULL, 4e6) == pytest.approx(300.0)


def test_a_side_whose_charge_is_unknown_is_an_empty_one_and_the_other_carries_all() -> None:
    assert battery_s(SIDES, np.array([math.nan, 1.0]), 2e6) == pytest.approx(600.0)
    assert battery_s(SIDES, np.array([math.nan, 1.0]), 2.1e6) == 0.0  # it cannot
    assert battery_s(SIDES, np.full(2, math.nan), 1e6) == 0.0
    assert battery_s(SIDES, FULL, math.nan) == 0.0


def test_when_one_side_is_empty_the_other_takes_its_share() -> None:
    shared_s = battery_s(SIDES, np.array([0.5, 0.5]), 1e6)
    uneven_s = battery_s(SIDES, np.array([0.25, 0.75]), 1e6)
    assert uneven_s == pytest.approx(shared_s, rel=0.03)
    overloaded_s = battery_s(SIDES, np.array([0.25, 0.75]), 3e6)
    assert overloaded_s == pytest.approx(battery_s(SIDES, np.array([0.25, 0.25]), 3e6))  # then the load is dropped


def test_each_side_of_a_pair_must_carry_the_whole_load() -> None:
    assert short_side(SIDES, 2.0e6) == -1
    assert short_side(SIDES, 2.01e6) == 0
    small = (SIDES[0], replace(SIDES[1], modules=5))
    assert short_side(small, 1.5e6) == 0  # without the first the smaller one is alone
    assert short_side(SIDES[:1], 1e9) == -1  # nothing to lose


def test_of_three_sides_any_two_must_carry_it() -> None:
    three = (*SIDES, replace(SIDES[0], id="ups-c"))
    assert short_side(three, 4.0e6) == -1
    assert short_side(three, 4.1e6) == 0
