"""What surrounds a run: the site, a controller that wants anything, operators, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from controllers.api import Task
from controllers.decide.memory import DecideMemory
from tests.judge.book import UPS, Book
from tests.judge.bounds import NS
from tests.judge.orders import RANKS
from tests.judge.sites import a_limits_file, limits_of
from tests.support.states import a_plan
from twin.daemon.cycle import Order
from twin.daemon.wiring import order_of
from twin.domain.actuators import Mode
from twin.domain.commands import OperatorOrder
from twin.domain.decisions import Plan
from twin.shipped import shipped_config
from twin.sitefile.load import load_site

DECEIVING = ("wrong", "stubborn")  # while these last nobody can know where the plant really is


@cache
def a_daemon(seed: int) -> tuple[Order, Book]:
    """The example site under limits of a seed, as the daemon is wired for it, and the judge's own reading of them."""
    site = load_site(shipped_config("site.example"))
    content = a_limits_file(np.random.default_rng([seed, 2]), 60.0)
    halls, sides = tuple(h.id for h in site.facility.halls), tuple(u.id for u in site.facility.power.ups)
    control = replace(site.control, mode=Mode.CONTROL, warm_up_s=60.0, inlet_backoff_sd=1.0)
    site = replace(site, limits=limits_of(content, site.facility), control=control)
    return order_of(site, content, mode=Mode.CONTROL, controller="hold", epoch=0), Book(content, halls, sides)


class Wisher:
    """A controller that wants anything: steps up, steps down, leaps, ECO on every side, no numbers."""

    name = "wisher"

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.wished: dict[str, float] = {}

    def decide(self, task: Task, memory: DecideMemory) -> tuple[Plan, DecideMemory]:
        chance = np.random.default_rng([self._seed, task.state.cycle])
        actuators = task.limits.actuators.actuators
        at, step = task.previous.value, np.array([a.step for a in actuators])
        low, high = np.array([a.low for a in actuators]), np.array([a.high for a in actuators])
        wish = at + step * chance.choice([-20, -1, 0, 1, 1, 2, 20], len(at))
        wish = np.where(chance.random(len(at)) < 0.2, chance.uniform(low - 2.0, high + 2.0), wish)
        switched = np.array([a.unit == "1" for a in actuators])
        wish = np.where(switched, chance.random(len(at)) < 0.7, wish)
        wish = np.where(chance.random(len(at)) < 0.01, np.nan, wish)
        self.wished = {a.point: float(wish[a.index]) for a in actuators}
        return a_plan(wish), memory


@dataclass(slots=True)
class Troubles:
    """What is wrong just now, each with the step at which it ends."""

    until: dict[str, int]

    def now(self, what: str, step: int) -> bool:
        return self.until.get(what, -1) >= step

    def draw(self, chance: np.random.Generator, step: int, often: dict[str, float]) -> None:
        for what, frac in often.items():
            if chance.random() < frac:
                self.until[what] = step + int(chance.integers(0, 6))


OFTEN = {
    "readbacks": 0.03,
    "inlets": 0.03,
    "some inlets": 0.04,
    "weather": 0.03,
    "supply": 0.02,
    "silence": 0.02,
    "acks": 0.04,
    "commands": 0.03,
    "unsent": 0.03,
    "late": 0.04,
    "stubborn": 0.03,
    "wrong": 0.02,
    "refusing": 0.01,
    "mains": 0.04,
    "thd": 0.02,
    "generator": 0.02,
    "battery": 0.02,
    "heat": 0.05,
    "panic": 0.02,
    "damp": 0.03,
    "hold": 0.02,
}


def some_orders(chance: np.random.Generator, book: Book, now_ns: int, often: float) -> tuple[OperatorOrder, ...]:
    """Orders of one period, as often as asked: good ones, late ones, ones that nobody could obey."""
    points = [e.point for e in book.entries]
    orders: list[OperatorOrder] = []
    while chance.random() < often:
        kind = str(chance.choice(["override", "override", "release", "mode"]))
        point = str(chance.choice([*points, "", "h9/nothing"]))
        entry = book.entry(point) or book.entries[0]
        low, high = (0.0, 1.4) if entry.kind == UPS else (entry.low - 1.0, entry.high + 1.0)
        value = None if chance.random() < 0.15 else round(float(chance.uniform(low, high)), 1)
        if entry.kind == UPS and value is not None and chance.random() < 0.8:
            value = float(round(value))
        end_s = float(chance.choice([0.0, 0.0, -5.0, 30.0, 150.0, 600.0]))
        until_ns = 0 if end_s == 0.0 else now_ns + round(end_s * NS)
        mode = str(chance.choice([*RANKS, "control", "off"]))
        orders.append(OperatorOrder(kind, f"o-{len(orders)}", point, value, mode, "night", "a test", until_ns))
    return tuple(orders)
