"""Columns of single cycles drawn in bulk: a healthy site with a few things spoilt, most at the edge of a rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.judge.book import DAY_S
from tests.judge.bounds import CALM_S, MOST_DOUBT_K, NS
from tests.judge.sites import Place
from twin.domain.actuators import Kind, Mode
from twin.domain.arrays import Flags, Floats, Ints

EDGES = np.array([-0.3, -0.05, -1e-3, 0.0, 0.0, 1e-3, 0.05, 0.3])
MODES = tuple(Mode)


class Draws:
    """Random arrays with one row a case."""

    def __init__(self, place: Place, seed: int, rows: int) -> None:
        self.random, self.rows, self.place = np.random.default_rng(seed), rows, place

    def uniform(self, low: float, high: float, columns: int) -> Floats:
        return self.random.uniform(low, high, (self.rows, columns))

    def chance(self, frac: float, columns: int) -> Flags:
        hit: Flags = self.random.random((self.rows, columns)) < frac
        return hit

    def near(self, edges: list[float], columns: int, scale: float = 1.0) -> Floats:
        """At one of some edges, a hair beside it, or not far off."""
        at = self.random.choice(np.asarray(edges), (self.rows, columns))
        near: Floats = at + scale * self.random.choice(EDGES, (self.rows, columns))
        return near

    def spoil(self, values: Floats, frac: float, others: Floats | float) -> Floats:
        return np.where(self.chance(frac, values.shape[1]), others, values)

    def lose(self, values: Floats, frac: float = 0.02) -> Floats:
        return self.spoil(values, frac, np.nan)


@dataclass(frozen=True, slots=True)
class Setpoints:
    """Columns by actuator: where each stands and what is wished and allowed for it."""

    at: Floats
    since_ns: Ints
    known: Flags
    leased: Flags
    wish: Floats
    mode: NDArray[np.int64]
    held: Flags
    fixed: Flags
    ordered: Floats
    quality: NDArray[np.uint8]
    seq: Ints
    left_frac: Floats


@dataclass(frozen=True, slots=True)
class Halls:
    """Columns by hall."""

    it_w: Floats
    supply_c: Floats
    worst_c: Floats
    offset_k: Floats
    sd_k: Floats
    quorum: Floats
    dew_c: Floats
    running: NDArray[np.int64]
    going_back: Flags


@dataclass(frozen=True, slots=True)
class Power:
    """Columns by UPS side; `change_age_s` has four columns, `changed` says which of them count."""

    output_w: Floats
    battery: Floats
    deviation: Floats
    thd: Floats
    generator: Flags
    event_age_s: Floats
    had_event: Flags
    change_age_s: Floats
    changed: Flags


@dataclass(frozen=True, slots=True)
class Plant:
    """One value a case."""

    wet_c: Floats
    outdoor_c: Floats
    chws_c: Floats
    chillers: NDArray[np.int64]
    missing: Flags


def setpoints(draw: Draws, now_ns: int) -> Setpoints:
    """On the grid inside the limits, at an edge, or anywhere; wishes a step up or down, a leap, or no number."""
    place, rows, chance = draw.place, draw.rows, draw.random
    actuators = place.limits.actuators.actuators
    n = len(actuators)
    low, high, step = (np.array([getattr(a, name) for a in actuators]) for name in ("low", "high", "step"))
    switched = np.array([a.kind is Kind.UPS_MODE for a in actuators])
    at = np.clip(np.round(draw.uniform(0, 1, n) * (high - low) / step) * step + np.ceil(low / step) * step, low, high)
    at = np.round(draw.spoil(at, 0.1, np.where(draw.chance(0.5, n), low, high)), 6)
    at = draw.spoil(at, 0.06, np.round(low + draw.uniform(-0.3, 1.2, n) * (high - low), 3))
    chilled, tight = _chilled(place), draw.chance(0.25, 1)[:, 0]
    at[tight, chilled + 1] = np.round(at[tight, chilled] + place.book.lift_k + draw.near([0.0], 1)[tight, 0], 1)
    at = np.where(switched, np.where(draw.chance(0.25, n), 1.0, 0.0), at)
    longest_s = max(2.0 * place.control.period_s, 120.0)
    rested_s = draw.spoil(draw.uniform(60.0, 7200.0, n), 0.4, draw.uniform(0.0, 2.0 * longest_s, n))
    dwells_s = [a.dwell_s for a in actuators if a.dwell_s]
    mode_rested_s = draw.spoil(np.full((rows, n), 1e5), 0.3, draw.near(dwells_s, n, 2.0))
    rested_s = np.maximum(np.where(switched, mode_rested_s, rested_s), 0.0)
    known = ~draw.chance(0.03, n)
    at = np.where(known, at, [a.local for a in actuators])
    wish = at + step * chance.choice([-30, -2, -1, 0, 1, 1, 1, 2, 30], (rows, n))
    wish = draw.spoil(wish, 0.15, low + draw.uniform(-0.5, 1.5, n) * (high - low))
    wish = np.where(switched, np.where(draw.chance(0.6, n), 1.0, 0.0), wish)
    wish = draw.spoil(wish, 0.02, chance.choice([np.nan, np.inf, -np.inf, 0.4999, 1e30], (rows, n)))
    mode = np.where(draw.chance(0.08, n), chance.integers(0, 2, (rows, n)), np.where(draw.chance(0.15, n), 2, 3))
    lowered = np.minimum(mode, [MODES.index(a.ceiling) for a in actuators])
    part = draw.uniform(0, 1, n)
    return Setpoints(
        at=at,
        since_ns=now_ns - np.round(rested_s * NS).astype(np.int64),
        known=known,
        leased=known & draw.chance(0.5, n),
        wish=wish,
        mode=np.where(draw.chance(0.98, n), lowered, mode),  # else only the second checker is left
        held=draw.chance(0.05, n) | ~known,
        fixed=draw.chance(0.08, n),
        ordered=np.where(switched, np.round(part), np.round(part * (high - low) + low, 2)),
        quality=np.where(draw.chance(0.05, n), chance.integers(0, 5, (rows, n)), 0).astype(np.uint8),
        seq=chance.integers(0, 1000, (rows, n)),
        left_frac=draw.uniform(0.0, 1.0, n),
    )


def halls(draw: Draws, at: Floats) -> Halls:
    """Halls at half load below the warning; some at or above each limit, some half blind."""
    place, book, n = draw.place, draw.place.book, len(draw.place.facility.halls)
    supplies = at[:, [a.index for a in place.limits.actuators if a.kind is Kind.SUPPLY_AIR]]
    rated_w = np.array([hall.rated_it_w for hall in place.facility.halls])
    sd_k = draw.lose(draw.spoil(draw.uniform(0.15, 0.4, n), 0.1, draw.near([MOST_DOUBT_K], n)))
    room_k = book.warn_c - supplies - place.control.inlet_backoff_sd * sd_k
    usual_k = draw.uniform(0.3, 0.8, n) * np.maximum(room_k, 0.5)
    cool_c = supplies + draw.uniform(0.3, 0.9, n) * np.maximum(book.warn_c - supplies, 0.5)
    hot_c = draw.near([book.warn_c, book.revert_c, book.panic_c, book.panic_c + 5.0], n)
    quorum = draw.spoil(np.ones_like(sd_k), 0.12, np.clip(draw.near([book.quorum_frac, 0.0], n), 0.0, 1.0))
    damp_c = supplies - book.dew_margin_k + draw.near([0.0, -0.5], n)
    crahs = np.array([len(hall.crah.ids) for hall in place.facility.halls])
    few = draw.random.integers(0, crahs + 1, (draw.rows, n))
    return Halls(
        it_w=draw.lose(draw.spoil(draw.uniform(0.2, 0.6, n), 0.15, draw.uniform(0.0, 1.3, n)) * rated_w),
        supply_c=draw.lose(supplies + draw.uniform(-0.3, 0.3, n)),
        worst_c=draw.lose(draw.spoil(cool_c, 0.2, hot_c)),
        offset_k=draw.lose(draw.spoil(usual_k, 0.2, room_k + draw.near([0.0], n))),
        sd_k=sd_k,
        quorum=draw.lose(quorum),
        dew_c=draw.lose(draw.spoil(draw.uniform(2.0, 10.0, n), 0.25, damp_c), 0.05),
        running=np.where(draw.chance(0.1, n), few, crahs),
        going_back=draw.chance(0.06, n),
    )


def power(draw: Draws) -> Power:
    """Sides at a third of their load on a good mains; some at the edge of each condition of ECO."""
    book, sides = draw.place.book, draw.place.facility.power.ups
    n, full_w = len(sides), np.array([side.modules * side.module_w for side in sides])
    load_frac = draw.spoil(draw.uniform(0.25, 0.45, n), 0.06, np.maximum(0.0, draw.near([book.eco_load_frac], n, 0.1)))
    load_frac = draw.spoil(load_frac, 0.05, draw.near([1.0, 0.5], n, 0.1))
    bent = draw.near([book.eco_mains_frac, -book.eco_mains_frac], n, 0.1)
    ages_s = np.where(draw.chance(0.5, 4), draw.near([DAY_S], 4, 2.0), draw.uniform(0.0, 2.0 * DAY_S, 4))
    return Power(
        output_w=draw.lose(load_frac * full_w, 0.01),
        battery=draw.lose(
            draw.spoil(np.ones((draw.rows, n)), 0.08, draw.near([book.eco_battery_frac, 0.0], n, 0.1)), 0.01
        ),
        deviation=draw.lose(draw.spoil(draw.uniform(-0.02, 0.02, n), 0.08, bent), 0.01),
        thd=draw.lose(
            draw.spoil(draw.uniform(0.0, 0.04, n), 0.08, np.abs(draw.near([book.eco_thd_frac], n, 0.1))), 0.01
        ),
        generator=draw.chance(0.04, n),
        event_age_s=draw.near([CALM_S], n, 2.0),
        had_event=draw.chance(0.2, n),
        change_age_s=ages_s,
        changed=draw.chance(0.25, 4),
    )


def plant(draw: Draws, at: Floats) -> Plant:
    """Cool weather, water as it is asked for."""
    wet_c = draw.lose(draw.uniform(2.0, 19.0, 1))
    return Plant(
        wet_c=wet_c[:, 0],
        outdoor_c=draw.lose(wet_c + draw.uniform(0.0, 12.0, 1))[:, 0],
        chws_c=draw.lose(at[:, [_chilled(draw.place)]] + draw.uniform(-0.5, 0.5, 1))[:, 0],
        chillers=draw.random.integers(0, len(draw.place.facility.plant.chillers.ids) + 1, draw.rows),
        missing=draw.chance(0.08, 1)[:, 0],
    )


def _chilled(place: Place) -> int:
    """Column of the chilled water; the condenser water is the next."""
    return next(a.index for a in place.limits.actuators if a.kind is Kind.CHILLED_WATER)
