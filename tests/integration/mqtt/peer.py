"""An MQTT client that hides nothing: what a test does with it is what goes over the socket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from types import TracebackType

from tests.integration.mqtt import wire
from tests.integration.mqtt.wire import V5, Properties, Received, Will

PATIENCE_S = 10.0  # for whatever the broker owes an answer to


class Peer:
    """One connection. Use `async with await Peer.connect(...)`; leaving the block closes the socket without a word.

    There is no waiting for "nothing more comes": the broker answers a ping after all it sent before, so `received`
    is exact. Attributes:
        present: Whether CONNACK said that the session was kept.
        connack: The properties of CONNACK.
        acknowledges: Whether QoS 1 messages are acknowledged as they are read.
        farewell: The reason of the broker's own DISCONNECT, when it sent one.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, version: int) -> None:
        self.version = version
        self.present = False
        self.connack: Properties = {}
        self.acknowledges = True
        self.farewell: int | None = None
        self._reader, self._writer = reader, writer
        self._stash: list[Received] = []
        self._packet_ids = count(1)

    @classmethod
    async def open(cls, port: int, version: int) -> Peer:
        """A TCP connection on which nothing was said yet."""
        return cls(*await asyncio.open_connection("127.0.0.1", port), version)

    @classmethod
    async def connect(
        cls,
        port: int,
        client_id: str,
        version: int,
        *,
        clean: bool = True,
        kept: bool = False,
        keep_alive_s: int = 60,
        username: str | None = None,
        password: str | None = None,
        will: Will | None = None,
        properties: Properties | None = None,
        acknowledges: bool = True,
    ) -> Peer:
        """A connection the broker let in. `kept` asks for a session that outlives it, in the words of the version.

        Raises: Refused: it was not let in.
        """
        asked = dict(properties or {})
        if kept and version == V5:
            asked.setdefault("session_expiry", 3600)
        elif kept:
            clean = False
        peer = await cls.open(port, version)
        peer.acknowledges = acknowledges
        peer.send(
            wire.connect(
                client_id,
                version=version,
                clean=clean,
                keep_alive_s=keep_alive_s,
                username=username,
                password=password,
                will=will,
                properties=asked,
            )
        )
        reader = wire.Reader(await peer.answer(wire.CONNACK))
        peer.present, reason = bool(reader.number(1)), reader.number(1)
        peer.connack = reader.properties(version)
        if reason:
            assert await peer.closed() is None, "a refused client gets CONNACK and nothing else"
            await peer.close()
            raise Refused(reason)
        return peer

    async def __aenter__(self) -> Peer:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # -- what a client does

    def send(self, data: bytes) -> None:
        """Write bytes, whatever they are."""
        self._writer.write(data)

    async def subscribe(self, *filters: str | tuple[str, int], qos: int = 1, **properties: int) -> list[int]:
        """Subscribe, and return the reasons of SUBACK. A filter may carry its own options byte."""
        packet_id = next(self._packet_ids)
        wishes = [wish if isinstance(wish, tuple) else (wish, qos) for wish in filters]
        self.send(wire.subscribe(packet_id, wishes, version=self.version, properties=properties))
        return await self._reasons(wire.SUBACK, packet_id)

    async def unsubscribe(self, *filters: str) -> list[int]:
        """Unsubscribe, and return the reasons of UNSUBACK (3.1.1 has none)."""
        packet_id = next(self._packet_ids)
        self.send(wire.unsubscribe(packet_id, filters, version=self.version))
        return await self._reasons(wire.UNSUBACK, packet_id)

    async def publish(
        self,
        topic: str,
        payload: bytes = b"x",
        *,
        qos: int = 1,
        retain: bool = False,
        properties: Properties | None = None,
    ) -> int:
        """Publish; with QoS 1 wait for PUBACK and return its reason. Once this returns, the broker has routed it."""
        packet_id = next(self._packet_ids) if qos else 0
        self.send(
            wire.publish(
                topic,
                payload,
                version=self.version,
                qos=qos,
                retain=retain,
                packet_id=packet_id,
                properties=properties,
            )
        )
        if not qos:
            await self._ping()
            return 0
        reader = wire.Reader(await self.answer(wire.PUBACK))
        assert reader.number(2) == packet_id, "PUBACK is for another message"
        rest = reader.rest()
        return rest[0] if rest else 0

    def acknowledge(self, message: Received) -> None:
        """PUBACK by hand, for a peer that does not do it by itself."""
        self.send(wire.puback(message.packet_id))

    async def received(self) -> list[Received]:
        """Every message since the last call, up to now."""
        await self._ping()
        taken, self._stash = self._stash, []
        return taken

    async def payloads(self) -> list[bytes]:
        """`received`, the payloads alone."""
        return [message.payload for message in await self.received()]

    async def message(self) -> Received:
        """Wait for the next message."""
        while not self._stash:
            await self._read()
        return self._stash.pop(0)

    async def answer(self, kind: int) -> bytes:
        """Wait for a packet of this kind and return its body."""
        while True:
            found, body = await self._read()
            if found == kind:
                return body

    async def leave(self, reason: int = 0, properties: Properties | None = None) -> None:
        """DISCONNECT, and wait until the broker has closed the connection."""
        self.send(wire.disconnect(self.version, reason, properties))
        await self.closed()
        await self.close()

    async def closed(self) -> int | None:
        """Wait until the broker closes. Returns: the reason it gave, if it gave one."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self._read()
        return self.farewell

    async def cut(self) -> None:
        """Break the connection without a goodbye, as a cut cable does once TCP notices."""
        self._writer.transport.abort()
        await self.close()

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def drained(self) -> None:
        """Hand what was written to the socket, and let the loop turn once."""
        await self._writer.drain()
        await asyncio.sleep(0)

    # -- bytes to packets

    async def _ping(self) -> None:
        self.send(wire.packet(wire.PINGREQ, b""))
        await self.answer(wire.PINGRESP)

    async def _reasons(self, kind: int, packet_id: int) -> list[int]:
        reader = wire.Reader(await self.answer(kind))
        assert reader.number(2) == packet_id, "the answer is for another request"
        reader.properties(self.version)
        return list(reader.rest())

    async def _read(self) -> tuple[int, bytes]:
        """One packet; messages are put aside, the broker's DISCONNECT is noted."""
        async with asyncio.timeout(PATIENCE_S):
            first = (await self._reader.readexactly(1))[0]
            body = await self._reader.readexactly(await self._length())
        kind = first >> 4
        if kind == wire.PUBLISH:
            message = wire.received(first, body, self.version)
            self._stash.append(message)
            if message.qos and self.acknowledges:
                self.acknowledge(message)
        elif kind == wire.DISCONNECT:
            self.farewell = body[0] if body else 0
        return kind, body

    async def _length(self) -> int:
        read = b""
        while not read or read[-1] >= 0x80:
            read += await self._reader.readexactly(1)
        return wire.Reader(read).varint()


class Refused(Exception):
    """CONNACK said no."""

    def __init__(self, reason: int) -> None:
        super().__init__(f"refused with 0x{reason:02x}")
        self.reason = reason


def numbered(amount: int) -> Sequence[bytes]:
    """Payloads that tell which message is which."""
    return [str(number).encode() for number in range(amount)]
