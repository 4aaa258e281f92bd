"""Key figures of a data centre over a period.

Every figure carries its name, period and coverage: a PUE without them says nothing.
Sources: ISO/IEC 30134-2 to -9; The Green Grid white paper 49; docs/reference/equations.md#metrics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from twin.domain.errors import DataTooPoor

SLOT = timedelta(minutes=15)
LEAST_COVERAGE_FRAC = 0.99
# what a unit of energy that is not electricity counts for
CHILLED_WATER_WEIGHT, CONDENSER_WATER_WEIGHT, FUEL_WEIGHT = 0.40, 0.03, 0.35


class Category(Enum):
    """Where IT energy is metered; without it a PUE cannot be compared."""

    PUE1 = "UPS output"
    PUE2 = "PDU output"
    PUE3 = "input of IT equipment"


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when, and how many of its 15-minute slots hold data."""

    start_at: datetime
    end_at: datetime
    slots_seen: int

    def __post_init__(self) -> None:
        if self.start_at.tzinfo is None or self.end_at.tzinfo is None:
            raise DataTooPoor("a period without a time zone", fix="give both ends with their offset from UTC")
        if self.end_at <= self.start_at:
            raise DataTooPoor("a period that ends before it begins", where=self.start_at.isoformat())
        if not 0 <= self.slots_seen <= self.slots:
            raise DataTooPoor(f"{self.slots_seen} slots seen of {self.slots}", where=self.start_at.isoformat())

    @property
    def slots(self) -> int:
        """15-minute slots of the period, a broken one at its end among them."""
        return math.ceil((self.end_at - self.start_at) / SLOT)

    @property
    def coverage_frac(self) -> float:
        return self.slots_seen / self.slots

    @property
    def annual(self) -> bool:
        """Twelve months or more in one piece."""
        start = self.start_at
        if (start.month, start.day) == (2, 29):
            return self.end_at >= start.replace(year=start.year + 1, month=3, day=1)
        return self.end_at >= start.replace(year=start.year + 1)


