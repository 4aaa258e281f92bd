"""A message on its way through the broker, and one delivery of it."""

from __future__ import annotations

from math import ceil

import msgspec

from twin.simulator.mqtt.packets import V5, Will, encode_publish
from twin.simulator.mqtt.properties import FORWARDED, NONE, Prop, Properties, encode_property_body
from twin.simulator.mqtt.wire import text_bytes, varint_bytes


class Message(msgspec.Struct, frozen=True, gc=False):
    """What was published. A struct and not a dataclass, because one is made for each message routed.

    Args:
        topic_wire: The topic as it goes on the wire, with its length.
        forward: Properties the subscriber is to hear unchanged, encoded.
        expires_s: Monotonic time after which nobody wants it any more; None for never.
        publisher: Client id, for no-local.
    """

    topic: str
    topic_wire: bytes
    payload: bytes
    qos: int
    retain: bool
    forward: bytes
    expires_s: float | None
    publisher: str

    def expired(self, now_s: float) -> bool:
        return self.expires_s is not None and now_s >= self.expires_s


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One message for one session, as its subscription wants it.

    Args:
        packet_id: 0 until it was sent once with QoS 1; a resend keeps it and is marked as a duplicate.
    """

    message: Message
    qos: int
    retain: bool
    subscription_ids: tuple[int, ...] = ()
    packet_id: int = 0

    def to_wire(self, version: int, now_s: float, *, packet_id: int = 0, dup: bool = False) -> bytes:
        """The PUBLISH packet; the expiry says what is left of it (MQTT 5.0, section 3.3.2.3.3)."""
        message = self.message
        body = b""
        if version == V5:
            body = message.forward
            if message.expires_s is not None:
                # rounded up: a message delivered at once keeps the interval it was published with
                left_s = max(ceil(message.expires_s - now_s), 0)
                body += bytes((Prop.MESSAGE_EXPIRY,)) + left_s.to_bytes(4)
            for number in self.subscription_ids:
                body += bytes((Prop.SUBSCRIPTION_ID,)) + varint_bytes(number)
        return encode_publish(
            message.topic_wire,
            message.payload,
            version=version,
            qos=self.qos,
            retain=self.retain,
            dup=dup,
            packet_id=packet_id,
            property_body=body,
        )


def a_message(
    topic: str,
    payload: bytes,
    *,
    qos: int,
    retain: bool,
    publisher: str,
    now_s: float,
    properties: Properties = NONE,
) -> Message:
    """A message published now, its expiry counted from now."""
    forward, expires_s = b"", None
    if properties is not NONE:
        forward = encode_property_body(properties.only(FORWARDED))
        expiry_s = properties.numbers.get(Prop.MESSAGE_EXPIRY)
        expires_s = None if expiry_s is None else now_s + expiry_s
    return Message(topic, text_bytes(topic), payload, qos, retain, forward, expires_s, publisher)


def will_message(will: Will, publisher: str, now_s: float) -> Message:
    """The will as a message published now."""
    return a_message(
        will.topic,
        will.payload,
        qos=will.qos,
        retain=will.retain,
        publisher=publisher,
        now_s=now_s,
        properties=will.properties,
    )
