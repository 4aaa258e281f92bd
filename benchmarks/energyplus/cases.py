"""Which weeks are run, under which setpoints and which load: the same for both sides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from twin.domain.arrays import Floats

WEATHER_FILE = "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3.epw"
SETTLING_DAYS = 2
SCORED_DAYS = 7
YEAR = 2017  # not a leap year, and begins on a Sunday as the weather file does


@dataclass(frozen=True, slots=True)
class Setpoints:
    """One set, held for the whole week."""

    name: str
    supply_air_c: float
    chws_c: float
    cws_c: float


@dataclass(frozen=True, slots=True)
class Week:
    """Seven scored days from `first`; the run begins `SETTLING_DAYS` earlier."""

    name: str
    first: date


WEEKS = (
    Week("winter", date(YEAR, 1, 11)),
    Week("shoulder", date(YEAR, 4, 12)),
    Week("summer", date(YEAR, 7, 3)),
)
SETS = (
    Setpoints("default", supply_air_c=22.0, chws_c=10.0, cws_c=24.0),
    Setpoints("warmer", supply_air_c=24.0, chws_c=12.5, cws_c=25.5),
)


def load_frac_by_hour() -> Floats:
    """IT load at the reference inlet over its rating, for every hour of the year, shape (8760,).

    A working day between 0.45 at night and 0.9 in the afternoon, a quieter weekend, and a slow wander from hour to
    hour: enough for the chillers to stage up and down.
    """
    hour = np.arange(8760)
    clock, weekday = hour % 24, (hour // 24) % 7  # the first day is a Sunday
    day = np.clip(np.sin(np.pi * (clock - 6.0) / 16.0), 0.0, None) ** 1.3
    at_work = np.where((weekday == 0) | (weekday == 6), 0.55, 1.0)
    noise = np.random.default_rng(20240711).normal(0.0, 1.0, hour.size)
    wander = np.empty(hour.size)
    state = 0.0
    for i, kick in enumerate(noise):
        state = 0.8 * state + 0.012 * kick
        wander[i] = state
    load: Floats = np.clip(0.45 + 0.43 * day * at_work + wander, 0.35, 0.95)
    return load
