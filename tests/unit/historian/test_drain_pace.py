"""Catching up leaves the processor to the control loop, and waiting costs next to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.unit.historian.builders import ManualClock, a_batch, a_catalogue
from twin.historian.blocks import Block
from twin.historian.sinks import Drain, DrainPolicy, SinkBusy, Written
from twin.historian.spool import Spool


class Taking:
    """Takes everything at once."""

    name, link = "a", 0

    async def write(self, blocks: Sequence[Block]) -> Written:
        return Written()


class Absent(Taking):
    """Away for three tries, then back; remembers how many blocks it was offered."""

    def __init__(self) -> None:
        self.offered: list[int] = []

    async def write(self, blocks: Sequence[Block]) -> Written:
        self.offered.append(len(blocks))
        if len(self.offered) <= 3:
            raise SinkBusy("away", lost=True)
        return Written()


async def seconds_to_catch_up(directory: Path, policy: DrainPolicy) -> float:
    clock = ManualClock()
    spool = await Spool.open(directory / "spool.db", a_catalogue(), sinks=("a",), clock=clock)
    for second in range(20):
        await spool.append_samples(a_batch(*[(k % 4, second + k / 1e3, 20.0) for k in range(100)]))
    drain = Drain(spool, Taking(), clock, policy=policy)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(drain.run())
        while drain.status.sent_items < 2_000:
            await asyncio.sleep(0)
        spent_s = clock.monotonic_s()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    await spool.close()
    return spent_s


async def test_a_sink_behind_a_link_gets_so_much_a_second_and_no_more(tmp_path: Path) -> None:
    policy = DrainPolicy(batch_items=100, most_items_s=1_000.0, resend_window_s=5.0)
    assert 1.5 <= await seconds_to_catch_up(tmp_path, policy) <= 2.01


async def test_a_sink_of_our_own_is_not_held_back(tmp_path: Path) -> None:
    policy = DrainPolicy(batch_items=100, most_items_s=1_000.0, resend_window_s=0.0)
    assert await seconds_to_catch_up(tmp_path, policy) == 0.0


async def test_a_sink_that_is_away_is_asked_with_one_block_and_gets_the_rest_when_it_took_it(tmp_path: Path) -> None:
    clock, sink = ManualClock(), Absent()
    spool = await Spool.open(tmp_path / "spool.db", a_catalogue(), sinks=("a",), clock=clock)
    for second in range(6):
        await spool.append_samples(a_batch((0, second, 20.0)))
    drain = Drain(spool, sink, clock, policy=DrainPolicy(resend_window_s=0.0))
    await drain.catch_up()
    await spool.close()
    assert sink.offered == [6, 1, 1, 1, 5]
    assert drain.status.sent_items == 6