@dataclass(frozen=True, slots=True)
class SiteEnergy:
    """What a period used, kWh; each at its own meter.

    Own generation adds to the total, so that panels on the roof cannot make a site look efficient; what is exported is
    not used and leaves it. Fuel is all that was burnt, so the electricity made from it is not counted again.
    """

    it_kwh: float
    grid_kwh: float
    own_generation_kwh: float = 0.0
    exported_kwh: float = 0.0
    chilled_water_kwh: float = 0.0
    condenser_water_kwh: float = 0.0
    fuel_kwh: float = 0.0
    it_fan_kwh: float = 0.0  # part of it_kwh

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            _known(name, getattr(self, name))
        if self.it_fan_kwh > self.it_kwh:
            raise DataTooPoor(f"server fans used {self.it_fan_kwh} kWh of {self.it_kwh} kWh IT", where="it_fan_kwh")

    @property
    def total_kwh(self) -> float:
        """Total energy, everything that is not electricity by its weight."""
        electricity = self.grid_kwh + self.own_generation_kwh - self.exported_kwh
        cooling = CHILLED_WATER_WEIGHT * self.chilled_water_kwh + CONDENSER_WATER_WEIGHT * self.condenser_water_kwh
        return electricity + cooling + FUEL_WEIGHT * self.fuel_kwh


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure as it may be published: never without name, period and coverage."""

    name: str
    value: float
    unit: str
    period: Period
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        days = f"{self.period.start_at:%Y-%m-%d} to {self.period.end_at:%Y-%m-%d}"
        told = [days, f"coverage {100.0 * self.period.coverage_frac:.1f} %", *self.remarks]
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name} {self.value:.3f}{unit} ({'; '.join(told)})"


def pue(energy: SiteEnergy, category: Category, period: Period, *, part: str = "", design: bool = False) -> Figure:
    """Power usage effectiveness, total over IT energy.

    Args:
        part: Name of the part of the site that alone is meant; the figure is then a pPUE.
        design: The energies are predicted; the figure is then a dPUE.
    Returns: PUE of twelve months in one piece, iPUE ("interim") of less, pPUE, or dPUE; with the category's number.
    Raises: DataTooPoor: no IT energy, or less in total than IT alone.
    """
    value = _ratio(energy.total_kwh, energy.it_kwh, "it_kwh")
    if value < 1.0:
        raise DataTooPoor(
            f"a PUE of {value:.3f}: the site used less than its IT alone",
            where="total_kwh",
            fix="check which meters the total holds, and that exports are not counted twice",
        )
    kind = "d" if design else "p" if part else "" if period.annual else "i"
    remarks = [f"IT metered at {category.value}"]
    if part:
        remarks.append(f"of {part} only")
    if design:
        remarks.append("predicted")
    return _figure(f"{kind}{category.name}", value, "", period, remarks)


def pue_without_it_fans(energy: SiteEnergy, category: Category, period: Period) -> Figure:
    """PUE with server fans counted as cooling, not as IT: warmer air cannot lower this one by spinning them up."""
    value = _ratio(energy.total_kwh, energy.it_kwh - energy.it_fan_kwh, "it_kwh without fans")
    kind = "" if period.annual else "i"
    remarks = [f"IT metered at {category.value}", "server fans counted as cooling"]
    return _figure(f"{kind}{category.name} without IT fans", value, "", period, remarks)


def wue(water_litres: float, energy: SiteEnergy, period: Period) -> Figure:
    """Water usage effectiveness, litres per kWh of IT energy."""
    value = _ratio(_known("water_litres", water_litres), energy.it_kwh, "it_kwh")
    return _figure("WUE", value, "L/kWh", period)


def cue(emitted_kg: float, energy: SiteEnergy, period: Period) -> Figure:
    """Carbon usage effectiveness, kg CO2 equivalent per kWh of IT energy."""
    value = _ratio(_known("emitted_kg", emitted_kg), energy.it_kwh, "it_kwh")
    return _figure("CUE", value, "kg/kWh", period)


def ref(renewable_kwh: float, energy: SiteEnergy, period: Period) -> Figure:
    """Renewable energy factor, share of total energy, at most 1."""
    share = _ratio(_known("renewable_kwh", renewable_kwh), energy.total_kwh, "total_kwh")
    remarks = [f"renewable energy is {share:.3f} of the total; 1 is the most that counts"] if share > 1.0 else []
    return _figure("REF", min(share, 1.0), "", period, remarks)


def erf(reused_kwh: float, energy: SiteEnergy, period: Period) -> Figure:
    """Energy reuse factor, heat used outside the data centre as a share of total energy."""
    share = _ratio(_known("reused_kwh", reused_kwh), energy.total_kwh, "total_kwh")
    if share > 1.0:
        raise DataTooPoor(f"{reused_kwh} kWh reused of {energy.total_kwh} kWh in total", where="reused_kwh")
    return _figure("ERF", share, "", period)


def ere(reused_kwh: float, energy: SiteEnergy, period: Period) -> Figure:
    """Energy reuse effectiveness, (1 - ERF) * PUE."""
    share = erf(reused_kwh, energy, period).value
    return _figure("ERE", (1.0 - share) * _ratio(energy.total_kwh, energy.it_kwh, "it_kwh"), "", period)


def cer(heat_removed_kwh: float, cooling_kwh: float, period: Period) -> Figure:
    """Cooling efficiency ratio, heat removed per energy that removed it."""
    value = _ratio(_known("heat_removed_kwh", heat_removed_kwh), cooling_kwh, "cooling_kwh")
    return _figure("CER", value, "", period)


def itee_servers(performance: Sequence[float], peak_w: Sequence[float], period: Period) -> Figure:
    """Energy effectiveness of servers: the sum of their peak performance over the sum of their peak power, 1/W.

    Args:
        performance: By one benchmark, one entry a server.
        peak_w: Power at that performance, in the same order.
    """
    if len(performance) != len(peak_w) or not performance:
        raise DataTooPoor(f"{len(performance)} performances for {len(peak_w)} powers of servers", where="ITEEsv")
    told = [_known("performance", value) for value in performance]
    watts = [_known("peak_w", value) for value in peak_w]
    return _figure("ITEEsv", _ratio(math.fsum(told), math.fsum(watts), "peak_w"), "1/W", period)


def iteu_servers(utilisation_frac: Sequence[float], period: Period) -> Figure:
    """Utilisation of servers, 0..1: the mean over all servers and times given; NaN is a server that did not tell."""
    told = [value for value in utilisation_frac if not math.isnan(value)]
    if not told:
        raise DataTooPoor("no server told its utilisation", where="ITEUsv")
    if min(told) < 0.0 or max(told) > 1.0:
        raise DataTooPoor("a utilisation outside 0..1", where="ITEUsv", fix="give fractions, not per cent")
    silent = len(utilisation_frac) - len(told)
    remarks = [f"{silent} of {len(utilisation_frac)} values missing"] if silent else []
    return _figure("ITEUsv", math.fsum(told) / len(told), "", period, remarks)


def _figure(name: str, value: float, unit: str, period: Period, remarks: Sequence[str] = ()) -> Figure:
    told = list(remarks)
    if not period.annual:
        told.append("interim: less than 12 months")
    if period.coverage_frac < LEAST_COVERAGE_FRAC:
        told.append(f"data gaps: coverage below {100.0 * LEAST_COVERAGE_FRAC:.0f} %")
    return Figure(name, value, unit, period, tuple(told))


def _known(name: str, value: float) -> float:
    if not (math.isfinite(value) and value >= 0.0):
        raise DataTooPoor(f"{name} is {value}", where=name, fix="give a finite amount of at least 0")
    return value


def _ratio(over: float, under: float, name: str) -> float:
    if not under > 0.0:
        raise DataTooPoor(f"nothing to divide by: {name} is {under}", where=name)
    return over / under
