"""What deciding remembers between cycles: event times and targets, never counts of cycles."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ResetMemory:
    """Timers and targets of the trim-and-respond rules, by hall or actuator point id; times in ns since 1970."""

    started_ns: int = 0
    hall_step_ns: dict[str, int] = field(default_factory=dict)  # when a hall's supply air was last trimmed
    hot_since_ns: dict[str, int] = field(default_factory=dict)  # since when a hall's worst inlet is above the warning
    requesting: tuple[str, ...] = ()  # halls whose supply air misses its setpoint
    plant_step_ns: int = 0
    condenser_step_ns: int = 0
    target: dict[str, float] = field(default_factory=dict)  # by actuator point id


@dataclass(frozen=True, slots=True)
class PlanMemory:
    """The predictive controller's standing target, by actuator point id; empty when it holds."""

    target: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecideMemory:
    """Shared by all controllers, so that one may take over from another without a jump."""

    reset: ResetMemory = field(default_factory=ResetMemory)
    plan: PlanMemory = field(default_factory=PlanMemory)
