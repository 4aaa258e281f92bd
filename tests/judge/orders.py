"""What operators ordered, kept by the judge from docs/how-to/operator-orders.md: who may write what now."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tests.judge.book import UPS, Book
from tests.judge.facts import Right

RANKS = ("shadow", "advise", "bounded", "control")
HOUR_NS = 3600 * 1_000_000_000


def _lower(one: str, other: str) -> str:
    return min(one, other, key=RANKS.index)


@dataclass(slots=True)
class Ordered:
    """The orders in force: overrides by point as (value, end), modes by point ("" is the site) as (mode, end)."""

    book: Book
    requested: str  # what the process was started with
    override_hours: float
    overrides: dict[str, tuple[float, int]] = field(default_factory=dict)
    modes: dict[str, tuple[str, int]] = field(default_factory=dict)

    def take(self, kind: str, point: str, value: float, mode: str, until_ns: int, now_ns: int) -> bool:
        """Note an order if it can stand. An end that has passed, an unknown point or a value outside cannot."""
        entry = self.book.entry(point) if point else None
        if (point and entry is None) or 0 < until_ns <= now_ns:
            return False
        if kind == "release":
            self.overrides = {p: o for p, o in self.overrides.items() if point and p != point}
            return True
        if kind == "mode":
            if mode not in RANKS:
                return False
            self.modes[point] = (mode, until_ns)
            return True
        if entry is None or not math.isfinite(value) or not entry.low <= value <= entry.high:
            return False
        if entry.kind == UPS and value not in (0.0, 1.0):
            return False
        self.overrides[point] = (value, until_ns or now_ns + round(self.override_hours * HOUR_NS))
        return True

    def pass_time(self, now_ns: int) -> None:
        self.overrides = {p: o for p, o in self.overrides.items() if not 0 < o[1] <= now_ns}
        self.modes = {p: m for p, m in self.modes.items() if not 0 < m[1] <= now_ns}

    def restart(self) -> None:
        """A new start forgets a mode that would raise what it was started with."""
        self.modes = {p: m for p, m in self.modes.items() if RANKS.index(m[0]) <= RANKS.index(self.requested)}

    def right(self, point: str, *, held: bool, ready: bool) -> Right:
        """Of one setpoint. `ready`: every input was there once since the start, and the warm-up is over."""
        entry = self.book.entry(point)
        assert entry is not None
        site = self.modes.get("", (self.requested, 0))[0]
        mode = _lower(_lower(site, self.modes.get(point, (site, 0))[0]), entry.ceiling)
        ordered = self.overrides.get(point)
        return Right(mode if ready else "shadow", held, ordered[0] if ordered else None)
