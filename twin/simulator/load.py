"""What the computers are asked to do: a share of rated IT power for each hall, over time.

Built-in shape (engineering estimates): a diurnal wave of 12 %, weekends 8 % lower, AR(1) noise (tau 20 min, sigma
1.5 %) and AI-step events of 20 % within a minute. Or a recorded CPU trace.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol

import numpy as np

from twin.domain.arrays import Floats
from twin.domain.errors import TwinError
from twin.simulator.series import Series, read_series

_DAY_NS = 86_400 * 10**9
NOISE_TAU_S = 1200.0
NOISE_SD = 0.015
STEP_FRAC = 0.20
STEPS_PER_DAY = 4
CORE_MHZ = 2600.0  # clock of one provisioned core, where a trace says nothing of it
IDLE_FRAC = 0.45  # power of an idle server relative to a busy one
DAILY_FRAC = 0.12
WEEKEND_FRAC = 0.08


class Load(Protocol):
    """Anything that knows the load; `notes` says what was assumed."""

    notes: tuple[str, ...]

    def at(self, now_ns: int) -> Floats:
        """Share of rated power of each hall, shape (n_hall,), at the fleet's reference inlet."""
        ...


class Noise:
    """AR(1) noise of each hall on a grid of minutes: it depends on the instant, not on how one gets there."""

    def __init__(self, seed: int, n_hall: int) -> None:
        self._seed, self._n_hall = seed, n_hall
        self._day: tuple[int, Floats] | None = None

    def at(self, now_ns: int) -> Floats:
        day, rest_ns = divmod(now_ns, _DAY_NS)
        if self._day is None or self._day[0] != day:
            self._day = (day, self._drawn(day))
        row: Floats = self._day[1][rest_ns // (60 * 10**9)]
        return row

    def _drawn(self, day: int) -> Floats:
        keep = math.exp(-60.0 / NOISE_TAU_S)
        # two hours of the day before: by then the filter has forgotten where it started, and midnight shows no step
        fresh = np.concatenate([self._white(day - 1)[-120:], self._white(day)]) * math.sqrt(1.0 - keep * keep)
        for i in range(1, len(fresh)):
            fresh[i] += keep * fresh[i - 1]
        return fresh[120:]

    def _white(self, day: int) -> Floats:
        return np.random.default_rng([self._seed, 0x10AD, day]).normal(0.0, NOISE_SD, (1440, self._n_hall))


class ShapedLoad:
    """The built-in shape around a seeded mean of 65 to 80 % of rated power."""

    def __init__(self, n_hall: int, *, utc_offset_h: float, seed: int, steps: bool = True) -> None:
        rng = np.random.default_rng([seed, 0x11])
        self._mean = rng.uniform(0.65, 0.80, n_hall)
        self._phase_h = rng.uniform(-1.5, 1.5, n_hall)
        self._offset_h, self._seed, self._n_hall, self._steps = utc_offset_h, seed, n_hall, steps
        self._noise = Noise(seed, n_hall)
        self._drawn: dict[int, list[tuple[float, float, int, float]]] = {}
        self.notes: tuple[str, ...] = ("load: built-in shape, not a recording",)

    def at(self, now_ns: int) -> Floats:
        days = now_ns / _DAY_NS + self._offset_h / 24.0
        wave = DAILY_FRAC * np.cos(2 * math.pi * (days - (15.0 + self._phase_h) / 24.0))
        weekday = (int(days) + 3) % 7  # day 0 of 1970 was a Thursday; 0 is Monday
        week = 1.0 - WEEKEND_FRAC if weekday >= 5 else 1.0
        load = self._mean * week * (1.0 + wave) * (1.0 + self._noise.at(now_ns))
        if self._steps:
            load = load * (1.0 + self._events(now_ns))
        clipped: Floats = np.clip(load, 0.05, 1.0)
        return clipped

    def _events(self, now_ns: int) -> Floats:
        total = np.zeros(self._n_hall)
        day = now_ns // _DAY_NS
        now_s = (now_ns - day * _DAY_NS) / 1e9
        for past in (0, 1):  # an event of late evening reaches into the next day
            for start_s, length_s, hall, height in self._of_day(day - past):
                ahead_s = now_s + past * 86_400.0 - start_s
                if 0.0 <= ahead_s < length_s:
                    total[hall] += height * min(1.0, ahead_s / 40.0, (length_s - ahead_s) / 40.0)
        clipped: Floats = np.clip(total, -STEP_FRAC, STEP_FRAC)
        return clipped

    def _of_day(self, day: int) -> list[tuple[float, float, int, float]]:
        """(start s, length s, hall, height) of the events of one day."""
        if day not in self._drawn:
            rng = np.random.default_rng([self._seed, 0xA1, day])
            self._drawn[day] = [
                (
                    float(rng.uniform(0.0, 86_400.0)),
                    float(rng.uniform(1200.0, 5400.0)),
                    int(rng.integers(self._n_hall)),
                    float(rng.choice([-1.0, 1.0])) * STEP_FRAC,
                )
                for _ in range(STEPS_PER_DAY)
            ]
        return self._drawn[day]


class RecordedLoad:
    """A CPU trace with `cores` and `cpu_mhz`, the same for every hall but for its noise.

    Power of utilisation u: idle + (1 - idle)*(2u - u^1.4), Fan, Weber and Barroso 2007.
    """

    def __init__(self, path: Path, n_hall: int, *, utc_offset_h: float, seed: int) -> None:
        self._series: Series = read_series(path, ("cpu_mhz", "cores"), utc_offset_h=utc_offset_h)
        self._noise, self._n_hall = Noise(seed, n_hall), n_hall
        self.notes = (
            *self._series.notes,
            f"{path.name}: utilisation = cpu_mhz / (cores * {CORE_MHZ:.0f} MHz), idle at {IDLE_FRAC:.0%} of full power",
        )

    def at(self, now_ns: int) -> Floats:
        cores = max(self._series.at("cores", now_ns), 1.0)
        used = min(max(self._series.at("cpu_mhz", now_ns) / (cores * CORE_MHZ), 0.0), 1.0)
        share = IDLE_FRAC + (1.0 - IDLE_FRAC) * (2.0 * used - used**1.4)
        # half the built-in noise: the trace has its own
        noisy: Floats = share * (1.0 + 0.5 * self._noise.at(now_ns))
        return np.clip(noisy, 0.05, 1.0)


class SteadyLoad:
    """The same share for ever: for checks."""

    def __init__(self, share: Floats) -> None:
        self._share = np.asarray(share, dtype=np.float64)
        self.notes: tuple[str, ...] = ("load: constant",)

    def at(self, now_ns: int) -> Floats:
        return self._share


def load_from(choice: str, n_hall: int, *, utc_offset_h: float, seed: int) -> Load:
    """ "" for the built-in shape, or the path of a CSV file. Raises: TwinError: neither."""
    if not choice:
        return ShapedLoad(n_hall, utc_offset_h=utc_offset_h, seed=seed)
    if not choice.endswith(".csv"):
        raise TwinError(f"no load {choice!r}", where="--load", fix="a CSV file with time_utc, cpu_mhz and cores")
    return RecordedLoad(Path(choice), n_hall, utc_offset_h=utc_offset_h, seed=seed)
