"""One client's TCP connection: bytes to packets, packets to the hub, answers back in one write per loop wake."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from twin.simulator.mqtt import packets as wire
from twin.simulator.mqtt.hub import Hub
from twin.simulator.mqtt.messages import a_message
from twin.simulator.mqtt.packets import V5, Connect, PacketType, Publish
from twin.simulator.mqtt.properties import NONE, Prop, Properties
from twin.simulator.mqtt.reasons import V311_CONNACK, V311_SUBSCRIBE_FAILURE, ProtocolViolation, Reason, protocol_error
from twin.simulator.mqtt.sessions import NEVER_EXPIRES, Session
from twin.simulator.mqtt.wire import MAX_VARINT

log = logging.getLogger(__name__)

WRITE_HIGH_WATER_BYTES = 256 * 1024
LINGER_S = 2.0  # how long a closed connection may still take its last bytes
_V5_CONNECT_HEAD = b"\x00\x04MQTT\x05"


class Flusher:
    """Collects the connections with something to say and flushes each once per wake of the loop."""

    def __init__(self) -> None:
        self._dirty: list[Connection] = []

    def add(self, connection: Connection) -> None:
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._flush)
        self._dirty.append(connection)

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            connection.flush()


class Connection(asyncio.Protocol):
    """The state of one connection. See `Link` for what sessions use of it."""

    def __init__(self, hub: Hub, flusher: Flusher, open_connections: set[Connection]) -> None:
        self.version = 0  # not known before CONNECT
        self.receive_maximum = hub.limits.window_v311
        self.client_max_packet_bytes = MAX_VARINT
        self._hub, self._flusher, self._open_connections = hub, flusher, open_connections
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._rest = b""
        self._out: list[bytes] = []
        self._unsent_bytes = 0
        self._paused = self._closed = False
        self._aliases: dict[int, str] = {}
        self._silence_limit_s = hub.limits.connect_timeout_s
        self._heard_s = hub.now_s()

    # -- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)
        self._transport = transport
        self._open_connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self._open_connections.discard(self)
        self._leave(with_will=True)
        if not self.gone.done():
            self.gone.set_result(None)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self.flush()

    def data_received(self, data: bytes) -> None:
        if self._closed:
            return
        hub = self._hub
        self._heard_s = hub.now_s()
        hub.counters.bytes_received += len(data)
        if self._rest:
            data = self._rest + data
        pos, max_bytes = 0, hub.limits.max_packet_bytes
        try:
            while not self._closed:
                # said by its first byte, so that one who speaks another protocol need not fill a packet first
                if self._session is None and pos < len(data) and data[pos] >> 4 != PacketType.CONNECT:
                    raise protocol_error("the first packet is not CONNECT")
                frame = wire.next_frame(data, pos, max_bytes)
                if frame is None:
                    break
                start, stop = frame
                first = data[pos]
                if first >> 4 == PacketType.PUBLISH and self._session is not None:
                    self._on_publish(wire.decode_publish(first, data, start, stop, self.version), self._session)
                else:
                    self._on_packet(first, data[start:stop])
                pos = stop
        except ProtocolViolation as violation:
            self._refuse(violation)
        self._rest = b"" if self._closed else data[pos:]

    # -- the sessions' side

    @property
    def congested(self) -> bool:
        """Whether so much is unsent that QoS 0 is to be dropped."""
        return self._unsent_bytes > self._hub.limits.max_buffered_bytes

    def transmit(self, packet: bytes) -> None:
        """Queue bytes for the next flush."""
        if not self._out:
            self._flusher.add(self)
        self._out.append(packet)
        self._unsent_bytes += len(packet)

    def flush(self) -> None:
        """Give the transport what is queued, unless it asked to wait."""
        if self._out and not self._paused and not self._closed and self._transport is not None:
            data = b"".join(self._out)
            self._out.clear()
            self._unsent_bytes = 0
            self._hub.counters.bytes_sent += len(data)
            self._transport.write(data)

    def abort(self) -> None:
        """Reset the connection at once."""
        self._closed = True
        self._leave(with_will=True)
        if self._transport is not None:
            self._transport.abort()

    def close(self, reason: int) -> None:
        """Say the reason to a connected MQTT 5 client, then close."""
        if not self._closed:
            if self._session is not None and self.version == V5:
                self.transmit(wire.encode_disconnect(reason))
            self._close(with_will=True)

    def check_silence(self, now_s: float) -> None:
        """Close when nothing was heard for 1.5 keep-alives, or no CONNECT came in time."""
        if self._closed or now_s - self._heard_s <= self._silence_limit_s:
            return
        if self._session is None:
            self.abort()
        else:
            self._hub.counters.keep_alive_timeouts += 1
            log.info("client %s: nothing heard for %.1f s", self._session.client_id, now_s - self._heard_s)
            self.close(Reason.KEEP_ALIVE_TIMEOUT)

    # -- ends

    def _close(self, *, with_will: bool) -> None:
        self._leave(with_will=with_will)
        transport = self._transport
        if transport is not None and not self._closed:
            self._paused = False  # last words: the transport buffers them
            self.flush()
            transport.close()
            self._hub.agenda.after(LINGER_S, transport.abort)
        self._closed = True

    def _leave(self, *, with_will: bool) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._hub.detach(self, session.client_id, with_will=with_will)

    def _refuse(self, violation: ProtocolViolation) -> None:
        counters = self._hub.counters
        if self._session is not None:
            counters.protocol_violations += 1
            log.warning("client %s: %s (0x%02x)", self._session.client_id, violation.message, violation.reason)
            self.close(violation.reason)
            return
        counters.connects_refused += 1
        log.warning("connection refused: %s (0x%02x)", violation.message, violation.reason)
        # 3.1.1 has a code for some reasons only; without one the connection is closed in silence
        code = violation.reason if self.version == V5 else V311_CONNACK.get(violation.reason)
        if self.version and code is not None:
            self.transmit(wire.encode_connack(self.version, present=False, reason=code))
        self._close(with_will=False)

    # -- packets

    def _on_packet(self, first: int, body: bytes) -> None:
        kind, session = first >> 4, self._session
        if kind == PacketType.CONNECT:
            if session is not None or first & 0x0F:
                raise protocol_error("a second CONNECT, or one with flags")
            self._on_connect(body)
            return
        assert session is not None  # or it had been refused by its first byte
        expected_flags = 2 if kind in (PacketType.SUBSCRIBE, PacketType.UNSUBSCRIBE) else 0
        if first & 0x0F != expected_flags:
            raise ProtocolViolation(Reason.MALFORMED_PACKET, f"packet type {kind} with flags {first & 0x0F}")
        if kind == PacketType.PUBACK:
            self._hub.acknowledged(session, wire.decode_puback(body, self.version))
        elif kind == PacketType.SUBSCRIBE:
            self._on_subscribe(body, session)
        elif kind == PacketType.UNSUBSCRIBE:
            asked = wire.decode_unsubscribe(body, self.version)
            had = [self._hub.router.unsubscribe(session, pattern) for pattern in asked.patterns]
            reasons = [int(Reason.SUCCESS if one else Reason.NO_SUBSCRIPTION_EXISTED) for one in had]
            self.transmit(wire.encode_unsuback(self.version, asked.packet_id, reasons))
        elif kind == PacketType.PINGREQ:
            self.transmit(wire.PINGRESP)
        elif kind == PacketType.DISCONNECT:
            self._on_disconnect(body, session)
        else:
            raise protocol_error(f"packet type {kind} is not for this server")

    def _on_connect(self, body: bytes) -> None:
        hub = self._hub
        # known before the packet is, so that even an unreadable CONNECT is refused in its own version's words
        self.version = V5 if body.startswith(_V5_CONNECT_HEAD) else wire.V311
        connect = wire.decode_connect(body)
        if hub.faults.active:
            refusal = hub.faults.refusal(connect.client_id)
            if refusal == 0:
                hub.counters.connects_refused += 1
                self.abort()
                return
            if refusal is not None:
                raise ProtocolViolation(refusal, f"a fault rule refuses {connect.client_id}")
        admission = hub.admit(self, connect)
        self._session = admission.session
        numbers = connect.properties.numbers
        if self.version == V5:
            self.receive_maximum = numbers.get(Prop.RECEIVE_MAXIMUM, 0xFFFF)
            self.client_max_packet_bytes = numbers.get(Prop.MAXIMUM_PACKET_SIZE, MAX_VARINT)
        keep_alive_s = self._granted_keep_alive_s(connect)
        self._silence_limit_s = 1.5 * keep_alive_s if keep_alive_s else float("inf")
        properties = self._connack_properties(connect, keep_alive_s, admission.assigned_client_id)
        self.transmit(wire.encode_connack(self.version, present=admission.present, reason=0, properties=properties))
        admission.session.pump()

    def _granted_keep_alive_s(self, connect: Connect) -> int:
        """The client's keep-alive; for MQTT 5 at most the server's own, which CONNACK then tells."""
        limit_s = self._hub.limits.server_keep_alive_s
        if self.version != V5 or limit_s is None or 0 < connect.keep_alive_s <= limit_s:
            return connect.keep_alive_s
        return limit_s

    def _connack_properties(self, connect: Connect, keep_alive_s: int, assigned_client_id: str) -> Properties:
        if self.version != V5:
            return NONE
        limits = self._hub.limits
        numbers = {
            Prop.MAXIMUM_QOS: 1,
            Prop.MAXIMUM_PACKET_SIZE: limits.max_packet_bytes,
            Prop.TOPIC_ALIAS_MAXIMUM: limits.topic_alias_maximum,
        }
        if keep_alive_s != connect.keep_alive_s:
            numbers[Prop.SERVER_KEEP_ALIVE] = keep_alive_s
        return Properties(numbers, {Prop.ASSIGNED_CLIENT_ID: assigned_client_id} if assigned_client_id else {})

    def _on_publish(self, publish: Publish, session: Session) -> None:
        if publish.qos == 2:
            raise ProtocolViolation(Reason.QOS_NOT_SUPPORTED, "PUBLISH with QoS 2")
        hub = self._hub
        hub.counters.messages_received += 1
        topic = publish.topic
        if publish.properties is not NONE or not topic:
            topic = self._resolve_alias(publish)
        message = a_message(
            topic,
            publish.payload,
            qos=publish.qos,
            retain=publish.retain,
            publisher=session.client_id,
            now_s=self._heard_s,
            properties=publish.properties,
        )
        acknowledge = self._acknowledger(publish.packet_id) if publish.qos else _no_acknowledgement
        hub.take_in(message, acknowledge=acknowledge, cut=self.abort)

    def _acknowledger(self, packet_id: int) -> Callable[[int], None]:
        def acknowledge(reason: int) -> None:
            if not self._closed:
                self.transmit(wire.encode_puback(self.version, packet_id, reason))

        return acknowledge

    def _resolve_alias(self, publish: Publish) -> str:
        alias = publish.properties.numbers.get(Prop.TOPIC_ALIAS)
        if alias is None:
            if not publish.topic:
                raise protocol_error("PUBLISH with neither topic nor alias")
            return publish.topic
        if alias > self._hub.limits.topic_alias_maximum:
            raise ProtocolViolation(Reason.TOPIC_ALIAS_INVALID, f"topic alias {alias} is above the maximum")
        if publish.topic:
            self._aliases[alias] = publish.topic
        elif alias not in self._aliases:
            raise protocol_error(f"topic alias {alias} was never set")
        return self._aliases[alias]

    def _on_subscribe(self, body: bytes, session: Session) -> None:
        asked = wire.decode_subscribe(body, self.version)
        identifier = asked.properties.subscription_ids[0] if asked.properties.subscription_ids else 0
        answers = [self._hub.subscribe(session, wish, identifier) for wish in asked.wishes]
        reasons = [reason for reason, _ in answers]
        if self.version != V5:
            reasons = [reason if reason < 0x80 else V311_SUBSCRIBE_FAILURE for reason in reasons]
        self.transmit(wire.encode_suback(self.version, asked.packet_id, reasons))
        for _, send_retained in answers:
            send_retained()

    def _on_disconnect(self, body: bytes, session: Session) -> None:
        goodbye = wire.decode_disconnect(body, self.version)
        expiry_s = goodbye.properties.numbers.get(Prop.SESSION_EXPIRY)
        if expiry_s is not None:
            if session.expiry_s == 0 and expiry_s:
                raise protocol_error("DISCONNECT turns a session that ends into one that is kept")
            session.expiry_s = min(expiry_s, NEVER_EXPIRES)
        self._close(with_will=goodbye.reason != Reason.SUCCESS)


def _no_acknowledgement(reason: int) -> None:
    """QoS 0 has none."""
