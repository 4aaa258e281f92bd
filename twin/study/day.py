"""One run of the whole loop: embedded broker, simulated site, daemon, embedded history. Real protocol, no server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from twin.adapters.mqtt import MqttLink
from twin.adapters.mqtt_settings import LinkSettings
from twin.daemon.daemon import Daemon
from twin.daemon.levels import cycle_quantiles_ms
from twin.daemon.turns import LoopHealth
from twin.daemon.wiring import Wishes, build
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.commands import AckStatus
from twin.report.day import Commands, CycleTimes, DayResult, EnergySummary, Moment, Samples, Series
from twin.settings import Settings
from twin.simulator.broker import Broker
from twin.simulator.run import Pace, SiteRunner, subscriptions
from twin.simulator.scene import Scene
from twin.simulator.site import SimulatedSite
from twin.sitefile.load import load_site

_POLL_S = 0.02
_PATIENCE_S = 60.0
_TICK_NS = NS_PER_S // 1000  # a tick tells its instant to the millisecond


@dataclass(frozen=True, slots=True)
class DaySpec:
    """What is to be run. `speed` is plant seconds per wall second; None is as fast as both can. Port 0 is any free."""

    site_dir: Path
    state_dir: Path
    controller: str
    days: float
    scene: Scene
    speed: float | None = None
    record: Path | None = None
    broker_port: int = 0


async def run_day(spec: DaySpec, watch: Callable[[Moment], None] = lambda _moment: None) -> DayResult:
    """Run and add up. Raises: TwinError: the site cannot be loaded, simulated or controlled."""
    clock = SystemClock()
    began_s = clock.monotonic_s()
    site = load_site(spec.site_dir)
    simulated = spec.scene.of(site)
    book = _Book(simulated, spec, watch)
    async with Broker(port=spec.broker_port) as broker:
        daemon = await build(
            site,
            _settings(spec, broker.port),
            Wishes(
                controller=spec.controller,
                record=spec.record,
                health_page=False,
                series_source="simulation",
                forget=True,
                vouched_by="whoever simulates the site",
            ),
        )
        link = MqttLink(
            LinkSettings(
                broker.host,
                broker.port,
                f"simulated-{site.facility.site}",
                timeout_s=_PATIENCE_S,
                mqtt5=False,  # as many gateways speak; and for the client library the cheaper half
            ),
            subscriptions(site.topics.root),
            clock,
        )
        book.loop_health = lambda: daemon.parts.turns.health
        async with asyncio.TaskGroup() as group:
            running = group.create_task(daemon.run(), name="daemon")
            linked = group.create_task(link.run(), name="simulated site: link")
            try:
                await link.wait_connected(_PATIENCE_S)
                await daemon.parts.link.wait_connected(_PATIENCE_S)
                pace = Pace(site.control.period_s, spec.speed)
                runner = SiteRunner(simulated, link, clock, pace, book.note)
                await runner.run(24.0 * spec.days, asyncio.Event())
                await _heard_all(daemon, simulated.now_ns - (_TICK_NS if spec.speed is None else NS_PER_S))
                samples, commands = await _accounted(daemon), _commands(daemon)
            finally:
                daemon.stop()
                await asyncio.wait({running}, timeout=_PATIENCE_S)
                linked.cancel()
    return book.result(daemon, samples, commands, clock.monotonic_s() - began_s)


def _settings(spec: DaySpec, port: int) -> Settings:
    return Settings.model_validate(
        {
            "mqtt": {"host": "127.0.0.1", "port": port},
            "control": {"mode": "control"},
            "clock": {"source": "event"},
            "state_dir": spec.state_dir,
        }
    )


async def _heard_all(daemon: Daemon, last_ns: int) -> None:
    """Wait until the site's last words have come in: a step that turns no period is not answered by a cycle."""
    waited_s = 0.0
    while daemon.parts.core.event_ns < last_ns and waited_s < _PATIENCE_S:
        await asyncio.sleep(_POLL_S)
        waited_s += _POLL_S


