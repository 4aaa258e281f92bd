"""Expected inlets: level and scale of a hall from its neighbours, and no single one of them decides."""

from __future__ import annotations

import numpy as np
import pytest

from twin.domain.arrays import Floats
from twin.gates.neighbours import LEAST_NEIGHBOURS, SCALE_SLACK, Expected, expected, median_of_rows

OFFSETS_K = np.linspace(0.2, 4.0, 20)[None, :]


def of(value_c: Floats, *, load: float = 1.0, trusted: int = 20, supply_c: float = 21.0) -> Expected:
    believed = np.arange(20)[None, :] < trusted
    power_w = np.full((1, 20), 5e3 * load)
    usual_w = np.full((1, 20), 5e3)
    return expected(value_c, believed, OFFSETS_K, (power_w, usual_w), np.array([supply_c]), np.array([0.1]))


def test_in_a_room_as_it_was_learned_every_inlet_is_expected_where_it_is() -> None:
    now = of(21.0 + OFFSETS_K)
    assert now.inlet_c == pytest.approx(21.0 + OFFSETS_K)
    assert now.common_k.tolist() == [pytest.approx(0.0)]


def test_a_room_that_warmed_as_a_whole_is_expected_warmer() -> None:
    now = of(23.0 + OFFSETS_K)
    assert now.inlet_c == pytest.approx(23.0 + OFFSETS_K)
    assert now.common_k.tolist() == [pytest.approx(2.0)]


def test_offsets_shrink_with_the_load_of_the_hall() -> None:
    now = of(21.0 + 0.8 * OFFSETS_K, load=0.7)
    assert now.scale.tolist() == [pytest.approx(0.8, abs=0.02)]
    assert now.inlet_c == pytest.approx(21.0 + 0.8 * OFFSETS_K, abs=0.1)


def test_liars_cannot_shrink_them_further_than_the_load_has_fallen() -> None:
    value_c = 21.0 + OFFSETS_K
    value_c[0, -5:] -= 3.0  # the five hottest read low together
    now = of(value_c)
    assert now.scale[0] >= 1.0 - SCALE_SLACK
    assert now.inlet_c[0, -1] == pytest.approx(25.0, abs=0.25)


def test_one_wild_reading_moves_nobody() -> None:
    value_c = 21.0 + OFFSETS_K
    value_c[0, 3] = -40.0
    assert of(value_c).inlet_c == pytest.approx(21.0 + OFFSETS_K, abs=0.1)


def test_with_too_few_neighbours_supply_air_and_the_last_known_level_speak() -> None:
    now = of(30.0 + OFFSETS_K, trusted=LEAST_NEIGHBOURS - 1)
    assert now.level_c.tolist() == [pytest.approx(21.1)]
    assert now.inlet_c[0, -1] == pytest.approx(21.1 + 4.0, abs=0.2)


def test_without_neighbours_and_supply_air_nothing_is_expected() -> None:
    assert np.isnan(of(30.0 + OFFSETS_K, trusted=0, supply_c=float("nan")).inlet_c).all()


def test_the_median_of_a_row_leaves_out_what_is_missing() -> None:
    rows = np.array([[3.0, 1.0, 2.0], [np.nan, 1.0, 2.0], [np.nan, np.nan, 7.0], [np.nan] * 3])
    median, count = median_of_rows(rows)
    assert median[:3].tolist() == [2.0, 1.5, 7.0]
    assert np.isnan(median[3])
    assert count.tolist() == [3, 2, 1, 0]
