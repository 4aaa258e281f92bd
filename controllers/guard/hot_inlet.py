"""Guard step on heat: above the warning nothing warms, above revert the hall cools at its rate, above panic at once."""

from __future__ import annotations

from controllers.guard.draft import Draft, GuardInput, grid_ceil
from controllers.guard.interlocks import driest_supply_c
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Actuator, Kind


def hot_inlet(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """The answer to the measured worst inlet of each hall; the plant's water answers to the hottest hall.

    A hall that went back to full cooling stays there until its inlet is below the warning again.
    """
    limits, sheet, reverting = given.limits, draft.opened(), set(reverting_halls(given, memory))
    for row, inlet_c in enumerate(given.state.halls.worst_inlet_c.tolist()):
        if inlet_c <= limits.inlet_warn_c:
            continue
        hall = given.facility.halls[row].id
        for actuator in given.rows.serving[row]:
            i, before = actuator.index, given.before(actuator.index)
            cools = actuator.kind is not Kind.CONDENSER_WATER
            if inlet_c > limits.inlet_panic_c and cools:
                because = f"{hall}: inlet {inlet_c:.1f} degC, coldest permitted at once"
                sheet.not_above(i, _coldest(given, actuator), "panic", because)
            elif cools and hall in reverting:
                down = grid_ceil(max(_coldest(given, actuator), given.reach(actuator)[0]), actuator.step)
                because = f"{hall}: inlet {inlet_c:.1f} degC, back to full cooling"
                sheet.not_above(i, min(before, down), "revert", because)
            else:  # also when it is not known
                because = f"{hall}: inlet {inlet_c:.1f} degC is above {limits.inlet_warn_c:g}, no warming"
                sheet.not_above(i, before, "warn", because)
    return sheet.closed()


def reverting_halls(given: GuardInput, memory: GuardMemory) -> tuple[str, ...]:
    """Halls that are on their way back to full cooling in this cycle."""
    limits, before = given.limits, set(memory.reverting)
    inlets_c = given.state.halls.worst_inlet_c.tolist()
    return tuple(
        hall.id
        for hall, inlet_c in zip(given.facility.halls, inlets_c, strict=True)
        if inlet_c > limits.inlet_revert_c or (hall.id in before and not inlet_c <= limits.inlet_warn_c)
    )


def hot(given: GuardInput) -> bool:
    """Whether any hall is above the panic limit: the only reason to fall faster than the rate."""
    return any(float(c) > given.limits.inlet_panic_c for c in given.state.halls.worst_inlet_c)


def _coldest(given: GuardInput, actuator: Actuator) -> float:
    """Coldest permitted value, never above where the setpoint stands."""
    coldest = actuator.low
    if actuator.kind is Kind.SUPPLY_AIR:
        coldest = min(max(coldest, driest_supply_c(given, actuator)), actuator.high)
    return min(coldest, given.before(actuator.index))
