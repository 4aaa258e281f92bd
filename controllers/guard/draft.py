"""The guard's working sheet: what it is given, and the values it hands from step to step.

For every kind of setpoint a higher number is the risky direction: warmer supply air, warmer water, UPS in ECO.
"Towards cooling" is therefore always "down", and doubt always means "not above the previous value".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from controllers.api import Authority, Previous
from controllers.guard.rows import Rows
from twin.domain.actuators import Actuator, Kind, Limits
from twin.domain.clock import NS_PER_S
from twin.domain.decisions import GuardStep, Plan
from twin.domain.facility import Facility
from twin.domain.points import Quality
from twin.domain.site import ControlSettings
from twin.domain.state import Forecast, State
from twin.model.compiled import CompiledSite

SAME = 1e-9  # below this two setpoints are one


@dataclass(frozen=True, slots=True)
class GuardInput:
    """All that the guard may know."""

    site: CompiledSite
    facility: Facility
    limits: Limits
    control: ControlSettings
    state: State
    forecast: Forecast
    authority: Authority
    previous: Previous
    rows: Rows = field(init=False, repr=False, compare=False)
    _stands: list[float] = field(init=False, repr=False, compare=False)
    _rested_s: list[float] = field(init=False, repr=False, compare=False)
    _unread: list[bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", Rows.of(self.facility, self.limits.actuators))
        object.__setattr__(self, "_stands", self.previous.value.tolist())
        now_ns = self.state.now_ns
        rested_s = [max(0.0, (now_ns - since_ns) / NS_PER_S) for since_ns in self.previous.since_ns.tolist()]
        object.__setattr__(self, "_rested_s", rested_s)
        unread = (self.state.setpoint_quality > int(Quality.SUSPECT)) & ~self.previous.leased
        object.__setattr__(self, "_unread", unread.tolist())

    def hall_index(self, hall_id: str) -> int:
        """Row of a hall in the state's arrays."""
        return self.rows.hall[hall_id]

    def ups_index(self, ups_id: str) -> int:
        """Row of a UPS side in the state's arrays."""
        return self.rows.ups[ups_id]

    def before(self, index: int) -> float:
        """Where an actuator stands."""
        return self._stands[index]

    def unread(self, index: int) -> bool:
        """Whether it is not lent and cannot be read back: then it may stand where it was last seen, or at `local`."""
        return self._unread[index]

    def reach(self, actuator: Actuator) -> tuple[float, float]:
        """The lowest and highest value that the rate limits let this actuator take now.

        The allowance grows with the time since the last change, so that a slow ramp is not lost to rounding, but not
        beyond two cycles or one resolution step, so that an hour at rest does not buy a jump. A setpoint found above
        the envelope may come back to its edge at once: that is towards cooling.
        """
        if actuator.kind is Kind.UPS_MODE:
            return actuator.low, actuator.high
        before, rested_s = self._stands[actuator.index], self._rested_s[actuator.index]
        cap_s = min(2.0 * self.control.period_s, self.limits.lease_s)
        lowest = before - _allowance(actuator.max_fall_per_min, actuator.step, rested_s, cap_s)
        highest = before + _allowance(actuator.max_rise_per_min, actuator.step, rested_s, cap_s)
        return (min(lowest, actuator.high) if before > actuator.high else lowest), highest


@dataclass(frozen=True, slots=True)
class Draft:
    """Values on their way through the guard, by actuator index. A step opens it, works on the sheet, and closes it."""

    value: tuple[float, ...]
    write: tuple[bool, ...]
    release: tuple[bool, ...]
    steps: tuple[tuple[GuardStep, ...], ...]

    @staticmethod
    def of(plan: Plan) -> Draft:
        """The plan's wish, nothing done to it yet."""
        wish = tuple(float(v) for v in plan.chosen.setpoint)
        n = len(wish)
        return Draft(wish, (True,) * n, (False,) * n, ((),) * n)

    def opened(self) -> Sheet:
        """The same to be written on; this draft stays as it is."""
        return Sheet(list(self.value), list(self.write), list(self.release), list(self.steps))


@dataclass(slots=True)
class Sheet:
    """A draft under one step's hands: every change costs the same, however many actuators there are."""

    value: list[float]
    write: list[bool]
    release: list[bool]
    steps: list[tuple[GuardStep, ...]]

    def closed(self) -> Draft:
        """As the next step gets it."""
        return Draft(tuple(self.value), tuple(self.write), tuple(self.release), tuple(self.steps))

    def to(self, index: int, value: float, step: str, because: str) -> None:
        """Move one value and say why; nothing is said when it stands there already."""
        before = self.value[index]
        self.value[index] = value  # in any case: a rounding error must not pass for a value of the grid
        if not abs(value - before) <= SAME:
            self.steps[index] = (*self.steps[index], GuardStep(step, before, value, because))

    def not_above(self, index: int, ceiling: float, step: str, because: str) -> None:
        """Take a value down to a ceiling, if it is above."""
        if self.value[index] > ceiling + SAME:
            self.to(index, ceiling, step, because)

    def not_below(self, index: int, floor: float, step: str, because: str) -> None:
        """Take a value up to a floor, if it is below."""
        if self.value[index] < floor - SAME:
            self.to(index, floor, step, because)

    def deny(self, index: int, step: str, because: str, *, release: bool) -> None:
        """Nothing may leave for this actuator; with `release` a running lease is given back."""
        value = self.value[index]
        self.write[index], self.release[index] = False, release
        self.steps[index] = (*self.steps[index], GuardStep(step, value, value, because))


def _allowance(rate_per_min: float, step: float, rested_s: float, cap_s: float) -> float:
    if rate_per_min <= 0.0:
        return 0.0
    return rate_per_min / 60.0 * min(rested_s, max(cap_s, 60.0 * step / rate_per_min))


def grid_floor(value: float, step: float) -> float:
    """The highest multiple of `step` not above `value`."""
    return round(math.floor(value / step + 1e-6) * step, 6)


def grid_ceil(value: float, step: float) -> float:
    """The lowest multiple of `step` not below `value`."""
    return round(math.ceil(value / step - 1e-6) * step, 6)
