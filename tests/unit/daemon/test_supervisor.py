"""Jobs begin again, or take the daemon down in good order: leases back first, then sources, sinks last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from structlog.testing import capture_logs

from tests.unit.daemon.builders import HandClock, settle
from twin.daemon.supervisor import Job, OnFailure, Supervisor


async def nothing() -> None:
    """Before the stop there is nothing to do."""


async def for_ever() -> None:
    await asyncio.Event().wait()


class Dying:
    """A job that lives `after_s` and dies, `times` over; then it calls `at_last` and lives on."""

    def __init__(self, times: int, clock: HandClock, *, after_s: float = 0.0) -> None:
        self._left, self._clock, self._after_s = times, clock, after_s
        self.at_last: Callable[[], None] = lambda: None

    async def __call__(self) -> None:
        if self._left == 0:
            self.at_last()
            await for_ever()
        self._left -= 1
        self._clock.now_s += self._after_s
        raise OSError(f"{self._left} left")


async def test_a_failed_job_begins_again_after_ever_longer_pauses() -> None:
    clock = HandClock()
    dying = Dying(8, clock)
    supervisor = Supervisor([Job("drain", dying, OnFailure.RESTART)], clock)
    dying.at_last = supervisor.stop
    await supervisor.run(nothing)
    assert clock.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    health = supervisor.health["drain"]
    assert (health.failures, health.last_error, health.running) == (8, "OSError: 0 left", False)


async def test_after_a_good_while_the_pause_is_short_again() -> None:
    clock = HandClock()
    dying = Dying(4, clock, after_s=31.0)
    supervisor = Supervisor([Job("drain", dying, OnFailure.RESTART)], clock)
    dying.at_last = supervisor.stop
    await supervisor.run(nothing)
    assert clock.slept == [0.5] * 4


async def test_one_jobs_failure_is_no_other_jobs_business() -> None:
    clock, starts = HandClock(), []

    async def other() -> None:
        starts.append("other")
        await for_ever()

    dying = Dying(5, clock)
    jobs = [Job("dying", dying, OnFailure.RESTART), Job("other", other, OnFailure.RESTART)]
    supervisor = Supervisor(jobs, clock)
    dying.at_last = supervisor.stop
    await supervisor.run(nothing)
    assert starts == ["other"]


async def test_a_job_the_daemon_cannot_do_without_stops_it_and_is_told() -> None:
    clock, events = HandClock(), []

    async def give_back() -> None:
        events.append("leases given back")

    async def other() -> None:
        try:
            await for_ever()
        finally:
            events.append("other stopped")

    loop = Job("loop", Dying(1, clock), OnFailure.STOP)
    supervisor = Supervisor([Job("other", other, OnFailure.RESTART), loop], clock)
    with pytest.raises(OSError, match="0 left"):
        await supervisor.run(give_back)
    assert events == ["leases given back", "other stopped"]
    assert clock.slept == []  # it does not begin again


async def test_stopping_goes_from_the_last_job_to_the_first_after_the_leases() -> None:
    events: list[str] = []

    def named(name: str) -> Job:
        async def run() -> None:
            try:
                await for_ever()
            finally:
                await asyncio.sleep(0)  # a flush takes a moment, and the next job waits for it
                events.append(name)

        return Job(name, run, OnFailure.RESTART)

    async def give_back() -> None:
        events.append("leases")

    supervisor = Supervisor([named("sink"), named("link"), named("loop")], HandClock())
    async with asyncio.TaskGroup() as group:
        group.create_task(supervisor.run(give_back))
        await settle()
        assert all(health.running for health in supervisor.health.values())
        supervisor.stop()
        supervisor.stop()
    assert events == ["leases", "loop", "link", "sink"]
    assert not any(health.running for health in supervisor.health.values())


async def test_a_job_that_does_not_stop_in_time_is_named_and_holds_up_nobody() -> None:
    events: list[str] = []
    release = asyncio.Event()

    async def stubborn() -> None:
        try:
            await for_ever()
        finally:
            await release.wait()

    async def sink() -> None:
        try:
            await for_ever()
        finally:
            events.append("sink stopped")
            release.set()

    jobs = [Job("sink", sink, OnFailure.RESTART), Job("stubborn", stubborn, OnFailure.RESTART, deadline_s=0.01)]
    supervisor = Supervisor(jobs, HandClock())
    with capture_logs() as logs:
        async with asyncio.timeout(2.0), asyncio.TaskGroup() as group:
            group.create_task(supervisor.run(nothing))
            await settle()
            supervisor.stop()
    assert events == ["sink stopped"]
    assert [(line["job"], line["log_level"]) for line in logs] == [("stubborn", "error")]


async def test_leases_that_cannot_be_given_back_in_time_do_not_hold_up_the_stop() -> None:
    supervisor = Supervisor([Job("loop", for_ever, OnFailure.STOP)], HandClock())
    supervisor.stop()
    with capture_logs() as logs:
        await asyncio.wait_for(supervisor.run(for_ever, deadline_s=0.01), timeout=5.0)
    assert "run out by themselves" in logs[0]["event"]


async def test_whatever_giving_back_dies_of_the_order_of_stopping_stays() -> None:
    stopped: list[str] = []

    async def noted(name: str) -> None:
        try:
            await for_ever()
        finally:
            stopped.append(name)

    async def failing() -> None:
        raise OSError("the disk is gone")

    jobs = [Job(name, partial(noted, name), OnFailure.RESTART) for name in ("sink", "link", "loop")]
    supervisor = Supervisor(jobs, HandClock())
    asyncio.get_running_loop().call_later(0.01, supervisor.stop)
    with pytest.raises(ExceptionGroup) as raised:
        await supervisor.run(failing)
    assert raised.group_contains(OSError, match="the disk is gone")
    assert stopped == ["loop", "link", "sink"]


async def test_a_job_that_comes_to_its_end_is_left_at_that() -> None:
    starts: list[int] = []

    async def once() -> None:
        starts.append(1)

    supervisor = Supervisor([Job("once", once, OnFailure.RESTART)], HandClock())
    async with asyncio.TaskGroup() as group:
        group.create_task(supervisor.run(nothing))
        await settle()
        supervisor.stop()
    assert starts == [1]
    assert supervisor.health["once"].failures == 0


async def test_no_task_is_left_when_all_is_over() -> None:
    before = asyncio.all_tasks()
    supervisor = Supervisor([Job(name, for_ever, OnFailure.RESTART) for name in "abc"], HandClock())
    supervisor.stop()
    await supervisor.run(nothing)
    assert asyncio.all_tasks() == before
