"""Keeps the board of alarms beside the loop: what a cycle showed goes in, retained messages come out.

Nothing is decided by it. Alarms hang on the disk and the broker too, so they are no part of what a replay repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import structlog

from controllers.guard.authority import OrderAnswer
from controllers.publish.leases import blocked
from twin.alarms.board import (
    DAY_S,
    FLOOD,
    TEN_MINUTES_S,
    alarms,
    raised_within,
    shelve,
    shown,
    unshelve,
)
from twin.alarms.facts import Alarm, AlarmMemory, Change, Process, Signs
from twin.alarms.known import Known
from twin.daemon.core import Core
from twin.daemon.cycle import Outcome
from twin.domain.clock import NS_PER_S
from twin.domain.commands import OperatorOrder
from twin.domain.errors import DataTooPoor
from twin.domain.timestamps import iso_utc

log = structlog.get_logger("alarms")

SHELF_S, LONGEST_SHELF_S = 4 * 3600.0, 7 * 86_400.0
STRANGER_S = 600.0  # how long an answer to somebody else's command is news


class Watch:
    """Alarms of one daemon. `process` tells how it fares itself, `save` stores the memory."""

    def __init__(
        self,
        known: Known,
        memory: AlarmMemory,
        *,
        process: Callable[[], Process] = Process,
        save: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        self._known, self._process, self._save = known, process, save
        self._strangers: dict[str, float] = {}
        self._save_failed = False
        self._mono_s = 0.0
        self.memory = memory

    def cycle(self, core: Core, outcome: Outcome) -> tuple[Change, ...]:
        """What changed with this cycle."""
        if core.seen is None:
            return ()
        self._mono_s = core.seen.mono_s
        signs = Signs(
            epoch=core.order.epoch,
            state=outcome.state,
            snapshot=core.seen,
            blocked=blocked(core.memory.ledger, core.order.site.limits.actuators),
            strangers=self._recent(core.strangers),
            process=self._process(),
            findings=outcome.findings,
        )
        self.memory, changes = alarms(self._known, signs, self.memory)
        self._keep(changes)
        return changes

    def order(self, asked: OperatorOrder, now_ns: int) -> tuple[OrderAnswer, tuple[Change, ...]]:
        """Put an alarm aside or bring it back."""
        if asked.kind == "unshelve":
            memory, changes, refusal = unshelve(self.memory, asked.alarm)
            text = f"{asked.alarm} is back"
        else:
            until_ns = asked.ends_ns(now_ns) or now_ns + round(SHELF_S * NS_PER_S)
            until_ns = min(until_ns, now_ns + round(LONGEST_SHELF_S * NS_PER_S))
            if until_ns <= now_ns:
                return OrderAnswer(asked.id, False, "its end has already passed"), ()
            memory, changes, refusal = shelve(self.memory, asked.alarm, asked.by, asked.reason, now_ns, until_ns)
            text = f"{asked.alarm} is put aside until {iso_utc(until_ns)}"
        self.memory = memory
        self._keep(changes)
        return OrderAnswer(asked.id, not refusal, refusal or text), changes

    def shown(self) -> tuple[Alarm, ...]:
        """What stands and is to be seen, worst first."""
        return shown(self.memory)

    def levels(self) -> dict[str, float]:
        """For the metrics."""
        memory = self.memory
        recent = raised_within(memory, self._mono_s, TEN_MINUTES_S)
        return {
            "alarms_standing": len(self.shown()),
            "alarms_shelved": len(memory.shelves),
            "alarms_hidden": len(memory.hidden),
            "alarms_raised_total": memory.raised,
            "alarms_10min": recent,
            "alarms_24h": raised_within(memory, self._mono_s, DAY_S),
            "alarm_flood": float(recent > FLOOD),
        }

    def _recent(self, strangers: Sequence[str]) -> tuple[str, ...]:
        self._strangers |= dict.fromkeys(strangers, self._mono_s)
        self._strangers = {p: at_s for p, at_s in self._strangers.items() if self._mono_s - at_s < STRANGER_S}
        return tuple(self._strangers)

    def _keep(self, changes: Sequence[Change]) -> None:
        for change in changes:
            alarm = change.alarm
            say = log.warning if change.what in {"raised", "escalated"} else log.info
            say(f"alarm {change.what}", id=alarm.id, severity=alarm.severity.word, cause=alarm.cause)
        if not changes:
            return
        try:
            self._save(memory_bytes(self.memory))
            self._save_failed = False
        except OSError as error:
            if not self._save_failed:
                log.error("the alarms cannot be stored, they go on in memory", error=str(error))
            self._save_failed = True


def memory_bytes(memory: AlarmMemory) -> bytes:
    """The memory as it is stored."""
    return msgspec.msgpack.encode(memory)


def alarm_memory_of(stored: bytes) -> AlarmMemory:
    """A memory from its bytes; a fresh one from none. Raises: DataTooPoor: not one of this version."""
    if not stored:
        return AlarmMemory()
    try:
        return msgspec.msgpack.decode(stored, type=AlarmMemory)
    except msgspec.MsgspecError as error:
        raise DataTooPoor(f"the stored alarms cannot be read: {error}", fix="remove alarms.1.msgpack") from error
