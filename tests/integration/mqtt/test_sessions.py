"""What the broker keeps for a client that is away, on both brokers."""

from __future__ import annotations

from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.peer import Peer, numbered
from tests.integration.mqtt.wire import V5, V311


async def test_a_kept_session_queues_qos_1_while_its_client_is_away(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "twin", version, kept=True) as twin:
        await twin.subscribe("t")
        await twin.leave()
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        for payload in numbered(100):
            await sensor.publish("t", payload)
    async with await Peer.connect(broker.port, "twin", version, clean=False) as twin:
        assert twin.present
        assert [(await twin.message()).payload for _ in range(100)] == numbered(100)


async def test_messages_sent_for_the_first_time_are_not_marked_as_duplicates(
    broker: BrokerUnderTest, version: int
) -> None:
    async with await Peer.connect(broker.port, "twin", version, kept=True) as twin:
        await twin.subscribe("t")
        await twin.leave()
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        await sensor.publish("t")
    async with await Peer.connect(broker.port, "twin", version, clean=False) as twin:
        assert not (await twin.message()).dup


async def test_unacknowledged_messages_come_again_marked_and_in_order(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        async with await Peer.connect(broker.port, "twin", version, kept=True, acknowledges=False) as twin:
            await twin.subscribe("t")
            for payload in numbered(4):
                await sensor.publish("t", payload)
            first_time = await twin.received()
            twin.acknowledge(first_time[1])
            assert await twin.received() == []  # the acknowledgement is in
            await twin.cut()
        async with await Peer.connect(broker.port, "twin", version, clean=False) as twin:
            assert twin.present
            again = await twin.received()
            assert [(message.payload, message.dup) for message in again] == [(b"0", True), (b"2", True), (b"3", True)]
            assert [message.packet_id for message in again] == [first_time[n].packet_id for n in (0, 2, 3)]


async def test_acknowledged_messages_do_not_come_again(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        async with await Peer.connect(broker.port, "twin", version, kept=True) as twin:
            await twin.subscribe("t")
            await sensor.publish("t")
            assert await twin.payloads() == [b"x"]
            await twin.received()
            await twin.cut()
        async with await Peer.connect(broker.port, "twin", version, clean=False) as twin:
            assert await twin.received() == []


async def test_what_was_waiting_behind_the_window_comes_after_what_was_in_it(
    broker: BrokerUnderTest, version: int
) -> None:
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        async with await Peer.connect(broker.port, "twin", version, kept=True, acknowledges=False) as twin:
            await twin.subscribe("t")
            for payload in numbered(50):
                await sensor.publish("t", payload)
            await twin.cut()
        async with await Peer.connect(broker.port, "twin", version, clean=False) as twin:
            assert [(await twin.message()).payload for _ in range(50)] == numbered(50)


async def test_a_session_is_not_kept_unless_it_was_asked_for(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "twin", version) as twin:
        await twin.subscribe("t")
        await twin.leave()
    async with await Peer.connect(broker.port, "twin", version, clean=False) as twin:
        assert not twin.present
        await twin.publish("t")
        assert await twin.received() == []


async def test_a_clean_start_forgets_the_session_and_what_waits_in_it(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "twin", version, kept=True) as twin:
        await twin.subscribe("t")
        await twin.leave()
    async with await Peer.connect(broker.port, "sensor", version) as sensor:
        await sensor.publish("t")
        async with await Peer.connect(broker.port, "twin", version, clean=True) as twin:
            assert not twin.present
            await sensor.publish("t")
            assert await twin.received() == []


async def test_a_session_taken_up_in_version_5_goes_on_in_311(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "twin", V5, kept=True) as twin:
        await twin.subscribe("t")
        await twin.leave()
    async with await Peer.connect(broker.port, "twin", V311, clean=False) as twin:
        assert twin.present
        await twin.publish("t")
        assert await twin.payloads() == [b"x"]


async def test_a_session_ends_when_its_time_is_up(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "twin", V5, properties={"session_expiry": 1}) as twin:
        await twin.leave()
    await broker.pass_time(1.0)
    async with await Peer.connect(broker.port, "twin", V5, clean=False) as twin:
        assert not twin.present


async def test_disconnect_may_change_how_long_the_session_is_kept(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "twin", V5, properties={"session_expiry": 3600}) as twin:
        await twin.leave(properties={"session_expiry": 0})
    async with await Peer.connect(broker.port, "twin", V5, clean=False) as twin:
        assert not twin.present


async def test_qos_0_is_not_kept_for_a_client_that_is_away_by_the_simulated_broker_nor_lost_for_others(
    broker: BrokerUnderTest, version: int
) -> None:
    async with await Peer.connect(broker.port, "away", version, kept=True) as away:
        await away.subscribe("t")
        await away.leave()
    async with await Peer.connect(broker.port, "here", version) as here:
        await here.subscribe("t")
        await here.publish("t", qos=0)
        assert await here.payloads() == [b"x"]
    async with await Peer.connect(broker.port, "away", version, clean=False) as away:
        assert await away.received() == []


async def test_subscriptions_of_a_kept_session_can_be_taken_back(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "twin", version, kept=True) as twin:
        await twin.subscribe("t", "u")
        await twin.unsubscribe("t")
        await twin.leave()
    async with await Peer.connect(broker.port, "twin", version, clean=False) as twin:
        await twin.publish("t", b"not wanted")
        await twin.publish("u", b"wanted")
        assert await twin.payloads() == [b"wanted"]
