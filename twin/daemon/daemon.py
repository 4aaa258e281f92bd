"""The running daemon: its jobs in the order they start, and an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog

from twin.adapters.http import HealthServer
from twin.adapters.mqtt import MqttLink
from twin.adapters.systemd import ServiceManager
from twin.audit.log import AuditLog
from twin.daemon.core import Core
from twin.daemon.intake import Intake
from twin.daemon.loops import Loop
from twin.daemon.persist import Persister
from twin.daemon.recorder import Recorder
from twin.daemon.supervisor import Job, OnFailure, Supervisor
from twin.daemon.turns import Turns
from twin.daemon.watch import Watch
from twin.domain.clock import Clock
from twin.historian.sinks import Drain
from twin.historian.spool import Spool
from twin.historian.store import HistoryStore

log = structlog.get_logger("daemon")

LEAVE_S = 2.0  # to give leases back and bring the last data to disk
CLOSE_S = 1.0
FLUSH_S = 0.5  # of that for the audit log


@dataclass(frozen=True, slots=True)
class Parts:
    """What the daemon is made of."""

    core: Core
    turns: Turns
    loop: Loop
    link: MqttLink
    intake: Intake
    persister: Persister
    recorder: Recorder
    spool: Spool
    store: HistoryStore
    drains: Mapping[str, Drain]
    audit: AuditLog
    watch: Watch
    page: HealthServer | None
    service: ServiceManager


class Daemon:
    """Runs until stopped."""

    def __init__(self, parts: Parts, files: AsyncExitStack, clock: Clock) -> None:
        """`files`: closes everything that was opened for this daemon."""
        self.parts, self._files = parts, files
        self.supervisor = Supervisor(self._jobs(), clock)

    def stop(self) -> None:
        """Ask for an orderly stop; may be called from a signal handler."""
        self.supervisor.stop()

    async def run(self) -> None:
        """Run until stopped. Raises: whatever a part died of that the daemon cannot do without."""
        parts, order = self.parts, self.parts.core.order
        log.info("the daemon runs", site=order.site.facility.site, mode=order.mode.value, epoch=order.epoch)
        parts.service.ready()
        parts.service.status(f"{order.site.facility.name}: {order.mode.value}")
        try:
            await self.supervisor.run(self._leave, deadline_s=LEAVE_S)
        finally:
            await self._close()
            log.info("the daemon has stopped")

    def _jobs(self) -> list[Job]:
        """Sinks first: they stop last. Without the loop, or with nothing on disk, there is no daemon."""
        parts = self.parts
        jobs = [Job("audit", parts.audit.run, OnFailure.RESTART)]
        jobs += [Job(f"drain to {name}", drain.run, OnFailure.RESTART) for name, drain in parts.drains.items()]
        jobs.append(Job("persist", parts.persister.run, OnFailure.STOP))
        if parts.page is not None:
            jobs.append(Job("health page", parts.page.run, OnFailure.RESTART))
        jobs.append(Job("link", parts.link.run, OnFailure.RESTART))
        jobs.append(Job("intake", parts.intake.run, OnFailure.RESTART))
        jobs.append(Job("loop", parts.loop.run, OnFailure.STOP))
        return jobs

    async def _leave(self) -> None:
        self.parts.service.stopping()
        await self.parts.turns.leave(self.parts.loop.now_ns())
        await self.parts.audit.flush(FLUSH_S)
        await self.parts.persister.flush()

    async def _close(self) -> None:
        self.parts.recorder.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._files.aclose()
        except TimeoutError:
            log.error("a file or connection could not be closed in time", deadline_s=CLOSE_S)
