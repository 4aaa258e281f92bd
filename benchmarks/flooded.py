"""Who takes a flood in: the daemon's way from the socket to the disk, and the bare client library beside it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from benchmarks.flood import BATCH_POINTS, BATCH_TOPICS, SINGLE, SINGLE_TOPICS, WINDOW, on_core, publish, topic_of
from benchmarks.stream import demo_site
from twin.adapters.mqtt import MqttLink
from twin.adapters.mqtt_settings import LinkSettings
from twin.daemon.core import Core
from twin.daemon.cycle import Memory, Order
from twin.daemon.intake import Intake
from twin.daemon.persist import Persister
from twin.daemon.wiring import order_of
from twin.domain.actuators import Mode
from twin.domain.clock import SystemClock
from twin.domain.points import Point, PointTable
from twin.domain.site import Site, SourceRule, TopicMap
from twin.historian.series import Catalogue
from twin.historian.spool import Spool

_TURN_S = 0.05
_PATIENCE_S = 30.0
_MOST_WAITING = 50_000  # samples
_KEEP_ALIVE_S = 600  # nothing is said while the flood is published


@dataclass(frozen=True, slots=True)
class Spent:
    """What it took: wall time from the first message to the last commit, processor time of this process meanwhile."""

    messages: int
    wall_s: float
    cpu_s: float

    @property
    def us_per_message(self) -> float:
        """Processor time a message."""
        return 1e6 * self.cpu_s / self.messages


@cache
def flooded_site(kind: str) -> Site:
    """The demo site with 2 000 points on 2 000 topics of their own, or on 20 topics of 100."""
    topics = SINGLE_TOPICS if kind == SINGLE else BATCH_TOPICS
    per_topic = 1 if kind == SINGLE else BATCH_POINTS
    site = demo_site()
    points = tuple(
        Point(n, f"r{n:04}/inlet_c", f"r{n:04}", "inlet_c", "rack", "degC", "h1", -20.0, 80.0, 1.0, 60.0)
        for n in range(topics * per_topic)
    )
    rules = tuple(_rule(kind, n // per_topic, n % per_topic, n) for n in range(topics * per_topic))
    told = TopicMap(site.topics.root, rules, (f"flood/{kind}/+",), (), site.topics.max_payload_bytes)
    return replace(site, points=PointTable(points), topics=told)


def _rule(kind: str, topic: int, within: int, point: int) -> SourceRule:
    single = kind == SINGLE
    return SourceRule(
        topic=topic_of(kind, topic),
        point=point,
        codec="json" if single else "batch",
        value_path="value" if single else f"r{within:03}.inlet",
        time_path="ts" if single else "timestamp",
        time_unit="iso" if single else "ms",
        unit_path="",
        quality_path="",
        values_path="" if single else "values",
        name_key="",
        value_key="",
        errors_path="",
        measurement="",
        tags=(),
        wire_unit="degC",
        scale=1.0,
        offset=0.0,
        words=(),
    )


@cache
def _order() -> Order:
    site = demo_site()
    limits_file = (Path(site.directory) / "limits.toml").read_bytes()
    return order_of(site, limits_file, mode=Mode.SHADOW, controller="hold", epoch=1)


def flood_core(kind: str) -> Core:
    """The core of a flooded site."""
    return Core(replace(_order(), site=flooded_site(kind)), Memory(), event_time=False)


def taken_in(port: int, kind: str, qos: int, count: int) -> Spent:
    """The daemon's own parts: link, intake, core, persister, spool; done when the last sample is committed."""
    return _on_second_core(lambda stopwatch: _through_the_daemon(port, kind, qos, count, stopwatch))


def counted(port: int, kind: str, qos: int, count: int) -> Spent:
    """aiomqtt with a queue that only counts, and its own acknowledgement."""
    return _on_second_core(lambda stopwatch: _through_the_client(port, kind, qos, count, stopwatch))


def _on_second_core(job: Callable[[_Stopwatch], Any]) -> Spent:
    with on_core(1):
        stopwatch = _Stopwatch()
        asyncio.run(job(stopwatch))
        return stopwatch.spent()


class _Stopwatch:
    """From the first message on."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.messages = 0
        self._moved_s = 0.0
        self._began = self._ended = (0.0, 0.0)

    def started(self) -> None:
        """The first message is here."""
        self._began = self._now()
        self._moved_s = self._began[0]

    def still_moving(self, messages: int) -> None:
        """So many so far. Raises: TimeoutError: none came for long, so some are lost."""
        now_s = self._clock.monotonic_s()
        if messages > self.messages:
            self.messages, self._moved_s = messages, now_s
        elif now_s - self._moved_s > _PATIENCE_S:
            raise TimeoutError(f"{messages} messages came, and then no more")

    def ended(self, messages: int) -> None:
        """All are taken in."""
        self._ended, self.messages = self._now(), messages

    def spent(self) -> Spent:
        """Between the two."""
        return Spent(self.messages, self._ended[0] - self._began[0], self._ended[1] - self._began[1])

    def _now(self) -> tuple[float, float]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return self._clock.monotonic_s(), usage.ru_utime + usage.ru_stime


async def _through_the_daemon(port: int, kind: str, qos: int, count: int, stopwatch: _Stopwatch) -> None:
    site, clock = flooded_site(kind), SystemClock()
    core = flood_core(kind)
    settings = LinkSettings("127.0.0.1", port, "flooded", keepalive_s=_KEEP_ALIVE_S)
    link = MqttLink(settings, site.topics.subscriptions, clock)
    with TemporaryDirectory() as there:
        catalogue = Catalogue.of(site.points, site="flood", source="simulation")
        spool = await Spool.open(Path(there) / "spool.db", catalogue, sinks=("nobody",), clock=clock)
        persister, intake = Persister(spool, link.acknowledge), Intake(link)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job()) for job in (link.run, intake.run, persister.run)]
            await link.wait_connected(_PATIENCE_S)
            publish(port, kind, qos, count)  # the loop stands still meanwhile
            stopwatch.started()
            while core.tally.messages < count:
                await intake.wait(_TURN_S)
                if persister.health.waiting > _MOST_WAITING:  # what comes at QoS 0 faster than a disk takes it is shed
                    await persister.flush()
                messages = intake.take()
                if messages:
                    persister.put(core.feed(messages, clock.monotonic_s()), messages)
                stopwatch.still_moving(core.tally.messages)
            await persister.flush()
            stopwatch.ended(core.tally.messages)
            for task in tasks:
                task.cancel()
        await spool.close()
    points = count * (BATCH_POINTS if kind != SINGLE else 1)
    assert (persister.health.samples, core.tally.rejected.total()) == (points, 0)


async def _through_the_client(port: int, kind: str, qos: int, count: int, stopwatch: _Stopwatch) -> None:
    done = asyncio.Event()
    arrived = 0

    class Counting(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, _item: aiomqtt.Message) -> None:
            nonlocal arrived
            arrived += 1
            if arrived == count:
                done.set()

    async with aiomqtt.Client(
        "127.0.0.1",
        port,
        protocol=aiomqtt.ProtocolVersion.V5,
        properties=_window(),
        queue_type=Counting,
        keepalive=_KEEP_ALIVE_S,
    ) as client:
        await client.subscribe(flooded_site(kind).topics.subscriptions[0], 1)
        publish(port, kind, qos, count)
        stopwatch.started()
        await asyncio.wait_for(done.wait(), _PATIENCE_S)
    stopwatch.ended(arrived)


def _window() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = WINDOW
    return properties
