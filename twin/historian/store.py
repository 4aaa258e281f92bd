"""The embedded historian: a sink that is a file. No server to install, and as exact as the spool it reads.

Blocks are kept as they come ("hot") until they are worth sealing; then all samples of the closed time move into chunks
by series, in one transaction, so that a reader sees each sample once, hot or sealed. Writing a block again changes
nothing; a late sample is merged into the chunk of its time; of equal series and time the last to arrive stays.
"""

from __future__ import annotations

import asyncio
import sqlite3
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import structlog

from twin.domain.arrays import Ints
from twin.domain.clock import NS_PER_S, Clock
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Block, pack_samples
from twin.historian.chunks import HOUR_NS, MOST_SLOTS, SLOT_NS, Samples, cut, windows_for
from twin.historian.decisions import decision_row
from twin.historian.merging import merge_hours, put_chunks
from twin.historian.series import Catalogue
from twin.historian.sinks import SinkBusy, Written
from twin.historian.spool_db import DeadLetter, is_damage
from twin.historian.store_db import Catalogues, give_back, hot_batches, open_for_writing, sealed_samples, transaction
from twin.historian.store_rescue import rescued, set_aside

log = structlog.get_logger("history")

_T = TypeVar("_T")
_GRACE_NS = 60 * NS_PER_S  # how late a sample may be and still find its window open
_FUTURE_NS = MOST_SLOTS * SLOT_NS  # beyond this a sample's clock is wrong: sealed at once instead of kept hot for years
_WORTH_A_CHUNK = 60  # samples a series
_FEW_HOT = 500_000  # samples; below, only whole hours are sealed, as small as they get and once
_MOST_HOT = 2_000_000  # samples; a sealing sorts them in memory
_MOST_MERGED = 4  # hours a sealing
_SPARE_FRAC = 0.25  # of the file may lie free: what is merged or forgotten makes room for what comes
_RETRY_S = 2.0  # a disk is asked again sooner than a server
_DAMAGE = (ValueError, KeyError, TypeError, struct.error)  # what reading a row gives that is not what was written
_NO_SPAN = (2**63 - 1, -(2**63))


@dataclass(slots=True)
class StoreHealth:
    """Levels for the metrics."""

    hot_samples: int = 0
    sealings: int = 0
    chunks: int = 0
    late_chunks: int = 0
    merged_hours: int = 0
    files_set_aside: int = 0


