"""The simulated site on a link: in step with a daemon, at its own pace without one, commands through its receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from tests.unit.simulator.builders import (
    ROOT,
    START_NS,
    MemoryLink,
    a_site,
    cycle_after_each_tick,
    from_daemon,
)
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.errors import Unreachable
from twin.domain.messages import MessageIn, MessageOut
from twin.domain.timestamps import iso_utc, ns_of_iso
from twin.simulator.faults import Fault
from twin.simulator.run import Pace, SiteRunner, subscriptions
from twin.simulator.site import SimulatedSite

MINUTE_H = 1.0 / 60.0
SUPPLY = "h1/supply_air_sp_c"


class WallClock:
    """A wall that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now_ns(self) -> int:
        return START_NS

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        await asyncio.sleep(0)


def a_runner(
    link: MemoryLink, *, pace: Pace | None = None, site: SimulatedSite | None = None, clock: WallClock | None = None
) -> SiteRunner:
    return SiteRunner(site or a_site(), link, clock or WallClock(), pace or Pace(60.0))


def command(value: float, *, seq: int = 1, life_s: int = 180, at_ns: int = START_NS) -> bytes:
    body = {
        "v": value, "u": "degC", "seq": seq, "epoch": 1, "lease": "l1", "issued": iso_utc(at_ns),
        "expires": iso_utc(at_ns + life_s * NS_PER_S), "mode": "control", "decision": "d", "prev": 22.0, "limits": "x",
    }  # fmt: skip
    return json.dumps(body).encode()


def acks(link: MemoryLink) -> list[tuple[str, str]]:
    return [
        (m.topic.removeprefix(f"{ROOT}/_ack/"), json.loads(m.payload)["status"])
        for m in link.said
        if "/_ack/" in m.topic
    ]


async def test_every_instant_is_said_whole_and_then_ticked() -> None:
    link = MemoryLink(cycle_after_each_tick)
    runner = a_runner(link)
    await runner.run(3 * MINUTE_H, asyncio.Event())
    ticks = [json.loads(m.payload)["ts"] for m in link.said if m.topic.endswith("_sim/tick")]
    assert [ns_of_iso(ts) for ts in ticks] == [START_NS + n * 60 * NS_PER_S for n in (1, 2, 3)]
    assert link.topics()[-1] == "_sim/tick"
    telemetry = [m for m in link.said if "_sim" not in m.topic]
    assert len(telemetry) == runner.progress.messages > 100
    assert all(m.qos == 1 for m in link.said)
    assert (runner.progress.steps, runner.progress.missed_cycles) == (3, 0)


async def test_the_next_instant_waits_for_the_daemons_last_word() -> None:
    link = MemoryLink()
    runner = a_runner(link)
    async with asyncio.timeout(5.0), asyncio.TaskGroup() as group:
        group.create_task(runner.run(2 * MINUTE_H, asyncio.Event()))
        await asyncio.sleep(0.05)
        assert link.topics().count("_sim/tick") == 1
        for word in (b"{}", b"\xff", b'{"ts": 5}', b'{"ts": "2020-01-01T00:00:00Z"}'):  # no cycle of this instant
            link.hear(from_daemon("_twin/cycle", word))
        await asyncio.sleep(0.05)
        assert link.topics().count("_sim/tick") == 1
        link.answering = cycle_after_each_tick
        link.hear(from_daemon("_twin/cycle", f'{{"ts":"{iso_utc(START_NS + 60 * NS_PER_S)}"}}'.encode()))
    assert link.topics().count("_sim/tick") == 2


async def test_a_daemon_that_says_nothing_is_waited_for_once_a_step_and_reported_once() -> None:
    link = MemoryLink()
    pace = Pace(60.0, cycle_timeout_s=0.01, first_cycle_timeout_s=0.01)
    runner = SiteRunner(a_site(), link, SystemClock(), pace)
    with capture_logs() as logs:
        await asyncio.wait_for(runner.run(3 * MINUTE_H, asyncio.Event()), timeout=10.0)
    assert (runner.progress.steps, runner.progress.missed_cycles) == (3, 3)
    assert len(logs) == 1


async def test_a_last_step_too_short_for_a_cycle_waits_for_none() -> None:
    link = MemoryLink()
    seen_ns = [0]

    def daemon(message: MessageOut) -> Sequence[MessageIn]:
        """Cycles as the minute turns, like the real one."""
        if not message.topic.endswith("/_sim/tick"):
            return ()
        now_ns = ns_of_iso(json.loads(message.payload)["ts"])
        before_ns, seen_ns[0] = seen_ns[0], now_ns
        turned = now_ns // (60 * NS_PER_S) > before_ns // (60 * NS_PER_S)
        return (from_daemon("_twin/cycle", message.payload),) if turned else ()

    link.answering = daemon
    runner = SiteRunner(a_site(), link, SystemClock(), Pace(60.0, cycle_timeout_s=2.0))
    await asyncio.wait_for(runner.run(1.5 * MINUTE_H, asyncio.Event()), timeout=1.5)
    assert runner.site.now_ns == START_NS + 90 * NS_PER_S
    assert (runner.progress.steps, runner.progress.missed_cycles) == (2, 0)


