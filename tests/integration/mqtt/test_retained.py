"""Retained messages, on both brokers."""

from __future__ import annotations

import pytest

from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.peer import Peer
from tests.integration.mqtt.wire import V5

RETAIN_AS_PUBLISHED, SEND_IF_NEW, NEVER_SEND = 0x08, 0x10, 0x20  # subscription options of MQTT 5, besides the QoS


async def test_a_new_subscriber_gets_the_last_retained_message(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.publish("t", b"old", retain=True)
        await peer.publish("t", b"new", retain=True)
        await peer.subscribe("t")
        message = await peer.message()
        assert (message.payload, message.retain, message.qos, message.dup) == (b"new", True, 1, False)
        assert await peer.received() == []


async def test_who_is_subscribed_already_gets_it_unmarked(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe("t")
        await peer.publish("t", b"live", retain=True)
        message = await peer.message()
        assert (message.payload, message.retain) == (b"live", False)


async def test_an_empty_payload_clears_it_and_is_delivered(broker: BrokerUnderTest, version: int) -> None:
    async with (
        await Peer.connect(broker.port, "early", version) as early,
        await Peer.connect(broker.port, "late", version) as late,
    ):
        await early.subscribe("t")
        await early.publish("t", b"x", retain=True)
        await early.publish("t", b"", retain=True)
        assert await early.payloads() == [b"x", b""]
        await late.subscribe("t")
        assert await late.received() == []


async def test_a_message_that_is_not_retained_leaves_the_retained_one_alone(
    broker: BrokerUnderTest, version: int
) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.publish("t", b"kept", retain=True)
        await peer.publish("t", b"passing")
        await peer.publish("t", b"")
        await peer.subscribe("t")
        assert await peer.payloads() == [b"kept"]


async def test_wildcards_find_retained_messages(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        for topic in ("hall/1/sat", "hall/2/sat", "hall/2/rat", "yard/1/sat"):
            await peer.publish(topic, topic.encode(), retain=True)
        await peer.subscribe("hall/+/sat")
        assert sorted(await peer.payloads()) == [b"hall/1/sat", b"hall/2/sat"]
        await peer.subscribe("hall/2/#")
        assert sorted(await peer.payloads()) == [b"hall/2/rat", b"hall/2/sat"]


async def test_subscribing_again_sends_it_again(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.publish("t", retain=True)
        await peer.subscribe("t")
        await peer.subscribe("t")
        assert [message.retain for message in await peer.received()] == [True, True]


async def test_it_comes_at_the_lower_of_both_qos(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.publish("zero", qos=0, retain=True)
        await peer.publish("one", qos=1, retain=True)
        await peer.subscribe(("zero", 1), ("one", 0))
        assert {message.topic: message.qos for message in await peer.received()} == {"zero": 0, "one": 0}


async def test_it_outlives_its_publisher(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        await sensor.publish("t", b"last words", retain=True)
        await sensor.leave()
    async with await Peer.connect(broker.port, "twin", version) as twin:
        await twin.subscribe("t")
        assert await twin.payloads() == [b"last words"]


async def test_it_is_gone_when_its_expiry_is_over(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "a", V5) as peer:
        await peer.publish("t", b"short", retain=True, properties={"message_expiry": 1})
        await peer.publish("u", b"long", retain=True, properties={"message_expiry": 3600})
        await broker.pass_time(1.0)
        await peer.subscribe("t", "u")
        assert await peer.payloads() == [b"long"]


@pytest.mark.parametrize(
    ("options", "first", "second"),
    [(0, [b"x"], [b"x"]), (SEND_IF_NEW, [b"x"], []), (NEVER_SEND, [], [])],
    ids=["always", "if new", "never"],
)
async def test_retain_handling(broker: BrokerUnderTest, options: int, first: list[bytes], second: list[bytes]) -> None:
    async with await Peer.connect(broker.port, "a", V5) as peer:
        await peer.publish("t", retain=True)
        await peer.subscribe(("t", 1 | options))
        assert await peer.payloads() == first
        await peer.subscribe(("t", 1 | options))
        assert await peer.payloads() == second


async def test_retain_as_published_keeps_the_mark_for_who_is_subscribed(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "a", V5) as peer:
        await peer.subscribe(("t", 1 | RETAIN_AS_PUBLISHED))
        await peer.publish("t", b"kept", retain=True)
        await peer.publish("t", b"passing")
        assert [(message.payload, message.retain) for message in await peer.received()] == [
            (b"kept", True),
            (b"passing", False),
        ]
