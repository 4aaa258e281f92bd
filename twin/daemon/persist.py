"""Brings samples and records to disk in the order they came, and only then tells the broker that they are ours."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from twin.domain.messages import MessageIn
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Priority
from twin.historian.spool import Spool

log = structlog.get_logger("persist")

_MOST_SAMPLES = 1_000_000  # in memory while the disk takes nothing; above, the oldest go, unacknowledged
_GATHER_S = 0.05


@dataclass(slots=True)
class PersistHealth:
    """Counts since the start, in samples but for `records`."""

    samples: int = 0
    records: int = 0
    dropped: int = 0
    waiting: int = 0


class Persister:
    """The queue before the spool. Whoever controls puts and goes on; the disk is waited for here."""

    def __init__(self, spool: Spool, acknowledge: Callable[[Sequence[MessageIn]], None]) -> None:
        self._spool, self._acknowledge = spool, acknowledge
        self._waiting: deque[tuple[SampleBatch, Sequence[MessageIn]]] = deque()
        self._records: deque[bytes] = deque()
        self._something = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.health = PersistHealth()

    def put(self, batch: SampleBatch, messages: Sequence[MessageIn]) -> None:
        """Queue the samples of some messages; the messages are acknowledged when the disk has them."""
        self._waiting.append((batch, messages))
        self.health.waiting += len(batch)
        while self.health.waiting > _MOST_SAMPLES and len(self._waiting) > 1:
            lost, _ = self._waiting.popleft()
            if self.health.dropped == 0:
                log.error("the disk is too slow for what comes in: oldest telemetry is dropped")
            self.health.waiting -= len(lost)
            self.health.dropped += len(lost)
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

    async def _write(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        records, self._records = list(self._records), deque()
        await self._spool.append_records(Priority.CONTROL, records)
        self.health.records += len(records)
        batch = SampleBatch.joined([batch for batch, _ in waiting if len(batch)])
        await self._spool.append_samples(batch)
        self.health.samples += len(batch)
        self.health.waiting -= len(batch)
        for _, messages in waiting:
            self._acknowledge(messages)
