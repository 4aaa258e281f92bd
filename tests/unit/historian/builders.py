"""Small catalogues, batches and clocks for the historian's tests."""

from __future__ import annotations

import asyncio

import msgspec

from twin.domain.clock import NS_PER_S
from twin.domain.samples import SampleBatch
from twin.historian.series import Catalogue, Series

START_NS = 1_767_225_600 * NS_PER_S  # 2026-01-01T00:00:00Z, a whole hour


class ManualClock:
    """Time that passes only by sleeping on it."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now_s = 0.0

    def now_ns(self) -> int:
        return START_NS + int(self._now_s * NS_PER_S)

    def monotonic_s(self) -> float:
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now_s += seconds
        await asyncio.sleep(0)

    def pass_s(self, seconds: float) -> None:
        self._now_s += seconds


def a_catalogue(n: int = 4, *, hall: str = "h1") -> Catalogue:
    """`n` racks with an inlet each."""
    return Catalogue(
        "site", "mqtt", tuple(Series(f"r{i}/inlet_c", f"r{i}", "inlet_c", "rack", "degC", hall) for i in range(n))
    )


def a_batch(*samples: tuple[int, float, float], quality: int = 0) -> SampleBatch:
    """Samples as (point, seconds after the start, value)."""
    times = [START_NS + round(s * NS_PER_S) for _, s, _ in samples]
    return SampleBatch.of(
        [p for p, _, _ in samples], times, times, [v for _, _, v in samples], [quality] * len(samples)
    )


def a_decision(decision_id: str = "d1", *, at: str = "2026-01-01T00:00:00.000Z") -> bytes:
    """A decision record as it is published."""
    return msgspec.json.encode(
        {
            "id": decision_id,
            "cycle": 7,
            "ts": at,
            "asset": "h1",
            "point": "supply_air_sp_c",
            "action": "command",
            "reason": "cheaper",
            "from": 22.0,
            "to": 22.5,
            "effect_w": {"expected": -1200.0, "low": -1500.0, "high": -900.0},
        }
    )
