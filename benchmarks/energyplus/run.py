"""One week in the engine: its powers by end use, the temperatures it held, and whether its books balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from benchmarks.energyplus.cases import SCORED_DAYS, SETTLING_DAYS, Setpoints, Week, load_frac_by_hour
from benchmarks.energyplus.engine import Report, read_report, simulate
from benchmarks.energyplus.idf import model
from benchmarks.energyplus.results import Hourly, transformer_w
from twin.domain.facility import Facility

STEPS_PER_H = 6
J_PER_WH = 3600.0


@dataclass(frozen=True, slots=True)
class Books:
    """How far the engine's balances miss, as a share of what flows through them over the week; and what it held."""

    chilled_water_frac: float
    condenser_frac: float
    electric_frac: float
    latent_frac: float
    held_c: dict[str, tuple[float, float, float]]  # least, mean and most of a temperature


def write_load(directory: Path) -> Path:
    """The load of a year as the engine reads it."""
    directory.mkdir(parents=True, exist_ok=True)
    written = directory / "load.csv"
    written.write_text("\n".join(f"{frac:.6f}" for frac in load_frac_by_hour()), encoding="utf-8")
    return written


def engine_week(
    facility: Facility, week: Week, wish: Setpoints, directory: Path, steps_per_h: int = STEPS_PER_H
) -> tuple[Hourly, Books, Report]:
    """Settling days and scored week in one run; only the week comes back."""
    load_file = str(write_load(directory))
    first, days = week.first - timedelta(days=SETTLING_DAYS), SETTLING_DAYS + SCORED_DAYS
    simulate(model(facility, wish, first, days, steps_per_h=steps_per_h, load_file=load_file), directory)
    report = read_report(directory, 24 * SETTLING_DAYS)
    return hours_of(report, facility), books_of(report, facility), report


def hours_of(report: Report, facility: Facility) -> Hourly:
    """End uses of the report. The transformers are added here: they stand outside the engine."""
    it_w = report.total("ITE CPU Electricity Rate") + report.total("ITE Fan Electricity Rate")
    chiller_w = report.total("Chiller Electricity Rate")
    tower_w = report.total("Cooling Tower Fan Electricity Rate")
    pump_w = report.total("Pump Electricity Rate")
    fan_w = report.total("Fan Electricity Rate")
    chain_w = report.total("Electric Equipment Electricity Rate") + report.total("Lights Electricity Rate")
    carried_w = it_w + chiller_w + tower_w + pump_w + fan_w + chain_w
    return Hourly(
        it_w=it_w,
        chiller_w=chiller_w,
        tower_w=tower_w,
        pump_w=pump_w,
        crah_fan_w=fan_w,
        facility_w=carried_w + transformer_w(facility.power, carried_w),
        cws_c=report.one("cw supply out", "System Node Temperature"),
        running=report.one("EMS", "chillers running"),
    )


def books_of(report: Report, facility: Facility) -> Books:
    """Heat in against heat out of both loops, metered against summed electricity, and what was really held."""
    coil_w = report.total("Cooling Coil Total Cooling Rate").sum()
    evaporator_w = report.total("Chiller Evaporator Cooling Rate").sum()
    chw_pump_w = report.one("chw pumps", "Pump Fluid Heat Gain Rate").sum()
    condenser_w = report.total("Chiller Condenser Heat Transfer Rate").sum()
    cw_pump_w = report.one("cw pumps", "Pump Fluid Heat Gain Rate").sum()
    tower_w = report.total("Cooling Tower Heat Transfer Rate").sum()
    hours = hours_of(report, facility)
    used_w = hours.it_w + hours.cooling_w
    used_w = used_w + report.total("Electric Equipment Electricity Rate") + report.total("Lights Electricity Rate")
    metered_w = report.one("", "Electricity:Facility") / J_PER_WH
    sensible_w = report.total("Cooling Coil Sensible Cooling Rate").sum()
    nodes = {"supply air": f"{facility.halls[0].id} supply", "return air": f"{facility.halls[0].id} return"}
    nodes |= {"chilled water": "chw supply out", "condenser water": "cw supply out"}
    held = {name: report.one(node, "System Node Temperature") for name, node in nodes.items()}
    held["inlet"] = report.one(f"{facility.halls[0].id} it", "ITE Air Inlet Dry-Bulb Temperature")
    return Books(
        chilled_water_frac=float((coil_w + chw_pump_w - evaporator_w) / evaporator_w),
        condenser_frac=float((condenser_w + cw_pump_w - tower_w) / tower_w),
        electric_frac=float((used_w.sum() - metered_w.sum()) / metered_w.sum()),
        latent_frac=float((coil_w - sensible_w) / coil_w),
        held_c={name: (float(t.min()), float(np.mean(t)), float(t.max())) for name, t in held.items()},
    )
