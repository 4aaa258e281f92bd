"""Halls that are too warm, and chilled water that is."""

from __future__ import annotations

import numpy as np

from twin.alarms.facts import AlarmMemory, Condition, Signs, alarm_id
from twin.alarms.kinds import Severity
from twin.alarms.known import Known
from twin.domain.actuators import Kind
from twin.domain.points import Quality

BAND_K = 0.5
WATER_OFF_K, WATER_BACK_K = 2.0, 1.0  # above its setpoint
EFFECT_OFF_K, EFFECT_BACK_K = 2.0, 1.0  # between setpoint and what it should move
REVERT_ON_S, PANIC_ON_S = 30.0, 0.0


def heats(known: Known, signs: Signs, memory: AlarmMemory) -> list[Condition]:
    """Inlets above a limit of the limits file, by hall; water and air that do not follow their setpoints."""
    return [*_inlets(known, signs, memory), *_unmoved(known, signs, memory)]


def _inlets(known: Known, signs: Signs, memory: AlarmMemory) -> list[Condition]:
    limits = known.limits
    levels = (
        (limits.inlet_panic_c, Severity.CRITICAL, "panic", PANIC_ON_S),
        (limits.inlet_revert_c, Severity.HIGH, "revert", REVERT_ON_S),
        (limits.inlet_warn_c, Severity.MEDIUM, "warn", None),
    )
    found: list[Condition] = []
    for row, hall in enumerate(known.facility.halls):
        inlet_c = float(signs.state.halls.worst_inlet_c[row])
        stands = memory.standing.get(alarm_id("inlet", hall.id))
        for limit_c, severity, name, on_s in levels:
            band_k = BAND_K if stands is not None and stands.severity >= severity else 0.0
            unknown = stands is not None and stands.severity == severity and np.isnan(inlet_c)
            if inlet_c > limit_c - band_k or unknown:  # what is no longer seen is not over
                cause = f"rack inlets of {hall.id} above the {name} limit of {limit_c:g} degC"
                reading = f"{inlet_c:.1f} degC{_warmest(known, signs, row)}"
                found.append(Condition("inlet", hall.id, severity, cause, reading, on_s=on_s))
                break
    return found


def _warmest(known: Known, signs: Signs, row: int) -> str:
    """Where the warmest good reading of a hall is."""
    hall = known.facility.halls[row]
    inlet_c = known.usable(signs.snapshot, f"rack {hall.id}", "inlet_c")
    if not np.isfinite(inlet_c).any():
        return ""
    return f", warmest {hall.racks[int(np.nanargmax(inlet_c))].id}"


def _unmoved(known: Known, signs: Signs, memory: AlarmMemory) -> list[Condition]:
    state = signs.state
    halls = [hall.id for hall in known.facility.halls]
    found: list[Condition] = []
    for actuator in known.limits.actuators:
        if state.setpoint_quality[actuator.index] > Quality.SUSPECT:
            continue
        wanted_c = float(state.setpoint[actuator.index])
        if actuator.kind is Kind.CHILLED_WATER:
            warm = "chilled-water", actuator.asset, ""
            if state.plant.chws_c - wanted_c > _band(warm, memory, WATER_OFF_K, WATER_BACK_K):
                reading = f"{state.plant.chws_c:.1f} degC, asked for {wanted_c:.1f}"
                cause = "chilled water is warmer than its setpoint"
                found.append(Condition(warm[0], warm[1], Severity.HIGH, cause, reading))
        elif actuator.kind is Kind.SUPPLY_AIR and actuator.hall in halls:
            stuck = "no-effect", actuator.asset, actuator.name
            air_c = float(state.halls.supply_air_c[halls.index(actuator.hall)])
            if abs(air_c - wanted_c) > _band(stuck, memory, EFFECT_OFF_K, EFFECT_BACK_K):
                reading = f"{air_c:.1f} degC, setpoint {wanted_c:.1f}"
                cause = f"supply air of {actuator.hall} does not follow its setpoint"
                found.append(Condition(stuck[0], stuck[1], Severity.MEDIUM, cause, reading, point=stuck[2]))
    return found


def _band(alarm: tuple[str, str, str], memory: AlarmMemory, on: float, off: float) -> float:
    return off if alarm_id(*alarm) in memory.standing else on
