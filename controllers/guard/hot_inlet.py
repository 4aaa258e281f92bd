"""Guard step on heat: above the warning nothing warms, above revert the hall cools at its rate, above panic at once."""

from __future__ import annotations

from controllers.guard.doubt import serves
from controllers.guard.draft import Draft, GuardInput, grid_ceil
from controllers.guard.interlocks import driest_supply_c
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Actuator, Kind


def hot_inlet(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """The answer to the measured worst inlet of each hall; the plant's water answers to the hottest hall.

    A hall that went back to full cooling stays there until its inlet is below the warning again.
    """
    limits = given.limits
    for row, hall in enumerate(given.facility.halls):
        inlet_c = float(given.state.halls.worst_inlet_c[row])
        for actuator in limits.actuators:
            if not serves(actuator, hall.id):
                continue
            i, before = actuator.index, given.before(actuator.index)
            cools = actuator.kind is not Kind.CONDENSER_WATER
            if inlet_c > limits.inlet_panic_c and cools:
                because = f"{hall.id}: inlet {inlet_c:.1f} degC, coldest permitted at once"
                draft = draft.not_above(i, _coldest(given, actuator), "panic", because)
            elif cools and hall.id in reverting_halls(given, memory):
                down = grid_ceil(max(_coldest(given, actuator), given.reach(actuator)[0]), actuator.step)
                because = f"{hall.id}: inlet {inlet_c:.1f} degC, back to full cooling"
                draft = draft.not_above(i, min(before, down), "revert", because)
            elif not inlet_c <= limits.inlet_warn_c:  # also when it is not known
                because = f"{hall.id}: inlet {inlet_c:.1f} degC is above {limits.inlet_warn_c:g}, no warming"
                draft = draft.not_above(i, before, "warn", because)
    return draft


def reverting_halls(given: GuardInput, memory: GuardMemory) -> tuple[str, ...]:
    """Halls that are on their way back to full cooling in this cycle."""
    halls: list[str] = []
    for row, hall in enumerate(given.facility.halls):
        inlet_c = float(given.state.halls.worst_inlet_c[row])
        cooled = inlet_c <= given.limits.inlet_warn_c
        if inlet_c > given.limits.inlet_revert_c or (hall.id in memory.reverting and not cooled):
            halls.append(hall.id)
    return tuple(halls)


def hot(given: GuardInput) -> bool:
    """Whether any hall is above the panic limit: the only reason to fall faster than the rate."""
    return any(float(c) > given.limits.inlet_panic_c for c in given.state.halls.worst_inlet_c)


def _coldest(given: GuardInput, actuator: Actuator) -> float:
    """Coldest permitted value, never above where the setpoint stands."""
    coldest = actuator.low
    if actuator.kind is Kind.SUPPLY_AIR:
        coldest = min(max(coldest, driest_supply_c(given, actuator)), actuator.high)
    return min(coldest, given.before(actuator.index))
