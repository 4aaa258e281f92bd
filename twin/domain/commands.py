"""Commands and what comes back: leases on the wire, acknowledgements from the receiver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from twin.domain.clock import NS_PER_S


@dataclass(frozen=True, slots=True)
class Command:
    """One setpoint lease, before it is bytes. `prev` is the value it replaces, `decision` the record's id."""

    actuator: int
    asset: str
    point: str
    value: float
    unit: str
    seq: int
    epoch: int
    lease: str
    issued_ns: int
    expires_ns: int
    mode: str
    decision: str
    prev: float | None
    limits_hash: str
    release: bool = False


class AckStatus(StrEnum):
    """What the receiver did with a command."""

    APPLIED = "applied"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Ack:
    """The receiver's answer to a command, read from `_ack/<asset>/<point>`."""

    asset: str
    point: str
    seq: int
    epoch: int
    lease: str
    status: AckStatus
    value: float | None
    at_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class OperatorOrder:
    """What an operator asked through `_op/…`: a mode, an override of one point or its release, an alarm on the shelf.

    Its end is `until_ns`, or `for_s` after the cycle that hears it, or neither.
    """

    kind: str  # "mode", "override", "release", "shelve", "unshelve"
    id: str
    point: str
    value: float | None
    mode: str
    by: str
    reason: str
    until_ns: int
    for_s: float = 0.0
    alarm: str = ""

    def ends_ns(self, now_ns: int) -> int:
        """When it ends, 0 when nobody said."""
        return now_ns + round(self.for_s * NS_PER_S) if self.for_s else self.until_ns
