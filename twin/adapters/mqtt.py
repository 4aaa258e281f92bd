"""The MQTT link: with `mqtt_client` and `mqtt_reading`, the only files that know aiomqtt and paho.

What the library leaves open is closed here: messages are acknowledged by hand, once they are on disk; the session is
kept under a fixed name; a lost link comes back by itself, with a growing pause, and subscribes anew; a link on which
nothing arrives any more is not trusted. Commands leave through `send_sealed` alone.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import aiomqtt
import structlog
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from twin.adapters.mqtt_client import client_for
from twin.adapters.mqtt_reading import Publish, Reading, acknowledge
from twin.adapters.mqtt_settings import LinkSettings, tls_words
from twin.domain.clock import Clock
from twin.domain.errors import SafetyBroken, Unreachable
from twin.domain.messages import MessageIn, MessageOut
from twin.domain.sealed import SealedCommand

log = structlog.get_logger("mqtt")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 30.0
_REFUSED_PAUSE_S = 0.5  # longest while nobody listens: a broker that is restarted may listen any moment
_STEADY_S = 10.0  # a link that lasted this long makes the next pause short again
_GOODBYE_S = 1.0  # how long a link that is given up may take over its DISCONNECT
_MOST_WAITING = 200_000  # messages between the socket and whoever takes them; above, QoS 0 is dropped and counted
_MID_BITS = 16
_COMMANDS = "/_cmd/"


@dataclass(slots=True)
class LinkHealth:
    """Levels for the health page and the metrics."""

    connected: bool = False
    connects: int = 0
    failures: int = 0
    last_error: str = ""
    received: int = 0
    overflowed: int = 0
    refused: int = 0
    published: int = 0
    unpublished: int = 0
    sessions_lost: int = 0


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
        had_session: bool = False,
        admit: Callable[[str, int, int], bool] = lambda topic, qos, waiting: True,
        reason_to_renew: Callable[[], str] = lambda: "",
    ) -> None:
        """`had_session`: an earlier process left a session at the broker, so that one that is not there was lost.

        `admit` is asked with topic, QoS and how many wait before a message is looked at. One that is not admitted is
        counted and, at QoS 1, acknowledged at once: a flood must not fill the window that others need.
        `reason_to_renew` is asked once a second; when it has one the link is made anew.
        """
        self._settings, self._subscriptions, self._clock = settings, tuple(subscriptions), clock
        self._will, self._random, self._on_connect = will, random or Random(), on_connect
        self._client: aiomqtt.Client | None = None
        self._waiting: list[MessageIn] = []
        self._arrived = asyncio.Event()
        self._up = asyncio.Event()
        self._generation = 0
        self._had_session, self._session_present = had_session, False
        self._admit, self._reason_to_renew = admit, reason_to_renew
        self._renewal = ""
        self._heard_s = self._connected_s = 0.0
        self._under_way: set[_Pending] = set()
        self.health = LinkHealth()

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        pause_s = _FIRST_PAUSE_S
        while True:
            connects, longest_s = self.health.connects, _LONGEST_PAUSE_S
            try:
                await self._one_connection()
            except (aiomqtt.MqttError, OSError, ssl.SSLError) as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # aiomqtt's goodbye failed: its error must not stand in for the cancellation
                    raise asyncio.CancelledError from error
                self._note_failure(error)
                # aiomqtt keeps the words of what it turns into its own error, and Python the error itself
                if isinstance(error.__context__, ConnectionRefusedError):
                    longest_s = _REFUSED_PAUSE_S
            if self.health.connects > connects and self._clock.monotonic_s() - self._connected_s > _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            pause_s = min(pause_s, longest_s)
            await self._clock.sleep(self._random.uniform(0.5, 1.0) * pause_s)
            pause_s = min(2.0 * pause_s, longest_s)

    def renew(self, why: str) -> None:
        """Make the link anew within a second: the broker then sends what was not acknowledged once more."""
        self._renewal = why

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
        mids = [m.token & 0xFFFF for m in messages if m.qos > 0 and m.token >> _MID_BITS == self._generation]
        if mids:
            acknowledge(client._client, mids)

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
        client = client_for(self._settings, self._will)
        # straight from paho: aiomqtt's queue would make two more objects of every message, its iterator a task
        client._client.on_message = self._take_one
        Reading(client._client, self._take, mqtt5=self._settings.mqtt5)
        self._ask_for_session(client)
        self._generation += 1
        self._renewal = ""
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

    def _ask_for_session(self, client: aiomqtt.Client) -> None:
        """Note what the broker says of our session on its way to aiomqtt, which does not keep it."""
        connected: Any = client._client.on_connect

        def note(paho: Any, data: Any, flags: Any, reason: Any, properties: Any) -> None:
            self._session_present = bool(flags.session_present)
            connected(paho, data, flags, reason, properties)

        client._client.on_connect = note

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
            why = self._renewal or self._reason_to_renew()
            if why:
                raise OSError(why)
            silent_s = self._clock.monotonic_s() - self._heard_s
            if 0.0 < self._settings.silence_s < silent_s:
                raise OSError(f"nothing arrived for {silent_s:.0f} s: the link is made anew")
        error = gone.exception()
        if error is not None and not isinstance(error, aiomqtt.MqttError | OSError):
            raise OSError(f"the broker sent what cannot be read: {error!r}") from error
        raise error or OSError("the broker closed the connection")

    def _take_one(self, _paho: Any, _data: Any, message: MQTTMessage) -> None:
        self._take([(message.topic, bytes(message.payload), message.qos, message.retain, message.mid)])

    def _take(self, found: Sequence[Publish]) -> None:
        waiting, health, admit = self._waiting, self.health, self._admit
        health.received += len(found)
        self._heard_s = self._clock.monotonic_s()
        generation = self._generation << _MID_BITS
        had, refused = len(waiting), []
        # a nanosecond apart, as a reading without a time of its own is known by its arrival
        for at_ns, (topic, payload, qos, retain, mid) in enumerate(found, self._clock.now_ns()):
            if qos == 0 and len(waiting) >= _MOST_WAITING:
                health.overflowed += 1
            elif admit(topic, qos, len(waiting)):
                waiting.append(MessageIn(topic, payload, qos, retain, at_ns, generation | mid))
            else:
                health.refused += 1
                if qos > 0:
                    refused.append(mid)
        if refused and self._client is not None:
            acknowledge(self._client._client, refused)
        if not had and waiting:
            self._arrived.set()

    def _note_success(self) -> None:
        self.health.connected = True
        self.health.connects += 1
        self.health.last_error = ""
        self._connected_s = self._clock.monotonic_s()
        self._up.set()
        log.info("connected", broker=self._address, client_id=self._settings.client_id)
        if self._settings.session_expiry_s > 0:
            if self._had_session and not self._session_present:
                self.health.sessions_lost += 1
                log.warning(
                    "the broker has forgotten our session: what it held for us is lost, unless senders repeat it",
                    broker=self._address,
                    fix="give the broker persistence, and check that its sessions last as long as session_expiry_s",
                )
            self._had_session = True
        self._on_connect()

    def _note_failure(self, error: Exception) -> None:
        self.health.failures += 1
        words = str(error) or type(error).__name__
        if reason := tls_words(error):
            words = f"{reason} ({words})"
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
