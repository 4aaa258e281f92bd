"""Rainflow counting, against the example worked in the standard and by what counting must not change."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from twin.model.rainflow import Cycle, rainflow, reversals


def counts_by_depth(cycles: list[Cycle]) -> dict[float, float]:
    counts: dict[float, float] = defaultdict(float)
    for cycle in cycles:
        counts[cycle.depth] += cycle.count
    return dict(counts)


def test_the_worked_example_of_the_standard() -> None:
    history = [-2.0, 1.0, -3.0, 5.0, -1.0, 3.0, -4.0, 4.0, -2.0]
    assert counts_by_depth(rainflow(history)) == {3.0: 0.5, 4.0: 1.5, 6.0: 0.5, 8.0: 1.0, 9.0: 0.5}
    assert [(cycle.depth, cycle.mean, cycle.count) for cycle in rainflow(history)] == [
        (3.0, -0.5, 0.5),
        (4.0, -1.0, 0.5),
        (4.0, 1.0, 1.0),
        (8.0, 1.0, 0.5),
        (9.0, 0.5, 0.5),
        (8.0, 0.0, 0.5),
        (6.0, 1.0, 0.5),
    ]


def test_a_small_dip_inside_a_large_swing_is_one_whole_cycle_of_its_own() -> None:
    assert rainflow([0.2, 0.6, 0.5, 0.9]) == [
        Cycle(pytest.approx(0.1), pytest.approx(0.55), 1.0),
        Cycle(pytest.approx(0.7), pytest.approx(0.55), 0.5),
    ]


def test_a_day_of_charge_and_discharge_is_one_cycle_in_two_halves() -> None:
    assert [(c.depth, c.mean, c.count) for c in rainflow([0.9, 0.3, 0.9])] == [
        (pytest.approx(0.6), pytest.approx(0.6), 0.5)
    ] * 2


def test_samples_between_the_turns_and_missing_ones_change_nothing() -> None:
    turns = [0.9, 0.3, 0.7, 0.5, 0.95]
    dense = [0.9, 0.6, 0.3, 0.3, math.nan, 0.5, 0.7, 0.7, 0.6, 0.5, math.nan, 0.8, 0.95, 0.95]
    assert reversals(dense) == turns
    assert rainflow(dense) == rainflow(turns)


@pytest.mark.parametrize("history", [[], [0.5], [0.5, 0.5, 0.5], [math.nan, 0.4]])
def test_a_history_without_a_swing_has_no_cycle(history: list[float]) -> None:
    assert rainflow(history) == []


def test_no_swing_is_lost_nor_counted_twice() -> None:
    chance = np.random.default_rng(7)
    for _ in range(50):
        history = [float(x) for x in chance.uniform(0.0, 1.0, 200)]
        turns = reversals(history)
        travelled = sum(abs(b - a) for a, b in pairwise(turns))
        counted = sum(2.0 * cycle.count * cycle.depth for cycle in rainflow(history))
        assert counted == pytest.approx(travelled, rel=1e-12)
        assert max(cycle.depth for cycle in rainflow(history)) == pytest.approx(max(history) - min(history))
