"""MQTT packets as a client writes and reads them: a second reading of the standard, not the broker's own codec.

Source: OASIS MQTT 3.1.1 and MQTT 5.0, chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

V311, V5 = 4, 5

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 1, 2, 3, 4, 8, 9
UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 10, 11, 12, 13, 14

Value = int | str | bytes | tuple[str, str] | list[int] | list[tuple[str, str]]
Properties = Mapping[str, Value]

NAMES = {
    "payload_format": (0x01, "u8"),
    "message_expiry": (0x02, "u32"),
    "content_type": (0x03, "text"),
    "response_topic": (0x08, "text"),
    "correlation_data": (0x09, "blob"),
    "subscription_id": (0x0B, "varint"),
    "session_expiry": (0x11, "u32"),
    "assigned_client_id": (0x12, "text"),
    "server_keep_alive": (0x13, "u16"),
    "will_delay": (0x18, "u32"),
    "reason_string": (0x1F, "text"),
    "receive_maximum": (0x21, "u16"),
    "topic_alias_maximum": (0x22, "u16"),
    "topic_alias": (0x23, "u16"),
    "maximum_qos": (0x24, "u8"),
    "retain_available": (0x25, "u8"),
    "user": (0x26, "pair"),
    "maximum_packet_size": (0x27, "u32"),
    "wildcard_available": (0x28, "u8"),
    "subscription_id_available": (0x29, "u8"),
    "shared_available": (0x2A, "u8"),
}
_BY_NUMBER = {number: (name, kind) for name, (number, kind) in NAMES.items()}
_WIDTH = {"u8": 1, "u16": 2, "u32": 4}


@dataclass(frozen=True)
class Will:
    """What is to be published when the client is lost."""

    topic: str
    payload: bytes = b"gone"
    qos: int = 1
    retain: bool = False
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True)
class Received:
    """One PUBLISH from the broker."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    packet_id: int
    properties: Properties


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes((value,))


def blob(data: bytes) -> bytes:
    return len(data).to_bytes(2) + data


def text(words: str) -> bytes:
    return blob(words.encode())


def packet(kind: int, body: bytes, *, flags: int = 0) -> bytes:
    return bytes((kind << 4 | flags,)) + varint(len(body)) + body


def properties_wire(version: int, properties: Properties) -> bytes:
    """With their length in front; 3.1.1 has none."""
    if version == V311:
        assert not properties, "3.1.1 has no properties"
        return b""
    body = b"".join(_property(name, value) for name, value in properties.items())
    return varint(len(body)) + body


def _property(name: str, value: Value) -> bytes:
    number, kind = NAMES[name]
    head = bytes((number,))
    match value:
        case int():
            return head + (varint(value) if kind == "varint" else value.to_bytes(_WIDTH[kind]))
        case str():
            return head + text(value)
        case bytes():
            return head + blob(value)
        case (str(key), str(words)):
            return head + text(key) + text(words)
    raise TypeError(f"{name} is given as {value!r}")


def connect(
    client_id: str,
    *,
    version: int,
    clean: bool = True,
    keep_alive_s: int = 60,
    username: str | None = None,
    password: str | None = None,
    will: Will | None = None,
    properties: Properties | None = None,
    level: int | None = None,
) -> bytes:
    """CONNECT. `level` overrides the protocol level alone, to send one that does not exist."""
    flags = clean << 1
    rest = text(client_id)
    if will is not None:
        flags |= 0x04 | will.qos << 3 | will.retain << 5
        rest += properties_wire(version, will.properties) + text(will.topic) + blob(will.payload)
    if username is not None:
        flags |= 0x80
        rest += text(username)
    if password is not None:
        flags |= 0x40
        rest += text(password)
    head = text("MQTT") + bytes((version if level is None else level, flags)) + keep_alive_s.to_bytes(2)
    return packet(CONNECT, head + properties_wire(version, properties or {}) + rest)


def publish(
    topic: str,
    payload: bytes,
    *,
    version: int,
    qos: int = 0,
    retain: bool = False,
    packet_id: int = 0,
    properties: Properties | None = None,
) -> bytes:
    head = text(topic) + (packet_id.to_bytes(2) if qos else b"")
    return packet(PUBLISH, head + properties_wire(version, properties or {}) + payload, flags=qos << 1 | retain)


def subscribe(
    packet_id: int, filters: Sequence[tuple[str, int]], *, version: int, properties: Properties | None = None
) -> bytes:
    """SUBSCRIBE of (filter, options); the options of a plain subscription are its QoS."""
    body = b"".join(text(pattern) + bytes((options,)) for pattern, options in filters)
    return packet(SUBSCRIBE, packet_id.to_bytes(2) + properties_wire(version, properties or {}) + body, flags=2)


def unsubscribe(packet_id: int, filters: Sequence[str], *, version: int) -> bytes:
    body = b"".join(text(pattern) for pattern in filters)
    return packet(UNSUBSCRIBE, packet_id.to_bytes(2) + properties_wire(version, {}) + body, flags=2)


def puback(packet_id: int) -> bytes:
    return packet(PUBACK, packet_id.to_bytes(2))


def disconnect(version: int, reason: int = 0, properties: Properties | None = None) -> bytes:
    if version == V311:
        return packet(DISCONNECT, b"")
    return packet(DISCONNECT, bytes((reason,)) + properties_wire(version, properties or {}))


class Reader:
    """Reads one packet's body from the left."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def take(self, count: int) -> bytes:
        assert len(self._body) >= count, "the broker's packet ends inside a field"
        taken, self._body = self._body[:count], self._body[count:]
        return taken

    @property
    def left(self) -> int:
        return len(self._body)

    def rest(self) -> bytes:
        return self.take(self.left)

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width))

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self) -> str:
        return self.take(self.number(2)).decode()

    def properties(self, version: int) -> dict[str, Value]:
        if version == V311:
            return {}
        inside = Reader(self.take(self.varint()))
        found: dict[str, Value] = {}
        pairs: list[tuple[str, str]] = []
        identifiers: list[int] = []
        while inside.left:
            name, kind = _BY_NUMBER[inside.varint()]
            if kind == "pair":
                pairs.append((inside.text(), inside.text()))
                found[name] = pairs
            elif kind == "varint":
                identifiers.append(inside.varint())
                found[name] = identifiers
            else:
                assert name not in found, f"the broker sent {name} twice"
                found[name] = inside._scalar(kind)
        return found

    def _scalar(self, kind: str) -> int | str | bytes:
        if kind == "text":
            return self.text()
        return self.take(self.number(2)) if kind == "blob" else self.number(_WIDTH[kind])


def received(first: int, body: bytes, version: int) -> Received:
    reader, qos = Reader(body), first >> 1 & 3
    topic = reader.text()
    packet_id = reader.number(2) if qos else 0
    properties = reader.properties(version)
    return Received(topic, reader.rest(), qos, bool(first & 1), bool(first & 8), packet_id, properties)
