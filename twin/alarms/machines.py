"""Machines that are lost: chillers, air handlers, UPS sides, and the mains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twin.alarms.facts import AlarmMemory, Condition, Fleet, Signs, alarm_id
from twin.alarms.kinds import Severity
from twin.alarms.known import Known
from twin.domain.actuators import Kind
from twin.domain.arrays import Floats
from twin.domain.points import Quality

CHILLER_WINDOW_S = 1800.0  # a chiller that stopped longer ago was staged
CRAH_WINDOW_S = 86_400.0  # an air handler that stopped longer ago is meant to
FULL_LOAD_FRAC, EASY_LOAD_FRAC = 0.90, 0.85
WARM_WATER_K, COOL_WATER_K = 2.0, 1.0
LOW_BATTERY_FRAC, EMPTY_BATTERY_FRAC, BATTERY_BAND_FRAC = 0.5, 0.2, 0.05
DEAD_SIDE_FRAC = 0.05  # of the IT power


def machines(known: Known, signs: Signs, memory: AlarmMemory) -> tuple[list[Condition], AlarmMemory]:
    """What is lost, and what ran lately."""
    crahs, memory = _air_handlers(known, signs, memory)
    chillers, memory = _chillers(known, signs, memory)
    return [*crahs, *chillers, *_power(known, signs, memory)], memory


def fleet(before: Fleet | None, running: Floats, mono_s: float, window_s: float) -> Fleet:
    """One step of what is known of equal machines; NaN where a flag is not usable."""
    on = running >= 0.5
    count = int(np.count_nonzero(on))
    if before is None or len(before.ran_s) != len(running):
        return Fleet(count, mono_s, tuple(np.where(on, mono_s, -np.inf).tolist()))
    ran_s = tuple(np.where(on, mono_s, np.array(before.ran_s)).tolist())
    forgotten = mono_s - before.most_s > window_s and not np.isnan(running).any()
    if count >= before.most or forgotten:
        return Fleet(count, mono_s, ran_s)
    return Fleet(before.most, before.most_s, ran_s)


def _stopped(ids: Sequence[str], running: Floats, known: Fleet, mono_s: float, window_s: float) -> list[str]:
    """Those that say they stand, and ran within the window."""
    return [
        name
        for name, on, ran_s in zip(ids, running.tolist(), known.ran_s, strict=True)
        if on < 0.5 and mono_s - ran_s <= window_s
    ]


def _air_handlers(known: Known, signs: Signs, memory: AlarmMemory) -> tuple[list[Condition], AlarmMemory]:
    found: list[Condition] = []
    fleets = dict(memory.fleets)
    for hall in known.facility.halls:
        ids = hall.crah.ids
        name = f"crah {hall.id}"
        running = known.usable(signs.snapshot, name, "running")
        fleets[name] = now = fleet(fleets.get(name), running, signs.mono_s, CRAH_WINDOW_S)
        stopped = _stopped(ids, running, now, signs.mono_s, CRAH_WINDOW_S)
        count = int(np.count_nonzero(running >= 0.5))
        if stopped and count + int(np.isnan(running).sum()) < now.most:
            severity = Severity.HIGH if count < hall.crah.needed else Severity.MEDIUM
            reading = f"{count} of {len(ids)} run, {hall.crah.needed} are needed"
            found.append(Condition("crah", hall.id, severity, f"stopped: {_listed(stopped)}", reading))
    return found, replace(memory, fleets=fleets)


def _chillers(known: Known, signs: Signs, memory: AlarmMemory) -> tuple[list[Condition], AlarmMemory]:
    ids = known.facility.plant.chillers.ids
    running = known.usable(signs.snapshot, "chillers", "running")
    now = fleet(memory.fleets.get("chillers"), running, signs.mono_s, CHILLER_WINDOW_S)
    memory = replace(memory, fleets={**memory.fleets, "chillers": now})
    stands = alarm_id("chillers", "plant") in memory.standing
    stopped = _stopped(ids, running, now, signs.mono_s, CHILLER_WINDOW_S)
    count = int(np.count_nonzero(running >= 0.5))
    fewer = bool(stopped) and count + int(np.isnan(running).sum()) < now.most
    load = known.usable(signs.snapshot, "chillers", "load_frac")[running >= 0.5]
    load_frac = float(np.nanmean(load)) if np.isfinite(load).any() else 0.0
    warm_k = _warm_water_k(known, signs)
    strained = load_frac > (EASY_LOAD_FRAC if stands else FULL_LOAD_FRAC)
    strained = strained or warm_k > (COOL_WATER_K if stands else WARM_WATER_K) or count == 0
    if not (strained and (fewer or stands)):
        return [], memory
    cause = f"stopped: {_listed(stopped)}" if stopped else "the chillers that run cannot carry the load"
    water = "" if np.isnan(warm_k) else f", chilled water {signs.state.plant.chws_c:.1f} degC"
    reading = f"{count} of {len(ids)} run{water}"
    severity = Severity.CRITICAL if count == 0 else Severity.HIGH
    return [Condition("chillers", "plant", severity, cause, reading)], memory


def _warm_water_k(known: Known, signs: Signs) -> float:
    """How much warmer than asked for the chilled water is; NaN when nobody knows."""
    for actuator in known.limits.actuators.of_kind(Kind.CHILLED_WATER):
        if signs.state.setpoint_quality[actuator.index] <= Quality.SUSPECT:
            return float(signs.state.plant.chws_c - signs.state.setpoint[actuator.index])
    return float("nan")


def _power(known: Known, signs: Signs, memory: AlarmMemory) -> list[Condition]:
    sides = known.facility.power.ups
    off_mains = known.usable(signs.snapshot, "ups", "on_generator") >= 0.5
    found: list[Condition] = []
    if len(sides) > 0 and bool(off_mains.all()):
        reading = f"{len(sides)} of {len(sides)} UPS sides are off the mains"
        found.append(Condition("mains", "site", Severity.CRITICAL, "the mains failed", reading))
    output_w, it_w = signs.state.ups.output_w, signs.state.it_w
    battery = known.usable(signs.snapshot, "ups", "battery_frac")
    for i, side in enumerate(sides):
        if off_mains[i]:
            found.append(
                Condition("ups-source", side.id, Severity.HIGH, f"{side.id} is off the mains", "battery or generator")
            )
        stands = memory.standing.get(alarm_id("battery", side.id))
        band = BATTERY_BAND_FRAC if stands else 0.0
        if battery[i] < LOW_BATTERY_FRAC + band:
            was_empty = stands is not None and stands.severity is Severity.CRITICAL
            empty = battery[i] < EMPTY_BATTERY_FRAC + (band if was_empty else 0.0)
            severity = Severity.CRITICAL if empty else Severity.HIGH
            cause = f"the battery of {side.id} is low"
            found.append(Condition("battery", side.id, severity, cause, f"{battery[i]:.0%} charged"))
        if len(sides) > 1 and output_w[i] < DEAD_SIDE_FRAC * it_w:
            reading = f"{output_w[i] / 1e3:.0f} kW of {it_w / 1e3:.0f} kW"
            found.append(Condition("ups-lost", side.id, Severity.HIGH, f"{side.id} gives no power", reading))
    return found


def _listed(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
