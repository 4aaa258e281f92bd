"""The embedded history's tables, and the two reads that both the writer and the reader need."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec
import numpy as np

from twin.domain.arrays import Ints
from twin.domain.samples import SampleBatch
from twin.historian.blocks import unpack
from twin.historian.chunks import Samples, opened
from twin.historian.series import Catalogue, Series

SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE catalogues(digest TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE series(
  id INTEGER PRIMARY KEY, point TEXT NOT NULL, asset TEXT NOT NULL, name TEXT NOT NULL, measurement TEXT NOT NULL,
  unit TEXT NOT NULL, hall TEXT NOT NULL, site TEXT NOT NULL, source TEXT NOT NULL,
  UNIQUE(point, asset, name, measurement, unit, hall, site, source));
CREATE TABLE hot(
  id INTEGER PRIMARY KEY, block INTEGER, crc INTEGER, catalogue TEXT NOT NULL, n INTEGER NOT NULL,
  first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, middle_ns INTEGER NOT NULL, packed BLOB NOT NULL,
  UNIQUE(block, crc));
CREATE TABLE windows(start_ns INTEGER PRIMARY KEY, end_ns INTEGER NOT NULL);
CREATE TABLE chunks(
  window_ns INTEGER NOT NULL, series INTEGER NOT NULL, n INTEGER NOT NULL, used INTEGER NOT NULL,
  first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, min REAL, max REAL, sum REAL NOT NULL, packed BLOB NOT NULL,
  UNIQUE(window_ns, series));
CREATE TABLE decisions(
  id TEXT PRIMARY KEY, ns INTEGER NOT NULL, cycle INTEGER NOT NULL, asset TEXT NOT NULL, point TEXT NOT NULL,
  record BLOB NOT NULL);
CREATE INDEX decisions_by_time ON decisions(ns);
"""
# version 2 also has chunks in the dense form, and says what there is of a series without touching them
_SINCE_2 = "CREATE INDEX chunks_by_series ON chunks(series, window_ns, n, first_ns, last_ns)"


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The writer's connection; makes the tables when there are none.

    Raises: sqlite3.DatabaseError: not a history of this version.
    """
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    db.execute("PRAGMA auto_vacuum=INCREMENTAL")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")  # the spool forgets what this store says it has
    db.execute("PRAGMA journal_size_limit=67108864")
    with transaction(db):
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in _SCHEMA.split(";")[:-1]:
                db.execute(statement)
        if version in {0, 1}:
            db.execute(_SINCE_2)
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"history version {version} is not known to this version")
    return db


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; any number of processes may hold one while the daemon writes."""
    uri = f"file:{quote(str(path.resolve()))}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0)


@contextmanager
def transaction(db: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """All or nothing; with kind DEFERRED: one unchanging view of the file."""
    db.execute(f"BEGIN {kind}")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def give_back(db: sqlite3.Connection, spare_frac: float, most_pages: int = 10_000) -> None:
    """Cut free pages off the file, beyond a share of it that stays for what is written next."""
    free, pages = (db.execute(f"PRAGMA {name}_count").fetchone()[0] for name in ("freelist", "page"))
    excess = min(most_pages, free - int(spare_frac * pages))
    if excess > 0:
        db.executescript(f"PRAGMA incremental_vacuum({excess})")  # `execute` would stop after the first page


def catalogue_of(digest: str, body: bytes) -> Catalogue:
    """A stored catalogue. Raises: ValueError: it is not as it was written."""
    try:
        found = Catalogue.from_bytes(body)
    except (msgspec.MsgspecError, TypeError) as error:
        raise ValueError(f"the catalogue {digest} cannot be read: {error}") from error
    if found.digest != digest:
        raise ValueError(f"the catalogue {digest} is not as it was written")
    return found


class Catalogues:
    """Stored catalogues by digest, read once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, tuple[Catalogue, Ints]] = {}

    def get(self, digest: str) -> tuple[Catalogue, Ints]:
        """A catalogue, and the store's number of each of its series. Raises: KeyError: not stored here."""
        if digest not in self._known:
            row = self._db.execute("SELECT body FROM catalogues WHERE digest = ?", (digest,)).fetchone()
            if row is None:
                raise KeyError(digest)
            catalogue = catalogue_of(digest, row[0])
            query = "SELECT point, asset, name, measurement, unit, hall, id FROM series WHERE site = ? AND source = ?"
            rows = self._db.execute(query, (catalogue.site, catalogue.source))
            ids = {Series(*names): number for *names, number in rows}
            numbers = [ids[series] for series in catalogue.series]
            self._known[digest] = (catalogue, np.asarray(numbers, dtype=np.int64))
        return self._known[digest]

    def put(self, catalogue: Catalogue) -> None:
        """Store a catalogue and its series, within the caller's transaction. A known one costs nothing."""
        if self._db.execute("SELECT 1 FROM catalogues WHERE digest = ?", (catalogue.digest,)).fetchone():
            return
        self._db.executemany(
            "INSERT OR IGNORE INTO series VALUES(NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (s.point, s.asset, s.name, s.measurement, s.unit, s.hall, catalogue.site, catalogue.source)
                for s in catalogue.series
            ],
        )
        self._db.execute("INSERT OR IGNORE INTO catalogues VALUES(?, ?)", (catalogue.digest, catalogue.to_bytes()))


def hot_batches(
    db: sqlite3.Connection, where: str, arguments: tuple[int, int]
) -> Iterator[tuple[int, str, SampleBatch]]:
    """Unsealed batches in the order they arrived: row, digest of their catalogue, samples."""
    query = f"SELECT id, catalogue, packed FROM hot WHERE {where} ORDER BY id"
    for row, digest, packed in db.execute(query, arguments):
        yield row, digest, unpack(packed)[0]


def sealed_samples(series: int, n: int, first_ns: int, packed: bytes) -> Samples:
    """The samples of a chunk's row."""
    return opened(series, n, first_ns, packed)
