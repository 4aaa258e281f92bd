"""Notes one cycle. Pure: the same facts give the same notes."""

from __future__ import annotations

import math
from dataclasses import replace

from twin.domain.clock import NS_PER_S
from twin.domain.timestamps import iso_utc
from twin.readiness.facts import (
    KEPT_DAYS,
    CycleFacts,
    Day,
    Due,
    Errors,
    HallDay,
    Hour,
    Notes,
    OpenAdvice,
    PointDay,
    PointFacts,
)

AHEAD_S = 900.0  # how far ahead the twin is held to its word
LATE_PERIODS = 2.0  # a prediction that finds no cycle within so many periods of its time is let go
FOLLOW_S = 3600.0  # an advice nobody took for so long was not taken
HOUR_NS = 3600 * NS_PER_S
FULL_HOUR_FRAC = 0.75  # of an hour's cycles must have a prediction that came due


def noted(facts: CycleFacts, notes: Notes) -> Notes:
    """The notes with one cycle more; the same instant counts once."""
    if facts.now_ns == notes.newest_ns:
        return notes
    days, day = _day(facts, notes)
    # other files are another twin, and a clock that stepped back another time: what was said before is void
    if (days and days[-1].basis != day.basis) or facts.now_ns < notes.newest_ns:
        notes = replace(notes, due=(), hour=Hour(), advice={})
    day, notes = _came_due(facts, day, notes)
    day, notes = _advice(facts, day, notes)
    day = replace(
        day,
        last_ns=facts.now_ns,
        cycles=day.cycles + 1,
        short=day.short + bool(facts.missing),
        hot=day.hot + (facts.worst_inlet_c > facts.inlet_revert_c),
        halls=day.halls | {hall: _hall(day.halls.get(hall, HallDay()), good, facts) for hall, good in facts.quorum},
        points=day.points | {p.point: _point(day.points.get(p.point, PointDay()), p) for p in facts.points},
        answers=(
            day.answers[0] + facts.answers[0],
            day.answers[1] + facts.answers[1],
            day.answers[2] + facts.answers[2],
        ),
    )
    return replace(
        notes,
        days=(*days, day)[-KEPT_DAYS:],
        modes={p.point: p.mode for p in facts.points},
        misfits=facts.misfits,
        missing=facts.missing,
        newest_ns=facts.now_ns,
    )


def _day(facts: CycleFacts, notes: Notes) -> tuple[tuple[Day, ...], Day]:
    """The days before, and the one this cycle belongs to."""
    date = iso_utc(facts.now_ns)[:10]
    last = notes.days[-1] if notes.days else None
    if last and (last.date, last.basis, last.period_s) == (date, facts.basis, facts.period_s):
        return notes.days[:-1], last
    return notes.days, Day(date, facts.basis, facts.period_s, facts.now_ns, facts.now_ns)


def _hall(before: HallDay, good_frac: float, facts: CycleFacts) -> HallDay:
    good_frac = good_frac if math.isfinite(good_frac) else 0.0
    enough = good_frac >= facts.quorum_needed_frac
    return HallDay(before.cycles + 1, before.good_sum + good_frac, before.quorate + enough)


def _point(before: PointDay, now: PointFacts) -> PointDay:
    modes = before.modes | {now.mode: before.modes.get(now.mode, 0) + 1}
    return replace(before, modes=modes, held=before.held + now.held)


def _came_due(facts: CycleFacts, day: Day, notes: Notes) -> tuple[Day, Notes]:
    """Compare what was predicted for now with what is read, and note the prediction of this cycle."""
    now_ns = facts.now_ns
    setpoints = tuple(point.setpoint for point in facts.points)
    waiting = tuple(due for due in notes.due if due.due_ns > now_ns)
    errors, hour = day.errors, notes.hour
    late_ns = round(LATE_PERIODS * facts.period_s * NS_PER_S)
    for due in (due for due in notes.due if due.due_ns <= now_ns < due.due_ns + late_ns):
        if not _stood(due.setpoints, setpoints):
            errors = replace(errors, moved=errors.moved + 1)
            continue
        errors = _inlet(errors, facts.worst_inlet_c - due.expected.worst_inlet_c)
        errors, hour = _power(errors, hour, facts, due.expected.facility_w)
    if not facts.missing:
        waiting = (*waiting, Due(now_ns + round(AHEAD_S * NS_PER_S), facts.expected, setpoints))
    return replace(day, errors=errors), replace(notes, due=waiting, hour=hour)


def _stood(then: tuple[float, ...], now: tuple[float, ...]) -> bool:
    """Whether every setpoint is where it was; one that cannot be read may have moved."""
    return len(then) == len(now) and all(abs(a - b) <= 1e-6 for a, b in zip(then, now, strict=True))


def _inlet(errors: Errors, error_k: float) -> Errors:
    if not math.isfinite(error_k):
        return errors
    return replace(
        errors,
        inlet_n=errors.inlet_n + 1,
        inlet_abs_k=errors.inlet_abs_k + abs(error_k),
        inlet_sum_k=errors.inlet_sum_k + error_k,
    )


def _power(errors: Errors, hour: Hour, facts: CycleFacts, expected_w: float) -> tuple[Errors, Hour]:
    """By whole hours, as the targets are: means of an hour, once it is over."""
    number = facts.now_ns // HOUR_NS
    if hour.number not in {-1, number}:
        if hour.n >= FULL_HOUR_FRAC * 3600.0 / facts.period_s:
            error_w = (hour.read_w - hour.expected_w) / hour.n
            errors = replace(
                errors,
                hours=errors.hours + 1,
                hour_error2_w2=errors.hour_error2_w2 + error_w**2,
                hour_read_w=errors.hour_read_w + hour.read_w / hour.n,
            )
        hour = Hour()
    if math.isfinite(expected_w) and math.isfinite(facts.facility_w):
        hour = Hour(number, hour.n + 1, hour.expected_w + expected_w, hour.read_w + facts.facility_w)
    return errors, hour


def _advice(facts: CycleFacts, day: Day, notes: Notes) -> tuple[Day, Notes]:
    """Advice given, taken or left: it is taken when the plant's own setpoint goes at least half the way in an hour.

    A new advice while one is open moves its aim: a slow change is advised in many steps, and is one advice.
    """
    open_now, points = dict(notes.advice), dict(day.points)
    for now in facts.points:
        before = points.get(now.point, PointDay())
        advice = open_now.get(now.point)
        if advice and facts.now_ns - advice.since_ns > FOLLOW_S * NS_PER_S:
            del open_now[now.point]
            advice = None
        if advice and _half_way(advice, now.setpoint):
            points[now.point] = before = replace(before, followed=before.followed + 1)
            del open_now[now.point]
            advice = None
        if now.advised is not None and abs(now.advised[1] - now.advised[0]) >= 0.5 * now.step:
            start, wanted = now.advised
            if advice is None:
                points[now.point] = replace(before, advised=before.advised + 1)
                open_now[now.point] = OpenAdvice(facts.now_ns, start, wanted)
            else:
                open_now[now.point] = replace(advice, wanted=wanted)
    return replace(day, points=points), replace(notes, advice=open_now)


def _half_way(advice: OpenAdvice, setpoint: float) -> bool:
    way = advice.wanted - advice.start
    return abs(way) > 0.0 and (setpoint - advice.start) / way >= 0.5
