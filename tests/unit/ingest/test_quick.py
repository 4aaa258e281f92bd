"""The short way through a message gives what the long way gives, to the byte; whatever arrives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chaos.hostile import CLASSES, hostile_payloads
from tests.unit.ingest.test_fuzz import (
    BATCH,
    DOUBTED,
    JSON,
    TOPICS,
    WITH_UNIT,
    almost_right,
    documents,
    real_payloads,
    site,
)
from twin.domain.messages import MessageIn
from twin.domain.site import Site, SourceRule
from twin.ingest.decode import Decoded, Decoder
from twin.ingest.quick import quick_for

ARRIVAL_NS = 1_779_148_800 * 10**9
ONE, MANY, NESTED = "one/value", "many/values", "nested/value"
STAMP = "2026-05-19T00:00:00.250Z"
fuzz = settings(deadline=None, derandomize=True, max_examples=150)


def rule(topic: str, value_path: str, point: int, **changes: Any) -> SourceRule:
    like = next(r for r in site().topics.rules if r.codec == "json" and not r.unit_path and not r.quality_path)
    plain = replace(like, topic=f"dc/demo/{topic}", value_path=value_path, point=point, sequence_path="seq", scale=1.0)
    return replace(plain, **changes)


@cache
def counted_site() -> Site:
    """The demo site and three topics whose messages are counted."""
    many = {"codec": "batch", "values_path": "values", "time_unit": "ms"}
    rules = (
        rule(ONE, "value", 400),
        *(rule(MANY, name, point, **many) for point, name in zip((0, 2, 4), "abc", strict=True)),
        rule(NESTED, "in/value", 401, words=(("ON", 1.0),), scale=-0.1, offset=3.0),
        *site().topics.rules,
    )
    return replace(site(), topics=replace(site().topics, rules=rules))


@cache
def quick() -> Decoder:
    return Decoder(counted_site())


@cache
def careful() -> Decoder:
    return Decoder(counted_site(), quick=False)


def assert_alike(messages: Sequence[MessageIn]) -> Decoded:
    short, long = quick().decode_all(messages), careful().decode_all(messages)
    assert short.rejects == long.rejects
    assert short.sequences == long.sequences
    for name in ("point", "source_ns", "received_ns", "value", "quality"):
        ours, theirs = getattr(short.batch, name), getattr(long.batch, name)
        assert (ours.dtype, ours.tobytes()) == (theirs.dtype, theirs.tobytes()), name
    return short


def message(topic: str, payload: bytes, *, retain: bool = False, received_ns: int = ARRIVAL_NS) -> MessageIn:
    return MessageIn(f"dc/demo/{topic}", payload, 1, retain, received_ns)


def said(topic: str, document: object) -> Decoded:
    return assert_alike([message(topic, json.dumps(document).encode())])


@pytest.mark.parametrize("topic", TOPICS)
@settings(fuzz, max_examples=40)
@given(data=st.data())
def test_both_ways_agree_on_what_is_almost_right(topic: str, data: st.DataObject) -> None:
    bodies = data.draw(st.lists(almost_right(topic), min_size=1, max_size=4))
    assert_alike([message(topic, body, retain=data.draw(st.booleans())) for body in bodies])


@pytest.mark.parametrize("topic", [JSON, DOUBTED, WITH_UNIT, BATCH])
@settings(fuzz, max_examples=40)
@given(data=st.data())
def test_both_ways_agree_on_any_document(topic: str, data: st.DataObject) -> None:
    assert_alike([message(topic, json.dumps(data.draw(documents(topic))).encode())])


numbers = st.integers(-(10**25), 10**25) | st.floats() | st.sampled_from([-0.0, 0, 2**53 + 1, 2**64, 10**400, 1e308])
anything = numbers | st.none() | st.booleans() | st.text(max_size=5) | st.lists(numbers, max_size=2)
times = st.sampled_from([STAMP, 1_779_148_800_250]) | st.integers(0, 2**63) | anything
whole = st.fixed_dictionaries({name: st.floats(0, 50) | anything for name in "abc"})
odd_times = st.fixed_dictionaries({"ts": times, "values": whole, "value": st.floats(0, 50)})
topics = st.sampled_from((ONE, MANY, NESTED))
bodies = st.fixed_dictionaries(
    {"ts": st.sampled_from([STAMP, 1_779_148_800_250])},
    optional={
        "value": anything,
        "in": st.dictionaries(st.sampled_from(["value", "x"]), anything) | anything,
        "values": whole | st.dictionaries(st.sampled_from("abcd"), anything) | anything,
        "seq": st.integers(-3, 2**63 + 3) | anything,
        "other": anything | st.recursive(numbers, lambda inner: st.lists(inner, max_size=2), max_leaves=20),
    },
)


@fuzz
@given(told=st.lists(st.tuples(topics, bodies | odd_times, st.booleans(), st.booleans()), max_size=5))
def test_both_ways_agree_on_numbers_times_and_counts(told: Sequence[tuple[str, object, bool, bool]]) -> None:
    assert_alike(
        [
            message(topic, json.dumps(body).encode(), retain=retain, received_ns=ARRIVAL_NS if timed else 0)
            for topic, body, retain, timed in told
        ]
    )


@pytest.mark.parametrize("kind", CLASSES)
def test_both_ways_agree_on_hostile_bytes(kind: str) -> None:
    payloads = hostile_payloads(kind, seed=11, count=200)
    assert_alike([message(topic, body) for body in payloads for topic in (ONE, MANY, *TOPICS)])


def test_the_same_keys_in_another_order_twice_or_with_strangers_beside_them() -> None:
    body = b'{"seq":3,"note":["x"],"values":{"c":3,"a":9,"b":2,"a":1},"ts":1779148800250,"ts":1779148800251}'
    assert assert_alike([message(MANY, body)]).batch.value.tolist() == [1.0, 2.0, 3.0]


def test_real_messages_take_the_short_way() -> None:
    for topic in ("h1/row-01/telemetry", "plant/water"):
        rules = [r for r in site().topics.rules if r.topic == f"dc/demo/{topic}"]
        read = quick_for(rules)
        assert read is not None
        assert read(real_payloads()[topic]) is not None


@pytest.mark.parametrize("topic", [ONE, NESTED, MANY])
def test_a_count_goes_beside_the_samples(topic: str) -> None:
    document = {"ts": STAMP, "value": 1.0, "in": {"value": "ON"}, "seq": 7}
    if topic == MANY:
        document = {"ts": 1_779_148_800_250, "values": {"a": 1, "b": 2, "c": 3}, "seq": 7}
    decoded = said(topic, document)
    assert decoded.sequences == ((f"dc/demo/{topic}", 7),)
    assert decoded.rejects == ()


@pytest.mark.parametrize("count", [-1, 1.0, True, "7", None, 2**63, [1]])
def test_a_count_that_is_none_is_refused_and_the_reading_beside_it_is_taken(count: object) -> None:
    decoded = said(ONE, {"ts": STAMP, "value": 21.5, "seq": count})
    assert [reject.reason for reject in decoded.rejects] == ["sequence"]
    assert (decoded.batch.value.tolist(), decoded.sequences) == ([21.5], ())


def test_a_message_without_a_count_is_no_news() -> None:
    decoded = said(ONE, {"ts": STAMP, "value": 21.5})
    assert (decoded.rejects, decoded.sequences) == ((), ())


def test_a_refused_message_has_come_all_the_same() -> None:
    decoded = said(MANY, {"seq": 9, "ts": 1, "values": {"a": 1, "b": 2, "c": 3}})
    assert [reject.reason for reject in decoded.rejects] == ["time"]
    assert decoded.sequences == ((f"dc/demo/{MANY}", 9),)
