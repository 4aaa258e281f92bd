"""What is said of the sensors' faults: one line when a fault begins, one when it is over, and the counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import structlog

from twin.domain.findings import Finding, SensorFault

log = structlog.get_logger("sensors")

MOST_LINES = 10  # of one cycle; when a whole hall falls silent, the rest is one line


class SensorLog:
    """Compares each cycle's findings with the last one's."""

    def __init__(self) -> None:
        self.begun: Counter[SensorFault] = Counter()
        self._standing: dict[tuple[str, SensorFault], Finding] = {}

    def note(self, findings: tuple[Finding, ...]) -> None:
        """The findings of one cycle."""
        standing = {(finding.point, finding.fault): finding for finding in findings}
        began = [finding for key, finding in standing.items() if key not in self._standing]
        over = [finding for key, finding in self._standing.items() if key not in standing]
        self._standing = standing
        self.begun.update(finding.fault for finding in began)
        for finding in began[:MOST_LINES]:
            log.warning("a sensor is not believed", point=finding.point, fault=finding.fault, why=finding.words)
        if len(began) > MOST_LINES:
            log.warning("more sensors are not believed", count=len(began) - MOST_LINES)
        for finding in over[:MOST_LINES]:
            log.info("a sensor's fault is over", point=finding.point, fault=finding.fault)
        if len(over) > MOST_LINES:
            log.info("more sensors' faults are over", count=len(over) - MOST_LINES)

    def levels(self) -> Mapping[str, float]:
        """Counters and levels by fault, also of those that never were."""
        now = Counter(fault for _, fault in self._standing)
        levels = {f'sensor_faults_total{{fault="{fault}"}}': float(self.begun[fault]) for fault in SensorFault}
        return levels | {f'sensor_faults{{fault="{fault}"}}': float(now[fault]) for fault in SensorFault}
