"""Messages from one client to another, on both brokers."""

from __future__ import annotations

import pytest

from tests.integration.mqtt import wire
from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.peer import Peer, numbered
from tests.integration.mqtt.wire import V5, V311

LIMIT_BYTES = 1 << 20


@pytest.mark.parametrize("published", [0, 1])
@pytest.mark.parametrize("subscribed", [0, 1])
async def test_a_message_arrives_at_the_lower_of_both_qos(
    broker: BrokerUnderTest, version: int, published: int, subscribed: int
) -> None:
    async with (
        await Peer.connect(broker.port, "sensor", version) as sensor,
        await Peer.connect(broker.port, "twin", version) as twin,
    ):
        assert await twin.subscribe("hall/sat", qos=subscribed) == [subscribed]
        await sensor.publish("hall/sat", b"21.5", qos=published)
        message = await twin.message()
        assert (message.topic, message.payload, message.qos) == ("hall/sat", b"21.5", min(published, subscribed))
        assert (message.retain, message.dup) == (False, False)
        assert bool(message.packet_id) == (message.qos == 1)


@pytest.mark.parametrize(("from_version", "to_version"), [(V5, V311), (V311, V5)], ids=["5 to 311", "311 to 5"])
async def test_the_two_versions_understand_each_other(
    broker: BrokerUnderTest, from_version: int, to_version: int
) -> None:
    async with (
        await Peer.connect(broker.port, "sensor", from_version) as sensor,
        await Peer.connect(broker.port, "twin", to_version) as twin,
    ):
        await twin.subscribe("t")
        await sensor.publish("t", b"21.5")
        assert await twin.payloads() == [b"21.5"]


async def test_a_message_comes_back_to_its_sender_who_subscribed(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe("t")
        await peer.publish("t", b"mine")
        assert await peer.payloads() == [b"mine"]


async def test_an_empty_payload_is_a_message_too(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe("t")
        await peer.publish("t", b"")
        assert await peer.payloads() == [b""]


@pytest.mark.parametrize("qos", [0, 1])
async def test_messages_keep_their_order(broker: BrokerUnderTest, version: int, qos: int) -> None:
    async with (
        await Peer.connect(broker.port, "sensor", version) as sensor,
        await Peer.connect(broker.port, "twin", version) as twin,
    ):
        await twin.subscribe("t/#")
        burst = [
            wire.publish(f"t/{number % 7}", payload, version=version, qos=qos, packet_id=number + 1)
            for number, payload in enumerate(numbered(300))
        ]
        sensor.send(b"".join(burst))
        assert [(await twin.message()).payload for _ in range(300)] == numbered(300)


async def test_acknowledgements_come_in_the_order_of_the_messages(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        ids = [9, 3, 65_535, 1, 300]
        sensor.send(b"".join(wire.publish("t", b"x", version=version, qos=1, packet_id=packet_id) for packet_id in ids))
        answers = [await sensor.answer(wire.PUBACK) for _ in ids]
        assert [int.from_bytes(body[:2]) for body in answers] == ids


async def test_all_of_a_burst_arrives_although_its_publisher_has_left(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "twin", version) as twin:
        await twin.subscribe("t")
        async with await Peer.connect(broker.port, "sensor", version) as sensor:
            for number, payload in enumerate(numbered(500)):
                sensor.send(wire.publish("t", payload, version=version, qos=1, packet_id=number + 1))
            await sensor.leave()
        assert [(await twin.message()).payload for _ in range(500)] == numbered(500)


async def test_the_broker_waits_for_acknowledgements_once_its_window_is_full(
    broker: BrokerUnderTest, version: int
) -> None:
    async with (
        await Peer.connect(
            broker.port,
            "twin",
            version,
            acknowledges=False,
            properties={"receive_maximum": 20} if version == V5 else None,
        ) as twin,
        await Peer.connect(broker.port, "sensor", version) as sensor,
    ):
        await twin.subscribe("t")
        for payload in numbered(30):
            await sensor.publish("t", payload)
        window = await twin.received()
        assert [message.payload for message in window] == numbered(30)[:20]
        for message in window:
            twin.acknowledge(message)
        assert [(await twin.message()).payload for _ in range(10)] == numbered(30)[20:]


async def test_a_payload_of_the_largest_size_gets_through(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe("t")
        head = len(wire.publish("t", b"", version=version, qos=1, packet_id=1)) + 2  # the length field grows to 3 bytes
        payload = bytes(range(256)) * (LIMIT_BYTES // 256)
        await peer.publish("t", payload[: LIMIT_BYTES - head - 16])
        assert (await peer.message()).payload == payload[: LIMIT_BYTES - head - 16]


async def test_a_packet_above_the_limit_ends_the_connection(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        if version == V5:
            assert peer.connack["maximum_packet_size"] == LIMIT_BYTES
        peer.send(wire.publish("t", bytes(LIMIT_BYTES), version=version))
        assert await peer.closed() in ({None, 0x95} if version == V5 else {None})
