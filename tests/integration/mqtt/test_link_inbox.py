"""What the link takes in, on both brokers: nothing is lost, and nothing is acknowledged before it is asked to be."""

from __future__ import annotations

import pytest

from tests.integration.mqtt import wire
from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.cable import Cable
from tests.integration.mqtt.links import LinkAtWork, a_link
from tests.integration.mqtt.peer import Peer, numbered
from tests.integration.mqtt.wire import V311
from twin.adapters import mqtt as adapter


async def test_a_message_arrives_as_it_was_published(broker: BrokerUnderTest, version: int) -> None:
    async with (
        a_link(broker.port, "hall/+/sat", version=version) as at_work,
        await Peer.connect(broker.port, "sensor", version) as sensor,
    ):
        before_ns = at_work.clock.now_ns()
        await sensor.publish("hall/kühl/sat", b"\x00\xff21.5", qos=1)
        (message,) = await at_work.take(1)
        assert (message.topic, message.payload) == ("hall/kühl/sat", b"\x00\xff21.5")
        assert (message.qos, message.retain) == (1, False)
        assert before_ns <= message.received_ns <= at_work.clock.now_ns()


async def test_a_retained_message_is_marked_as_such(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        await sensor.publish("t", b"old", retain=True)
    async with a_link(broker.port, "t", version=version) as at_work:
        (message,) = await at_work.take(1)
        assert (message.payload, message.retain) == (b"old", True)


async def test_an_empty_payload_arrives_empty(broker: BrokerUnderTest, version: int) -> None:
    async with (
        a_link(broker.port, "t", version=version) as at_work,
        await Peer.connect(broker.port, "sensor", version) as sensor,
    ):
        await sensor.publish("t", b"")
        (message,) = await at_work.take(1)
        assert message.payload == b""


@pytest.mark.parametrize(("qos", "amount"), [(0, 3000), (1, 1000)])
async def test_a_burst_waits_for_whoever_takes_it(broker: BrokerUnderTest, qos: int, amount: int) -> None:
    async with (
        a_link(broker.port, "t") as at_work,
        await Peer.connect(broker.port, "sensor", V311) as sensor,
    ):
        sensor.send(
            b"".join(
                wire.publish("t", payload, version=V311, qos=qos, packet_id=number + 1)
                for number, payload in enumerate(numbered(amount))
            )
        )
        arrived: list[bytes] = []
        while len(arrived) < amount:
            batch = await at_work.take(1)
            at_work.link.acknowledge(batch)
            arrived += [message.payload for message in batch]
        assert arrived == numbered(amount)
        assert at_work.link.health.received == amount
        assert at_work.link.health.overflowed == 0


async def test_qos_0_is_dropped_and_counted_when_nobody_takes_it_and_qos_1_is_not(
    broker: BrokerUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_MOST_WAITING", 10)
    async with (
        a_link(broker.port, "t") as at_work,
        await Peer.connect(broker.port, "sensor", V311) as sensor,
    ):
        for payload in numbered(15):
            await sensor.publish("t", payload, qos=0)
        await sensor.publish("t", b"one", qos=1)
        await at_work.fence()
        assert at_work.link.health.overflowed == 5
        assert [message.payload for message in await at_work.take(11)] == [*numbered(10), b"one"]


async def test_what_is_not_admitted_is_counted_and_takes_no_room_in_the_window(broker: BrokerUnderTest) -> None:
    async with (
        a_link(broker.port, "mad", "t", version=V311) as at_work,
        await Peer.connect(broker.port, "sensor", V311) as sensor,
    ):
        at_work.link._admit = lambda topic, _qos, waiting: topic != "mad" and waiting < 3
        for payload in numbered(60):  # three windows of 3.1.1
            await sensor.publish("mad", payload)
        for payload in numbered(5):
            await sensor.publish("t", payload, qos=0)
        await at_work.fence()
        assert [message.payload for message in await at_work.take(3)] == numbered(3)
        health = at_work.link.health
        assert (health.received, health.refused, health.overflowed) == (65, 62, 0)


async def test_what_is_not_acknowledged_holds_the_broker_back(broker: BrokerUnderTest) -> None:
    async with (
        a_link(broker.port, "t", version=V311) as at_work,
        await Peer.connect(broker.port, "sensor", V311) as sensor,
    ):
        for payload in numbered(60):
            await sensor.publish("t", payload)
        await at_work.fence()
        assert at_work.link.health.received == 20  # the window of 3.1.1 on both brokers
        assert await taken_one_by_one(at_work, 60) == numbered(60)


async def test_what_was_not_acknowledged_comes_again_after_a_cut(broker: BrokerUnderTest, version: int) -> None:
    async with (
        Cable(broker.port) as cable,
        a_link(cable.port, "t", version=version) as at_work,
        await Peer.connect(broker.port, "sensor", version) as sensor,
    ):
        for payload in numbered(4):
            await sensor.publish("t", payload)
        first_time = await at_work.take(4)
        at_work.link.acknowledge(first_time[:1] + first_time[2:3])
        await at_work.fence()
        cable.cut()
        await at_work.connected()
        await at_work.fence()
        again = await at_work.take(2)
        assert [message.payload for message in again] == [b"1", b"3"]
        assert at_work.link.health.received == 6


async def test_an_acknowledgement_for_a_connection_that_is_gone_is_not_sent_on_the_next(
    broker: BrokerUnderTest, version: int
) -> None:
    async with (
        Cable(broker.port) as cable,
        a_link(cable.port, "t", version=version) as at_work,
        await Peer.connect(broker.port, "sensor", version) as sensor,
    ):
        await sensor.publish("t", b"precious")
        old = await at_work.take(1)
        for _ in range(2):  # it comes again each time, for its own token was never acknowledged
            cable.cut()
            await at_work.connected()
            at_work.link.acknowledge(old)
            await at_work.fence()
            (again,) = await at_work.take(1)
            assert again.payload == b"precious"
        at_work.link.acknowledge([again])
        await at_work.fence()
        cable.cut()
        await at_work.connected()
        await at_work.fence()
        assert at_work.link.health.received == 3


async def test_acknowledging_while_the_link_is_down_does_no_harm(broker: BrokerUnderTest) -> None:
    async with (
        a_link(broker.port, "t") as at_work,
        await Peer.connect(broker.port, "sensor", V311) as sensor,
    ):
        await sensor.publish("t")
        batch = await at_work.take(1)
    at_work.link.acknowledge(batch)


async def test_messages_of_the_time_away_arrive_at_the_next_process_of_the_same_name(
    broker: BrokerUnderTest, version: int
) -> None:
    async with a_link(broker.port, "t", version=version) as at_work:
        await at_work.fence()
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        for payload in numbered(50):
            await sensor.publish("t", payload)
    async with a_link(broker.port, "t", version=version) as at_work:
        assert await taken_one_by_one(at_work, 50) == numbered(50)


async def test_without_a_session_nothing_is_kept(broker: BrokerUnderTest, version: int) -> None:
    async with a_link(broker.port, "t", version=version, session_expiry_s=0) as at_work:
        await at_work.fence()
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        await sensor.publish("t", b"missed")
    async with a_link(broker.port, "t", version=version, session_expiry_s=0) as at_work:
        await at_work.fence()
        assert at_work.link.health.received == 0


async def test_it_subscribes_anew_when_a_restarted_broker_has_forgotten_it(
    broker: BrokerUnderTest, version: int
) -> None:
    async with a_link(broker.port, "t", "u/#", version=version) as at_work:
        for round_ in (b"first", b"second"):
            await broker.stop()
            await broker.start()
            await at_work.connected()
            async with await Peer.connect(broker.port, "sensor", version) as sensor:
                await sensor.publish("t", round_)
                await sensor.publish("u/1", round_)
            taken = await at_work.take(2)
            at_work.link.acknowledge(taken)
            assert [(message.topic, message.payload) for message in taken] == [("t", round_), ("u/1", round_)]
        assert at_work.link.health.connects == 3


async def test_many_subscriptions_are_all_made(broker: BrokerUnderTest, version: int) -> None:
    topics = [f"hall/{number}" for number in range(120)]
    async with (
        a_link(broker.port, *topics, version=version) as at_work,
        await Peer.connect(broker.port, "sensor", version) as sensor,
    ):
        for topic in topics:
            await sensor.publish(topic, qos=0)
        assert [message.topic for message in await at_work.take(120)] == topics


async def taken_one_by_one(at_work: LinkAtWork, count: int) -> list[bytes]:
    """So many payloads, each acknowledged before the next is taken."""
    arrived: list[bytes] = []
    for _ in range(count):
        batch = await at_work.take(1)
        at_work.link.acknowledge(batch)
        arrived += [message.payload for message in batch]
    return arrived