async def test_at_a_speed_of_its_own_the_wall_is_kept_to() -> None:
    clock, link = WallClock(), MemoryLink()
    runner = a_runner(link, pace=Pace(60.0, speed=120.0), clock=clock)
    await runner.run(10 * MINUTE_H, asyncio.Event())
    assert clock.now_s == pytest.approx(5.0)  # ten minutes at 120
    assert "_sim/tick" not in link.topics()


async def test_asked_to_stop_it_stops() -> None:
    stop = asyncio.Event()
    runner = SiteRunner(
        a_site(), MemoryLink(cycle_after_each_tick), WallClock(), Pace(60.0), lambda _now_ns: stop.set()
    )
    await asyncio.wait_for(runner.run(24.0, stop), timeout=5.0)
    assert runner.progress.steps == 1


async def test_a_stop_ends_the_waiting_for_a_cycle_too() -> None:
    stop = asyncio.Event()
    async with asyncio.timeout(2.0), asyncio.TaskGroup() as group:
        group.create_task(a_runner(MemoryLink()).run(24.0, stop))
        await asyncio.sleep(0.02)
        stop.set()


async def test_a_command_reaches_the_plant_and_is_acknowledged() -> None:
    link = MemoryLink(cycle_after_each_tick)
    runner = a_runner(link)
    link.hear(from_daemon("_twin/heartbeat", b"{}"), from_daemon(f"_cmd/{SUPPLY}", command(23.0)))
    await runner.run(2 * MINUTE_H, asyncio.Event())
    assert acks(link) == [(SUPPLY, "applied")]
    assert runner.site.true_value(SUPPLY) == 23.0
    assert runner.progress.commands == 1
    assert {m.topic.rsplit("/", 1)[1] for m in link.acknowledged} >= {"heartbeat", "supply_air_sp_c", "cycle"}


async def test_when_the_lease_is_over_the_plant_has_its_own_setpoint_again() -> None:
    link = MemoryLink(cycle_after_each_tick)
    runner = a_runner(link)
    link.hear(from_daemon("_twin/heartbeat", b"{}"), from_daemon(f"_cmd/{SUPPLY}", command(23.0)))
    await runner.run(5 * MINUTE_H, asyncio.Event())
    assert acks(link) == [(SUPPLY, "applied"), (SUPPLY, "expired")]
    assert runner.site.true_value(SUPPLY) == 22.0


@pytest.mark.parametrize(("retained", "status"), [(True, "rejected"), (False, "applied")])
async def test_after_silence_only_a_fresh_heartbeat_is_a_sign_of_life(retained: bool, status: str) -> None:
    link, clock = MemoryLink(), WallClock()
    runner = a_runner(link, pace=Pace(60.0, speed=1e6), clock=clock)
    runner.receiver.tick(START_NS, clock.now_s)
    clock.now_s += 31.0
    link.hear(from_daemon("_twin/heartbeat", b"{}", retain=retained), from_daemon(f"_cmd/{SUPPLY}", command(23.0)))
    await runner.run(MINUTE_H, asyncio.Event())
    assert acks(link) == [(SUPPLY, status)]


async def test_offline_gives_the_setpoint_back_at_once() -> None:
    link = MemoryLink(cycle_after_each_tick)
    runner = a_runner(link)
    link.hear(
        from_daemon("_twin/heartbeat", b"{}"),
        from_daemon(f"_cmd/{SUPPLY}", command(23.0)),
        from_daemon("_twin/status", b'{"state":"offline"}'),
    )
    await runner.run(MINUTE_H, asyncio.Event())
    assert runner.site.true_value(SUPPLY) == 22.0


async def test_a_local_operators_hold_comes_and_goes_with_the_schedule() -> None:
    held = SimulatedSite(
        a_site().site, start_ns=START_NS, seed=7,
        faults=(Fault("operator_hold", SUPPLY, at_s=60.0, for_s=60.0, size=20.0),),
    )  # fmt: skip
    seen: list[float] = []
    link = MemoryLink(cycle_after_each_tick)
    runner = SiteRunner(held, link, WallClock(), Pace(60.0), lambda _now_ns: seen.append(held.true_value(SUPPLY)))
    await runner.run(3 * MINUTE_H, asyncio.Event())
    assert seen == [20.0, 22.0, 22.0]


async def test_a_link_that_gives_up_is_told_as_what_it_is() -> None:
    class Broken(MemoryLink):
        async def publish_many(self, messages: Sequence[MessageOut]) -> None:
            raise Unreachable("the broker does not take messages")

    with pytest.raises(Unreachable):
        await a_runner(Broken()).run(MINUTE_H, asyncio.Event())


def test_it_hears_what_it_needs_and_no_telemetry() -> None:
    assert subscriptions("dc/x") == ("dc/x/_cmd/#", "dc/x/_twin/heartbeat", "dc/x/_twin/status", "dc/x/_twin/cycle")
