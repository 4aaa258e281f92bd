"""A simulated period under one controller, and two of them side by side."""

from __future__ import annotations

import msgspec


class EnergySummary(msgspec.Struct, frozen=True):
    """What the plant itself counted; energies in kWh at the plant's own meters, without sensor error.

    `cooling_kwh` is chillers, pumps, towers and air handlers; `it_fan_kwh` is part of `it_kwh`. `limit_breaches` counts
    episodes in which a limit of the operator's envelope was broken in the plant.
    """

    facility_kwh: float
    it_kwh: float
    it_fan_kwh: float
    cooling_kwh: float
    ups_loss_kwh: float
    pue: float
    cost: float
    co2_kg: float
    worst_inlet_c: float
    degree_hours_over_27: float
    limit_breaches: int


class Series(msgspec.Struct, frozen=True):
    """What happened along the way, one entry a cycle; powers in kW, temperatures in degC."""

    hour: list[float]
    facility_kw: list[float]
    it_kw: list[float]
    cooling_kw: list[float]
    ups_loss_kw: list[float]
    worst_inlet_c: list[float]
    wet_bulb_c: list[float]
    supply_air_c: list[float]
    chws_c: list[float]
    cws_c: list[float]


class Samples(msgspec.Struct, frozen=True):
    """Exact accounting of readings."""

    received: int
    rejected: int
    stored: int
    dropped: int


class Commands(msgspec.Struct, frozen=True):
    """Exact accounting of setpoint leases, counted at the receiver except `sent`."""

    sent: int
    applied: int
    rejected: int
    expired: int


class CycleTimes(msgspec.Struct, frozen=True):
    """Wall time of one cycle, from snapshot to the last byte handed to the client, ms."""

    p50: float
    p99: float


class Moment(msgspec.Struct, frozen=True):
    """What is so at one instant of a run, for whoever watches."""

    done_frac: float
    hour: float
    facility_kw: float
    it_kw: float
    cooling_kw: float
    worst_inlet_c: float
    commands: int
    last_words: str  # why the newest decision was taken


class DayResult(msgspec.Struct, frozen=True):
    """One run of the whole loop against the simulated site."""

    site: str
    seed: int
    days: float
    controller: str
    summary: EnergySummary
    series: Series
    cycles: int
    cycle_ms: CycleTimes
    samples: Samples
    commands: Commands
    breaches: list[str]
    wall_s: float


class Saving(msgspec.Struct, frozen=True):
    """Saved energy in per cent of the baseline's; negative when the controlled run used more."""

    facility_pct: float
    cooling_pct: float


class Comparison(msgspec.Struct, frozen=True):
    """The public JSON object of `twin demo --json`."""

    site: str
    seed: int
    days: float
    baseline: EnergySummary
    controlled: EnergySummary
    saving: Saving
    cycles: int
    cycle_ms: CycleTimes
    samples: Samples
    commands: Commands
    wall_s: float


def compare(baseline: DayResult, controlled: DayResult, wall_s: float) -> Comparison:
    """The same days under the site's own rules and under Thermotwin."""
    return Comparison(
        site=controlled.site,
        seed=controlled.seed,
        days=controlled.days,
        baseline=baseline.summary,
        controlled=controlled.summary,
        saving=Saving(
            facility_pct=_saved_pct(baseline.summary.facility_kwh, controlled.summary.facility_kwh),
            cooling_pct=_saved_pct(baseline.summary.cooling_kwh, controlled.summary.cooling_kwh),
        ),
        cycles=controlled.cycles,
        cycle_ms=controlled.cycle_ms,
        samples=controlled.samples,
        commands=controlled.commands,
        wall_s=round(wall_s, 2),
    )


def _saved_pct(before_kwh: float, after_kwh: float) -> float:
    return round(100.0 * (before_kwh - after_kwh) / before_kwh, 3) if before_kwh > 0.0 else 0.0


def in_words(days: float) -> str:
    """A length in days, for a title."""
    return "one day" if days == 1.0 else f"{days:g} days"
