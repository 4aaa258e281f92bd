"""Every task has an owner, a name, a deadline, and a word on what its failure means."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import structlog

from twin.domain.clock import Clock

log = structlog.get_logger("supervisor")

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0


class OnFailure(Enum):
    """What a job's failure means for the daemon."""

    RESTART = "restart"  # the job alone begins again, after a growing pause
    STOP = "stop"  # the daemon stops, after the leases were given back


@dataclass(frozen=True, slots=True)
class Job:
    """One long-running task. `deadline_s` is how long it may take to stop."""

    name: str
    run: Callable[[], Awaitable[None]]
    on_failure: OnFailure
    deadline_s: float = 1.0


@dataclass(slots=True)
class JobHealth:
    """What the health page says of one job."""

    running: bool = False
    failures: int = 0
    last_error: str = ""


class Supervisor:
    """Runs jobs until asked to stop; sinks stand first in the list and are stopped last."""

    def __init__(self, jobs: Sequence[Job], clock: Clock) -> None:
        self._jobs = tuple(jobs)
        self._clock = clock
        self._stop = asyncio.Event()
        self.health = {job.name: JobHealth() for job in jobs}
        self.fatal: BaseException | None = None

    def stop(self) -> None:
        """Ask for an orderly stop. May be called from a signal handler, more than once."""
        self._stop.set()

    async def run(self, before_stop: Callable[[], Awaitable[None]], *, deadline_s: float = 2.0) -> None:
        """Run every job; on stop, give the leases back first, then stop the sources, then the sinks.

        Raises: whatever a job with `OnFailure.STOP` died of.
        """
        async with asyncio.TaskGroup() as group:
            running = [(job, group.create_task(self._guarded(job), name=job.name)) for job in self._jobs]
            await self._stop.wait()
            try:
                async with asyncio.timeout(deadline_s):
                    await before_stop()
            except TimeoutError:
                log.error("shutdown: could not give the leases back in time, they will run out by themselves")
            finally:
                await _stopped(running)
        if self.fatal is not None:
            raise self.fatal

    async def _guarded(self, job: Job) -> None:
        health = self.health[job.name]
        pause_s = _FIRST_PAUSE_S
        while True:
            started_s = self._clock.monotonic_s()
            health.running = True
            try:
                await job.run()
                return
            except Exception as error:
                health.failures += 1
                health.last_error = f"{type(error).__name__}: {error}"
                if job.on_failure is OnFailure.STOP:
                    log.exception("job failed, the daemon stops", job=job.name)
                    self.fatal = error
                    self._stop.set()
                    return
                log.exception("job failed, it begins again", job=job.name, pause_s=pause_s)
            finally:
                health.running = False
            if self._clock.monotonic_s() - started_s > _LONGEST_PAUSE_S:
                pause_s = _FIRST_PAUSE_S
            await self._clock.sleep(pause_s)
            pause_s = min(2.0 * pause_s, _LONGEST_PAUSE_S)


async def _stopped(running: Sequence[tuple[Job, asyncio.Task[None]]]) -> None:
    """Cancel the last job first, and give each its time."""
    for job, task in reversed(running):
        task.cancel()
        await asyncio.wait({task}, timeout=job.deadline_s)
        if not task.done():
            log.error("shutdown: job still busy", job=job.name, deadline_s=job.deadline_s)
