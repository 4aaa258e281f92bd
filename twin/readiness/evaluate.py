"""From what was noted and recorded to the readiness report. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twin.domain.actuators import Actuator, ActuatorTable, Kind, Mode
from twin.domain.clock import NS_PER_S
from twin.domain.timestamps import iso_utc
from twin.readiness import ladder
from twin.readiness.facts import Day, Notes, PointDay
from twin.readiness.report import Criterion, PointReport, Report
from twin.readiness.site_criteria import Recorded, site_criteria, spanned_s

_DAY_S = 86_400.0


def evaluated(
    site: str,
    basis: str,
    limits_hash: str,
    actuators: ActuatorTable,
    notes: Notes,
    recorded: Recorded,
    had: Mapping[str, str] | None = None,
) -> Report:
    """The report for the present files. Days under other files, or of a clock that ran ahead, count for nothing.

    `had`: modes by setpoint that a report on file for the same files gives; days do not last as long as it does.
    """
    days = tuple(day for day in notes.days if day.basis == basis and day.last_ns <= notes.newest_ns)
    since_ns = notes.newest_ns - ladder.WINDOW_DAYS * round(_DAY_S * NS_PER_S)
    lately = tuple(day for day in days if day.last_ns > since_ns)
    of_site = site_criteria(lately, notes if days else Notes(), recorded)
    sound = all(criterion.met for criterion in of_site)
    points = tuple(
        _point(actuator, actuators, days, notes, recorded, Mode((had or {}).get(actuator.point, "shadow")), sound=sound)
        for actuator in actuators
    )
    return Report(
        site=site,
        basis=basis,
        limits_hash=limits_hash,
        start=iso_utc(min(day.first_ns for day in lately)) if lately else "",
        end=iso_utc(max(day.last_ns for day in lately)) if lately else "",
        days=spanned_s(lately) / _DAY_S,
        cycles=sum(day.cycles for day in lately),
        criteria=of_site,
        points=points,
        by_hand=ladder.BY_HAND,
    )


def _point(
    actuator: Actuator,
    all_of_them: ActuatorTable,
    days: Sequence[Day],
    notes: Notes,
    recorded: Recorded,
    had: Mode,
    *,
    sound: bool,
) -> PointReport:
    stands = Mode(notes.modes.get(actuator.point, Mode.SHADOW.value)) if days else Mode.SHADOW
    earned = Mode.SHADOW
    for step in ladder.rungs(actuator.kind)[1:]:
        shown = sound and all(one.met for one in _step(step, actuator, all_of_them, days))
        if not (shown or ladder.reaches(had, step)) or not ladder.reaches(actuator.ceiling, step):
            break
        earned = step
    following = ladder.above(stands, actuator.kind)
    if following is not None and not ladder.reaches(actuator.ceiling, following):
        following = None
    cycles = sum(_of(day, actuator.point).modes.get(mode, 0) for day in days for mode in ladder.RUNGS)
    held = sum(_of(day, actuator.point).held for day in days)
    return PointReport(
        point=actuator.point,
        kind=actuator.kind.value,
        stands=stands,
        ceiling=actuator.ceiling,
        earned=earned,
        next=following,
        ready=following is not None and ladder.reaches(earned, following),
        days=_days_at(days, actuator.point, stands, exactly=True),
        held_frac=held / cycles if cycles else None,
        criteria=_step(following, actuator, all_of_them, days) if following else (),
        decisions=recorded.decisions.get(actuator.point, 0),
        cuts=tuple(sorted(recorded.cuts.get(actuator.point, {}).items())),
    )


def _step(step: Mode, actuator: Actuator, all_of_them: ActuatorTable, days: Sequence[Day]) -> tuple[Criterion, ...]:
    """What this actuator itself must show for a step, beside what the site must."""
    rungs = ladder.rungs(actuator.kind)
    below = rungs[rungs.index(step) - 1]
    long, needed = _days_at(days, actuator.point, below), ladder.days_on(below)
    met = long >= needed
    found = [
        Criterion(
            f"days in {below.value}",
            f">= {needed:g}",
            long,
            "d",
            f"{long:.1f} days in {below.value} or above",
            met,
            "" if met else f"{needed - long:.1f} days more",
        )
    ]
    if below is Mode.ADVISE:
        found += [_taken(actuator.point, days), *_order(actuator, all_of_them, days)]
    return tuple(found)


def _taken(point: str, days: Sequence[Day]) -> Criterion:
    advised = sum(_of(day, point).advised for day in days)
    followed = sum(_of(day, point).followed for day in days)
    needed = f"> {ladder.ADVICE_FRAC:.0%}"
    if advised < ladder.LEAST_ADVICE:
        words = f"not measurable: {advised} of at least {ladder.LEAST_ADVICE} pieces of advice were given"
        return Criterion("advice taken", needed, None, "1", words, False, "let it advise longer")
    share = followed / advised
    met = share > ladder.ADVICE_FRAC
    words = f"{followed:,} of {advised:,} pieces of advice were followed within an hour"
    return Criterion("advice taken", needed, share, "1", words, met, "" if met else "ask operators what kept them")


def _order(actuator: Actuator, all_of_them: ActuatorTable, days: Sequence[Day]) -> list[Criterion]:
    present = frozenset(one.kind for one in all_of_them if one.ceiling.writes)
    return [_loop(kind, all_of_them, days) for kind in ladder.before(actuator.kind, present)]


def _loop(kind: Kind, all_of_them: ActuatorTable, days: Sequence[Day]) -> Criterion:
    writing = (one for one in all_of_them.of_kind(kind) if one.ceiling.writes)
    longest = max(_days_at(days, one.point, one.ceiling) for one in writing)  # as far as it may ever go
    met = longest >= ladder.FIRST_LOOP_DAYS
    name = kind.value.replace("_", " ")
    return Criterion(
        f"{name} before",
        f">= {ladder.FIRST_LOOP_DAYS:g}",
        longest,
        "d",
        f"{longest:.1f} days of control over {name}",
        met,
        "" if met else f"let {name} be in control first",
    )


def _days_at(days: Sequence[Day], point: str, least: Mode, *, exactly: bool = False) -> float:
    """Days that cycles in a mode (or above it) fill."""
    modes = (least,) if exactly else tuple(mode for mode in ladder.RUNGS if ladder.reaches(mode, least))
    return sum(_of(day, point).modes.get(mode, 0) * day.period_s for day in days for mode in modes) / _DAY_S


def _of(day: Day, point: str) -> PointDay:
    return day.points.get(point, PointDay())
