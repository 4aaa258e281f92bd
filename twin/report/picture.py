"""One picture of a day: what the site drew, where the setpoints went, how warm it got, what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twin.report.day import DayResult, in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_RULES, _TWIN, _WEATHER = "#b35c00", "#0b6e8a", "#8a8f98"
_END_USES = (
    ("cooling", "cooling_kwh", "#0b6e8a"),
    ("UPS loss", "ups_loss_kwh", "#c9a227"),
    ("server fans", "it_fan_kwh", "#7a5195"),
)


def draw(baseline: DayResult, controlled: DayResult, path: Path) -> None:
    """Save the comparison as PNG (or what the suffix says). Raises: OSError: the file cannot be written."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(2, 2, figsize=(12, 7), constrained_layout=True)
    saved_kwh = baseline.summary.facility_kwh - controlled.summary.facility_kwh
    saved_pct = 100.0 * saved_kwh / baseline.summary.facility_kwh
    figure.suptitle(
        f"{controlled.site}: {in_words(controlled.days)}, seed {controlled.seed}. "
        f"The site bought {saved_kwh:,.0f} kWh less ({saved_pct:.2f} %) than under its own well-tuned rules",
        fontweight="bold",
    )
    _overhead(axes[0, 0], baseline, controlled)
    _setpoints(axes[0, 1], baseline, controlled)
    _inlets(axes[1, 0], baseline, controlled)
    _energy(axes[1, 1], baseline, controlled)
    try:
        figure.savefig(path, dpi=110)
    finally:
        plt.close(figure)


def _overhead(axis: Axes, baseline: DayResult, controlled: DayResult) -> None:
    for run, colour, name in ((baseline, _RULES, "site rules (B2)"), (controlled, _TWIN, "Thermotwin")):
        over_kw = [total - it for total, it in zip(run.series.facility_kw, run.series.it_kw, strict=True)]
        axis.plot(run.series.hour, _smooth(over_kw), color=colour, label=name, linewidth=1.4)
    axis.set(title="Power on top of computing, kW", xlabel="hour")
    axis.set_ylim(bottom=0)
    axis.legend(frameon=False, loc="lower right")


def _setpoints(axis: Axes, baseline: DayResult, controlled: DayResult) -> None:
    lines = (("supply air", "supply_air_c", "-"), ("condenser water", "cws_c", "--"), ("chilled water", "chws_c", ":"))
    for run, colour in ((baseline, _RULES), (controlled, _TWIN)):
        for name, field, style in lines:
            label = name if colour == _TWIN else None
            axis.plot(run.series.hour, getattr(run.series, field), style, color=colour, label=label, linewidth=1.3)
    axis.plot(controlled.series.hour, controlled.series.wet_bulb_c, color=_WEATHER, label="wet bulb", linewidth=1.0)
    axis.set(title="Temperatures held, °C (same colours)", xlabel="hour")
    axis.legend(frameon=False, ncol=2, fontsize=8)


def _inlets(axis: Axes, baseline: DayResult, controlled: DayResult) -> None:
    axis.axhline(27.0, color="#a31515", linewidth=1.0, label="recommended limit")
    axis.plot(baseline.series.hour, baseline.series.worst_inlet_c, color=_RULES, linewidth=1.0)
    axis.plot(controlled.series.hour, controlled.series.worst_inlet_c, color=_TWIN, linewidth=1.0)
    axis.set(title="Warmest server inlet in the plant, °C", xlabel="hour")
    axis.legend(frameon=False)


def _energy(axis: Axes, baseline: DayResult, controlled: DayResult) -> None:
    left = [0.0, 0.0]
    for name, field, colour in _END_USES:
        widths = [getattr(baseline.summary, field), getattr(controlled.summary, field)]
        bars = axis.barh([1, 0], widths, left=left, color=colour, label=name, height=0.55)
        axis.bar_label(bars, fmt="{:,.0f}", label_type="center", color="white", fontsize=8)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    names = ("site rules", "Thermotwin")
    runs = (baseline, controlled)
    labels = [f"{name}\nPUE {run.summary.pue:.3f}" for name, run in zip(names, runs, strict=True)]
    axis.set_yticks([1, 0], labels)
    axis.set(title="Where the overhead went, kWh")
    axis.legend(frameon=False, ncol=3, loc="upper center", bbox_to_anchor=(0.5, -0.08))


def _smooth(values: Sequence[float], width: int = 5) -> list[float]:
    half = width // 2
    return [
        sum(values[max(0, i - half) : i + half + 1]) / len(values[max(0, i - half) : i + half + 1])
        for i in range(len(values))
    ]
