"""The site's own controllers: what holds a setpoint once it is given, with dead-bands, travel times and lock-outs.

Layer 0 of the control hierarchy: never commanded by the twin, always in its way. Gains are engineering estimates, tuned
to settle in a few minutes without hunting.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.domain.arrays import Floats
from twin.domain.facility import ChillerBank

MARGIN_DEADBAND = 0.01
SUPPLY_DEADBAND_K = 0.1
CONDENSER_DEADBAND_K = 0.15
FAN_TRAVEL_PER_S = 0.10 / 60.0  # ramp limit of a fan drive
VALVE_TRAVEL_PER_S = 1.0 / 75.0  # full stroke in 75 s
TOWER_TRAVEL_PER_S = 0.25 / 60.0
STAGE_UP_AFTER_S = 300.0
STAGE_DOWN_AFTER_S = 900.0
WARM_AFTER_S = 120.0
LEAST_RUN_S = 900.0


def beyond(error: Floats, deadband: float) -> Floats:
    """What of an error sticks out of the dead-band."""
    return np.sign(error) * np.maximum(np.abs(error) - deadband, 0.0)


@dataclass(slots=True)
class FanLoop:
    """Holds aisle pressure, here as the ratio of supplied to drawn air: integral, ramp-limited. Shape (n_hall,)."""

    low: Floats
    high: Floats
    gain_per_s: float = 0.02

    def step(self, fan_frac: Floats, margin_error: Floats, dt_s: float) -> Floats:
        """New fan speeds; `margin_error` positive = too little air."""
        move = self.gain_per_s * dt_s * beyond(margin_error, MARGIN_DEADBAND)
        most = FAN_TRAVEL_PER_S * dt_s
        return np.clip(fan_frac + np.clip(move, -most, most), self.low, self.high)


@dataclass(slots=True)
class ValveLoop:
    """Holds supply air with the chilled-water valve: PI with dead-band and travel time. Shape (n_hall,)."""

    before_k: Floats
    proportional_per_k: float = 0.02
    integral_per_k_s: float = 0.0012

    def step(self, valve_frac: Floats, error_k: Floats, dt_s: float) -> Floats:
        """New valve positions; `error_k` positive = supply air too warm."""
        move = self.integral_per_k_s * dt_s * beyond(error_k, SUPPLY_DEADBAND_K)
        move = move + self.proportional_per_k * (error_k - self.before_k)
        self.before_k = error_k
        most = VALVE_TRAVEL_PER_S * dt_s
        return np.clip(valve_frac + np.clip(move, -most, most), 0.0, 1.0)


@dataclass(slots=True)
class TowerLoop:
    """Holds the condenser water that leaves the basin with all tower fans at one speed."""

    before_k: float = 0.0
    proportional_per_k: float = 0.10
    integral_per_k_s: float = 0.0005

    def step(self, fan_frac: float, error_k: float, dt_s: float) -> float:
        """New fan speed, 0..1; `error_k` positive = water too warm."""
        outside_k = float(np.sign(error_k)) * max(abs(error_k) - CONDENSER_DEADBAND_K, 0.0)
        move = self.integral_per_k_s * dt_s * outside_k + self.proportional_per_k * (error_k - self.before_k)
        self.before_k = error_k
        most = TOWER_TRAVEL_PER_S * dt_s
        return min(max(fan_frac + min(max(move, -most), most), 0.0), 1.0)


@dataclass(slots=True)
class Staging:
    """How many chillers run: one more after sustained high part load or warm water, one fewer after sustained low.

    A chiller that stopped waits `restart_s`, one that started runs at least a quarter of an hour.
    """

    bank: ChillerBank
    running: list[bool]
    available: list[bool]
    idle_s: list[float]  # since the last start or stop
    _high_s: float = field(default=0.0, init=False)
    _low_s: float = field(default=0.0, init=False)
    _warm_s: float = field(default=0.0, init=False)

    def step(self, wanted_w: float, capacity_w: list[float], too_warm_k: float, dt_s: float) -> None:
        """Move time on; `capacity_w` is what each chiller could carry now, `too_warm_k` supply above setpoint."""
        self.idle_s = [idle + dt_s for idle in self.idle_s]
        for i, (runs, able) in enumerate(zip(self.running, self.available, strict=True)):
            if runs and not able:
                self._switch(i, on=False)
        on = [i for i, runs in enumerate(self.running) if runs]
        held_w = sum(capacity_w[i] for i in on)
        smallest_w = min((capacity_w[i] for i in on), default=0.0)
        remaining_w = max(held_w - smallest_w, 1.0)
        self._high_s = self._high_s + dt_s if wanted_w > self.bank.stage_up_frac * held_w else 0.0
        self._warm_s = self._warm_s + dt_s if too_warm_k > 1.5 else 0.0
        low = len(on) > 1 and wanted_w < self.bank.stage_down_frac * remaining_w
        self._low_s = self._low_s + dt_s if low else 0.0
        if not on or self._high_s >= STAGE_UP_AFTER_S or self._warm_s >= WARM_AFTER_S:
            self._start_one()
        elif self._low_s >= STAGE_DOWN_AFTER_S:
            self._stop_one(on)

    def _start_one(self) -> None:
        for i, runs in enumerate(self.running):
            if not runs and self.available[i] and self.idle_s[i] >= self.bank.restart_s:
                self._switch(i, on=True)
                self._high_s = self._warm_s = self._low_s = 0.0
                return

    def _stop_one(self, on: list[int]) -> None:
        for i in reversed(on):
            if self.idle_s[i] >= LEAST_RUN_S:
                self._switch(i, on=False)
                self._low_s = 0.0
                return

    def _switch(self, i: int, *, on: bool) -> None:
        self.running[i] = on
        self.idle_s[i] = 0.0
