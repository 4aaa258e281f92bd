"""The durable spool: what has been appended survives `kill -9`, and nothing is acknowledged before that.

Two threads: one writes, one reads; the event loop never waits for the disk. Appends that arrive while a commit runs
share the next one. A full disk is waited out: the append returns late, never wrongly, and meanwhile the oldest blocks
of the lowest class make room. Whoever controls must therefore not wait for an append.

The clock given here must be the machine's, also where the daemon lives in event time: disks are waited for in real
time.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from twin.domain.clock import NS_PER_S, Clock
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Block, Priority, pack_records, pack_samples
from twin.historian.reserve import Reserve
from twin.historian.salvage import log_is_torn, salvaged
from twin.historian.series import Catalogue
from twin.historian.spool_db import (
    Account,
    Connect,
    DeadLetter,
    NewBlock,
    SpoolDatabase,
    SpoolLimits,
    is_damage,
    open_database,
)

log = structlog.get_logger("spool")

_T = TypeVar("_T")
_MOST_SAMPLES_A_BLOCK = 20_000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_TIDY_EVERY_S = 60.0
_TIDY_WHEN_FULL_S = 2.0
_MAKE_ROOM_BYTES = 4 * 1024**2


@dataclass(slots=True)
class SpoolHealth:
    """Levels for the health page and the metrics."""

    writable: bool = True
    full: bool = False  # the disk is: the oldest goes to make room for the newest
    last_error: str = ""
    commits: int = 0
    failures: int = 0
    held_blocks: int = 0
    held_bytes: int = 0
    shed_blocks: int = 0
    shed_items: int = 0
    damaged_blocks: int = 0
    file_set_aside: str = ""  # where a spool that could not be read was moved at the start


@dataclass(slots=True)
class _Group:
    """Appends that share one commit."""

    samples: dict[Priority, list[SampleBatch]] = field(default_factory=dict)
    records: dict[Priority, list[bytes]] = field(default_factory=dict)


class Spool:
    """One site's spool. Make it with `open`, end it with `close`."""

    def __init__(self, path: Path, catalogue: Catalogue, limits: SpoolLimits, clock: Clock, connect: Connect) -> None:
        self._path, self._catalogue, self._limits, self._clock, self._connect = path, catalogue, limits, clock, connect
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix="spool-write")
        self._read_thread = ThreadPoolExecutor(1, thread_name_prefix="spool-read")
        self._lock = threading.Lock()
        self._group: _Group | None = None
        self._group_done: Future[None] | None = None
        self._reserve = Reserve(path.with_suffix(".reserve"))
        self._tidied_s = clock.monotonic_s()
        self.health = SpoolHealth()
        self.newest_id = 0

    @classmethod
    async def open(
        cls,
        path: Path,
        catalogue: Catalogue,
        *,
        sinks: Sequence[str],
        clock: Clock,
        limits: SpoolLimits | None = None,
        connect: Connect = open_database,
    ) -> Spool:
        """Open or make the spool in `path`, to be read by `sinks`. A file that is no spool is moved aside, and counted.

        Raises: sqlite3.OperationalError: the directory cannot be written.
        """
        spool = cls(path, catalogue, limits or SpoolLimits(), clock, connect)
        await spool._run(spool._write_thread, lambda: spool._open(tuple(sinks)))
        return spool

    async def append_samples(self, batch: SampleBatch, priority: Priority = Priority.TELEMETRY) -> None:
        """Return when the disk has the batch. Waits while the disk is full.

        Raises: ValueError: a point index the catalogue does not know.
        """
        if len(batch) == 0:
            return
        if int(batch.point.min()) < 0 or int(batch.point.max()) >= len(self._catalogue):
            raise ValueError(f"the batch names a point outside the catalogue of {len(self._catalogue)}")
        await self._append(lambda group: group.samples.setdefault(priority, []).append(batch))

    async def append_records(self, priority: Priority, records: Sequence[bytes]) -> None:
        """Return when the disk has these JSON records. Waits while the disk is full."""
        if records:
            await self._append(lambda group: group.records.setdefault(priority, []).extend(records))

    async def note_dropped(self, items: int) -> None:
        """Count items that came and were given up before they reached the disk."""
        if items:
            await self._patiently(lambda: self._writer.note_dropped(items))

    async def position(self, sink: str) -> int:
        """The block up to which a sink is known to hold everything. Raises: KeyError: no such sink."""
        return await self._run(self._read_thread, lambda: self._reader.position(sink))

    async def read_after(self, block_id: int, limit: int) -> list[Block]:
        """Blocks beyond an id, oldest first, until there are `limit` items or no more blocks.

        A block whose checksum does not fit is put aside and counted as dropped; the reading goes on behind it.
        """
        while True:
            blocks, damaged = await self._run(self._read_thread, lambda: self._reader.read_after(block_id, limit))
            if damaged:
                await self._patiently(partial(self._quarantine, damaged))
            if blocks or not damaged:
                return blocks

    async def advance(self, sink: str, block_id: int, *, refused: int = 0) -> None:
        """A sink holds everything up to a block for good, but for `refused` items that it will never take."""
        await self._patiently(lambda: self._advance(sink, block_id, refused))

    async def bury(self, sink: str, letters: Sequence[DeadLetter]) -> None:
        """Keep lines a sink refuses for ever, with its words."""
        now_ns = self._clock.now_ns()
        await self._patiently(lambda: self._writer.bury(sink, letters, now_ns))

    async def dead_letters(self, sink: str, limit: int = 100) -> list[DeadLetter]:
        """The newest refused lines of a sink."""
        return await self._run(self._read_thread, lambda: self._reader.dead_letters(sink, limit))

    async def accounts(self) -> dict[str, Account]:
        """What was received, stored, dropped and is pending, by sink; the sum holds at every instant."""
        return await self._run(self._read_thread, self._reader.accounts)

    async def close(self) -> None:
        """Finish what was begun and close the file."""
        await self._run(self._read_thread, self._reader.close)
        await self._run(self._write_thread, self._close)
        self._read_thread.shutdown()
        self._write_thread.shutdown()

    async def _append(self, put: Callable[[_Group], None]) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            with self._lock:
                if self._group is None or self._group_done is None:
                    group = self._group = _Group()
                    self._group_done = self._write_thread.submit(self._commit, group)
                put(self._group)
                done = self._group_done
            try:
                # shielded: one caller's cancellation must not undo the others' commit
                await asyncio.shield(asyncio.wrap_future(done))
                return
            except sqlite3.OperationalError as error:
                self._note_failure(error)
            await self._clock.sleep(pause_s)
            pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)

    async def _patiently(self, job: Callable[[], object]) -> None:
        """Run a small change in the writer's thread, again until the disk takes it."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self._run(self._write_thread, job)
                return
            except sqlite3.OperationalError as error:
                self._note_failure(error)
            await self._clock.sleep(pause_s)
            pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)

    @staticmethod
    async def _run(thread: ThreadPoolExecutor, job: Callable[[], _T]) -> _T:
        return await asyncio.shield(asyncio.wrap_future(thread.submit(job)))

    def _note_failure(self, error: sqlite3.OperationalError) -> None:
        self.health.failures += 1
        self.health.last_error = str(error)
        if self.health.writable:
            self.health.writable = False
            log.error("spool: the disk does not take what is written; waiting, control goes on", error=str(error))

    # What follows runs in the writer's thread.

    def _open(self, sinks: tuple[str, ...]) -> None:
        log_path = self._path.with_name(self._path.name + "-wal")
        old_log = log_path.read_bytes() if log_path.exists() else b""  # SQLite begins it anew
        torn_log = bool(old_log) and log_is_torn(old_log)
        try:
            self._prepare_with_reserve(sinks)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter of a column's name
            if isinstance(error, sqlite3.Error) and not is_damage(error):
                raise
            aside = self._set_aside(error)
            self._prepare_with_reserve(sinks)
            self._adopt(aside, old_log, 0)
        else:
            if torn_log:
                self._adopt(self._path, old_log, self._writer.held()[0])
        self._reader = SpoolDatabase(self._connect(self._path))
        self.newest_id, self.health.held_blocks, self.health.held_bytes = self._writer.held()
        self._take_room()

    def _prepare_with_reserve(self, sinks: tuple[str, ...]) -> None:
        try:
            self._prepare(sinks)
        except sqlite3.OperationalError as error:
            if is_damage(error) or not self._reserve.held:
                raise
            self._reserve.give_up()
            self._prepare(sinks)

    def _prepare(self, sinks: tuple[str, ...]) -> None:
        self._writer = SpoolDatabase(self._connect(self._path))
        try:
            self._writer.prepare(self._catalogue, sinks)
            self._writer.check()
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            self._writer.close()
            raise

    def _set_aside(self, error: Exception) -> Path:
        aside = self._path.with_name(f"{self._path.name}.damaged-{self._clock.now_ns()}")
        for suffix in ("", "-wal", "-shm"):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        self.health.file_set_aside = str(aside)
        log.error("spool: the file cannot be read and was moved aside", error=str(error), moved_to=str(aside))
        return aside

    def _adopt(self, damaged: Path, old_log: bytes, after: int) -> None:
        blocks = self._writer.adopt(salvaged(damaged, old_log), after)
        log.warning("spool: what could be read of the damaged file is kept", blocks=blocks)

    def _commit(self, group: _Group) -> None:
        with self._lock:  # from here on the group is closed: later appends begin the next one
            if self._group is group:
                self._group = None
        blocks = self._blocks(group)
        try:
            self.newest_id = self._writer.commit(blocks, self._catalogue)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            self._make_room(error)
            self.newest_id = self._writer.commit(blocks, self._catalogue)
        self.health.commits += 1
        self.health.held_blocks += len(blocks)
        self.health.held_bytes += sum(len(block.packed) for block in blocks)
        if not self.health.writable:
            self.health.writable = True
            log.info("spool: the disk takes what is written again")
        self._keep_within_limits()

    def _blocks(self, group: _Group) -> list[NewBlock]:
        now_ns = self._clock.now_ns()
        blocks = [NewBlock(p, len(texts), now_ns, pack_records(texts)) for p, texts in group.records.items()]
        for priority, batches in group.samples.items():
            whole = SampleBatch.joined(batches)
            for start in range(0, len(whole), _MOST_SAMPLES_A_BLOCK):
                part = _part(whole, start, start + _MOST_SAMPLES_A_BLOCK)
                blocks.append(NewBlock(priority, len(part), now_ns, pack_samples(part)))
        return blocks

    def _keep_within_limits(self) -> None:
        now_s = self._clock.monotonic_s()
        excess = self.health.held_bytes - self._limits.max_bytes
        tidy_s = _TIDY_EVERY_S if self._reserve.held else _TIDY_WHEN_FULL_S
        if excess <= 0 and now_s - self._tidied_s < tidy_s:
            return
        try:
            if excess > 0 or self._too_old():
                self._shed(excess)
            if now_s - self._tidied_s >= tidy_s:
                self._tidied_s = now_s
                self._writer.shrink()
                self._refill_reserve()
        except sqlite3.OperationalError as error:  # the blocks are committed; tidying is tried again with the next ones
            self.health.failures += 1
            self.health.last_error = str(error)

    def _oldest_kept_ns(self) -> int:
        return self._clock.now_ns() - int(self._limits.max_age_s * NS_PER_S)

    def _too_old(self) -> bool:
        oldest_ns = self._writer.oldest_ns()
        return oldest_ns is not None and oldest_ns < self._oldest_kept_ns()

    def _shed(self, wanted_bytes: int) -> None:
        blocks, items, size = self._writer.shed(wanted_bytes, self._oldest_kept_ns())
        self.health.held_blocks -= blocks
        self.health.held_bytes -= size
        self.health.shed_blocks += blocks
        self.health.shed_items += items

    def _take_room(self) -> None:
        try:
            self._writer.take_room()
        except sqlite3.OperationalError as error:  # no room now: make do with what there is
            self._note_full(error)
            self._writer.grow(may=False)
        else:
            self._reserve.fill()

    def _refill_reserve(self) -> None:
        if self.health.full:
            self._writer.give_back()  # it may be we ourselves who take all the room
        if self._reserve.fill() and self.health.full:
            self._writer.grow(may=True)
            self.health.full = False
            log.info("spool: the disk has room again", dropped=self.health.shed_items)

    def _make_room(self, error: sqlite3.OperationalError) -> None:
        """Free room within the file, as the disk has none.

        What stands in the log alone first moves into the file, which the reserve lets grow once more; from then on it
        must not, so that its log, which only a deletion needs, keeps the room it has.
        """
        self._note_full(error)
        self._reserve.give_up()
        try:
            self._writer.checkpoint()
            self._writer.grow(may=False)
            self._shed(max(1, min(_MAKE_ROOM_BYTES, self.health.held_bytes // 8)))
            self._writer.checkpoint()
        except sqlite3.OperationalError as still:  # not even that much room: the append goes on waiting
            self.health.last_error = str(still)

    def _note_full(self, error: sqlite3.OperationalError) -> None:
        self.health.failures += 1
        self.health.last_error = str(error)
        if not self.health.full:
            self.health.full = True
            log.error("spool: the disk is full, the oldest of the lowest class makes room", error=str(error))

    def _advance(self, sink: str, block_id: int, refused: int) -> None:
        blocks, size = self._writer.advance(sink, block_id, refused)
        self.health.held_blocks -= blocks
        self.health.held_bytes -= size

    def _quarantine(self, damaged: Sequence[tuple[int, str]]) -> None:
        freed = self._writer.quarantine(damaged)
        self.health.damaged_blocks += len(damaged)
        self.health.held_blocks -= len(damaged)
        self.health.held_bytes -= freed
        for block_id, why in damaged:
            log.error("spool: a block cannot be read and was put aside", block=block_id, why=why)

    def _close(self) -> None:
        self._writer.checkpoint()
        self._writer.close()


def _part(batch: SampleBatch, start: int, stop: int) -> SampleBatch:
    if start == 0 and stop >= len(batch):
        return batch
    cut = slice(start, stop)
    return SampleBatch(
        batch.point[cut], batch.source_ns[cut], batch.received_ns[cut], batch.value[cut], batch.quality[cut]
    )
