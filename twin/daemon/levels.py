"""The counters and levels under `/metrics`; docs/reference/metrics.md names them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from twin.daemon.daemon import Parts
from twin.daemon.health import Counters
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S

_MODES = {mode: float(level) for level, mode in enumerate(Mode)}


def level_sources(parts: Parts) -> list[Counters]:
    """One function for each part, asked when somebody looks."""
    return [
        lambda: _intake(parts),
        lambda: _loop(parts),
        lambda: _link(parts),
        lambda: _spool(parts),
        lambda: _sinks(parts),
        lambda: _audit(parts),
        parts.watch.levels,
    ]


def cycle_quantiles_ms(parts: Parts) -> tuple[float, float]:
    """(median, 99th percentile) of the wall time of recent cycles; zeros before the first."""
    times = np.array(parts.turns.health.cycle_ms)
    if not len(times):
        return 0.0, 0.0
    return float(np.quantile(times, 0.5)), float(np.quantile(times, 0.99))


def _intake(parts: Parts) -> Mapping[str, float]:
    tally = parts.core.tally
    levels: dict[str, float] = {
        "messages_total": tally.messages,
        "samples_total": tally.samples,
        "samples_late_total": parts.core.mirror.late,
        "clock_ours_off_s": parts.core.clocks.ours_ns / NS_PER_S,
        "orders_refused_total": parts.core.refused_orders,
        "messages_missing_total": parts.core.gaps.missing,
        "messages_repeated_total": parts.core.gaps.repeated,
        "intake_waiting_messages": parts.intake.waiting,
    }
    levels |= {f'rejects_total{{reason="{reason}"}}': n for reason, n in tally.rejected.items()}
    return levels | {f'clock_faults_total{{kind="{kind}"}}': n for kind, n in parts.core.clocks.counts.items()}


def _loop(parts: Parts) -> Mapping[str, float]:
    health, core = parts.turns.health, parts.core
    median_ms, p99_ms = cycle_quantiles_ms(parts)
    levels: dict[str, float] = {
        "cycles_total": core.cycle_number,
        "epoch": core.order.epoch,
        "mode": _MODES[health.mode],
        "missing_inputs": len(health.missing),
        "commands_sent_total": health.commands_sent,
        "commands_unsent_total": health.commands_unsent,
        "commands_refused_total": health.refusals,
        'cycle_ms{quantile="0.5"}': median_ms,
        'cycle_ms{quantile="0.99"}': p99_ms,
    }
    levels |= health.sensors.levels()
    return levels | {f'acks_total{{status="{status}"}}': float(n) for status, n in core.answered.items()}


def _link(parts: Parts) -> Mapping[str, float]:
    health = parts.link.health
    return {
        "mqtt_connected": float(health.connected),
        "mqtt_connects_total": health.connects,
        "mqtt_failures_total": health.failures,
        "mqtt_received_total": health.received,
        "mqtt_overflowed_total": health.overflowed,
        "mqtt_refused_total": health.refused,
        "mqtt_published_total": health.published,
        "mqtt_unpublished_total": health.unpublished,
        "mqtt_sessions_lost_total": health.sessions_lost,
    }


def _spool(parts: Parts) -> Mapping[str, float]:
    spool, persisted = asdict(parts.spool.health), asdict(parts.persister.health)
    return {f"spool_{name}": float(value) for name, value in spool.items() if not isinstance(value, str)} | {
        f"persist_{name}": float(value) for name, value in persisted.items()
    }


def _sinks(parts: Parts) -> Mapping[str, float]:
    levels: dict[str, float] = {}
    for name, drain in parts.drains.items():
        for level, value in asdict(drain.status).items():
            if not isinstance(value, str):
                levels[f'sink_{level}{{sink="{name}"}}'] = float(value)
    return levels


def _audit(parts: Parts) -> Mapping[str, float]:
    return {f"audit_{name}": float(value) for name, value in asdict(parts.audit.health).items()}
