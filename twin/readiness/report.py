"""The readiness report: what was measured, what is needed, and which step that is enough for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twin.domain.actuators import Mode


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that must hold. `measured` is None when nothing could be measured: then it is not met."""

    name: str
    needed: str
    measured: float | None
    unit: str
    words: str
    met: bool
    todo: str = ""

    def to_json(self) -> dict[str, Any]:
        measured = None if self.measured is None else round(self.measured, 6)
        return {
            "name": self.name,
            "needed": self.needed,
            "measured": measured,
            "unit": self.unit,
            "words": self.words,
            "met": self.met,
            "todo": self.todo,
        }


@dataclass(frozen=True, slots=True)
class PointReport:
    """One actuator. `earned` is the highest mode the evidence is enough for, `next` the step above where it stands.

    `criteria` are those of the next step alone; the site's hold for it too. `cuts`: decisions whose wish a guard step
    changed, by step.
    """

    point: str
    kind: str
    stands: Mode
    ceiling: Mode
    earned: Mode
    next: Mode | None
    ready: bool
    days: float
    held_frac: float | None
    criteria: tuple[Criterion, ...]
    decisions: int
    cuts: tuple[tuple[str, int], ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "point": self.point,
            "kind": self.kind,
            "stands": self.stands.value,
            "ceiling": self.ceiling.value,
            "earned": self.earned.value,
            "next": self.next.value if self.next else None,
            "ready": self.ready,
            "days": round(self.days, 4),
            "held_frac": None if self.held_frac is None else round(self.held_frac, 6),
            "criteria": [criterion.to_json() for criterion in self.criteria],
            "decisions": self.decisions,
            "cuts": dict(self.cuts),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The whole. `start` and `end` are ISO times of the evidence used, "" without any; `by_hand` no record can show."""

    site: str
    basis: str
    limits_hash: str
    start: str
    end: str
    days: float
    cycles: int
    criteria: tuple[Criterion, ...]
    points: tuple[PointReport, ...]
    by_hand: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether every actuator may take its next step, or has none above it."""
        return all(point.ready or point.next is None for point in self.points)

    def to_json(self) -> dict[str, Any]:
        return {
            "site": self.site,
            "ready": self.ready,
            "basis": self.basis,
            "limits": self.limits_hash,
            "from": self.start or None,
            "until": self.end or None,
            "days": round(self.days, 4),
            "cycles": self.cycles,
            "criteria": [criterion.to_json() for criterion in self.criteria],
            "points": [point.to_json() for point in self.points],
            "by_hand": list(self.by_hand),
        }
