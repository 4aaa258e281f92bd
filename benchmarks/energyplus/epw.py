"""Weather from an EPW file: the hours of a run, and what stands between two of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from twin.domain.arrays import Floats
from twin.kernels.moist_air import wet_bulb_c


@dataclass(frozen=True, slots=True)
class Weather:
    """At the end of each step, shape (n_step,)."""

    dry_bulb_c: Floats
    wet_bulb_c: Floats
    pressure_pa: Floats


@dataclass(frozen=True, slots=True)
class WeatherFile:
    """A year by hours, shape (8760,); a row holds the values at the end of its hour."""

    dry_bulb_c: Floats
    rh_frac: Floats
    pressure_pa: Floats

    def between(self, first: date, days: int, step_s: int) -> Weather:
        """Straight lines from hour to hour, as the engine draws them; the very first hour comes from its own day's end.

        The wet bulb is worked out from the drawn dry bulb and humidity, not drawn itself.
        """
        start = (first.timetuple().tm_yday - 1) * 24
        hours = np.arange(start, start + 24 * days)
        known_h = np.arange(24 * days + 1, dtype=np.float64)
        at_h = np.arange(1, days * 86400 // step_s + 1) * step_s / 3600.0

        def drawn(year: Floats) -> Floats:
            values = np.concatenate(([year[start + 23]], year[hours]))
            return np.interp(at_h, known_h, values)

        dry_c, rh, pressure_pa = drawn(self.dry_bulb_c), drawn(self.rh_frac), drawn(self.pressure_pa)
        wet_c = np.array([wet_bulb_c(t, h, p) for t, h, p in zip(dry_c, rh, pressure_pa, strict=True)])
        return Weather(dry_c, wet_c, pressure_pa)


def read_epw(path: Path) -> WeatherFile:
    """Columns 6, 8 and 9 of the data rows: dry bulb degC, relative humidity %, station pressure Pa."""
    with path.open(newline="", encoding="latin-1") as file:
        rows = list(csv.reader(file))[8:]
    columns = np.array([[float(row[6]), float(row[8]), float(row[9])] for row in rows])
    return WeatherFile(columns[:, 0], columns[:, 1] / 100.0, columns[:, 2])
