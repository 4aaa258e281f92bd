"""Catching up leaves the processor to the control loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.unit.historian.builders import ManualClock, a_batch, a_catalogue
from twin.historian.blocks import Block
from twin.historian.sinks import Drain, DrainPolicy, Written
from twin.historian.spool import Spool


class Taking:
    """Takes everything at once."""

    name, link = "a", 0

    async def write(self, blocks: Sequence[Block]) -> Written:
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
