"""Properties of MQTT 5: the table of which packet may carry what, decoding and encoding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from twin.simulator.mqtt.reasons import ProtocolViolation, Reason, malformed, protocol_error
from twin.simulator.mqtt.topics import is_topic_name
from twin.simulator.mqtt.wire import Cursor, blob_bytes, text_bytes, varint_bytes


class Prop(IntEnum):
    """Property identifiers (MQTT 5.0, table 2-4)."""

    PAYLOAD_FORMAT = 0x01
    MESSAGE_EXPIRY = 0x02
    CONTENT_TYPE = 0x03
    RESPONSE_TOPIC = 0x08
    CORRELATION_DATA = 0x09
    SUBSCRIPTION_ID = 0x0B
    SESSION_EXPIRY = 0x11
    ASSIGNED_CLIENT_ID = 0x12
    SERVER_KEEP_ALIVE = 0x13
    AUTH_METHOD = 0x15
    AUTH_DATA = 0x16
    REQUEST_PROBLEM_INFO = 0x17
    WILL_DELAY = 0x18
    REQUEST_RESPONSE_INFO = 0x19
    RESPONSE_INFO = 0x1A
    SERVER_REFERENCE = 0x1C
    REASON_STRING = 0x1F
    RECEIVE_MAXIMUM = 0x21
    TOPIC_ALIAS_MAXIMUM = 0x22
    TOPIC_ALIAS = 0x23
    MAXIMUM_QOS = 0x24
    RETAIN_AVAILABLE = 0x25
    USER = 0x26
    MAXIMUM_PACKET_SIZE = 0x27
    WILDCARD_AVAILABLE = 0x28
    SUBSCRIPTION_ID_AVAILABLE = 0x29
    SHARED_AVAILABLE = 0x2A


class Carrier(Enum):
    """What a set of properties belongs to, as far as clients send it."""

    CONNECT = "CONNECT"
    WILL = "will"
    PUBLISH = "PUBLISH"
    PUBACK = "PUBACK"
    SUBSCRIBE = "SUBSCRIBE"
    UNSUBSCRIBE = "UNSUBSCRIBE"
    DISCONNECT = "DISCONNECT"
    SERVER = "what a server sends"  # CONNACK and friends: read by tests only


_U8 = {
    Prop.PAYLOAD_FORMAT,
    Prop.REQUEST_PROBLEM_INFO,
    Prop.REQUEST_RESPONSE_INFO,
    Prop.MAXIMUM_QOS,
    Prop.RETAIN_AVAILABLE,
    Prop.WILDCARD_AVAILABLE,
    Prop.SUBSCRIPTION_ID_AVAILABLE,
    Prop.SHARED_AVAILABLE,
}
_U16 = {Prop.SERVER_KEEP_ALIVE, Prop.RECEIVE_MAXIMUM, Prop.TOPIC_ALIAS_MAXIMUM, Prop.TOPIC_ALIAS}
_U32 = {Prop.MESSAGE_EXPIRY, Prop.SESSION_EXPIRY, Prop.WILL_DELAY, Prop.MAXIMUM_PACKET_SIZE}
_BLOB = {Prop.CORRELATION_DATA, Prop.AUTH_DATA}

_MESSAGE = {
    Prop.PAYLOAD_FORMAT,
    Prop.MESSAGE_EXPIRY,
    Prop.CONTENT_TYPE,
    Prop.RESPONSE_TOPIC,
    Prop.CORRELATION_DATA,
    Prop.USER,
}
_ALLOWED: dict[Carrier, set[Prop]] = {
    Carrier.CONNECT: {
        Prop.SESSION_EXPIRY,
        Prop.AUTH_METHOD,
        Prop.AUTH_DATA,
        Prop.REQUEST_PROBLEM_INFO,
        Prop.REQUEST_RESPONSE_INFO,
        Prop.RECEIVE_MAXIMUM,
        Prop.TOPIC_ALIAS_MAXIMUM,
        Prop.USER,
        Prop.MAXIMUM_PACKET_SIZE,
    },
    Carrier.WILL: _MESSAGE | {Prop.WILL_DELAY},
    Carrier.PUBLISH: _MESSAGE | {Prop.TOPIC_ALIAS},
    Carrier.PUBACK: {Prop.REASON_STRING, Prop.USER},
    Carrier.SUBSCRIBE: {Prop.SUBSCRIPTION_ID, Prop.USER},
    Carrier.UNSUBSCRIBE: {Prop.USER},
    Carrier.DISCONNECT: {Prop.SESSION_EXPIRY, Prop.REASON_STRING, Prop.USER},
    Carrier.SERVER: set(Prop),
}
_NEVER_ZERO = {Prop.RECEIVE_MAXIMUM, Prop.MAXIMUM_PACKET_SIZE, Prop.SUBSCRIPTION_ID}

# What a publisher may say and a subscriber is to hear unchanged; the expiry counts down and is added at delivery.
FORWARDED = _MESSAGE - {Prop.MESSAGE_EXPIRY}


@dataclass(frozen=True, slots=True)
class Properties:
    """One packet's properties by kind of value; what was not sent is absent."""

    numbers: Mapping[Prop, int] = field(default_factory=dict)
    texts: Mapping[Prop, str] = field(default_factory=dict)
    blobs: Mapping[Prop, bytes] = field(default_factory=dict)
    user: tuple[tuple[str, str], ...] = ()
    subscription_ids: tuple[int, ...] = ()

    def only(self, wanted: set[Prop]) -> Properties:
        """The same without what is not wanted."""
        return Properties(
            numbers={key: value for key, value in self.numbers.items() if key in wanted},
            texts={key: value for key, value in self.texts.items() if key in wanted},
            blobs={key: value for key, value in self.blobs.items() if key in wanted},
            user=self.user if Prop.USER in wanted else (),
            subscription_ids=self.subscription_ids if Prop.SUBSCRIPTION_ID in wanted else (),
        )


