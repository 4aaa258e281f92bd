"""What can still be read of a history whose file is damaged: every row that is whole, copied into a fresh file."""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeAlias

from twin.historian.blocks import unpack
from twin.historian.series import Catalogue
from twin.historian.store_db import Catalogues, catalogue_of, sealed_samples, transaction

Row: TypeAlias = tuple[Any, ...]  # as SQLite gives them; a damaged one may hold anything

_SHORT_STEPS, _LONGEST_STEP = 64, 2**40
_AT_ONCE = 1_000
_PAGE, _FILE_HEAD = 4_096, 100
_EVERY_COLUMN = (
    "SELECT digest, body FROM catalogues LIMIT 0",
    "SELECT id, point, asset, name, measurement, unit, hall, site, source FROM series LIMIT 0",
    "SELECT id, block, crc, catalogue, n, first_ns, last_ns, middle_ns, packed FROM hot LIMIT 0",
    "SELECT start_ns, end_ns FROM windows LIMIT 0",
    "SELECT window_ns, series, n, used, first_ns, last_ns, min, max, sum, packed FROM chunks LIMIT 0",
    "SELECT id, ns, cycle, asset, point, record FROM decisions LIMIT 0",
)
_UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)  # the latter of a column's name


def set_aside(path: Path, now_ns: int) -> Path:
    """Move a history and its log out of the way. Returns where it is now."""
    aside = path.with_name(f"{path.name}.damaged-{now_ns}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def rescued(damaged: Path, fresh: sqlite3.Connection, current: Sequence[Catalogue]) -> int:
    """Copy what is whole. `current`: catalogues that are known without the file. Returns how many rows were copied."""
    _give_its_length(damaged)
    if not _has_its_tables(damaged):
        _lend_its_tables(damaged, fresh)
    with closing(sqlite3.connect(damaged, isolation_level=None)) as old, transaction(fresh):
        old.text_factory = lambda raw: raw.decode("utf-8", "replace")
        catalogues = {catalogue.digest: catalogue for catalogue in current}
        for row in _rows(old, "catalogues"):
            with suppress(ValueError, TypeError, IndexError):
                catalogues.setdefault(row[0], catalogue_of(row[0], row[1]))
        _keep_series(old, fresh, list(catalogues.values()))
        kept = Catalogues(fresh)
        for catalogue in catalogues.values():
            kept.put(catalogue)

        def hot(row: Row) -> None:
            if row[3] not in catalogues or len(unpack(row[8])[0]) != row[4]:
                raise ValueError("the block is not what its row says")

        checks = {"windows": _as_it_is, "chunks": _chunk, "hot": hot, "decisions": _as_it_is}
        return sum(_copied(old, fresh, table, is_whole) for table, is_whole in checks.items())


def _copied(old: sqlite3.Connection, fresh: sqlite3.Connection, table: str, is_whole: Callable[[Row], None]) -> int:
    columns = len(fresh.execute(f"PRAGMA table_info({table})").fetchall())
    insert = f"INSERT OR IGNORE INTO {table} VALUES({', '.join('?' * columns)})"
    rows = (row for row in _rows(old, table) if len(row) == columns and _holds(is_whole, row))
    return sum(_inserted(fresh, insert, row) for row in rows)


def _keep_series(old: sqlite3.Connection, fresh: sqlite3.Connection, catalogues: Sequence[Catalogue]) -> None:
    """The numbers of the series that the catalogues name.

    A row that names none of them is a damaged one: it belongs to the series that is missing, when that is clear.
    """
    missing = {
        (s.point, s.asset, s.name, s.measurement, s.unit, s.hall, catalogue.site, catalogue.source): None
        for catalogue in catalogues
        for s in catalogue.series
    }
    nameless: list[int] = []
    insert = "INSERT OR IGNORE INTO series VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
    for row in _rows(old, "series"):
        if row[1:] in missing:
            del missing[row[1:]]
            _inserted(fresh, insert, row)
        else:
            nameless.append(row[0])
    if len(nameless) == len(missing):
        for number, names in zip(nameless, missing, strict=True):
            _inserted(fresh, insert, (number, *names))


def _inserted(fresh: sqlite3.Connection, insert: str, row: Row) -> int:
    try:
        return fresh.execute(insert, row).rowcount
    except (sqlite3.IntegrityError, OverflowError):  # not even the right kind
        return 0


def _holds(is_whole: Callable[[Row], None], row: Row) -> bool:
    try:
        is_whole(row)
    except (ValueError, TypeError, struct.error, OverflowError):
        return False
    return True


def _rows(old: sqlite3.Connection, table: str) -> Iterator[Row]:
    """Rows in the order of their ids; where a page cannot be read, on behind it."""
    after, step = -1, 1
    query = f"SELECT rowid, * FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?"
    while step < _LONGEST_STEP:
        try:
            rows = old.execute(query, (after, _AT_ONCE)).fetchall()
            if not rows:
                return
        except _UNREADABLE:
            rows = _one_by_one(old, query, after)
        newest = max((row[0] for row in rows), default=after)
        yield from (row[1:] for row in rows)
        if newest > after:
            after, step = newest, 1
        else:  # a torn page: step over it, in ever longer steps; or rows that stand in no order
            after, step = after + step, step + 1 if step < _SHORT_STEPS else 2 * step


def _one_by_one(old: sqlite3.Connection, query: str, after: int) -> list[Row]:
    """Rows up to the first that cannot be read."""
    found: list[Row] = []
    try:
        for row in old.execute(query, (after, _AT_ONCE)):
            found.append(row)
    except _UNREADABLE:
        pass
    return found


def _give_its_length(damaged: Path) -> None:
    """SQLite reads nothing of a file that is shorter than it says: zeros in the place of what was cut off."""
    with damaged.open("r+b") as file:
        head = file.read(100)
        if len(head) < 100:
            return
        page, pages = struct.unpack_from(">H", head, 16)[0], struct.unpack_from(">I", head, 28)[0]
        size = max(512, page) * min(pages, 2**24)
        if 0 < os.fstat(file.fileno()).st_size < size:
            file.truncate(size)


def _has_its_tables(damaged: Path) -> bool:
    with closing(sqlite3.connect(damaged, isolation_level=None)) as old:
        try:
            for query in _EVERY_COLUMN:
                old.execute(query)
        except _UNREADABLE:
            return False
    return True


def _lend_its_tables(damaged: Path, fresh: sqlite3.Connection) -> None:
    """Put the fresh file's list of tables in place of a damaged one: their roots stand on the same pages."""
    fresh.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    path = Path(fresh.execute("PRAGMA database_list").fetchone()[2])
    with path.open("rb") as whole, damaged.open("r+b") as file:
        whole.seek(_FILE_HEAD)
        file.seek(_FILE_HEAD)
        file.write(whole.read(_PAGE - _FILE_HEAD))


def _chunk(row: Row) -> None:
    _, series, n, _, first_ns, last_ns, _, _, _, packed = row
    samples = sealed_samples(series, n, first_ns, packed)
    if len(samples.source_ns) != n or int(samples.source_ns[-1]) != last_ns:
        raise ValueError("the chunk is not what its row says")


def _as_it_is(row: Row) -> None:
    """Nothing to check it by."""
