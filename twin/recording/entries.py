"""What a cassette holds: a header, then messages, ticks and decisions in the order they happened."""

from __future__ import annotations

import msgspec


class Header(msgspec.Struct, frozen=True):
    """Everything a replay needs besides the stream.

    `files` are the texts of the site directory by file name, `memory` the daemon's memory before the first entry.
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


class Message(msgspec.Struct, frozen=True, tag="m", array_like=True):
    """One message as it arrived; `mono_s` is the daemon's monotonic reading at that moment."""

    mono_s: float
    received_ns: int
    topic: str
    payload: bytes
    qos: int
    retain: bool


class Tick(msgspec.Struct, frozen=True, tag="t", array_like=True):
    """The control loop ran here, with this time."""

    cycle: int
    now_ns: int
    mono_s: float


class Decisions(msgspec.Struct, frozen=True, tag="d", array_like=True):
    """What the tick of `cycle` decided: every decision record and every command, byte for byte."""

    cycle: int
    lines: tuple[bytes, ...]


Entry = Message | Tick | Decisions