NONE = Properties()


def decode_properties(cursor: Cursor, carrier: Carrier) -> Properties:
    """Read the properties of one packet.

    Args:
        cursor: Stands at the property length; stands behind the properties afterwards.
        carrier: The packet they belong to.
    Raises: ProtocolViolation: 0x81 for unreadable bytes, an unknown property or one not meant for this packet;
        0x82 for a property given twice or a value out of range; 0x94 for topic alias 0.
    """
    length = cursor.varint()
    if length == 0:
        return NONE
    body = Cursor(cursor.data, cursor.pos, cursor.pos + length)
    cursor.take(length)
    numbers: dict[Prop, int] = {}
    texts: dict[Prop, str] = {}
    blobs: dict[Prop, bytes] = {}
    user: list[tuple[str, str]] = []
    subscription_ids: list[int] = []
    while body.left:
        prop = _identifier(body, carrier)
        if prop is Prop.USER:
            user.append((body.text(), body.text()))
        elif prop in numbers or prop in texts or prop in blobs:
            raise protocol_error(f"property {prop.name} is given twice")
        elif prop is Prop.SUBSCRIPTION_ID:
            if subscription_ids and carrier is Carrier.SUBSCRIBE:
                raise protocol_error("a subscription identifier is given twice")
            subscription_ids.append(_checked(prop, body.varint()))
        elif prop in _U8:
            numbers[prop] = _checked(prop, body.u8())
        elif prop in _U16:
            numbers[prop] = _checked(prop, body.u16())
        elif prop in _U32:
            numbers[prop] = _checked(prop, body.u32())
        elif prop in _BLOB:
            blobs[prop] = body.blob()
        else:
            texts[prop] = text = body.text()
            if prop is Prop.RESPONSE_TOPIC and not is_topic_name(text):
                raise protocol_error("the response topic is no topic name")
    return Properties(numbers, texts, blobs, tuple(user), tuple(subscription_ids))


def _identifier(body: Cursor, carrier: Carrier) -> Prop:
    number = body.varint()
    try:
        prop = Prop(number)
    except ValueError as error:
        raise malformed(f"unknown property 0x{number:02x}") from error
    if prop not in _ALLOWED[carrier]:
        raise protocol_error(f"property {prop.name} does not belong to {carrier.value}")
    return prop


def _checked(prop: Prop, value: int) -> int:
    if prop in _U8 and value > 1:
        raise protocol_error(f"property {prop.name} is {value}, not 0 or 1")
    if value == 0 and prop in _NEVER_ZERO:
        raise protocol_error(f"property {prop.name} is 0")
    if value == 0 and prop is Prop.TOPIC_ALIAS:
        raise ProtocolViolation(Reason.TOPIC_ALIAS_INVALID, "topic alias 0")
    return value


def encode_properties(properties: Properties) -> bytes:
    """The properties with their length in front."""
    body = encode_property_body(properties)
    return varint_bytes(len(body)) + body


def encode_property_body(properties: Properties) -> bytes:
    """The properties without their length, so that more can be added."""
    parts: list[bytes] = []
    for prop, number in properties.numbers.items():
        width = 1 if prop in _U8 else 2 if prop in _U16 else 4
        parts.append(bytes((prop,)) + number.to_bytes(width))
    parts += [bytes((prop,)) + text_bytes(text) for prop, text in properties.texts.items()]
    parts += [bytes((prop,)) + blob_bytes(blob) for prop, blob in properties.blobs.items()]
    parts += [bytes((Prop.USER,)) + text_bytes(name) + text_bytes(value) for name, value in properties.user]
    parts += [bytes((Prop.SUBSCRIPTION_ID,)) + varint_bytes(number) for number in properties.subscription_ids]
    return b"".join(parts)
