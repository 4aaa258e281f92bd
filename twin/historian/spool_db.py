"""The spool's tables. Plain synchronous SQLite, called from one thread at a time; `spool.py` gives it its threads.

For every sink and at every commit: received = stored + dropped + pending, where pending are the items of the blocks
beyond the sink's position. Each change below keeps that true within its own transaction.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from twin.historian.blocks import Block, Priority, checksum, unpack
from twin.historian.salvage import FoundBlock, FoundCatalogue
from twin.historian.series import Catalogue

Connect = Callable[[Path], sqlite3.Connection]

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE catalogues(digest TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE blocks(
  id INTEGER PRIMARY KEY AUTOINCREMENT, class INTEGER NOT NULL, n INTEGER NOT NULL, crc INTEGER NOT NULL,
  created_ns INTEGER NOT NULL, size INTEGER NOT NULL, catalogue TEXT NOT NULL, packed BLOB NOT NULL);
CREATE INDEX blocks_lowest_class_first ON blocks(class, id, n, size, created_ns);
CREATE TABLE positions(
  sink TEXT PRIMARY KEY, position INTEGER NOT NULL, received INTEGER NOT NULL, stored INTEGER NOT NULL,
  dropped INTEGER NOT NULL, active INTEGER NOT NULL);
CREATE TABLE dead_letters(
  id INTEGER PRIMARY KEY, sink TEXT NOT NULL, at_ns INTEGER NOT NULL, line TEXT NOT NULL, reason TEXT NOT NULL,
  UNIQUE(sink, line));
CREATE TABLE quarantine(id INTEGER PRIMARY KEY, class, n, created_ns, why TEXT NOT NULL, packed);
"""
_EVERY_COLUMN = (
    "SELECT digest, body FROM catalogues LIMIT 0",
    "SELECT id, class, n, crc, created_ns, size, catalogue, packed FROM blocks LIMIT 0",
    "SELECT sink, position, received, stored, dropped, active FROM positions LIMIT 0",
    "SELECT id, sink, at_ns, line, reason FROM dead_letters LIMIT 0",
    "SELECT id, class, n, created_ns, why, packed FROM quarantine LIMIT 0",
)
_MOST_DEAD_LETTERS = 100_000
_MOST_QUARANTINED = 256
_SHED_AT_ONCE = 64
_ROOM_BYTES = 2 * 1024**2
_PAGE_BYTES, _MOST_PAGES = 4_096, 2**30
_STEP_PAGES, _MOST_STEPS = 128, 32


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """How much and how long: above either, whole blocks go, the oldest of the lowest class first."""

    max_bytes: int = 2 * 1024**3
    max_age_s: float = 31 * 86_400.0


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A packed block on its way to disk."""

    priority: Priority
    n: int
    created_ns: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class Account:
    """Items (samples and records) of one sink since it is known: received == stored + pending + dropped."""

    position: int
    received: int
    stored: int
    pending: int
    dropped: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A line the sink will never take, with the server's words."""

    line: str
    reason: str


