"""Guard step: what the operator allows. Overrides replace the wish; without authority nothing leaves."""

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
        if grant.mode is not Mode.CONTROL:
            sheet.deny(i, STEP, grant.why, release=True)
    return sheet.closed()
