"""Time as a dependency: wall labels, monotonic ages, and an event clock that a stream drives."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

NS_PER_S = 1_000_000_000


class Clock(Protocol):
    """What a stage may know of time."""

    def now_ns(self) -> int:
        """UTC as nanoseconds since 1970: a label, never an age."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never step: for ages, periods and timeouts."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on this clock."""
        ...


class SystemClock:
    """The machine's clocks. Nothing else in the package reads the time."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class EventClock:
    """A clock that stands where the newest event put it.

    "Now" is the newest source timestamp seen, so a replay or a co-simulator drives the daemon at any speed.
    It never runs backwards: an older event leaves it where it is.
    """

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns
        self._moved = asyncio.Event()

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic_s(self) -> float:
        return self._now_ns / NS_PER_S

    def advance_to(self, now_ns: int) -> None:
        """Move forward to `now_ns` and wake whoever sleeps."""
        if now_ns > self._now_ns:
            self._now_ns = now_ns
            self._moved.set()
            self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        until_s = self.monotonic_s() + seconds
        while self.monotonic_s() < until_s:
            await self._moved.wait()
