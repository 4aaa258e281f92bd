"""The wire between a client and a broker, for whoever needs to cut it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType


class Cable:
    """Carries TCP connections to a broker's port. A cut one can be plugged in again: the next connection works."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._flows = asyncio.Event()
        self._flows.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Cable:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.thaw()
        while self._carrying:
            self.cut()
            await asyncio.wait(set(self._carrying))

    def cut(self) -> None:
        """Reset every connection that is open."""
        for end in list(self._ends):
            end.transport.abort()

    def freeze(self) -> None:
        """Carry nothing more, in neither direction, and tell nobody."""
        self._flows.clear()

    def thaw(self) -> None:
        """Carry again, what was held up first."""
        self._flows.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        self._ends.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
            self._ends.add(far_writer)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, far_writer), name="to the broker")
                group.create_task(self._pump(far_reader, writer), name="from the broker")
            self._ends.discard(far_writer)
        except ConnectionRefusedError:
            writer.transport.abort()
        finally:
            self._ends.discard(writer)
            self._carrying.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
