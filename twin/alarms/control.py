"""Setpoints that are not followed or written by others, the twin that is wrong, and the daemon's own troubles."""

from __future__ import annotations

import math
from dataclasses import replace

from twin.alarms.facts import AlarmMemory, Condition, Signs, alarm_id
from twin.alarms.kinds import Severity
from twin.alarms.known import Known

# how the ledger of leases begins to say why a point is left alone
FOREIGN = "the receiver follows a newer master"
CHECKER = "the second checker refused it"
SESSION_S = 600.0  # how long a lost session is news
RESIDUAL_OFF_FRAC, RESIDUAL_BACK_FRAC = 0.25, 0.18  # of the metered power


def setpoints(known: Known, signs: Signs) -> list[Condition]:
    """Points that are left alone, each by its reason; commands of others."""
    found: list[Condition] = []
    foreign = dict.fromkeys(signs.strangers, "the receiver answered a command that was not ours")
    for actuator in known.limits.actuators:
        why = signs.blocked[actuator.index]
        asset, name = actuator.asset, actuator.name
        if why.startswith(CHECKER):
            cause = f"the second checker stopped a command for {actuator.point}"
            found.append(Condition("checker", asset, Severity.CRITICAL, cause, why, point=name))
        elif why.startswith(FOREIGN):
            foreign[actuator.point] = why
        elif why:
            cause = f"{actuator.point} is not followed"
            found.append(Condition("not-followed", asset, Severity.HIGH, cause, why, point=name))
        if actuator.point in foreign:
            cause = f"somebody else commands {actuator.point}"
            found.append(Condition("foreign", asset, Severity.HIGH, cause, foreign[actuator.point], point=name))
    return found


def residuals(signs: Signs, memory: AlarmMemory) -> list[Condition]:
    """The twin, where it is far from the meters."""
    state = signs.state
    part = RESIDUAL_BACK_FRAC if alarm_id("residual", "twin") in memory.standing else RESIDUAL_OFF_FRAC
    if not math.isfinite(state.facility_w) or not abs(state.residual_w) > part * state.facility_w:
        return []
    reading = f"{state.residual_w / 1e3:+.0f} kW of {state.facility_w / 1e3:.0f} kW"
    return [Condition("residual", "twin", Severity.MEDIUM, "the twin and the meters disagree", reading)]


def own_troubles(signs: Signs, memory: AlarmMemory) -> tuple[list[Condition], AlarmMemory]:
    """Link, session, disk and servers of the daemon itself."""
    process = signs.process
    found: list[Condition] = []
    if not process.connected:
        found.append(Condition("link", "site", Severity.HIGH, "no link to the broker", "not connected"))
    if process.sessions_lost > memory.sessions_lost:
        memory = replace(memory, sessions_lost=process.sessions_lost, session_s=signs.mono_s)
    if memory.session_s >= 0.0 and signs.mono_s - memory.session_s < SESSION_S:
        reading = f"{memory.sessions_lost} times since the start"
        found.append(Condition("session", "site", Severity.MEDIUM, "the broker lost the daemon's session", reading))
    if process.disk:
        found.append(Condition("disk", "site", Severity.HIGH, "the state directory cannot be written", process.disk))
    for name, what in process.sinks:
        found.append(Condition("sink", name, Severity.MEDIUM, f"history does not get to {name}", what))
    return found, memory
