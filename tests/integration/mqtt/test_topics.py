"""Which subscription gets which message, on both brokers."""

from __future__ import annotations

import pytest

from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.peer import Peer
from tests.integration.mqtt.wire import V5

NO_LOCAL = 0x04

# filter, topics it matches, topics it does not
WILDCARDS = [
    ("hall/+/sat", ["hall/1/sat", "hall//sat"], ["hall/sat", "hall/1/2/sat", "hall/1/sat/raw", "Hall/1/sat"]),
    ("hall/#", ["hall", "hall/1", "hall/1/sat", "hall/"], ["halls", "yard/hall", "/hall"]),
    ("+", ["hall"], ["hall/1", "/hall"]),
    ("/+", ["/hall"], ["hall", "/hall/1"]),
    ("+/+", ["hall/1", "/hall", "hall/"], ["hall", "hall/1/2"]),
    ("+/#", ["hall", "hall/1", "/hall"], []),
    ("#", ["hall", "hall/1", "/", "hall//1"], []),
    ("hall/+/+/#", ["hall/1/2", "hall/1/2/3/4"], ["hall/1"]),
    ("hall/1", ["hall/1"], ["hall/1/", "hall/10", "hall"]),
]


@pytest.mark.parametrize(("pattern", "matching", "others"), WILDCARDS, ids=[row[0] for row in WILDCARDS])
async def test_a_filter_matches_what_the_standard_says(
    broker: BrokerUnderTest, version: int, pattern: str, matching: list[str], others: list[str]
) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe(pattern)
        for topic in matching + others:
            await peer.publish(topic)
        assert [message.topic for message in await peer.received()] == matching


async def test_a_leading_wildcard_does_not_see_dollar_topics(broker: BrokerUnderTest, version: int) -> None:
    async with (
        await Peer.connect(broker.port, "any", version) as anything,
        await Peer.connect(broker.port, "dollar", version) as dollar,
    ):
        await anything.subscribe("#", "+/status", "+/#")
        await dollar.subscribe("$plant/#", "$plant/+")
        await anything.publish("$plant/status", b"hidden")
        assert await anything.received() == []
        assert {message.payload for message in await dollar.received()} == {b"hidden"}


async def test_the_brokers_own_topics_are_found_by_name_only(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe("#", "+/broker/version")
        assert await peer.received() == []
        await peer.subscribe("$SYS/broker/version")
        message = await peer.message()
        assert (message.topic, message.retain) == ("$SYS/broker/version", True)
        assert message.payload


async def test_nobody_can_speak_as_the_broker(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe("$SYS/broker/version")
        await peer.message()
        reason = await peer.publish("$SYS/broker/version", b"forged")
        assert b"forged" not in await peer.payloads()
        assert reason in ({0x87, 0x10, 0} if version == V5 else {0})


@pytest.mark.parametrize("topic", ["halle/kühlung/°C", "机房/温度", "sal 1/ temp ", "a/\ufeffb", "🌡", "x" * 60_000])
async def test_topics_are_utf_8_and_kept_to_the_letter(broker: BrokerUnderTest, version: int, topic: str) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe(topic)
        await peer.publish(topic, b"21.5")
        message = await peer.message()
        assert (message.topic, message.payload) == (topic, b"21.5")


async def test_overlapping_subscriptions_deliver_at_their_highest_qos(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe(("hall/#", 0), ("hall/+/sat", 1), ("hall/1/sat", 0))
        await peer.publish("hall/1/sat", b"21.5")
        copies = await peer.received()
        assert max(message.qos for message in copies) == 1
        assert len(copies) in (1, 3)  # one for all of them, or one for each: the standard leaves it open


async def test_a_subscription_made_again_replaces_the_first(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        assert await peer.subscribe("t", qos=1) == [1]
        assert await peer.subscribe("t", qos=0) == [0]
        await peer.publish("t")
        assert [message.qos for message in await peer.received()] == [0]


async def test_one_subscribe_is_answered_filter_by_filter(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        assert await peer.subscribe(("a", 1), ("b", 0), ("c/#", 1)) == [1, 0, 1]


async def test_unsubscribing_ends_the_messages(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe("hall/#", "yard")
        reasons = await peer.unsubscribe("hall/#", "never/there")
        assert reasons == ([0x00, 0x11] if version == V5 else [])
        await peer.publish("hall/1", b"not wanted")
        await peer.publish("yard", b"wanted")
        assert await peer.payloads() == [b"wanted"]


async def test_unsubscribing_one_filter_leaves_an_overlapping_one(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        await peer.subscribe("hall/#", "hall/1")
        await peer.unsubscribe("hall/#")
        await peer.publish("hall/1")
        await peer.publish("hall/2")
        assert [message.topic for message in await peer.received()] == ["hall/1"]


async def test_no_local_spares_a_client_its_own_messages(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "a", V5) as one, await Peer.connect(broker.port, "b", V5) as other:
        await one.subscribe(("t", 1 | NO_LOCAL))
        await one.publish("t", b"mine")
        await other.publish("t", b"theirs")
        assert await one.payloads() == [b"theirs"]


async def test_a_shared_subscription_gives_each_message_to_one_member(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "a", V5) as one, await Peer.connect(broker.port, "b", V5) as other:
        for member in (one, other):
            await member.subscribe("$share/pool/t/#")
        for number in range(10):
            await one.publish(f"t/{number}", str(number).encode())
        first, second = await one.payloads(), await other.payloads()
        assert sorted(first + second) == [str(number).encode() for number in range(10)]
        assert len(first) == len(second) == 5
