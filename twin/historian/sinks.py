"""Sinks, and the loop that brings them what the spool holds, in order, from where they stand.

A sink's "stored" is not proof: a server that crashes may lose what it confirmed a moment ago. So a sink's position in
the spool moves only past blocks that it took longer ago than the re-send window; when the link was lost, everything
beyond the position is sent again. Equal series and time overwrite, so history holds each sample once.

The clock given here must be the machine's, also where the daemon lives in event time: servers are waited for in real
time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

import structlog

from twin.domain.clock import Clock
from twin.domain.errors import TwinError
from twin.historian.blocks import Block
from twin.historian.spool import Spool
from twin.historian.spool_db import DeadLetter

log = structlog.get_logger("historian")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the blocks: all stored, but for the letters and for `non_finite` samples, which have no line."""

    refused: tuple[DeadLetter, ...] = ()
    non_finite: int = 0


class Sink(Protocol):
    """Somewhere history is kept. Writing the same block twice must leave it there once."""

    @property
    def name(self) -> str:
        """The name of its position in the spool."""
        ...

    @property
    def link(self) -> int:
        """A number that changes when the link was made anew: the sink may have lost what it confirmed last."""
        ...

    async def write(self, blocks: Sequence[Block]) -> Written:
        """Store all items of these blocks.

        Raises:
            SinkBusy: not now; keep them and come back.
            SinkRefuses: not until someone mends something; keep them.
        """
        ...


class SinkBusy(TwinError):
    """The sink cannot take blocks now.

    `retry_after_s` is when it asked us to come back; `lost` says that it may have crashed, and lost what it had.
    """

    def __init__(
        self, message: str, *, where: str = "", retry_after_s: float | None = None, lost: bool = False
    ) -> None:
        super().__init__(message, where=where)
        self.retry_after_s = retry_after_s
        self.lost = lost


class SinkRefuses(TwinError):
    """The sink takes nothing from us: login, rights, or place. Only a person can mend that."""


@dataclass(frozen=True, slots=True)
class SinkAlarm:
    """Raised while a sink refuses everything."""

    sink: str
    cause: str
    fix: str


@dataclass(frozen=True, slots=True)
class DrainPolicy:
    """How fast, how patient, how careful.

    `resend_window_s` is 0 for a sink whose word is proof. `refused_pause_s` is the wait between two tries of a sink
    that refuses everything. `most_items_s` leaves the processor to the control loop while much has to be caught up.
    """

    batch_items: int = 5_000
    most_items_s: float = 50_000.0
    poll_s: float = 1.0
    resend_window_s: float = 15.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 60.0
    refused_pause_s: float = 60.0


@dataclass(slots=True)
class DrainStatus:
    """Levels for the health page and the metrics. `state` is idle, sending, waiting or refused."""

    state: str = "idle"
    sent_items: int = 0
    resends: int = 0
    failures: int = 0
    dead_letters: int = 0
    non_finite: int = 0
    last_error: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class _Sent:
    """A stretch of blocks the sink took: when it first did, and when it last did."""

    up_to: int
    first_s: float
    at_s: float
    refused: int


