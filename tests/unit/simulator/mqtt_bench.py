"""The simulated broker without sockets: its own connections on transports that only write down what is sent."""

from __future__ import annotations

import asyncio
from itertools import count

from tests.integration.mqtt import wire
from tests.integration.mqtt.wire import V5, V311, Properties, Received, Will
from twin.simulator.broker import FaultHandle, FaultRule, Limits
from twin.simulator.mqtt.connection import Connection, Flusher
from twin.simulator.mqtt.hub import Hub

__all__ = ["V5", "V311", "Bench", "Client"]


class NotedTransport(asyncio.Transport):
    """Keeps what is written. `reset` tells a reset from an orderly close."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = self.reset = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Never full."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.reset = self.reset or not self.closed
        self.closed = True


class Bench:
    """A hub, a clock that moves when told to, and clients that speak to it in bytes."""

    def __init__(self, *, limits: Limits | None = None, fault_topic: bool = False) -> None:
        self.now_s = 1000.0
        self.hub = Hub(limits=limits or Limits(), monotonic_s=lambda: self.now_s, fault_topic=fault_topic)
        self.connections: set[Connection] = set()
        self._flusher = Flusher()

    async def fault(self, rule: FaultRule) -> FaultHandle:
        """Put a rule to work; a ghost has appeared once this returns."""
        handle = self.hub.faults.add(rule)
        await asyncio.sleep(0)
        return handle

    async def client(
        self,
        client_id: str,
        *,
        version: int = V5,
        clean: bool = True,
        kept: bool = False,
        keep_alive_s: int = 60,
        will: Will | None = None,
        properties: Properties | None = None,
    ) -> Client:
        """A client that has sent CONNECT. Its answer waits to be read like any other."""
        asked: dict[str, wire.Value] = dict(properties or {})
        if kept and version == V5:
            asked["session_expiry"] = 3600
        client = self.stranger(version)
        await client.send(
            wire.connect(
                client_id,
                version=version,
                clean=clean and not (kept and version == V311),
                keep_alive_s=keep_alive_s,
                will=will,
                properties=asked,
            )
        )
        return client

    def stranger(self, version: int = V5) -> Client:
        """A client that has said nothing yet."""
        connection = Connection(self.hub, self._flusher, self.connections)
        client = Client(connection, NotedTransport(), version)
        connection.connection_made(client.transport)
        return client

    async def pass_s(self, seconds: float) -> None:
        """Time passes, and what is due happens."""
        self.now_s += seconds
        self.hub.agenda.run_due()
        for connection in list(self.connections):
            connection.check_silence(self.now_s)
        await asyncio.sleep(0)


class Client:
    """One connection as seen from its far end."""

    def __init__(self, connection: Connection, transport: NotedTransport, version: int) -> None:
        self.connection, self.transport, self.version = connection, transport, version
        self._messages: list[Received] = []
        self._answers: list[tuple[int, bytes]] = []
        self._packet_ids = count(1)

    async def send(self, data: bytes) -> None:
        self.connection.data_received(data)
        await asyncio.sleep(0)  # the broker writes once per turn of the loop

    async def subscribe(self, *filters: str | tuple[str, int], qos: int = 1) -> list[int]:
        """Returns the reasons of SUBACK."""
        wishes = [wish if isinstance(wish, tuple) else (wish, qos) for wish in filters]
        await self.send(wire.subscribe(next(self._packet_ids), wishes, version=self.version))
        suback = self.answer(wire.SUBACK)
        assert suback is not None
        return list(suback[-len(filters) :])

    async def publish(
        self, topic: str, payload: bytes = b"x", *, qos: int = 1, retain: bool = False, expiry_s: int | None = None
    ) -> int | None:
        """Returns the reason of PUBACK, or None when none came at once."""
        properties = {} if expiry_s is None else {"message_expiry": expiry_s}
        packet_id = next(self._packet_ids) if qos else 0
        await self.send(
            wire.publish(
                topic, payload, version=self.version, qos=qos, retain=retain, packet_id=packet_id, properties=properties
            )
        )
        return self.acknowledged()

    async def acknowledge(self, message: Received) -> None:
        await self.send(wire.puback(message.packet_id))

    def acknowledged(self) -> int | None:
        """The reason of the next PUBACK; None when there is none."""
        puback = self.answer(wire.PUBACK)
        return None if puback is None else (puback + b"\0")[2]

    def answer(self, kind: int) -> bytes | None:
        """The body of the oldest unread packet of this kind; None when there is none."""
        self._read()
        for entry in self._answers:
            if entry[0] == kind:
                self._answers.remove(entry)
                return entry[1]
        return None

    def received(self) -> list[Received]:
        """Every message since the last call."""
        self._read()
        taken, self._messages = self._messages, []
        return taken

    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.received()]

    @property
    def farewell(self) -> int | None:
        """The reason of the broker's DISCONNECT, if it sent one."""
        body = self.answer(wire.DISCONNECT)
        return body[0] if body else None

    async def lose(self) -> None:
        """The cable is cut."""
        self.connection.connection_lost(ConnectionResetError())
        await asyncio.sleep(0)

    def _read(self) -> None:
        reader, self.transport.written = wire.Reader(self.transport.written), b""
        while reader.left:
            first = reader.number(1)
            body = reader.take(reader.varint())
            if first >> 4 == wire.PUBLISH:
                self._messages.append(wire.received(first, body, self.version))
            else:
                self._answers.append((first >> 4, body))
