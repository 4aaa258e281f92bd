"""A calm afternoon in the reference facility, as deciding and guarding see it, and ways to spoil it bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import Any, TypeVar

import numpy as np

from controllers.api import Authority, Grant, Previous, Task
from controllers.guard.draft import Draft, GuardInput
from controllers.guard.memory import GuardMemory
from controllers.guard.pipeline import GuardOutcome, guard
from tests.support.facilities import reference_facility, reference_tariff
from twin.domain.actuators import Actuator, ActuatorTable, Kind, Limits, Mode
from twin.domain.arrays import Floats
from twin.domain.clock import NS_PER_S
from twin.domain.decisions import Candidate, GuardStep, Plan
from twin.domain.facility import Facility
from twin.domain.points import Quality
from twin.domain.site import ControlSettings
from twin.domain.state import Forecast, HallState, PlantState, State, UpsState
from twin.model.compiled import CompiledSite, compile_site

_Given = TypeVar("_Given", GuardInput, Task)

ROOT = "dc/reference"
T0_NS = 1_784_116_800 * NS_PER_S  # 2026-07-15T12:00:00Z
H1, H2 = "h1/supply_air_sp_c", "h2/supply_air_sp_c"
CHW, CW = "plant/chws_sp_c", "plant/cws_sp_c"
UPS_A, UPS_B = "ups-a/mode", "ups-b/mode"
POINTS = (H1, H2, CHW, CW, UPS_A, UPS_B)

LIMITS_FILE = b"""
[inlet]
warn_c = 27
revert_c = 29
panic_c = 32

[lease]
lease_s = 180

[[setpoints]]
point = "{hall}/supply_air_sp_c"
kind = "supply_air"
low = 18
high = 25
local = 22
step = 0.1
max_rise_per_min = 0.1
ceiling = "control"

[[setpoints]]
point = "plant/chws_sp_c"
kind = "chilled_water"
low = 8
high = 18
local = 10
step = 0.1
max_rise_per_min = 0.05
ceiling = "control"

[[setpoints]]
point = "plant/cws_sp_c"
kind = "condenser_water"
low = 16
high = 30
local = 24
step = 0.1
max_rise_per_min = 0.1
ceiling = "control"

[[setpoints]]
point = "ups-a/mode"
kind = "ups_mode"
low = 0
high = 1
local = 0
ceiling = "advise"

[[setpoints]]
point = "ups-b/mode"
kind = "ups_mode"
low = 0
high = 1
local = 0
ceiling = "control"
"""


def an_actuator(index: int, point: str, kind: Kind, **changed: Any) -> Actuator:
    """A setpoint with the limits of its kind in the shipped limits file."""
    asset, name = point.split("/")
    low, high, local, rise, fall = {
        Kind.SUPPLY_AIR: (18.0, 25.0, 22.0, 0.1, 0.2),
        Kind.CHILLED_WATER: (8.0, 18.0, 10.0, 0.05, 0.05),
        Kind.CONDENSER_WATER: (16.0, 30.0, 24.0, 0.1, 0.1),
        Kind.UPS_MODE: (0.0, 1.0, 0.0, 1.0, 1.0),
    }[kind]
    switched = kind is Kind.UPS_MODE
    plain = Actuator(
        index=index,
        asset=asset,
        name=name,
        kind=kind,
        unit="1" if switched else "degC",
        hall=asset if kind is Kind.SUPPLY_AIR else "",
        low=low,
        high=high,
        step=1.0 if switched else 0.1,
        max_rise_per_min=rise,
        max_fall_per_min=fall,
        dwell_s=3600.0 if switched else 0.0,
        max_changes_per_day=4,
        ceiling=Mode.CONTROL,
        local=local,
        span=0.0 if switched else 1.0,
    )
    return replace(plain, **changed)


def reference_limits() -> Limits:
    """The operator's envelope of the reference facility: both halls, both waters, both UPS sides."""
    kinds = (
        Kind.SUPPLY_AIR,
        Kind.SUPPLY_AIR,
        Kind.CHILLED_WATER,
        Kind.CONDENSER_WATER,
        Kind.UPS_MODE,
        Kind.UPS_MODE,
    )
    actuators = [an_actuator(i, point, kind) for i, (point, kind) in enumerate(zip(POINTS, kinds, strict=True))]
    return Limits(
        hash=sha256(LIMITS_FILE).hexdigest()[:16],
        actuators=ActuatorTable(tuple(actuators)),
        inlet_warn_c=27.0,
        inlet_revert_c=29.0,
        inlet_panic_c=32.0,
        dew_point_margin_k=2.0,
        stale_after_s=180.0,
        zone_quorum_frac=0.8,
        ride_through_min_s=240.0,
        min_lift_k=5.0,
        lease_s=180.0,
        heartbeat_s=5.0,
        eco_min_load_frac=0.10,
        eco_max_mains_deviation_frac=0.05,
        eco_max_thd_frac=0.05,
        eco_min_battery_frac=0.90,
    )


