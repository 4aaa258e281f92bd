"""What is let in when more comes than one can bear."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.unit.daemon.builders import HandClock
from twin.adapters import mqtt
from twin.daemon import flood
from twin.daemon.flood import FloodGate


def test_a_topic_that_speaks_too_fast_loses_the_surplus_and_is_named_once() -> None:
    clock = HandClock()
    gate = FloodGate(10.0, (), clock)
    with capture_logs() as logs:
        for _ in range(3):
            assert sum(gate.admit("mad", 1, 0) for _ in range(500)) == 10
            assert gate.admit("sane", 0, 0)
            clock.now_s += 1.0
    assert gate.too_fast == 3 * 490
    assert [(entry["topic"], entry["most_a_second"]) for entry in logs] == [("mad", 10)]


def test_when_too_many_wait_qos_0_is_left_out_but_for_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "MOST_WAITING", 100)
    gate = FloodGate(1000.0, {"inlet"}, HandClock())
    assert gate.admit("power", 0, 99)
    assert not gate.admit("power", 0, 100)
    assert gate.admit("power", 1, 100)
    assert gate.admit("inlet", 0, 1_000)
    assert (gate.too_many, gate.too_fast) == (1, 0)


def test_what_is_kept_has_room_that_others_do_not() -> None:
    assert flood.MOST_WAITING <= mqtt._MOST_WAITING // 2


def test_endless_new_topics_take_no_endless_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "_MOST_TOPICS", 50)
    gate = FloodGate(10.0, (), HandClock())
    for n in range(1_000):
        assert gate.admit(f"t{n}", 0, 0)
    assert len(gate._counts) <= 51


def test_once_after_a_flood_the_link_is_to_be_made_anew() -> None:
    clock = HandClock()
    gate = FloodGate(10.0, (), clock)
    assert gate.reason_to_renew() == ""
    for _ in range(20):
        gate.admit("mad", 0, 0)
    assert gate.reason_to_renew() == ""
    clock.now_s += flood.CALM_S
    assert "flood" in gate.reason_to_renew()
    assert gate.reason_to_renew() == ""
