"""The common judge of plans: what the twin expects of a set of setpoints, in money, and which limit it would break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from controllers.api import Task
from twin.domain.actuators import Kind
from twin.domain.arrays import Floats
from twin.domain.decisions import Candidate
from twin.model.steady import Candidates, Conditions, SteadyBatch, steady_state

# what a plan may break, in the order of `Judge._breaches`
BREACHES = (
    "worst inlet",
    "load step",
    "dew point",
    "chiller lift",
    "coil capacity",
    "tower capacity",
    "chiller capacity",
    "setpoint bounds",
)
COOLEST_FIRST_W = 1e9  # a plan beyond a limit costs this much for each kelvin or breach: it loses against any other


class Judge:
    """Judges setpoint sets under the conditions of one cycle."""

    def __init__(self, task: Task) -> None:
        self._task = task
        state, halls = task.state, task.state.halls
        self.now = Conditions(
            it_w=halls.it_w,
            supply_air_c=halls.supply_air_c,
            mean_offset_k=0.5 * halls.inlet_offset_k,
            inlet_offset_k=halls.inlet_offset_k,
            crah_running=halls.crah_running,
            chillers_running=state.plant.chillers_running,
            chillers_available=len(task.facility.plant.chillers.ids),
            outdoor_c=state.plant.outdoor_c,
            wet_bulb_c=state.plant.wet_bulb_c,
        )
        self._dew_c = np.nan_to_num(halls.dew_point_c, nan=-50.0) + task.limits.dew_point_margin_k
        self._low = np.array([actuator.low for actuator in task.limits.actuators]) - 1e-9
        self._high = np.array([actuator.high for actuator in task.limits.actuators]) + 1e-9
        self._after_step = replace(self.now, it_w=halls.it_w * (1.0 + task.forecast.it_step_frac))
        self.price_per_kwh = (
            task.forecast.price_per_kwh + task.control.co2_price_per_kg * task.forecast.carbon_kg_per_kwh
        )

    @property
    def known(self) -> bool:
        """Whether the twin can be asked at all."""
        now = self.now
        numbers = (now.it_w, now.supply_air_c, now.inlet_offset_k, now.outdoor_c, now.wet_bulb_c)
        return all(bool(np.all(np.isfinite(number))) for number in numbers)

    def costs(self, setpoints: Floats) -> Floats:
        """Comparable cost of each row of (n, n_actuator), W: the facility's power, and far more beyond a limit."""
        batch, candidates = self._evaluated(setpoints)
        breach_k = self._breaches(setpoints, candidates, batch).sum(axis=0)
        cost_w: Floats = np.where(np.isnan(batch.facility_w), np.inf, batch.facility_w + COOLEST_FIRST_W * breach_k)
        return cost_w

    def judged(self, named: Sequence[tuple[str, Floats]]) -> list[Candidate]:
        """Full candidates of some named setpoint sets."""
        setpoints = np.array([values for _, values in named])
        batch, candidates = self._evaluated(setpoints)
        sizes = self._breaches(setpoints, candidates, batch)
        breach_k, worst = sizes.sum(axis=0), np.argmax(sizes, axis=0)
        return [
            Candidate(
                name=name,
                setpoint=values,
                cost_per_h=float(batch.facility_w[i]) / 1e3 * self.price_per_kwh,
                facility_w=float(batch.facility_w[i]),
                cooling_w=float(batch.cooling_w[i]),
                worst_inlet_c=float(np.max(batch.worst_inlet_c[i])),
                feasible=bool(breach_k[i] <= 0.0),
                binding=BREACHES[worst[i]] if breach_k[i] > 0.0 else self._at_limit(values),
            )
            for i, (name, values) in enumerate(named)
        ]

    def _evaluated(self, setpoints: Floats) -> tuple[SteadyBatch, Candidates]:
        candidates = Candidates.from_setpoints(self._task.limits.actuators, setpoints, self._task.site)
        return steady_state(self._task.site, self.now, candidates), candidates

    def _breaches(self, setpoints: Floats, candidates: Candidates, batch: SteadyBatch) -> Floats:
        """Size of what each candidate breaks, shape (len(BREACHES), n), 0 when nothing. Kelvins, or 1 for yes."""
        task, limits = self._task, self._task.limits
        halls = task.state.halls
        margin_k = task.control.inlet_backoff_sd * halls.inlet_sd_k
        after = steady_state(task.site, self._after_step, candidates)
        outside = np.any((setpoints < self._low) | (setpoints > self._high), axis=1)
        over = np.array(
            [
                np.max(batch.worst_inlet_c + margin_k - limits.inlet_warn_c, axis=1),
                np.max(after.worst_inlet_c + margin_k - limits.inlet_revert_c, axis=1),
                np.max(np.minimum(self._dew_c, halls.supply_air_c) - candidates.supply_air_c, axis=1),
                limits.min_lift_k - (candidates.cws_c - candidates.chws_c),
                np.max(batch.supply_air_c - candidates.supply_air_c, axis=1),
                0.5 * (batch.cws_c - candidates.cws_c) - 0.1,
                np.maximum(batch.chw_short, after.chw_short) - 0.5,
                outside.astype(np.float64),
            ]
        )
        sizes: Floats = np.maximum(over, 0.0)
        sizes[sizes < 1e-6] = 0.0
        return sizes

    def _at_limit(self, row: Floats) -> str:
        """The operator's own limit that a feasible plan leans on, "" when none."""
        for actuator in self._task.limits.actuators:
            value = float(row[actuator.index])
            if actuator.kind is Kind.UPS_MODE:
                continue
            if value >= actuator.high - 1e-9:
                return f"{actuator.point} at its highest"
            if value <= actuator.low + 1e-9:
                return f"{actuator.point} at its lowest"
        return ""
