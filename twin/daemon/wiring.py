"""Every part of the daemon, made and joined in one place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import structlog

from controllers.catalogue import controller_named
from controllers.guard.checker import Checker
from twin import __version__
from twin.adapters.http import HealthServer
from twin.adapters.influx import InfluxWriter
from twin.adapters.mqtt import MqttLink
from twin.adapters.mqtt_settings import LinkSettings, Tls
from twin.adapters.systemd import ServiceManager
from twin.alarms.facts import AlarmMemory, Process
from twin.alarms.known import Known
from twin.audit.log import AuditLog
from twin.daemon.core import Core, memory_of
from twin.daemon.cycle import Memory, Order
from twin.daemon.daemon import Daemon, Parts
from twin.daemon.evidence import Journal, remembered_notes, stands_on
from twin.daemon.flood import FloodGate
from twin.daemon.health import Health
from twin.daemon.intake import GATHER_S, Intake
from twin.daemon.levels import level_sources
from twin.daemon.loops import EventLoop, Loop, WallLoop
from twin.daemon.outbound import Voice
from twin.daemon.outlet import Outlet, Silence
from twin.daemon.persist import Persister
from twin.daemon.recorder import Recorder, open_cassette
from twin.daemon.statedir import StateDirectory
from twin.daemon.trail import Trail, first_entries, start_facts
from twin.daemon.turns import Turns
from twin.daemon.watch import Watch, alarm_memory_of
from twin.domain.actuators import Mode
from twin.domain.arrays import Flags
from twin.domain.clock import Clock, SystemClock
from twin.domain.errors import DataTooPoor
from twin.domain.points import SAFETY_NAMES
from twin.domain.site import Site
from twin.estimate.estimate import Estimator
from twin.estimate.layout import Layout
from twin.gates.known import Gates
from twin.historian.line_sink import LineSink
from twin.historian.series import Catalogue
from twin.historian.sinks import Drain, DrainPolicy, Sink
from twin.historian.spool import Spool
from twin.historian.spool_db import SpoolLimits
from twin.historian.store import HistoryStore
from twin.ingest.orders import order_subscriptions
from twin.model.warm import warm
from twin.readiness.rule import Standing
from twin.settings import MqttSettings, Settings

log = structlog.get_logger("wiring")

STALLED_PERIODS = 3.0  # a wall-time loop that has not cycled for so many periods is not alive
BEATS_OF_WATCHDOG = 0.5  # how much of its patience may pass between two signs of life


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a command line asks for beyond settings and site.

    `listen_only` says and writes nothing, under a client id of its own. `series_source` names where samples come from
    ("mqtt", "simulation"), so that they never mix in one series. `forget` begins with an empty state directory.
    `vouched_by` stands in for a readiness report, as the key of control.toml does.
    """

    controller: str = ""
    record: Path | None = None
    listen_only: bool = False
    health_page: bool = True
    series_source: str = "mqtt"
    forget: bool = False
    vouched_by: str = ""


def _authority(may: Standing) -> str:
    """What modes rest on, and how many setpoints are kept lower than was asked."""
    kept = len(may.lowered)
    return may.words + (f"; {kept} setpoint{'s' if kept > 1 else ''} kept lower, see twin ready" if kept else "")


def order_of(site: Site, limits_file: bytes, *, mode: Mode, controller: str, epoch: int) -> Order:
    """What a cycle needs, kernels warm.

    Raises: UnknownTopology: the model cannot describe the site. TwinError: no controller of that name.
    """
    compiled = warm(site.facility)
    layout = Layout.of(site.facility, site.points, site.limits.actuators)
    return Order(
        site=site,
        gates=Gates.of(site.facility, site.points),
        estimator=Estimator(site.facility, compiled, site.limits.actuators, layout, site.control.write_priority),
        controller=controller_named(controller or site.control.controller),
        checker=Checker(limits_file, site.topics.root),
        mode=mode,
        epoch=epoch,
    )


