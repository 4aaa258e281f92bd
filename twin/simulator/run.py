"""Runs the simulated site over MQTT: in lock-step with the daemon, or at a speed of its own.

Lock-step: say everything of instant T, then `_sim/tick`; wait for the daemon's `_twin/cycle` of T, which follows its
commands; move on. The receiver's heartbeat clock is the wall's, `expires` is compared with plant time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from twin.domain.clock import NS_PER_S, Clock
from twin.domain.errors import first_of
from twin.domain.messages import MessageIn, MessageOut
from twin.domain.ports import Inbox, Outbox
from twin.domain.timestamps import iso_utc, ns_of_iso
from twin.simulator.site import SimulatedSite

log = structlog.get_logger(__name__)


TICK_AGAIN_S = 2.0


class Link(Inbox, Outbox, Protocol):
    """A connection that both hears and speaks."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How time goes. `speed` is plant seconds per wall second; None keeps step with the daemon."""

    step_s: float
    speed: float | None = None
    cycle_timeout_s: float = 10.0
    first_cycle_timeout_s: float = 120.0  # the daemon may still be compiling and connecting

    @property
    def lock_step(self) -> bool:
        return self.speed is None


@dataclass(slots=True)
class Progress:
    """What has happened so far."""

    steps: int = 0
    messages: int = 0
    commands: int = 0
    missed_cycles: int = 0


def subscriptions(root: str) -> tuple[str, ...]:
    """What a runner has to hear."""
    return (f"{root}/_cmd/#", f"{root}/_twin/heartbeat", f"{root}/_twin/status", f"{root}/_twin/cycle")


