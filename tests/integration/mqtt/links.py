"""An `MqttLink` at work, with a clock that does not make tests wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

from tests.integration.mqtt.brokers import SkippingClock
from tests.integration.mqtt.wire import V5
from twin.adapters.mqtt import MqttLink
from twin.adapters.mqtt_settings import LinkSettings
from twin.domain.messages import MessageIn, MessageOut

PATIENCE_S = 10.0


class HastyClock(SkippingClock):
    """Notes how long it was asked to sleep, and sleeps a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(min(seconds, 0.01))


class LinkAtWork:
    """A link that is running, and what a test asks of it."""

    def __init__(self, settings: LinkSettings, topics: tuple[str, ...], will: MessageOut | None = None) -> None:
        self.clock = HastyClock()
        self._connects: asyncio.Queue[None] = asyncio.Queue()
        self.link = MqttLink(
            settings,
            topics,
            self.clock,
            will=will,
            random=Random(1),
            on_connect=lambda: self._connects.put_nowait(None),
        )
        self._batches = self.link.batches()
        self._taken: list[MessageIn] = []

    async def connected(self) -> None:
        """Wait for the next connection."""
        async with asyncio.timeout(PATIENCE_S):
            await self._connects.get()

    async def take(self, amount: int) -> list[MessageIn]:
        """Wait until so many messages came, and return those, in order."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self._taken) < amount:
                self._taken += await anext(self._batches)
        taken, self._taken = self._taken[:amount], self._taken[amount:]
        return taken

    async def paused(self, times: int) -> None:
        """Wait until the link has paused so many times since it began."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.clock.slept) < times:
                await asyncio.sleep(0.005)

    async def fence(self) -> None:
        """Return when all the broker had sent has arrived: the answer to a publication comes behind it."""
        await self.link.publish(MessageOut("fence", b"", qos=1))


def settings_for(port: int, *, version: int = V5, **changes: Any) -> LinkSettings:
    """Short times, a kept session."""
    base = LinkSettings(
        "127.0.0.1", port, "twin", mqtt5=version == V5, keepalive_s=60, timeout_s=5.0, session_expiry_s=3600
    )
    return replace(base, **changes)


@asynccontextmanager
async def a_link(
    port: int, *topics: str, version: int = V5, will: MessageOut | None = None, wait: bool = True, **changes: Any
) -> AsyncIterator[LinkAtWork]:
    """A link that runs inside the block and ends in an orderly way behind it."""
    at_work = LinkAtWork(settings_for(port, version=version, **changes), topics, will)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(at_work.link.run(), name="link")
        try:
            if wait:
                await at_work.connected()
            yield at_work
        finally:
            running.cancel()


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@asynccontextmanager
async def a_scripted_broker(script: Script) -> AsyncIterator[int]:
    """A server that does what no real broker would; yields its port. The script ends when its client is gone."""
    carrying: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        carrying.add(task)
        try:
            await script(reader, writer)
        except (EOFError, ConnectionError):
            pass
        finally:
            carrying.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in carrying:
            task.cancel()
        if carrying:
            await asyncio.wait(set(carrying))
