"""When a cycle runs, in wall time and in event time, and that the sign of life is the loop's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import cast

import pytest

from tests.unit.daemon.builders import (
    MINUTE_NS,
    START_NS,
    HandClock,
    a_core,
    a_tick,
    heard,
    settle,
)
from twin.daemon.core import Core
from twin.daemon.intake import Intake
from twin.daemon.loops import FIRST_CYCLE_S, MOST_PENDING, EventLoop, WallLoop
from twin.daemon.turns import Turns
from twin.domain.clock import NS_PER_S
from twin.domain.messages import MessageIn

POWER = "plant/power"


class Enough(Exception):
    """The test has seen what it wants to see."""


class Inbox:
    """What a link hands over, batch by batch."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[list[MessageIn]] = asyncio.Queue()

    async def batches(self) -> AsyncIterator[Sequence[MessageIn]]:
        while True:
            yield await self.queue.get()

    def acknowledge(self, messages: Sequence[MessageIn]) -> None: ...


class Arrivals(Intake):
    """Messages that arrive at times of the hand clock; waiting passes its time. Ends the loop at `end_s`."""

    def __init__(self, clock: HandClock, arrivals: Iterable[tuple[float, list[MessageIn]]], end_s: float) -> None:
        super().__init__(Inbox())
        self._clock, self._end_s = clock, clock.now_s + end_s
        self._arrivals = [(clock.now_s + at_s, messages) for at_s, messages in arrivals]

    async def wait(self, timeout_s: float) -> None:
        await asyncio.sleep(0)
        until_s = self._clock.now_s + max(timeout_s, 0.0) + 1e-6  # a timeout is never early
        if self._arrivals and self._arrivals[0][0] <= until_s:
            until_s = max(self._clock.now_s, self._arrivals[0][0])
        if until_s > self._end_s:
            raise Enough
        self._clock.now_s = until_s

    def take(self) -> list[MessageIn]:
        if self._arrivals and self._arrivals[0][0] <= self._clock.now_s:
            return self._arrivals.pop(0)[1]
        return []


class Diary:
    """Stands in for the turns: notes what the loop does and when, and feeds the core if there is one."""

    def __init__(self, clock: HandClock, core: Core | None = None) -> None:
        self._clock, self._core, self._start_s = clock, core, clock.now_s
        self.beats: list[float] = []
        self.announced: list[tuple[float, bool]] = []
        self.cycles: list[tuple[float, int]] = []
        self.fed: list[list[MessageIn]] = []
        self.known_at_cycle: list[int] = []
        self.cycle_takes_s = 0.0
        self.stuck = False

    def feed(self, messages: Sequence[MessageIn], mono_s: float) -> None:
        if messages:
            self.fed.append(list(messages))
            if self._core is not None:
                self._core.feed(messages, mono_s)

    async def cycle(self, now_ns: int, _mono_s: float) -> None:
        self.cycles.append((self._clock.now_s - self._start_s, now_ns))
        self.known_at_cycle.append(self._core.tally.messages if self._core else 0)
        if self.stuck:
            await asyncio.Event().wait()
        self._clock.now_s += self.cycle_takes_s

    async def announce(self, _now_ns: int, *, anew: bool) -> None:
        self.announced.append((self._clock.now_s - self._start_s, anew))

    async def beat(self, _now_ns: int) -> None:
        self.beats.append(self._clock.now_s - self._start_s)


class WallBench:
    def __init__(self, end_s: float, *, period_s: float = 60.0, beat_s: float = 5.0) -> None:
        self.clock = HandClock()
        self.diary = Diary(self.clock)
        self.reconnected = asyncio.Event()
        arrivals = Arrivals(self.clock, [(1.0, [heard("x", b"1")])], end_s)
        self.loop = WallLoop(
            cast("Turns", self.diary), arrivals, self.clock, self.reconnected, period_s=period_s, beat_s=beat_s
        )

    async def run(self) -> Diary:
        with pytest.raises(Enough):
            await self.loop.run()
        return self.diary


async def test_wall_cycles_keep_to_the_period_after_a_first_look_around() -> None:
    diary = await WallBench(end_s=200.0).run()
    assert [at_s for at_s, _ in diary.cycles] == pytest.approx([FIRST_CYCLE_S + 60.0 * n for n in range(4)])
    assert [len(messages) for messages in diary.fed] == [1]


async def test_beats_come_every_few_seconds_whatever_the_period() -> None:
    diary = await WallBench(end_s=31.0).run()
    assert diary.beats == pytest.approx([0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0], abs=1e-3)


async def test_a_late_cycle_does_not_push_the_later_ones() -> None:
    bench = WallBench(end_s=130.0)
    bench.diary.cycle_takes_s = 20.0
    diary = await bench.run()
    assert [at_s for at_s, _ in diary.cycles] == pytest.approx([FIRST_CYCLE_S + 60.0 * n for n in range(3)])


