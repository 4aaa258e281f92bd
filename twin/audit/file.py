"""The audit log on disk: opened and healed, appended to, brought to disk. One writer; nothing here is asynchronous."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from twin.audit.chain import RESERVED, START, Link, digest, head_bytes, line_after, link_of, read_line
from twin.audit.segments import HEAD, Segment, segment_name, segments, stored_head
from twin.domain.timestamps import iso_utc

MOST_BYTES = 64 * 1024**2  # a segment that is larger is closed within its day
TORN_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened, not yet a line."""

    kind: str
    at_ns: int
    facts: Mapping[str, object] = field(default_factory=dict)


class AuditFile:
    """Appends entries to the newest segment of a directory; a new day begins a new one, which cites the one before.

    `standing` holds the facts of the last start there was. `found` tells what opening had to mend or could not:
    a line that a crash cut off is taken away and kept as an entry, and lines that are missing keep their numbers.
    """

    def __init__(self, directory: Path) -> None:
        """Raises: OSError: the directory or a file cannot be used."""
        self._directory = directory
        self._fd = self._head_fd = -1
        self._size = 0
        self._day = ""
        self._segment: Path | None = None
        self.link = START
        self.standing: Mapping[str, Any] = {}
        self.found: list[tuple[str, Mapping[str, object]]] = []
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        head = stored_head(directory)
        try:
            self._resume(segments(directory), head)
            self._head_fd = os.open(directory / HEAD, os.O_RDWR | os.O_CREAT, 0o600)
            if head is None:
                self._write_head()
        except OSError:
            self.close()
            raise

    def write(self, entries: Sequence[Entry]) -> int:
        """Hand as many to the system as belong into one segment; returns how many. They are on disk after `sync`.

        Raises: OSError: not one was taken, and the file is as it was.
        """
        day = max(iso_utc(entries[0].at_ns)[:10], self._day)  # a clock that was set back does not reopen a day
        if self._fd < 0 or day > self._day or self._size >= MOST_BYTES:
            self._begin(day, entries[0].at_ns)
        lines: list[bytes] = []
        link = self.link
        for entry in entries:
            stamp = iso_utc(entry.at_ns)
            if stamp[:10] > self._day:
                break
            raw = line_after(link, stamp, entry.kind, entry.facts)
            link = Link(link.n + 1, digest(raw))
            lines.append(raw + b"\n")
            if entry.kind == "start":
                self.standing = dict(entry.facts)
        self._append(b"".join(lines))
        self.link = link
        return len(lines)

    def sync(self) -> None:
        """Bring everything written to disk, and only then say so in the head. Raises: OSError."""
        if self._fd >= 0:
            os.fsync(self._fd)
            self._write_head()

    def close(self) -> None:
        """Close the files. Harmless when repeated."""
        for fd in (self._fd, self._head_fd):
            if fd >= 0:
                os.close(fd)
        self._fd = self._head_fd = -1

    def _append(self, content: bytes) -> None:
        try:
            written = 0
            while written < len(content):
                written += os.write(self._fd, content[written:])
        except OSError:
            os.ftruncate(self._fd, self._size)  # a full disk takes half a line
            raise
        self._size += len(content)

    def _begin(self, day: str, at_ns: int) -> None:
        """A new segment, whose first line says what stands and cites the last line of the segment before."""
        if self._fd >= 0:
            os.fsync(self._fd)
        path = self._directory / segment_name(day, self.link.n + 1)
        facts = {"before": self._segment.name if self._segment else "", "standing": self.standing}
        raw = line_after(self.link, iso_utc(at_ns), "segment", facts)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        before = self._fd, self._size
        self._fd, self._size = fd, 0
        try:
            self._append(raw + b"\n")
        except OSError:
            self._fd, self._size = before
            os.close(fd)
            path.unlink(missing_ok=True)
            raise
        if before[0] >= 0:
            os.close(before[0])
        if self._segment is not None:
            self._segment.chmod(0o400)
        self._segment, self._day = path, day
        self.link = Link(self.link.n + 1, digest(raw))
        _sync_directory(self._directory)

    def _write_head(self) -> None:
        os.pwrite(self._head_fd, head_bytes(self.link), 0)

    def _resume(self, there: list[Segment], head: Link | None) -> None:
        while there:
            last = there.pop()
            raw = last.path.read_bytes()
            last.path.chmod(0o600)
            whole = self._healed(last.path, raw)
            if not whole:  # a crash came between making the segment and its first line
                last.path.unlink()
                continue
            self._segment, self._day, self._size = last.path, last.day, sum(len(line) + 1 for line in whole)
            self._take_up(whole, last.first)
            self._fd = os.open(last.path, os.O_WRONLY | os.O_APPEND)
            break
        if head is not None and head.n > self.link.n:
            self.found.append(("damage", {"what": "the log ends before its head", "ends": self.link.n, "head": head.n}))
            self.link = head  # what is missing keeps its numbers, and fits in again when somebody brings it back
        elif head is None and self._segment is not None:
            self.found.append(("damage", {"what": "the head was missing or changed", "ends": self.link.n}))

    def _healed(self, path: Path, raw: bytes) -> list[bytes]:
        """The whole lines of a segment, the last of which may have been cut off by a crash."""
        cut = raw.rfind(b"\n") + 1
        whole, rest = raw[:cut].split(b"\n")[:-1], raw[cut:]
        if not rest:
            return whole
        if link_of(rest) is not None:  # only its newline is missing
            with path.open("ab") as file:
                file.write(b"\n")
            return [*whole, rest]
        os.truncate(path, cut)
        shown = rest[:TORN_SHOWN].decode("utf-8", errors="replace")
        self.found.append(("torn", {"segment": path.name, "bytes": len(rest), "text": shown}))
        return whole

    def _take_up(self, whole: list[bytes], first: int) -> None:
        link = link_of(whole[-1])
        if link is None:
            number = first + len(whole) - 1
            self.found.append(("damage", {"what": "the last line was changed", "ends": number}))
            link = Link(number, digest(whole[-1]))
        self.link = link
        for raw in reversed(whole):
            line = read_line(raw)
            if not isinstance(line, str) and line.kind in {"start", "segment"}:
                told = msgspec.json.decode(raw)
                self.standing = told.get("standing") or {name: told[name] for name in told if name not in RESERVED}
                return


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
