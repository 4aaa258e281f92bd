"""A command that passed every check, as bytes. There is one maker of these, and nothing else reaches `_cmd`."""

from __future__ import annotations

from dataclasses import dataclass

from twin.domain.commands import Command
from twin.domain.errors import SafetyBroken


class _Key:
    """Held by whoever claimed the right to seal."""

    claimed = False


@dataclass(frozen=True, slots=True)
class SealedCommand:
    """Topic, payload and the seconds a broker may keep it. Made by the guard's last step only: it alone has the key."""

    key: _Key
    command: Command
    topic: str
    payload: bytes
    expiry_s: int

    def __post_init__(self) -> None:
        if type(self.key) is not _Key:
            raise SafetyBroken("a command was made without passing the guard", where=self.topic)


def claim_key() -> _Key:
    """The right to seal, given once in a process.

    Raises: SafetyBroken: somebody has it already.
    """
    if _Key.claimed:
        raise SafetyBroken("a second part of the program wants to write commands")
    _Key.claimed = True
    return _Key()
