"""What is said of sensors: each change once, counted by fault, and no flood when a hall falls silent."""

from __future__ import annotations

from structlog.testing import capture_logs

from twin.daemon.sensors import MOST_LINES, SensorLog
from twin.domain.findings import Finding, SensorFault


def found(point: str, fault: SensorFault = SensorFault.BIAS) -> Finding:
    return Finding(point, fault, 0, "reads 20.00, 2.00 K below")


def test_a_fault_is_told_when_it_begins_and_when_it_is_over_and_not_in_between() -> None:
    sensors = SensorLog()
    with capture_logs() as told:
        for findings in ((found("r1/inlet_c"),), (found("r1/inlet_c"),), (), ()):
            sensors.note(findings)
    assert [(line["log_level"], line["point"], line["fault"]) for line in told] == [
        ("warning", "r1/inlet_c", "bias"),
        ("info", "r1/inlet_c", "bias"),
    ]


def test_faults_are_counted_as_they_begin_and_shown_while_they_stand() -> None:
    sensors = SensorLog()
    sensors.note((found("r1/inlet_c"), found("r2/inlet_c"), found("r3/inlet_c", SensorFault.STUCK)))
    sensors.note((found("r1/inlet_c"),))
    levels = sensors.levels()
    assert levels['sensor_faults_total{fault="bias"}'] == 2
    assert levels['sensor_faults{fault="bias"}'] == 1
    assert (levels['sensor_faults_total{fault="stuck"}'], levels['sensor_faults{fault="stuck"}']) == (1, 0)
    assert len(levels) == 2 * len(SensorFault)


def test_a_hall_that_falls_silent_is_a_few_lines() -> None:
    sensors = SensorLog()
    with capture_logs() as told:
        sensors.note(tuple(found(f"r{n}/inlet_c", SensorFault.MISSING) for n in range(500)))
        sensors.note(())
    assert len(told) == 2 * (MOST_LINES + 1)
    assert told[MOST_LINES]["count"] == 500 - MOST_LINES
