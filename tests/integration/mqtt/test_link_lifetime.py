"""How the link comes, goes, comes back and gives up, on both brokers and on broken ones."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from tests.integration.mqtt import wire
from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.cable import Cable
from tests.integration.mqtt.conftest import StartBroker
from tests.integration.mqtt.links import a_link, a_scripted_broker, settings_for
from tests.integration.mqtt.peer import Peer
from tests.integration.mqtt.wire import V5
from tests.support.servers import free_port
from twin.domain.errors import Unreachable
from twin.domain.messages import MessageOut

STATUS = "dc/demo/_twin/status"
OFFLINE = MessageOut(STATUS, b"offline", qos=1, retain=True)
CONNACK_OK = wire.packet(wire.CONNACK, b"\0\0\0")


async def test_a_cut_link_leaves_its_will_and_comes_back(broker: BrokerUnderTest, version: int) -> None:
    async with (
        await Peer.connect(broker.port, "watcher", version) as watcher,
        Cable(broker.port) as cable,
        a_link(cable.port, version=version, will=OFFLINE) as at_work,
    ):
        await watcher.subscribe(STATUS)
        cable.cut()
        message = await watcher.message()
        assert (message.payload, message.qos) == (b"offline", 1)
        await at_work.connected()
        assert at_work.link.health.connected
        assert at_work.link.health.connects == 2


async def test_a_link_that_ends_in_order_leaves_no_will(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "watcher", version) as watcher:
        await watcher.subscribe(STATUS)
        async with a_link(broker.port, version=version, will=OFFLINE):
            pass
        assert await watcher.received() == []


async def test_the_right_login_gets_in(start_broker: StartBroker, version: int) -> None:
    broker = await start_broker({"plant": "s3cret"})
    async with a_link(broker.port, version=version, username="plant", password="s3cret") as at_work:
        assert at_work.link.health.connected


async def test_a_wrong_login_is_tried_again_and_said_once(start_broker: StartBroker, version: int) -> None:
    broker = await start_broker({"plant": "s3cret"})
    with capture_logs() as logs:
        async with a_link(broker.port, version=version, username="plant", password="wrong", wait=False) as at_work:
            await at_work.paused(4)
            with pytest.raises(Unreachable, match=r"(?i)not authori[sz]ed|bad user name"):
                await at_work.link.wait_connected(0.05)
    assert not at_work.link.health.connected
    assert at_work.link.health.failures >= 4
    assert [entry["event"] for entry in logs] == ["no link to the broker, trying again"]


async def test_the_password_is_in_no_text_of_the_link() -> None:
    settings = settings_for(1883, username="plant", password="s3cret")
    assert "s3cret" not in f"{settings} {settings!r}"


async def test_pauses_grow_to_half_a_minute_and_are_spread(start_broker: StartBroker, version: int) -> None:
    broker = await start_broker({"plant": "s3cret"})
    async with a_link(broker.port, version=version, username="plant", password="wrong", wait=False) as at_work:
        await at_work.paused(14)
    longest = [min(0.2 * 2**attempt, 30.0) for attempt in range(14)]
    assert all(0.5 * most <= pause <= most for pause, most in zip(at_work.clock.slept, longest, strict=False))
    assert len({round(pause / most, 3) for pause, most in zip(at_work.clock.slept, longest, strict=False)}) > 7


async def test_while_nobody_listens_pauses_stay_below_half_a_second() -> None:
    async with a_link(free_port(), wait=False) as at_work:
        await at_work.paused(14)
    longest = [min(0.2 * 2**attempt, 0.5) for attempt in range(14)]
    assert all(0.5 * most <= pause <= most for pause, most in zip(at_work.clock.slept, longest, strict=False))


async def test_a_link_that_does_not_last_keeps_its_pauses_growing(broker: BrokerUnderTest) -> None:
    async with Cable(broker.port) as cable, a_link(cable.port) as at_work:
        for _ in range(5):
            cable.cut()
            await at_work.connected()
        assert all(later > 0.9 * earlier for earlier, later in pairwise(at_work.clock.slept))
        assert at_work.clock.slept[-1] > 1.6


async def test_a_link_that_lasted_comes_back_quickly(broker: BrokerUnderTest) -> None:
    async with Cable(broker.port) as cable, a_link(cable.port) as at_work:
        for _ in range(4):
            cable.cut()
            await at_work.connected()
        at_work.clock.skip(11.0)
        cable.cut()
        await at_work.connected()
        assert at_work.clock.slept[-1] <= 0.2


async def test_attempts_that_take_long_are_not_links_that_lasted() -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with a_scripted_broker(swallow) as port, a_link(port, timeout_s=0.1, wait=False) as at_work:
        for attempt in range(4):
            at_work.clock.skip(11.0)
            await at_work.paused(attempt + 1)
    assert at_work.clock.slept[3] >= 0.8


async def test_an_outage_is_said_once_and_so_is_its_end(broker: BrokerUnderTest) -> None:
    with capture_logs() as logs:
        async with a_link(broker.port) as at_work:
            await broker.stop()
            before = len(at_work.clock.slept)
            await at_work.paused(before + 6)
            await broker.start()
            await at_work.connected()
    events = [entry["event"] for entry in logs]
    assert events[0] == "connected"
    assert events.count("connected") == 2
    # this broker forgets everything, and that is said too
    assert events[-1].startswith("the broker has forgotten our session")
    # the end of the link, and that nobody answers any more, are two errors
    assert events.count("no link to the broker, trying again") <= 2


async def test_an_outage_like_the_last_one_is_said_again(broker: BrokerUnderTest) -> None:
    with capture_logs() as logs:
        async with Cable(broker.port) as cable, a_link(cable.port) as at_work:
            for _ in range(2):
                cable.cut()
                await at_work.connected()
    assert [entry["log_level"] for entry in logs] == ["info", "warning", "info", "warning", "info"]


async def test_a_broker_that_forgot_our_session_is_found_out(broker: BrokerUnderTest, version: int) -> None:
    async with Cable(broker.port) as cable, a_link(cable.port, version=version) as at_work:
        assert at_work.link.health.sessions_lost == 0  # the first time there was none
        cable.cut()
        await at_work.connected()
        assert at_work.link.health.sessions_lost == 0
        await broker.stop()
        await broker.start()
        await at_work.connected()
        assert at_work.link.health.sessions_lost == 1


async def test_a_renewed_link_brings_what_was_not_acknowledged_once_more(broker: BrokerUnderTest, version: int) -> None:
    async with (
        a_link(broker.port, "t", version=version) as at_work,
        await Peer.connect(broker.port, "sensor", version) as sensor,
    ):
        await sensor.publish("t", b"kept", qos=1)
        assert [message.payload for message in await at_work.take(1)] == [b"kept"]
        at_work.link.renew("asked again")
        await at_work.connected()
        (again,) = await at_work.take(1)
        assert again.payload == b"kept"
        assert at_work.link.health.connects == 2


async def test_a_frozen_link_is_noticed_by_its_keep_alive_and_made_anew(own_broker: BrokerUnderTest) -> None:
    async with Cable(own_broker.port) as cable, a_link(cable.port, keepalive_s=1, timeout_s=0.5) as at_work:
        cable.freeze()
        await at_work.paused(1)
        assert not at_work.link.health.connected
        cable.thaw()
        await at_work.connected()


async def test_a_link_on_which_nothing_arrives_is_made_anew(own_broker: BrokerUnderTest) -> None:
    async with a_link(own_broker.port, "t", silence_s=60.0) as at_work:
        at_work.clock.skip(61.0)
        await at_work.connected()
        assert at_work.link.health.failures == 1


async def test_a_link_that_hears_something_is_left_alone(broker: BrokerUnderTest) -> None:
    async with (
        a_link(broker.port, "t", silence_s=60.0) as at_work,
        await Peer.connect(broker.port, "sensor", V5) as sensor,
    ):
        for _ in range(3):
            at_work.clock.skip(59.0)
            await sensor.publish("t", qos=0)
            await at_work.take(1)
        assert at_work.link.health.connects == 1


async def test_a_broker_that_never_answers_is_left_without_a_trace() -> None:
    gone: asyncio.Queue[bytes] = asyncio.Queue()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone.put_nowait(await reader.read())  # returns when the client has closed

    async with a_scripted_broker(silent) as port, a_link(port, timeout_s=0.1, wait=False):
        async with asyncio.timeout(2.0):
            for _ in range(2):  # every attempt closes its socket before the next
                assert (await gone.get()).startswith(b"\x10")


async def test_a_link_can_be_ended_while_it_waits_for_an_answer() -> None:
    asked: asyncio.Event = asyncio.Event()
    gone: asyncio.Event = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        asked.set()
        await reader.read()
        gone.set()

    async with a_scripted_broker(silent) as port, asyncio.timeout(2.0):
        async with a_link(port, timeout_s=60.0, wait=False):
            await asked.wait()
        await gone.wait()


async def test_a_link_can_be_ended_while_it_is_frozen_with_much_to_say(broker: BrokerUnderTest) -> None:
    async with Cable(broker.port) as cable, asyncio.timeout(5.0), a_link(cable.port, timeout_s=60.0) as at_work:
        cable.freeze()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await at_work.link.publish_many([MessageOut("t", bytes(900_000), qos=1)] * 16)


async def test_a_broker_that_closes_as_soon_as_it_let_us_in_is_noticed() -> None:
    async def fickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.write(CONNACK_OK)

    async with a_scripted_broker(fickle) as port, a_link(port, wait=False) as at_work:
        await at_work.paused(3)
        assert at_work.link.health.failures >= 3


@pytest.mark.parametrize("publish", [b"\xff\xffhall", b"\0\x02\xff\xfe\0"], ids=["topic too long", "topic not UTF-8"])
async def test_a_broker_that_talks_nonsense_is_a_lost_link_and_not_the_end(publish: bytes) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONNACK_OK)
        await answer_subscriptions(reader, writer, b"\x01")
        writer.write(wire.packet(wire.PUBLISH, publish))
        await reader.read()

    async with a_scripted_broker(nonsense) as port, a_link(port, "t", wait=False) as at_work:
        await at_work.paused(3)
        assert at_work.link.health.failures >= 3


async def test_a_subscription_that_is_refused_is_said() -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONNACK_OK)
        await answer_subscriptions(reader, writer, b"\x01\x87")
        await reader.read()

    with capture_logs() as logs:
        async with a_scripted_broker(refuses) as port, a_link(port, "mine", "secret"):
            pass
    refused = [entry for entry in logs if entry["log_level"] == "warning"]
    assert [entry["topic"] for entry in refused] == ["secret"]


async def answer_subscriptions(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reasons: bytes) -> None:
    """Wait for a SUBSCRIBE of MQTT 5 and answer it so."""
    heard = b""
    while (at := heard.find(b"\x82")) < 0 or len(heard) < at + 4:
        heard += await reader.read(4096)
    writer.write(wire.packet(wire.SUBACK, heard[at + 2 : at + 4] + b"\0" + reasons))
