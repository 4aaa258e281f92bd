"""Whatever bytes arrive, nothing breaks, and every reading that was to come is either taken or refused by name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.daemon.builders import a_core, minutes
from twin.daemon.core import memory_bytes
from twin.domain.clock import NS_PER_S
from twin.domain.errors import BadPayload
from twin.domain.messages import MessageIn
from twin.domain.points import Quality
from twin.domain.site import Site, SourceRule
from twin.ingest.decode import Decoded, Decoder
from twin.ingest.orders import Lane, lane_of, parse_ack, parse_order, parse_tick
from twin.ingest.tally import Tally
from twin.shipped import shipped_config
from twin.sitefile.load import load_site

ARRIVAL_NS = 1_779_148_800 * NS_PER_S
EARLIEST_NS, LATEST_NS = 946_684_800 * NS_PER_S, 4_102_444_800 * NS_PER_S
SCALAR, JSON, DOUBTED, WITH_UNIT = "meter/it/power", "plant/water", "h1/room/telemetry", "h1/room/setpoint"
BATCH, LINE = "h1/row-01/telemetry", "outdoor/weather"
TOPICS = (SCALAR, JSON, DOUBTED, WITH_UNIT, BATCH, LINE)
fuzz = settings(deadline=None, derandomize=True, max_examples=100)


@cache
def site() -> Site:
    return load_site(shipped_config("demo"))


@cache
def decoder() -> Decoder:
    return Decoder(site())


@cache
def rules_of(topic: str) -> tuple[SourceRule, ...]:
    return tuple(rule for rule in site().topics.rules if rule.topic == f"dc/demo/{topic}")


@cache
def real_payloads() -> Mapping[str, bytes]:
    """What the simulated site says on each topic: a start for bytes that are almost right."""
    told = {message.topic.removeprefix("dc/demo/"): message.payload for message in minutes(1)[0]}
    return {topic: told[topic] for topic in TOPICS}


def message(topic: str, payload: bytes, *, retain: bool = False) -> MessageIn:
    return MessageIn(f"dc/demo/{topic}", payload, 1, retain, ARRIVAL_NS)


def said(topic: str, payload: bytes) -> Decoded:
    return decoder().decode(message(topic, payload))


def assert_sound(decoded: Decoded) -> None:
    """Every sample is one that mirror and historian can bear, and every refusal has a name."""
    batch = decoded.batch
    assert {array.size for array in (batch.source_ns, batch.received_ns, batch.value, batch.quality)} <= {len(batch)}
    assert np.all((batch.point >= 0) & (batch.point < len(site().points)))
    assert np.all((batch.source_ns >= EARLIEST_NS) & (batch.source_ns < LATEST_NS))
    assert np.all(batch.quality <= int(Quality.BAD))
    low, high = (np.array([getattr(point, side) for point in site().points])[batch.point] for side in ("low", "high"))
    usable = batch.quality < int(Quality.BAD)
    assert np.all((batch.value[usable] >= low[usable]) & (batch.value[usable] <= high[usable]))
    assert all(reject.reason.replace("_", "").isalnum() and reject.detail for reject in decoded.rejects)


def assert_exact(topic: str, decoded: Decoded) -> None:
    """As many as the topic map expects of a message, taken or refused; or the message as a whole, refused once."""
    taken, refused = len(decoded.batch), len(decoded.rejects)
    assert taken + refused == len(rules_of(topic)) or (taken, refused) == (0, 1)


@st.composite
def almost_right(draw: st.DrawFn, topic: str) -> bytes:
    """A real payload with a few bytes changed, left out, doubled or put in."""
    body = bytearray(real_payloads()[topic])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(body) - 1, 0)))
        match draw(st.integers(0, 3)):
            case 0:
                body[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case 1:
                del body[at : at + draw(st.integers(1, 8))]
            case 2:
                body[at:at] = body[at : at + 16]
            case _:
                body[at:at] = draw(
                    st.sampled_from([b'"', b"{", b"}", b"[", b",", b"\\", b"1e400", b"null", b"-", b"NaN"])
                )
    return bytes(body)


leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["RUN", "ON", "good", "2026-05-19T00:00:00Z", "9999-12-31T23:59:59Z", "1779148800000", "degC"])
)


def names_of(topic: str) -> list[str]:
    """Every key that the topic map looks for in a message of this topic."""
    paths = [path for r in rules_of(topic) for path in (r.value_path, r.time_path, r.unit_path, r.quality_path)]
    paths += [path for r in rules_of(topic) for path in (r.values_path, r.errors_path)]
    return sorted({key for path in paths for key in path.split("/") if key})


def documents(topic: str) -> st.SearchStrategy[Any]:
    """JSON that has the right keys with anything behind them."""
    keys = st.sampled_from(names_of(topic)) | st.text(max_size=5)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=12), max_leaves=30
    )


@fuzz
@given(topic=st.sampled_from(TOPICS), payload=st.binary(max_size=400))
def test_any_bytes_are_taken_or_refused(topic: str, payload: bytes) -> None:
    decoded = said(topic, payload)
    assert_sound(decoded)
    if topic != LINE:
        assert_exact(topic, decoded)


@pytest.mark.parametrize("topic", TOPICS)
@settings(fuzz, max_examples=50)
@given(data=st.data())
def test_payloads_that_are_almost_right_are_taken_or_refused(topic: str, data: st.DataObject) -> None:
    decoded = said(topic, data.draw(almost_right(topic)))
    assert_sound(decoded)
    if topic != LINE:
        assert_exact(topic, decoded)


@pytest.mark.parametrize("topic", [JSON, DOUBTED, WITH_UNIT, BATCH])
@settings(fuzz, max_examples=50)
@given(data=st.data())
def test_the_right_keys_with_anything_behind_them_are_taken_or_refused(topic: str, data: st.DataObject) -> None:
    decoded = said(topic, json.dumps(data.draw(documents(topic))).encode())
    assert_sound(decoded)
    assert_exact(topic, decoded)


@fuzz
@given(
    values=st.lists(st.none() | st.floats(-99.0, 999.0) | st.sampled_from(["x", "", [], {}]), min_size=20, max_size=20)
)
def test_of_a_batch_exactly_the_good_ones_are_taken(values: list[Any]) -> None:
    names = [rule.value_path for rule in rules_of(BATCH)]
    body = {"timestamp": ARRIVAL_NS // 1_000_000, "values": dict(zip(names, values, strict=True))}
    decoded = said(BATCH, json.dumps(body).encode())
    assert_sound(decoded)
    readable = [value for value in values if value is None or isinstance(value, float)]  # null says: not read
    assert len(decoded.batch) == len(readable)
    assert len(decoded.rejects) == len(values) - len(readable)
    assert int(np.isnan(decoded.batch.value).sum()) == values.count(None)


@fuzz
@given(entries=st.lists(leaves | st.fixed_dictionaries({"name": st.sampled_from(["t1", "t2"]), "value": leaves})))
def test_of_a_list_every_entry_is_accounted_for(entries: list[Any]) -> None:
    rule = replace(
        rules_of(BATCH)[0], value_path="t1", values_path="tags", name_key="name", value_key="value", errors_path=""
    )
    one = Decoder(replace(site(), topics=replace(site().topics, rules=(rule,))))
    body = {"timestamp": ARRIVAL_NS // 1_000_000, "tags": entries}
    decoded = one.decode(MessageIn(rule.topic, json.dumps(body).encode(), 1, False, ARRIVAL_NS))
    assert_sound(decoded)
    ours = sum(1 for entry in entries if isinstance(entry, dict) and entry["name"] == "t1")
    no_entries = sum(1 for entry in entries if not isinstance(entry, dict))
    assert len(decoded.batch) + len(decoded.rejects) == ours + no_entries


words = st.text(st.characters(codec="ascii", exclude_characters="\n"), max_size=8)
lines = st.lists(
    st.sampled_from(
        [
            "weather,station=roof dry_bulb=21.5,wet_bulb=15.25 1779148800000000000",
            "weather,station=roof humidity=55i",
            "weather,station=yard dry_bulb=1",
            'weather,station=roof note="a, \\" b",dry_bulb=21.5',
            "# a comment",
            "",
        ]
    )
    | st.tuples(words, words, words).map(lambda w: f"weather,station=roof {w[0]}={w[1]} {w[2]}")
    | words
).map("\n".join)


@fuzz
@given(text=lines)
def test_line_protocol_is_read_or_refused_as_a_whole(text: str) -> None:
    decoded = said(LINE, text.encode())
    assert_sound(decoded)
    assert len(decoded.batch) == 0 or all(reject.reason == "not_a_number" for reject in decoded.rejects)


@fuzz
@given(told=st.lists(st.tuples(st.sampled_from((*TOPICS, "nobody/knows", "")), st.binary(max_size=60), st.booleans())))
def test_neighbours_do_not_touch_each_other_and_the_tally_is_exact(told: Sequence[tuple[str, bytes, bool]]) -> None:
    messages = [
        message(topic, real_payloads()[topic] if real and topic in TOPICS else body) for topic, body, real in told
    ]
    together, alone = decoder().decode_all(messages), [decoder().decode(one) for one in messages]
    np.testing.assert_array_equal(
        together.batch.value, np.concatenate([one.batch.value for one in alone] or [np.empty(0)])
    )
    assert together.rejects == tuple(reject for one in alone for reject in one.rejects)
    tally = Tally()
    tally.add(len(messages), together)
    assert (tally.messages, tally.samples) == (len(messages), sum(len(one.batch) for one in alone))
    assert tally.rejected == Counter(reject.reason for reject in together.rejects)
    assert tally.received == tally.samples + tally.rejected.total()


order_fields = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=70),
        "point": st.text(max_size=10),
        "v": leaves,
        "mode": st.text(max_size=8),
        "by": st.text(max_size=4),
        "reason": st.text(max_size=4),
        "until": leaves,
        "ts": leaves,
        "seq": leaves,
        "epoch": leaves,
        "lease": leaves,
        "status": st.sampled_from(["applied", "expired", "done"]) | leaves,
    },
)
order_bytes = st.binary(max_size=200) | order_fields.map(lambda fields: json.dumps(fields).encode())
order_topics = st.sampled_from(["_ack/h1/supply_air_sp_c", "_ack/", "_op/override", "_op/mode", "_op/x", "_sim/tick"])


def refusal(topic: str, payload: bytes) -> str:
    """The name a message beside telemetry is refused by, "" when it was understood."""
    whole = f"dc/demo/{topic}"
    try:
        match lane_of("dc/demo", whole):
            case Lane.ACK:
                instants = [parse_ack("dc/demo", whole, payload).at_ns]
            case Lane.ORDER:
                order = parse_order("dc/demo", whole, payload)
                assert order.by
                assert order.reason
                instants = [order.until_ns] if order.until_ns else []
            case lane:
                assert lane is Lane.TICK
                instants = [parse_tick(payload)]
    except BadPayload as refused:
        return refused.reason
    assert all(EARLIEST_NS <= instant_ns < LATEST_NS for instant_ns in instants)
    return ""


@fuzz
@given(topic=order_topics, payload=order_bytes)
def test_orders_acknowledgements_and_ticks_are_read_or_refused_by_name(topic: str, payload: bytes) -> None:
    assert refusal(topic, payload) in {"", "bad_ack", "bad_order", "bad_tick"}


@pytest.mark.parametrize("year", ["0001", "1999", "2100", "2999", "9999"])
def test_an_order_until_the_end_of_time_is_refused_and_the_daemon_goes_on(year: str) -> None:
    core = a_core()
    until = f'{{"id":"a","mode":"shadow","by":"Ada","reason":"x","until":"{year}-01-01T00:00:00Z"}}'
    core.feed([*minutes(1)[0], message("_op/mode", until.encode()), message("_sim/tick", until.encode())], 0.0)
    core.tick(core.event_ns, core.event_ns / NS_PER_S)
    assert memory_bytes(core.memory)
    assert core.refused_orders == 2


@settings(deadline=None, derandomize=True, max_examples=25)
@given(told=st.lists(st.tuples(st.sampled_from(TOPICS) | order_topics, order_bytes, st.booleans()), max_size=8))
def test_the_core_takes_anything_and_can_still_run_a_cycle(told: Sequence[tuple[str, bytes, bool]]) -> None:
    core = a_core(controller="hold")
    messages = [message(topic, payload, retain=retain) for topic, payload, retain in told]
    core.feed([*minutes(1)[0], *messages], 0.0)
    core.tick(core.event_ns, core.event_ns / NS_PER_S)
    assert memory_bytes(core.memory)
    assert core.tally.messages == len(minutes(1)[0]) + len(told)
    assert core.tally.received == core.tally.samples + core.tally.rejected.total()
