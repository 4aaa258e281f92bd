"""Brings samples and records to disk in the order they came, and only then tells the broker that they are ours."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from twin.domain.arrays import Flags
from twin.domain.messages import MessageIn
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Priority
from twin.historian.spool import Spool

log = structlog.get_logger("persist")

MOST_SAMPLES = 200_000  # in memory while the disk takes nothing; above, the oldest telemetry goes
_GATHER_S = 0.05


@dataclass(slots=True)
class PersistHealth:
    """Counts since the start, in samples but for `records`."""

    samples: int = 0
    records: int = 0
    dropped: int = 0
    waiting: int = 0


@dataclass(slots=True)
class _Waiting:
    """Samples on their way to disk, and the messages to acknowledge then; none where a part was given up."""

    batch: SampleBatch
    messages: Sequence[MessageIn]


class Persister:
    """The queue before the spool. Whoever controls puts and goes on; the disk is waited for here.

    `safety` says of each point whether its samples are of the class that goes last. What is given up is dropped in the
    spool's account; its messages at QoS 1 are not acknowledged, and `ask_again` lets the broker send them once more.
    """

    def __init__(
        self,
        spool: Spool,
        acknowledge: Callable[[Sequence[MessageIn]], None],
        *,
        safety: Flags | None = None,
        ask_again: Callable[[], None] = lambda: None,
    ) -> None:
        self._spool, self._acknowledge, self._ask_again = spool, acknowledge, ask_again
        self._safety = safety
        self._waiting: deque[_Waiting] = deque()
        self._shed = 0  # how many at the front have been shed already
        self._lost = 0  # samples given up that the account does not know of yet
        self._owed = False  # whether messages were left unacknowledged
        self._records: deque[bytes] = deque()
        self._something = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.health = PersistHealth()

    def put(self, batch: SampleBatch, messages: Sequence[MessageIn]) -> None:
        """Queue the samples of some messages; the messages are acknowledged when the disk has them."""
        self._waiting.append(_Waiting(batch, [message for message in messages if message.qos > 0]))
        self.health.waiting += len(batch)
        while self.health.waiting > MOST_SAMPLES and self._shed < len(self._waiting) - 1:
            self._give_up(self._waiting[self._shed])
            self._shed += 1
        self._wake()

    def put_records(self, records: Sequence[bytes]) -> None:
        """Queue decision records."""
        if records:
            self._records.extend(records)
            self._wake()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            await self._write()
            if not self._waiting and not self._records:
                self._idle.set()
            # arrivals of a moment share a commit: the disk is spared, and no acknowledgement waits longer than this
            await asyncio.sleep(_GATHER_S)

    async def flush(self) -> None:
        """Return when everything put so far is on disk; `run` must be running."""
        await self._idle.wait()

    def _wake(self) -> None:
        self._idle.clear()
        self._something.set()

    def _give_up(self, oldest: _Waiting) -> None:
        """Leave out the telemetry of what waits longest."""
        if self.health.dropped == 0:
            log.error("the disk is too slow for what comes in: oldest telemetry is dropped")
        kept = self._of_safety(oldest.batch)
        lost = len(oldest.batch) - int(kept.sum())
        oldest.batch = oldest.batch.at(kept)
        if lost:
            self._owed = self._owed or bool(oldest.messages)
            oldest.messages = ()
        self._lost += lost
        self.health.waiting -= lost
        self.health.dropped += lost

    def _of_safety(self, batch: SampleBatch) -> Flags:
        return np.zeros(len(batch), dtype=np.bool_) if self._safety is None else self._safety[batch.point]

    async def _write(self) -> None:
        waiting, self._waiting, self._shed = self._waiting, deque(), 0
        records, self._records = list(self._records), deque()
        lost, self._lost = self._lost, 0
        await self._spool.append_records(Priority.CONTROL, records)
        self.health.records += len(records)
        batch = SampleBatch.joined([item.batch for item in waiting if len(item.batch)])
        safety = self._of_safety(batch)
        await asyncio.gather(
            self._spool.append_samples(batch.at(safety), Priority.SAFETY),
            self._spool.append_samples(batch.at(~safety), Priority.TELEMETRY),
            self._spool.note_dropped(lost),
        )
        self.health.samples += len(batch)
        self.health.waiting -= len(batch)
        for item in waiting:
            self._acknowledge(item.messages)
        if self._owed and not self._lost:
            self._owed = False
            log.info("the disk keeps up again: the broker is asked for what was left unacknowledged")
            self._ask_again()
