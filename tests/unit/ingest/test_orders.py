"""Acknowledgements, orders and ticks: read strictly, refused by name."""

from __future__ import annotations

import pytest

from twin.domain.commands import AckStatus
from twin.domain.errors import BadPayload
from twin.ingest.orders import Lane, lane_of, parse_ack, parse_order, parse_tick

ROOT = "dc/demo"


def test_topics_have_their_lanes() -> None:
    assert lane_of(ROOT, "dc/demo/_ack/h1/supply_air_sp_c") is Lane.ACK
    assert lane_of(ROOT, "dc/demo/_op/override") is Lane.ORDER
    assert lane_of(ROOT, "dc/demo/_sim/tick") is Lane.TICK
    assert lane_of(ROOT, "dc/demo/h1/room/telemetry") is Lane.TELEMETRY


def test_an_acknowledgement_names_its_command() -> None:
    payload = b'{"seq":3,"epoch":2,"lease":"2.1","status":"applied","v":22.5,"ts":"2026-01-01T00:00:00Z","reason":""}'
    ack = parse_ack(ROOT, "dc/demo/_ack/h1/supply_air_sp_c", payload)
    assert (ack.asset, ack.point, ack.seq, ack.status) == ("h1", "supply_air_sp_c", 3, AckStatus.APPLIED)


@pytest.mark.parametrize(
    "payload",
    [
        b"{}",
        b'{"seq":3,"epoch":2,"lease":"2.1","status":"done","ts":"2026-01-01T00:00:00Z"}',
        b'{"seq":true,"epoch":2,"lease":"2.1","status":"applied","ts":"2026-01-01T00:00:00Z"}',
        b'{"seq":3,"epoch":2,"lease":"2.1","status":"applied","ts":"today"}',
        b" " * 5000,
    ],
)
def test_a_bad_acknowledgement_is_refused(payload: bytes) -> None:
    with pytest.raises(BadPayload) as refused:
        parse_ack(ROOT, "dc/demo/_ack/h1/x", payload)
    assert refused.value.reason == "bad_ack"


def test_an_order_says_by_whom_why_and_until_when() -> None:
    payload = (
        b'{"id":"a1","point":"h1/supply_air_sp_c","v":21,"by":"Ada","reason":"test","until":"2026-01-01T01:00:00Z"}'
    )
    order = parse_order(ROOT, "dc/demo/_op/override", payload)
    assert (order.kind, order.value, order.by, order.until_ns) == ("override", 21.0, "Ada", 1_767_229_200 * 10**9)


@pytest.mark.parametrize(
    "payload", [b'{"point":"x"}', b'{"by":"Ada","reason":""}', b'{"by":"Ada","reason":"y","v":1e999}']
)
def test_an_order_without_author_reason_or_number_is_refused(payload: bytes) -> None:
    with pytest.raises(BadPayload):
        parse_order(ROOT, "dc/demo/_op/override", payload)


def test_an_order_nobody_knows_is_refused() -> None:
    with pytest.raises(BadPayload, match="no order is called"):
        parse_order(ROOT, "dc/demo/_op/reboot", b'{"by":"Ada","reason":"y"}')


def test_a_tick_is_an_instant() -> None:
    assert parse_tick(b'{"ts":"2026-01-01T00:00:00.000Z"}') == 1_767_225_600 * 10**9
    with pytest.raises(BadPayload):
        parse_tick(b'{"ts":0}')
