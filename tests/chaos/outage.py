"""A sink that is away while readings go on, in a process of its own so that its memory is nobody else's.

    python -m tests.chaos.outage DIRECTORY URL POINTS FASTER KIND

It says "full" when the sink may come back, and at the end what was seen, as one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import structlog

from tests.chaos.feed import a_fleet, feed, rss_bytes
from tests.chaos.memory_buffer import MemoryBuffer
from twin.adapters.influx import InfluxWriter
from twin.domain.clock import SystemClock
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Block
from twin.historian.line_sink import LineSink
from twin.historian.sinks import Drain, DrainPolicy, Written
from twin.historian.spool import Spool
from twin.historian.spool_db import Account

WARM_POINTS = 20_000  # sent while the sink is there: everything is imported and connected
WINDOW_S = 2.0
GIVE_UP_S = 600.0  # an hour of readings at the least rate of draining takes 360 s


class Buffer(Protocol):
    """What the feed needs of a spool."""

    async def append_samples(self, batch: SampleBatch) -> None: ...
    async def accounts(self) -> dict[str, Account]: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """What an outage cost. Sizes in bytes; `fed` readings are the ledger, numbered from 0.

    `beside` are the spool's log and reserve, which do not grow with what it holds.
    """

    fed: int
    rss_before: int
    rss_peak: int
    disk: int
    beside: int
    drained: int
    drain_s: float
    account: dict[str, int]


class Counting:
    """A sink that tells when its last item was taken."""

    def __init__(self, inner: LineSink) -> None:
        self._inner = inner
        self.name = inner.name
        self.taken: list[tuple[float, int]] = []

    @property
    def link(self) -> int:
        return self._inner.link

    async def write(self, blocks: Sequence[Block]) -> Written:
        written = await self._inner.write(blocks)
        self.taken.append((time.monotonic(), sum(block.n for block in blocks)))
        return written


async def outage(directory: Path, url: str, points: int, faster: float, kind: str) -> Seen:
    """Warm up, lose the sink, feed `points`, get it back, drain."""
    clock = SystemClock()
    path = directory / "spool.db"
    writer = InfluxWriter(url=url, token="", org="o", bucket="b")
    sink = Counting(LineSink(writer))
    if kind == "spool":
        spool = await Spool.open(path, a_fleet(), sinks=(sink.name,), clock=clock)
    else:
        spool = MemoryBuffer(a_fleet(), sink.name)  # type: ignore[assignment]
    drain = Drain(spool, sink, clock, policy=DrainPolicy(resend_window_s=WINDOW_S, longest_pause_s=1.0))
    running = asyncio.get_running_loop().create_task(drain.run(), name="drain")
    watch = _Memory()
    watching = asyncio.get_running_loop().create_task(watch.run(), name="memory")
    try:
        await feed(spool.append_samples, 0, WARM_POINTS, faster=faster)
        await _drained(spool, sink.name)
        rss_before = watch.peak = rss_bytes()
        await _said("away")
        await feed(spool.append_samples, WARM_POINTS, points, faster=faster)
        disk = path.stat().st_size if path.exists() else 0
        beside = sum(part.stat().st_size for part in directory.glob("spool.*")) - disk
        taken = len(sink.taken)
        await _said("full")
        await _drained(spool, sink.name)
        times = sink.taken[taken:]
        drained = sum(n for _, n in times)
        drain_s = times[-1][0] - times[0][0] if len(times) > 1 else 0.0
        account = (await spool.accounts())[sink.name]
    finally:
        for task in (running, watching):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await writer.close()
        await spool.close()
    first = times[0][1] if times else 0  # the clock starts when the first batch is in
    return Seen(WARM_POINTS + points, rss_before, watch.peak, disk, beside, drained - first, drain_s, asdict(account))


class _Memory:
    peak = 0

    async def run(self) -> None:
        while True:
            self.peak = max(self.peak, rss_bytes())
            await asyncio.sleep(0.05)


async def _drained(spool: Buffer, name: str) -> None:
    give_up_s = time.monotonic() + GIVE_UP_S
    while (await spool.accounts())[name].pending and time.monotonic() < give_up_s:
        await asyncio.sleep(0.1)


async def _said(word: str) -> None:
    """Say a word and wait for the answer: the other side has done its part."""
    print(word, flush=True)
    await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is for the words above
    directory, url, points, faster, kind = sys.argv[1:]
    seen = asyncio.run(outage(Path(directory), url, int(points), float(faster), kind))
    print(json.dumps(asdict(seen)), flush=True)