async def build(site: Site, settings: Settings, wishes: Wishes, service: ServiceManager | None = None) -> Daemon:
    """A daemon ready to run, its files open and its kernels warm.

    Raises: TwinError: the state directory is in use, or a file cannot be opened.
    """
    clock = SystemClock()
    service = service or ServiceManager()
    async with contextlib.AsyncExitStack() as undo:
        state_dir = StateDirectory(settings.state_dir, _state_name(site, wishes))
        undo.callback(state_dir.close)
        if wishes.forget:
            state_dir.clear()
        mode = Mode.SHADOW if wishes.listen_only else Mode(settings.control.mode or site.control.mode)
        limits_file = (Path(site.directory) / "limits.toml").read_bytes()
        event_time = settings.clock.source == "event"
        vouched_by = wishes.vouched_by or site.control.vouched_by
        basis, may = stands_on(site, state_dir, mode, vouched_by, event_time=event_time)
        site = may.site
        epoch = state_dir.next_epoch()
        order = await asyncio.to_thread(
            order_of, site, limits_file, mode=mode, controller=wishes.controller, epoch=epoch
        )
        memory = Memory() if wishes.listen_only else _remembered(state_dir)
        spool, drains, store = await _historian(site, settings, wishes, state_dir, clock, undo)
        cassette = None
        if wishes.record is not None:
            cassette = open_cassette(wishes.record, order, memory, event_time=event_time, started_ns=clock.now_ns())
        facts = start_facts(order, __version__, event_time=event_time, authority=may.words)
        audit = AuditLog(state_dir.audit, clock, lambda file: first_entries(file, facts, clock.now_ns()))
        undo.push_async_callback(audit.close)
        core = Core(order, memory, event_time=event_time)
        voice = Voice(site.topics.root, version=__version__, config_hash=site.config_hash, authority=_authority(may))
        reconnected = asyncio.Event()

        def connected() -> None:
            reconnected.set()
            state_dir.note_session()

        link = _link(site, settings.mqtt, wishes, voice, clock, mode, connected, had_session=state_dir.had_session)
        outlet: Outlet = Silence() if wishes.listen_only else link
        again = partial(link.renew, "what was given up is asked for again")
        persister = Persister(spool, link.acknowledge, safety=_safety(site), ask_again=again)
        # in event time the next message may be the tick that others wait for
        intake = Intake(link, gather_s=0.0 if event_time else GATHER_S)
        recorder = Recorder(cassette)
        watch = Watch(
            Known.of(site),
            _alarms(state_dir),
            process=lambda: _process(link, spool, audit, drains),
            save=state_dir.save_alarms,
        )
        turns = Turns(
            core,
            outlet,
            persister,
            recorder,
            voice,
            clock,
            save=state_dir.save_memory,
            alive=service.alive,
            trail=Trail(audit, clock),
            watch=watch,
            journal=Journal(basis, remembered_notes(state_dir), state_dir.save_notes),
        )
        beat_s = site.limits.heartbeat_s
        if service.watchdog_s > 0.0:
            beat_s = min(beat_s, BEATS_OF_WATCHDOG * service.watchdog_s)
        loop = _loop(site, core, turns, intake, clock, reconnected, beat_s, event_time=event_time)
        health = Health(
            loop_age_s=lambda: clock.monotonic_s() - turns.health.turned_s,
            loop_allowance_s=STALLED_PERIODS * site.limits.heartbeat_s,
            reasons_not_ready=lambda: _reasons(link, turns),
        )
        page = _page(settings, wishes, health)
        parts = Parts(
            core=core,
            turns=turns,
            loop=loop,
            link=link,
            intake=intake,
            persister=persister,
            recorder=recorder,
            spool=spool,
            store=store,
            drains=drains,
            audit=audit,
            watch=watch,
            page=page,
            service=service,
        )
        health.sources += level_sources(parts)
        return Daemon(parts, undo.pop_all(), clock)


def _remembered(state_dir: StateDirectory) -> Memory:
    """What the last start left; a fresh memory when it cannot be read: the plant's own setpoints are then adopted."""
    try:
        return memory_of(state_dir.load_memory())
    except DataTooPoor as error:
        log.warning("the stored memory is left aside", directory=str(state_dir.path), error=error.message)
        return Memory()


def _alarms(state_dir: StateDirectory) -> AlarmMemory:
    """What stood at the last end; nothing when it cannot be read."""
    try:
        return alarm_memory_of(state_dir.load_alarms())
    except DataTooPoor as error:
        log.warning("the stored alarms are left aside", directory=str(state_dir.path), error=error.message)
        return AlarmMemory()


def _process(link: MqttLink, spool: Spool, audit: AuditLog, drains: Mapping[str, Drain]) -> Process:
    """How the daemon itself fares, for its alarms."""
    health = spool.health
    disk = "" if health.writable and not health.full else health.last_error or "it is full"
    if not disk and not audit.health.writable:
        disk = "the audit log cannot be written"
    behind = tuple(
        (name, drain.status.last_error or drain.status.state)
        for name, drain in drains.items()
        if drain.status.state in {"waiting", "refused"}
    )
    return Process(link.health.connected, link.health.sessions_lost, disk, behind)


