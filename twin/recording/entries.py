"""What a cassette holds: a header, then what came in, when the loop ran, and what it decided, as it happened."""

from __future__ import annotations

import msgspec


class Header(msgspec.Struct, frozen=True):
    """Everything a replay needs besides the stream.

    `files` are the texts of the site directory by file name, `memory` the daemon's memory before the first entry.
    `ceilings` are those in force by point id, where fewer rights were earned than the limits file allows.
    """

    format: int
    version: str
    versions: dict[str, str]  # of the libraries the arithmetic depends on
    site: str
    config_hash: str
    files: dict[str, str]
    clock: str  # "wall" or "event"
    mode: str
    controller: str
    epoch: int
    started_ns: int
    memory: bytes
    ceilings: dict[str, str] = {}


class Message(msgspec.Struct, frozen=True, array_like=True):
    """One message as it arrived."""

    received_ns: int
    topic: str
    payload: bytes
    qos: int
    retain: bool


class Fed(msgspec.Struct, frozen=True, tag="f", array_like=True):
    """Messages that the loop took in together, and its monotonic reading at that moment."""

    mono_s: float
    messages: tuple[Message, ...]


class Tick(msgspec.Struct, frozen=True, tag="t", array_like=True):
    """The control loop ran here, with this time. `unsent`: (point, seq) of commands that did not get through before."""

    cycle: int
    now_ns: int
    mono_s: float
    unsent: tuple[tuple[str, int], ...] = ()


class Decisions(msgspec.Struct, frozen=True, tag="d", array_like=True):
    """What the tick of `cycle` decided: every decision record and every command, byte for byte."""

    cycle: int
    lines: tuple[bytes, ...]


Entry = Fed | Tick | Decisions
