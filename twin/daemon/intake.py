"""What has arrived and was not yet taken in: the bounded room between the broker and the loop."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

from twin.domain.messages import MessageIn
from twin.domain.ports import Inbox

_MOST_WAITING = 20_000  # above, arrivals stay with the link, which holds QoS 1 back and counts what it drops of QoS 0
_MOST_AT_ONCE = 2_000
_MOST_BYTES_AT_ONCE = 8 * 1024**2
GATHER_S = 0.01  # a turn has costs of its own: in a flood, messages come to it by the hundred, not one by one
_ENOUGH = 500  # so many at once need no company


class Intake:
    """Takes from the inbox as long as there is room.

    The first message after a silence is handed on at once, those behind it `gather_s` later and together.
    """

    def __init__(self, inbox: Inbox, *, gather_s: float = GATHER_S) -> None:
        self._inbox, self._gather_s = inbox, gather_s
        self._waiting: deque[MessageIn] = deque()
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()

    async def run(self) -> None:
        """Take until cancelled."""
        async for batch in self._inbox.batches():
            self._waiting.extend(batch)
            self._arrived.set()
            while len(self._waiting) > _MOST_WAITING:
                self._room.clear()
                await self._room.wait()
            if self._gather_s > 0.0 and len(batch) < _ENOUGH:
                await asyncio.sleep(self._gather_s)

    async def wait(self, timeout_s: float) -> None:
        """Return when something has arrived, or after `timeout_s`."""
        if self._waiting or timeout_s <= 0.0:
            # let the others run, however busy this loop is
            await asyncio.sleep(0)
            return
        self._arrived.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()

    def take(self) -> list[MessageIn]:
        """The oldest of what has arrived, no more at once than a control period can bear."""
        taken: list[MessageIn] = []
        size = 0
        while self._waiting and len(taken) < _MOST_AT_ONCE and size < _MOST_BYTES_AT_ONCE:
            taken.append(self._waiting.popleft())
            size += len(taken[-1].payload)
        self._room.set()
        return taken

    @property
    def waiting(self) -> int:
        """Messages that have arrived and were not taken in yet."""
        return len(self._waiting)
