"""Plans, verdicts and the record that explains each change of a setpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.domain.arrays import Floats
from twin.domain.timestamps import iso_utc


@dataclass(frozen=True, slots=True)
class Candidate:
    """A full set of setpoints and what the model expects of it. `setpoint` has shape (n_actuator,)."""

    name: str
    setpoint: Floats
    cost_per_h: float
    facility_w: float
    cooling_w: float
    worst_inlet_c: float
    feasible: bool
    binding: str  # name of the limit that holds it back, "" when none


@dataclass(frozen=True, slots=True)
class Plan:
    """What a controller wants: the winner, the runner-up, and why, per actuator.

    `reason` and `binding` have one entry per actuator. `sd_w` is the uncertainty of the predicted difference.
    """

    controller: str
    chosen: Candidate
    runner_up: Candidate | None
    hold: Candidate
    reason: tuple[str, ...]
    binding: tuple[str, ...]
    sd_w: float


@dataclass(frozen=True, slots=True)
class GuardStep:
    """What one guard step did to one actuator: from what, to what, in words."""

    step: str
    before: float
    after: float
    because: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The guard's word on one actuator. `write` is False where nothing may leave; `value` is then the held one."""

    actuator: int
    wish: float
    value: float
    write: bool
    release: bool
    steps: tuple[GuardStep, ...]

    @property
    def reason(self) -> str:
        """The last step that changed or blocked something, or "granted"."""
        return self.steps[-1].because if self.steps else "granted"


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """Why one setpoint moved (or why the reason for holding changed); printed in words by `twin explain`."""

    id: str
    cycle: int
    now_ns: int
    asset: str
    point: str
    unit: str
    mode: str
    controller: str
    from_value: float | None
    to_value: float | None
    action: str  # "command", "advice", "shadow", "hold", "release"
    reason: str  # reason code of the controller
    guard: tuple[str, ...]  # what the guard did, in words
    binding: str
    runner_up: str
    runner_up_cost_per_h: float | None
    cost_per_h: float
    hold_cost_per_h: float
    effect_w: float  # predicted change of facility power against hold
    effect_low_w: float
    effect_high_w: float
    worst_inlet_c: float
    inputs: tuple[tuple[str, str], ...]
    config_hash: str
    limits_hash: str

    def to_json(self) -> Mapping[str, Any]:
        """As published and stored: keys of the public contract, finite numbers or null."""
        return {
            "id": self.id,
            "cycle": self.cycle,
            "ts": iso_utc(self.now_ns),
            "asset": self.asset,
            "point": self.point,
            "unit": self.unit,
            "mode": self.mode,
            "controller": self.controller,
            "from": self.from_value,
            "to": self.to_value,
            "action": self.action,
            "reason": self.reason,
            "guard": list(self.guard),
            "binding": self.binding,
            "runner_up": self.runner_up,
            "runner_up_cost_per_h": self.runner_up_cost_per_h,
            "cost_per_h": self.cost_per_h,
            "hold_cost_per_h": self.hold_cost_per_h,
            "effect_w": {"expected": self.effect_w, "low": self.effect_low_w, "high": self.effect_high_w},
            "worst_inlet_c": self.worst_inlet_c,
            "inputs": [{"point": point, "quality": quality} for point, quality in self.inputs],
            "config": self.config_hash,
            "limits": self.limits_hash,
        }
