"""What is noted of each cycle, reckoned by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.readiness.builders import SUPPLY, a_cycle, after
from twin.readiness.facts import Expected, HallDay, PointFacts


def test_cycles_are_counted_by_day_and_a_repeated_one_is_not() -> None:
    notes = after(*(a_cycle(n) for n in (0, 1, 1, 1439, 1440)))
    assert [(day.date, day.cycles) for day in notes.days] == [("2026-05-19", 3), ("2026-05-20", 1)]


def test_short_cycles_hot_ones_and_the_share_of_good_inlets_are_noted() -> None:
    notes = after(
        a_cycle(0),
        a_cycle(1, missing=("plant/chws_c",)),
        a_cycle(2, worst_inlet_c=29.1, quorum=(("h1", 0.5),)),
        a_cycle(3, quorum=(("h1", float("nan")),)),
    )
    day = notes.days[0]
    assert (day.short, day.hot) == (1, 1)
    assert day.halls["h1"] == HallDay(cycles=4, good_sum=2.5, quorate=2)


def test_a_prediction_is_held_against_the_reading_a_quarter_of_an_hour_later() -> None:
    notes = after(*(a_cycle(n, worst_inlet_c=24.0 + 0.1 * n) for n in range(18)))
    errors = notes.days[0].errors
    # made in minutes 0, 1, 2 as 24.0; read in minutes 15, 16, 17 as 25.5, 25.6, 25.7
    assert errors.inlet_n == 3
    assert errors.inlet_abs_k == pytest.approx(1.5 + 1.6 + 1.7)
    assert errors.inlet_sum_k == pytest.approx(4.8)


def test_a_prediction_says_nothing_when_a_setpoint_moved_or_the_loop_was_away() -> None:
    moved = (PointFacts(SUPPLY, "control", False, 22.5, 0.1),)
    notes = after(a_cycle(0), a_cycle(15, points=moved))
    assert (notes.days[0].errors.inlet_n, notes.days[0].errors.moved) == (0, 1)
    notes = after(a_cycle(0), a_cycle(17))
    assert (notes.days[0].errors.inlet_n, notes.days[0].errors.moved) == (0, 0)


def test_nothing_is_predicted_by_a_twin_that_cannot_see() -> None:
    notes = after(a_cycle(0, missing=("h1/it_w",)), a_cycle(15))
    assert notes.days[0].errors.inlet_n == 0
    notes = after(a_cycle(0, expected=Expected(float("nan"), float("nan"))), a_cycle(15))
    assert notes.days[0].errors.inlet_n == 0


def test_power_is_compared_by_whole_hours() -> None:
    # predictions say 1000 W; the second hour reads 1020 W in its first half and 1060 W in its second: 40 W in the mean
    def read_w(n: int) -> float:
        return 1000.0 if n < 60 else 1020.0 if n < 90 else 1060.0

    notes = after(*(a_cycle(n, facility_w=read_w(n)) for n in range(121)))
    errors = notes.days[0].errors
    # the first hour has 45 of 60 predictions, three quarters: it counts, and it was right
    assert errors.hours == 2
    assert errors.hour_error2_w2 == pytest.approx(40.0**2)
    assert errors.hour_read_w == pytest.approx(1000.0 + 1040.0)


def test_other_files_begin_a_day_of_their_own_and_old_predictions_are_dropped() -> None:
    notes = after(*(a_cycle(n) for n in range(15)), *(a_cycle(n, basis="other") for n in range(15, 30)))
    assert [(day.basis, day.cycles, day.errors.inlet_n) for day in notes.days] == [
        ("limits-plant", 15, 0),
        ("other", 15, 0),
    ]


def advised(nth: int, setpoint: float, advice: tuple[float, float] | None = None) -> object:
    return a_cycle(nth, points=(PointFacts(SUPPLY, "advise", False, setpoint, 0.1, advice),))


@pytest.mark.parametrize(
    ("at_min", "goes_to", "followed"),
    [(30, 23.0, 1), (30, 22.5, 1), (30, 22.4, 0), (30, 21.0, 0), (61, 23.0, 0)],
)
def test_advice_is_taken_when_the_plant_goes_half_the_way_within_an_hour(
    at_min: int, goes_to: float, followed: int
) -> None:
    notes = after(advised(0, 22.0, (22.0, 23.0)), advised(at_min, goes_to))  # type: ignore[arg-type]
    point = notes.days[0].points[SUPPLY]
    assert (point.advised, point.followed) == (1, followed)


def test_a_slow_change_advised_in_steps_is_one_advice() -> None:
    steps = [advised(n, 22.0, (22.0, 22.1 + 0.1 * n)) for n in range(10)]
    notes = after(*steps)  # type: ignore[arg-type]
    assert notes.days[0].points[SUPPLY].advised == 1
    assert notes.advice[SUPPLY].wanted == pytest.approx(23.0)
    notes = after(advised(20, 22.6), notes=notes)  # type: ignore[arg-type]
    assert notes.days[0].points[SUPPLY].followed == 1


def test_answers_and_modes_add_up() -> None:
    held = (PointFacts(SUPPLY, "control", True, 22.0, 0.1),)
    notes = after(a_cycle(0, answers=(3, 1, 0)), a_cycle(1, answers=(2, 0, 1), points=held))
    assert notes.days[0].answers == (5, 1, 1)
    assert notes.days[0].points[SUPPLY].modes == {"shadow": 1, "control": 1}
    assert (notes.days[0].points[SUPPLY].held, notes.modes) == (1, {SUPPLY: "control"})


def test_the_same_cycles_give_the_same_notes() -> None:
    cycles = [a_cycle(n, worst_inlet_c=24.0 + 0.01 * n) for n in range(50)]
    assert after(*cycles) == after(*cycles)
    assert replace(after(*cycles), newest_ns=0) != after(*cycles)


def test_a_clock_that_was_ahead_for_a_moment_costs_its_own_cycles_and_no_more() -> None:
    year = 365 * 1440
    notes = after(*(a_cycle(n) for n in range(10)), a_cycle(year), *(a_cycle(n) for n in range(11, 40)))
    assert [(day.date, day.cycles) for day in notes.days] == [
        ("2026-05-19", 10),
        ("2027-05-19", 1),
        ("2026-05-19", 29),
    ]
    # the ten before the leap were never due; of those after it, the ones of minutes 11 to 24 came due by 39
    assert [day.errors.inlet_n for day in notes.days] == [0, 0, 14]
    assert len(notes.due) == 15  # and nothing waits for next year
