"""A day's result by hand."""

from __future__ import annotations

import math
from typing import Any

from twin.report.day import Commands, CycleTimes, DayResult, EnergySummary, Samples, Series


def a_summary(**changes: Any) -> EnergySummary:
    """Energies a human can add up; name what differs."""
    told: dict[str, Any] = {
        "facility_kwh": 1000.0,
        "it_kwh": 700.0,
        "it_fan_kwh": 20.0,
        "cooling_kwh": 200.0,
        "ups_loss_kwh": 60.0,
        "pue": 1.4286,
        "cost": 700.0,
        "co2_kg": 550.0,
        "worst_inlet_c": 25.5,
        "degree_hours_over_27": 0.0,
        "limit_breaches": 0,
    }
    return EnergySummary(**(told | changes))


def a_day(controller: str = "predictive", *, steps: int = 24, summary: EnergySummary | None = None) -> DayResult:
    """A day of so many steps, warm in the afternoon."""
    hours = [24.0 * n / steps for n in range(steps)]
    wave = [math.sin(math.pi * hour / 12.0) for hour in hours]
    columns = {name: [20.0 + w for w in wave] for name in Series.__struct_fields__[1:]}
    return DayResult(
        site="demo",
        seed=7,
        days=1.0,
        controller=controller,
        summary=summary or a_summary(),
        series=Series(hours, **columns),
        cycles=steps,
        cycle_ms=CycleTimes(12.0, 34.0),
        samples=Samples(100, 1, 99, 0),
        commands=Commands(10, 9, 1, 0),
        breaches=[],
        wall_s=5.0,
    )