async def _historian(
    site: Site,
    settings: Settings,
    wishes: Wishes,
    state_dir: StateDirectory,
    clock: Clock,
    undo: contextlib.AsyncExitStack,
) -> tuple[Spool, Mapping[str, Drain], HistoryStore]:
    """The spool, one drain for each sink, and the embedded history."""
    wanted = settings.historian
    kept_s = wanted.retention_days * 86_400.0
    store = await HistoryStore.open(state_dir.history, clock, retention_s=kept_s)
    undo.push_async_callback(store.close)
    sinks: dict[str, tuple[Sink, DrainPolicy]] = {
        store.name: (store, DrainPolicy(batch_items=50_000, poll_s=wanted.flush_s, resend_window_s=0.0))
    }
    if settings.influx.url:
        writer = InfluxWriter(
            url=settings.influx.url,
            token=settings.influx.token.get_secret_value(),
            org=settings.influx.org,
            bucket=settings.influx.bucket,
            gzip_body=settings.influx.gzip,
            timeout_s=settings.influx.timeout_s,
        )
        undo.push_async_callback(writer.close)
        policy = DrainPolicy(
            batch_items=wanted.batch_lines, poll_s=wanted.flush_s, resend_window_s=wanted.resend_window_s
        )
        sinks["influx"] = (LineSink(writer, batch_lines=wanted.batch_lines), policy)
    spool = await Spool.open(
        state_dir.spool,
        Catalogue.of(site.points, site=site.facility.site, source=wishes.series_source),
        sinks=tuple(sinks),
        clock=clock,
        limits=SpoolLimits(max_bytes=wanted.spool_max_mb * 1024**2, max_age_s=kept_s),
    )
    undo.push_async_callback(spool.close)
    return spool, {name: Drain(spool, sink, clock, policy=policy) for name, (sink, policy) in sinks.items()}, store


def _loop(
    site: Site,
    core: Core,
    turns: Turns,
    intake: Intake,
    clock: Clock,
    reconnected: asyncio.Event,
    beat_s: float,
    *,
    event_time: bool,
) -> Loop:
    period_s = site.control.period_s
    if event_time:
        return EventLoop(core, turns, intake, clock, reconnected, period_s=period_s, beat_s=beat_s)
    return WallLoop(turns, intake, clock, reconnected, period_s=period_s, beat_s=beat_s)


def link_settings(mqtt: MqttSettings, client_id: str, *, session_expiry_s: int, silence_s: float = 0.0) -> LinkSettings:
    """How to reach the broker that the settings name."""
    tls = None
    if mqtt.tls.enabled:
        secret = mqtt.tls.key_password.get_secret_value()
        tls = Tls(mqtt.tls.ca_file, mqtt.tls.cert_file, mqtt.tls.key_file, mqtt.tls.insecure, mqtt.tls.crl_file, secret)
    return LinkSettings(
        host=mqtt.host,
        port=mqtt.port,
        client_id=client_id,
        username=mqtt.username,
        password=mqtt.password.get_secret_value(),
        tls=tls,
        mqtt5=mqtt.protocol == "5",
        keepalive_s=mqtt.keepalive_s,
        timeout_s=mqtt.timeout_s,
        session_expiry_s=session_expiry_s,
        silence_s=silence_s,
    )


def _safety(site: Site) -> Flags:
    """Which points' samples are of the safety class."""
    return np.array([point.name in SAFETY_NAMES for point in site.points])


def _gate(site: Site, most_hz: float, clock: Clock) -> FloodGate:
    safe = {rule.topic for rule in site.topics.rules if site.points.points[rule.point].name in SAFETY_NAMES}
    return FloodGate(most_hz, safe, clock)


def _link(
    site: Site,
    mqtt: MqttSettings,
    wishes: Wishes,
    voice: Voice,
    clock: Clock,
    mode: Mode,
    on_connect: Callable[[], None],
    *,
    had_session: bool,
) -> MqttLink:
    name = mqtt.client_id or f"thermotwin-{site.facility.site}"
    expiry_s = mqtt.session_expiry_s
    if wishes.listen_only:
        name, expiry_s = f"{name}-record", 0
    gate = _gate(site, mqtt.most_per_topic_hz, clock)
    return MqttLink(
        link_settings(mqtt, name, session_expiry_s=expiry_s, silence_s=site.limits.stale_after_s),
        (*site.topics.subscriptions, *order_subscriptions(site.topics.root)),
        clock,
        will=None if wishes.listen_only else voice.status("offline", mode, clock.now_ns(), ()),
        on_connect=on_connect,
        had_session=had_session and not wishes.listen_only,
        admit=gate.admit,
        reason_to_renew=gate.reason_to_renew,
    )


def _page(settings: Settings, wishes: Wishes, health: Health) -> HealthServer | None:
    if not wishes.health_page:
        return None
    return HealthServer("127.0.0.1", settings.http.port, alive=health.alive, ready=health.ready, metrics=health.metrics)


def _reasons(link: MqttLink, turns: Turns) -> tuple[str, ...]:
    """Why the daemon is not ready to decide."""
    if not link.health.connected:
        return ("not connected to the broker", *turns.health.missing)
    return turns.health.missing


def _state_name(site: Site, wishes: Wishes) -> str:
    return f"{site.facility.site}-record" if wishes.listen_only else site.facility.site
