"""How anything here is measured: several repetitions, the median told, always beside something to compare with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from twin.domain.clock import SystemClock

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of output. `n` is how many things one repetition did; `ratio` is the value relative to `against`."""

    id: str
    value: float
    unit: str
    n: int
    against: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work to do. `quick` is for a test of the benchmark itself: its figures mean nothing."""

    quick: bool = False

    @property
    def repetitions(self) -> int:
        return 1 if self.quick else 5

    def of(self, full: int, quick: int) -> int:
        """One of two sizes."""
        return quick if self.quick else full


def seconds(job: Callable[[], object]) -> float:
    """Wall time of one call."""
    began_s = _CLOCK.monotonic_s()
    job()
    return _CLOCK.monotonic_s() - began_s


def side_by_side(ours_s: Callable[[], float], theirs_s: Callable[[], float], repetitions: int) -> tuple[float, float]:
    """Medians of what two measurements return, taken in turn, so that a busy moment of the machine meets both."""
    pairs = [(ours_s(), theirs_s()) for _ in range(repetitions)]
    return median(ours for ours, _ in pairs), median(theirs for _, theirs in pairs)


def rate(id_: str, *, n: int, ours_s: float, theirs_s: float, unit: str, against: str) -> Figure:
    """A figure of throughput: `n` things in `ours_s` against the same in `theirs_s`; a larger ratio is better."""
    return Figure(id_, n / ours_s, unit, n, against, theirs_s / ours_s)


def tell(text: str) -> None:
    """Progress and context, for people: never on stdout."""
    print(text, file=sys.stderr, flush=True)
