"""The commissioning ladder: rungs, what each needs, and the order in which setpoints may climb.

Lengths, availability and acceptance are those of the ladder, errors those of the twin's acceptance targets and of the
confidence gate; docs/how-to/earn-authority.md lists them with their sources.
"""

from __future__ import annotations

from twin.domain.actuators import Kind, Mode

RUNGS = tuple(Mode)
WINDOW_DAYS = 14  # of evidence that is looked at
RUNG_DAYS = 14.0  # on a rung, or above it, before the next
BOUNDED_DAYS = 7.0  # the same for the bounded one
FIRST_LOOP_DAYS = 7.0  # the kinds before must have been in control for so long
AVAILABLE_FRAC = 0.99
QUORATE_FRAC = 0.99
INLET_MAE_K = 0.5
INLET_BIAS_K = 0.3
POWER_CVRMSE_FRAC = 0.05
LEAST_PAIRS = 96  # predictions that came due; fewer say nothing
LEAST_HOURS = 24
ADVICE_FRAC = 0.80
LEAST_ADVICE = 5
UNANSWERED_FRAC = 0.01  # of commands refused or run out
GRAVE = ("critical", "high")  # alarms that must not stand

BY_HAND = (
    "drills, each ending in the local setpoint with no inlet excursion: kill the daemon, cut the broker, freeze a "
    "sensor, stop an air handler, order an override",
    "every advice that was not taken has been explained",
)

# what must have been in control before, kind by kind; the first kinds of a site may always begin
_BEFORE = {
    Kind.SUPPLY_AIR: (),
    Kind.CHILLED_WATER: (Kind.SUPPLY_AIR,),
    Kind.CONDENSER_WATER: (Kind.SUPPLY_AIR,),
    Kind.UPS_MODE: (Kind.SUPPLY_AIR, Kind.CHILLED_WATER, Kind.CONDENSER_WATER),
}


def before(kind: Kind, present: frozenset[Kind]) -> tuple[Kind, ...]:
    """Kinds of setpoint that must have been in control before this one, of those that are there."""
    return tuple(one for one in _BEFORE[kind] if one in present)


def rungs(kind: Kind) -> tuple[Mode, ...]:
    """The rungs of a kind: there is nothing between one UPS mode and the other, so it has no bounded one."""
    return tuple(mode for mode in RUNGS if mode is not Mode.BOUNDED or kind is not Kind.UPS_MODE)


def above(mode: Mode, kind: Kind) -> Mode | None:
    """The next rung, None on the highest."""
    return next((rung for rung in rungs(kind) if rung is not mode and reaches(rung, mode)), None)


def days_on(rung: Mode) -> float:
    """How long a setpoint has to stand on a rung, or above it, before the next."""
    return BOUNDED_DAYS if rung is Mode.BOUNDED else RUNG_DAYS


def reaches(mode: Mode, least: Mode) -> bool:
    """Whether a mode stands at least so high."""
    return RUNGS.index(mode) >= RUNGS.index(least)
