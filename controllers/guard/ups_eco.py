"""Guard step on UPS sides: ECO only while everything that makes a transfer harmless is known to hold.

Conditions generalise the entry conditions of vendor manuals: load above a floor, mains within its band, low distortion,
no generator, a full battery, no mains event lately. In a 2N chain each side must carry the whole load alone, and one
side stays in double conversion. The other sides must be there to take over: none of them under maintenance, on battery
or too small. The operator's permit is the ceiling of the setpoint. Of the battery's health no reading tells.
"""

from __future__ import annotations

import math

import numpy as np

from controllers.guard.draft import SAME, Draft, GuardInput
from controllers.guard.elsewhere import unwritten
from controllers.guard.memory import GuardMemory
from twin.domain.actuators import Kind
from twin.domain.clock import NS_PER_S
from twin.domain.facility import Ups
from twin.model.ups_sides import rated_w

CALM_AFTER_EVENT_NS = 4 * 3600 * NS_PER_S  # after a mains event this long in double conversion


def ups_eco(given: GuardInput, memory: GuardMemory, draft: Draft) -> Draft:
    """ECO sides whose conditions fail go back at once; of several wishing sides the first, or the one already there.

    A side that is not ours to write counts as where it stands, whatever is wished for it.
    """
    sheet, sides = draft.opened(), given.rows.of_kind[Kind.UPS_MODE]
    for actuator in sides:
        if sheet.value[actuator.index] >= 0.5:
            ups = given.facility.power.ups[given.ups_index(actuator.asset)]
            because = obstacle(given, memory, ups)
            if because:
                sheet.to(actuator.index, 0.0, "ups_eco", because)
    foreign = [a.index for a in sides if not sheet.write[a.index] and unwritten(given, sheet, a)[1] >= 0.5]
    wishing = [a for a in sides if sheet.value[a.index] >= 0.5 and a.index not in foreign]
    wishing.sort(key=lambda a: (not sheet.write[a.index], -given.before(a.index), a.index))
    for actuator in wishing[max(0, len(given.facility.power.ups) - 1 - len(foreign)) :]:
        sheet.to(actuator.index, 0.0, "ups_eco", "one side stays in double conversion")
    return sheet.closed()


def obstacle(given: GuardInput, memory: GuardMemory, ups: Ups) -> str:
    """Why this side may not be in ECO, "" when it may. What is not known counts against it."""
    row, limits, state = given.ups_index(ups.id), given.limits, given.state.ups
    full_w = rated_w(ups)
    load_frac = float(state.output_w[row]) / full_w
    since_event_ns = given.state.now_ns - memory.mains_event_ns.get(ups.id, -CALM_AFTER_EVENT_NS)
    checks = (
        (load_frac >= limits.eco_min_load_frac, f"load {load_frac:.0%} below {limits.eco_min_load_frac:.0%}"),
        (_steady_mains(given, row), "mains outside the band for ECO, on a generator, or unknown"),
        (
            float(state.battery_frac[row]) >= limits.eco_min_battery_frac - SAME,
            f"battery not known to be above {limits.eco_min_battery_frac:.0%}",
        ),
        (float(np.sum(state.output_w)) <= full_w, "this side could not carry the whole load"),
        (since_event_ns >= CALM_AFTER_EVENT_NS, "a mains event less than 4 h ago"),
    )
    return next((because for holds, because in checks if not holds), "") or _other_paths(given, ups)


def _other_paths(given: GuardInput, ups: Ups) -> str:
    """What is the matter with the sides that would have to take over, "" when nothing is.

    A side that carries next to nothing, or is held locally, is taken to be under maintenance.
    """
    sides, state, least_frac = given.facility.power.ups, given.state.ups, given.limits.eco_min_load_frac
    others = [(row, other) for row, other in enumerate(sides) if other.id != ups.id]
    held = {a.asset for a in given.rows.of_kind[Kind.UPS_MODE] if given.state.held_by_operator[a.index]}
    for row, other in others:
        if not float(state.output_w[row]) >= least_frac * rated_w(other):
            return f"{other.id} carries less than {least_frac:.0%}: under maintenance"
        if state.on_generator[row]:
            return f"{other.id} is on a generator, on battery, or unknown"
        if other.id in held:
            return f"{other.id} is held locally: under maintenance"
    share_w = float(np.sum(state.output_w)) / max(len(others), 1)
    short = next((other.id for _, other in others if not share_w <= rated_w(other)), "")
    return f"{short} could not carry its part without {ups.id}" if short else ""


def _steady_mains(given: GuardInput, row: int) -> bool:
    limits, state = given.limits, given.state.ups
    return (
        abs(float(state.mains_deviation_frac[row])) <= limits.eco_max_mains_deviation_frac
        and float(state.thd_frac[row]) <= limits.eco_max_thd_frac
        and not state.on_generator[row]
    )


def mains_events(given: GuardInput, memory: GuardMemory) -> dict[str, int]:
    """Last time each side's mains was seen outside the band, this cycle included.

    One reading out of its band is enough, whatever the other says. A mains of which nothing is known is no event.
    """
    events = dict(memory.mains_event_ns)
    for row, ups in enumerate(given.facility.power.ups):
        deviation, thd = float(given.state.ups.mains_deviation_frac[row]), float(given.state.ups.thd_frac[row])
        off_mains = bool(given.state.ups.on_generator[row]) and not (math.isnan(deviation) and math.isnan(thd))
        outside = abs(deviation) > given.limits.eco_max_mains_deviation_frac or thd > given.limits.eco_max_thd_frac
        if outside or off_mains:
            events[ups.id] = given.state.now_ns
    return events
