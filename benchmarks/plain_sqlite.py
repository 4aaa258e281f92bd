"""The baseline of the disk: one row a sample in a plain table, as durable as what it is compared with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from twin.domain.samples import SampleBatch
from twin.historian.spool_db import open_database

_APPENDED = "CREATE TABLE samples(point INTEGER, source_ns INTEGER, received_ns INTEGER, value REAL, quality INTEGER)"
_KEYED = (
    "CREATE TABLE samples(point INTEGER, source_ns INTEGER, value REAL, quality INTEGER,"
    " PRIMARY KEY(point, source_ns)) WITHOUT ROWID"
)


def append_all(path: Path, batches: Iterable[SampleBatch]) -> None:
    """Append batches, one durable commit each (write-ahead log, synchronous=FULL)."""
    db = open_database(path)
    db.execute(_APPENDED)
    for batch in batches:
        columns = (batch.point, batch.source_ns, batch.received_ns, batch.value, batch.quality)
        _in_one_commit(db, "INSERT INTO samples VALUES(?, ?, ?, ?, ?)", columns)
    db.close()


def keep_all(path: Path, batches: Iterable[SampleBatch]) -> None:
    """Keep batches by point and time, equal ones once, one durable commit each."""
    db = open_database(path)
    db.execute(_KEYED)
    for batch in batches:
        columns = (batch.point, batch.source_ns, batch.value, batch.quality)
        _in_one_commit(db, "INSERT OR REPLACE INTO samples VALUES(?, ?, ?, ?)", columns)
    db.close()


def read_point(db: sqlite3.Connection, point: int) -> int:
    """Times, values and qualities of a point as arrays; returns how many there are."""
    query = "SELECT source_ns, value, quality FROM samples WHERE point = ? ORDER BY source_ns"
    rows = db.execute(query, (point,)).fetchall()
    times, values, qualities = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = np.array(times, np.int64), np.array(values, np.float64), np.array(qualities, np.uint8)
    return int(arrays[0].size)


def _in_one_commit(db: sqlite3.Connection, statement: str, columns: tuple[np.ndarray, ...]) -> None:
    db.execute("BEGIN IMMEDIATE")
    db.executemany(statement, zip(*(column.tolist() for column in columns), strict=True))
    db.execute("COMMIT")
