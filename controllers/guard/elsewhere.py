"""Setpoints that do not leave in this cycle: the plant is where it stands, whatever was wished for them."""

from __future__ import annotations

from controllers.guard.draft import Draft, GuardInput, Sheet
from twin.domain.actuators import Actuator


def unwritten(given: GuardInput, sheet: Draft | Sheet, actuator: Actuator) -> tuple[float, float]:
    """Lowest and highest value that such a setpoint may stand at next.

    A lease that is given back ends in `local`; one of which nobody knows where it stands may stand anywhere.
    """
    i, before = actuator.index, given.before(actuator.index)
    if not given.previous.known[i]:
        return actuator.low, actuator.high
    if sheet.release[i] and given.previous.leased[i]:
        return min(before, actuator.local), max(before, actuator.local)
    return before, before


def beside(given: GuardInput, sheet: Draft | Sheet, actuator: Actuator, other: Actuator) -> tuple[float, float]:
    """Lowest and highest value of `other` that a move of `actuator` has to reckon with.

    What is only advised counts for what is only advised too, so that advice is what would be written in control.
    """
    value = sheet.value[other.index]
    if sheet.write[actuator.index] and not sheet.write[other.index]:
        return unwritten(given, sheet, other)
    if sheet.write[actuator.index] and unread(given, other):  # whether it leaves is decided later
        stands = (value, given.before(other.index), other.local)
        return min(stands), max(stands)
    return value, value


def coldest(given: GuardInput, sheet: Draft | Sheet, actuator: Actuator) -> float:
    """As `warmest`, where the lower value is the harder one."""
    value = sheet.value[actuator.index]
    if _as_wished(given, sheet, actuator):
        return value
    return min(value, unwritten(given, sheet, actuator)[0])


def warmest(given: GuardInput, sheet: Draft | Sheet, actuator: Actuator) -> float:
    """The highest value to reckon with when it is asked what a failure would do.

    While anything leaves, what does not is taken as it stands or as it is advised, whichever is warmer.
    """
    value = sheet.value[actuator.index]
    if _as_wished(given, sheet, actuator):
        return value
    return max(value, unwritten(given, sheet, actuator)[1])


def _as_wished(given: GuardInput, sheet: Draft | Sheet, actuator: Actuator) -> bool:
    """Whether the sheet's value is all there is to reckon with."""
    i = actuator.index
    leaves = sheet.write[i] and not unread(given, actuator)
    return leaves or not any(sheet.write) or not given.previous.known[i]


def unread(given: GuardInput, actuator: Actuator) -> bool:
    """Whether it is not lent and cannot be read back: then it may stand where it was last seen, or at `local`."""
    return given.unread(actuator.index)
