"""The weather around the simulated site: three built-in climates, or a recorded year."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from twin.domain.errors import TwinError
from twin.kernels.moist_air import dew_point_c, pressure_at_altitude_pa, saturation_pressure_pa, wet_bulb_c
from twin.simulator.series import Series, read_series

_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Outdoor:
    """Outdoor air at an instant."""

    dry_bulb_c: float
    wet_bulb_c: float
    rh_frac: float
    dew_point_c: float


class Weather(Protocol):
    """Anything that knows the outdoor air at an instant; `notes` says what was assumed."""

    notes: tuple[str, ...]

    def at(self, now_ns: int) -> Outdoor: ...


@dataclass(frozen=True, slots=True)
class Climate:
    """Shape of a climate: yearly mean, half swing over the year and over the day; dew point likewise. degC and K."""

    mean_c: float
    yearly_k: float
    daily_k: float
    dew_mean_c: float
    dew_yearly_k: float
    synoptic_k: float  # slow waves of warm and cool days


CLIMATES = {
    "hot-humid": Climate(27.0, 3.0, 4.0, 22.5, 2.5, 1.0),
    "temperate": Climate(14.0, 10.0, 6.0, 9.5, 7.0, 1.5),
    "cold-dry": Climate(5.0, 17.0, 6.0, -5.0, 12.0, 3.0),
}


class ShapedWeather:
    """A built-in climate: warmest in late July and at 15 h local, with a slow wave of a few days."""

    def __init__(self, climate: str, *, altitude_m: float, utc_offset_h: float, seed: int) -> None:
        """Raises: TwinError: no climate of that name."""
        if climate not in CLIMATES:
            raise TwinError(f"no climate {climate!r}", where="--weather", fix=f"a CSV file or {', '.join(CLIMATES)}")
        self._shape, self._offset_h = CLIMATES[climate], utc_offset_h
        self._pressure_pa = pressure_at_altitude_pa(altitude_m)
        self._phase = (seed * 0.6180339887) % 1.0
        self.notes: tuple[str, ...] = (f"weather: built-in climate {climate!r}, not a recording",)

    def at(self, now_ns: int) -> Outdoor:
        shape = self._shape
        days = now_ns / _DAY_NS + self._offset_h / 24.0
        season = math.cos(2 * math.pi * (days - 205.0) / 365.25)
        hour = math.cos(2 * math.pi * (days - 15.0 / 24.0))
        slow = math.sin(2 * math.pi * (days / 5.3 + self._phase)) + 0.5 * math.sin(2 * math.pi * days / 2.9)
        dry_c = shape.mean_c + shape.yearly_k * season + shape.daily_k * hour + shape.synoptic_k * slow
        dew_c = shape.dew_mean_c + shape.dew_yearly_k * season + 0.8 * hour + shape.synoptic_k * slow
        dew_c = min(dew_c, dry_c - 0.3)
        rh_frac = min(max(saturation_pressure_pa(dew_c) / saturation_pressure_pa(dry_c), 0.05), 1.0)
        return Outdoor(dry_c, wet_bulb_c(dry_c, rh_frac, self._pressure_pa), rh_frac, dew_c)


class RecordedWeather:
    """Weather from a CSV with t_db_c, rh_pct and, if it has it, t_wb_c_derived."""

    def __init__(self, path: Path, *, altitude_m: float, utc_offset_h: float) -> None:
        self._series: Series = read_series(path, ("t_db_c", "rh_pct"), utc_offset_h=utc_offset_h)
        self._pressure_pa = pressure_at_altitude_pa(altitude_m)
        self.notes = self._series.notes

    def at(self, now_ns: int) -> Outdoor:
        dry_c = self._series.at("t_db_c", now_ns)
        rh_frac = min(max(self._series.at("rh_pct", now_ns) / 100.0, 0.05), 1.0)
        # recomputed rather than read: between two rows the wet bulb of the mixed air is not the mean of the two
        return Outdoor(dry_c, wet_bulb_c(dry_c, rh_frac, self._pressure_pa), rh_frac, dew_point_c(dry_c, rh_frac))


def weather_from(choice: str, *, altitude_m: float, utc_offset_h: float, seed: int) -> Weather:
    """A climate's name or the path of a CSV file. Raises: TwinError: neither."""
    if choice in CLIMATES or not choice.endswith(".csv"):
        return ShapedWeather(choice or "temperate", altitude_m=altitude_m, utc_offset_h=utc_offset_h, seed=seed)
    return RecordedWeather(Path(choice), altitude_m=altitude_m, utc_offset_h=utc_offset_h)
