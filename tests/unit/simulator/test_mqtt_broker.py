"""What the simulated broker promises beyond the standard, and where it is stricter than mosquitto."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.integration.mqtt import wire
from tests.unit.simulator.mqtt_bench import V5, V311, Bench
from twin.domain.errors import TwinError
from twin.simulator.broker import Broker, Limits

NO_LOCAL = 0x04


# -- where it listens


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "8.8.8.8", "broker.example", "", "fe80::1"])
def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(TwinError, match="loopback only"):
        Broker(host)


@pytest.mark.parametrize(
    ("host", "bound"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("127.9.8.7", "127.9.8.7")],
)
async def test_loopback_addresses_are_bound_as_they_are(host: str, bound: str) -> None:
    async with Broker(host) as broker:
        with socket.create_connection((bound, broker.port), timeout=5.0):
            assert broker.host == bound


async def test_a_taken_port_is_said() -> None:
    async with Broker() as first:
        with pytest.raises(TwinError, match="cannot listen"):
            await Broker(port=first.port).start()


async def test_it_comes_back_on_the_same_port_and_is_not_started_twice() -> None:
    async with Broker() as broker:
        port = broker.port
        with pytest.raises(TwinError, match="runs already"):
            await broker.start()
        await broker.stop()
        await broker.start()
        assert broker.port == port


async def test_nothing_is_left_running_after_a_stop() -> None:
    before = asyncio.all_tasks()
    async with Broker() as broker:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(wire.connect("a", version=V5))
        assert (await reader.readexactly(1)) == b"\x20"
        assert broker.stats.clients_connected == 1
    assert broker.stats.clients_connected == 0
    assert b"\x8b" in await reader.read()  # server shutting down
    writer.close()
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("keep_state", [False, True])
async def test_a_stop_forgets_unless_it_plays_a_durable_broker(keep_state: bool) -> None:
    broker = Broker()
    await broker.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(wire.connect("a", version=V5, properties={"session_expiry": 60}))
    writer.write(wire.publish("t", b"x", version=V5, qos=1, retain=True, packet_id=1))
    assert b"\x40" in await reader.readuntil(b"\x40")
    await broker.stop(keep_state=keep_state)
    writer.close()
    assert broker.stats.sessions == int(keep_state)
    assert bool(broker.stats.retained) == keep_state
    await broker.start()
    await broker.stop()


# -- limits


async def test_no_more_than_the_window_is_under_way_and_one_acknowledgement_lets_one_more_go() -> None:
    bench = Bench()
    sensor = await bench.client("sensor")
    twin = await bench.client("twin", properties={"receive_maximum": 2})
    await twin.subscribe("t")
    for number in range(5):
        await sensor.publish("t", str(number).encode())
    one, two = twin.received()
    await twin.acknowledge(two)
    (three,) = twin.received()
    assert [message.payload for message in (one, two, three)] == [b"0", b"1", b"2"]
    await twin.acknowledge(two)  # again: it is no other message's
    assert twin.received() == []


async def test_a_full_queue_drops_the_newest_and_counts_it() -> None:
    bench = Bench(limits=Limits(max_queued_messages=3, window_v311=1))
    sensor = await bench.client("sensor")
    twin = await bench.client("twin", version=V311)
    await twin.subscribe("t")
    for number in range(6):
        await sensor.publish("t", str(number).encode())
    arrived = []
    while messages := twin.received():
        arrived += [message.payload for message in messages]
        await twin.acknowledge(messages[0])
    assert arrived == [b"0", b"1", b"2", b"3"]
    assert bench.hub.counters.dropped_queue_full == 2


async def test_qos_0_for_a_client_that_is_away_is_dropped_and_counted() -> None:
    bench = Bench()
    sensor, twin = await bench.client("sensor"), await bench.client("twin", kept=True)
    await twin.subscribe("t")
    await twin.lose()
    await sensor.publish("t", qos=0)
    assert bench.hub.counters.dropped_offline_qos0 == 1


async def test_a_slow_reader_loses_qos_0_and_keeps_qos_1() -> None:
    bench = Bench(limits=Limits(max_buffered_bytes=1000))
    sensor, twin = await bench.client("sensor"), await bench.client("twin")
    await twin.subscribe("t")
    twin.connection.pause_writing()  # its socket takes no more
    for _ in range(4):
        await sensor.publish("t", bytes(600), qos=0)
    await sensor.publish("t", b"one", qos=1)
    twin.connection.resume_writing()
    assert [len(payload) for payload in twin.payloads()] == [600, 600, 3]
    assert bench.hub.counters.dropped_slow_qos0 == 2


async def test_a_packet_above_the_limit_is_refused_as_soon_as_its_length_is_known() -> None:
    bench = Bench(limits=Limits(max_packet_bytes=1000))
    client = await bench.client("a")
    await client.send(b"\x30\xff\x7f")  # 16,383 bytes are to come
    assert client.farewell == 0x95
    assert client.transport.closed


async def test_who_says_nothing_is_not_kept_waiting_for() -> None:
    bench = Bench(limits=Limits(connect_timeout_s=5.0))
    stranger = bench.stranger()
    await bench.pass_s(4.9)
    assert not stranger.transport.closed
    await bench.pass_s(0.2)
    assert stranger.transport.reset


async def test_who_does_not_speak_mqtt_is_closed_at_the_first_byte() -> None:
    stranger = Bench().stranger()
    await stranger.send(b"G")
    assert stranger.transport.closed


# -- time


@pytest.mark.parametrize("version", [V5, V311])
async def test_silence_ends_a_connection_after_exactly_one_and_a_half_keep_alives(version: int) -> None:
    bench = Bench()
    client = await bench.client("a", version=version, keep_alive_s=10)
    await bench.pass_s(14.0)
    await client.send(wire.packet(wire.PINGREQ, b""))  # any packet starts the count anew
    await bench.pass_s(14.9)
    assert not client.transport.closed
    await bench.pass_s(0.2)
    assert client.transport.closed
    assert client.farewell == (0x8D if version == V5 else None)


async def test_keep_alive_0_is_never_too_long() -> None:
    bench = Bench()
    client = await bench.client("a", keep_alive_s=0)
    await bench.pass_s(1e6)
    assert not client.transport.closed


async def test_the_broker_may_ask_version_5_for_a_shorter_keep_alive() -> None:
    bench = Bench(limits=Limits(server_keep_alive_s=4))
    client = await bench.client("a", keep_alive_s=60)
    connack = client.answer(wire.CONNACK)
    assert connack is not None
    assert wire.Reader(connack[2:]).properties(V5)["server_keep_alive"] == 4
    await bench.pass_s(6.1)
    assert client.transport.closed


async def test_a_session_ends_at_its_time_and_not_before() -> None:
    for away_s, present in ((59.0, 1), (61.0, 0)):
        bench = Bench()
        client = await bench.client("a", properties={"session_expiry": 60})
        await client.lose()
        await bench.pass_s(away_s)
        connack = (await bench.client("a", clean=False)).answer(wire.CONNACK)
        assert connack is not None
        assert connack[0] == present


async def test_a_message_expires_in_the_queue_at_its_time() -> None:
    bench = Bench()
    sensor, twin = await bench.client("sensor"), await bench.client("twin", kept=True)
    await twin.subscribe("t")
    await twin.lose()
    await sensor.publish("t", b"short", expiry_s=10)
    await sensor.publish("t", b"long", expiry_s=20)
    await bench.pass_s(10.0)
    twin = await bench.client("twin", kept=True, clean=False)
    (message,) = twin.received()
    assert (message.payload, message.properties["message_expiry"]) == (b"long", 10)
    assert bench.hub.counters.expired == 1


async def test_a_delayed_will_is_due_at_the_sessions_end_at_the_latest() -> None:
    bench = Bench()
    watcher = await bench.client("watcher")
    await watcher.subscribe("will")
    will = wire.Will("will", properties={"will_delay": 100})
    doomed = await bench.client("doomed", will=will, properties={"session_expiry": 10})
    await doomed.lose()
    await bench.pass_s(9.0)
    assert watcher.payloads() == []
    await bench.pass_s(1.1)
    assert watcher.payloads() == [b"gone"]


# -- where it is stricter than mosquitto


async def test_the_old_connection_is_told_that_it_was_taken_over() -> None:
    bench = Bench()
    old = await bench.client("a")
    new = await bench.client("a")
    assert old.farewell == 0x8E
    assert old.transport.closed
    assert not new.transport.closed
    assert bench.hub.counters.takeovers == 1


async def test_a_subscription_for_qos_2_is_granted_qos_1() -> None:
    client = await Bench().client("a")
    assert await client.subscribe("t", qos=2) == [1]


@pytest.mark.parametrize(("version", "said"), [(V5, 0x9B), (V311, None)])
async def test_a_publication_with_qos_2_ends_the_connection(version: int, said: int | None) -> None:
    bench = Bench()
    client = await bench.client("a", version=version)
    await client.publish("t", qos=2)
    assert client.farewell == said
    assert client.transport.closed


async def test_no_local_on_a_shared_subscription_ends_the_connection() -> None:
    client = await Bench().client("a")
    await client.send(wire.subscribe(1, [("$share/pool/t", 1 | NO_LOCAL)], version=V5))
    assert client.farewell == 0x82


async def test_a_topic_of_more_levels_than_it_can_bear_is_refused() -> None:
    client = await Bench().client("a")
    assert await client.subscribe("a" + "/a" * 200) == [0x8F]
    await client.publish("a" + "/a" * 200)
    assert client.farewell == 0x90
