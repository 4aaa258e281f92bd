"""Messages as they cross the edge, in and out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MessageIn:
    """One message as the broker delivered it. `token` lets the adapter acknowledge it once it is on disk."""

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
