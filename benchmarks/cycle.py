"""The control cycle of the demo site, in the real daemon on a real connection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.measuring import Effort, Figure, tell
from benchmarks.stream import SEED, START_NS, demo_site
from twin.report.day import DayResult
from twin.shipped import shipped_config
from twin.simulator.scene import Scene
from twin.study.day import DaySpec, run_day

IDS = ("cycle.demo_ms_p50", "cycle.demo_ms_p99")
_RUNS = 3


def measure(effort: Effort) -> Sequence[Figure]:
    """Median and 99th percentile of a short day under the predictive controller, as shares of the period."""
    period_ms = 1e3 * demo_site().control.period_s
    days = effort.of(144, 10) / (24.0 * 60.0)
    runs = [_one_day(days) for _ in range(effort.of(_RUNS, 1))]
    against = f"the cycle period, {period_ms:g} ms"
    p50_ms = median(run.cycle_ms.p50 for run in runs)
    p99_ms = median(run.cycle_ms.p99 for run in runs)
    tell(f"cycle: p50 takes {p50_ms / period_ms:.3%} of the period, p99 {p99_ms / period_ms:.3%}")
    n = runs[0].cycles
    return (
        Figure(IDS[0], p50_ms, "ms", n, against, p50_ms / period_ms),
        Figure(IDS[1], p99_ms, "ms", n, against, p99_ms / period_ms),
    )


def _one_day(days: float) -> DayResult:
    with TemporaryDirectory() as state:
        spec = DaySpec(shipped_config("demo"), Path(state), "predictive", days, Scene(SEED, START_NS))
        run = asyncio.run(run_day(spec))
    tell(f"cycle: {run.cycles} cycles, p50 {run.cycle_ms.p50} ms, p99 {run.cycle_ms.p99} ms, {run.wall_s} s in all")
    return run
