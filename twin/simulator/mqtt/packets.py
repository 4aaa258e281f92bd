"""The wire codec of MQTT 3.1.1 and 5: what clients send is decoded, what a server sends is encoded. Pure functions.

Source: OASIS MQTT 3.1.1 and MQTT 5.0, chapter 3. Every decoder raises `ProtocolViolation` for whatever the standard
forbids, and nothing else, whatever the bytes are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from twin.simulator.mqtt.properties import NONE, Carrier, Properties, decode_properties, encode_properties
from twin.simulator.mqtt.reasons import ProtocolViolation, Reason, malformed, protocol_error
from twin.simulator.mqtt.topics import is_topic_name
from twin.simulator.mqtt.wire import Cursor, read_text, varint_bytes

V311, V5 = 4, 5


class PacketType(IntEnum):
    """The upper half of a packet's first byte."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


PINGRESP = b"\xd0\x00"


@dataclass(frozen=True, slots=True)
class Will:
    """What CONNECT asks to be published when the client is lost."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    properties: Properties


@dataclass(frozen=True, slots=True)
class Connect:
    """A client's first packet."""

    version: int
    clean: bool
    keep_alive_s: int
    client_id: str
    username: str | None
    password: bytes | None
    will: Will | None
    properties: Properties = NONE


@dataclass(frozen=True, slots=True)
class Publish:
    """A message from a client. `topic` is empty when only an alias was sent."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    packet_id: int
    properties: Properties = NONE


@dataclass(frozen=True, slots=True)
class Wish:
    """One topic filter of a SUBSCRIBE, with its options."""

    pattern: str
    qos: int
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0


@dataclass(frozen=True, slots=True)
class Subscribe:
    packet_id: int
    wishes: tuple[Wish, ...]
    properties: Properties = NONE


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    packet_id: int
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disconnect:
    reason: int
    properties: Properties = NONE


def next_frame(data: bytes, pos: int, max_bytes: int) -> tuple[int, int] | None:
    """Where the packet that starts at `pos` has its body: (start, stop), or None when it is not all there yet.

    Raises: ProtocolViolation: 0x81 for a length of more than four bytes; 0x95 for a packet above `max_bytes`, as soon
        as its length is known.
    """
    length, start = 0, pos + 1
    for shift in (0, 7, 14, 21):
        if start >= len(data):
            return None
        byte = data[start]
        start += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    else:
        raise malformed("the packet length is longer than four bytes")
    if start - pos + length > max_bytes:
        raise ProtocolViolation(Reason.PACKET_TOO_LARGE, f"a packet of {length} bytes, limit {max_bytes}")
    stop = start + length
    return (start, stop) if stop <= len(data) else None


def decode_connect(body: bytes) -> Connect:
    """Raises: ProtocolViolation: 0x84 for a protocol name or level that is neither 3.1.1 nor 5."""
    cursor = Cursor(body)
    if (name := cursor.text()) not in {"MQTT", "MQIsdp"}:
        raise malformed("not an MQTT client")
    version = cursor.u8()
    if name != "MQTT" or version not in {V311, V5}:
        raise ProtocolViolation(Reason.UNSUPPORTED_VERSION, f"{name} protocol level {version}")
    flags = cursor.u8()
    if flags & 0x01:
        raise malformed("the reserved flag of CONNECT is set")
    if version == V311 and flags & 0x40 and not flags & 0x80:
        raise malformed("a password without a user name")
    keep_alive_s = cursor.u16()
    properties = decode_properties(cursor, Carrier.CONNECT) if version == V5 else NONE
    client_id = cursor.text()
    will = _decode_will(cursor, flags, version)
    username = cursor.text() if flags & 0x80 else None
    password = cursor.blob() if flags & 0x40 else None
    cursor.finish()
    return Connect(version, bool(flags & 0x02), keep_alive_s, client_id, username, password, will, properties)


def _decode_will(cursor: Cursor, flags: int, version: int) -> Will | None:
    qos, retain = flags >> 3 & 3, bool(flags & 0x20)
    if not flags & 0x04:
        if qos or retain:
            raise malformed("will flags without a will")
        return None
    if qos == 3:
        raise malformed("a will with QoS 3")
    properties = decode_properties(cursor, Carrier.WILL) if version == V5 else NONE
    topic = cursor.text()
    if not is_topic_name(topic):
        raise ProtocolViolation(Reason.TOPIC_NAME_INVALID, "the will's topic is no topic name")
    return Will(topic, cursor.blob(), qos, retain, properties)


def decode_publish(first: int, data: bytes, start: int, stop: int, version: int) -> Publish:
    """A message whose body is `data[start:stop]`; `first` is the packet's first byte.

    Raises: ProtocolViolation: besides unreadable bytes, 0x90 for a topic that holds a wildcard, 0x82 for an empty
        topic (3.1.1; MQTT 5 without an alias is left to the caller, who knows the aliases) and packet id 0.
    """
    qos, dup = first >> 1 & 3, bool(first & 0x08)
    if qos == 3 or (dup and not qos):
        raise malformed("PUBLISH with QoS 3, or a duplicate of QoS 0")
    at = start + 2
    topic_stop = at + int.from_bytes(data[start:at])
    if topic_stop > stop or at > stop:
        raise malformed("the packet ends inside the topic")
    topic = read_text(data[at:topic_stop])
    if not is_topic_name(topic) and (topic or version == V311):
        raise ProtocolViolation(Reason.TOPIC_NAME_INVALID, "not a topic name")
    packet_id, pos = 0, topic_stop
    if qos:
        pos += 2
        packet_id = int.from_bytes(data[topic_stop:pos])
        if pos > stop:
            raise malformed("the packet ends inside the packet id")
        if not packet_id:
            raise protocol_error("packet id 0")
    properties = NONE
    if version == V5:
        if pos < stop and data[pos] == 0:  # the usual message has no properties: nothing to build
            pos += 1
        else:
            cursor = Cursor(data, pos, stop)
            properties = decode_properties(cursor, Carrier.PUBLISH)
            pos = cursor.pos
    return Publish(topic, data[pos:stop], qos, bool(first & 1), dup, packet_id, properties)


def decode_puback(body: bytes, version: int) -> int:
    """The packet id that is acknowledged. A reason code is checked for form; a refusal completes the message too."""
    cursor = Cursor(body)
    packet_id = cursor.u16()
    if version == V5 and cursor.left:
        cursor.u8()
        if cursor.left:
            decode_properties(cursor, Carrier.PUBACK)
    cursor.finish()
    return packet_id


def decode_subscribe(body: bytes, version: int) -> Subscribe:
    """Filters are returned as sent: whether they are valid is answered one by one in SUBACK."""
    cursor = Cursor(body)
    packet_id = _packet_id(cursor)
    properties = decode_properties(cursor, Carrier.SUBSCRIBE) if version == V5 else NONE
    wishes: list[Wish] = []
    while cursor.left:
        pattern, options = cursor.text(), cursor.u8()
        qos = options & 3
        if qos == 3 or options & (0xC0 if version == V5 else 0xFC):
            raise malformed("reserved subscription options are set")
        if options >> 4 == 3:
            raise protocol_error("retain handling 3")
        wishes.append(Wish(pattern, qos, bool(options & 4), bool(options & 8), options >> 4))
    if not wishes:
        raise protocol_error("SUBSCRIBE without a topic filter")
    return Subscribe(packet_id, tuple(wishes), properties)


def decode_unsubscribe(body: bytes, version: int) -> Unsubscribe:
    cursor = Cursor(body)
    packet_id = _packet_id(cursor)
    if version == V5:
        decode_properties(cursor, Carrier.UNSUBSCRIBE)
    patterns: list[str] = []
    while cursor.left:
        patterns.append(cursor.text())
    if not patterns:
        raise protocol_error("UNSUBSCRIBE without a topic filter")
    return Unsubscribe(packet_id, tuple(patterns))


def _packet_id(cursor: Cursor) -> int:
    packet_id = cursor.u16()
    if not packet_id:
        raise protocol_error("packet id 0")
    return packet_id


def decode_disconnect(body: bytes, version: int) -> Disconnect:
    """MQTT 5 may leave the reason and the properties out."""
    cursor = Cursor(body)
    reason, properties = int(Reason.SUCCESS), NONE
    if version == V5 and cursor.left:
        reason = cursor.u8()
        if cursor.left:
            properties = decode_properties(cursor, Carrier.DISCONNECT)
    cursor.finish()
    return Disconnect(reason, properties)


def packet(first: int, body: bytes) -> bytes:
    """A packet of its first byte and its body."""
    return bytes((first,)) + varint_bytes(len(body)) + body


def encode_connack(version: int, *, present: bool, reason: int, properties: Properties = NONE) -> bytes:
    """`reason` in the version's own code. `present` is sent as 0 with a refusal, as the standard asks."""
    head = bytes((int(present and reason == 0), reason))
    return packet(0x20, head + (encode_properties(properties) if version == V5 else b""))


