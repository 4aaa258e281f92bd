"""Sensors that speak and are not believed: one alarm for each area, whatever the gates found out about them."""

from __future__ import annotations

from twin.alarms.facts import Condition, Signs
from twin.alarms.kinds import Severity
from twin.alarms.known import Known
from twin.alarms.silence import quorum_is_short
from twin.domain.findings import Finding, SensorFault

# silence and what cannot be read have an alarm of their own, and one false reading is none
_LASTING = {
    SensorFault.STUCK: Severity.LOW,
    SensorFault.NOISE: Severity.LOW,
    SensorFault.BIAS: Severity.LOW,
    SensorFault.DRIFT: Severity.LOW,
    SensorFault.COMMISSIONING: Severity.MEDIUM,
}
_NAMED = 3
PRESSING_ON_S = 60.0


def doubts(known: Known, signs: Signs) -> list[Condition]:
    """Areas with sensors that are in doubt."""
    found: list[Condition] = []
    lasting = [finding for finding in signs.findings if finding.fault in _LASTING]
    for area in known.areas:
        here = [finding for finding in lasting if finding.point.partition("/")[0] in area.assets]
        if here:
            severity = max(_LASTING[finding.fault] for finding in here)
            if quorum_is_short(known, signs, area.id):
                severity = Severity.HIGH
            cause = f"sensors of {area.id} are not believed: {_listed(here)}"
            on_s = None if severity is Severity.LOW else PRESSING_ON_S
            found.append(Condition("doubtful", area.id, severity, cause, here[0].words, on_s=on_s))
    return found


def _listed(findings: list[Finding]) -> str:
    named = ", ".join(f"{finding.point} ({finding.fault})" for finding in findings[:_NAMED])
    more = len(findings) - _NAMED
    return named + (f" and {more} more" if more > 0 else "")
