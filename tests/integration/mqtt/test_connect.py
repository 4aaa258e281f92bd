"""Coming in, staying in and being shut out, on both brokers."""

from __future__ import annotations

import time

import pytest

from tests.integration.mqtt import wire
from tests.integration.mqtt.brokers import BrokerUnderTest
from tests.integration.mqtt.conftest import StartBroker
from tests.integration.mqtt.peer import Peer, Refused
from tests.integration.mqtt.wire import V5, V311, Will

LOGIN = {"plant": "s3cret"}


async def test_a_client_is_let_in_without_a_session(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        assert not peer.present


async def test_the_right_password_is_let_in(start_broker: StartBroker, version: int) -> None:
    broker = await start_broker(LOGIN)
    async with await Peer.connect(broker.port, "a", version, username="plant", password="s3cret") as peer:
        assert await peer.received() == []


@pytest.mark.parametrize(
    ("username", "password"),
    [("plant", "wrong"), ("nobody", "s3cret"), ("plant", ""), (None, None)],
    ids=["wrong password", "unknown user", "empty password", "no login"],
)
async def test_a_bad_login_is_refused(
    start_broker: StartBroker, version: int, username: str | None, password: str | None
) -> None:
    broker = await start_broker(LOGIN)
    with pytest.raises(Refused) as caught:
        await Peer.connect(broker.port, "a", version, username=username, password=password)
    # bad user name or password, or not authorised: brokers differ in which they say
    assert caught.value.reason in ({0x86, 0x87} if version == V5 else {4, 5})


async def test_an_unknown_protocol_level_is_refused(broker: BrokerUnderTest) -> None:
    async with await Peer.open(broker.port, V311) as peer:
        peer.send(wire.connect("a", version=V311, level=9))
        connack = await peer.answer(wire.CONNACK)
        assert connack[:2] in {b"\x00\x01", b"\x00\x84"}
        await peer.closed()


async def test_version_5_gives_a_name_to_a_client_without_one(broker: BrokerUnderTest) -> None:
    async with (
        await Peer.connect(broker.port, "", V5) as first,
        await Peer.connect(broker.port, "", V5) as second,
    ):
        assert first.connack["assigned_client_id"]
        assert first.connack["assigned_client_id"] != second.connack["assigned_client_id"]


async def test_version_311_lets_a_nameless_client_in_with_a_clean_session_only(broker: BrokerUnderTest) -> None:
    async with await Peer.connect(broker.port, "", V311) as peer:
        assert not peer.present
    with pytest.raises(Refused) as caught:
        await Peer.connect(broker.port, "", V311, clean=False)
    assert caught.value.reason == 2


async def test_a_second_client_of_the_same_name_takes_over(broker: BrokerUnderTest, version: int) -> None:
    async with (
        await Peer.connect(broker.port, "a", version) as old,
        await Peer.connect(broker.port, "a", version) as new,
    ):
        await old.closed()
        await new.subscribe("t")
        await new.publish("t", b"still here")
        assert await new.payloads() == [b"still here"]


async def test_a_taken_over_session_goes_on_at_the_new_connection(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version, kept=True) as old:
        await old.subscribe("t")
        async with await Peer.connect(broker.port, "a", version, clean=False) as new:
            assert new.present
            await new.publish("t", b"1")
            assert await new.payloads() == [b"1"]


async def test_a_silent_client_is_closed_after_one_and_a_half_keep_alives_and_leaves_its_will(
    broker: BrokerUnderTest,
) -> None:
    async with (
        await Peer.connect(broker.port, "watcher", V5) as watcher,
        await Peer.connect(broker.port, "5", V5, keep_alive_s=1, will=Will("will/5")) as new,
        await Peer.connect(broker.port, "311", V311, keep_alive_s=1, will=Will("will/311")) as old,
        await Peer.connect(broker.port, "patient", V5, keep_alive_s=0) as patient,
    ):
        began_s = time.monotonic()
        await watcher.subscribe("will/+")
        assert await new.closed() in (None, 0x8D)
        assert await old.closed() is None
        assert 1.3 <= time.monotonic() - began_s < 9.0  # mosquitto looks every five seconds
        assert {message.topic for message in await watcher.received()} == {"will/5", "will/311"}
        assert await patient.received() == []


async def test_a_ping_is_answered(broker: BrokerUnderTest, version: int) -> None:
    async with await Peer.connect(broker.port, "a", version) as peer:
        peer.send(wire.packet(wire.PINGREQ, b""))
        assert await peer.answer(wire.PINGRESP) == b""
