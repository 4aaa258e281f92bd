"""The MQTT link: the only file that knows aiomqtt and paho.

What the library leaves open is closed here: messages are acknowledged by hand, once they are on disk; the session is
kept under a fixed name; a lost link comes back by itself, with a growing pause, and subscribes anew; a link on which
nothing arrives any more is not trusted. Commands leave through `send_sealed` alone.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import aiomqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from twin.domain.clock import Clock
from twin.domain.errors import SafetyBroken, Unreachable
from twin.domain.messages import MessageIn, MessageOut
from twin.domain.sealed import SealedCommand

log = structlog.get_logger("mqtt")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 30.0
_STEADY_S = 10.0  # a link that lasted this long makes the next pause short again
_UNDER_WAY = 1000  # QoS 1 messages the broker may send before the first is acknowledged
_MOST_WAITING = 200_000  # messages between the socket and whoever takes them; above, QoS 0 is dropped and counted
_MID_BITS = 16
_COMMANDS = "/_cmd/"
# paho's own lines would repeat ours, with payloads
_quiet = logging.getLogger("thermotwin.paho")
_quiet.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Tls:
    """How the broker proves who it is, and we to it."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """One connection. `session_expiry_s` 0 keeps no session; `silence_s` is how long nothing at all may arrive.

    `patience_s` is how long a publication waits for a link that is down.
    """

    host: str
    port: int
    client_id: str
    username: str = ""
    password: str = ""
    tls: Tls | None = None
    mqtt5: bool = True
    keepalive_s: int = 10
    timeout_s: float = 10.0
    session_expiry_s: int = 0
    silence_s: float = 0.0
    patience_s: float = 0.0

    def __repr__(self) -> str:
        return f"LinkSettings({self.host!r}, {self.port}, client_id={self.client_id!r})"


@dataclass(slots=True)
class LinkHealth:
    """Levels for the health page and the metrics."""

    connected: bool = False
    connects: int = 0
    failures: int = 0
    last_error: str = ""
    received: int = 0
    overflowed: int = 0
    published: int = 0
    unpublished: int = 0


class MqttLink:
    """Keeps one connection alive while `run` runs; implements `Inbox` and `Outbox`."""

    def __init__(
        self,
        settings: LinkSettings,
        subscriptions: Sequence[str],
        clock: Clock,
        *,
        will: MessageOut | None = None,
        random: Random | None = None,
        on_connect: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings, self._subscriptions, self._clock = settings, tuple(subscriptions), clock
        self._will, self._random, self._on_connect = will, random or Random(), on_connect
        self._client: aiomqtt.Client | None = None
        self._waiting: list[MessageIn] = []
        self._arrived = asyncio.Event()
        self._up = asyncio.Event()
        self._generation = 0
        self._heard_s = 0.0
        self.health = LinkHealth()

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        pause_s = _FIRST_PAUSE_S
        while True:
            began_s = self._clock.monotonic_s()
            try:
                await self._one_connection()
            except (aiomqtt.MqttError, OSError, ssl.SSLError) as error:
                self._note_failure(error)
            if self._clock.monotonic_s() - began_s > _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            await self._clock.sleep(self._random.uniform(0.5, 1.0) * pause_s)
            pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)

    async def wait_connected(self, timeout_s: float) -> None:
        """Raises: Unreachable: no link within that time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._up.wait()
        except TimeoutError:
            raise self._unreachable(self.health.last_error or "no answer") from None

    async def batches(self) -> AsyncIterator[Sequence[MessageIn]]:
        """What arrived since the last call, in order; at least one message."""
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            batch, self._waiting = self._waiting, []
            yield batch

    def acknowledge(self, messages: Sequence[MessageIn]) -> None:
        """Tell the broker that these QoS 1 messages are ours. Those of a link that is gone will come again."""
        client = self._client
        if client is None:
            return
        for message in messages:
            if message.qos > 0 and message.token >> _MID_BITS == self._generation:
                client._client.ack(message.token & 0xFFFF, message.qos)

    async def publish(self, message: MessageOut) -> None:
        """Raises: Unreachable: the broker did not take it in time. SafetyBroken: the topic is one of commands."""
        await self.publish_many((message,))

    async def publish_many(self, messages: Sequence[MessageOut]) -> None:
        """Publish in order and return when the last is acknowledged (QoS 1) or handed to the socket (QoS 0).

        Raises: Unreachable: not all were taken in time. SafetyBroken: a topic is one of commands.
        """
        for message in messages:
            if _COMMANDS in message.topic:
                raise SafetyBroken("only sealed commands may be published there", where=message.topic)
        await self._publish([(m.topic, m.payload, m.qos, m.retain, m.expiry_s) for m in messages])

    async def send_sealed(self, commands: Sequence[SealedCommand]) -> None:
        """Publish commands: QoS 1, never retained, forgotten by the broker when the lease ends.

        Raises: Unreachable: not all were taken in time. SafetyBroken: something else than a sealed command.
        """
        for command in commands:
            if not isinstance(command, SealedCommand):
                raise SafetyBroken("only sealed commands may be published under _cmd")
        await self._publish([(c.topic, c.payload, 1, False, c.expiry_s) for c in commands])

    async def _publish(self, messages: Sequence[tuple[str, bytes, int, bool, int | None]]) -> None:
        if not messages:
            return
        if not self._up.is_set() and self._settings.patience_s > 0.0:
            await self.wait_connected(self._settings.patience_s)
        client = self._client
        if client is None or not self._up.is_set():
            self.health.unpublished += len(messages)
            raise self._unreachable("not connected")
        pending = _Pending()
        for topic, payload, qos, retain, expiry_s in messages:
            # one await for all of them: aiomqtt's own publish costs a wake-up each
            info = client._client.publish(topic, payload, qos, retain, self._properties(expiry_s))
            if info.rc != 0:
                self.health.unpublished += len(messages)
                raise self._unreachable(f"paho error {info.rc}")
            if not info.is_published():
                pending.count += 1
                client._pending_publishes[info.mid] = pending  # type: ignore[assignment]
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await pending.wait()
        except TimeoutError:
            self.health.unpublished += pending.count
            raise self._unreachable(f"{pending.count} messages not acknowledged") from None
        self.health.published += len(messages)

    def _properties(self, expiry_s: int | None) -> Properties | None:
        if expiry_s is None or not self._settings.mqtt5:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = expiry_s
        return properties

    async def _one_connection(self) -> None:
        client = self._made()
        client._client.manual_ack_set(True)
        self._generation += 1
        try:
            async with client:
                # messages may arrive before SUBACK: the session was kept
                self._client = client
                for start in range(0, len(self._subscriptions), 50):
                    await client.subscribe([(topic, 1) for topic in self._subscriptions[start : start + 50]])
                self._note_success()
                await self._watch(client)
        finally:
            self._client = None
            self._up.clear()
            self.health.connected = False

    async def _watch(self, client: aiomqtt.Client) -> None:
        """Return or raise when the link is gone or silent."""
        gone = client._disconnected
        self._heard_s = self._clock.monotonic_s()
        while not gone.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(gone), timeout=1.0)
            silent_s = self._clock.monotonic_s() - self._heard_s
            if 0.0 < self._settings.silence_s < silent_s:
                raise OSError(f"nothing arrived for {silent_s:.0f} s: the link is made anew")
        gone.result()
        raise OSError("the broker closed the connection")

    def _made(self) -> aiomqtt.Client:
        settings, session = self._settings, self._settings.session_expiry_s > 0
        properties = None
        if settings.mqtt5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = settings.session_expiry_s
            properties.ReceiveMaximum = _UNDER_WAY
        will = self._will
        return aiomqtt.Client(
            settings.host,
            settings.port,
            identifier=settings.client_id,
            username=settings.username or None,
            password=settings.password or None,
            protocol=aiomqtt.ProtocolVersion.V5 if settings.mqtt5 else aiomqtt.ProtocolVersion.V311,
            clean_session=None if settings.mqtt5 else not session,
            clean_start=not session,
            properties=properties,
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain) if will else None,
            keepalive=settings.keepalive_s,
            timeout=settings.timeout_s,
            queue_type=self._hook(),
            max_inflight_messages=_UNDER_WAY,
            tls_context=_tls_context(settings.tls) if settings.tls else None,
            tls_insecure=True if settings.tls and settings.tls.insecure else None,
            logger=_quiet,
            # small packets that wait for each other's acknowledgement would cost 40 ms a round
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def _hook(self) -> Any:
        """A queue that hands messages over as they are put: aiomqtt's iterator would cost a task for each."""
        take = self._take

        class Hook(asyncio.Queue[aiomqtt.Message]):
            def put_nowait(self, item: aiomqtt.Message) -> None:
                take(item)

        return Hook

    def _take(self, message: aiomqtt.Message) -> None:
        self._heard_s = self._clock.monotonic_s()
        self.health.received += 1
        if message.qos == 0 and len(self._waiting) >= _MOST_WAITING:
            self.health.overflowed += 1
            return
        payload = message.payload
        body = payload if isinstance(payload, bytes) else str(payload or "").encode()
        token = self._generation << _MID_BITS | message.mid
        self._waiting.append(
            MessageIn(str(message.topic), body, message.qos, message.retain, self._clock.now_ns(), token)
        )
        self._arrived.set()

    def _note_success(self) -> None:
        self.health.connected = True
        self.health.connects += 1
        self._up.set()
        log.info("connected", broker=self._address, client_id=self._settings.client_id)
        self._on_connect()

    def _note_failure(self, error: Exception) -> None:
        self.health.failures += 1
        words = str(error) or type(error).__name__
        if words != self.health.last_error or self.health.connects:
            log.warning("no link to the broker, trying again", broker=self._address, error=words)
        self.health.last_error = words

    @property
    def _address(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(
            f"the broker does not take messages: {why}",
            where=self._address,
            fix="check TWIN_MQTT__HOST and TWIN_MQTT__PORT, and that a broker listens there",
        )


class _Pending:
    """Stands in aiomqtt's table of unacknowledged publications for many messages at once."""

    def __init__(self) -> None:
        self.count = 0
        self._done = asyncio.Event()

    def set(self) -> None:
        """One of them was acknowledged."""
        self.count -= 1
        if self.count <= 0:
            self._done.set()

    async def wait(self) -> None:
        if self.count > 0:
            await self._done.wait()


def _tls_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.cert_file and tls.key_file:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
