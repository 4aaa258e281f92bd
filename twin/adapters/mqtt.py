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
from random import Random
from typing import Any

import aiomqtt
import structlog
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from twin.adapters.mqtt_settings import LinkSettings, tls_context
from twin.domain.clock import Clock
from twin.domain.errors import SafetyBroken, Unreachable
from twin.domain.messages import MessageIn, MessageOut
from twin.domain.sealed import SealedCommand

log = structlog.get_logger("mqtt")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 30.0
_STEADY_S = 10.0  # a link that lasted this long makes the next pause short again
_UNDER_WAY = 1000  # QoS 1 messages the broker may send before the first is acknowledged
_GOODBYE_S = 1.0  # how long a link that is given up may take over its DISCONNECT
_MOST_WAITING = 200_000  # messages between the socket and whoever takes them; above, QoS 0 is dropped and counted
_MID_BITS = 16
_COMMANDS = "/_cmd/"
# paho's own lines would repeat ours, with payloads
_quiet = logging.getLogger("thermotwin.paho")
_quiet.setLevel(logging.CRITICAL)


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
        self._heard_s = self._connected_s = 0.0
        self._under_way: set[_Pending] = set()
        self.health = LinkHealth()

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        pause_s = _FIRST_PAUSE_S
        while True:
            connects = self.health.connects
            try:
                await self._one_connection()
            except (aiomqtt.MqttError, OSError, ssl.SSLError) as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # aiomqtt's goodbye failed: its error must not stand in for the cancellation
                    raise asyncio.CancelledError from error
                self._note_failure(error)
            if self.health.connects > connects and self._clock.monotonic_s() - self._connected_s > _STEADY_S:
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
        self._under_way.add(pending)
        try:
            await self._publish_through(client, messages, pending)
        finally:
            self._under_way.discard(pending)

    async def _publish_through(
        self, client: aiomqtt.Client, messages: Sequence[tuple[str, bytes, int, bool, int | None]], pending: _Pending
    ) -> None:
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
            pending.give_up()
        if pending.lost:
            self.health.unpublished += pending.count
            raise self._unreachable(f"{pending.count} messages not acknowledged")
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
                try:
                    await self._subscribe(client)
                    self._note_success()
                    await self._watch(client)
                finally:
                    client.timeout = min(client.timeout, _GOODBYE_S)
        finally:
            self._client = None
            self._up.clear()
            self.health.connected = False
            for pending in self._under_way:
                pending.give_up()
            # a connection that failed half-way keeps its socket, and aiomqtt's task keeps that alive
            client._client._sock_close()

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        for start in range(0, len(self._subscriptions), 50):
            topics = self._subscriptions[start : start + 50]
            answers = await client.subscribe([(topic, 1) for topic in topics])
            for topic, answer in zip(topics, answers, strict=False):
                if getattr(answer, "is_failure", False):
                    log.warning("the broker refuses a subscription", broker=self._address, topic=topic, why=str(answer))

    async def _watch(self, client: aiomqtt.Client) -> None:
        """Return or raise when the link is gone or silent."""
        gone = client._disconnected
        self._heard_s = self._clock.monotonic_s()
        while not gone.done():
            if client._client.socket() is None:
                raise OSError("the broker closed the connection")  # so early that aiomqtt has forgotten it
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(gone), timeout=1.0)
            silent_s = self._clock.monotonic_s() - self._heard_s
            if 0.0 < self._settings.silence_s < silent_s:
                raise OSError(f"nothing arrived for {silent_s:.0f} s: the link is made anew")
        error = gone.exception()
        if error is not None and not isinstance(error, aiomqtt.MqttError | OSError):
            raise OSError(f"the broker sent what cannot be read: {error!r}") from error
        raise error or OSError("the broker closed the connection")

    def _made(self) -> aiomqtt.Client:
        settings, session = self._settings, self._settings.session_expiry_s > 0
        properties = None
        if settings.mqtt5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = settings.session_expiry_s
            properties.ReceiveMaximum = _UNDER_WAY
        will = self._will
        client = aiomqtt.Client(
            settings.host,
            settings.port,
            identifier=settings.client_id,
            username=settings.username or None,
            password=settings.password or None,
            protocol=aiomqtt.ProtocolVersion.V5 if settings.mqtt5 else aiomqtt.ProtocolVersion.V311,
            clean_session=None if settings.mqtt5 else not session,
            clean_start=not session if settings.mqtt5 else MQTT_CLEAN_START_FIRST_ONLY,
            properties=properties,
            will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain) if will else None,
            keepalive=settings.keepalive_s,
            timeout=settings.timeout_s,
            queue_type=self._hook(),
            max_inflight_messages=_UNDER_WAY,
            tls_context=tls_context(settings.tls) if settings.tls else None,
            tls_insecure=True if settings.tls and settings.tls.insecure else None,
            logger=_quiet,
            # small packets that wait for each other's acknowledgement would cost 40 ms a round
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        _heed_window(client._client)
        return client

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
        self.health.last_error = ""
        self._connected_s = self._clock.monotonic_s()
        self._up.set()
        log.info("connected", broker=self._address, client_id=self._settings.client_id)
        self._on_connect()

    def _note_failure(self, error: Exception) -> None:
        self.health.failures += 1
        words = str(error) or type(error).__name__
        if words != self.health.last_error:
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
        self.lost = False
        self._done = asyncio.Event()

    def set(self) -> None:
        """One of them was acknowledged."""
        self.count -= 1
        if self.count <= 0:
            self._done.set()

    def give_up(self) -> None:
        """Their link is gone: no acknowledgement will come."""
        self.lost = self.count > 0
        self._done.set()

    async def wait(self) -> None:
        if self.count > 0:
            await self._done.wait()


def _heed_window(paho: Any) -> None:
    """Send no more unacknowledged messages than CONNACK allows: paho reads the number and does not keep to it."""
    connected = paho.on_connect

    def on_connect(client: Any, userdata: Any, flags: Any, reason: Any, properties: Any = None) -> None:
        # its setter wants this before the connection, when nobody knows it
        client._max_inflight_messages = min(_UNDER_WAY, getattr(properties, "ReceiveMaximum", _UNDER_WAY))
        connected(client, userdata, flags, reason, properties)

    paho.on_connect = on_connect
