"""Guard step: what the operator allows. Overrides replace the wish; without authority nothing leaves.

In bounded mode nothing goes above the band around the site's own setpoint, nor does a wish go below it. An order, and
the steps after this one, may: that is towards cooling.
"""

from __future__ import annotations

from controllers.guard.draft import Draft, GuardInput
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Mode

STEP = "authority"


def rights(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """Held points stay where they are, ordered values replace wishes, and lost authority gives the lease back."""
    sheet = draft.opened()
    for actuator in given.limits.actuators:
        i, grant = actuator.index, given.authority.grants[actuator.index]
        if grant.held:
            sheet.to(i, given.before(i), STEP, grant.why)
            sheet.deny(i, STEP, grant.why, release=True)
            continue
        if grant.fixed is not None:
            sheet.to(i, grant.fixed, STEP, f"an operator ordered {grant.fixed:g}")
        if not grant.mode.writes:
            sheet.deny(i, STEP, grant.why, release=True)
        elif grant.mode is Mode.BOUNDED:
            low, high = given.authority.band(actuator)
            because = f"bounded to {low:g} to {high:g} {actuator.unit}"
            sheet.not_above(i, high, STEP, because)
            if grant.fixed is None:
                sheet.not_below(i, min(low, given.before(i)), STEP, because)  # unasked, nothing is warmed into the band
    return sheet.closed()
