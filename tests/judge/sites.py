"""Sites to judge: the reference plant in other sizes, under limits files drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

import numpy as np

from controllers.guard.checker import Checker
from tests.judge.book import Book
from tests.support.facilities import a_hall, reference_facility
from tests.support.states import control_settings
from twin.domain.actuators import Limits
from twin.domain.facility import Facility
from twin.domain.site import ControlSettings
from twin.model.compiled import CompiledSite, compile_site
from twin.sitefile.envelope import Envelope
from twin.sitefile.problems import Problems
from twin.sitefile.read import parse
from twin.sitefile.schema_limits import LimitsFile

ROOTS = ("dc/reference", "dc/a/b", "x")
PERIODS_S = (5.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True)
class Place:
    """A site with its limits: as the guard has it, and as the judge reads it."""

    facility: Facility
    compiled: CompiledSite
    control: ControlSettings
    content: bytes
    limits: Limits
    book: Book
    checker: Checker
    root: str


@cache
def a_place(seed: int) -> Place:
    """The site of a seed."""
    chance = np.random.default_rng([seed, 1])
    facility, compiled = _a_plant(seed % 6)
    period_s = PERIODS_S[int(chance.integers(len(PERIODS_S)))]
    control = control_settings(period_s=period_s, inlet_backoff_sd=float(chance.choice([0.0, 1.645, 3.0])))
    content = a_limits_file(chance, period_s)
    root = ROOTS[int(chance.integers(len(ROOTS)))]
    halls, sides = tuple(h.id for h in facility.halls), tuple(u.id for u in facility.power.ups)
    limits, book = limits_of(content, facility), Book(content, halls, sides)
    assert [a.point for a in limits.actuators] == [e.point for e in book.entries]
    return Place(facility, compiled, control, content, limits, book, Checker(content, root), root)


def limits_of(content: bytes, facility: Facility) -> Limits:
    """As the daemon loads them."""
    problems = Problems()
    file = parse("limits.toml", content, LimitsFile, problems)
    problems.raise_if_any()
    assert file is not None
    limits = Envelope(file, facility, None, problems).build(sha256(content).hexdigest()[:16])
    problems.raise_if_any()
    assert limits is not None
    return limits


@cache
def _a_plant(nth: int) -> tuple[Facility, CompiledSite]:
    """Six plants: one hall to three, one UPS side to three, one chiller to three, much water or little."""
    base = reference_facility()
    sizes = ((100, 12, 10), (60, 8, 7), (20, 4, 3))[: 1 + nth % 3]
    halls = tuple(
        a_hall(f"h{n}", racks=racks, crahs=crahs, needed=needed)
        for n, (racks, crahs, needed) in enumerate(sizes, start=1)
    )
    chillers, sides = (3, 2, 3, 1, 3, 2)[nth], (2, 2, 3, 2, 1, 2)[nth]
    ids = tuple(f"ch-{n}" for n in range(1, chillers + 1))
    one_side = replace(base.power.ups[0], autonomy_s=(600.0, 40_000.0)[nth % 2])
    facility = replace(
        base,
        halls=halls,
        plant=replace(
            base.plant,
            chillers=replace(base.plant.chillers, ids=ids, needed=min(2, chillers)),
            buffer_m3=(15.0, 15.0, 40.0, 15.0, 15.0, 4.0)[nth],
        ),
        power=replace(base.power, ups=tuple(replace(one_side, id=f"ups-{side}") for side in "abc"[:sides])),
    )
    return facility, compile_site(facility)


def a_limits_file(chance: np.random.Generator, period_s: float) -> bytes:
    """A file that the loader takes: every number drawn, now and then an edge that is not on the grid."""

    def some(*choices: float) -> float:
        return float(chance.choice(choices))

    def between(low: float, high: float) -> float:
        return round(float(chance.uniform(low, high)), 1)

    warn = between(24.0, 30.0)
    revert = round(warn + some(0.5, 2.0, 3.0), 1)
    panic = round(revert + some(0.5, 3.0, 5.0), 1)
    lift = some(3.0, 5.0, 8.0)
    supply_low = between(14.0, 19.0) + some(0.0, 0.0, 0.05)
    supply_high = min(warn, round(supply_low + some(2.0, 5.0, 9.0), 2) + some(0.0, 0.0, 0.03))
    chilled_low = between(6.0, 10.0)
    chilled_high = chilled_low + some(3.0, 8.0, 12.0)
    condenser_low = between(14.0, 20.0)
    chilled_local = chilled_low + some(0.0, 1.0, 2.0)
    condenser_local = max(condenser_low, round(chilled_local + lift + 0.1, 1))
    condenser_high = max(condenser_low + some(6.0, 14.0), chilled_high + lift, condenser_local)
    lease_s = some(2.0, 3.0, 5.0) * period_s
    parts = [
        f"[inlet]\nwarn_c = {warn}\nrevert_c = {revert}\npanic_c = {panic}\n",
        f"[air]\ndew_point_margin_k = {some(0.0, 2.0, 2.5)}\nzone_quorum_frac = {some(0.5, 0.8, 1.0)}\n"
        f"ride_through_min_s = {some(240.0, 240.0, 900.0, 6000.0)}\n",
        f"[plant]\nmin_lift_k = {lift}\n",
        f"[lease]\nlease_s = {min(lease_s, 900.0)}\nheartbeat_s = 5\n",
        f"[eco]\nmin_load_frac = {some(0.1, 0.2)}\nmax_mains_deviation_frac = {some(0.05, 0.1)}\n"
        f"max_thd_frac = {some(0.05, 0.08)}\nmin_battery_frac = {some(0.9, 0.5)}\n",
    ]
    for kind, point, low, high, local in (
        (
            "supply_air",
            "{hall}/supply_air_sp_c",
            supply_low,
            supply_high,
            supply_low + 0.4 * (supply_high - supply_low),
        ),
        ("chilled_water", "plant/chws_sp_c", chilled_low, chilled_high, chilled_local),
        ("condenser_water", "plant/cws_sp_c", condenser_low, condenser_high, condenser_local),
    ):
        step = some(0.1, 0.1, 0.25, 0.5)
        parts.append(
            f'[[setpoints]]\npoint = "{point}"\nkind = "{kind}"\nlow = {low:.4g}\nhigh = {high:.4g}\n'
            f"local = {min(max(float(f'{local:.4g}'), float(f'{low:.4g}')), float(f'{high:.4g}'))}\nstep = {step}\n"
            f"max_rise_per_min = {some(0.02, 0.05, 0.1, 0.3)}\nmax_fall_per_min = {some(0.05, 0.2, 0.4)}\n"
            f"{chance.choice(['', 'bounded_span_k = 0.5', 'bounded_span_k = 1.95'])}\n"
            f'ceiling = "{chance.choice(["control", "bounded", "advise"], p=[0.85, 0.1, 0.05])}"\n'
        )
    parts.append(
        f'[[setpoints]]\npoint = "{{ups}}/mode"\nkind = "ups_mode"\nlow = 0\nhigh = {int(chance.random() < 0.9)}\n'
        f"local = 0\ndwell_s = {some(600.0, 3600.0)}\nmax_changes_per_day = {int(chance.integers(1, 5))}\n"
        f'ceiling = "{chance.choice(["control", "bounded"], p=[0.95, 0.05])}"\n'
    )
    return "\n".join(parts).encode()
