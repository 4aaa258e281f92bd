"""What the link sends, on both brokers: in order, acknowledged or known to be lost, and commands by one door only."""

from __future__ import annotations

import asyncio
import socket
from typing import cast

import pytest

from tests.integration.mqtt import wire
from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.cable import Cable
from tests.integration.mqtt.links import LinkAtWork, a_link, a_scripted_broker, settings_for
from tests.integration.mqtt.peer import Peer, numbered
from tests.integration.mqtt.wire import V5
from tests.support.servers import free_port
from twin.adapters.mqtt import MqttLink
from twin.domain.commands import Command
from twin.domain.errors import SafetyBroken, Unreachable
from twin.domain.messages import MessageOut
from twin.domain.sealed import SealedCommand, _Key

STATUS = "dc/demo/_twin/status"
COMMAND = "dc/demo/_cmd/crah-1/supply_air_sp_c"


def a_sealed_command(expiry_s: int = 60) -> SealedCommand:
    """The test holds no key of the guard's: it makes one."""
    return SealedCommand(_Key(), cast(Command, None), COMMAND, b'{"v": 23.5}', expiry_s)


@pytest.mark.parametrize("qos", [0, 1])
async def test_a_publication_arrives_as_it_was_given(broker: BrokerUnderTest, version: int, qos: int) -> None:
    async with (
        await Peer.connect(broker.port, "watcher", version) as watcher,
        a_link(broker.port, version=version) as at_work,
    ):
        await watcher.subscribe("#")
        await at_work.link.publish(MessageOut("kpi/größe", b"1.25", qos=qos))
        message = await watcher.message()
        assert (message.topic, message.payload, message.qos, message.retain) == ("kpi/größe", b"1.25", qos, False)
        assert at_work.link.health.published == 1


async def test_small_packets_do_not_wait_for_each_others_acknowledgement(broker: BrokerUnderTest, version: int) -> None:
    async with a_link(broker.port, version=version) as at_work:
        await at_work.link.publish(MessageOut(STATUS, b"online", qos=1))
        client = at_work.link._client
        assert client is not None
        assert client._client.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_retained_publication_is_there_for_whoever_comes_later(broker: BrokerUnderTest, version: int) -> None:
    async with a_link(broker.port, version=version) as at_work:
        await at_work.link.publish(MessageOut(STATUS, b"online", qos=1, retain=True))
    async with await Peer.connect(broker.port, "later", version) as later:
        await later.subscribe(STATUS)
        message = await later.message()
        assert (message.payload, message.retain) == (b"online", True)


async def test_an_expiry_goes_along_where_the_protocol_has_one(broker: BrokerUnderTest, version: int) -> None:
    async with (
        await Peer.connect(broker.port, "watcher", version) as watcher,
        a_link(broker.port, version=version) as at_work,
    ):
        await watcher.subscribe("t")
        await at_work.link.publish(MessageOut("t", b"x", qos=1, expiry_s=90))
        message = await watcher.message()
        assert message.properties.get("message_expiry") in ((89, 90) if version == V5 else (None,))


async def test_many_publications_arrive_in_order_and_share_one_wait(broker: BrokerUnderTest, version: int) -> None:
    async with (
        await Peer.connect(broker.port, "watcher", version) as watcher,
        a_link(broker.port, version=version) as at_work,
    ):
        await watcher.subscribe("t")
        await at_work.link.publish_many([MessageOut("t", payload, qos=1) for payload in numbered(1500)])
        assert at_work.link.health.published == 1500
        assert [(await watcher.message()).payload for _ in range(1500)] == numbered(1500)


async def test_a_sealed_command_leaves_with_qos_1_unretained_and_with_its_expiry(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "actuator", V5) as actuator, a_link(broker.port) as at_work:
        await actuator.subscribe("dc/demo/_cmd/#")
        await at_work.link.send_sealed([a_sealed_command(expiry_s=60)])
        message = await actuator.message()
        assert (message.topic, message.payload) == (COMMAND, b'{"v": 23.5}')
        assert (message.qos, message.retain) == (1, False)
        assert message.properties["message_expiry"] in (59, 60)
    async with await Peer.connect(broker.port, "late", V5) as late:
        await late.subscribe("dc/demo/_cmd/#")
        assert await late.received() == []


