"""Last wills, on both brokers."""

from __future__ import annotations

import pytest

from tests.integration.mqtt import wire
from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.peer import Peer
from tests.integration.mqtt.wire import V5, Will

STATUS = "dc/demo/_twin/status"


async def test_a_cut_cable_publishes_the_will(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "watcher", version) as watcher:
        await watcher.subscribe(STATUS)
        async with await Peer.connect(broker.port, "twin", version, will=Will(STATUS, b"offline")) as twin:
            await twin.cut()
        message = await watcher.message()
        assert (message.topic, message.payload, message.qos, message.retain) == (STATUS, b"offline", 1, False)


async def test_a_retained_will_is_there_for_whoever_comes_later(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "watcher", version) as watcher:
        await watcher.subscribe(STATUS)
        async with await Peer.connect(broker.port, "twin", version, will=Will(STATUS, b"offline", retain=True)) as twin:
            await twin.cut()
        await watcher.message()
    async with await Peer.connect(broker.port, "later", version) as later:
        await later.subscribe(STATUS)
        message = await later.message()
        assert (message.payload, message.retain) == (b"offline", True)


async def test_a_clean_goodbye_publishes_no_will(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "watcher", version) as watcher:
        await watcher.subscribe(STATUS)
        async with await Peer.connect(broker.port, "twin", version, will=Will(STATUS)) as twin:
            await twin.leave()
        assert await watcher.received() == []


async def test_a_closed_socket_without_a_goodbye_publishes_the_will(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "watcher", version) as watcher:
        await watcher.subscribe(STATUS)
        async with await Peer.connect(broker.port, "twin", version, will=Will(STATUS)):
            pass
        assert (await watcher.message()).payload == b"gone"


async def test_a_broken_packet_publishes_the_will(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "watcher", version) as watcher:
        await watcher.subscribe(STATUS)
        async with await Peer.connect(broker.port, "twin", version, will=Will(STATUS)) as twin:
            twin.send(wire.packet(wire.CONNACK, b"\0\0"))
            await twin.closed()
        assert (await watcher.message()).payload == b"gone"


async def test_a_taken_over_client_leaves_its_will(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "watcher", version) as watcher:
        await watcher.subscribe(STATUS)
        async with (
            await Peer.connect(broker.port, "twin", version, will=Will(STATUS)),
            await Peer.connect(broker.port, "twin", version),
        ):
            assert (await watcher.message()).payload == b"gone"


async def test_the_will_of_an_earlier_connection_is_forgotten(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "watcher", version) as watcher:
        await watcher.subscribe(STATUS)
        async with await Peer.connect(broker.port, "twin", version, kept=True, will=Will(STATUS)) as twin:
            await twin.leave()
        async with await Peer.connect(broker.port, "twin", version, clean=False) as twin:
            await twin.cut()
        async with await Peer.connect(broker.port, "twin", version, clean=False, will=Will(STATUS, b"new")) as twin:
            await twin.cut()
        assert (await watcher.message()).payload == b"new"


async def test_version_5_may_leave_with_its_will(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "watcher", V5) as watcher:
        await watcher.subscribe(STATUS)
        async with await Peer.connect(broker.port, "twin", V5, will=Will(STATUS)) as twin:
            await twin.leave(reason=0x04)
        assert (await watcher.message()).payload == b"gone"


async def test_a_delayed_will_waits_and_is_called_off_by_a_return(broker: BrokerUnderTest) -> None:
    will = Will(STATUS, properties={"will_delay": 1})
    async with await Peer.connect(broker.port, "watcher", V5) as watcher:
        await watcher.subscribe(STATUS, "lost")
        async with await Peer.connect(broker.port, "back again", V5, kept=True, will=will) as twin:
            await twin.cut()
        lost = Will("lost", properties={"will_delay": 1})
        async with await Peer.connect(broker.port, "lost", V5, kept=True, will=lost) as other:
            await other.cut()
        async with await Peer.connect(broker.port, "back again", V5, kept=True, clean=False):
            assert await watcher.received() == []  # both cuts were seen, and both wills wait
            await broker.pass_time(1.0)
            assert [message.topic for message in await watcher.received()] == ["lost"]


@pytest.mark.parametrize("topic", ["hall/+/sat", "hall/#", ""], ids=["plus", "hash", "empty"])
async def test_a_will_without_a_proper_topic_is_refused(broker: BrokerUnderTest, version: int, topic: str) -> None:
    async with await Peer.open(broker.port, version) as peer:
        peer.send(wire.connect("a", version=version, will=Will(topic)))
        await peer.closed()
