"""The two brokers under test behind one face: the simulated one, and mosquitto as the reference."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.servers import Mosquitto
from twin.domain.clock import SystemClock
from twin.simulator.broker import Broker


class BrokerUnderTest(ABC):
    """A broker that can be started, stopped and started again on the same port."""

    name: str
    port: int

    @abstractmethod
    async def start(self) -> None: ...

    @abstractmethod
    async def stop(self) -> None:
        """Go away and forget everything."""

    @abstractmethod
    async def pass_time(self, seconds: float) -> None:
        """Let time pass for the broker, as quickly as it can be done."""


class SkippingClock(SystemClock):
    """The machine's clock, put forward at will."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self._ahead_s

    def skip(self, seconds: float) -> None:
        self._ahead_s += seconds


class OwnBroker(BrokerUnderTest):
    """The simulated broker, in this process."""

    name = "own"

    def __init__(self, credentials: Mapping[str, str] | None = None) -> None:
        self._clock = SkippingClock()
        self.broker = Broker(credentials=credentials, clock=self._clock)

    async def start(self) -> None:
        await self.broker.start()
        self.port = self.broker.port

    async def stop(self) -> None:
        await self.broker.stop()

    async def pass_time(self, seconds: float) -> None:
        self._clock.skip(seconds)
        await asyncio.sleep(0.3)  # it looks at a clock that is not the loop's four times a second


class MosquittoBroker(BrokerUnderTest):
    """mosquitto, in a process of its own."""

    name = "mosquitto"

    def __init__(
        self, directory: Path, credentials: Mapping[str, str] | None = None, extra: Sequence[str] = ()
    ) -> None:
        self._server = Mosquitto(directory, credentials=credentials, extra=extra)
        self.port = self._server.port

    async def start(self) -> None:
        await asyncio.to_thread(self._server.start)

    async def stop(self) -> None:
        await asyncio.to_thread(self._server.kill)

    async def pass_time(self, seconds: float) -> None:
        await asyncio.sleep(seconds + 1.1)  # it counts whole seconds
