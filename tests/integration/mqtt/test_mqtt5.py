"""What MQTT 5 added, on both brokers."""

from __future__ import annotations

import pytest

from tests.integration.mqtt import wire
from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.peer import Peer, numbered
from tests.integration.mqtt.wire import V5, V311

SUBSCRIPTION_ID = 77


async def test_what_a_publisher_says_about_its_message_is_passed_on(broker: BrokerUnderTest) -> None:
    said: wire.Properties = {
        "payload_format": 1,
        "content_type": "application/json",
        "response_topic": "answers/here",
        "correlation_data": b"\x00\xff",
    }
    async with await Peer.connect(broker.port, "a", V5) as peer:
        await peer.subscribe("t")
        await peer.publish("t", b"{}", properties=said)
        assert (await peer.message()).properties == said


async def test_user_properties_keep_order_and_repeats(broker: BrokerUnderTest) -> None:
    pair = wire.NAMES["user"][0].to_bytes(1)
    body = pair + wire.text("site") + wire.text("b") + pair + wire.text("site") + wire.text("a")
    async with await Peer.connect(broker.port, "a", V5) as peer:
        await peer.subscribe("t")
        peer.send(wire.packet(wire.PUBLISH, wire.text("t") + wire.varint(len(body)) + body + b"x"))
        assert (await peer.message()).properties == {"user": [("site", "b"), ("site", "a")]}


async def test_a_message_at_once_carries_the_expiry_it_was_given(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "a", V5) as peer:
        await peer.subscribe("t")
        await peer.publish("t", properties={"message_expiry": 180})
        assert (await peer.message()).properties["message_expiry"] in (179, 180)


async def test_a_waiting_message_expires_and_another_counts_down(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "twin", V5, kept=True) as twin:
        await twin.subscribe("t")
        await twin.leave()
    async with await Peer.connect(broker.port, "sensor", V5) as sensor:
        await sensor.publish("t", b"short", properties={"message_expiry": 1})
        await sensor.publish("t", b"long", properties={"message_expiry": 100})
        await sensor.publish("t", b"forever")
    await broker.pass_time(1.0)
    async with await Peer.connect(broker.port, "twin", V5, clean=False) as twin:
        long, forever = await twin.received()
        assert (long.payload, forever.payload) == (b"long", b"forever")
        assert long.properties["message_expiry"] in range(96, 100)
        assert "message_expiry" not in forever.properties


async def test_a_topic_alias_stands_for_the_topic_it_was_set_to(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "a", V5) as peer:
        assert peer.connack["topic_alias_maximum"] in range(1, 65_536)
        await peer.subscribe("#")
        await peer.publish("hall/1", b"1", properties={"topic_alias": 1})
        await peer.publish("", b"2", properties={"topic_alias": 1})
        await peer.publish("hall/2", b"3", properties={"topic_alias": 1})
        await peer.publish("", b"4", properties={"topic_alias": 1})
        got = await peer.received()
        assert [(message.topic, message.payload) for message in got] == [
            ("hall/1", b"1"),
            ("hall/1", b"2"),
            ("hall/2", b"3"),
            ("hall/2", b"4"),
        ]
        assert all("topic_alias" not in message.properties for message in got)


@pytest.mark.parametrize("alias", [0, 2, 65_535], ids=["zero", "never set", "above the maximum"])
async def test_a_wrong_topic_alias_ends_the_connection(broker: BrokerUnderTest, alias: int) -> None:
    async with await Peer.connect(broker.port, "a", V5) as peer:
        peer.send(wire.publish("", b"x", version=V5, properties={"topic_alias": alias}))
        assert await peer.closed() in (0x81, 0x82, 0x94)


async def test_aliases_end_with_their_connection(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "a", V5, kept=True) as peer:
        await peer.publish("t", properties={"topic_alias": 1})
        await peer.leave()
    async with await Peer.connect(broker.port, "a", V5, clean=False) as peer:
        peer.send(wire.publish("", b"x", version=V5, properties={"topic_alias": 1}))
        assert await peer.closed() == 0x82


async def test_no_more_is_under_way_than_the_client_asked_for(broker: BrokerUnderTest) -> None:
    async with (
        await Peer.connect(broker.port, "twin", V5, acknowledges=False, properties={"receive_maximum": 2}) as twin,
        await Peer.connect(broker.port, "sensor", V5) as sensor,
    ):
        await twin.subscribe("t")
        for payload in numbered(5):
            await sensor.publish("t", payload)
        window = await twin.received()
        assert [message.payload for message in window] == numbered(2)
        for message in window:
            twin.acknowledge(message)
        assert (await twin.message()).payload == b"2"


async def test_a_message_too_large_for_its_subscriber_is_left_out(broker: BrokerUnderTest) -> None:
    async with (
        await Peer.connect(broker.port, "twin", V5, properties={"maximum_packet_size": 100}) as twin,
        await Peer.connect(broker.port, "sensor", V5) as sensor,
    ):
        await twin.subscribe("t")
        for payload in (b"before", bytes(200), b"after"):
            await sensor.publish("t", payload)
        assert await twin.payloads() == [b"before", b"after"]


async def test_a_message_says_which_subscription_it_is_for(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "a", V5) as peer:
        await peer.subscribe("hall/#", subscription_id=SUBSCRIPTION_ID)
        await peer.publish("hall/1")
        assert (await peer.message()).properties["subscription_id"] == [SUBSCRIPTION_ID]


async def test_properties_do_not_reach_a_311_subscriber(broker: BrokerUnderTest) -> None:
    async with (
        await Peer.connect(broker.port, "old", V311) as old,
        await Peer.connect(broker.port, "new", V5) as new,
    ):
        await old.subscribe("t")
        await new.publish("t", b"plain", properties={"message_expiry": 60, "content_type": "text/plain"})
        assert await old.payloads() == [b"plain"]


async def test_a_session_that_ends_cannot_be_kept_by_its_goodbye(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "a", V5) as peer:
        peer.send(wire.disconnect(V5, properties={"session_expiry": 60}))
        assert await peer.closed() in (None, 0x82)
    async with await Peer.connect(broker.port, "a", V5, clean=False) as peer:
        assert not peer.present
