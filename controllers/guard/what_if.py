"""The guard's own questions to the twin: what the setpoints on the sheet lead to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from controllers.guard.draft import Draft, GuardInput
from twin.domain.actuators import Kind
from twin.domain.arrays import Floats
from twin.model.ride_through import ride_through_s, single_failure_inlet_c
from twin.model.steady import Candidates, Conditions, steady_state


def conditions(given: GuardInput) -> Conditions:
    """What the plant faces now, as the estimate has it.

    The mean inlet is taken midway between supply air and the worst inlet.
    """
    halls, plant = given.state.halls, given.state.plant
    return Conditions(
        it_w=halls.it_w,
        supply_air_c=halls.supply_air_c,
        mean_offset_k=0.5 * halls.inlet_offset_k,
        inlet_offset_k=halls.inlet_offset_k,
        crah_running=halls.crah_running,
        chillers_running=plant.chillers_running,
        chillers_available=len(given.facility.plant.chillers.ids),
        outdoor_c=plant.outdoor_c,
        wet_bulb_c=plant.wet_bulb_c,
    )


def known(now: Conditions) -> bool:
    """Whether the twin can be asked at all."""
    numbers = (now.it_w, now.supply_air_c, now.inlet_offset_k, now.outdoor_c, now.wet_bulb_c)
    return all(bool(np.all(np.isfinite(number))) for number in numbers)


def supply_and_water(given: GuardInput, draft: Draft) -> tuple[Floats, float]:
    """Supply air by hall and chilled water as they stand on the sheet; where there is no setpoint, the measured one."""
    supply_air_c = given.state.halls.supply_air_c.copy()
    for actuator in given.limits.actuators.of_kind(Kind.SUPPLY_AIR):
        supply_air_c[given.hall_index(actuator.hall)] = draft.value[actuator.index]
    chws_c = given.state.plant.chws_c
    for actuator in given.limits.actuators.of_kind(Kind.CHILLED_WATER):
        chws_c = draft.value[actuator.index]
    return supply_air_c, chws_c


def single_failure_c(given: GuardInput, now: Conditions, draft: Draft) -> Floats:
    """Worst inlet of each hall with one of its air handlers lost, shape (n_hall,)."""
    supply_air_c, chws_c = supply_and_water(given, draft)
    return single_failure_inlet_c(given.site, now, supply_air_c, chws_c)


def seconds_to_panic(given: GuardInput, now: Conditions, draft: Draft) -> Floats:
    """Time from losing all chillers to the panic inlet, shape (n_hall,)."""
    supply_air_c, chws_c = supply_and_water(given, draft)
    return ride_through_s(given.site, now, supply_air_c, chws_c, given.limits.inlet_panic_c)


def short_of_chillers(given: GuardInput, now: Conditions, draft: Draft) -> bool:
    """Whether the chillers that remain after losing one cannot carry the load at these setpoints."""
    remaining = max(0, now.chillers_available - 1)
    if remaining == 0:
        return True
    degraded = replace(now, chillers_available=remaining, chillers_running=min(now.chillers_running, remaining))
    setpoint = np.asarray([draft.value], dtype=np.float64)
    candidates = Candidates.from_setpoints(given.limits.actuators, setpoint, given.site)
    return bool(steady_state(given.site, degraded, candidates).chw_short[0])