def encode_publish(
    topic_wire: bytes,
    payload: bytes,
    *,
    version: int,
    qos: int = 0,
    retain: bool = False,
    dup: bool = False,
    packet_id: int = 0,
    property_body: bytes = b"",
) -> bytes:
    """A PUBLISH packet.

    Args:
        topic_wire: The topic with its two-byte length, as `text_bytes` makes it.
        property_body: Encoded properties without their length; ignored for 3.1.1.
    """
    head = topic_wire + packet_id.to_bytes(2) if qos else topic_wire
    if version == V5:
        head += varint_bytes(len(property_body)) + property_body if property_body else b"\0"
    first = 0x30 | dup << 3 | qos << 1 | retain
    return bytes((first,)) + varint_bytes(len(head) + len(payload)) + head + payload


def encode_puback(version: int, packet_id: int, reason: int) -> bytes:
    """A success is sent in the short form of four bytes."""
    if version == V311 or reason == 0:
        return b"\x40\x02" + packet_id.to_bytes(2)
    return b"\x40\x03" + packet_id.to_bytes(2) + bytes((reason,))


def encode_suback(version: int, packet_id: int, reasons: list[int]) -> bytes:
    return packet(0x90, packet_id.to_bytes(2) + (b"\0" if version == V5 else b"") + bytes(reasons))


def encode_unsuback(version: int, packet_id: int, reasons: list[int]) -> bytes:
    """3.1.1 has no reasons here."""
    return packet(0xB0, packet_id.to_bytes(2) + (b"\0" + bytes(reasons) if version == V5 else b""))


def encode_disconnect(reason: int) -> bytes:
    """Only MQTT 5 servers send it."""
    return bytes((0xE0, 2, reason, 0))