class HistoryStore:
    """The writing half, with a thread of its own. `HistoryReader` is the other half."""

    name = "history"
    link = 0

    def __init__(self, path: Path, clock: Clock, *, retention_s: float = 31 * 86_400.0) -> None:
        self._path, self._clock, self._retention_s = path, clock, retention_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._points = 0  # in the newest catalogue
        self._latest_ns = 0  # the middle of the newest block
        self._span = _NO_SPAN  # the middles of the oldest and the newest hot block
        self._broken: set[int] = set()  # hours that cannot be merged
        self.health = StoreHealth()

    @classmethod
    async def open(cls, path: Path, clock: Clock, *, retention_s: float = 31 * 86_400.0) -> HistoryStore:
        """Open or make the history in `path`. One that cannot be read is moved aside, and read for what is whole.

        Raises: sqlite3.OperationalError: the directory cannot be written.
        """
        store = cls(path, clock, retention_s=retention_s)
        await store._run(store._open)
        return store

    async def write(self, blocks: Sequence[Block]) -> Written:
        """Keep these blocks; when this returns, the disk has them. Raises: SinkBusy: the disk does not take them."""
        try:
            catalogues = [block.catalogue for block in blocks]
            return await self._run(lambda: self._or_rescue(lambda: self._write(blocks), catalogues))
        except sqlite3.OperationalError as error:
            raise SinkBusy(
                f"the history cannot be written: {error}", where=str(self._path), retry_after_s=_RETRY_S
            ) from error

    async def seal(self) -> None:
        """Seal and merge everything now; for the end of a run."""
        await self._run(lambda: self._or_rescue(lambda: self._seal(None), ()))
        while await self._run(lambda: merge_hours(self._db, 2**63 - 1, _MOST_MERGED, self._broken)):
            pass
        await self._run(lambda: give_back(self._db, 0.0, most_pages=2**31))

    async def close(self) -> None:
        """Close the file."""
        await self._run(self._db_close)
        self._thread.shutdown()

    async def _run(self, job: Callable[[], _T]) -> _T:
        return await asyncio.shield(asyncio.wrap_future(self._thread.submit(job)))

    # What follows runs in the store's thread.

    def _open(self) -> None:
        try:
            self._begin()
        except (sqlite3.DatabaseError, *_DAMAGE) as error:
            if isinstance(error, sqlite3.Error) and not is_damage(error):
                raise
            self._rescue(error)

    def _begin(self) -> None:
        self._db = open_for_writing(self._path)
        self._catalogues = Catalogues(self._db)
        self._count_hot()

    def _rescue(self, error: Exception, current: Sequence[Catalogue] = ()) -> None:
        """Begin a fresh file with what can be read of the damaged one, which stays beside it."""
        with suppress(AttributeError, sqlite3.DatabaseError):  # it may never have been opened
            self._db.close()
        aside = set_aside(self._path, self._clock.now_ns())
        self.health.files_set_aside += 1
        log.error("history: the file is damaged and was moved aside", error=str(error), moved_to=str(aside))
        self._begin()
        try:
            rows = rescued(aside, self._db, current)
            log.warning("history: what could be read of the damaged file is kept", rows=rows)
        except sqlite3.DatabaseError as hopeless:
            log.error("history: nothing of the damaged file could be read", error=str(hopeless))
        self._count_hot()

    def _db_close(self) -> None:
        self._db.close()

    def _or_rescue(self, job: Callable[[], _T], current: Sequence[Catalogue]) -> _T:
        """Do something; when the file turns out to be damaged, once more on a fresh one."""
        try:
            return job()
        except (sqlite3.DatabaseError, *_DAMAGE) as error:
            if isinstance(error, sqlite3.Error) and not is_damage(error):
                raise
            self._rescue(error, current)
            return job()

    def _write(self, blocks: Sequence[Block]) -> Written:
        unreadable: list[DeadLetter] = []
        with transaction(self._db):
            for block in blocks:
                if block.records:
                    unreadable += self._keep_records(block.records)
                else:
                    self._catalogues.put(block.catalogue)
                    self._keep_hot(block.samples, block.packed, block.catalogue.digest, (None, block.id, block.crc))
        for block in blocks:
            if len(block.samples):
                self._note_hot(len(block.samples), _middle_ns(block.samples), len(block.catalogue))
        if self._worth_sealing():
            self._seal(self._closed_until_ns())
        return Written(tuple(unreadable))

    def _keep_records(self, records: Sequence[bytes]) -> list[DeadLetter]:
        unreadable: list[DeadLetter] = []
        for record in records:
            try:
                row = decision_row(record)
            except ValueError as error:
                unreadable.append(DeadLetter(record.decode("utf-8", "replace"), str(error)))
                continue
            self._db.execute(
                "INSERT OR REPLACE INTO decisions VALUES(?, ?, ?, ?, ?, ?)",
                (row.id, row.ns, row.cycle, row.asset, row.point, row.record),
            )
        return unreadable

    def _keep_hot(
        self, samples: SampleBatch, packed: bytes, digest: str, key: tuple[int | None, int | None, int | None]
    ) -> None:
        times = samples.source_ns
        # a block that comes again moves behind all others, as do those after it: the order of arrival stays
        self._db.execute(
            "INSERT OR REPLACE INTO hot VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, digest, len(samples), int(times.min()), int(times.max()), _middle_ns(samples), packed),
        )

    def _note_hot(self, n: int, middle_ns: int, points: int) -> None:
        self.health.hot_samples += n
        self._points = points
        self._latest_ns = middle_ns
        self._span = (min(self._span[0], middle_ns), max(self._span[1], middle_ns))

    def _count_hot(self) -> None:
        n, first_ns, last_ns = self._db.execute("SELECT SUM(n), MIN(middle_ns), MAX(middle_ns) FROM hot").fetchone()
        self.health.hot_samples = n or 0
        self._points = 0
        self._latest_ns = last_ns or 0
        self._span = (first_ns, last_ns) if n else _NO_SPAN

    def _worth_sealing(self) -> bool:
        hot, span_ns = self.health.hot_samples, self._span[1] - self._span[0]
        if self._span[0] >= self._closed_until_ns():
            return False
        if hot >= _WORTH_A_CHUNK * self._points and span_ns >= SLOT_NS + _GRACE_NS:
            return True
        return span_ns >= HOUR_NS + _GRACE_NS or hot >= _MOST_HOT

    def _closed_until_ns(self) -> int:
        step_ns = HOUR_NS if self.health.hot_samples < _FEW_HOT else SLOT_NS
        return (self._latest_ns - _GRACE_NS) // step_ns * step_ns

    def _seal(self, until_ns: int | None) -> None:
        """Move samples older than an instant into chunks, and those whose time is far in the future; None: all."""
        if until_ns is None or self.health.hot_samples >= _MOST_HOT:
            until_ns = 2**63 - 1 - _FUTURE_NS
        with transaction(self._db):
            closed = self._take_closed(until_ns)
            if closed.series.size:
                self._store_chunks(closed)
            self._forget_old()
        self.health.merged_hours += merge_hours(self._db, until_ns, _MOST_MERGED, self._broken)
        give_back(self._db, _SPARE_FRAC)
        self._count_hot()
        self.health.sealings += 1

    def _take_closed(self, until_ns: int) -> Samples:
        """Remove the hot rows that hold closed samples; what in them is still open stays hot."""
        too_new_ns = until_ns + _FUTURE_NS
        rows: dict[str, list[tuple[int, SampleBatch]]] = {}
        for row, digest, batch in hot_batches(self._db, "first_ns < ? OR last_ns > ?", (until_ns, too_new_ns)):
            rows.setdefault(digest, []).append((row, batch))
        taken: list[Samples] = []
        for digest, batches in rows.items():
            self._db.executemany("DELETE FROM hot WHERE id = ?", [(row,) for row, _ in batches])
            whole = SampleBatch.joined([batch for _, batch in batches])
            numbers = self._catalogues.get(digest)[1]
            closed = (whole.source_ns < until_ns) | (whole.source_ns > too_new_ns)
            taken.append(Samples(numbers[whole.point], whole.source_ns, whole.value, whole.quality).at(closed))
            if not closed.all():
                left = _where(whole, ~closed)
                # under its first row's number, so that it still stands before what arrived later
                self._keep_hot(left, pack_samples(left), digest, (batches[0][0], None, None))
        return Samples.joined(taken)

    def _store_chunks(self, closed: Samples) -> None:
        slots = np.unique(closed.source_ns // SLOT_NS)
        existing = self._db.execute(
            "SELECT start_ns, end_ns FROM windows WHERE end_ns > ? AND start_ns <= ? ORDER BY start_ns",
            (int(slots[0]) * SLOT_NS, int(slots[-1]) * SLOT_NS),
        ).fetchall()
        starts, made = windows_for(slots, [(a // SLOT_NS, b // SLOT_NS) for a, b in existing])
        self._db.executemany("INSERT INTO windows VALUES(?, ?)", [(a * SLOT_NS, b * SLOT_NS) for a, b in made])
        if existing:
            new = {a for a, _ in made}
            old = np.isin(starts, [a for a in np.unique(starts).tolist() if a not in new])
            closed = self._with_sealed(closed, slots, starts, old)
        ordered = closed.in_order()
        # earlier chunks may have brought slots of the same windows that no new sample lies in
        window_ns = _windows_of(ordered.source_ns, starts * SLOT_NS)
        whole_hours = [a * SLOT_NS for a, b in made if b - a == MOST_SLOTS]
        whole_hours += [a for a, b in existing if b - a == HOUR_NS]
        densely = np.isin(window_ns, whole_hours)
        chunks = [
            *cut(ordered.at(densely), window_ns[densely], densely=True),
            *cut(ordered.at(~densely), window_ns[~densely]),
        ]
        put_chunks(self._db, chunks)
        self.health.chunks += len(chunks)

    def _with_sealed(
        self, late: Samples, slots: Ints, starts: Ints, old: np.ndarray[tuple[int], np.dtype[np.bool_]]
    ) -> Samples:
        """Late samples with, before them, those of the chunks that they fall into."""
        place = np.searchsorted(slots, late.source_ns // SLOT_NS)
        into_old = old[place]
        pairs = np.unique(np.stack((starts[place][into_old] * SLOT_NS, late.series[into_old])), axis=1)
        parts: list[Samples] = []
        for window_ns, series in pairs.T.tolist():
            row = self._db.execute(
                "SELECT n, first_ns, packed FROM chunks WHERE window_ns = ? AND series = ?", (window_ns, series)
            ).fetchone()
            if row is None:
                continue
            try:
                parts.append(sealed_samples(series, *row))
            except ValueError as error:  # what cannot be read must not keep out what can
                log.error("history: a damaged chunk is given up for a late sample", window=window_ns, why=str(error))
        self.health.late_chunks += len(parts)
        return Samples.joined([*parts, late])

    def _forget_old(self) -> None:
        oldest_ns = min(self._latest_ns, self._clock.now_ns()) - int(self._retention_s * NS_PER_S)
        self._db.execute(
            "DELETE FROM chunks WHERE window_ns IN (SELECT start_ns FROM windows WHERE end_ns < ?)", (oldest_ns,)
        )
        self._db.execute("DELETE FROM windows WHERE end_ns < ?", (oldest_ns,))
        self._db.execute("DELETE FROM decisions WHERE ns < ?", (oldest_ns,))


def _windows_of(source_ns: Ints, starts_ns: Ints) -> Ints:
    """The start of the window each time lies in: the last start that is not after it."""
    firsts = np.unique(starts_ns)
    found: Ints = firsts[np.searchsorted(firsts, source_ns, side="right") - 1]
    return found


def _middle_ns(samples: SampleBatch) -> int:
    """The median time: a single clock that is wrong does not move it."""
    middle = len(samples) // 2
    return int(np.partition(samples.source_ns, middle)[middle])


def _where(batch: SampleBatch, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> SampleBatch:
    return SampleBatch(
        batch.point[mask], batch.source_ns[mask], batch.received_ns[mask], batch.value[mask], batch.quality[mask]
    )
