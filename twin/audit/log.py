"""The one writer of an audit log: takes entries without waiting, and brings them to disk in a thread of its own.

A disk that is full or gone holds nobody up: entries wait in memory, the newest `MOST_WAITING` of them, and what had to
be left out is counted, in the log too as soon as it can be written again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from twin.audit.file import AuditFile, Entry
from twin.domain.clock import Clock

log = structlog.get_logger("audit")

MOST_WAITING = 20_000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 10.0
_AT_ONCE = 1_000
_T = TypeVar("_T")


@dataclass(slots=True)
class AuditHealth:
    """Levels for the metrics; `lines` and `lost` count since the start."""

    writable: bool = True
    lines: int = 0
    waiting: int = 0
    lost: int = 0
    failures: int = 0
    late: int = 0  # times that something went on before its entry was in the file


class AuditLog:
    """One log of one process.

    `start` makes the first entries of this run from what the file says of the last: it is called once, in the thread,
    with the opened file.
    """

    def __init__(self, directory: Path, clock: Clock, start: Callable[[AuditFile], Sequence[Entry]]) -> None:
        self._directory, self._clock, self._start = directory, clock, start
        self._file: AuditFile | None = None
        self._thread = ThreadPoolExecutor(1, "audit")
        self._waiting: deque[Entry] = deque()
        self._put = self._written = 0  # entries handed in, and those of them that are in the file or lost
        self._ahead = 0  # entries of our own that stand before those that wait
        self._lost = 0  # since the log last told
        self._something = asyncio.Event()
        self._progress = asyncio.Event()
        self._synced = True
        self._something.set()  # the file is opened at once
        self.health = AuditHealth()

    def put(self, entries: Sequence[Entry]) -> None:
        """Queue some entries, in the order they happened."""
        if not entries:
            return
        self._waiting.extend(entries)
        self._put += len(entries)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._count(1)
            self._lost += 1
            self.health.lost += 1
        self.health.waiting = len(self._waiting)
        self._something.set()

    async def in_file(self, limit_s: float) -> bool:
        """Wait until all that was put so far is in the file, where the end of this process cannot take it away.

        False when that took too long, or the file cannot be written just now: whoever asks goes on without.
        """
        wanted, limit_s = self._put, limit_s if self.health.writable else 0.0
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self._written < wanted:
                    self._progress.clear()
                    await self._progress.wait()
        if self._written < wanted:
            self.health.late += 1
            return False
        return True

    async def flush(self, limit_s: float) -> None:
        """Return when all that was put is on disk, or after `limit_s`; `run` must be running."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self._file is None or self._written < self._put or self._ahead or not self._synced:
                    self._progress.clear()
                    await self._progress.wait()

    async def run(self) -> None:
        """Write until cancelled."""
        pause_s = _FIRST_PAUSE_S
        while True:
            await self._something.wait()
            self._something.clear()
            try:
                await self._drain()
                pause_s = _FIRST_PAUSE_S
                self._note_writable()
            except OSError as error:
                self._note_failure(error)
                self._something.set()
                await self._clock.sleep(pause_s)
                pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)

    async def close(self) -> None:
        """End the thread and close the file."""
        await asyncio.to_thread(self._thread.shutdown)
        if self._file is not None:
            self._file.close()

    async def _drain(self) -> None:
        file = self._file or await self._begun()
        while self._waiting or not self._synced:
            while self._waiting:
                await self._write(file)
            await self._in_thread(file.sync)
            self._synced = True
            self._progress.set()

    async def _begun(self) -> AuditFile:
        """The file, opened, with the first entries before those that wait already."""
        file, first = await self._in_thread(self._opened)
        self._file = file
        self._waiting.extendleft(reversed(first))
        self._ahead += len(first)
        return file

    async def _write(self, file: AuditFile) -> None:
        if self._lost:
            self._waiting.appendleft(Entry("lost", self._waiting[0].at_ns, {"entries": self._lost}))
            self._ahead += 1
            self._lost = 0
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]
        done = 0
        try:
            done = await self._in_thread(partial(file.write, batch))
        finally:
            self._waiting.extendleft(reversed(batch[done:]))
            self.health.waiting = len(self._waiting)
        self._synced = False
        self._count(done)
        self.health.lines += done
        self._progress.set()

    def _count(self, done: int) -> None:
        """So many are in the file or lost, those of our own first."""
        own = min(self._ahead, done)
        self._ahead -= own
        self._written += done - own

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _opened(self) -> tuple[AuditFile, list[Entry]]:
        file = AuditFile(self._directory)
        at_ns = self._clock.now_ns()
        mended = [Entry(kind, at_ns, facts) for kind, facts in file.found]
        for entry in mended:
            log.warning("the audit log was not as it was left", kind=entry.kind, **entry.facts)
        return file, [*mended, *self._start(file)]

    def _note_writable(self) -> None:
        if not self.health.writable:
            log.info("the audit log can be written again", lost=self.health.lost)
        self.health.writable = True

    def _note_failure(self, error: OSError) -> None:
        self.health.failures += 1
        if self.health.writable:
            log.error(
                "the audit log cannot be written, control goes on", directory=str(self._directory), why=str(error)
            )
        self.health.writable = False
