"""The chain of the audit log: each line carries its own checksum and cites the line before. Pure.

A line is one JSON object: `n` counts up from 1, `at` is a UTC label, `kind` and the facts say what happened, `prev` is
the SHA-256 of the line before without its newline, and `sum`, always last, that of the line up to there. A head stands
beside the log and says how long it is. So a changed line fails its checksum, a removed one leaves a number out, a moved
one comes out of turn, a replaced one is not what the next line cites, and a shortened log ends before its head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import msgspec

RESERVED = ("n", "at", "kind", "prev", "sum")
_OPENS, _CLOSES, _HEX = b',"sum":"', b'"}', 64
_TAIL = len(_OPENS) + _HEX + len(_CLOSES)


@dataclass(frozen=True, slots=True)
class Link:
    """A line as its successor sees it: its number, and the SHA-256 of its bytes."""

    n: int
    sha: str


START = Link(0, "0" * _HEX)


class Line(msgspec.Struct, frozen=True):
    """What every line has; its facts stand in the raw bytes."""

    n: int
    at: str
    kind: str
    prev: str


_decoder = msgspec.json.Decoder(Line)


def digest(raw: bytes) -> str:
    """As lines cite one another."""
    return sha256(raw).hexdigest()


def line_after(before: Link, at: str, kind: str, facts: Mapping[str, object]) -> bytes:
    """The next line, without its newline. Raises: ValueError: a fact bears the name of a part of the chain."""
    taken = [name for name in RESERVED if name in facts]
    if taken:
        raise ValueError(f"facts must not be called {', '.join(taken)}")
    body = msgspec.json.encode({"n": before.n + 1, "at": at, "kind": kind, **facts, "prev": before.sha})[:-1]
    return body + _OPENS + digest(body).encode() + _CLOSES


def read_line(raw: bytes) -> Line | str:
    """A line, or why these bytes are none."""
    body, tail = raw[:-_TAIL], raw[-_TAIL:]
    if not (tail.startswith(_OPENS) and tail.endswith(_CLOSES) and len(tail) == _TAIL):
        return "is no line of an audit log"
    if digest(body).encode() != tail[len(_OPENS) : -len(_CLOSES)]:
        return "was changed: its checksum does not fit"
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return f"cannot be read: {error}"


def link_of(raw: bytes) -> Link | None:
    """How the next line will see this one; None when it is none."""
    line = read_line(raw)
    return None if isinstance(line, str) else Link(line.n, digest(raw))


def head_bytes(link: Link) -> bytes:
    """The head, always of one length, so that it is overwritten in one piece."""
    body = f"{link.n:020d} {link.sha}"
    return f"{body} {digest(body.encode())}\n".encode()


def head_of(raw: bytes) -> Link | None:
    """The link a head names; None when these bytes are no head."""
    body, _, told = raw[:-1].rpartition(b" ")
    if len(raw) != len(head_bytes(START)) or raw[-1:] != b"\n" or digest(body).encode() != told:
        return None
    number, _, sha = body.partition(b" ")
    return Link(int(number), sha.decode())
