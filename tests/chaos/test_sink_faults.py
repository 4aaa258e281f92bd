"""R6: whatever a sink or the way to it does wrong, each reading is in it at the end, once."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from tests.chaos.fault_proxy import FaultProxy, Link
from tests.chaos.feed import GATHERED, POINTS_PER_S, a_fleet, feed, readings
from tests.chaos.promise import NIGHTLY, Promise, scaled
from tests.chaos.stand_in_sink import TAKEN, Say, StandInSink, takes_all
from twin.adapters.influx import InfluxWriter
from twin.domain.clock import SystemClock
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Block, Priority
from twin.historian.line_protocol import lines_of
from twin.historian.line_sink import LineSink
from twin.historian.sinks import Drain, DrainPolicy
from twin.historian.spool import Spool

TIMEOUT_S = 10.0 if NIGHTLY else 0.5
LONGEST_DELAY_S = 30.0 if NIGHTLY else 1.5
PHASE_S = scaled(2, 60)
FLUSH_S = 0.5  # what the sink took less long ago is gone after its crash
WINDOW_S = 1.5
GIVE_UP_S = 60.0 if not NIGHTLY else 600.0
POISON_LINES = 5_000
BATCH = 5_000


@dataclass(slots=True)
class Bench:
    """A spool and its drain, a bad link, and a sink behind it."""

    spool: Spool
    drain: Drain
    proxy: FaultProxy
    sink: StandInSink
    fed: int = 0

    async def feed_s(self, seconds: float) -> None:
        """So many seconds of readings, as they come."""
        n = round(seconds * POINTS_PER_S) // GATHERED * GATHERED
        await feed(self.spool.append_samples, self.fed, n)
        self.fed += n

    async def drained(self) -> float:
        """Wait until the sink is known to hold everything; returns how long that took."""
        began_s = time.monotonic()
        while (await self.spool.accounts())["influx"].pending:
            assert time.monotonic() - began_s < GIVE_UP_S, (self.drain.status, self.proxy.done, self.proxy.link)
            await asyncio.sleep(0.05)
        return time.monotonic() - began_s

    def lost(self) -> int:
        """Readings of the ledger that the sink does not hold as they were."""
        stored = self.sink.all_stored()
        return sum(stored.get(key) != value for key, value in expected(self.fed).items())


def expected(fed: int) -> dict[str, str]:
    """Series and time -> fields of the first `fed` readings."""
    block = Block(1, Priority.TELEMETRY, fed, 0, 0, a_fleet(), readings(0, fed), (), b"")
    parted = (line.rsplit(" ", 2) for line in lines_of(block).text)
    return {f"{series} {ns}": fields for series, fields, ns in parted}


@asynccontextmanager
async def bench(directory: Path, *, window_s: float = WINDOW_S) -> AsyncIterator[Bench]:
    sink = StandInSink(flush_s=FLUSH_S)
    sink.start()
    clock = SystemClock()
    with FaultProxy(sink.port) as proxy:
        writer = InfluxWriter(url=proxy.url, token="secret", org="o", bucket="b", timeout_s=TIMEOUT_S)
        spool = await Spool.open(directory / "spool.db", a_fleet(), sinks=("influx",), clock=clock)
        policy = DrainPolicy(
            batch_items=BATCH,
            poll_s=0.05,
            resend_window_s=window_s,
            first_pause_s=0.05,
            longest_pause_s=0.5,
            refused_pause_s=0.5,
        )
        drain = Drain(spool, LineSink(writer, batch_lines=BATCH), clock, policy=policy, random=Random(7))
        running = asyncio.get_running_loop().create_task(drain.run(), name="drain")
        try:
            yield Bench(spool, drain, proxy, sink)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await writer.close()
            await spool.close()
            sink.stop()


async def test_r6_slow_lossy_and_torn_links_lose_nothing(tmp_path: Path, promised: Callable[..., None]) -> None:
    async with bench(tmp_path) as b:
        for link in (
            Link(longest_delay_s=LONGEST_DELAY_S),
            Link(drop_frac=0.05),
            Link(reset_after=30_000),
            Link(refuse=True),
            Link(drop_frac=0.05, longest_delay_s=LONGEST_DELAY_S / 5, reset_after=200_000),
        ):
            b.proxy.link = link
            await b.feed_s(PHASE_S)
        b.proxy.link = Link()
        waited_s = await b.drained()
        lost, done, n = b.lost(), b.proxy.done, b.fed
    assert min(done.delays, done.dropped, done.resets, done.refused) > 0, done
    more = {"dropped": done.dropped, "resets": done.resets, "refused": done.refused, "healed_s": round(waited_s, 1)}
    promised(Promise("R6 bad links", n, lost, 0, lost == 0), **more)


async def test_r6_every_answer_but_yes_loses_nothing(tmp_path: Path, promised: Callable[..., None]) -> None:
    answers = (
        Say(401, '{"code":"unauthorized"}'),
        Say(413, '{"code":"request too large"}'),
        Say(429, retry_after="1"),
        Say(429, retry_after="0", stored_frac=0.5),
        Say(503, "starting"),
        Say(503, "out of memory", stored_frac=0.3),
        Say(500, stored_frac=1.0),
        Say(404, "no bucket"),
        Say(204, stored_frac=1.0, hang_s=2.0 * TIMEOUT_S),  # taken, but its word comes too late
    )
    chance = Random(5)
    async with bench(tmp_path) as b:
        for bad in answers:
            too_large = bad.status == 413
            b.sink.behaviour = (
                (lambda lines, bad=bad: TAKEN if len(lines) <= BATCH // 40 else bad)
                if too_large
                else (lambda lines, bad=bad: bad if chance.random() < 0.7 else TAKEN)
            )
            await b.feed_s(PHASE_S / 2)
        b.sink.behaviour = takes_all
        waited_s = await b.drained()
        lost, letters = b.lost(), b.drain.status.dead_letters
        said = {status for status, _ in b.sink.stand.answers}
        n = b.fed
    assert said >= {401, 413, 429, 503, 500, 404}
    assert letters == 0
    promised(Promise("R6 bad answers", n, lost, 0, lost == 0), healed_s=round(waited_s, 1))


async def test_r6_a_sink_that_crashes_after_its_yes_gets_it_again(
    tmp_path: Path, promised: Callable[..., None]
) -> None:
    crashes, forgotten = scaled(4, 40), 0
    async with bench(tmp_path) as b:
        for _ in range(crashes):
            await b.feed_s(PHASE_S / 2)
            forgotten += b.sink.crash()
            await b.feed_s(0.3)
            b.sink.start()
        await b.feed_s(0.5)
        await b.drained()
        lost, n, resends = b.lost(), b.fed, b.drain.status.resends
    assert forgotten > 0
    promised(Promise("R6 204, then a crash", n, lost, 0, lost == 0), forgotten=forgotten, resends=resends)


async def test_r6_without_a_window_to_send_again_the_same_crash_loses(tmp_path: Path) -> None:
    async with bench(tmp_path, window_s=0.0) as b:
        await b.feed_s(1.0)
        await b.drained()
        forgotten = b.sink.crash()
        b.sink.start()
        await b.feed_s(0.5)
        await b.drained()
        assert b.lost() == forgotten > 0


@pytest.mark.parametrize("status", [400, 422])
async def test_r6_a_poison_line_is_found_and_nothing_else_is_given_up(
    tmp_path: Path, status: int, promised: Callable[..., None]
) -> None:
    chance = Random(status)
    worst = 0
    rounds = scaled(3, 60)
    async with bench(tmp_path) as b:
        for _ in range(rounds):
            poison = b.fed + chance.randrange(POISON_LINES)
            b.sink.behaviour = lambda lines: TAKEN
            key = next(iter(expected_one(poison)))
            b.sink.behaviour = Refusing(key, Say(status, f"unable to parse {key}", stored_frac=0.4))
            before = len(b.sink.stand.answers)
            await b.spool.append_samples(readings(b.fed, POISON_LINES))
            b.fed += POISON_LINES
            while not any(answer == (status, 1) for answer in b.sink.stand.answers[before:]):
                await asyncio.sleep(0.01)
            tries = b.sink.stand.answers[before:].index((status, 1)) + 1
            worst = max(worst, tries)
            await b.drained()
        letters = await b.spool.dead_letters("influx")
        account = (await b.spool.accounts())["influx"]
        lost, status_seen = b.lost(), b.drain.status.dead_letters
    most = math.ceil(math.log2(POISON_LINES)) + 2
    assert [f"{status}: unable to parse" in letter.reason for letter in letters] == [True] * rounds
    assert status_seen >= rounds
    assert account.dropped == rounds
    assert account.received == account.stored + account.dropped + account.pending
    promised(Promise(f"R6 tries for a poison line ({status})", rounds, worst, most, worst <= most))
    promised(Promise(f"R6 lost beside poison ({status})", b.fed - rounds, lost - rounds, 0, lost == rounds))


class Refusing:
    """Refuses whatever holds one line; an unknown part of the others is stored, as real servers do."""

    def __init__(self, key: str, refusal: Say) -> None:
        self._series, self._ns = key.rsplit(" ", 1)
        self._refusal = refusal

    def __call__(self, lines: Sequence[str]) -> Say:
        for place, line in enumerate(lines):
            if line.startswith(self._series + " ") and line.endswith(" " + self._ns):
                return replace(self._refusal, stored_frac=min(self._refusal.stored_frac, place / len(lines)))
        return TAKEN


def expected_one(number: int) -> dict[str, str]:
    block = Block(1, Priority.TELEMETRY, 1, 0, 0, a_fleet(), SampleBatch.joined([readings(number, 1)]), (), b"")
    series, fields, ns = lines_of(block).text[0].rsplit(" ", 2)
    return {f"{series} {ns}": fields}
