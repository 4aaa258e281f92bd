"""The board of alarms: from the causes of one cycle and what stood before, what stands now and what changed. Pure.

A cause must last before it is an alarm, and be gone before the alarm ends; one that comes back soon after waits longer
the next time, so that nothing chatters. A cause behind another one is no alarm while that one lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from twin.alarms.control import own_troubles, residuals, setpoints
from twin.alarms.doubts import doubts
from twin.alarms.facts import Alarm, AlarmMemory, Change, Condition, Shelf, Signs
from twin.alarms.heat import heats
from twin.alarms.known import Known
from twin.alarms.machines import machines
from twin.alarms.roots import hides
from twin.alarms.silence import silences

DAY_S, TEN_MINUTES_S = 86_400.0, 600.0
FLOOD = 10  # alarms in ten minutes: more than one operator can take in
SOON_S = 1800.0  # one that is back within so long waits twice as long to end
MOST_DOUBLINGS = 3
TAIL_S = 600.0  # what was behind a root gets so long to recover once the root is over


def alarms(known: Known, signs: Signs, memory: AlarmMemory) -> tuple[AlarmMemory, tuple[Change, ...]]:
    """One cycle: what stands from now on, and what an operator is told."""
    memory = _on_this_clock(memory, signs)
    found, memory = _conditions(known, signs, memory)
    step = _Step(known, signs, memory)
    step.end_shelves()
    for condition in found.values():
        step.take(condition, found)
    for name in memory.standing:
        if name not in found:
            step.miss(name)
    return step.result(), tuple(step.changes)


def shelve(
    memory: AlarmMemory, alarm_id: str, by: str, reason: str, now_ns: int, until_ns: int
) -> tuple[AlarmMemory, tuple[Change, ...], str]:
    """Put an alarm aside; (memory, changes, why it cannot be, "" when it can)."""
    alarm = memory.standing.get(alarm_id)
    if alarm is None:
        standing = ", ".join(memory.standing) or "none"
        return memory, (), f"no alarm stands under {alarm_id!r}; standing: {standing}"
    shelf = Shelf(alarm_id, alarm.severity, by, reason, now_ns, until_ns)
    memory = replace(memory, shelves={**memory.shelves, alarm_id: shelf})
    return memory, (Change("shelved", alarm),), ""


def unshelve(memory: AlarmMemory, alarm_id: str) -> tuple[AlarmMemory, tuple[Change, ...], str]:
    """Bring an alarm back before its time; as `shelve`."""
    if alarm_id not in memory.shelves:
        return memory, (), f"{alarm_id!r} is not put aside"
    shelves = {name: shelf for name, shelf in memory.shelves.items() if name != alarm_id}
    alarm = memory.standing.get(alarm_id)
    changes = (Change("returned", alarm),) if alarm else ()
    return replace(memory, shelves=shelves), changes, ""


def shown(memory: AlarmMemory) -> tuple[Alarm, ...]:
    """What stands and is not put aside, worst first."""
    there = [alarm for name, alarm in memory.standing.items() if name not in memory.shelves]
    return tuple(sorted(there, key=lambda alarm: (-alarm.severity, alarm.since_ns, alarm.id)))


def raised_within(memory: AlarmMemory, mono_s: float, span_s: float) -> int:
    """How many alarms were raised in the last `span_s`, at most a day."""
    return sum(1 for at_s in memory.raised_s if mono_s - at_s < span_s)


def _conditions(known: Known, signs: Signs, memory: AlarmMemory) -> tuple[dict[str, Condition], AlarmMemory]:
    """All causes by id; of one id the most severe."""
    lost, memory = machines(known, signs, memory)
    own, memory = own_troubles(signs, memory)
    causes: Sequence[Condition] = [
        *own,
        *lost,
        *silences(known, signs, memory),
        *setpoints(known, signs),
        *heats(known, signs, memory),
        *residuals(signs, memory),
        *doubts(known, signs),
    ]
    found: dict[str, Condition] = {}
    for condition in causes:
        there = found.get(condition.id)
        if there is None or condition.severity > there.severity:
            found[condition.id] = condition
    return found, memory


def _on_this_clock(memory: AlarmMemory, signs: Signs) -> AlarmMemory:
    """Another start has another clock: what stands goes on standing, and every wait begins anew."""
    if memory.epoch == signs.epoch:
        return memory
    return AlarmMemory(
        epoch=signs.epoch,
        started_s=signs.mono_s,
        standing=memory.standing,
        shelves=memory.shelves,
        raised=memory.raised,
    )


class _Step:
    """One cycle's change of memory, in the making."""

    def __init__(self, known: Known, signs: Signs, memory: AlarmMemory) -> None:
        self._known, self._signs, self._memory = known, signs, memory
        self._standing, self._shelves = dict(memory.standing), dict(memory.shelves)
        self._pending: dict[str, float] = {}
        self._going: dict[str, float] = {}
        self._returns = {
            name: back
            for name, back in memory.returns.items()
            if name in memory.standing or signs.mono_s - back[0] < SOON_S
        }
        self._hidden: list[str] = []
        self._raised = 0
        self.changes: list[Change] = []

    def end_shelves(self) -> None:
        """What was put aside for long enough is seen again."""
        for name, shelf in self._memory.shelves.items():
            if shelf.until_ns <= self._signs.state.now_ns:
                del self._shelves[name]
                if name in self._standing:
                    self.changes.append(Change("returned", self._standing[name]))

    def take(self, condition: Condition, found: dict[str, Condition]) -> None:
        """A cause that is there."""
        mono_s, name = self._signs.mono_s, condition.id
        stands = self._standing.get(name)
        if stands is not None and condition.severity <= stands.severity:
            if condition.severity < stands.severity:
                self._ease(stands, condition)
            return
        key = f"{name} {int(condition.severity)}"
        if stands is None and any(hides(root, condition, self._known) for root in self._roots(found)):
            self._hidden.append(name)
            self._pending[key] = mono_s + TAIL_S
            return
        since_s = self._pending[key] = self._memory.pending.get(key, mono_s)
        if mono_s - since_s >= condition.delay_s:
            del self._pending[key]
            self._raise(condition, stands)

    def miss(self, name: str) -> None:
        """A cause that is gone, of an alarm that stands."""
        since_s = self._going[name] = self._memory.going.get(name, self._signs.mono_s)
        alarm = self._standing[name]
        if self._signs.mono_s - since_s >= self._off_s(alarm):
            del self._going[name], self._standing[name]
            _, times = self._returns.get(name, (0.0, 0))
            self._returns[name] = (self._signs.mono_s, times)
            if name in self._shelves:
                del self._shelves[name]  # it is over: the next of its kind is another one
            else:
                self.changes.append(Change("cleared", alarm))

    def result(self) -> AlarmMemory:
        """What to remember."""
        mono_s, memory = self._signs.mono_s, self._memory
        recent = tuple(at_s for at_s in memory.raised_s if mono_s - at_s < DAY_S)
        return replace(
            memory,
            standing=self._standing,
            pending=self._pending,
            going=self._going,
            returns=self._returns,
            shelves=self._shelves,
            raised_s=recent + (mono_s,) * self._raised,
            raised=memory.raised + self._raised,
            hidden=tuple(self._hidden),
        )

    def _roots(self, found: dict[str, Condition]) -> list[Condition]:
        """Causes that are there, and alarms whose cause has just gone."""
        fading = [
            Condition(alarm.kind, alarm.asset, alarm.severity, alarm.cause, alarm.reading, point=_point(alarm))
            for name, alarm in self._memory.standing.items()
            if name not in found
        ]
        return [*found.values(), *fading]

    def _ease(self, stands: Alarm, condition: Condition) -> None:
        name = condition.id
        since_s = self._going[name] = self._memory.going.get(name, self._signs.mono_s)
        if self._signs.mono_s - since_s >= self._off_s(stands):
            del self._going[name]
            self._standing[name] = alarm = _alarm(condition, stands.since_ns)
            self._tell("eased", alarm)

    def _raise(self, condition: Condition, stands: Alarm | None) -> None:
        mono_s, name = self._signs.mono_s, condition.id
        alarm = _alarm(condition, stands.since_ns if stands else self._signs.state.now_ns)
        self._standing[name] = alarm
        if stands is None and name in self._returns:
            self._returns[name] = (mono_s, self._returns[name][1] + 1)
        shelf = self._shelves.get(name)
        if shelf is not None and condition.severity > shelf.severity:
            del self._shelves[name]  # put aside as something less
        if name not in self._shelves:
            self._raised += 1
        self._tell("escalated" if stands else "raised", alarm)

    def _tell(self, what: str, alarm: Alarm) -> None:
        if alarm.id not in self._shelves:
            self.changes.append(Change(what, alarm))

    def _off_s(self, alarm: Alarm) -> float:
        _, times = self._returns.get(alarm.id, (0.0, 0))
        return float(alarm.described.off_s * 2 ** min(times, MOST_DOUBLINGS))


def _alarm(condition: Condition, since_ns: int) -> Alarm:
    return Alarm(
        condition.id,
        condition.kind,
        condition.asset,
        condition.severity,
        condition.cause,
        condition.reading,
        since_ns,
    )


def _point(alarm: Alarm) -> str:
    """The point in an alarm's id, between its asset and its kind."""
    return alarm.id.removeprefix(alarm.asset).removesuffix(alarm.kind).strip(".")