def open_database(path: Path) -> sqlite3.Connection:
    """A connection that a commit returns to only when the disk has it."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    # a flipped bit can make a text of any column: reading it must not fail, the checksum will
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # heeded before the first table only
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA journal_size_limit=67108864")
    db.execute("PRAGMA wal_autocheckpoint=256")  # what stands in the log alone must fit into the reserve
    return db


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file is not as it was written; else the disk, or whoever holds the file, does not let us."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF in {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}


class SpoolDatabase:
    """One connection to the spool; the writer's also makes the tables and declares who reads."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._catalogues: dict[str, Catalogue] = {}

    def prepare(self, catalogue: Catalogue, sinks: Sequence[str]) -> None:
        """Make what is missing, and declare who reads: nothing is kept for a sink that is not named.

        Raises: sqlite3.DatabaseError: not a spool, or damaged.
        """
        version = self._number("PRAGMA user_version")
        with self._transaction():
            if version == 0:
                for statement in _SCHEMA.split(";")[:-1]:
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
            elif version != _SCHEMA_VERSION:
                raise sqlite3.DatabaseError(f"spool version {version} is not known to this version")
            # replaced rather than kept: all blocks would be unreadable for one bit turned over in it
            self._db.execute("INSERT OR REPLACE INTO catalogues VALUES(?, ?)", (catalogue.digest, catalogue.to_bytes()))
            self._db.execute("UPDATE positions SET active = 0")
            for sink in sinks:
                self._db.execute("INSERT OR IGNORE INTO positions VALUES(?, 0, 0, 0, 0, 0)", (sink,))
                self._db.execute(
                    "UPDATE positions SET active = 1, received = stored + dropped +"
                    " (SELECT COALESCE(SUM(n), 0) FROM blocks WHERE id > position) WHERE sink = ?",
                    (sink,),
                )

    def commit(self, blocks: Sequence[NewBlock], catalogue: Catalogue) -> int:
        """Append blocks, durably. Returns the newest block's id."""
        with self._transaction():
            last = 0
            for block in blocks:
                crc = checksum(block.priority, block.n, block.created_ns, block.packed)
                size = len(block.packed)
                row = (block.priority, block.n, crc, block.created_ns, size, catalogue.digest, block.packed)
                cursor = self._db.execute("INSERT INTO blocks VALUES(NULL, ?, ?, ?, ?, ?, ?, ?)", row)
                last = cursor.lastrowid or 0
            self._db.execute(
                "UPDATE positions SET received = received + ? WHERE active", (sum(block.n for block in blocks),)
            )
        return last

    def adopt(self, found: Iterable[FoundBlock | FoundCatalogue], after: int) -> int:
        """Take in what was saved of a damaged file, of the blocks those with ids beyond one. Returns how many."""
        before = self._number("SELECT COUNT(*) FROM blocks")
        with self._transaction():
            for item in found:
                if isinstance(item, FoundCatalogue):
                    self._db.execute("INSERT OR IGNORE INTO catalogues VALUES(?, ?)", (item.digest, item.body))
                elif item.id > after:
                    row = (item.id, item.priority, item.n, item.crc, item.created_ns, len(item.packed), item.catalogue)
                    self._db.execute("INSERT OR IGNORE INTO blocks VALUES(?, ?, ?, ?, ?, ?, ?, ?)", (*row, item.packed))
            self._db.execute(
                "UPDATE positions SET received = stored + dropped +"
                " (SELECT COALESCE(SUM(n), 0) FROM blocks WHERE id > position) WHERE active"
            )
        return self._number("SELECT COUNT(*) FROM blocks") - before

    def check(self) -> None:
        """Raises: sqlite3.DatabaseError: the file is not as it was written."""
        for query in _EVERY_COLUMN:  # a bit may turn over in a name, too
            self._db.execute(query)
        said = str(self._db.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if said != "ok":
            raise sqlite3.DatabaseError(said.strip().replace("\n", "; "))

    def note_dropped(self, items: int) -> None:
        """Items that came and never got here: received, and dropped."""
        with self._transaction():
            self._db.execute(
                "UPDATE positions SET received = received + ?1, dropped = dropped + ?1 WHERE active", (items,)
            )

    def read_after(self, block_id: int, limit: int) -> tuple[list[Block], list[tuple[int, str]]]:
        """Blocks beyond an id, oldest first, until there are `limit` items; and (id, why) of the damaged ones."""
        good: list[Block] = []
        damaged: list[tuple[int, str]] = []
        items = 0
        query = "SELECT id, class, n, crc, created_ns, catalogue, packed FROM blocks WHERE id > ? ORDER BY id"
        with closing(self._db.execute(query, (block_id,))) as rows:
            for found, priority, n, crc, created_ns, digest, packed in rows:
                if items >= limit and good:
                    break
                try:
                    items += n
                    if checksum(priority, n, created_ns, packed) != crc:
                        raise ValueError("the checksum does not fit")
                    samples, records = unpack(packed)
                    block = Block(
                        found, Priority(priority), n, crc, created_ns, self._catalogue(digest), samples, records, packed
                    )
                except (ValueError, struct.error, TypeError) as error:  # a flipped bit may also change a number's type
                    damaged.append((found, str(error)))
                    continue
                good.append(block)
        return good, damaged

    def advance(self, sink: str, block_id: int, refused: int) -> tuple[int, int]:
        """Move a sink's position up to a block; `refused` of these items the sink will never take.

        What every active sink has passed is deleted. Returns how many blocks and bytes that freed.
        """
        with self._transaction():
            self._db.execute(
                "UPDATE positions SET position = :to, stored = stored + passed.n - MIN(passed.n, :refused),"
                " dropped = dropped + MIN(passed.n, :refused) FROM (SELECT COALESCE(SUM(n), 0) AS n FROM blocks"
                " WHERE id <= :to AND id > (SELECT position FROM positions WHERE sink = :sink)) AS passed"
                " WHERE sink = :sink AND position < :to",
                {"to": block_id, "refused": refused, "sink": sink},
            )
            passed = self._number("SELECT COALESCE(MIN(position), 0) FROM positions WHERE active")
            blocks, size = self._db.execute(
                "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM blocks WHERE id <= ?", (passed,)
            ).fetchone()
            self._db.execute("DELETE FROM blocks WHERE id <= ?", (passed,))
        return int(blocks), int(size)

    def shed(self, wanted_bytes: int, older_than_ns: int) -> tuple[int, int, int]:
        """Drop blocks: all those older than an instant, then the oldest of the lowest class until enough is free.

        Returns how many blocks, items and bytes went.
        """
        gone = [0, 0, 0]
        with self._transaction():
            by_age = "SELECT id, n, size FROM blocks WHERE created_ns < ? ORDER BY id LIMIT ?"
            while rows := self._db.execute(by_age, (older_than_ns, _SHED_AT_ONCE)).fetchall():
                self._drop(rows, gone)
            by_class = "SELECT id, n, size FROM blocks ORDER BY class, id LIMIT ?"
            while gone[2] < wanted_bytes and (rows := self._db.execute(by_class, (_SHED_AT_ONCE,)).fetchall()):
                enough = 0
                while enough < len(rows) and gone[2] + sum(size for _, _, size in rows[:enough]) < wanted_bytes:
                    enough += 1
                self._drop(rows[:enough], gone)
        return gone[0], gone[1], gone[2]

    def quarantine(self, damaged: Sequence[tuple[int, str]]) -> int:
        """Put unreadable blocks aside, and count their items as dropped. Returns bytes freed."""
        freed = 0
        with self._transaction():
            for block_id, why in damaged:
                freed += self._number("SELECT COALESCE(SUM(size), 0) FROM blocks WHERE id = ?", (block_id,))
                self._db.execute(
                    "INSERT OR REPLACE INTO quarantine SELECT id, class, n, created_ns, ?, packed FROM blocks"
                    " WHERE id = ?",
                    (why, block_id),
                )
                self._db.execute("DELETE FROM blocks WHERE id = ?", (block_id,))
            # what is damaged may be the number of items itself: the account tells what is gone
            self._db.execute(
                "UPDATE positions SET dropped = received - stored - (SELECT COALESCE(SUM(n), 0) FROM blocks"
                " WHERE id > position) WHERE active"
            )
            self._db.execute(
                "DELETE FROM quarantine WHERE id NOT IN (SELECT id FROM quarantine ORDER BY id DESC LIMIT ?)",
                (_MOST_QUARANTINED,),
            )
        return freed

    def bury(self, sink: str, letters: Sequence[DeadLetter], at_ns: int) -> None:
        """Keep refused lines with the reason; the same line twice is one letter."""
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO dead_letters VALUES(NULL, ?, ?, ?, ?)",
                [(sink, at_ns, letter.line, letter.reason) for letter in letters],
            )
            self._db.execute(
                "DELETE FROM dead_letters WHERE id <= (SELECT MAX(id) FROM dead_letters) - ?", (_MOST_DEAD_LETTERS,)
            )

    def dead_letters(self, sink: str, limit: int) -> list[DeadLetter]:
        """The newest refused lines of a sink."""
        query = "SELECT line, reason FROM dead_letters WHERE sink = ? ORDER BY id DESC LIMIT ?"
        return [DeadLetter(line, reason) for line, reason in self._db.execute(query, (sink, limit))]

    def position(self, sink: str) -> int:
        """The last block a sink is known to hold for good. Raises: KeyError: no such sink."""
        row = self._db.execute("SELECT position FROM positions WHERE sink = ?", (sink,)).fetchone()
        if row is None:
            raise KeyError(sink)
        return int(row[0])

    def accounts(self) -> dict[str, Account]:
        """The account of every active sink."""
        query = (
            "SELECT sink, position, received, stored, (SELECT COALESCE(SUM(n), 0) FROM blocks WHERE id > position),"
            " dropped FROM positions WHERE active"
        )
        return {sink: Account(*numbers) for sink, *numbers in self._db.execute(query)}

    def held(self) -> tuple[int, int, int]:
        """Newest id ever given, blocks held, bytes held."""
        newest = self._number("SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'blocks'), 0)")
        blocks, size = self._db.execute("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM blocks").fetchone()
        return newest, int(blocks), int(size)

    def oldest_ns(self) -> int | None:
        """When the oldest block was made."""
        row = self._db.execute("SELECT created_ns FROM blocks ORDER BY id LIMIT 1").fetchone()
        return None if row is None else int(row[0])

    def shrink(self) -> None:
        """Give free pages back to the disk when they are more than half of the file."""
        pages, free = self._number("PRAGMA page_count"), self._number("PRAGMA freelist_count")
        if free > 4_096 and 2 * free > pages:
            self._db.executescript("PRAGMA incremental_vacuum(2048)")  # `execute` would stop after the first page

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file; the log keeps its space on the disk and is written over."""
        self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    def take_room(self) -> None:
        """Grow the file and its log at once, so that a full disk leaves both some room to work in."""
        with self._transaction():
            self._db.execute("CREATE TABLE room(filler BLOB)")
            self._db.execute("INSERT INTO room VALUES(zeroblob(?))", (_ROOM_BYTES,))
            self._db.execute("DROP TABLE room")
        self.checkpoint()

    def give_back(self) -> None:
        """Cut free pages off the file beyond the room it keeps, in steps that its log has place for."""
        for _ in range(_MOST_STEPS):
            spare = self._number("PRAGMA freelist_count") - _ROOM_BYTES // _PAGE_BYTES
            if spare <= 0:
                return
            self._db.executescript(f"PRAGMA incremental_vacuum({min(spare, _STEP_PAGES)})")
            self.checkpoint()

    def grow(self, may: bool) -> None:
        """Whether the file may become larger. On a full disk it must not: its log would be the only place to grow."""
        self._number(f"PRAGMA max_page_count={_MOST_PAGES if may else 1}")  # never less than there are

    def close(self) -> None:
        """Close the connection. Harmless when repeated."""
        self._db.close()

    def _drop(self, rows: Sequence[tuple[int, int, int]], gone: list[int]) -> None:
        for block_id, n, size in rows:
            self._db.execute("UPDATE positions SET dropped = dropped + ? WHERE position < ?", (n, block_id))
            self._db.execute("DELETE FROM blocks WHERE id = ?", (block_id,))
            gone[0], gone[1], gone[2] = gone[0] + 1, gone[1] + n, gone[2] + size

    def _catalogue(self, digest: str) -> Catalogue:
        if digest not in self._catalogues:
            row = self._db.execute("SELECT body FROM catalogues WHERE digest = ?", (digest,)).fetchone()
            if row is None:
                raise ValueError(f"the catalogue {digest} is missing")
            try:
                found = Catalogue.from_bytes(row[0])
            except (msgspec.MsgspecError, TypeError) as error:
                raise ValueError(f"the catalogue {digest} cannot be read: {error}") from error
            if found.digest != digest:
                raise ValueError(f"the catalogue {digest} is not as it was written")
            self._catalogues[digest] = found
        return self._catalogues[digest]

    def _number(self, query: str, arguments: Sequence[int] = ()) -> int:
        return int(self._db.execute(query, arguments).fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
