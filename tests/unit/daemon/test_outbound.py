"""What the daemon says under `_twin`: topics, keys and flags of the public contract. Nothing here is a command."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from controllers.guard.authority import OrderAnswer
from tests.unit.daemon.builders import START_NS, a_core, demo_site, minutes
from twin.daemon.cycle import Outcome
from twin.daemon.outbound import Voice
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S
from twin.domain.messages import MessageOut

VOICE = Voice("dc/demo", version="0.1.0", config_hash="abcd")


@cache
def an_outcome() -> Outcome:
    core = a_core()
    core.feed(minutes(1)[0], 0.0)
    return core.tick(core.event_ns, core.event_ns / NS_PER_S)


def body(message: MessageOut) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(message.payload, parse_constant=lambda word: pytest.fail(f"{word} on the wire"))
    return said


def test_status_is_retained_and_names_what_is_missing() -> None:
    message = VOICE.status("degraded", Mode.SHADOW, START_NS, ("outdoor/wet_bulb_c",))
    assert (message.topic, message.qos, message.retain) == ("dc/demo/_twin/status", 1, True)
    assert body(message) == {
        "state": "degraded",
        "mode": "shadow",
        "version": "0.1.0",
        "config": "abcd",
        "since": "2026-05-19T00:00:00.000Z",
        "missing": ["outdoor/wet_bulb_c"],
    }


def test_a_heartbeat_is_not_retained() -> None:
    message = VOICE.heartbeat(7, START_NS, 1.23456)
    assert (message.topic, message.retain) == ("dc/demo/_twin/heartbeat", False)
    assert body(message) == {"seq": 7, "ts": "2026-05-19T00:00:00.000Z", "cycle_age_s": 1.235}


def test_the_word_on_a_cycle_has_every_key_and_shares_the_quality_of_service_of_commands() -> None:
    state = an_outcome().state
    message = VOICE.cycle(state, duration_ms=12.34567, commands=2, held=1)
    said = body(message)
    assert (message.topic, message.qos, message.retain) == ("dc/demo/_twin/cycle", 1, False)
    assert list(said) == ["cycle", "ts", "duration_ms", "commands", "held", "facility_kw", "it_kw", "pue"]
    assert (said["cycle"], said["duration_ms"], said["commands"], said["held"]) == (1, 12.346, 2, 1)
    assert said["pue"] == pytest.approx(said["facility_kw"] / said["it_kw"], abs=1e-4)


@pytest.mark.parametrize(("facility_w", "it_w"), [(math.nan, 1e6), (1e6, math.nan), (1e6, 0.0), (math.inf, 1e6)])
def test_what_is_not_known_is_null_never_a_number(facility_w: float, it_w: float) -> None:
    state = replace(an_outcome().state, facility_w=facility_w, it_w=it_w)
    assert body(VOICE.cycle(state, duration_ms=1.0, commands=0, held=0))["pue"] is None
    kpis = {message.topic.rsplit("/", 1)[1]: body(message) for message in VOICE.kpis(state)}
    assert kpis["pue1_interim"]["v"] is None
    assert kpis["facility_kw"]["v"] == (1000.0 if facility_w == 1e6 else None)


def test_estimates_are_said_for_each_hall_and_for_the_plant() -> None:
    messages = VOICE.estimates(demo_site().facility, an_outcome().state)
    assert {message.topic for message in messages} == {
        f"dc/demo/_twin/state/{hall}/{point}"
        for hall in ("h1", "h2")
        for point in ("zone_air_c", "zone_metal_c", "worst_inlet_c", "it_w")
    } | {"dc/demo/_twin/state/plant/wet_bulb_c", "dc/demo/_twin/state/plant/residual_w"}
    assert all(list(body(message)) == ["v", "u", "ts", "q", "sd"] for message in messages)


def test_kpis_have_the_shape_of_estimates() -> None:
    messages = VOICE.kpis(an_outcome().state)
    names = [message.topic.removeprefix("dc/demo/_twin/kpi/") for message in messages]
    assert names == ["facility_kw", "it_kw", "cooling_kw", "pue1_interim"]
    assert all(list(body(message)) == ["v", "u", "ts", "q", "sd"] for message in messages)


def test_a_decision_carries_the_keys_of_the_contract() -> None:
    record = an_outcome().records[0]
    message = VOICE.decision(record)
    assert message.topic == "dc/demo/_twin/decision"
    wanted = {"id", "cycle", "ts", "asset", "point", "from", "to", "reason", "binding", "runner_up", "effect_w",
              "inputs", "config", "limits"}  # fmt: skip
    assert wanted <= set(body(message))


def test_an_answer_goes_to_the_topic_of_its_order() -> None:
    message = VOICE.answer(OrderAnswer("a1", False, "no such point"))
    assert message.topic == "dc/demo/_twin/op/a1"
    assert body(message) == {"id": "a1", "accepted": False, "text": "no such point"}
    assert VOICE.answer(OrderAnswer("", True, "")).topic == "dc/demo/_twin/op/unnamed"


def test_advice_lies_beside_the_commands_never_among_them() -> None:
    message = VOICE.advice("h1", "supply_air_sp_c", b"{}")
    assert (message.topic, message.retain) == ("dc/demo/_twin/advice/h1/supply_air_sp_c", False)


def test_nothing_said_here_is_a_command_and_only_the_status_is_retained() -> None:
    outcome = an_outcome()
    said = [
        VOICE.heartbeat(1, START_NS, 0.0),
        VOICE.cycle(outcome.state, duration_ms=1.0, commands=0, held=0),
        *VOICE.estimates(demo_site().facility, outcome.state),
        *VOICE.kpis(outcome.state),
        *(VOICE.decision(record) for record in outcome.records),
    ]
    assert all(message.topic.startswith("dc/demo/_twin/") and not message.retain for message in said)
