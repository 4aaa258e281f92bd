"""A small plant, the demo site settled once, and a link that is only memory."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache

import numpy as np

from tests.support.facilities import small_facility
from twin.domain.messages import MessageIn, MessageOut
from twin.domain.timestamps import ns_of_iso
from twin.shipped import shipped_config
from twin.simulator.hidden import draw, nominal
from twin.simulator.plant import Plant, Setpoints
from twin.simulator.ratings import rate
from twin.simulator.site import SimulatedSite
from twin.simulator.weather import Outdoor
from twin.sitefile.load import load_site

START_NS = ns_of_iso("2026-05-19T00:00:00Z")
ROOT = "dc/demo"
MILD = Outdoor(dry_bulb_c=20.0, wet_bulb_c=15.0, rh_frac=0.6, dew_point_c=12.0)


def a_plant(seed: int | None = None) -> Plant:
    """One hall of ten racks: as the site file has it, or drawn."""
    facility = small_facility()
    ratings = rate(facility)
    hidden = nominal(ratings) if seed is None else draw(ratings, seed)
    setpoints = Setpoints(np.array([22.0]), 10.0, 24.0, np.zeros(len(facility.power.ups)))
    return Plant(ratings, hidden, setpoints)


@cache
def _settled() -> SimulatedSite:
    return SimulatedSite(load_site(shipped_config("demo")), start_ns=START_NS, seed=7)


def a_site() -> SimulatedSite:
    """The demo site at its start, one for each caller."""
    return copy.deepcopy(_settled())


class MemoryLink:
    """Hears what the runner says; `answering` is asked about each word, and what it returns is heard by the runner."""

    def __init__(self, answering: Callable[[MessageOut], Sequence[MessageIn]] = lambda _said: ()) -> None:
        self.said: list[MessageOut] = []
        self.acknowledged: list[MessageIn] = []
        self.answering = answering
        self._waiting: asyncio.Queue[list[MessageIn]] = asyncio.Queue()

    async def publish(self, message: MessageOut) -> None:
        await self.publish_many((message,))

    async def publish_many(self, messages: Sequence[MessageOut]) -> None:
        for message in messages:
            self.said.append(message)
            answers = list(self.answering(message))
            if answers:
                self.hear(*answers)
        await asyncio.sleep(0)

    def hear(self, *messages: MessageIn) -> None:
        """Deliver messages to the runner."""
        self._waiting.put_nowait(list(messages))

    async def batches(self) -> AsyncIterator[Sequence[MessageIn]]:
        while True:
            yield await self._waiting.get()

    def acknowledge(self, messages: Sequence[MessageIn]) -> None:
        self.acknowledged += messages

    def topics(self) -> list[str]:
        return [message.topic.removeprefix(f"{ROOT}/") for message in self.said]


def from_daemon(topic: str, payload: bytes, *, retain: bool = False) -> MessageIn:
    return MessageIn(f"{ROOT}/{topic}", payload, 1, retain, START_NS)


def cycle_after_each_tick(message: MessageOut) -> Sequence[MessageIn]:
    """A daemon that has nothing to say but that its cycle is over."""
    return (from_daemon("_twin/cycle", message.payload),) if message.topic.endswith("/_sim/tick") else ()