async def _accounted(daemon: Daemon) -> Samples:
    """The account of every reading, once history has what came in and every command has its answer."""
    parts = daemon.parts
    await parts.persister.flush()
    account = (await parts.spool.accounts())["history"]
    give_up = 0.0
    while (account.pending or _unanswered(daemon)) and give_up < _PATIENCE_S:
        await asyncio.sleep(_POLL_S)
        give_up += _POLL_S
        account = (await parts.spool.accounts())["history"]
    return Samples(
        received=parts.core.tally.received,
        rejected=parts.core.tally.rejected.total(),
        stored=account.stored - parts.persister.health.records,
        dropped=account.dropped + parts.persister.health.dropped,
    )


def _unanswered(daemon: Daemon) -> int:
    return daemon.parts.turns.health.commands_sent - daemon.parts.core.answered.total()


def _commands(daemon: Daemon) -> Commands:
    """The account of every setpoint lease so far; giving them back at the end is not part of it."""
    answered = daemon.parts.core.answered
    return Commands(
        sent=daemon.parts.turns.health.commands_sent,
        applied=answered[AckStatus.APPLIED],
        rejected=answered[AckStatus.REJECTED] + answered[AckStatus.SUPERSEDED],
        expired=answered[AckStatus.EXPIRED],
    )


class _Book:
    """Notes the plant's own truth after each step."""

    def __init__(self, simulated: SimulatedSite, spec: DaySpec, watch: Callable[[Moment], None]) -> None:
        self._simulated, self._spec, self._watch = simulated, spec, watch
        self._series = Series([], [], [], [], [], [], [], [], [], [])
        self.loop_health: Callable[[], LoopHealth | None] = lambda: None

    def note(self, now_ns: int) -> None:
        """One step of the plant is over."""
        plant, series = self._simulated.plant, self._series
        flows = plant.flows
        hour = (now_ns - self._spec.scene.start_ns) / NS_PER_S / 3600.0
        series.hour.append(hour)
        series.facility_kw.append(flows.facility_w / 1e3)
        series.it_kw.append(flows.ups_output_w / 1e3)
        series.cooling_kw.append(flows.cooling_w / 1e3)
        series.ups_loss_kw.append(flows.ups_loss_w / 1e3)
        series.worst_inlet_c.append(plant.worst_inlet_c())
        series.wet_bulb_c.append(self._simulated.true_value("outdoor/wet_bulb_c"))
        series.supply_air_c.append(float(plant.air.supply_c.mean()))
        series.chws_c.append(plant.water.buffer_c)
        series.cws_c.append(plant.water.basin_c)
        health = self.loop_health()
        self._watch(
            Moment(
                done_frac=hour / (24.0 * self._spec.days),
                hour=hour,
                facility_kw=series.facility_kw[-1],
                it_kw=series.it_kw[-1],
                cooling_kw=series.cooling_kw[-1],
                worst_inlet_c=series.worst_inlet_c[-1],
                commands=health.commands_sent if health else 0,
                last_words=health.last_words if health else "",
            )
        )

    def result(self, daemon: Daemon, samples: Samples, commands: Commands, wall_s: float) -> DayResult:
        """All of it, once the daemon has stopped."""
        core = daemon.parts.core
        median_ms, p99_ms = cycle_quantiles_ms(daemon.parts)
        return DayResult(
            site=self._simulated.site.facility.site,
            seed=self._simulated.seed,
            days=self._spec.days,
            controller=core.order.controller.name,
            summary=energy_summary(self._simulated),
            series=self._series,
            cycles=core.cycle_number,
            cycle_ms=CycleTimes(round(median_ms, 3), round(p99_ms, 3)),
            samples=samples,
            commands=commands,
            breaches=[str(breach) for breach in self._simulated.truth.breaches],
            wall_s=round(wall_s, 2),
        )


def energy_summary(simulated: SimulatedSite) -> EnergySummary:
    """What the plant's own book says so far."""
    told = simulated.summary()
    return EnergySummary(
        facility_kwh=round(told["facility_kwh"], 3),
        it_kwh=round(told["it_kwh"], 3),
        it_fan_kwh=round(told["it_fan_kwh"], 3),
        cooling_kwh=round(told["cooling_kwh"], 3),
        ups_loss_kwh=round(told["ups_loss_kwh"], 3),
        pue=round(told["pue"], 4),
        cost=round(told["cost"], 2),
        co2_kg=round(told["co2_kg"], 2),
        worst_inlet_c=round(told["worst_inlet_c"], 3),
        degree_hours_over_27=round(told["degree_hours_over_27"], 4),
        limit_breaches=int(told["limit_breaches"]),
    )
