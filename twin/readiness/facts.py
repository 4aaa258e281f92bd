"""What is noted of each cycle, by day, so that days later it can be said how good twin and data were."""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT_DAYS = 60


@dataclass(frozen=True, slots=True)
class Expected:
    """What the twin says will be if no setpoint moves; NaN where it cannot say."""

    worst_inlet_c: float
    facility_w: float


@dataclass(frozen=True, slots=True)
class PointFacts:
    """One actuator in one cycle. `advised`: (from, to) of an advice that was given in it, None without."""

    point: str
    mode: str
    held: bool
    setpoint: float
    step: float
    advised: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class CycleFacts:
    """One cycle. `quorum` gives by hall the share of good rack inlets, `misfits` the points that are wired wrong.

    `basis` names the files this holds for; `answers` are (applied, refused, run out) of commands since the last cycle.
    """

    basis: str
    now_ns: int
    period_s: float
    missing: tuple[str, ...]
    quorum: tuple[tuple[str, float], ...]
    quorum_needed_frac: float
    worst_inlet_c: float
    inlet_revert_c: float
    facility_w: float
    expected: Expected
    points: tuple[PointFacts, ...]
    misfits: tuple[str, ...] = ()
    answers: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class HallDay:
    """`good_sum` over `cycles` is the mean share of good inlets; `quorate` cycles had enough of them."""

    cycles: int = 0
    good_sum: float = 0.0
    quorate: int = 0


@dataclass(frozen=True, slots=True)
class PointDay:
    """Cycles by mode, cycles in which somebody else held the point, and what became of advice."""

    modes: dict[str, int] = field(default_factory=dict)
    held: int = 0
    advised: int = 0
    followed: int = 0


@dataclass(frozen=True, slots=True)
class Errors:
    """Sums over predictions that came due: inlet in K, power by the hour in W; `moved`: a setpoint had moved."""

    inlet_n: int = 0
    inlet_abs_k: float = 0.0
    inlet_sum_k: float = 0.0
    hours: int = 0
    hour_error2_w2: float = 0.0
    hour_read_w: float = 0.0
    moved: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day under one basis. `short` cycles missed an input, `hot` ones had an inlet above the revert limit."""

    date: str
    basis: str
    period_s: float
    first_ns: int
    last_ns: int
    cycles: int = 0
    short: int = 0
    hot: int = 0
    errors: Errors = Errors()
    halls: dict[str, HallDay] = field(default_factory=dict)
    points: dict[str, PointDay] = field(default_factory=dict)
    answers: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Due:
    """A prediction that waits for its time."""

    due_ns: int
    expected: Expected
    setpoints: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Hour:
    """The hour that is being summed: predictions due in it, and what was read."""

    number: int = -1
    n: int = 0
    expected_w: float = 0.0
    read_w: float = 0.0


@dataclass(frozen=True, slots=True)
class OpenAdvice:
    """An advice that nobody took yet."""

    since_ns: int
    start: float
    wanted: float


@dataclass(frozen=True, slots=True)
class Notes:
    """Everything noted; stored between starts. `modes` and `misfits` are those of the newest cycle."""

    days: tuple[Day, ...] = ()
    due: tuple[Due, ...] = ()
    hour: Hour = Hour()
    advice: dict[str, OpenAdvice] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    misfits: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    newest_ns: int = 0
