"""The readiness report from days made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.readiness.builders import BASIS, SUPPLY, UPS, WATER, a_day, actuators, of_days
from twin.domain.actuators import Mode
from twin.readiness.evaluate import evaluated
from twin.readiness.facts import Day, Errors, HallDay, Notes, PointDay
from twin.readiness.report import Criterion, PointReport, Report
from twin.readiness.site_criteria import Recorded


def reported(notes: Notes, recorded: Recorded | None = None, *, ceiling: Mode = Mode.CONTROL) -> Report:
    return evaluated("demo", BASIS, "limits", actuators(ceiling=ceiling), notes, recorded or Recorded())


def of_point(report: Report, point: str) -> PointReport:
    return next(one for one in report.points if one.point == point)


def named(criteria: tuple[Criterion, ...], name: str) -> Criterion:
    return next(one for one in criteria if one.name == name)


def shadow_days(count: int) -> list[Day]:
    return [a_day(n) for n in range(count)]


def test_a_sound_fortnight_in_shadow_earns_advice_and_no_more() -> None:
    report = reported(of_days(*shadow_days(14)))
    assert report.ready
    assert {(p.stands, p.next, p.earned) for p in report.points} == {(Mode.SHADOW, Mode.ADVISE, Mode.ADVISE)}
    assert all(criterion.met for criterion in report.criteria)
    assert of_point(report, SUPPLY).days == pytest.approx(14.0)
    assert named(report.criteria, "availability").measured == pytest.approx(1.0)
    assert named(report.criteria, "inlet error").measured == pytest.approx(0.2)
    assert named(report.criteria, "inlet bias").measured == pytest.approx(0.05)
    assert named(report.criteria, "power error").measured == pytest.approx(0.0)


def test_a_day_less_is_not_enough_and_the_report_says_how_long() -> None:
    report = reported(of_days(*shadow_days(13)))
    assert not report.ready
    days = of_point(report, SUPPLY).criteria[0]
    assert (days.name, days.measured, days.met, days.todo) == ("days in shadow", 13.0, False, "1.0 days more")


def test_without_notes_nothing_is_met_that_must_be_shown() -> None:
    report = reported(Notes())
    assert not report.ready
    assert {p.earned for p in report.points} == {Mode.SHADOW}
    assert named(report.criteria, "availability").measured is None
    assert named(report.criteria, "inlet error").words.startswith("not measurable")
    assert named(report.criteria, "power error").words.startswith("not measurable")


def test_days_under_other_files_count_for_nothing() -> None:
    report = reported(of_days(*(replace(day, basis="old") for day in shadow_days(14)), a_day(14)))
    assert report.days == pytest.approx(1.0)
    assert of_point(report, SUPPLY).days == pytest.approx(1.0)
    assert not report.ready


BAD = a_day(13)


@pytest.mark.parametrize(
    ("last", "criterion", "measured"),
    [
        # 14 days are 20160 cycles: 202 of them are one per cent and a little
        (replace(BAD, short=202), "availability", 19958 / 20160),
        (replace(BAD, halls={"h1": HallDay(1440, 1440.0, 1238)}), "coverage h1", 19958 / 20160),
        # 13 days with 280 K over 1400 predictions; the sum must pass 0.5 K * 19600 = 9800 K
        (replace(BAD, errors=Errors(1400, 6174.0, 70.0, 24, 0.0, 24_000.0)), "inlet error", 9814 / 19600),
        (replace(BAD, errors=Errors(1400, 280.0, 4984.0, 24, 0.0, 24_000.0)), "inlet bias", 5894 / 19600),
        # 336 hours of 1000 W; one hour that is off by 1000 W gives 1000 / sqrt(336) W
        (replace(BAD, errors=Errors(1400, 280.0, 70.0, 24, 1e6, 24_000.0)), "power error", 336**-0.5),
        (replace(BAD, hot=1), "heat", 1.0),
        (replace(BAD, answers=(98, 1, 1)), "commands", 0.02),
    ],
)
def test_one_bad_day_keeps_everything_down(last: Day, criterion: str, measured: float) -> None:
    report = reported(of_days(*shadow_days(13), last))
    assert [one.name for one in report.criteria if not one.met] == [criterion]
    assert named(report.criteria, criterion).measured == pytest.approx(measured)
    assert named(report.criteria, criterion).todo
    assert not report.ready
    assert {p.earned for p in report.points} == {Mode.SHADOW}


def test_a_day_away_counts_against_availability() -> None:
    report = reported(of_days(*shadow_days(10), *(a_day(n) for n in range(11, 14))))
    assert named(report.criteria, "availability").measured == pytest.approx(13 / 14)
    assert not report.ready


def test_what_is_older_than_the_window_is_forgotten() -> None:
    report = reported(of_days(a_day(0, hot=5), *(a_day(n) for n in range(1, 15))))
    assert named(report.criteria, "heat").met
    assert report.ready


@pytest.mark.parametrize(
    ("recorded", "criterion"),
    [
        (Recorded(checker=1), "checker"),
        (Recorded(alarms=(("h1.inlet", "critical"), ("x", "low"))), "alarms"),
    ],
)
def test_a_stopped_command_or_a_grave_alarm_keeps_everything_down(recorded: Recorded, criterion: str) -> None:
    report = reported(of_days(*shadow_days(14)), recorded)
    assert [one.name for one in report.criteria if not one.met] == [criterion]
    assert not report.ready


def test_a_low_alarm_does_not() -> None:
    assert reported(of_days(*shadow_days(14)), Recorded(alarms=(("x", "low"), ("y", "medium")))).ready


def test_a_point_that_is_wired_wrong_keeps_everything_down() -> None:
    report = reported(replace(of_days(*shadow_days(14)), misfits=("h1-r001/inlet_c",)))
    assert "h1-r001/inlet_c" in named(report.criteria, "wiring").words
    assert not report.ready


def both_rungs() -> Notes:
    """A fortnight in shadow and one in advice."""
    advice = [a_day(n, "advise") for n in range(14, 28)]
    return of_days(*shadow_days(14), *advice, mode="advise")


def test_supply_air_climbs_to_bounded_first_and_water_and_ups_wait_for_it() -> None:
    report = reported(both_rungs())
    assert of_point(report, SUPPLY).ready
    assert of_point(report, SUPPLY).earned is Mode.BOUNDED
    water, ups = of_point(report, WATER), of_point(report, UPS)
    assert [(c.name, c.met) for c in water.criteria] == [
        ("days in advise", True),
        ("advice taken", True),
        ("supply air before", False),
    ]
    assert (water.ready, water.earned, ups.ready) == (False, Mode.ADVISE, False)
    assert not report.ready


def test_a_week_of_control_over_supply_air_lets_water_follow_but_not_the_ups() -> None:
    week = [
        a_day(n, "advise", points={**a_day(n, "advise").points, SUPPLY: PointDay({"control": 1440})})
        for n in range(28, 35)
    ]
    notes = both_rungs()
    notes = replace(notes, days=(*notes.days, *week), newest_ns=week[-1].last_ns)
    report = reported(notes)
    assert of_point(report, WATER).ready
    assert not of_point(report, UPS).ready
    assert "chilled water before" in {c.name for c in of_point(report, UPS).criteria if not c.met}


def a_week_bounded(notes: Notes, cycles: int = 1440) -> Notes:
    week = [
        a_day(n, "advise", points={**a_day(n, "advise").points, SUPPLY: PointDay({"bounded": cycles})})
        for n in range(28, 35)
    ]
    return replace(notes, days=(*notes.days, *week), newest_ns=week[-1].last_ns)


@pytest.mark.parametrize(("cycles", "earned"), [(1440, Mode.CONTROL), (1400, Mode.BOUNDED)])
def test_a_week_near_its_own_setpoint_lets_supply_air_go_on_to_control(cycles: int, earned: Mode) -> None:
    point = of_point(reported(a_week_bounded(both_rungs(), cycles)), SUPPLY)
    assert point.earned is earned


def test_a_ceiling_of_bounded_counts_as_the_way_to_its_end() -> None:
    report = reported(a_week_bounded(both_rungs()), ceiling=Mode.BOUNDED)
    assert of_point(report, SUPPLY).earned is Mode.BOUNDED
    assert named(of_point(report, WATER).criteria, "supply air before").met


def test_what_a_report_on_file_gave_is_not_asked_for_again() -> None:
    notes = of_days(*shadow_days(14))
    had = evaluated("demo", BASIS, "limits", actuators(), notes, Recorded(), had={SUPPLY: "bounded"})
    assert of_point(had, SUPPLY).earned is Mode.BOUNDED
    assert of_point(had, WATER).earned is Mode.ADVISE


@pytest.mark.parametrize(("followed", "met"), [(23, True), (22, False)])  # of 28: 82 % and 79 %
def test_advice_must_have_been_taken(followed: int, met: bool) -> None:
    first = a_day(14, "advise", points={SUPPLY: PointDay({"advise": 1440}, advised=28, followed=followed)})
    rest = [a_day(n, "advise", points={SUPPLY: PointDay({"advise": 1440})}) for n in range(15, 28)]
    report = reported(of_days(*shadow_days(14), first, *rest, mode="advise"))
    assert named(of_point(report, SUPPLY).criteria, "advice taken").met is met
    assert of_point(report, SUPPLY).ready is met


def test_advice_that_was_never_given_is_not_taken_for_good() -> None:
    days = [a_day(n, "advise", points={SUPPLY: PointDay({"advise": 1440})}) for n in range(14)]
    taken = named(of_point(reported(of_days(*days, mode="advise")), SUPPLY).criteria, "advice taken")
    assert (taken.measured, taken.met) == (None, False)
    assert taken.words.startswith("not measurable")


def test_nothing_is_earned_above_the_operators_ceiling() -> None:
    report = reported(both_rungs(), ceiling=Mode.ADVISE)
    assert {(p.earned, p.next) for p in report.points} == {(Mode.ADVISE, None)}
    assert report.ready


def test_decisions_and_what_cut_them_are_in_the_report() -> None:
    report = reported(of_days(*shadow_days(14)), Recorded({SUPPLY: 7}, {SUPPLY: {"rate": 3, "inlet": 1}}))
    point = of_point(report, SUPPLY)
    assert (point.decisions, point.cuts) == (7, (("inlet", 1), ("rate", 3)))
    assert point.to_json()["cuts"] == {"inlet": 1, "rate": 3}


def test_a_day_that_a_clock_ran_ahead_into_neither_helps_nor_harms() -> None:
    notes = of_days(*shadow_days(7), a_day(400, cycles=1), *(a_day(n) for n in range(7, 14)))
    report = reported(notes)
    assert report.ready
    assert report.days == pytest.approx(14.0)
