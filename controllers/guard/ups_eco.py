"""Guard step on UPS sides: ECO only while everything that makes a transfer harmless is known to hold.

Conditions generalise the entry conditions of vendor manuals: load above a floor, mains within its band, low distortion,
no generator, a full battery, no mains event lately. In a 2N chain each side must carry the whole load alone, and one
side stays in double conversion.
"""

from __future__ import annotations

import numpy as np

from controllers.guard.draft import SAME, Draft, GuardInput
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Kind
from twin.domain.clock import NS_PER_S
from twin.domain.facility import Ups

CALM_AFTER_EVENT_NS = 4 * 3600 * NS_PER_S  # after a mains event this long in double conversion


def ups_eco(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """ECO sides whose conditions fail go back at once; of several wishing sides the first, or the one already there."""
    sides = given.limits.actuators.of_kind(Kind.UPS_MODE)
    for actuator in sides:
        if draft.value[actuator.index] >= 0.5:
            ups = given.facility.power.ups[given.ups_index(actuator.asset)]
            because = obstacle(given, memory, ups)
            if because:
                draft = draft.to(actuator.index, 0.0, "ups_eco", because)
    wishing = [a for a in sides if draft.value[a.index] >= 0.5]
    wishing.sort(key=lambda a: (-given.before(a.index), a.index))
    for actuator in wishing[max(0, len(given.facility.power.ups) - 1) :]:
        draft = draft.to(actuator.index, 0.0, "ups_eco", "one side stays in double conversion")
    return draft


def obstacle(given: GuardInput, memory: GuardMemory, ups: Ups) -> str:
    """Why this side may not be in ECO, "" when it may. What is not known counts against it."""
    row, limits, state = given.ups_index(ups.id), given.limits, given.state.ups
    rated_w = ups.modules * ups.module_w
    load_frac = float(state.output_w[row]) / rated_w
    since_event_ns = given.state.now_ns - memory.mains_event_ns.get(ups.id, -CALM_AFTER_EVENT_NS)
    checks = (
        (load_frac >= limits.eco_min_load_frac, f"load {load_frac:.0%} below {limits.eco_min_load_frac:.0%}"),
        (_steady_mains(given, row), "mains outside the band for ECO, on a generator, or unknown"),
        (
            float(state.battery_frac[row]) >= limits.eco_min_battery_frac - SAME,
            f"battery not known to be above {limits.eco_min_battery_frac:.0%}",
        ),
        (float(np.sum(state.output_w)) <= rated_w, "this side could not carry the whole load"),
        (since_event_ns >= CALM_AFTER_EVENT_NS, "a mains event less than 4 h ago"),
    )
    return next((because for holds, because in checks if not holds), "")


def _steady_mains(given: GuardInput, row: int) -> bool:
    limits, state = given.limits, given.state.ups
    return (
        abs(float(state.mains_deviation_frac[row])) <= limits.eco_max_mains_deviation_frac
        and float(state.thd_frac[row]) <= limits.eco_max_thd_frac
        and not state.on_generator[row]
    )


def mains_events(given: GuardInput, memory: GuardMemory) -> dict[str, int]:
    """Last time each side's mains was seen outside the band, this cycle included. Unknown mains is not an event."""
    events = dict(memory.mains_event_ns)
    for row, ups in enumerate(given.facility.power.ups):
        readings = (given.state.ups.mains_deviation_frac[row], given.state.ups.thd_frac[row])
        if all(np.isfinite(reading) for reading in readings) and not _steady_mains(given, row):
            events[ups.id] = given.state.now_ns
    return events
