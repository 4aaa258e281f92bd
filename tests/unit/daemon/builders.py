"""The demo site with its orders and messages, and stand-ins for what the daemon talks to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from twin.daemon.core import Core
from twin.daemon.cycle import Memory, Order
from twin.daemon.wiring import order_of
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S
from twin.domain.errors import Unreachable
from twin.domain.messages import MessageIn, MessageOut
from twin.domain.sealed import SealedCommand
from twin.domain.site import Site
from twin.domain.timestamps import iso_utc, ns_of_iso
from twin.shipped import shipped_config
from twin.simulator.site import SimulatedSite
from twin.sitefile.load import load_site

START_NS = ns_of_iso("2026-05-19T00:00:00Z")
MINUTE_NS = 60 * NS_PER_S
ROOT = "dc/demo"


class HandClock:
    """Time that stands still until a test moves it, or somebody sleeps on it."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.now_s = 1000.0

    def now_ns(self) -> int:
        return START_NS + round(self.now_s * NS_PER_S)

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)


class Ear:
    """An outlet that hears everything, in order; `deaf` refuses, `asleep` never answers."""

    def __init__(self) -> None:
        self.heard: list[MessageOut | SealedCommand] = []
        self.deaf = self.asleep = False

    async def publish_many(self, messages: Sequence[MessageOut]) -> None:
        await self._hear(messages)

    async def send_sealed(self, commands: Sequence[SealedCommand]) -> None:
        await self._hear(commands)

    async def _hear(self, said: Sequence[MessageOut | SealedCommand]) -> None:
        if self.asleep:
            await asyncio.Event().wait()
        if self.deaf:
            raise Unreachable("nobody is there")
        self.heard += said

    def topics(self) -> list[str]:
        return [message.topic.removeprefix(f"{ROOT}/") for message in self.heard]

    def commands(self) -> list[SealedCommand]:
        return [message for message in self.heard if isinstance(message, SealedCommand)]


@cache
def demo_site() -> Site:
    return load_site(shipped_config("demo"))


@cache
def demo_order(*, controller: str = "predictive", mode: Mode = Mode.CONTROL, epoch: int = 1) -> Order:
    site = demo_site()
    limits_file = (Path(site.directory) / "limits.toml").read_bytes()
    return order_of(site, limits_file, mode=mode, controller=controller, epoch=epoch)


def a_core(*, event_time: bool = True, controller: str = "predictive", mode: Mode = Mode.CONTROL) -> Core:
    return Core(demo_order(controller=controller, mode=mode), Memory(), event_time=event_time)


@cache
def minutes(count: int) -> tuple[tuple[MessageIn, ...], ...]:
    """All that the demo site says, minute by minute, each closed by its tick."""
    simulated = SimulatedSite(demo_site(), start_ns=START_NS, seed=7)
    told: list[tuple[MessageIn, ...]] = []
    for nth in range(1, count + 1):
        now_ns = START_NS + nth * MINUTE_NS
        simulated.step_to(now_ns)
        said = [MessageIn(topic, body, 1, False, now_ns) for topic, body in simulated.messages(now_ns)]
        told.append((*said, a_tick(now_ns)))
    return tuple(told)


def a_tick(now_ns: int) -> MessageIn:
    return heard("_sim/tick", f'{{"ts":"{iso_utc(now_ns)}"}}'.encode())


def heard(topic: str, payload: bytes, *, retain: bool = False, received_ns: int = START_NS, qos: int = 1) -> MessageIn:
    return MessageIn(f"{ROOT}/{topic}", payload, qos, retain, received_ns)


async def settle(turns: int = 20) -> None:
    """Let every task that can go on do so."""
    for _ in range(turns):
        await asyncio.sleep(0)
