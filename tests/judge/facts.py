"""What is true in one cycle, as the judge is told it, and what left in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from twin.domain.facility import Facility
from twin.domain.state import State


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a setpoint stands, since when, whether anybody knows, and whether it is lent by us."""

    value: float
    since_ns: int
    known: bool = True
    leased: bool = False


@dataclass(frozen=True, slots=True)
class Right:
    """What may be done with a setpoint: in which mode, whether somebody else has it, and what was ordered."""

    mode: str
    held: bool = False
    override: float | None = None

    @property
    def writes(self) -> bool:
        return self.mode in {"bounded", "control"}


@dataclass(frozen=True, slots=True)
class Past:
    """What was before this cycle: halls on their way back to full cooling, mode changes, mains events, numbers sent.

    `changes` by point and `mains` by UPS side, both in ns; `sent` by point, the newest (epoch, seq) that left.
    """

    reverting: frozenset[str] = frozenset()
    changes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    mains: dict[str, int] = field(default_factory=dict)
    sent: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """One cycle. `points` names the setpoints in the order of the state's arrays; the rest goes by point."""

    facility: Facility
    state: State
    root: str
    epoch: int
    period_s: float
    doubt_sd: float  # standard deviations that a plan keeps to the limit
    points: tuple[str, ...]
    stands: dict[str, Stand]
    rights: dict[str, Right]
    wishes: dict[str, float]
    past: Past


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes on their way to a command topic, and how long a broker may keep them."""

    topic: str
    payload: bytes
    expiry_s: int


@dataclass(frozen=True, slots=True)
class Read:
    """A command or a release that could be read. `value` is NaN for a release."""

    point: str
    release: bool
    value: float
    seq: int
    epoch: int
