"""The plant as EnergyPlus reads it (epJSON), built from the facility of the site file."""

from __future__ import annotations

from datetime import date, timedelta

from benchmarks.energyplus.air import air_handlers
from benchmarks.energyplus.cases import Setpoints
from benchmarks.energyplus.chilled_water import chilled_water
from benchmarks.energyplus.condenser_water import condenser_water
from benchmarks.energyplus.local_loops import local_loops
from benchmarks.energyplus.objects import Model, merged
from benchmarks.energyplus.rooms import rooms
from benchmarks.energyplus.sizes import sizes_of
from twin.domain.facility import Facility

# (key, variable); the key is a pattern: * for every object
OUTPUTS = (
    ("*", "Chiller Electricity Rate"),
    ("*", "Chiller Evaporator Cooling Rate"),
    ("*", "Chiller Condenser Heat Transfer Rate"),
    ("*", "Chiller Part Load Ratio"),
    ("*", "Cooling Tower Fan Electricity Rate"),
    ("*", "Cooling Tower Heat Transfer Rate"),
    ("*", "Cooling Tower Operating Cells Count"),
    ("*", "Pump Electricity Rate"),
    ("*", "Pump Fluid Heat Gain Rate"),
    ("*", "Fan Electricity Rate"),
    ("*", "Cooling Coil Total Cooling Rate"),
    ("*", "Cooling Coil Sensible Cooling Rate"),
    ("*", "ITE CPU Electricity Rate"),
    ("*", "ITE Fan Electricity Rate"),
    ("*", "ITE Air Inlet Dry-Bulb Temperature"),
    ("*", "ITE Air Mass Flow Rate"),
    ("*", "Electric Equipment Electricity Rate"),
    ("*", "Lights Electricity Rate"),
    ("*", "Zone Mean Air Temperature"),
    ("*", "Zone Mean Air Humidity Ratio"),
    ("*", "ITE Standard Density Air Volume Flow Rate"),
    ("*", "ITE Current Density Air Volume Flow Rate"),
    ("*", "Surface Inside Face Conduction Heat Transfer Rate"),
    ("*", "Site Outdoor Air Drybulb Temperature"),
    ("*", "Site Outdoor Air Wetbulb Temperature"),
    ("*", "Site Outdoor Air Barometric Pressure"),
    ("*", "chillers running"),
)
NODES = ("chw supply out", "chw supply in", "cw supply out", "cw supply in")
HALL_NODES = ("supply", "return", "coil water in", "coil water out")


def model(
    facility: Facility,
    wish: Setpoints,
    first: date,
    days: int,
    *,
    steps_per_h: int,
    load_file: str,
    reported: bool = True,
) -> Model:
    """The whole input for one run of `days` days from `first`, with an hourly report or with none."""
    sizes = sizes_of(facility)
    return merged(
        [
            _frame(first, days, steps_per_h),
            _report(facility) if reported else {},
            rooms(facility, sizes, load_file),
            air_handlers(facility, sizes, wish.supply_air_c),
            chilled_water(facility, sizes, wish.chws_c),
            condenser_water(facility, sizes, wish.cws_c),
            local_loops(facility, sizes, wish.chws_c, wish.cws_c),
        ]
    )


def _frame(first: date, days: int, steps_per_h: int) -> Model:
    last = first + timedelta(days=days - 1)
    return {
        "Version": {"version": {"version_identifier": "25.2"}},
        "Building": {"data centre": {"solar_distribution": "MinimalShadowing", "terrain": "Suburbs"}},
        "SimulationControl": {
            "control": {
                "do_zone_sizing_calculation": "No",
                "do_system_sizing_calculation": "No",
                "do_plant_sizing_calculation": "No",
                "run_simulation_for_sizing_periods": "No",
                "run_simulation_for_weather_file_run_periods": "Yes",
            }
        },
        "Timestep": {"step": {"number_of_timesteps_per_hour": steps_per_h}},
        "RunPeriod": {
            "run": {
                "begin_month": first.month,
                "begin_day_of_month": first.day,
                "begin_year": first.year,
                "end_month": last.month,
                "end_day_of_month": last.day,
                "end_year": last.year,
                "use_weather_file_daylight_saving_period": "No",
                "use_weather_file_holidays_and_special_days": "No",
            }
        },
        "OutputControl:Files": {
            "files": {f"output_{name}": "No" for name in ("eso", "mtr", "tabular", "bnd", "eio", "mtd", "shd", "audit")}
        },
    }


def _report(facility: Facility) -> Model:
    nodes = [*NODES, *(f"{hall.id} {node}" for hall in facility.halls for node in HALL_NODES)]
    of_nodes = [(n, f"System Node {v}") for n in nodes for v in ("Temperature", "Mass Flow Rate")]
    return {
        "Output:SQLite": {"sql": {"option_type": "Simple"}},
        "Output:Variable": {
            f"output {i}": {"key_value": key, "variable_name": name, "reporting_frequency": "Hourly"}
            for i, (key, name) in enumerate([*OUTPUTS, *of_nodes])
        },
        "Output:Meter": {
            "all electricity": {"key_name": "Electricity:Facility", "reporting_frequency": "Hourly"},
        },
    }
