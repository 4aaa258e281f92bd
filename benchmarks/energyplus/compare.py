"""How far the twin is from the engine: hourly cooling power and PUE, and each end use beside its counterpart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.energyplus.results import Hourly
from benchmarks.energyplus.run import Books
from twin.domain.arrays import Floats

MOST_CVRMSE = 0.10
MOST_NMBE = 0.05
MOST_PUE = 0.02


@dataclass(frozen=True, slots=True)
class Score:
    """One week under one set. Errors are twin minus engine, over the engine's mean."""

    id: str
    n: int
    cvrmse: float
    nmbe: float
    pue_twin: float
    pue_energyplus: float

    @property
    def passed(self) -> bool:
        near = abs(self.pue_twin - self.pue_energyplus) <= MOST_PUE
        return self.cvrmse <= MOST_CVRMSE and abs(self.nmbe) <= MOST_NMBE and near


def cvrmse(ours: Floats, theirs: Floats) -> float:
    """Root mean square error over the mean."""
    return float(((ours - theirs) ** 2).mean() ** 0.5 / theirs.mean())


def nmbe(ours: Floats, theirs: Floats) -> float:
    """Mean error over the mean."""
    return float((ours - theirs).mean() / theirs.mean())


def score(id_: str, twin: Hourly, engine: Hourly) -> Score:
    """The three figures that count."""
    ours, theirs = twin.cooling_w, engine.cooling_w
    return Score(id_, theirs.size, cvrmse(ours, theirs), nmbe(ours, theirs), twin.pue, engine.pue)


def table(twin: Hourly, engine: Hourly) -> str:
    """Every end use: week's mean of both sides in kW, and the errors in per cent of the engine's."""
    lines = [f"  {'kW':<12}{'twin':>10}{'E+':>10}{'NMBE %':>9}{'CV %':>8}"]
    for name in ("it_w", "chiller_w", "tower_w", "pump_w", "crah_fan_w", "cooling_w", "facility_w"):
        ours, theirs = getattr(twin, name), getattr(engine, name)
        errors = f"{100 * nmbe(ours, theirs):>9.2f}{100 * cvrmse(ours, theirs):>8.2f}"
        lines.append(f"  {name.removesuffix('_w'):<12}{ours.mean() / 1e3:>10.2f}{theirs.mean() / 1e3:>10.2f}{errors}")
    for name in ("cws_c", "running"):
        ours, theirs = getattr(twin, name), getattr(engine, name)
        lines.append(f"  {name:<12}{ours.mean():>10.2f}{theirs.mean():>10.2f}")
    return "\n".join(lines)


def books(held: Books) -> str:
    """The engine's balances and temperatures in two lines."""
    misses = (
        ("chilled water", held.chilled_water_frac),
        ("condenser", held.condenser_frac),
        ("electric", held.electric_frac),
        ("latent", held.latent_frac),
    )
    kept = (f"{name} {low:.2f}/{mean:.2f}/{high:.2f}" for name, (low, mean, high) in held.held_c.items())
    missed = ", ".join(f"{name} {100 * miss:+.3f} %" for name, miss in misses)
    return f"  E+ books miss: {missed}\n  E+ held (least/mean/most degC): {', '.join(kept)}"


def summary(scores: Sequence[Score]) -> str:
    """One line for each week and set."""
    head = f"{'':<20}{'n':>5}{'CV(RMSE) %':>12}{'NMBE %':>9}{'PUE twin':>10}{'PUE E+':>9}"
    lines = [
        f"{s.id:<20}{s.n:>5}{100 * s.cvrmse:>12.2f}{100 * s.nmbe:>9.2f}{s.pue_twin:>10.4f}{s.pue_energyplus:>9.4f}"
        f"  {'pass' if s.passed else 'FAIL'}"
        for s in scores
    ]
    return "\n".join([head, *lines])
