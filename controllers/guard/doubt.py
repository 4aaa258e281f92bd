"""Guard steps on knowledge: a missing input or an uncertain inlet allows moves towards cooling only."""

from __future__ import annotations

from controllers.guard.draft import SAME, Draft, GuardInput
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Actuator, Kind
from twin.domain.points import Quality

# Control practice: a supervisory loop acts only while its k-step inlet error stays below 0.5 to 0.7 K.
MAX_INLET_SD_K = 0.7


def inputs(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """No rise while an input is missing, a hall has too few good inlets, or the setpoint itself cannot be read back."""
    missing = given.state.missing
    if missing:
        named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        for actuator in given.limits.actuators:
            draft = draft.not_above(actuator.index, given.before(actuator.index), "inputs", f"missing {named}")
    for row, hall in enumerate(given.facility.halls):
        quorum_frac = float(given.state.halls.quorum_frac[row])
        if not quorum_frac >= given.limits.zone_quorum_frac:  # also true for NaN
            because = f"{hall.id}: {quorum_frac:.0%} of the inlets are good, needed {given.limits.zone_quorum_frac:.0%}"
            draft = _no_rise(given, draft, hall.id, "inputs", because)
    for actuator in given.limits.actuators:
        if given.state.setpoint_quality[actuator.index] > Quality.SUSPECT:
            because = "its readback is not usable"
            draft = draft.not_above(actuator.index, given.before(actuator.index), "inputs", because)
    return draft


def confidence(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """No rise of a hall whose inlet prediction is too uncertain, nor of the water that serves it."""
    for row, hall in enumerate(given.facility.halls):
        sd_k = float(given.state.halls.inlet_sd_k[row])
        if not sd_k <= MAX_INLET_SD_K:
            because = f"{hall.id}: inlet uncertainty {sd_k:.2f} K is above {MAX_INLET_SD_K} K"
            draft = _no_rise(given, draft, hall.id, "confidence", because)
    return draft


def withhold(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """While an input is missing a command leaves only if it cools more than the present value or the local setpoint.

    Any other lease is left to run out, which hands the point back to the site's own control.
    """
    if not given.state.missing:
        return draft
    for actuator in given.limits.actuators:
        i = actuator.index
        value, before = draft.value[i], given.before(i)
        cooler = value < before - SAME or (value <= before + SAME and value < actuator.local - SAME)
        if draft.write[i] and not cooler:
            draft = draft.deny(i, "inputs", "inputs are missing: the lease may run out", release=False)
    return draft


def serves(actuator: Actuator, hall_id: str) -> bool:
    """Whether a setpoint reaches into a hall: its own supply air, or the water of the whole plant."""
    if actuator.kind is Kind.SUPPLY_AIR:
        return actuator.hall == hall_id
    return actuator.kind in (Kind.CHILLED_WATER, Kind.CONDENSER_WATER)


def _no_rise(given: GuardInput, draft: Draft, hall_id: str, step: str, because: str) -> Draft:
    for actuator in given.limits.actuators:
        if serves(actuator, hall_id):
            draft = draft.not_above(actuator.index, given.before(actuator.index), step, because)
    return draft
