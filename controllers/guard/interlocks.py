"""Guard steps on moisture and head pressure: the dew point of each room, and the least lift of the chillers."""

from __future__ import annotations

import math

from controllers.guard.draft import SAME, Draft, GuardInput, grid_ceil, grid_floor
from controllers.guard.elsewhere import beside
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
    sheet = draft.opened()
    for actuator in given.rows.of_kind[Kind.SUPPLY_AIR]:
        i, before = actuator.index, given.before(actuator.index)
        if sheet.value[i] >= before - SAME:  # nothing falls
            continue
        floor_c = min(driest_supply_c(given, actuator), actuator.high, max(before, sheet.value[i]))
        if sheet.value[i] < min(before, floor_c) - SAME:
            because = f"dew point leaves no less than {floor_c:g} {actuator.unit}"
            sheet.to(i, min(before, floor_c), "dew_point", because)
    return sheet.closed()


def minimum_lift(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """Condenser water stays warmer than chilled water by the chillers' least lift.

    What would shorten the lift is given back, the rise of the chilled water first, then the fall of the condenser
    water; a lift found too short is not repaired by warming anything.
    """
    sheet = draft.opened()
    need_k = given.limits.min_lift_k
    for chilled in given.rows.of_kind[Kind.CHILLED_WATER]:
        for condenser in given.rows.of_kind[Kind.CONDENSER_WATER]:
            because = f"least lift {need_k:g} K"
            i, k = chilled.index, condenser.index
            coldest_c = beside(given, sheet, chilled, condenser)[0]
            if coldest_c - sheet.value[i] < need_k - SAME and sheet.value[i] > given.before(i) + SAME:
                room_c = grid_floor(coldest_c - need_k, chilled.step)
                sheet.not_above(i, max(given.before(i), room_c), "lift", because)
            warmest_c = beside(given, sheet, condenser, chilled)[1]
            if sheet.value[k] - warmest_c < need_k - SAME and sheet.value[k] < given.before(k) - SAME:
                floor_c = min(given.before(k), grid_ceil(warmest_c + need_k, condenser.step))
                sheet.to(k, max(sheet.value[k], floor_c), "lift", because)
    return sheet.closed()
