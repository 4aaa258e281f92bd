"""Alive while the loop turns, ready while nothing is missing, and counters that Prometheus can read."""

from __future__ import annotations

import re

from twin.daemon.health import Health


def a_health(*, age_s: float = 0.0, reasons: tuple[str, ...] = ()) -> Health:
    return Health(loop_age_s=lambda: age_s, loop_allowance_s=15.0, reasons_not_ready=lambda: reasons)


def test_alive_while_the_loop_turns() -> None:
    assert a_health(age_s=15.0).alive() == (True, "ok\n")
    alive, why = a_health(age_s=16.0).alive()
    assert not alive
    assert "16 s ago" in why
    assert "15 s" in why


def test_ready_when_nothing_is_missing_and_else_every_reason_on_its_line() -> None:
    assert a_health().ready() == (True, "ok\n")
    assert a_health(reasons=("h1/inlet_c", "outdoor/wet_bulb_c")).ready() == (False, "h1/inlet_c\noutdoor/wet_bulb_c\n")


def test_metrics_are_prometheus_text() -> None:
    health = a_health()
    health.sources += [lambda: {"cycles_total": 3, "mode": 0.5}, lambda: {'rejects_total{reason="unit"}': 1e9}]
    lines = health.metrics().splitlines()
    assert lines == ["twin_cycles_total 3", "twin_mode 0.5", 'twin_rejects_total{reason="unit"} 1000000000']
    assert all(re.fullmatch(r'[a-z_]+(\{[a-z]+="[^"]*"\})? \S+', line) for line in lines)


def test_a_source_is_asked_each_time_somebody_looks() -> None:
    health, count = a_health(), [0]

    def counted() -> dict[str, float]:
        count[0] += 1
        return {"looks_total": count[0]}

    health.sources.append(counted)
    assert (health.metrics(), health.metrics()) == ("twin_looks_total 1\n", "twin_looks_total 2\n")