async def test_cycles_that_were_missed_are_not_made_up_for() -> None:
    bench = WallBench(end_s=400.0)
    bench.diary.cycle_takes_s = 130.0
    diary = await bench.run()
    assert [at_s for at_s, _ in diary.cycles] == pytest.approx([FIRST_CYCLE_S + 180.0 * n for n in range(3)])


async def test_a_loop_that_stalls_stops_the_heartbeat() -> None:
    bench = WallBench(end_s=1e9)
    bench.diary.stuck = True
    async with asyncio.TaskGroup() as group:
        task = group.create_task(bench.loop.run())
        await settle(50)
        beats = len(bench.diary.beats)
        bench.clock.now_s += 600.0
        await settle(50)
        assert len(bench.diary.cycles) == 1
        assert len(bench.diary.beats) == beats == 1
        task.cancel()


async def test_a_new_link_hears_the_status_at_once() -> None:
    bench = WallBench(end_s=3.0)
    bench.reconnected.set()
    diary = await bench.run()
    assert diary.announced[0] == (pytest.approx(0.0, abs=1e-3), True)
    assert not any(anew for _, anew in diary.announced[1:])
    assert not bench.reconnected.is_set()


async def test_on_a_new_link_the_sign_of_life_comes_before_any_command() -> None:
    """A receiver that has heard no heartbeat refuses commands, and two refusals would block the point."""
    bench = WallBench(end_s=FIRST_CYCLE_S + 2.0, beat_s=1e6)
    order: list[str] = []
    beat, cycle = bench.diary.beat, bench.diary.cycle

    async def noted_beat(now_ns: int) -> None:
        order.append("life")
        await beat(now_ns)
        bench.clock.now_s += FIRST_CYCLE_S  # so that a cycle is due at once, and the link is made meanwhile
        if len(order) == 1:
            bench.reconnected.set()

    async def noted_cycle(now_ns: int, mono_s: float) -> None:
        order.append("cycle")
        await cycle(now_ns, mono_s)

    bench.diary.beat, bench.diary.cycle = noted_beat, noted_cycle  # type: ignore[method-assign]
    await bench.run()
    assert order[:3] == ["life", "life", "cycle"]


class EventBench:
    def __init__(self, arrivals: list[tuple[float, list[MessageIn]]], *, end_s: float = 1.0) -> None:
        self.clock, self.core = HandClock(), a_core()
        self.diary = Diary(self.clock, self.core)
        self.loop = EventLoop(
            self.core,
            cast("Turns", self.diary),
            Arrivals(self.clock, arrivals, end_s),
            self.clock,
            asyncio.Event(),
            period_s=60.0,
            beat_s=5.0,
        )

    async def run(self) -> Diary:
        with pytest.raises(Enough):
            await self.loop.run()
        return self.diary

    def cycle_minutes(self) -> list[float]:
        return [(now_ns - START_NS) / MINUTE_NS for _, now_ns in self.diary.cycles]


def reading(minute: float) -> MessageIn:
    ms = (START_NS + round(minute * MINUTE_NS)) // 1_000_000
    return heard(POWER, b'{"ts": %d, "chw_pumps": 10.0}' % ms)


def tick(minute: float) -> MessageIn:
    return a_tick(START_NS + round(minute * MINUTE_NS))


async def test_a_cycle_runs_at_the_tick_and_sees_the_whole_instant() -> None:
    bench = EventBench([(0.0, [reading(1.0), reading(1.0), tick(1.0)])])
    await bench.run()
    assert bench.cycle_minutes() == [1.0]
    assert bench.diary.known_at_cycle == [3]
    assert bench.diary.cycles[0][0] == pytest.approx(0.0, abs=1e-3)  # at once, not after a quiet moment


async def test_before_the_tick_an_instant_waits() -> None:
    bench = EventBench([(0.0, [reading(1.0)]), (0.01, [reading(1.0), tick(1.0)])])
    await bench.run()
    assert bench.diary.known_at_cycle == [3]
    assert [at_s for at_s, _ in bench.diary.cycles] == pytest.approx([0.01])


async def test_instants_that_arrive_together_have_a_cycle_each() -> None:
    together = [message for minute in (1.0, 2.0, 3.0) for message in (reading(minute), tick(minute))]
    bench = EventBench([(0.0, together)])
    await bench.run()
    assert bench.cycle_minutes() == [1.0, 2.0, 3.0]
    assert bench.diary.known_at_cycle == [2, 4, 6]


async def test_ticks_within_a_period_run_no_cycle() -> None:
    bench = EventBench([(0.0, [tick(1.0), tick(1.3), tick(1.6), tick(1.99), tick(2.0)])])
    await bench.run()
    assert bench.cycle_minutes() == [1.0, 2.0]