def control_settings(**changed: Any) -> ControlSettings:
    """As shipped, but in control mode."""
    shipped = ControlSettings(
        mode=Mode.CONTROL,
        controller="predictive",
        period_s=60.0,
        warm_up_s=300.0,
        inlet_backoff_sd=1.645,
        it_step_frac=0.20,
        co2_price_per_kg=0.08,
        min_saving_frac=0.005,
    )
    return replace(shipped, **changed)


def a_state() -> State:
    """Both halls at half load and 22 degC supply air, worst inlet 24 degC, every reading good."""

    def both(value: float) -> Floats:
        return np.full(2, value)

    halls = HallState(
        it_w=both(500e3),
        zone_air_c=both(34.0),
        zone_metal_c=both(45.0),
        supply_air_c=both(22.0),
        return_air_c=both(34.0),
        worst_inlet_c=both(24.0),
        inlet_offset_k=both(2.0),
        inlet_sd_k=both(0.15),
        quorum_frac=both(1.0),
        dew_point_c=both(10.0),
        fan_frac=both(0.7),
        valve_frac=both(0.5),
        crah_running=np.full(2, 12, dtype=np.int64),
    )
    return State(
        cycle=100,
        now_ns=T0_NS,
        mono_s=10_000.0,
        halls=halls,
        plant=PlantState(10.0, 16.0, 24.0, 2, 25.0, 18.0, 150e3),
        ups=UpsState(both(550e3), both(25e3), both(1.0), both(0.01), both(0.02), np.zeros(2, dtype=np.uint8)),
        facility_w=1.35e6,
        it_w=1.1e6,
        setpoint=np.array([22.0, 22.0, 10.0, 24.0, 0.0, 0.0]),
        setpoint_quality=np.zeros(6, dtype=np.uint8),
        setpoint_ns=np.full(6, T0_NS - 5 * NS_PER_S, dtype=np.int64),
        held_by_operator=np.zeros(6, dtype=np.uint8),
        missing=(),
        input_quality=(("outdoor/wet_bulb_c", "good"), ("h1 rack inlets", "100% good")),
        residual_w=0.0,
        residual_sd_w=10e3,
    )


def forecast_of(state: State) -> Forecast:
    """It goes on as it is, at 0.7 a kWh."""
    return Forecast(
        it_w=state.halls.it_w,
        wet_bulb_c=state.plant.wet_bulb_c,
        outdoor_c=state.plant.outdoor_c,
        it_step_frac=0.2,
        price_per_kwh=0.7,
        carbon_kg_per_kwh=reference_tariff().carbon_kg_per_kwh,
    )


@cache
def _compiled() -> tuple[Facility, CompiledSite]:
    facility = reference_facility()
    return facility, compile_site(facility)


