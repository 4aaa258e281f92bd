"""The simulated site alone, on a broker somewhere: what stands behind `twin sim`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from twin.adapters.mqtt import MqttLink
from twin.daemon.wiring import link_settings
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.timestamps import iso_utc
from twin.report.day import EnergySummary
from twin.settings import MqttSettings
from twin.simulator.run import Pace, SiteRunner, subscriptions
from twin.simulator.scene import Scene
from twin.sitefile.load import load_site
from twin.study.day import energy_summary

PATIENCE_S = 300.0  # a broker that is restarted does not end the simulation


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """What is to be simulated. `speed` None keeps step with a daemon; `step_s` 0 follows points and control period."""

    site_dir: Path
    scene: Scene
    hours: float
    speed: float | None
    step_s: float = 0.0


class SiteResult(msgspec.Struct, frozen=True):
    """What came of it, by the plant's own book. `readings` counts the values in `messages`."""

    site: str
    seed: int
    start: str
    hours: float
    summary: EnergySummary
    steps: int
    messages: int
    readings: int
    commands: int
    applied: int
    missed_cycles: int
    breaches: list[str]
    notes: list[str]
    interrupted: bool
    wall_s: float


async def run_site(
    spec: SiteSpec, mqtt: MqttSettings, stop: asyncio.Event, watch: Callable[[float, str], None]
) -> SiteResult:
    """Run until the hours are over or `stop` is set. `watch` is told the part done, and a few words.

    Raises: Unreachable: no broker at the start, or none for minutes later on. TwinError: a site we cannot simulate.
    """
    clock = SystemClock()
    began_s = clock.monotonic_s()
    site = load_site(spec.site_dir)
    # with a pace of its own, sensor clocks may run ahead of the newest time only when the daemon has a clock too
    simulated = spec.scene.of(site, never_ahead=spec.speed != 1.0)
    step_s = spec.step_s or (site.control.period_s if spec.speed is None else min(p.period_s for p in site.points))
    settings = link_settings(mqtt, mqtt.client_id or f"simulated-{site.facility.site}", session_expiry_s=0)
    link = MqttLink(replace(settings, patience_s=PATIENCE_S), subscriptions(site.topics.root), clock)

    def on_step(now_ns: int) -> None:
        hours = (now_ns - spec.scene.start_ns) / NS_PER_S / 3600.0
        flows = simulated.plant.flows
        watch(min(hours / spec.hours, 1.0), f"{iso_utc(now_ns)[:16]}  {flows.facility_w / 1e3:,.0f} kW")

    runner = SiteRunner(simulated, link, clock, Pace(step_s, spec.speed), on_step)
    async with asyncio.TaskGroup() as group:
        linked = group.create_task(link.run(), name="simulated site: link")
        try:
            await link.wait_connected(mqtt.timeout_s)
            await runner.run(spec.hours, stop)
        finally:
            linked.cancel()
    progress = runner.progress
    return SiteResult(
        site=site.facility.site,
        seed=simulated.seed,
        start=iso_utc(spec.scene.start_ns),
        hours=round((simulated.now_ns - spec.scene.start_ns) / NS_PER_S / 3600.0, 4),
        summary=energy_summary(simulated),
        steps=progress.steps,
        messages=progress.messages,
        readings=simulated.readings,
        commands=progress.commands,
        applied=runner.receiver.applied_total,
        missed_cycles=progress.missed_cycles,
        breaches=[str(breach) for breach in simulated.truth.breaches],
        notes=list(simulated.notes),
        interrupted=stop.is_set(),
        wall_s=round(clock.monotonic_s() - began_s, 2),
    )