class SiteRunner:
    """One simulated site on one link.

    Args:
        site: Already settled at its start.
        link: Subscribed to `subscriptions(root)`.
        clock: The wall.
        pace: See `Pace`.
        on_step: Called with the plant's instant after each step.
    """

    def __init__(
        self,
        site: SimulatedSite,
        link: Link,
        clock: Clock,
        pace: Pace,
        on_step: Callable[[int], None] = lambda _now_ns: None,
    ) -> None:
        self.site, self.progress = site, Progress()
        self._link, self._clock, self._pace, self._on_step = link, clock, pace, on_step
        self._root = site.site.topics.root
        self.receiver = site.receiver()
        self._cycle_ns = 0
        self._cycle_came = asyncio.Event()

    async def run(self, hours: float, stop: asyncio.Event) -> None:
        """Run for so many plant hours, or until `stop` is set.

        Raises: Unreachable: the link gave up.
        """
        try:
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self._listen(), name="simulated site: listen")
                try:
                    await self._run_steps(self.site.now_ns + round(hours * 3600) * NS_PER_S, stop)
                finally:
                    listening.cancel()
        except BaseExceptionGroup as several:
            raise first_of(several) from several

    async def _run_steps(self, end_ns: int, stop: asyncio.Event) -> None:
        start_ns, start_s = self.site.now_ns, self._clock.monotonic_s()
        step_ns = round(self._pace.step_s * NS_PER_S)
        while self.site.now_ns < end_ns and not stop.is_set():
            self.site.step_to(min(self.site.now_ns + step_ns, end_ns))
            self._sync_holds()
            await self._answer(self.receiver.tick(self.site.now_ns, self._clock.monotonic_s()))
            await self._say(self.site.messages(self.site.now_ns))
            if self._pace.speed is None:
                await self._keep_step(stop)
            else:
                due_s = start_s + (self.site.now_ns - start_ns) / NS_PER_S / self._pace.speed
                await self._pause(due_s - self._clock.monotonic_s(), stop)
            self.progress.steps += 1
            self._on_step(self.site.now_ns)

    async def _keep_step(self, stop: asyncio.Event) -> None:
        """Tick, then wait for the daemon's last word on this instant."""
        now_ns = self.site.now_ns
        tick = json.dumps({"ts": iso_utc(now_ns)}).encode()
        await self._link.publish(MessageOut(f"{self._root}/_sim/tick", tick, qos=1))
        period_ns = round(self.site.site.control.period_s * NS_PER_S)
        if now_ns // period_ns == self._cycle_ns // period_ns:
            return  # the daemon's period has not turned: it owes us no cycle
        patience_s = self._pace.cycle_timeout_s if self._cycle_ns else self._pace.first_cycle_timeout_s
        ticked_s = self._clock.monotonic_s()
        until_s = ticked_s + patience_s
        # the tick carries milliseconds, so the cycle's answer may be that much earlier
        while self._cycle_ns < now_ns - NS_PER_S // 1000 and not stop.is_set():
            if self._clock.monotonic_s() - ticked_s >= TICK_AGAIN_S:
                # a daemon that connects only now has not heard the first one; a second does no harm
                ticked_s = self._clock.monotonic_s()
                await self._link.publish(MessageOut(f"{self._root}/_sim/tick", tick, qos=1))
            left_s = until_s - self._clock.monotonic_s()
            if left_s <= 0.0:
                if self.progress.missed_cycles == 0:
                    log.warning("no cycle from the daemon: going on without it", waited_s=patience_s)
                self.progress.missed_cycles += 1
                return
            self._cycle_came.clear()
            with suppress(TimeoutError):
                # wake now and then to see whether we are to stop
                await asyncio.wait_for(self._cycle_came.wait(), timeout=min(left_s, 0.5))

    async def _pause(self, seconds: float, stop: asyncio.Event) -> None:
        """Wait on the wall, in pieces short enough to notice a stop and to let leases end in time."""
        until_s = self._clock.monotonic_s() + seconds
        while not stop.is_set() and (left_s := until_s - self._clock.monotonic_s()) > 0.0:
            await self._clock.sleep(min(left_s, 1.0))
            await self._answer(self.receiver.tick(self.site.now_ns, self._clock.monotonic_s()))
        if seconds <= 0.0:
            await self._clock.sleep(0.0)  # behind schedule: still let the listener run

    async def _listen(self) -> None:
        async for batch in self._link.batches():
            for message in batch:
                await self._heard(message)
            self._link.acknowledge(batch)

    async def _heard(self, message: MessageIn) -> None:
        mono_s, topic = self._clock.monotonic_s(), message.topic
        if topic == f"{self._root}/_twin/status":
            self.receiver.on_status(message.payload, mono_s)
        elif topic == f"{self._root}/_twin/heartbeat":
            if not message.retain:
                self.receiver.on_heartbeat(mono_s)
        elif topic == f"{self._root}/_twin/cycle":
            if self._pace.lock_step:
                # here plant time moves by cycles alone, many to one heartbeat: each is as good a sign of life
                self.receiver.on_heartbeat(mono_s)
            self._cycle_ns = max(self._cycle_ns, _cycle_ns(message.payload))
            self._cycle_came.set()
        else:
            answer = self.receiver.on_command(topic, message.payload, message.retain, self.site.now_ns, mono_s)
            if answer is not None:
                self.progress.commands += 1
                await self._answer([answer])

    async def _answer(self, answers: Sequence[tuple[str, bytes]]) -> None:
        for topic, payload in answers:
            await self._link.publish(MessageOut(topic, payload, qos=1))

    async def _say(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Publish telemetry. The broker has all of it when this returns, so that a tick after it comes last."""
        await self._link.publish_many([MessageOut(topic, payload, qos=1) for topic, payload in messages])
        self.progress.messages += len(messages)

    def _sync_holds(self) -> None:
        """Let the scheduled local operator take and leave his points."""
        wanted = self.site.holds()
        for point in list(self.receiver.held):
            if point not in wanted:
                self.receiver.unhold(point)
        for point, value in wanted.items():
            if point not in self.receiver.held:
                self.receiver.hold(point, value)


def _cycle_ns(payload: bytes) -> int:
    """Plant time of a cycle message; 0 when it has none."""
    try:
        return ns_of_iso(json.loads(payload)["ts"])
    except (ValueError, KeyError, TypeError):
        return 0