@dataclass(frozen=True, slots=True)
class Scene:
    """One cycle's knowledge. Every method gives another scene; the one it is called on stays as it was."""

    facility: Facility
    site: CompiledSite
    limits: Limits
    control: ControlSettings
    state: State
    authority: Authority
    previous: Previous

    def halls(self, **columns: float | list[float]) -> Scene:
        """Change columns of the halls; one number holds for both."""
        arrays: dict[str, Any] = {
            name: np.broadcast_to(np.asarray(value, dtype=np.float64), (2,)).copy() for name, value in columns.items()
        }
        if "crah_running" in arrays:
            arrays["crah_running"] = arrays["crah_running"].astype(np.int64)
        return self.believing(halls=replace(self.state.halls, **arrays))

    def plant(self, **values: Any) -> Scene:
        """Change the water plant or the weather."""
        return self.believing(plant=replace(self.state.plant, **values))

    def ups(self, **columns: float | list[float]) -> Scene:
        """Change columns of the UPS sides; one number holds for both."""
        arrays: dict[str, Any] = {
            name: np.broadcast_to(np.asarray(value, dtype=np.float64), (2,)).copy() for name, value in columns.items()
        }
        if "on_generator" in arrays:
            arrays["on_generator"] = arrays["on_generator"].astype(np.uint8)
        return self.believing(ups=replace(self.state.ups, **arrays))

    def believing(self, **values: Any) -> Scene:
        """Change fields of the state."""
        return replace(self, state=replace(self.state, **values))

    def readback(self, point: str, quality: Quality) -> Scene:
        """Change the quality of one setpoint's readback."""
        qualities = self.state.setpoint_quality.copy()
        qualities[self.index(point)] = quality
        return self.believing(setpoint_quality=qualities)

    def standing(self, values: Mapping[str, float], *, since_s: float = 3600.0) -> Scene:
        """Setpoints stand there, and have for `since_s`."""
        value, since_ns = self.previous.value.copy(), self.previous.since_ns.copy()
        for point, stands in values.items():
            value[self.index(point)] = stands
            since_ns[self.index(point)] = self.state.now_ns - round(since_s * NS_PER_S)
        return replace(self, previous=replace(self.previous, value=value, since_ns=since_ns))

    def allowed(
        self,
        point: str,
        mode: Mode = Mode.CONTROL,
        *,
        fixed: float | None = None,
        held: bool = False,
        why: str = "",
    ) -> Scene:
        """Change the grant of one point."""
        grants = list(self.authority.grants)
        grants[self.index(point)] = Grant(mode, fixed, held, why)
        return replace(self, authority=Authority(tuple(grants)))

    def limited(self, point: str = "", **values: Any) -> Scene:
        """Change one actuator's limits, or the site's."""
        if not point:
            return replace(self, limits=replace(self.limits, **values))
        actuators = list(self.limits.actuators)
        i = self.index(point)
        actuators[i] = replace(actuators[i], **values)
        return replace(self, limits=replace(self.limits, actuators=ActuatorTable(tuple(actuators))))

    def index(self, point: str) -> int:
        """Index of an actuator."""
        return self.limits.actuators.index(point)

    def actuator(self, point: str) -> Actuator:
        """An actuator by its point."""
        return self.limits.actuators.actuators[self.index(point)]

    @property
    def given(self) -> GuardInput:
        """As the guard is given it."""
        return self._as(GuardInput)

    @property
    def task(self) -> Task:
        """As a controller is given it."""
        return self._as(Task)

    def _as(self, kind: Callable[..., _Given]) -> _Given:
        return kind(
            self.site,
            self.facility,
            self.limits,
            self.control,
            self.state,
            forecast_of(self.state),
            self.authority,
            self.previous,
        )

    def wish(self, wishes: Mapping[str, float]) -> Plan:
        """A plan that wants some setpoints elsewhere and leaves the rest."""
        values = self.previous.value.copy()
        for point, wanted in wishes.items():
            values[self.index(point)] = wanted
        return a_plan(values)

    def draft(self, wishes: Mapping[str, float]) -> Draft:
        """The guard's sheet with that plan on it."""
        return Draft.of(self.wish(wishes))

    def guarded(self, wishes: Mapping[str, float], memory: GuardMemory | None = None) -> GuardOutcome:
        """What the whole guard makes of a wish."""
        return guard(self.given, self.wish(wishes), memory or GuardMemory())

    def granted(self, outcome: GuardOutcome, point: str) -> float:
        """The value of one point in a guard's outcome."""
        return outcome.verdicts[self.index(point)].value


def a_scene() -> Scene:
    """The calm afternoon: full authority, every setpoint at the site's own value for an hour."""
    facility, site = _compiled()
    limits, state = reference_limits(), a_state()
    n = len(limits.actuators)
    return Scene(
        facility=facility,
        site=site,
        limits=limits,
        control=control_settings(),
        state=state,
        authority=Authority((Grant(Mode.CONTROL, None, False, ""),) * n),
        previous=Previous(
            value=np.array([a.local for a in limits.actuators]),
            since_ns=np.full(n, state.now_ns - 3600 * NS_PER_S, dtype=np.int64),
            known=np.ones(n, dtype=np.bool_),
            leased=np.zeros(n, dtype=np.bool_),
        ),
    )


def a_candidate(name: str, setpoint: Floats, **changed: Any) -> Candidate:
    """A candidate whose figures nobody computed."""
    plain = Candidate(
        name=name,
        setpoint=setpoint,
        cost_per_h=100.0,
        facility_w=1.3e6,
        cooling_w=150e3,
        worst_inlet_c=25.0,
        feasible=True,
        binding="",
    )
    return replace(plain, **changed)


def a_plan(setpoint: Floats, *, hold: Candidate | None = None, **changed: Any) -> Plan:
    """A plan for these setpoints by a controller called "test"."""
    n = len(setpoint)
    chosen = a_candidate("wish", setpoint)
    plain = Plan("test", chosen, None, hold or a_candidate("hold", setpoint), ("a reason",) * n, ("",) * n, 10e3)
    return replace(plain, **changed)


def step_of(draft: Draft, index: int) -> GuardStep:
    """The only thing that was done to an actuator."""
    (step,) = draft.steps[index]
    return step
