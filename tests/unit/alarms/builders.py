"""The demo site on a calm night as its alarms see it, and ways to spoil it; a board that runs minute by minute."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import numpy as np

from tests.unit.daemon.builders import START_NS, a_core, demo_site, minutes
from twin.alarms.board import alarms
from twin.alarms.facts import Alarm, AlarmMemory, Change, Process, Signs
from twin.alarms.known import Known
from twin.domain.clock import NS_PER_S
from twin.domain.findings import Finding, SensorFault
from twin.domain.points import Quality

MINUTE_S = 60.0


@cache
def known() -> Known:
    return Known.of(demo_site())


@cache
def calm() -> Signs:
    """Everything as it should be."""
    core = a_core()
    for messages in minutes(3):
        core.feed(messages, 0.0)
        outcome = core.tick(core.event_ns, core.event_ns / NS_PER_S)
    assert core.seen is not None
    return Signs(1, outcome.state, core.seen, ("",) * len(demo_site().limits.actuators))


def at(signs: Signs, minute: float) -> Signs:
    """The same, so many minutes after the start."""
    now_ns, mono_s = START_NS + round(minute * 60) * NS_PER_S, 1000.0 + 60.0 * minute
    return replace(
        signs,
        state=replace(signs.state, now_ns=now_ns, mono_s=mono_s),
        snapshot=replace(signs.snapshot, now_ns=now_ns, mono_s=mono_s),
    )


def halls(signs: Signs, **columns: float | list[float]) -> Signs:
    """Change columns of the halls; one number holds for both."""
    arrays: dict[str, Any] = {
        name: np.broadcast_to(np.asarray(value, dtype=np.float64), (2,)).copy() for name, value in columns.items()
    }
    return replace(signs, state=replace(signs.state, halls=replace(signs.state.halls, **arrays)))


def plant(signs: Signs, **values: float) -> Signs:
    """Change the water plant."""
    return replace(signs, state=replace(signs.state, plant=replace(signs.state.plant, **values)))


def believing(signs: Signs, **values: Any) -> Signs:
    """Change fields of the state."""
    return replace(signs, state=replace(signs.state, **values))


def reading(signs: Signs, pattern: str, value: float) -> Signs:
    """Points that match read this."""
    values, quality = signs.snapshot.value.copy(), signs.snapshot.quality.copy()
    hit = [point.index for point in known().points if fnmatchcase(point.id, pattern)]
    assert hit, pattern
    values[hit], quality[hit] = value, int(Quality.GOOD)
    return replace(signs, snapshot=replace(signs.snapshot, value=values, quality=quality))


def silent(signs: Signs, pattern: str, share: float = 1.0) -> Signs:
    """The first so many of the points that match are stale."""
    quality = signs.snapshot.quality.copy()
    hit = [point.index for point in known().points if fnmatchcase(point.id, pattern)]
    assert hit, pattern
    quality[hit[: round(share * len(hit))]] = int(Quality.STALE)
    return replace(signs, snapshot=replace(signs.snapshot, quality=quality))


def blocked(signs: Signs, point: str, why: str) -> Signs:
    """A point is left alone."""
    index = known().limits.actuators.index(point)
    return replace(signs, blocked=(*signs.blocked[:index], why, *signs.blocked[index + 1 :]))


def doubted(signs: Signs, *points: str, fault: SensorFault = SensorFault.DRIFT) -> Signs:
    """The gates do not believe these points."""
    return replace(signs, findings=tuple(Finding(point, fault, START_NS, "+2.1 K in an hour") for point in points))


def faring(signs: Signs, **process: Any) -> Signs:
    """The daemon itself has troubles."""
    return replace(signs, process=replace(Process(), **process))


@dataclass(slots=True)
class Days:
    """A board that is run by the minute; `kept` is what a broker would have of its changes."""

    minute: float = 0.0
    memory: AlarmMemory = field(default_factory=AlarmMemory)
    changes: list[Change] = field(default_factory=list)
    kept: dict[str, Alarm] = field(default_factory=dict)

    def run(self, signs: Signs, minutes: float, *, step: float = 1.0) -> list[str]:
        """Go on for so long with these signs; returns what changed, as "what id"."""
        told: list[str] = []
        until = self.minute + minutes
        while self.minute < until - 1e-9:
            self.minute += step
            self.memory, changes = alarms(known(), at(signs, self.minute), self.memory)
            told += self.note(changes)
        return told

    def note(self, changes: tuple[Change, ...]) -> list[str]:
        """Take changes as a broker would."""
        for change in changes:
            self.changes.append(change)
            self.kept.pop(change.alarm.id, None)
            if change.shown:
                self.kept[change.alarm.id] = change.alarm
        return [f"{change.what} {change.alarm.id}" for change in changes]


def awake() -> Days:
    """A board ten calm minutes after the start."""
    days = Days()
    assert days.run(calm(), 10) == []
    return days
