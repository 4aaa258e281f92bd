"""From bytes to samples: every dialect, every refusal, in the order of the checks."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.domain.messages import MessageIn
from twin.domain.points import Quality
from twin.domain.site import Site, SourceRule
from twin.ingest.decode import Decoded, Decoder
from twin.ingest.paths import _depth
from twin.ingest.tally import Tally
from twin.shipped import shipped_config
from twin.sitefile.load import load_site

ARRIVAL_NS = 1_767_225_700 * 10**9
STAMP = "2026-01-01T00:01:00.250Z"
STAMP_NS = 1_767_225_660_250_000_000


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(shipped_config("demo"))


@pytest.fixture(scope="module")
def decoder(site: Site) -> Decoder:
    return Decoder(site)


def said(decoder: Decoder, topic: str, payload: object, *, retain: bool = False) -> Decoded:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return decoder.decode(MessageIn(f"dc/demo/{topic}", body, 0, retain, ARRIVAL_NS))


def values(site: Site, decoded: Decoded) -> dict[str, tuple[float, Quality]]:
    batch = decoded.batch
    return {
        site.points.points[int(p)].id: (float(v), Quality(int(q)))
        for p, v, q in zip(batch.point, batch.value, batch.quality, strict=True)
    }


def test_a_bare_number_gets_the_time_of_arrival(site: Site, decoder: Decoder) -> None:
    decoded = said(decoder, "meter/facility/power", b" 1893.4 ")
    assert values(site, decoded) == {"meter/facility_w": (1_893_400.0, Quality.GOOD)}
    assert decoded.batch.source_ns.tolist() == [ARRIVAL_NS]


def test_an_object_of_many_keys_with_words_and_per_cent(site: Site, decoder: Decoder) -> None:
    crah = {
        "ts": STAMP,
        "supply_air": 22.5,
        "return_air": 34,
        "fan_speed": 71,
        "chw_valve": 40.5,
        "state": "run",
        "fan_power": 2.1,
    }
    decoded = said(decoder, "h1/crah-01/telemetry", crah)
    got = values(site, decoded)
    assert got["h1-crah-01/fan_frac"][0] == pytest.approx(0.71)
    assert got["h1-crah-01/running"] == (1.0, Quality.GOOD)
    assert got["h1-crah-01/fan_w"][0] == pytest.approx(2100.0)
    assert set(decoded.batch.source_ns.tolist()) == {STAMP_NS}


def test_a_batch_names_its_errors(site: Site, decoder: Decoder) -> None:
    batch = {
        "timestamp": 1_767_225_660_250,
        "values": {"r001.inlet": 23.4, "r001.power": 5.0},
        "errors": {"r002.inlet": 3002},
    }
    decoded = said(decoder, "h1/row-01/telemetry", batch)
    got = values(site, decoded)
    assert got["h1-r001/inlet_c"] == (23.4, Quality.GOOD)
    assert got["h1-r002/inlet_c"][1] is Quality.BAD
    assert all(reject.reason == "no_value" for reject in decoded.rejects)
    assert len(decoded.batch) + len(decoded.rejects) == 20


@pytest.mark.parametrize("text", ["no reading", "Not Readable", "NaN", "n/a", None])
def test_a_text_that_says_it_was_not_read_is_a_bad_sample(site: Site, decoder: Decoder, text: str | None) -> None:
    batch = {"timestamp": 1_767_225_660_250, "values": {"r001.inlet": text, "r001.power": 5.0}}
    decoded = said(decoder, "h1/row-01/telemetry", batch)
    value, quality = values(site, decoded)["h1-r001/inlet_c"]
    assert np.isnan(value)
    assert quality is Quality.BAD
    assert all(reject.reason == "no_value" for reject in decoded.rejects)


def test_line_protocol_with_tags_and_nanoseconds(site: Site, decoder: Decoder) -> None:
    line = f'weather,station=roof dry_bulb=21.5,wet_bulb=15.25,humidity=55i,note="a, b" {STAMP_NS}\n# done\n'
    got = said(decoder, "outdoor/weather", line.encode())
    assert values(site, got)["outdoor/rh_frac"][0] == pytest.approx(0.55)
    assert got.batch.source_ns.tolist() == [STAMP_NS] * 3
    assert len(said(decoder, "outdoor/weather", line.replace("roof", "yard").encode()).batch) == 0


def test_the_source_own_doubt_is_kept(site: Site, decoder: Decoder) -> None:
    room = {
        "ts": STAMP,
        "supply_air": 22,
        "return_air": 33,
        "dew_point": 9,
        "it_power": 500,
        "aisle_dp": 5,
        "quality": "uncertain",
    }
    got = values(site, said(decoder, "h1/room/telemetry", room))
    assert {quality for _, quality in got.values()} == {Quality.SUSPECT}


def test_outside_the_plausible_range_is_bad_not_lost(site: Site, decoder: Decoder) -> None:
    crah = {
        "ts": STAMP,
        "supply_air": 850.0,
        "return_air": None,
        "fan_speed": 71,
        "chw_valve": 1,
        "state": "RUN",
        "fan_power": 1,
    }
    got = values(site, said(decoder, "h1/crah-01/telemetry", crah))
    assert got["h1-crah-01/supply_c"] == (850.0, Quality.BAD)
    assert got["h1-crah-01/return_c"][1] is Quality.BAD
    assert np.isnan(got["h1-crah-01/return_c"][0])


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("nobody/knows", b"1", "unknown_topic"),
        ("meter/facility/power", b"1" * 70_000, "too_large"),
        ("meter/facility/power", b"\xff\xfe", "not_utf8"),
        ("meter/facility/power", b"nan", "not_a_number"),
        ("meter/facility/power", b"1e999", "not_a_number"),
        ("meter/facility/power", b"1_000", "not_a_number"),
        ("meter/facility/power", "１２".encode(), "not_a_number"),
        ("plant/water", b"{oops", "not_json"),
        ("plant/water", b'{"ts": NaN}', "not_json"),
        ("plant/water", b"[" * 5000 + b"]" * 5000, "too_deep"),
        ("plant/water", b"[1, 2]", "shape"),
        ("plant/water", b'"\xc3\x28"', "not_utf8"),
        ("outdoor/weather", b"weather,station=roof dry_bulb", "not_line_protocol"),
        ("h1/row-01/telemetry", b'{"timestamp": 1, "values": {}}', "time"),
        ("h1/row-01/telemetry", b'{"values": {}}', "time"),
        ("h1/row-01/telemetry", b'{"timestamp": 1767225660250}', "shape"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(decoder: Decoder, topic: str, payload: bytes, reason: str) -> None:
    decoded = said(decoder, topic, payload)
    assert [reject.reason for reject in decoded.rejects] == [reason]
    assert len(decoded.batch) == 0


def test_brackets_inside_a_text_are_no_nesting(decoder: Decoder) -> None:
    decoded = said(decoder, "plant/power", {"ts": 1_767_225_660_250, "note": "[" * 50, "chw_pumps": 1.0})
    assert len(decoded.batch) == 1


def depth_byte_by_byte(payload: bytes) -> int:
    depth = deepest = 0
    inside = escaped = False
    for byte in payload:
        if inside:
            inside = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            inside = True
        elif byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


@given(
    st.lists(st.sampled_from([b"[", b"]", b"{", b"}", b'"', b"\\", b"a", b"\n", b"\xff"]), max_size=120).map(b"".join)
)
def test_the_nesting_of_any_bytes_is_what_a_reader_would_count(payload: bytes) -> None:
    assert _depth(payload) == depth_byte_by_byte(payload)


def test_another_unit_than_agreed_is_refused_not_guessed(decoder: Decoder) -> None:
    readback = {"ts": STAMP, "supply_air": {"value": 71.6, "unit": "degF", "holder": "remote"}}
    decoded = said(decoder, "h1/room/setpoint", readback)
    assert [reject.reason for reject in decoded.rejects] == ["unit"]
    assert len(decoded.batch) == 1  # the holder is still read


def test_a_retained_number_without_a_time_may_be_of_any_age(decoder: Decoder) -> None:
    decoded = said(decoder, "meter/facility/power", b"1893.4", retain=True)
    assert [reject.reason for reject in decoded.rejects] == ["retained_without_time"]


def test_one_bad_message_does_not_touch_its_neighbours(decoder: Decoder) -> None:
    good = MessageIn("dc/demo/meter/it/power", b"1000", 0, False, ARRIVAL_NS)
    decoded = decoder.decode_all((good, replace(good, payload=b"?"), good))
    assert len(decoded.batch) == 2
    assert len(decoded.rejects) == 1


def test_the_tally_adds_up(decoder: Decoder) -> None:
    tally = Tally()
    tally.add(1, said(decoder, "meter/it/power", b"1000"))
    tally.add(1, said(decoder, "meter/it/power", b"x"))
    assert (tally.messages, tally.samples, tally.received, tally.rejected["not_a_number"]) == (2, 1, 2, 1)


@pytest.mark.parametrize(
    ("time_unit", "stamp"),
    [
        ("s", 1_767_225_660.25),
        ("s", "1767225660"),
        ("ms", 1_767_225_660_250),
        ("us", 1_767_225_660_250_000),
        ("ns", STAMP_NS),
        ("iso", STAMP),
    ],
)
def test_every_unit_of_time_is_exact(site: Site, time_unit: str, stamp: object) -> None:
    rule = next(r for r in site.topics.rules if r.topic == "dc/demo/plant/power")
    one = replace(site.topics, rules=(replace(rule, time_unit=time_unit),))
    decoded = said(Decoder(replace(site, topics=one)), "plant/power", {"ts": stamp, "chw_pumps": 1.0})
    expected = STAMP_NS if stamp != "1767225660" else 1_767_225_660 * 10**9
    assert decoded.batch.source_ns.tolist() == [expected]


def test_entries_of_a_list_are_found_by_name(site: Site) -> None:
    rule: SourceRule = replace(
        next(r for r in site.topics.rules if r.codec == "batch"),
        value_path="t1", values_path="tags", name_key="name", value_key="value", errors_path="",
    )  # fmt: skip
    decoder = Decoder(replace(site, topics=replace(site.topics, rules=(rule,))))
    message = {"timestamp": 1_767_225_660_250, "tags": [{"name": "t0", "value": 1}, {"name": "t1", "value": 23.0}, 5]}
    decoded = said(decoder, rule.topic.removeprefix("dc/demo/"), message)
    assert decoded.batch.value.tolist() == [23.0]
    assert [reject.reason for reject in decoded.rejects] == ["shape"]


@given(
    st.sampled_from(["meter/it/power", "plant/water", "h1/row-01/telemetry", "outdoor/weather"]),
    st.binary(max_size=300),
)
def test_no_bytes_break_the_intake(topic: str, payload: bytes) -> None:
    decoded = said(_DECODER, topic, payload)
    assert len(decoded.batch) + len(decoded.rejects) >= 0
    assert np.all(np.isfinite(decoded.batch.value) | (decoded.batch.quality == int(Quality.BAD)))


_DECODER = Decoder(load_site(shipped_config("demo")))
