"""The control loop in wall time and in event time. One task does everything, so that nothing can overtake."""

from __future__ import annotations

import asyncio
from typing import Protocol

from twin.daemon.core import Core, is_tick
from twin.daemon.intake import Intake
from twin.daemon.turns import Turns
from twin.domain.clock import NS_PER_S, Clock
from twin.domain.messages import MessageIn

FIRST_CYCLE_S = 1.0  # long enough for most points to speak once
QUIET_S = 0.02  # an instant whose end nobody announces is complete after this long without a message
INSTANT_NS = NS_PER_S  # source times this close belong to one round of messages
MOST_PENDING = 500
BACKLOG_PERIODS = 2  # more that waits at once is the past


class Loop(Protocol):
    """Runs until cancelled. Its `reconnected` is set when the link was made: the status is then said anew."""

    async def run(self) -> None:
        """Take in, decide, carry out, for ever."""
        ...

    def now_ns(self) -> int:
        """The time this loop lives in, as a label."""
        ...


class WallLoop:
    """Cycles every `period_s` of the machine's steady clock."""

    def __init__(
        self,
        turns: Turns,
        intake: Intake,
        clock: Clock,
        reconnected: asyncio.Event,
        *,
        period_s: float,
        beat_s: float,
    ) -> None:
        self._turns, self._intake, self._clock, self._reconnected = turns, intake, clock, reconnected
        self._period_s, self._beat_s = period_s, beat_s

    def now_ns(self) -> int:
        return self._clock.now_ns()

    async def run(self) -> None:
        clock, turns = self._clock, self._turns
        next_beat_s = clock.monotonic_s()
        next_cycle_s = next_beat_s + FIRST_CYCLE_S
        while True:
            await self._intake.wait(min(next_cycle_s, next_beat_s) - clock.monotonic_s())
            mono_s = clock.monotonic_s()
            turns.feed(self._intake.take(), mono_s)
            if mono_s >= next_cycle_s:
                if self._reconnected.is_set():  # a receiver that has heard no sign of life refuses commands
                    await _show_life(turns, self._reconnected, clock.now_ns())
                await turns.cycle(clock.now_ns(), mono_s)
                # a cycle that came late does not push the later ones, and what was missed is not made up for
                missed = (clock.monotonic_s() - next_cycle_s) // self._period_s
                next_cycle_s += (1.0 + missed) * self._period_s
            if mono_s >= next_beat_s or self._reconnected.is_set():
                await _show_life(turns, self._reconnected, clock.now_ns())
                next_beat_s = mono_s + self._beat_s


class EventLoop:
    """Cycles as the newest source time crosses `period_s`: docs/adr/0006-when-an-event-time-cycle-runs.md.

    Messages wait until their instant is complete, so that a cycle never sees half of it. Signs of life keep to the
    machine's clock: whoever waits for them does too.
    """

    def __init__(
        self,
        core: Core,
        turns: Turns,
        intake: Intake,
        clock: Clock,
        reconnected: asyncio.Event,
        *,
        period_s: float,
        beat_s: float,
    ) -> None:
        self._core, self._turns, self._intake, self._clock = core, turns, intake, clock
        self._reconnected = reconnected
        self._period_ns, self._beat_s = round(period_s * NS_PER_S), beat_s
        self._root = core.order.site.topics.root
        self._pending: list[MessageIn] = []
        self._cycled_ns = 0

    def now_ns(self) -> int:
        return self._core.event_ns or self._clock.now_ns()  # before any message has told the time

    async def run(self) -> None:
        clock, next_beat_s = self._clock, self._clock.monotonic_s()
        arrived_s = next_beat_s
        while True:
            wait_s = next_beat_s - clock.monotonic_s()
            await self._intake.wait(min(wait_s, QUIET_S) if self._pending or self._due() else wait_s)
            arrived, mono_s = self._intake.take(), clock.monotonic_s()
            if arrived:
                arrived_s = mono_s
                self._pending += arrived
                await self._complete_instants(arrived)
            if self._pending and (len(self._pending) > MOST_PENDING or mono_s - arrived_s >= QUIET_S):
                await self._all_pending()
            if self._due() and mono_s - arrived_s >= QUIET_S:
                await self._cycle()
            if mono_s >= next_beat_s or self._reconnected.is_set():
                await _show_life(self._turns, self._reconnected, self.now_ns())
                next_beat_s = mono_s + self._beat_s

    def _due(self) -> bool:
        return self._core.event_ns // self._period_ns > self._cycled_ns // self._period_ns

    async def _complete_instants(self, arrived: list[MessageIn]) -> None:
        """Take in everything up to the last word on an instant, instant by instant."""
        start = 0
        for i in range(len(self._pending) - len(arrived), len(self._pending)):
            if is_tick(self._root, self._pending[i]):
                self._feed(self._pending[start : i + 1])
                start = i + 1
                if self._due():
                    await self._cycle()
        del self._pending[:start]

    async def _all_pending(self) -> None:
        """Take in what waits although nobody said that its instant is complete, one instant after the other.

        A message without a time of its own is labelled with event time, so two instants must not be taken in as one:
        both would get the same label. A cycle runs before the next period begins, but not in the midst of a backlog:
        a command about the past would be judged by readbacks from before it was sent.
        """
        newest_ns = [self._core.newest_ns(message) for message in self._pending]
        known_ns = self._core.event_ns or min(filter(None, newest_ns), default=0)
        behind = max(newest_ns) // self._period_ns > known_ns // self._period_ns + BACKLOG_PERIODS
        together: list[MessageIn] = []
        reached_ns = self._core.event_ns
        for message, time_ns in zip(self._pending, newest_ns, strict=True):
            if time_ns > reached_ns + INSTANT_NS:
                self._feed(together)
                together = []
                if not behind and self._due() and time_ns // self._period_ns > self._core.event_ns // self._period_ns:
                    await self._cycle()
            reached_ns = max(reached_ns, time_ns)
            together.append(message)
        self._feed(together)
        self._pending.clear()

    def _feed(self, messages: list[MessageIn]) -> None:
        self._turns.feed(messages, self._core.event_ns / NS_PER_S)

    async def _cycle(self) -> None:
        if self._reconnected.is_set():  # a receiver that has heard no sign of life refuses commands
            await _show_life(self._turns, self._reconnected, self.now_ns())
        self._cycled_ns = self._core.event_ns
        await self._turns.cycle(self._core.event_ns, self._core.event_ns / NS_PER_S)


async def _show_life(turns: Turns, reconnected: asyncio.Event, now_ns: int) -> None:
    anew = reconnected.is_set()
    reconnected.clear()
    await turns.announce(now_ns, anew=anew)
    await turns.beat(now_ns)
