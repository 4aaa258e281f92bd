"""What a controller is, and what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from controllers.decide.memory import DecideMemory
from twin.domain.actuators import Actuator, Limits, Mode
from twin.domain.arrays import Flags, Floats, Ints
from twin.domain.decisions import Plan
from twin.domain.facility import Facility
from twin.domain.site import ControlSettings
from twin.domain.state import Forecast, State
from twin.model.compiled import CompiledSite

_RANK = {mode: rank for rank, mode in enumerate(Mode)}  # they are declared from least to most


def lower_mode(one: Mode, other: Mode) -> Mode:
    """The one of two modes that may do less."""
    return one if _RANK[one] <= _RANK[other] else other


@dataclass(frozen=True, slots=True)
class Previous:
    """Where each setpoint stands, by actuator index; the start of every move.

    `value` is what the daemon last wrote while its lease runs, else the plant's own readback, else (`known` False) the
    site's local setpoint as an assumption. `since_ns` is when it last changed, or was first seen.
    """

    value: Floats
    since_ns: Ints
    known: Flags
    leased: Flags


@dataclass(frozen=True, slots=True)
class Grant:
    """What may be done with one actuator. `why` says what narrows it, "" when nothing does.

    `fixed` is the value an operator ordered. `held` is set where somebody else owns the point: it is modelled as
    fixed, and not written.
    """

    mode: Mode
    fixed: float | None
    held: bool
    why: str


@dataclass(frozen=True, slots=True)
class Authority:
    """One grant for each actuator, in index order."""

    grants: tuple[Grant, ...]

    @property
    def highest(self) -> Mode:
        """The most that any actuator may do."""
        modes = [grant.mode for grant in self.grants]
        return max(modes, key=_RANK.__getitem__, default=Mode.SHADOW)

    def free(self, index: int) -> bool:
        """Whether a plan may count on moving this actuator.

        A point that lags behind the others in authority is planned as fixed; a plan must not live on moves that
        nobody makes. What may be written, be it within a band, moves with the others that may.
        """
        grant, highest = self.grants[index], self.highest
        follows = grant.mode.writes if highest.writes else grant.mode is highest
        return grant.fixed is None and not grant.held and follows

    def band(self, actuator: Actuator) -> tuple[float, float]:
        """The lowest and highest value that an actuator may be given in its mode."""
        return actuator.band(self.grants[actuator.index].mode)


@dataclass(frozen=True, slots=True)
class Task:
    """All that a controller may know when it decides."""

    site: CompiledSite
    facility: Facility
    limits: Limits
    control: ControlSettings
    state: State
    forecast: Forecast
    authority: Authority
    previous: Previous


class Controller(Protocol):
    """Pure: the same task and memory give the same plan."""

    @property
    def name(self) -> str:
        """As it stands in control.toml and in every decision record."""
        ...

    def decide(self, task: Task, memory: DecideMemory) -> tuple[Plan, DecideMemory]:
        """The plan for this cycle, and what to remember for the next."""
        ...
