"""Sensors that say nothing usable: one alarm for each area, however many of its points fell silent."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from twin.alarms.facts import Alarm, AlarmMemory, Condition, Signs, alarm_id
from twin.alarms.kinds import Severity
from twin.alarms.known import Area, Known
from twin.domain.arrays import Flags
from twin.domain.points import Quality

SOME_FRAC, FEW_FRAC = 0.10, 0.05  # of a class: an alarm from the first on, over below the second
DARK_FRAC = 0.80  # of an area's points
SITE_FRAC, SITE_BACK_FRAC = 0.75, 0.50  # of the areas
QUORUM_BAND_FRAC = 0.02
GRACE_S = 300.0  # after a start most sources have not spoken yet
NAMED = 3


def silences(known: Known, signs: Signs, memory: AlarmMemory) -> list[Condition]:
    """Areas of which too much is not usable, or the whole site; halls without a quorum; what deciding lacks."""
    if signs.mono_s - memory.started_s < GRACE_S:
        return []
    gone = signs.snapshot.quality > int(Quality.SUSPECT)
    found = [
        condition
        for area in known.areas
        if (condition := _of_area(known, area, gone, signs, memory.standing)) is not None
    ]
    dark = [
        area.id for area in known.areas if int(area.classes.count(gone).sum()) >= DARK_FRAC * len(area.classes.points)
    ]
    most = SITE_BACK_FRAC if alarm_id("sensors", "site") in memory.standing else SITE_FRAC
    if len(dark) > 1 and len(dark) >= most * len(known.areas):
        reading = f"{int(gone.sum())} of {len(gone)} points in {', '.join(dark)}"
        found.append(Condition("sensors", "site", Severity.HIGH, "most of the site says nothing usable", reading))
    return [*found, *_quorums(known, signs, memory.standing), *_inputs(known, signs)]


def _of_area(known: Known, area: Area, gone: Flags, signs: Signs, standing: Mapping[str, Alarm]) -> Condition | None:
    stands = standing.get(alarm_id("sensors", area.id))
    least = FEW_FRAC if stands is not None and stands.severity > Severity.LOW else SOME_FRAC
    classes, gateways = area.classes, area.gateways
    lost = classes.count(gone)
    poor = np.flatnonzero(lost >= least * classes.sizes)
    silent = np.flatnonzero(gateways.count(gone) == gateways.sizes)
    lone = [i for i in silent if gateways.asset_classes[i] != "rack"]  # a rack alone is one of many
    if not len(poor) and not lone:
        return None
    if len(poor):
        what = f"{', '.join(classes.names[i] for i in poor)} points"
        count, whole = int(lost[poor].sum()), int(classes.sizes[poor].sum())
    else:
        what, count = "a whole gateway", int(gateways.sizes[lone].sum())
        whole = count
    cause = f"no usable readings of {area.id}: {what}{_named([gateways.names[i] for i in silent])}"
    severity = _severity(known, area, bool(len(poor)), signs)
    return Condition("sensors", area.id, severity, cause, f"{count} of {whole} points")


def _severity(known: Known, area: Area, poor: bool, signs: Signs) -> Severity:
    """High where control is narrowed by it, medium where much is gone, low for a gateway alone."""
    lacking = {name.partition("/")[0] for name in signs.state.missing}
    if quorum_is_short(known, signs, area.id) or lacking & area.assets:
        return Severity.HIGH
    return Severity.MEDIUM if poor else Severity.LOW


def quorum_is_short(known: Known, signs: Signs, area_id: str) -> bool:
    """Whether this is a hall with too few good inlets; also when nobody knows."""
    for row, hall in enumerate(known.facility.halls):
        if hall.id == area_id:
            return not float(signs.state.halls.quorum_frac[row]) >= known.limits.zone_quorum_frac
    return False


def _quorums(known: Known, signs: Signs, standing: Collection[str]) -> list[Condition]:
    found: list[Condition] = []
    for row, hall in enumerate(known.facility.halls):
        good = float(signs.state.halls.quorum_frac[row])
        needed = known.limits.zone_quorum_frac
        band = QUORUM_BAND_FRAC if alarm_id("quorum", hall.id) in standing else 0.0
        if not good >= min(needed + band, 1.0):
            cause = f"fewer than {needed:.0%} of the rack inlets of {hall.id} are good"
            found.append(Condition("quorum", hall.id, Severity.HIGH, cause, f"{good:.0%} good"))
    return found


def _inputs(known: Known, signs: Signs) -> list[Condition]:
    found: list[Condition] = []
    left = list(signs.state.missing)
    for area in known.areas:
        here = [name for name in left if name.partition("/")[0] in area.assets]
        left = [name for name in left if name not in here]
        found += _lacking(area.id, here)
    return found + _lacking("site", left)


def _lacking(area_id: str, missing: list[str]) -> list[Condition]:
    if not missing:
        return []
    cause = f"deciding lacks {', '.join(missing[:NAMED])}" + _more(len(missing) - NAMED)
    return [Condition("inputs", area_id, Severity.HIGH, cause, f"{len(missing)} inputs missing")]


def _named(silent: list[str]) -> str:
    if not silent:
        return ""
    return f"; silent: {', '.join(silent[:NAMED])}" + _more(len(silent) - NAMED)


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""
