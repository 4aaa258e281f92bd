"""Commands as bytes, keys always in one order, times in ISO 8601 UTC."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from twin.domain.clock import NS_PER_S
from twin.domain.commands import Command
from twin.domain.timestamps import iso_utc


def command_topic(root: str, command: Command) -> str:
    """Where a command goes."""
    return f"{root}/_cmd/{command.asset}/{command.point}"


def command_payload(command: Command) -> bytes:
    """A command, or the release of a lease, as JSON."""
    return msgspec.json.encode(_release(command) if command.release else _fields(command))


def command_expiry_s(command: Command) -> int:
    """How long a broker may keep the message: the rest of the lease, at least a second; a release lives as long."""
    return max(1, math.ceil((command.expires_ns - command.issued_ns) / NS_PER_S))


def advice_payload(command: Command) -> bytes:
    """The same fields as a command carries, for `_twin/advice`: nothing applies it."""
    return msgspec.json.encode(_fields(command))


def _fields(command: Command) -> Mapping[str, object]:
    return {
        "v": command.value,
        "u": command.unit,
        "seq": command.seq,
        "epoch": command.epoch,
        "lease": command.lease,
        "issued": iso_utc(command.issued_ns),
        "expires": iso_utc(command.expires_ns),
        "mode": command.mode,
        "decision": command.decision,
        "prev": command.prev,
        "limits": command.limits_hash,
    }


def _release(command: Command) -> Mapping[str, object]:
    return {
        "release": True,
        "seq": command.seq,
        "epoch": command.epoch,
        "lease": command.lease,
        "issued": iso_utc(command.issued_ns),
        "decision": command.decision,
        "limits": command.limits_hash,
    }