async def test_nothing_else_is_published_on_a_command_topic(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "actuator", V5) as actuator, a_link(broker.port) as at_work:
        await actuator.subscribe("#")
        with pytest.raises(SafetyBroken):
            await at_work.link.publish_many([MessageOut("t", b"x"), MessageOut(COMMAND, b"x")])
        with pytest.raises(SafetyBroken):
            await at_work.link.send_sealed([cast(SealedCommand, MessageOut(COMMAND, b"x"))])
        await at_work.fence()
        assert {message.topic for message in await actuator.received()} == {"fence"}


async def test_publishing_before_there_is_a_link_fails_at_once() -> None:
    link = LinkAtWork(settings_for(free_port()), ()).link
    async with asyncio.timeout(0.5):
        with pytest.raises(Unreachable):
            await link.publish_many([MessageOut("t", b"x", qos=1)] * 3)
    assert link.health.unpublished == 3


async def test_publishing_after_the_broker_went_away_fails_in_time(broker: BrokerUnderTest) -> None:
    async with a_link(broker.port, timeout_s=0.3) as at_work:
        await broker.stop()
        async with asyncio.timeout(2.0):
            for _ in range(3):
                with pytest.raises(Unreachable):
                    await at_work.link.publish(MessageOut("t", b"x", qos=1))
        assert at_work.link.health.unpublished == 3


async def test_publishing_with_patience_waits_for_the_link(broker: BrokerUnderTest, version: int) -> None:
    async with (
        await Peer.connect(broker.port, "watcher", version) as watcher,
        a_link(broker.port, version=version, patience_s=5.0, wait=False) as at_work,
    ):
        await watcher.subscribe("t")
        await at_work.link.publish(MessageOut("t", b"waited", qos=1))
        assert await watcher.payloads() == [b"waited"]


async def test_patience_ends() -> None:
    async with a_link(free_port(), patience_s=0.1, wait=False) as at_work, asyncio.timeout(2.0):
        with pytest.raises(Unreachable):
            await at_work.link.publish(MessageOut("t", b"x", qos=1))


async def test_a_publication_that_is_not_acknowledged_fails_in_time(broker: BrokerUnderTest, version: int) -> None:
    async with Cable(broker.port) as cable, a_link(cable.port, version=version, timeout_s=0.3) as at_work:
        cable.freeze()
        async with asyncio.timeout(2.0):
            with pytest.raises(Unreachable, match="2 messages not acknowledged"):
                await at_work.link.publish_many([MessageOut("t", b"x", qos=1)] * 2)
        assert at_work.link.health.unpublished == 2
        cable.thaw()
        await at_work.link.publish(MessageOut("t", b"x", qos=1))


async def test_a_publication_interrupted_by_a_cut_fails_and_the_next_link_takes_one_again(
    broker: BrokerUnderTest,
) -> None:
    async with Cable(broker.port) as cable, a_link(cable.port, timeout_s=5.0) as at_work:
        cable.freeze()
        async with asyncio.TaskGroup() as group:
            publishing = group.create_task(_refused(at_work.link, MessageOut("t", b"x", qos=1)), name="publishing")
            await asyncio.sleep(0)
            cable.cut()
            cable.thaw()
            async with asyncio.timeout(2.0):  # not the five seconds an acknowledgement may take
                await publishing
        await at_work.connected()
        await at_work.fence()


async def test_no_more_is_under_way_than_the_broker_allows() -> None:
    most_unacknowledged = 0

    async def broker_with_a_window_of_five(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most_unacknowledged
        await _packet(reader)
        connack = b"\0\0" + wire.properties_wire(V5, {"receive_maximum": 5})
        writer.write(wire.packet(wire.CONNACK, connack))
        waiting: list[int] = []
        while True:
            try:
                async with asyncio.timeout(0.05):
                    waiting.append(wire.received(*await _packet(reader), V5).packet_id)
            except TimeoutError:  # it sends no more: now the acknowledgements
                most_unacknowledged = max(most_unacknowledged, len(waiting))
                writer.write(b"".join(wire.puback(packet_id) for packet_id in waiting))
                waiting.clear()

    async with a_scripted_broker(broker_with_a_window_of_five) as port, a_link(port) as at_work:
        await at_work.link.publish_many([MessageOut("t", payload, qos=1) for payload in numbered(12)])
        assert most_unacknowledged == 5


async def _refused(link: MqttLink, message: MessageOut) -> None:
    with pytest.raises(Unreachable):
        await link.publish(message)


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """First byte and body of one packet."""
    head = await reader.readexactly(2)
    assert head[1] < 0x80, "short packets only"
    return head[0], await reader.readexactly(head[1])
