"""What is to happen later: one timer for all of it, on an injected monotonic clock."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count


@dataclass(order=True, slots=True)
class Entry:
    """One thing to do; equal times keep the order of entry."""

    due_s: float
    number: int
    action: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        """It will not happen. Harmless when it already has."""
        self.action = None


class Agenda:
    """Runs actions when the clock reaches their time.

    The clock need not be the event loop's (a test moves its own), so the agenda looks again at least every `poll_s`
    whatever is due next. It owns one timer handle and no task.
    """

    def __init__(self, monotonic_s: Callable[[], float], poll_s: float = 0.25) -> None:
        self._monotonic_s = monotonic_s
        self._poll_s = poll_s
        self._entries: list[Entry] = []
        self._numbers = count()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at_s = float("inf")

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to run what is due."""
        self._loop = loop
        self._arm()

    def stop(self) -> None:
        """Run nothing more; what was planned stays planned for the next start."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop = None

    def clear(self) -> None:
        """Forget everything planned."""
        self._entries.clear()

    def after(self, delay_s: float, action: Callable[[], None]) -> Entry:
        """Plan an action `delay_s` from now."""
        entry = Entry(self._monotonic_s() + delay_s, next(self._numbers), action)
        heapq.heappush(self._entries, entry)
        if entry.due_s < self._looks_at_s:
            self._arm()
        return entry

    def run_due(self) -> None:
        """Run whatever is due now, in order."""
        now_s = self._monotonic_s()
        while self._entries and (self._entries[0].due_s <= now_s or self._entries[0].action is None):
            action = heapq.heappop(self._entries).action
            if action is not None:
                action()

    def _arm(self) -> None:
        if self._loop is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        now_s = self._monotonic_s()
        wait_s = self._poll_s
        if self._entries:
            wait_s = min(max(self._entries[0].due_s - now_s, 0.0), self._poll_s)
        self._looks_at_s = now_s + wait_s
        self._timer = self._loop.call_later(wait_s, self._look)

    def _look(self) -> None:
        try:
            self.run_due()
        finally:
            self._arm()
