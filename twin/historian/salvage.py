"""What can still be read of a spool whose file is damaged.

SQLite gives up a whole tree for one bad page, and all that was committed after one bad frame of its log. A block
proves itself by its checksum, so here every page is looked at by itself, whatever the tree says. Blocks that had been
deleted may come back: sending them again does no harm. Layouts: the SQLite file format, as published.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from twin.historian.blocks import checksum

PAGE = 4_096
_TABLE_LEAF = 0x0D
_LOG_HEAD, _FRAME_HEAD = 32, 24
_MOST_LOCAL = PAGE - 35
_LEAST_LOCAL = (PAGE - 12) * 32 // 255 - 23
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_LONGEST_VARINT = 9
_WORD = 2**32 - 1

Value: TypeAlias = int | bytes | None
PageOf: TypeAlias = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class FoundBlock:
    """A block whose checksum fits."""

    id: int
    priority: int
    n: int
    crc: int
    created_ns: int
    catalogue: str
    packed: bytes


@dataclass(frozen=True, slots=True)
class FoundCatalogue:
    """A catalogue whose digest fits."""

    digest: str
    body: bytes


def salvaged(path: Path, log: bytes) -> Iterator[FoundBlock | FoundCatalogue]:
    """Everything that proves itself in a spool's file and in its log, in no order, perhaps more than once."""
    with path.open("rb") as file:
        frames = list(_frames(log))
        newest = dict(frames)

        def in_file(number: int) -> bytes:
            file.seek((number - 1) * PAGE)
            return file.read(PAGE)

        def as_of_log(number: int) -> bytes:
            start = newest.get(number)
            return in_file(number) if start is None else log[start : start + PAGE]

        for number in range(1, path.stat().st_size // PAGE + 2):  # the last page may be a part
            yield from _proved(in_file(number), (as_of_log, in_file))
        for _, start in frames:
            yield from _proved(log[start : start + PAGE], (as_of_log, in_file))


def log_is_torn(log: bytes) -> bool:
    """Whether a log holds frames that SQLite will not look at, because one before them is damaged."""
    frames = list(_frames(log))
    if not frames:
        return len(log) > _LOG_HEAD
    little = log[3:4] == b"\x82"
    sums = _log_sum(log[:24], (0, 0), little)
    if struct.unpack_from(">II", log, 24) != sums:
        return True
    for _, start in frames:
        head = log[start - _FRAME_HEAD : start]
        sums = _log_sum(head[:8], sums, little)
        sums = _log_sum(log[start : start + PAGE], sums, little)
        if struct.unpack_from(">II", head, 16) != sums:
            return True
    return False


def _log_sum(part: bytes, sums: tuple[int, int], little: bool) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{'<' if little else '>'}{len(part) // 4}I", part)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _WORD
        second = (second + odd + first) & _WORD
    return first, second


def _frames(log: bytes) -> Iterator[tuple[int, int]]:
    """(page number, where the page stands in the log) of the frames that belong to the log's last round."""
    if len(log) < _LOG_HEAD + _FRAME_HEAD:
        return
    first, head = log[_LOG_HEAD + 8 : _LOG_HEAD + 16], log[16:24]
    second_at = _LOG_HEAD + _FRAME_HEAD + PAGE + 8
    second = log[second_at : second_at + 8]
    salt = first if first == second else head  # any one of the three may be the damaged one
    for start in range(_LOG_HEAD + _FRAME_HEAD, len(log), _FRAME_HEAD + PAGE):
        number, _, own = struct.unpack(">II8s", log[start - _FRAME_HEAD : start - 8])
        if own == salt and start + PAGE <= len(log):
            yield number, start


def _proved(page: bytes, views: tuple[PageOf, ...]) -> Iterator[FoundBlock | FoundCatalogue]:
    if len(page) < 8 or page[0] != _TABLE_LEAF:
        return
    cells = min(struct.unpack_from(">H", page, 3)[0], (len(page) - 8) // 2)
    for start in struct.unpack_from(f">{cells}H", page, 8):
        for page_of in views:
            found = _row(page, start, page_of)
            if found is not None:
                yield found
                break


def _row(page: bytes, start: int, page_of: PageOf) -> FoundBlock | FoundCatalogue | None:
    """A block or a catalogue that begins at a place of a leaf, when there is one and it is whole."""
    try:
        size, at = _varint(page, start)
        row, at = _varint(page, at)
        payload = _payload(page, at, size, page_of)
        return _as_block(row, _columns(payload, 8)) or _as_catalogue(_columns(payload, 2))
    except (IndexError, struct.error, ValueError):
        return None


def _as_block(row: int, columns: list[Value]) -> FoundBlock | None:
    match columns:
        case [_, int(priority), int(n), int(crc), int(created_ns), int(size), bytes(digest), bytes(packed)] if (
            size == len(packed) and checksum(priority, n, created_ns, packed) == crc
        ):
            return FoundBlock(row, priority, n, crc, created_ns, digest.decode("ascii"), packed)
    return None


def _as_catalogue(columns: list[Value]) -> FoundCatalogue | None:
    match columns:
        case [bytes(digest), bytes(body)] if hashlib.sha256(body).hexdigest()[:16].encode() == digest:
            return FoundCatalogue(digest.decode("ascii"), body)
    return None


def _payload(page: bytes, at: int, size: int, page_of: PageOf) -> bytes:
    """A record, the first part from its leaf, the rest from the pages it runs over to."""
    if size <= _MOST_LOCAL:
        return page[at : at + size]
    local = _LEAST_LOCAL + (size - _LEAST_LOCAL) % (PAGE - 4)
    if local > _MOST_LOCAL:
        local = _LEAST_LOCAL
    parts, have = [page[at : at + local]], local
    (following,) = struct.unpack_from(">I", page, at + local)
    seen: set[int] = set()
    while following and have < size and following not in seen:
        seen.add(following)
        over = page_of(following)
        (following,) = struct.unpack_from(">I", over, 0)
        parts.append(over[4 : 4 + size - have])
        have += len(parts[-1])
    return b"".join(parts)


def _columns(payload: bytes, wanted: int) -> list[Value]:
    """The columns of a record; none when there are more or fewer than wanted, or when one is a fraction."""
    end, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
        if len(kinds) > wanted:
            return []
    columns: list[Value] = []
    for kind in kinds:
        if kind >= 12:
            size = (kind - 12) // 2
            columns.append(payload[at : at + size])
        elif kind in _INTEGER_BYTES:
            size = _INTEGER_BYTES[kind]
            columns.append(int.from_bytes(payload[at : at + size], "big", signed=True))
        elif kind in {0, 8, 9}:
            size = 0
            columns.append(None if kind == 0 else kind - 8)
        else:
            return []
        at += size
    return columns if len(columns) == wanted and at <= len(payload) else []


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for k in range(_LONGEST_VARINT - 1):
        byte = body[at + k]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + k + 1
    return value << 8 | body[at + 8], at + 9
