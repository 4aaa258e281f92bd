"""Findings in words, with their figures. Only what is at fault costs anything here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats, Ints
from twin.domain.findings import Finding, SensorFault
from twin.domain.snapshot import Snapshot
from twin.gates.inlets import Judged
from twin.gates.known import Gates

FAULTS = tuple(SensorFault)


@dataclass(frozen=True, slots=True)
class Told:
    """Where the figures stand."""

    known: Gates
    snapshot: Snapshot
    sound: Floats
    judged: Judged
    lost_s: Floats
    spike_s: Floats


def tell(told: Told, fault: Floats, since_ns: Ints, hold_s: Floats, storm_ns: Ints) -> tuple[Finding, ...]:
    """All faults that stand, by point id; storms by hall id, last."""
    points = told.known.points.points
    findings = [
        Finding(points[i].id, kind := FAULTS[int(fault[i]) - 1], int(since_ns[i]), _words(told, i, kind))
        for i in np.flatnonzero(fault).tolist()
    ]
    findings.sort(key=lambda finding: finding.point)
    for h in np.flatnonzero(hold_s > 0.0).tolist():
        words = f"most points came back within 5 min: nothing of it may warm for another {hold_s[h]:.0f} s"
        findings.append(Finding(told.known.halls[h], SensorFault.STORM, int(storm_ns[h]), words))
    return tuple(findings)


def _words(told: Told, i: int, kind: SensorFault) -> str:
    value, age_s = float(told.snapshot.value[i]), float(told.snapshot.age_s[i])
    match kind:
        case SensorFault.MISSING:
            return (
                f"nothing came for {age_s:.0f} s" if age_s < np.inf else f"never came, for {told.lost_s[i]:.0f} s now"
            )
        case SensorFault.REFUSED:
            return "what comes is out of range or not understood: a wrong unit, scale or point?"
        case SensorFault.SPIKE:
            return (
                f"leapt to {value:.2f}, {told.sound[i]:.2f} was kept"
                if value != told.sound[i]
                else "leapt and came back"
            )
    h, r = np.argwhere(told.known.inlet == i)[0].tolist()
    judged = told.judged
    wanted_c, residual_k = float(judged.expected.inlet_c[h, r]), float(judged.residual_k[h, r])
    match kind:
        case SensorFault.STUCK:
            still = judged.still
            moved_k = float(still.most_c[h, r] - still.least_c[h, r])
            return f"shows {value:.2f} for {still.still_s[h, r]:.0f} s while it should have moved by {moved_k:.2f} K"
        case SensorFault.NOISE:
            noise = judged.noise
            return f"jumps by {noise.lately_k[h, r]:.2f} K from sample to sample, usually {noise.usual_k[h, r]:.2f} K"
        case SensorFault.COMMISSIONING:
            return f"reads {value:.2f} where an inlet must lie near {wanted_c:.2f}: another quantity or unit?"
        case _:
            side = "below" if residual_k < 0.0 else "above"
            return f"reads {value:.2f}, {abs(residual_k):.2f} K {side} what its neighbours and its own past say"
