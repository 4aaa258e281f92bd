"""What can go wrong on order: each fault does what its table says, to whom it is meant for, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.mqtt import wire
from tests.unit.simulator.mqtt_bench import V5, V311, Bench, Client
from twin.domain.errors import TwinError
from twin.simulator.broker import FaultRule


async def a_pair(bench: Bench, *, kept: bool = False) -> tuple[Client, Client]:
    """A sensor, and a twin that is subscribed to everything."""
    sensor, twin = await bench.client("sensor"), await bench.client("twin", kept=kept)
    await twin.subscribe("#")
    return sensor, twin


# -- delay


async def test_a_delay_at_the_entrance_holds_routing_and_acknowledgement() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="delay", direction="in", delay_s=3.0))
    assert await sensor.publish("t") is None
    await bench.pass_s(2.9)
    assert (sensor.acknowledged(), twin.payloads()) == (None, [])
    await bench.pass_s(0.2)
    assert (sensor.acknowledged(), twin.payloads()) == (0, [b"x"])


async def test_a_delay_at_the_exit_holds_the_delivery_alone() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="delay", direction="out", delay_s=3.0))
    assert await sensor.publish("t") == 0
    assert twin.payloads() == []
    await bench.pass_s(3.1)
    assert twin.payloads() == [b"x"]


async def test_a_delayed_message_for_a_session_that_has_ended_is_counted_as_dropped() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="delay", direction="out", delay_s=3.0))
    await sensor.publish("t")
    await twin.lose()
    await bench.pass_s(3.1)
    assert bench.hub.counters.dropped_session_end == 1


# -- drop


async def test_a_drop_at_the_entrance_is_a_broker_that_lies() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="drop", direction="in"))
    assert await sensor.publish("t", retain=True) == 0
    assert twin.payloads() == []
    assert bench.hub.counters.dropped_by_fault == 1
    assert len(bench.hub.retained) == 0


async def test_a_drop_at_the_exit_loses_one_subscribers_copy() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    other = await bench.client("other")
    await other.subscribe("#")
    await bench.fault(FaultRule(kind="drop", direction="out", client="twin"))
    assert await sensor.publish("t") == 0
    assert (twin.payloads(), other.payloads()) == ([], [b"x"])
    assert bench.hub.counters.dropped_by_fault == 1


# -- acknowledgements


async def test_a_lost_acknowledgement_at_the_entrance_is_a_message_that_arrived_all_the_same() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="drop_ack", direction="in"))
    assert await sensor.publish("t") is None
    assert twin.payloads() == [b"x"]


async def test_a_lost_acknowledgement_at_the_exit_brings_the_message_again_after_a_reconnect() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench, kept=True)
    await bench.fault(FaultRule(kind="drop_ack", direction="out", count=1))
    await sensor.publish("t")
    (first,) = twin.received()
    await twin.acknowledge(first)
    await twin.lose()
    again = await bench.client("twin", kept=True, clean=False)
    (second,) = again.received()
    assert (second.payload, second.dup, second.packet_id) == (b"x", True, first.packet_id)
    await again.acknowledge(second)  # the rule has struck once: this one is seen
    await again.lose()
    assert (await bench.client("twin", kept=True, clean=False)).received() == []


# -- duplicate


async def test_a_duplicate_at_the_entrance_is_two_messages() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="duplicate", direction="in"))
    assert await sensor.publish("t") == 0
    one, two = twin.received()
    assert one.packet_id != two.packet_id
    assert not two.dup
    assert sensor.acknowledged() is None


async def test_a_duplicate_at_the_exit_is_one_message_sent_again() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="duplicate", direction="out"))
    await sensor.publish("t")
    one, two = twin.received()
    assert (one.packet_id, one.dup) == (two.packet_id, False)
    assert two.dup


async def test_a_duplicate_of_qos_0_is_sent_twice_unmarked() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="duplicate", direction="out"))
    await sensor.publish("t", qos=0)
    assert [(message.payload, message.dup) for message in twin.received()] == [(b"x", False), (b"x", False)]


# -- reorder


@pytest.mark.parametrize("direction", ["in", "out"])
async def test_reorder_lets_the_next_message_pass(direction: Any) -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="reorder", direction=direction, count=1))
    for payload in (b"1", b"2", b"3"):
        await sensor.publish("t", payload)
    assert twin.payloads() == [b"2", b"1", b"3"]


async def test_a_held_message_goes_by_itself_when_no_other_comes() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="reorder", direction="in", delay_s=2.0))
    assert await sensor.publish("t") is None
    await bench.pass_s(1.9)
    assert twin.payloads() == []
    await bench.pass_s(0.2)
    assert (sensor.acknowledged(), twin.payloads()) == (0, [b"x"])


async def test_each_publisher_has_a_lane_of_its_own() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    other = await bench.client("other")
    await bench.fault(FaultRule(kind="reorder", direction="in", client="sensor", count=1))
    await sensor.publish("t", b"held")
    await other.publish("t", b"other's")
    assert twin.payloads() == [b"other's"]
    await sensor.publish("t", b"passes")
    assert twin.payloads() == [b"passes", b"held"]


# -- cut


async def test_a_cut_at_the_entrance_resets_before_the_message_is_looked_at() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="cut", direction="in"))
    assert await sensor.publish("t") is None
    assert sensor.transport.reset
    assert twin.payloads() == []
    assert not twin.transport.closed


async def test_a_cut_at_the_exit_keeps_qos_1_for_the_next_connection() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench, kept=True)
    await bench.fault(FaultRule(kind="cut", direction="out", count=1))
    assert await sensor.publish("t") == 0
    assert twin.transport.reset
    assert twin.payloads() == []
    again = await bench.client("twin", kept=True, clean=False)
    (message,) = again.received()
    assert (message.payload, message.dup) == (b"x", False)


async def test_a_cut_leaves_the_clients_will() -> None:
    bench = Bench()
    _, twin = await a_pair(bench)
    doomed = await bench.client("doomed", will=wire.Will("will"))
    await bench.fault(FaultRule(kind="cut", client="doomed"))
    await doomed.publish("t")
    assert [message.topic for message in twin.received()] == ["will"]


# -- refuse


@pytest.mark.parametrize(
    ("version", "reason", "said"),
    [(V5, 0x88, b"\0\x88"), (V5, 0x89, b"\0\x89"), (V311, 0x88, b"\0\x03"), (V311, 0x87, b"\0\x05")],
)
async def test_refuse_answers_connect_in_the_words_of_the_version(version: int, reason: int, said: bytes) -> None:
    bench = Bench()
    await bench.fault(FaultRule(kind="refuse", reason=reason, count=1))
    refused = await bench.client("a", version=version)
    connack = refused.answer(wire.CONNACK)
    assert connack is not None
    assert connack[:2] == said
    assert refused.transport.closed
    assert not refused.transport.reset
    assert (await bench.client("a", version=version)).answer(wire.CONNACK) is not None


async def test_refuse_with_reason_0_resets_without_a_word() -> None:
    bench = Bench()
    await bench.fault(FaultRule(kind="refuse", reason=0))
    refused = await bench.client("a")
    assert refused.transport.reset
    assert refused.answer(wire.CONNACK) is None


async def test_refuse_is_for_the_clients_it_names() -> None:
    bench = Bench()
    await bench.fault(FaultRule(kind="refuse", client="thermotwin-*", reason=0))
    assert (await bench.client("thermotwin-demo")).transport.reset
    assert not (await bench.client("sensor")).transport.closed


# -- ghosts


async def test_a_ghost_with_a_payload_haunts_who_is_there_and_who_comes() -> None:
    bench = Bench()
    _, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="ghost_retained", topic="dc/demo/_cmd/a/b", payload=b"stale"))
    (ghost,) = twin.received()
    assert (ghost.topic, ghost.payload, ghost.retain) == ("dc/demo/_cmd/a/b", b"stale", True)
    later = await bench.client("later")
    await later.subscribe("dc/demo/_cmd/#")
    assert [(message.payload, message.retain) for message in later.received()] == [(b"stale", True)]


async def test_a_ghost_without_one_is_what_the_topic_held_before() -> None:
    bench = Bench()
    sensor = await bench.client("sensor")
    for payload in (b"older", b"old", b"new"):
        await sensor.publish("t", payload, retain=True)
    await bench.fault(FaultRule(kind="ghost_retained", topic="#"))
    later = await bench.client("later")
    await later.subscribe("t")
    assert later.payloads() == [b"new", b"old"]


async def test_a_cleared_topic_can_come_back_as_a_ghost() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await sensor.publish("t", b"was here", retain=True)
    await sensor.publish("t", b"", retain=True)
    twin.received()
    await bench.fault(FaultRule(kind="ghost_retained", topic="t"))
    assert [(message.payload, message.retain) for message in twin.received()] == [(b"was here", True)]


async def test_a_ghost_is_for_the_clients_it_names() -> None:
    bench = Bench()
    _, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="ghost_retained", topic="t", payload=b"boo", client="other"))
    assert twin.payloads() == []


# -- which messages a rule strikes


async def test_a_rule_strikes_its_topics_its_clients_and_so_often_as_it_says() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    other = await bench.client("other")
    handle = await bench.fault(FaultRule(kind="drop", direction="in", topic="hall/+/sat", client="sens*", count=2))
    for topic in ("hall/1/sat", "hall/1/rat", "hall/2/sat", "hall/3/sat"):
        await sensor.publish(topic)
        await other.publish(topic, b"other")
    lost = {message.topic for message in twin.received() if message.payload == b"other"}
    assert len(lost) == 4
    assert handle.hits == 2
    await sensor.publish("hall/1/sat")
    assert twin.payloads() == [b"x"]


async def test_the_same_seed_meets_the_same_faults_and_another_does_not() -> None:
    async def survivors(seed: int) -> list[bytes]:
        bench = Bench()
        sensor, twin = await a_pair(bench)
        await bench.fault(FaultRule(kind="drop", direction="in", probability=0.5, seed=seed))
        for number in range(200):
            await sensor.publish("t", str(number).encode(), qos=0)
        return twin.payloads()

    first = await survivors(1)
    assert first == await survivors(1)
    assert first != await survivors(2)
    assert 70 <= len(first) <= 130


async def test_a_rule_ends_when_it_is_removed_and_all_end_when_they_are_cleared() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    one = await bench.fault(FaultRule(kind="drop", topic="one", direction="in"))
    await bench.fault(FaultRule(kind="drop", topic="two", direction="in"))
    one.remove()
    one.remove()
    await sensor.publish("one")
    await sensor.publish("two")
    assert [message.topic for message in twin.received()] == ["one"]
    bench.hub.faults.clear()
    await sensor.publish("two")
    assert [message.topic for message in twin.received()] == ["two"]
    assert not bench.hub.faults.active


async def test_several_rules_add_up() -> None:
    bench = Bench()
    sensor, twin = await a_pair(bench)
    await bench.fault(FaultRule(kind="delay", direction="in", delay_s=1.0))
    await bench.fault(FaultRule(kind="delay", direction="in", delay_s=2.0))
    await bench.fault(FaultRule(kind="duplicate", direction="in"))
    await sensor.publish("t")
    await bench.pass_s(2.9)
    assert twin.payloads() == []
    await bench.pass_s(0.2)
    assert twin.payloads() == [b"x", b"x"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "explode"},
        {"direction": "sideways"},
        {"topic": "a/#/b"},
        {"probability": 1.5},
        {"probability": float("nan")},
        {"count": 0},
        {"delay_s": -1.0},
        {"reason": 5},
        {"kind": "ghost_retained", "payload": b"x", "topic": "a/+"},
    ],
    ids=str,
)
def test_a_rule_that_cannot_be_is_refused_with_a_reason(wrong: dict[str, Any]) -> None:
    with pytest.raises(TwinError, match="fix:"):
        FaultRule(**{"kind": "drop", **wrong})


# -- faults ordered over MQTT


async def test_faults_can_be_ordered_and_ended_over_mqtt() -> None:
    bench = Bench(fault_topic=True)
    sensor, twin = await a_pair(bench)
    assert await sensor.publish("$SYS/faults/add", b'{"kind": "drop", "topic": "t"}') == 0
    await sensor.publish("t")
    assert await sensor.publish("$SYS/faults/clear") == 0
    await sensor.publish("t", b"after")
    assert twin.payloads() == [b"after"]


async def test_a_cut_ordered_over_mqtt_is_for_the_client_it_names() -> None:
    bench = Bench(fault_topic=True)
    sensor, twin = await a_pair(bench)
    assert await sensor.publish("$SYS/faults/cut", b"twin") == 0
    assert twin.transport.reset
    assert not sensor.transport.closed
    await sensor.publish("$SYS/faults/cut", b"")
    assert sensor.transport.reset


@pytest.mark.parametrize(
    "order",
    [
        b"",
        b"{}",
        b"drop",
        b'{"kind": "explode"}',
        b'{"kind": "drop", "count": 0}',
        b'{"kind": "drop", "no": 1}',
        pytest.param(b"[" * 9999, id="deep"),
    ],
)
async def test_an_order_that_is_not_understood_is_answered_so(order: bytes) -> None:
    bench = Bench(fault_topic=True)
    sensor = await bench.client("sensor")
    assert await sensor.publish("$SYS/faults/add", order) == 0x99
    assert not bench.hub.faults.active
    assert not sensor.transport.closed


async def test_an_order_of_an_unknown_name_is_answered_so() -> None:
    sensor = await Bench(fault_topic=True).client("sensor")
    assert await sensor.publish("$SYS/faults/explode") == 0x90


async def test_orders_are_not_obeyed_where_they_were_not_allowed() -> None:
    bench = Bench()
    sensor = await bench.client("sensor")
    assert await sensor.publish("$SYS/faults/add", b'{"kind": "drop"}') == 0x87
    assert not bench.hub.faults.active
