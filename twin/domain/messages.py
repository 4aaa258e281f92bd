"""Messages as they cross the edge, in and out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class MessageIn:
    """One message as the broker delivered it. `token` lets the adapter acknowledge it once it is on disk.

    Nobody changes one; it is not frozen because one is made for every message, and frozen costs five times as much.
    """

    topic: str
    payload: bytes
    qos: int
    retain: bool
    received_ns: int
    token: int = 0


@dataclass(frozen=True, slots=True)
class MessageOut:
    """One message for the broker. Commands are not among them: those leave as `SealedCommand` only."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    expiry_s: int | None = None
