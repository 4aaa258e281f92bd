"""What alarms are made from and of: the signs of one cycle, conditions, alarms, memory, changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from twin.alarms.kinds import KINDS, Kind, Severity
from twin.domain.findings import Finding
from twin.domain.snapshot import Snapshot
from twin.domain.state import State


@dataclass(frozen=True, slots=True)
class Process:
    """How the daemon itself fares; no decision hangs on it. `sinks`: (name, what is wrong) of those that are behind."""

    connected: bool = True
    sessions_lost: int = 0
    disk: str = ""  # what the disk refuses, "" when nothing
    sinks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Signs:
    """All that alarms of one cycle are made from.

    `blocked` gives, by actuator index, why publishing stopped, "" when it did not. `strangers` names points of which
    the receiver answered a command that was not ours. `findings` are sensors that the gates do not believe.
    """

    epoch: int
    state: State
    snapshot: Snapshot
    blocked: tuple[str, ...]
    strangers: tuple[str, ...] = ()
    process: Process = Process()
    findings: tuple[Finding, ...] = ()

    @property
    def mono_s(self) -> float:
        return self.snapshot.mono_s


@dataclass(frozen=True, slots=True)
class Condition:
    """A cause that is there now. `asset` is where; `on_s` less than that of its kind where it cannot wait."""

    kind: str
    asset: str
    severity: Severity
    cause: str
    reading: str
    point: str = ""  # the part of the asset it is about, where that may be more than one
    on_s: float | None = None

    @property
    def id(self) -> str:
        """The alarm's id, and the last part of its topic."""
        return alarm_id(self.kind, self.asset, self.point)

    @property
    def delay_s(self) -> float:
        return KINDS[self.kind].on_s if self.on_s is None else self.on_s


def alarm_id(kind: str, asset: str, point: str = "") -> str:
    """Of asset, point and kind: `h1.inlet`, `h1.supply_air_sp_c.not-followed`."""
    return ".".join(part for part in (asset, point, kind) if part)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One that stands. Cause and reading are those of the moment it was raised, or last changed its severity."""

    id: str
    kind: str
    asset: str
    severity: Severity
    cause: str
    reading: str
    since_ns: int

    @property
    def described(self) -> Kind:
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Shelf:
    """An alarm put aside until `until_ns`, unless it becomes worse than `severity`."""

    id: str
    severity: Severity
    by: str
    reason: str
    since_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """Of equal machines: the most that ran lately and when, and when each last ran."""

    most: int
    most_s: float
    ran_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AlarmMemory:
    """What one cycle hands to the next; times are of the monotonic clock, in seconds.

    `pending` is keyed by id and severity: since when the cause lasts. `going` is keyed by id: since when it is gone,
    or less severe. `returns` holds when an alarm was last cleared and how often it came back soon after.
    """

    epoch: int = -1
    started_s: float = 0.0
    standing: dict[str, Alarm] = field(default_factory=dict)
    pending: dict[str, float] = field(default_factory=dict)
    going: dict[str, float] = field(default_factory=dict)
    returns: dict[str, tuple[float, int]] = field(default_factory=dict)
    shelves: dict[str, Shelf] = field(default_factory=dict)
    fleets: dict[str, Fleet] = field(default_factory=dict)
    raised_s: tuple[float, ...] = ()
    raised: int = 0
    hidden: tuple[str, ...] = ()
    sessions_lost: int = 0
    session_s: float = -1.0


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened: raised, escalated, eased, cleared, shelved or returned."""

    what: str
    alarm: Alarm

    @property
    def shown(self) -> bool:
        """Whether the alarm is to be seen from now on."""
        return self.what not in {"cleared", "shelved"}
