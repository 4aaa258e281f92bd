"""Judges a whole snapshot: qualities go down, values that are not believed are replaced, and what was found is said."""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Bytes8, Flags, Floats, Ints, frozen
from twin.domain.findings import Finding, SensorFault
from twin.domain.points import Quality
from twin.domain.snapshot import Snapshot
from twin.gates.arrivals import Arrivals, arrivals
from twin.gates.inlets import Judged, Seen, judge_inlets
from twin.gates.known import Gates
from twin.gates.memory import GateMemory, columns_of, stored
from twin.gates.pick import pick
from twin.gates.silence import lost, silent
from twin.gates.spike import Spikes, spikes
from twin.gates.storm import WITHIN_S, Storm, storm
from twin.gates.words import Told, tell

SPIKE_TOLD_S = 900.0  # a spike is over at once; the finding stays for a while, so that a row of them is one
_NAN = float("nan")


def judge(known: Gates, snapshot: Snapshot, memory: GateMemory) -> tuple[Snapshot, GateMemory, tuple[Finding, ...]]:
    """The snapshot as far as it may be believed, what to remember, and all faults that stand, by point id."""
    if memory.key != known.key:
        memory = GateMemory(key=known.key)  # a first cycle, or the site file has changed since
    n = (len(known.points),)
    dt_s = max(snapshot.mono_s - memory.mono_s, 0.0) if memory.mono_s >= 0.0 else 0.0
    came = arrivals(snapshot, memory.column("point.at_s", n))
    leaps = spikes(
        snapshot.value,
        came.fresh & known.is_air,
        came.at_s,
        known.hall_of_point,
        memory.kept(Spikes, "spike", n, {"sound_c": _NAN, "last_c": _NAN}),
    )
    spike_s = np.where(leaps.ignored, SPIKE_TOLD_S, np.maximum(memory.column("point.spike_s", n) - dt_s, 0.0))
    sound = np.where(known.is_air & came.usable, leaps.sound_c, snapshot.value)
    replaced = came.usable & (sound != snapshot.value)
    lost_s = lost(memory.column("point.lost_s", n), came.usable, dt_s)
    judged = judge_inlets(known, _seen(known, came, sound, came.fresh & ~leaps.ignored), memory)
    halls = (len(known.halls),)
    before = Storm(
        memory.column("storm.presence", n),
        memory.column("storm.back_s", n, 2.0 * WITHIN_S),
        memory.column("storm.hold_s", halls),
    )
    gale = storm(before, came.usable, known.hall_of_point, dt_s)

    value, quality = sound.copy(), np.maximum(snapshot.quality, replaced.astype(np.uint8))
    _put(known, judged, gale, came.usable, value, quality)
    fault = _faults(known, snapshot, lost_s, spike_s, judged)
    since_ns = _since(memory.column("point.fault", n), fault, memory.column("point.since_ns", n), snapshot.now_ns)
    storm_ns = _since(
        (before.hold_s > 0.0).astype(np.float64),
        (gale.hold_s > 0.0).astype(np.float64),
        memory.column("hall.since_ns", halls),
        snapshot.now_ns,
    )
    told = Told(known, snapshot, sound, judged, lost_s, spike_s)
    findings = tell(told, fault, since_ns, gale.hold_s, storm_ns)
    for array in (value, quality):
        frozen(array)
    after = GateMemory(
        mono_s=snapshot.mono_s,
        key=known.key,
        columns={
            "point.at_s": stored(came.at_s),
            "point.spike_s": stored(spike_s),
            "point.lost_s": stored(lost_s),
            "point.fault": stored(fault),
            "point.since_ns": stored(since_ns.view(np.float64)),
            "hall.since_ns": stored(storm_ns.view(np.float64)),
            **columns_of("spike", leaps),
            **columns_of("storm", gale),
            **judged.columns,
        },
    )
    believed = Snapshot(
        snapshot.cycle,
        snapshot.now_ns,
        snapshot.mono_s,
        snapshot.points,
        value,
        quality,
        snapshot.age_s,
        snapshot.source_ns,
    )
    return believed, after, findings


_SUSPECT, _BAD = np.uint8(Quality.SUSPECT), np.uint8(Quality.BAD)
NONE = 0.0
CODES: dict[SensorFault, float] = {fault: float(n) for n, fault in enumerate(SensorFault, start=1)}


def _seen(known: Gates, came: Arrivals, sound: Floats, fresh: Flags) -> Seen:
    """What the table of inlets shows; places without a point read as NaN."""
    value = np.append(np.where(came.usable, sound, np.nan), np.nan)
    return Seen(
        value_c=value[known.inlet],
        usable=np.append(came.usable, False)[known.inlet],
        fresh=np.append(fresh, False)[known.inlet],
        since_s=np.append(came.since_s, 0.0)[known.inlet],
        power_w=value[known.power],
        supply_c=value[known.inlet[:, -1]],
        return_c=value[known.return_air],
    )


def _put(known: Gates, judged: Judged, gale: Storm, usable: Flags, value: Floats, quality: Bytes8) -> None:
    """Write the verdict on the inlets into the arrays of all points. No quality ever gets better."""
    doubted = judged.doubted
    held = gale.hold_s > 0.0
    if held.any():
        doubted = doubted | (held[:, None] & ~known.is_supply)
    doubted = doubted & (known.inlet >= 0)
    if doubted.any():
        at = known.inlet[doubted]
        quality[at] = np.maximum(quality[at], _SUSPECT)
        value[at] = np.where(usable[at], judged.value_c[doubted], value[at])
    if judged.disowned.any():
        at = known.inlet[judged.disowned]
        quality[at] = np.maximum(quality[at], _BAD)
        value[at] = np.nan


def _faults(known: Gates, snapshot: Snapshot, lost_s: Floats, spike_s: Floats, judged: Judged) -> Floats:
    """The fault of each point as a code; of several the one that explains the others."""
    fault = pick(spike_s > 0.0, CODES[SensorFault.SPIKE], np.full(len(known.points), NONE))
    leaning = judged.lean.guilty(known.is_supply)
    drifting = leaning & judged.lean.drifting
    # a sensor that walked away, and by now is where no inlet can be, was wired right
    for found, kind in (
        (leaning & ~drifting, SensorFault.BIAS),
        (drifting, SensorFault.DRIFT),
        (judged.noise.noisy, SensorFault.NOISE),
        (judged.stuck, SensorFault.STUCK),
        (judged.misfit & ~drifting, SensorFault.COMMISSIONING),
    ):
        if found.any():
            fault[known.inlet[found & (known.inlet >= 0)]] = CODES[kind]
    missing, refused = silent(snapshot.quality, snapshot.age_s, lost_s, known.stale_after_s)
    return pick(refused, CODES[SensorFault.REFUSED], pick(missing, CODES[SensorFault.MISSING], fault))


def _since(before: Floats, now: Floats, since_ns: Floats, now_ns: int) -> Ints:
    """Since when each fault stands; 0 where there is none. Times travel in the bits of the columns."""
    kept: Ints = np.where(now == before, since_ns.view(np.int64), now_ns)
    return np.where(now == NONE, 0, kept)