async def test_the_same_tick_twice_runs_one_cycle() -> None:
    bench = EventBench([(0.0, [tick(1.0)]), (0.1, [tick(1.0)]), (0.2, [tick(0.5)])])
    await bench.run()
    assert bench.cycle_minutes() == [1.0]


async def test_what_comes_after_the_tick_belongs_to_the_next_instant() -> None:
    bench = EventBench([(0.0, [reading(1.0), tick(1.0), reading(2.0)]), (0.01, [tick(2.0)])])
    await bench.run()
    assert bench.diary.known_at_cycle == [2, 4]


async def test_without_ticks_a_quiet_moment_completes_the_instant() -> None:
    bench = EventBench([(0.0, [reading(1.0), reading(1.0)]), (0.5, [reading(2.0)])])
    await bench.run()
    assert bench.cycle_minutes() == [1.0, 2.0]
    assert [at_s for at_s, _ in bench.diary.cycles] == pytest.approx([0.02, 0.52], abs=0.003)


async def test_without_ticks_a_cycle_runs_before_the_next_period_begins() -> None:
    bench = EventBench([(0.0, [reading(1.0), reading(1.2), reading(2.1), reading(3.1)])])
    await bench.run()
    assert bench.cycle_minutes() == pytest.approx([1.2, 2.1, 3.1])
    assert bench.diary.known_at_cycle == [2, 3, 4]


async def test_a_backlog_is_taken_in_before_anything_is_decided() -> None:
    backlog = [reading(minute) for minute in (2.1, 3.1, 4.1, 5.1, 6.1)]
    bench = EventBench([(0.0, [reading(1.0)]), (0.5, backlog)])
    await bench.run()
    assert bench.cycle_minutes() == pytest.approx([1.0, 6.1])
    assert bench.diary.known_at_cycle == [1, 6]


async def test_more_than_can_wait_is_taken_in_without_a_quiet_moment() -> None:
    flood = [(0.001 * n, [reading(1.0)] * 100) for n in range(1, 8)]
    bench = EventBench(flood, end_s=0.0065)
    await bench.run()
    assert sum(len(messages) for messages in bench.diary.fed) > MOST_PENDING


async def test_in_event_time_the_beat_still_keeps_to_the_machines_clock() -> None:
    bench = EventBench([(0.0, [tick(1.0)])], end_s=16.0)
    diary = await bench.run()
    assert diary.beats == pytest.approx([0.0, 5.0, 10.0, 15.0], abs=0.05)
    assert bench.loop.now_ns() == START_NS + MINUTE_NS
    assert bench.core.event_ns % NS_PER_S == 0


async def test_the_intake_hands_on_in_order_and_no_more_at_once_than_a_period_can_bear() -> None:
    inbox = Inbox()
    intake = Intake(inbox)
    inbox.queue.put_nowait([heard(str(n), b"") for n in range(2500)])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(intake.run())
        await asyncio.wait_for(intake.wait(5.0), timeout=1.0)
        first, second = intake.take(), intake.take()
        task.cancel()
    assert [len(first), len(second), intake.waiting] == [2000, 500, 0]
    assert [m.topic for m in first + second] == [f"dc/demo/{n}" for n in range(2500)]


async def test_large_payloads_count_by_their_size() -> None:
    inbox = Inbox()
    intake = Intake(inbox)
    inbox.queue.put_nowait([heard("x", bytes(3 * 1024**2)) for _ in range(5)])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(intake.run())
        await settle()
        assert [len(intake.take()), len(intake.take())] == [3, 2]
        task.cancel()


async def test_a_full_intake_leaves_the_rest_with_the_link() -> None:
    inbox = Inbox()
    intake = Intake(inbox)
    for _ in range(3):
        inbox.queue.put_nowait([heard("x", b"")] * 15_000)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(intake.run())
        await settle()
        assert (intake.waiting, inbox.queue.qsize()) == (30_000, 1)
        while intake.waiting > 20_000:
            intake.take()
        await settle()
        assert inbox.queue.qsize() == 0
        task.cancel()


async def test_the_first_message_after_a_silence_is_handed_on_at_once_and_those_behind_it_together() -> None:
    inbox = Inbox()
    intake = Intake(inbox, gather_s=0.05)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(intake.run())
        inbox.queue.put_nowait([heard("first", b"")])
        await settle()
        assert [message.topic for message in intake.take()] == ["dc/demo/first"]
        inbox.queue.put_nowait([heard(str(number), b"") for number in range(30)])
        await settle()
        assert intake.take() == []
        await asyncio.wait_for(intake.wait(5.0), timeout=1.0)
        assert len(intake.take()) == 30
        task.cancel()


async def test_waiting_for_what_does_not_come_ends() -> None:
    intake = Intake(Inbox())
    await asyncio.wait_for(intake.wait(0.005), timeout=1.0)
    await asyncio.wait_for(intake.wait(0.0), timeout=1.0)
    assert intake.take() == []
