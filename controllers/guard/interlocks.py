"""Guard steps on moisture and head pressure: the dew point of each room, and the least lift of the chillers."""

from __future__ import annotations

import math

from controllers.guard.draft import SAME, Draft, GuardInput, grid_ceil, grid_floor
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Actuator, Kind


def driest_supply_c(given: GuardInput, actuator: Actuator) -> float:
    """Coldest supply air that stays clear of the room's dew point; -inf while the dew point is unknown.

    An unknown dew point must not forbid cooling: servers suffer from heat sooner than from a damp coil.
    """
    dew_point_c = float(given.state.halls.dew_point_c[given.hall_index(actuator.hall)])
    if not math.isfinite(dew_point_c):
        return -math.inf
    return grid_ceil(dew_point_c + given.limits.dew_point_margin_k, actuator.step)


def dew_point(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """Supply air does not fall into the dew point's margin. A room already inside is not warmed by this rule."""
    for actuator in given.limits.actuators.of_kind(Kind.SUPPLY_AIR):
        i, before = actuator.index, given.before(actuator.index)
        floor_c = min(driest_supply_c(given, actuator), actuator.high, max(before, draft.value[i]))
        if draft.value[i] < min(before, floor_c) - SAME:
            because = f"dew point leaves no less than {floor_c:g} {actuator.unit}"
            draft = draft.to(i, min(before, floor_c), "dew_point", because)
    return draft


def minimum_lift(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """Condenser water stays warmer than chilled water by the chillers' least lift.

    What would shorten the lift is given back, the rise of the chilled water first, then the fall of the condenser
    water; a lift found too short is not repaired by warming anything.
    """
    need_k = given.limits.min_lift_k
    for chilled in given.limits.actuators.of_kind(Kind.CHILLED_WATER):
        for condenser in given.limits.actuators.of_kind(Kind.CONDENSER_WATER):
            because = f"least lift {need_k:g} K"
            i, k = chilled.index, condenser.index
            if draft.value[k] - draft.value[i] < need_k - SAME and draft.value[i] > given.before(i) + SAME:
                room_c = grid_floor(draft.value[k] - need_k, chilled.step)
                draft = draft.not_above(i, max(given.before(i), room_c), "lift", because)
            if draft.value[k] - draft.value[i] < need_k - SAME and draft.value[k] < given.before(k) - SAME:
                floor_c = min(given.before(k), grid_ceil(draft.value[i] + need_k, condenser.step))
                draft = draft.to(k, max(draft.value[k], floor_c), "lift", because)
    return draft
