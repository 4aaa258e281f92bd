"""A day in figures, for people: one run, or two of them side by side."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table

from twin.report.day import Comparison, EnergySummary

# (what people call it, field, format, unit)
ROWS = (
    ("bought by the site", "facility_kwh", ",.0f", "kWh"),
    ("computing", "it_kwh", ",.0f", "kWh"),
    ("  of it server fans", "it_fan_kwh", ",.0f", "kWh"),
    ("cooling", "cooling_kwh", ",.0f", "kWh"),
    ("UPS losses", "ups_loss_kwh", ",.0f", "kWh"),
    ("PUE", "pue", ".3f", ""),
    ("cost", "cost", ",.0f", ""),
    ("carbon", "co2_kg", ",.0f", "kg CO2"),
    ("warmest server inlet", "worst_inlet_c", ".1f", "degC"),
    ("warmer than 27 degC", "degree_hours_over_27", ".2f", "rack K h"),
    ("limits broken", "limit_breaches", "d", "times"),
)
_SAVED = {"facility_kwh", "it_kwh", "it_fan_kwh", "cooling_kwh", "ups_loss_kwh", "cost", "co2_kg"}


def summary_table(summary: EnergySummary, title: str) -> Table:
    """One run."""
    table = _table(title, "")
    for words, field, form, unit in ROWS:
        table.add_row(words, format(getattr(summary, field), form), unit)
    return table


def comparison_table(told: Comparison, title: str) -> Table:
    """The same days under the site's own rules and under Thermotwin."""
    table = _table(title, "site rules (B2)", "Thermotwin", "saved")
    for words, field, form, unit in ROWS:
        before, after = getattr(told.baseline, field), getattr(told.controlled, field)
        saved = f"{100.0 * (before - after) / before:.1f} %" if field in _SAVED and before > 0.0 else ""
        style = "bold" if field in {"facility_kwh", "cooling_kwh"} else ""
        table.add_row(words, format(before, form), format(after, form), saved, unit, style=style)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    return table
