"""The guard's working sheet: what it is given, and the values it hands from step to step.

For every kind of setpoint a higher number is the risky direction: warmer supply air, warmer water, UPS in ECO.
"Towards cooling" is therefore always "down", and doubt always means "not above the previous value".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

from controllers.api import Authority, Previous
from twin.domain.actuators import Actuator, Kind, Limits
from twin.domain.clock import NS_PER_S
from twin.domain.decisions import GuardStep, Plan
from twin.domain.facility import Facility
from twin.domain.site import ControlSettings
from twin.domain.state import Forecast, State
from twin.model.compiled import CompiledSite

_T = TypeVar("_T")
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

    def hall_index(self, hall_id: str) -> int:
        """Row of a hall in the state's arrays."""
        return [hall.id for hall in self.facility.halls].index(hall_id)

    def ups_index(self, ups_id: str) -> int:
        """Row of a UPS side in the state's arrays."""
        return [ups.id for ups in self.facility.power.ups].index(ups_id)

    def before(self, index: int) -> float:
        """Where an actuator stands."""
        return float(self.previous.value[index])

    def reach(self, actuator: Actuator) -> tuple[float, float]:
        """The lowest and highest value that the rate limits let this actuator take now.

        The allowance grows with the time since the last change, so that a slow ramp is not lost to rounding, but not
        beyond two cycles or one resolution step, so that an hour at rest does not buy a jump. A setpoint found above
        the envelope may come back to its edge at once: that is towards cooling.
        """
        if actuator.kind is Kind.UPS_MODE:
            return actuator.low, actuator.high
        before, since_ns = self.before(actuator.index), int(self.previous.since_ns[actuator.index])
        elapsed_s = max(0.0, (self.state.now_ns - since_ns) / NS_PER_S)
        lease_cap_s = min(2.0 * self.control.period_s, self.limits.lease_s)

        def allowance(rate_per_min: float) -> float:
            if rate_per_min <= 0.0:
                return 0.0
            return rate_per_min / 60.0 * min(elapsed_s, max(lease_cap_s, 60.0 * actuator.step / rate_per_min))

        lowest = before - allowance(actuator.max_fall_per_min)
        highest = before + allowance(actuator.max_rise_per_min)
        return (min(lowest, actuator.high) if before > actuator.high else lowest), highest


@dataclass(frozen=True, slots=True)
class Draft:
    """Values on their way through the guard, by actuator index."""

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

    def to(self, index: int, value: float, step: str, because: str) -> Draft:
        """Move one value and say why; nothing is said when it stands there already."""
        before = self.value[index]
        if abs(value - before) <= SAME:  # nothing to tell, yet a rounding error must not pass for a value of the grid
            return Draft(_with(self.value, index, value), self.write, self.release, self.steps)
        done = GuardStep(step, before, value, because)
        return Draft(
            _with(self.value, index, value),
            self.write,
            self.release,
            _with(self.steps, index, (*self.steps[index], done)),
        )

    def not_above(self, index: int, ceiling: float, step: str, because: str) -> Draft:
        """Take a value down to a ceiling, if it is above."""
        return self.to(index, ceiling, step, because) if self.value[index] > ceiling + SAME else self

    def deny(self, index: int, step: str, because: str, *, release: bool) -> Draft:
        """Nothing may leave for this actuator; with `release` a running lease is given back."""
        done = GuardStep(step, self.value[index], self.value[index], because)
        return Draft(
            self.value,
            _with(self.write, index, False),
            _with(self.release, index, release),
            _with(self.steps, index, (*self.steps[index], done)),
        )


def grid_floor(value: float, step: float) -> float:
    """The highest multiple of `step` not above `value`."""
    return round(math.floor(value / step + 1e-6) * step, 6)


def grid_ceil(value: float, step: float) -> float:
    """The lowest multiple of `step` not below `value`."""
    return round(math.ceil(value / step - 1e-6) * step, 6)


def _with(items: tuple[_T, ...], index: int, item: _T) -> tuple[_T, ...]:
    return (*items[:index], item, *items[index + 1 :])
