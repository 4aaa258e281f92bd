"""What the site as a whole must show, whatever the step: availability, quorum, accuracy, and that nothing stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from twin.domain.clock import NS_PER_S
from twin.readiness import ladder
from twin.readiness.facts import Day, Errors, Notes
from twin.readiness.report import Criterion


@dataclass(frozen=True, slots=True)
class Recorded:
    """What else is on record: by point the decisions and, by guard step, those cut; `checker` refusals; alarms.

    `alarms` are (id, severity) of those that stand.
    """

    decisions: dict[str, int] = field(default_factory=dict)
    cuts: dict[str, dict[str, int]] = field(default_factory=dict)
    checker: int = 0
    alarms: tuple[tuple[str, str], ...] = ()


def site_criteria(days: Sequence[Day], notes: Notes, recorded: Recorded) -> tuple[Criterion, ...]:
    """Of the days that count, oldest first."""
    errors = summed(days)
    return (
        _availability(days, notes),
        *_quorum(days),
        _inlet_error(errors),
        _inlet_bias(errors),
        _power_error(errors),
        _heat(days),
        Criterion(
            "checker",
            "0",
            float(recorded.checker),
            "1",
            f"{recorded.checker} commands stopped by the second checker",
            recorded.checker == 0 and bool(days),
            "" if recorded.checker == 0 else "twin audit show --kind checker",
        ),
        _wiring(days, notes),
        _alarms(recorded),
        _answers(days),
    )


def summed(days: Sequence[Day]) -> Errors:
    """Errors of all days together."""
    each = [day.errors for day in days]
    return Errors(
        inlet_n=sum(e.inlet_n for e in each),
        inlet_abs_k=math.fsum(e.inlet_abs_k for e in each),
        inlet_sum_k=math.fsum(e.inlet_sum_k for e in each),
        hours=sum(e.hours for e in each),
        hour_error2_w2=math.fsum(e.hour_error2_w2 for e in each),
        hour_read_w=math.fsum(e.hour_read_w for e in each),
        moved=sum(e.moved for e in each),
    )


def spanned_s(days: Sequence[Day]) -> float:
    """From the first cycle to the last, one period more: what so many cycles would have filled."""
    if not days:
        return 0.0
    return (max(day.last_ns for day in days) - min(day.first_ns for day in days)) / NS_PER_S + days[-1].period_s


def _availability(days: Sequence[Day], notes: Notes) -> Criterion:
    needed = f"> {ladder.AVAILABLE_FRAC:.0%}"
    if not days:
        return Criterion("availability", needed, None, "1", "no cycle was noted", False, "run the daemon: twin run")
    # a cycle fills its period: so days of different periods add up, and a day without any counts in full
    good_s = math.fsum((day.cycles - day.short) * day.period_s for day in days)
    share = min(good_s / spanned_s(days), 1.0)
    short, cycles = sum(day.short for day in days), sum(day.cycles for day in days)
    words = f"{share:.2%} of the time; {cycles:,} cycles, {short:,} of them short of an input"
    met = share > ladder.AVAILABLE_FRAC
    missing = f"; missing now: {', '.join(notes.missing)}" if notes.missing else ""
    return Criterion(
        "availability",
        needed,
        share,
        "1",
        words,
        met,
        "" if met else f"keep it and its inputs going{missing}",
    )


def _quorum(days: Sequence[Day]) -> list[Criterion]:
    found = []
    for hall in sorted({hall for day in days for hall in day.halls}):
        each = [day.halls[hall] for day in days if hall in day.halls]
        cycles = sum(one.cycles for one in each)
        share = sum(one.quorate for one in each) / cycles
        good = math.fsum(one.good_sum for one in each) / cycles
        met = share >= ladder.QUORATE_FRAC
        found.append(
            Criterion(
                f"coverage {hall}",
                f">= {ladder.QUORATE_FRAC:.0%}",
                share,
                "1",
                f"{share:.2%} of the cycles with enough good inlets; {good:.2%} of the readings good",
                met,
                "" if met else f"mend or map the inlet sensors of {hall}: twin alarms",
            )
        )
    return found


def _too_few(n: int, least: int, moved: int, what: str) -> str:
    if n == 0:
        return f"not measurable: no {what} has come due with every setpoint where it was ({moved} moved)"
    return f"not measurable: {n} of at least {least} {what}s have come due"


def _inlet_error(errors: Errors) -> Criterion:
    needed = f"<= {ladder.INLET_MAE_K:g} K, 15 min ahead"
    if errors.inlet_n < ladder.LEAST_PAIRS:
        words = _too_few(errors.inlet_n, ladder.LEAST_PAIRS, errors.moved, "prediction")
        return Criterion("inlet error", needed, None, "K", words, False, "let it watch longer")
    mean_k = errors.inlet_abs_k / errors.inlet_n
    met = mean_k <= ladder.INLET_MAE_K
    return Criterion(
        "inlet error",
        needed,
        mean_k,
        "K",
        f"{mean_k:.2f} K mean absolute error of the worst inlet, {errors.inlet_n:,} predictions",
        met,
        "" if met else "check supply air and inlet sensors, and air flows in site.toml",
    )


def _inlet_bias(errors: Errors) -> Criterion:
    needed = f"within {ladder.INLET_BIAS_K:g} K"
    if errors.inlet_n < ladder.LEAST_PAIRS:
        words = _too_few(errors.inlet_n, ladder.LEAST_PAIRS, errors.moved, "prediction")
        return Criterion("inlet bias", needed, None, "K", words, False, "let it watch longer")
    bias_k = errors.inlet_sum_k / errors.inlet_n
    met = abs(bias_k) < ladder.INLET_BIAS_K
    side = "warmer" if bias_k > 0.0 else "cooler"
    words = f"read {abs(bias_k):.2f} K {side} than predicted in the mean"
    return Criterion("inlet bias", needed, bias_k, "K", words, met, "" if met else "look for a sensor that is off")


def _power_error(errors: Errors) -> Criterion:
    needed = f"<= {ladder.POWER_CVRMSE_FRAC:.0%}, by the hour"
    if errors.hours < ladder.LEAST_HOURS or errors.hour_read_w <= 0.0:
        words = _too_few(errors.hours, ladder.LEAST_HOURS, errors.moved, "hour")
        return Criterion("power error", needed, None, "1", words, False, "let it watch longer")
    share = math.sqrt(errors.hour_error2_w2 / errors.hours) / (errors.hour_read_w / errors.hours)
    met = share <= ladder.POWER_CVRMSE_FRAC
    words = f"{share:.1%} CV(RMSE) of the facility's power, {errors.hours:,} hours"
    return Criterion("power error", needed, share, "1", words, met, "" if met else "check ratings and meters")


def _heat(days: Sequence[Day]) -> Criterion:
    hot = sum(day.hot for day in days)
    last = next((day.date for day in reversed(days) if day.hot), "")
    words = f"{hot} cycles with an inlet above the revert limit" + (f", last on {last}" if last else "")
    return Criterion(
        "heat", "0", float(hot), "1", words, hot == 0 and bool(days), "" if hot == 0 else "find the cause, then wait"
    )


def _wiring(days: Sequence[Day], notes: Notes) -> Criterion:
    n = len(notes.misfits)
    words = f"{n} points are not what the site file says" + (f": {', '.join(notes.misfits[:5])}" if n else "")
    return Criterion(
        "wiring",
        "0",
        float(n),
        "1",
        words,
        n == 0 and bool(days),
        "" if n == 0 else "correct points.toml or sensor",
    )


def _alarms(recorded: Recorded) -> Criterion:
    grave = [name for name, severity in recorded.alarms if severity in ladder.GRAVE]
    words = f"{len(grave)} critical or high alarms stand" + (f": {', '.join(grave[:5])}" if grave else "")
    return Criterion(
        "alarms", "0", float(len(grave)), "1", words, not grave, "" if not grave else "twin alarms says what to do"
    )


def _answers(days: Sequence[Day]) -> Criterion:
    applied, refused, expired = (sum(day.answers[i] for day in days) for i in range(3))
    told = applied + refused + expired
    share = (refused + expired) / told if told else 0.0
    met = share <= ladder.UNANSWERED_FRAC
    words = (
        f"{told:,} commands answered: {refused:,} refused, {expired:,} run out" if told else "no command was answered"
    )
    return Criterion(
        "commands",
        f"<= {ladder.UNANSWERED_FRAC:.0%}",
        share,
        "1",
        words,
        met,
        "" if met else "the receiver's log says why it refused",
    )
