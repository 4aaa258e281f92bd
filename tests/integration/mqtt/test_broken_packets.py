"""A packet that breaks the standard ends its connection and nobody else's, on both brokers."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tests.integration.mqtt import wire
from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.peer import Peer
from tests.integration.mqtt.wire import V5, V311, packet, text

NO_PROPERTIES = b"\0"

# what a connected client must not send, the same in both versions
AFTER_CONNECT = {
    "second CONNECT": wire.connect("a", version=V311),
    "CONNACK from a client": packet(wire.CONNACK, b"\0\0"),
    "packet type 0": b"\x00\x00",
    "length of five bytes": b"\x30\xff\xff\xff\xff\x01",
    "PUBLISH with QoS 3": packet(wire.PUBLISH, text("t") + b"\0\x01", flags=6),
    "PUBLISH on a wildcard": packet(wire.PUBLISH, text("hall/+") + NO_PROPERTIES, flags=0),
    "PUBLISH topic longer than the packet": packet(wire.PUBLISH, b"\x00\x09hall", flags=0),
    "PUBLISH topic not UTF-8": packet(wire.PUBLISH, b"\x00\x02\xff\xfe" + NO_PROPERTIES, flags=0),
    "PUBLISH topic with a surrogate": packet(wire.PUBLISH, b"\x00\x03\xed\xa0\x80" + NO_PROPERTIES, flags=0),
    "PUBLISH topic with U+0000": packet(wire.PUBLISH, text("a\0b") + NO_PROPERTIES, flags=0),
    "PUBLISH with packet id 0": packet(wire.PUBLISH, text("t") + b"\0\0" + NO_PROPERTIES, flags=2),
    "SUBSCRIBE with wrong flags": packet(wire.SUBSCRIBE, b"\0\x01" + text("t") + b"\x01", flags=0),
    "UNSUBSCRIBE with wrong flags": packet(wire.UNSUBSCRIBE, b"\0\x01" + text("t"), flags=0),
    "PUBACK cut short": packet(wire.PUBACK, b"\0"),
}
# SUBSCRIBE and UNSUBSCRIBE differ by the properties of MQTT 5
SUBSCRIBING = {
    "SUBSCRIBE without a filter": (wire.SUBSCRIBE, b"\0\x01", b""),
    "SUBSCRIBE with packet id 0": (wire.SUBSCRIBE, b"\0\0", text("t") + b"\x01"),
    "SUBSCRIBE with QoS 3": (wire.SUBSCRIBE, b"\0\x01", text("t") + b"\x03"),
    "SUBSCRIBE with reserved bits": (wire.SUBSCRIBE, b"\0\x01", text("t") + b"\xc1"),
    "SUBSCRIBE cut short": (wire.SUBSCRIBE, b"\0\x01", text("t")),
    "UNSUBSCRIBE without a filter": (wire.UNSUBSCRIBE, b"\0\x01", b""),
}
V5_ONLY = {
    "unknown property": packet(wire.PUBLISH, text("t") + b"\x02\x7f\x00"),
    "property given twice": packet(wire.PUBLISH, text("t") + b"\x04\x01\x01\x01\x01"),
    "property of another packet": packet(wire.PUBLISH, text("t") + b"\x03\x13\x00\x05"),
    "properties longer than the packet": packet(wire.PUBLISH, text("t") + b"\x7f"),
    "PUBLISH with neither topic nor alias": packet(wire.PUBLISH, text("") + NO_PROPERTIES),
    "subscription id 0": wire.subscribe(1, [("t", 1)], version=V5, properties={"subscription_id": 0}),
    "retain handling 3": wire.subscribe(1, [("t", 0x31)], version=V5),
}
BEFORE_CONNECT = {
    "PUBLISH": wire.publish("t", b"x", version=V311),
    "PINGREQ": packet(wire.PINGREQ, b""),
    "another protocol": b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n",
    "CONNECT cut short": packet(wire.CONNECT, text("MQTT") + b"\x04\x02"),
    "CONNECT with its reserved flag": packet(wire.CONNECT, text("MQTT") + b"\x04\x03\x00\x3c" + text("a")),
    "CONNECT of an unknown protocol": packet(wire.CONNECT, text("MQTX") + b"\x04\x02\x00\x3c" + text("a")),
    "CONNECT with U+0000 in its name": packet(wire.CONNECT, text("MQTT") + b"\x04\x02\x00\x3c" + text("a\0b")),
    "CONNECT with a will of QoS 3": packet(
        wire.CONNECT, text("MQTT") + b"\x04\x1e\x00\x3c" + text("a") + text("w") + text("x")
    ),
}


async def assert_closed_alone(broker: BrokerUnderTest, version: int, offence: bytes) -> None:
    async with (
        await Peer.connect(broker.port, "bystander", version) as bystander,
        await Peer.connect(broker.port, "offender", version) as offender,
    ):
        await bystander.subscribe("#")
        offender.send(offence)
        farewell = await offender.closed()
        assert farewell is None or (version == V5 and farewell >= 0x80)
        assert await bystander.received() == []
        await bystander.publish("t", b"still here")
        assert await bystander.payloads() == [b"still here"]


@pytest.mark.parametrize("offence", AFTER_CONNECT.values(), ids=AFTER_CONNECT)
async def test_a_broken_packet_ends_its_connection(broker: BrokerUnderTest, version: int, offence: bytes) -> None:
    await assert_closed_alone(broker, version, offence)


@pytest.mark.parametrize(("kind", "head", "filters"), SUBSCRIBING.values(), ids=SUBSCRIBING)
async def test_a_broken_subscription_ends_its_connection(
    broker: BrokerUnderTest, version: int, kind: int, head: bytes, filters: bytes
) -> None:
    properties = NO_PROPERTIES if version == V5 else b""
    await assert_closed_alone(broker, version, packet(kind, head + properties + filters, flags=2))


@pytest.mark.parametrize("offence", V5_ONLY.values(), ids=V5_ONLY)
async def test_a_broken_packet_of_version_5_ends_its_connection(broker: BrokerUnderTest, offence: bytes) -> None:
    await assert_closed_alone(broker, V5, offence)


@pytest.mark.parametrize("offence", BEFORE_CONNECT.values(), ids=BEFORE_CONNECT)
async def test_nothing_but_a_proper_connect_opens_a_connection(broker: BrokerUnderTest, offence: bytes) -> None:
    async with await Peer.open(broker.port, V311) as peer:
        peer.send(offence)
        await peer.closed()
    async with await Peer.connect(broker.port, "a", V311) as peer:
        assert await peer.received() == []


@pytest.mark.parametrize("pattern", ["hall/#/sat", "hall#", "hall+", "+hall/sat", ""])
async def test_a_filter_that_is_none_is_never_granted(broker: BrokerUnderTest, version: int, pattern: str) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        peer.send(wire.subscribe(1, [(pattern, 1)], version=version))
        peer.send(wire.disconnect(version))
        reason = 0x80
        with suppress(EOFError, ConnectionError):  # closing the connection is an answer too
            reason = (await peer.answer(wire.SUBACK))[-1]
        assert reason >= 0x80


async def test_packets_may_arrive_byte_by_byte_and_all_at_once(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.open(broker.port, version) as peer:
        everything = (
            wire.connect("a", version=version)
            + wire.subscribe(1, [("t", 1)], version=version)
            + wire.publish("t", b"21.5", version=version, qos=1, packet_id=2)
        )
        for byte in everything[:40]:
            peer.send(bytes((byte,)))
            await peer.drained()
        peer.send(everything[40:])
        assert (await peer.message()).payload == b"21.5"
