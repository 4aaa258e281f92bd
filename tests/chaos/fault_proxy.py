"""A TCP link that can be made bad: slow, lossy, torn in the midst of a body, or closed. A loop and a thread of its own.

A dropped piece takes the rest of its connection along, as nobody sends it again: the client sees silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from random import Random

_AT_ONCE = 16_384
_RESET = struct.pack("ii", 1, 0)  # linger for nothing: closing sends RST


@dataclass(slots=True)
class Link:
    """How bad the link is now. `longest_delay_s` of each piece; `reset_after` so many bytes a connection is reset."""

    longest_delay_s: float = 0.0
    drop_frac: float = 0.0
    reset_after: int = 0
    refuse: bool = False


@dataclass(slots=True)
class Done:
    """What was done to those who came through."""

    connections: int = 0
    refused: int = 0
    dropped: int = 0
    resets: int = 0
    delays: int = 0


class FaultProxy:
    """Carries bytes from its own port to another. `link` may be replaced at any time; new pieces heed it."""

    def __init__(self, to_port: int, *, seed: int = 1) -> None:
        self.link = Link()
        self.done = Done()
        self._to_port = to_port
        self._random = Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10.0)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        carried: set[asyncio.Task[None]] = set()

        async def come(near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                carried.add(task)
            try:
                await self._carry(near_in, near_out)
            except asyncio.CancelledError:
                pass  # the end of the test
            finally:
                carried.discard(task)  # type: ignore[arg-type]
                near_out.transport.abort()

        server = await asyncio.start_server(come, sock=self._listener)
        await self._stop.wait()
        server.close()
        for task in list(carried):
            task.cancel()
        if carried:
            await asyncio.wait(carried, timeout=5.0)

    async def _carry(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        self.done.connections += 1
        if self.link.refuse:
            self.done.refused += 1
            _reset(near_out)
            return
        try:
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            _reset(near_out)
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(near_in, far_out), name="there")
                both.create_task(self._pump(far_in, near_out), name="back")
        except* (_TornError, OSError):
            _reset(near_out)
        finally:
            with contextlib.suppress(OSError):
                _reset(far_out)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        carried, swallow = 0, False
        while piece := await source.read(_AT_ONCE):
            link = self.link
            if link.refuse:
                self.done.refused += 1
                raise _TornError
            if link.longest_delay_s:
                self.done.delays += 1
                await asyncio.sleep(self._random.uniform(0.0, link.longest_delay_s))
            if link.drop_frac and self._random.random() < link.drop_frac:
                self.done.dropped += 1
                swallow = True
            if swallow:
                continue
            carried += len(piece)
            if link.reset_after and carried > link.reset_after:
                target.write(piece[: len(piece) // 2])
                await target.drain()
                self.done.resets += 1
                raise _TornError
            target.write(piece)
            await target.drain()
        raise _TornError  # one end has left, so must the other


class _TornError(Exception):
    pass


def _reset(writer: asyncio.StreamWriter) -> None:
    end = writer.get_extra_info("socket")
    if end is not None:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
