"""The working sheet as plain tuples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from controllers.guard.draft import SAME, GuardInput
from twin.domain.actuators import Actuator, Kind
from twin.domain.decisions import GuardStep, Plan

_T = TypeVar("_T")


@dataclass(frozen=True)
class PlainDraft:
    """Values by actuator index; every change gives another sheet."""

    value: tuple[float, ...]
    write: tuple[bool, ...]
    release: tuple[bool, ...]
    steps: tuple[tuple[GuardStep, ...], ...]

    @staticmethod
    def of(plan: Plan) -> PlainDraft:
        wish = tuple(float(v) for v in plan.chosen.setpoint)
        n = len(wish)
        return PlainDraft(wish, (True,) * n, (False,) * n, ((),) * n)

    def to(self, index: int, value: float, step: str, because: str) -> PlainDraft:
        before = self.value[index]
        moved = PlainDraft(_with(self.value, index, value), self.write, self.release, self.steps)
        return moved if abs(value - before) <= SAME else moved._noted(index, GuardStep(step, before, value, because))

    def not_above(self, index: int, ceiling: float, step: str, because: str) -> PlainDraft:
        return self.to(index, ceiling, step, because) if self.value[index] > ceiling + SAME else self

    def deny(self, index: int, step: str, because: str, *, release: bool) -> PlainDraft:
        stopped = PlainDraft(
            self.value, _with(self.write, index, False), _with(self.release, index, release), self.steps
        )
        return stopped._noted(index, GuardStep(step, self.value[index], self.value[index], because))

    def _noted(self, index: int, done: GuardStep) -> PlainDraft:
        return PlainDraft(self.value, self.write, self.release, _with(self.steps, index, (*self.steps[index], done)))


def stands(given: GuardInput, actuator: Actuator) -> float:
    """Where a setpoint stands."""
    return float(given.previous.value[actuator.index])


def row_of(given: GuardInput, hall_id: str) -> int:
    """Row of a hall."""
    return [hall.id for hall in given.facility.halls].index(hall_id)


def side_of(given: GuardInput, ups_id: str) -> int:
    """Row of a UPS side."""
    return [ups.id for ups in given.facility.power.ups].index(ups_id)


def serves(actuator: Actuator, hall_id: str) -> bool:
    """Whether a setpoint reaches into a hall: its own supply air, or the water of the whole plant."""
    if actuator.kind is Kind.SUPPLY_AIR:
        return actuator.hall == hall_id
    return actuator.kind in (Kind.CHILLED_WATER, Kind.CONDENSER_WATER)


def _with(items: tuple[_T, ...], index: int, item: _T) -> tuple[_T, ...]:
    return (*items[:index], item, *items[index + 1 :])
