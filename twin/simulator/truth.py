"""The judge's book: what the plant really used, how warm it really got, and every limit it really broke.

Written from the true state, which no sensor and no twin sees.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from twin.domain.actuators import Limits
from twin.domain.arrays import Floats
from twin.domain.facility import Tariff
from twin.domain.timestamps import iso_utc
from twin.simulator.plant import Plant

WARN_AFTER_S = 300.0
SWING_K = 5.0
SWING_WITHIN_S = 900.0
DEGREE_HOURS_ABOVE_C = 27.0
_J_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True)
class Breach:
    """One limit broken once: when it began, which, where, and by what value."""

    at_ns: int
    kind: str
    asset: str
    value: float

    def __str__(self) -> str:
        return f"{iso_utc(self.at_ns)} {self.kind} at {self.asset}: {self.value:.2f}"


class Truth:
    """Adds up one run. Energies are counted at every sub-step; a lasting breach counts once."""

    def __init__(self, plant: Plant, limits: Limits, tariff: Tariff) -> None:
        self._plant, self._limits, self._tariff = plant, limits, tariff
        ratings = plant.ratings
        halls = ratings.facility.halls
        self._rack_ids = [rack.id for hall in halls for rack in hall.racks]
        self._bounds = [
            (int(start), int(start) + len(hall.racks)) for start, hall in zip(ratings.rack_start, halls, strict=True)
        ]
        self._warm_s = np.zeros(len(self._rack_ids))
        self._open: set[tuple[str, str]] = set()
        self._supply: deque[tuple[float, Floats]] = deque()
        self._swing = [0.0] * len(halls)
        self._clock_s = 0.0
        self._energy_j = dict.fromkeys(("facility", "it", "it_fan", "cooling", "ups_loss"), 0.0)
        self._cost = self._co2_kg = self._degree_hours = 0.0
        self._worst_c = float("-inf")
        self.breaches: list[Breach] = []

    def add(self, now_ns: int, dt_s: float) -> None:
        """Book the sub-step of length `dt_s` that ends at `now_ns`."""
        plant, flows = self._plant, self._plant.flows
        energy = self._energy_j
        energy["facility"] += flows.facility_w * dt_s
        energy["it"] += flows.ups_output_w * dt_s
        energy["it_fan"] += float(plant.air.rack_fan_w.sum()) * dt_s
        energy["cooling"] += flows.cooling_w * dt_s
        energy["ups_loss"] += flows.ups_loss_w * dt_s
        kwh = flows.facility_w * dt_s / _J_PER_KWH
        self._cost += kwh * self._tariff.price_per_kwh(now_ns)
        self._co2_kg += kwh * self._tariff.carbon_kg_per_kwh
        inlet_c = plant.air.inlet_c
        hottest_c = float(inlet_c.max())
        self._worst_c = max(self._worst_c, hottest_c)
        if hottest_c > DEGREE_HOURS_ABOVE_C:
            self._degree_hours += float(np.maximum(inlet_c - DEGREE_HOURS_ABOVE_C, 0.0).sum()) * dt_s / 3600.0
        self._clock_s += dt_s
        self._judge(now_ns, dt_s, inlet_c, hottest_c)

    def setpoint_applied(self, now_ns: int, point: str, value: float) -> None:
        """Check a setpoint against the operator's own bounds as it reaches the plant."""
        index = self._limits.actuators.find(point)
        if index < 0:
            return
        actuator = self._limits.actuators.actuators[index]
        if not actuator.low <= value <= actuator.high:
            self.breaches.append(Breach(now_ns, "setpoint outside bounds", point, value))

    def _judge(self, now_ns: int, dt_s: float, inlet_c: Floats, hottest_c: float) -> None:
        limits, air = self._limits, self._plant.air
        warm = inlet_c > limits.inlet_warn_c
        self._warm_s = np.where(warm, self._warm_s + dt_s, 0.0)
        halls = self._plant.ratings.facility.halls
        supply = air.supply_c.tolist()
        dew = air.dew_point_c.tolist()
        swing = self._swing_k(air.supply_c)
        for i, (hall, (start, end)) in enumerate(zip(halls, self._bounds, strict=True)):
            worst = start + int(inlet_c[start:end].argmax())
            rack, value = self._rack_ids[worst], float(inlet_c[worst])
            lasting = float(self._warm_s[start:end].max()) > WARN_AFTER_S
            self._episode(now_ns, "inlet above warning for 5 min", hall.id, lasting, value, rack)
            self._episode(now_ns, "inlet above revert limit", hall.id, value > limits.inlet_revert_c, value, rack)
            damp = supply[i] < dew[i] + limits.dew_point_margin_k
            self._episode(now_ns, "supply air near dew point", hall.id, damp, supply[i], hall.id)
            self._episode(now_ns, "supply air swing in 15 min", hall.id, swing[i] > SWING_K, swing[i], hall.id)

    def _swing_k(self, supply_c: Floats) -> list[float]:
        window = self._supply
        # one sample a minute is enough for a quarter of an hour
        if not window or self._clock_s - window[-1][0] >= 60.0:
            window.append((self._clock_s, supply_c.copy()))
            while window[0][0] < self._clock_s - SWING_WITHIN_S:
                window.popleft()
            held = np.array([sample for _at, sample in window])
            spread_k: list[float] = (held.max(axis=0) - held.min(axis=0)).tolist()
            self._swing = spread_k
        return self._swing

    def _episode(self, now_ns: int, kind: str, hall: str, on: bool, value: float, asset: str) -> None:
        key = (kind, hall)
        if on and key not in self._open:
            self._open.add(key)
            self.breaches.append(Breach(now_ns, kind, asset, value))
        elif not on:
            self._open.discard(key)

    def summary(self) -> dict[str, float]:
        """Totals of the run. IT is metered at the UPS outputs; degree-hours are summed over racks."""
        kwh = {name: joules / _J_PER_KWH for name, joules in self._energy_j.items()}
        return {
            "facility_kwh": kwh["facility"],
            "it_kwh": kwh["it"],
            "it_fan_kwh": kwh["it_fan"],
            "cooling_kwh": kwh["cooling"],
            "ups_loss_kwh": kwh["ups_loss"],
            "pue": kwh["facility"] / kwh["it"] if kwh["it"] > 0.0 else float("nan"),
            "cost": self._cost,
            "co2_kg": self._co2_kg,
            "worst_inlet_c": self._worst_c,
            "degree_hours_over_27": self._degree_hours,
            "limit_breaches": float(len(self.breaches)),
        }
