"""Guard steps on knowledge: a missing input or an uncertain inlet allows moves towards cooling only."""

from __future__ import annotations

import math

import numpy as np

from controllers.guard.draft import SAME, Draft, GuardInput, Sheet
from controllers.guard.elsewhere import unread
from controllers.guard.memory import GuardMemory
from twin.domain.points import Quality
from twin.domain.state import State

# Control practice: a supervisory loop acts only while its k-step inlet error stays below 0.5 to 0.7 K.
MAX_INLET_SD_K = 0.7


def inputs(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """No rise while an input is missing, a hall has too few good inlets, or the setpoint itself cannot be read back."""
    sheet = draft.opened()
    missing = given.state.missing
    if missing:
        named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        for actuator in given.limits.actuators:
            sheet.not_above(actuator.index, given.before(actuator.index), "inputs", f"missing {named}")
    for row, quorum_frac in enumerate(given.state.halls.quorum_frac.tolist()):
        if not quorum_frac >= given.limits.zone_quorum_frac:  # also true for NaN
            hall, needed_frac = given.facility.halls[row].id, given.limits.zone_quorum_frac
            because = f"{hall}: {quorum_frac:.0%} of the inlets are good, needed {needed_frac:.0%}"
            _no_rise(given, sheet, row, "inputs", because)
    for i, quality in enumerate(given.state.setpoint_quality.tolist()):
        if quality > Quality.SUSPECT:
            sheet.not_above(i, given.before(i), "inputs", "its readback is not usable")
    return sheet.closed()


def confidence(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """No rise of a hall whose inlet prediction is too uncertain, nor of the water that serves it."""
    sheet = draft.opened()
    for row, sd_k in enumerate(given.state.halls.inlet_sd_k.tolist()):
        if not sd_k <= MAX_INLET_SD_K:
            because = f"{given.facility.halls[row].id}: inlet uncertainty {sd_k:.2f} K is above {MAX_INLET_SD_K} K"
            _no_rise(given, sheet, row, "confidence", because)
    return sheet.closed()


def withhold(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """While an input is missing a command leaves only if it cools more than the present value or the local setpoint.

    Any other lease is left to run out, which hands the point back to the site's own control. When nothing at all can be
    read every point is given back at once, but for what an operator ordered. A point that is not lent and cannot be
    read back may stand where it was last seen or at its local setpoint: a command has to cool both.
    """
    if blind(given.state):
        return _given_back(given, draft)
    missing = given.state.missing
    if not missing and not (given.state.setpoint_quality > Quality.SUSPECT).any():
        return draft
    sheet = draft.opened()
    for actuator in given.limits.actuators:
        i = actuator.index
        value, before = sheet.value[i], given.before(i)
        cooler = value < before - SAME or (value <= before + SAME and value < actuator.local - SAME)
        if sheet.write[i] and missing and not cooler:
            sheet.deny(i, "inputs", "inputs are missing: the lease may run out", release=False)
        elif sheet.write[i] and unread(given, actuator) and value > min(before, actuator.local) + SAME:
            sheet.deny(i, "inputs", "nobody knows whether this would cool: it cannot be read back", release=False)
    return sheet.closed()


def blind(state: State) -> bool:
    """Whether no air, no water, no load and no weather can be read: whoever cools by guess does it for ever."""
    halls, plant = state.halls, state.plant
    singles = (plant.outdoor_c, plant.wet_bulb_c, plant.chws_c)
    known = (halls.supply_air_c, halls.worst_inlet_c, halls.it_w)
    return all(map(math.isnan, singles)) and all(bool(np.isnan(each).all()) for each in known)


def _given_back(given: GuardInput, draft: Draft) -> Draft:
    sheet = draft.opened()
    for actuator in given.limits.actuators:
        if given.authority.grants[actuator.index].fixed is None:
            sheet.deny(actuator.index, "inputs", "nothing can be read", release=True)
    return sheet.closed()


def _no_rise(given: GuardInput, sheet: Sheet, row: int, step: str, because: str) -> None:
    for actuator in given.rows.serving[row]:
        sheet.not_above(actuator.index, given.before(actuator.index), step, because)
