"""A wire between a client and a server that keeps what the client said, and reads its TLS records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

CHANGE_CIPHER, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
LONGEST_ALERT = 32  # bytes of an encrypted record that can hold an alert, and no MQTT CONNECT with a password


class Tap:
    """Every connection's bytes, from the client."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self.said: list[bytearray] = []
        self.port = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = bytearray()
        self.said.append(said)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.close()
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(_pour(reader, far_writer, said), name="to the server")
            group.create_task(_pour(far_reader, writer, bytearray()), name="to the client")

    def records(self) -> list[tuple[int, int]]:
        """Kind and length of every TLS record. Raises: AssertionError: something else went over the wire."""
        return [record for said in self.said for record in _records(bytes(said))]

    def readable(self, words: Sequence[str]) -> list[str]:
        """Those of the words that anybody on the wire could have read."""
        return [word for word in words if any(word.encode() in said for said in self.said)]

    @property
    def told_secrets(self) -> bool:
        """Whether more than a handshake and an alert was sent, encrypted or not."""
        return any(kind == DATA and length > LONGEST_ALERT for kind, length in self.records())


@asynccontextmanager
async def a_tap(to_port: int) -> AsyncIterator[Tap]:
    tap = Tap(to_port)
    server = await asyncio.start_server(tap.carry, "127.0.0.1", 0)
    tap.port = int(server.sockets[0].getsockname()[1])
    try:
        yield tap
    finally:
        server.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
    try:
        while more := await reader.read(65536):
            kept += more
            writer.write(more)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def _records(said: bytes) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(said):
        kind, version, length = said[at], said[at + 1], int.from_bytes(said[at + 3 : at + 5])
        assert kind in {CHANGE_CIPHER, ALERT, HANDSHAKE, DATA}, f"not TLS: {said[at : at + 20]!r}"
        assert version == 3, f"not TLS: {said[at : at + 20]!r}"
        found.append((kind, length))
        at += 5 + length
    return found