class Drain:
    """Brings one sink what the spool holds."""

    def __init__(
        self,
        spool: Spool,
        sink: Sink,
        clock: Clock,
        *,
        policy: DrainPolicy | None = None,
        on_alarm: Callable[[SinkAlarm | None], None] = lambda alarm: None,
        random: Random | None = None,
    ) -> None:
        """`on_alarm` is told when the sink begins to refuse everything, and None when it ends."""
        self._spool, self._sink, self._clock = spool, sink, clock
        self._policy = policy or DrainPolicy()
        self._on_alarm = on_alarm
        self._random = random or Random()
        self._sent: deque[_Sent] = deque()
        self._before: deque[_Sent] = deque()  # what had been sent when the link was last in doubt
        self._cursor = 0
        self._link = sink.link
        self._writes_on_link = 0
        self._link_doubted = False
        self._resent_s = -self._policy.resend_window_s
        self._pause_s = self._policy.first_pause_s
        self._alarmed = False
        self.status = DrainStatus()

    async def run(self) -> None:
        """Send until cancelled. What was sent and not confirmed is sent again by the next start."""
        await self._begin()
        while True:
            began_s, sent = self._clock.monotonic_s(), self.status.sent_items
            if not await self._step():
                self.status.state = "idle"
                await self._clock.sleep(self._policy.poll_s)
            elif self._policy.resend_window_s > 0.0:  # a sink of our own has a thread of its own
                due_s = began_s + (self.status.sent_items - sent) / self._policy.most_items_s
                await self._clock.sleep(max(0.0, due_s - self._clock.monotonic_s()))

    async def catch_up(self) -> None:
        """Send all that is in the spool now; for the end of a run. Waits for as long as the sink makes it wait."""
        await self._begin()
        while await self._step():
            pass

    @property
    def _away(self) -> bool:
        return self._pause_s > self._policy.first_pause_s

    async def _begin(self) -> None:
        self.status.position = self._cursor = await self._spool.position(self._sink.name)
        self._sent.clear()
        self._before.clear()

    async def _step(self) -> bool:
        """Send one batch, or a single block to a sink that was away. Returns False when there was nothing to send."""
        await self._confirm()
        self._resend_when_doubted()
        blocks = await self._spool.read_after(self._cursor, 1 if self._away else self._policy.batch_items)
        if not blocks:
            return False
        try:
            self.status.state = "sending"
            written = await self._sink.write(blocks)
        except SinkBusy as busy:
            await self._wait_for(busy)
            return True
        except SinkRefuses as refusal:
            await self._wait_for_help(refusal)
            return True
        await self._note_sent(blocks, written)
        return True

    async def _note_sent(self, blocks: Sequence[Block], written: Written) -> None:
        if written.refused:
            await self._spool.bury(self._sink.name, written.refused)
            log.warning("sink refuses lines for ever", sink=self._sink.name, lines=len(written.refused))
        if self._away:
            log.info("sink takes blocks again", sink=self._sink.name)
        self._pause_s = self._policy.first_pause_s
        if self._alarmed:
            self._alarmed = False
            self._on_alarm(None)
        self._cursor = blocks[-1].id
        now_s = self._clock.monotonic_s()
        refused = len(written.refused) + written.non_finite
        self._sent.append(_Sent(self._cursor, self._first_sent_s(self._cursor, now_s), now_s, refused))
        self.status.sent_items += sum(block.n for block in blocks)
        self.status.dead_letters += len(written.refused)
        self.status.non_finite += written.non_finite
        self._watch_link()
        if self._policy.resend_window_s == 0.0:
            await self._confirm()

    def _first_sent_s(self, block_id: int, now_s: float) -> float:
        """When the sink first took a block that is perhaps being sent again."""
        while self._before and self._before[0].up_to < block_id:
            self._before.popleft()
        return self._before[0].first_s if self._before else now_s

    def _watch_link(self) -> None:
        """A new link is a doubt, unless the old one served a single write: some servers hang up after each."""
        if self._sink.link == self._link:
            self._writes_on_link += 1
            return
        self._link_doubted = self._link_doubted or self._writes_on_link > 1
        self._link = self._sink.link
        self._writes_on_link = 1

    async def _confirm(self) -> None:
        """Move the position past what the sink has had for longer than the window with its link unbroken.

        A link that breaks again and again must not hold the position for ever: what the sink first took four windows
        ago, and still takes, counts as stored.
        """
        now_s, window_s = self._clock.monotonic_s(), self._policy.resend_window_s
        up_to, refused = 0, 0
        while self._sent:
            sent = self._sent[0]
            unbroken = sent.at_s <= now_s - window_s and not self._link_doubted
            if not unbroken and sent.first_s > now_s - 4.0 * window_s:
                break
            self._sent.popleft()
            up_to, refused = sent.up_to, refused + sent.refused
        if up_to:
            await self._spool.advance(self._sink.name, up_to, refused=refused)
            self.status.position = up_to

    def _resend_when_doubted(self) -> None:
        """After the link was in doubt: back to the position, but once a window at most."""
        now_s = self._clock.monotonic_s()
        if not self._link_doubted or now_s - self._resent_s < self._policy.resend_window_s:
            return
        self._link_doubted = False
        self._resent_s = now_s
        if self._sent:
            self.status.resends += 1
            self._before, self._sent = self._sent, deque()
            self._cursor = self.status.position

    async def _wait_for(self, busy: SinkBusy) -> None:
        """Full-jitter back-off, or as long as the sink says: then never sooner."""
        self._link_doubted = self._link_doubted or busy.lost
        if not self._away:
            log.warning("sink does not take blocks, they are kept", sink=self._sink.name, error=str(busy))
        pause_s = self._random.uniform(0.0, self._pause_s)
        if busy.retry_after_s is not None:
            pause_s = min(busy.retry_after_s, 3_600.0) + min(pause_s, 1.0)
        self._pause_s = min(2.0 * self._pause_s, self._policy.longest_pause_s)
        await self._pause("waiting", pause_s, busy)

    async def _wait_for_help(self, refusal: SinkRefuses) -> None:
        if not self._alarmed:
            self._alarmed = True
            log.error("sink refuses everything, blocks are kept", sink=self._sink.name, error=str(refusal))
            self._on_alarm(SinkAlarm(self._sink.name, str(refusal), refusal.fix))
        await self._pause("refused", self._policy.refused_pause_s, refusal)

    async def _pause(self, state: str, pause_s: float, error: TwinError) -> None:
        self.status.state = state
        self.status.failures += 1
        self.status.last_error = str(error)
        await self._clock.sleep(pause_s)
