"""The files of an audit log: dated segments and a head, named, read and looked over."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from twin.audit.chain import Link, head_of, read_line
from twin.audit.examine import Examination, Fault
from twin.domain.errors import DataTooPoor
from twin.domain.timestamps import ns_of_iso

HEAD = "head"
FOLDER = "audit"
_NAME = re.compile(r"audit-(\d{4}-\d\d-\d\d)-(\d{10,})\.jsonl")


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of lines: the day it was begun on, and the number of its first line."""

    path: Path
    day: str
    first: int


@dataclass(frozen=True, slots=True)
class Report:
    """What an examination came to. `first` is the number of the oldest line, 0 without any."""

    segments: int
    lines: int
    first: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def segment_name(day: str, first: int) -> str:
    """Of a segment that begins on a day with a line."""
    return f"audit-{day}-{first:010d}.jsonl"


def segments(directory: Path) -> list[Segment]:
    """All of them, in the order of their lines."""
    found = [(match, path) for path in directory.glob("audit-*.jsonl") if (match := _NAME.fullmatch(path.name))]
    return sorted((Segment(path, match[1], int(match[2])) for match, path in found), key=lambda segment: segment.first)


def stored_head(directory: Path) -> Link | None:
    """What the head says; None when it is missing or no head."""
    try:
        return head_of((directory / HEAD).read_bytes())
    except OSError:
        return None


def verified(directory: Path, *, archived: bool = False) -> Report:
    """Look the whole log over. Raises: DataTooPoor: there is none. OSError: a file cannot be read."""
    # the head first: lines that are written meanwhile are beyond it, which is no fault
    head = stored_head(directory)
    found = segments(directory)
    if not found and head is None:
        raise DataTooPoor("there is no audit log", where=str(directory), fix="name the state directory of a site")
    examination = Examination(head, archived=archived)
    for segment in found:
        examination.begin(segment.path.name, segment.first)
        rest = b""
        with segment.path.open("rb") as file:
            for raw in file:
                if raw.endswith(b"\n"):
                    examination.take(raw[:-1])
                else:
                    rest = raw
        if rest:
            examination.torn(rest, last=segment is found[-1])
    faults = examination.faults()
    return Report(len(found), examination.lines, examination.first or 0, faults, tuple(examination.notes))


def entries(directory: Path, *, since_ns: int = 0, kinds: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """Lines that can be read, oldest first, of some kinds (all when none is named), not older than `since_ns`."""
    for segment in segments(directory):
        with segment.path.open("rb") as file:
            for raw in file:
                line = read_line(raw.rstrip(b"\n"))
                if isinstance(line, str) or (kinds and line.kind not in kinds):
                    continue
                if since_ns and ns_of_iso(line.at) < since_ns:
                    continue
                yield msgspec.json.decode(raw)
