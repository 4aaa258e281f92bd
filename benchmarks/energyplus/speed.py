"""Steps per second of both sides on the same plant at 60 s steps, one after the other on the same machine."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.energyplus.cases import SETS, WEEKS, load_frac_by_hour
from benchmarks.energyplus.engine import simulate
from benchmarks.energyplus.epw import Weather, WeatherFile
from benchmarks.energyplus.idf import model
from benchmarks.energyplus.objects import Model
from benchmarks.energyplus.run import write_load
from benchmarks.energyplus.twin_side import twin_inputs, twin_steps
from benchmarks.measuring import Figure, seconds, tell
from twin.domain.arrays import Floats
from twin.domain.facility import Facility
from twin.model.compiled import CompiledSite, compile_site

STEP_S = 60
STEPS_A_DAY = 86400 // STEP_S
SHORT_DAYS, LONG_DAYS = 1, 22
REPETITIONS = 3
OURS_AT_ONCE = 25  # a run of the twin's takes a few hundredths of a second: too short to time alone
ID = "energyplus.steps_per_s"


def measure(facility: Facility, weather: WeatherFile, room: Path) -> Figure:
    """The engine's time is that of 21 days more: reading, sizing and warming up cost it nothing here.

    It reports nothing meanwhile, and neither side's weather and load count. The twin's time is that of the same 21 days
    with every output of every step.
    """
    load_file = str(write_load(room))
    days = LONG_DAYS - SHORT_DAYS
    steps = days * STEPS_A_DAY
    drawn, load = _inputs(weather, days)
    site = compile_site(facility)
    u = twin_inputs(site, drawn, load, SETS[0])
    twin_steps(site, u, STEP_S)  # compiles
    long, short = (_described(facility, n, load_file) for n in (LONG_DAYS, SHORT_DAYS))
    theirs, plain, ours = [], [], []
    for _ in range(REPETITIONS):
        long_s, short_s = (seconds(partial(simulate, run, room)) for run in (long, short))
        theirs.append(long_s - short_s)
        long_s, short_s = (seconds(partial(simulate, _without_programs(run), room)) for run in (long, short))
        plain.append(long_s - short_s)
        ours.append(seconds(partial(_many, site, u)) / OURS_AT_ONCE)
    ours_s, theirs_s = median(ours), median(theirs)
    tell(f"without its control programs EnergyPlus does {steps / median(plain):.0f} steps/s")
    against = f"EnergyPlus at 60 s steps, {steps / theirs_s:.0f} steps/s"
    return Figure(ID, steps / ours_s, "steps/s", steps, against, theirs_s / ours_s)


def _many(site: CompiledSite, u: Floats) -> None:
    for _ in range(OURS_AT_ONCE):
        twin_steps(site, u, STEP_S)


def _described(facility: Facility, days: int, load_file: str) -> Model:
    first = WEEKS[1].first - timedelta(days=7)
    return model(facility, SETS[0], first, days, steps_per_h=3600 // STEP_S, load_file=load_file, reported=False)


def _without_programs(described: Model) -> Model:
    """The same plant with two chillers and full fans all the time: what the engine's control language costs."""
    return {kind: objects for kind, objects in described.items() if not kind.startswith("EnergyManagementSystem")}


def _inputs(weather: WeatherFile, days: int) -> tuple[Weather, Floats]:
    first = WEEKS[1].first - timedelta(days=6)
    start = (first.timetuple().tm_yday - 1) * 24
    load = np.repeat(load_frac_by_hour()[start : start + 24 * days], 3600 // STEP_S)
    return weather.between(first, days, STEP_S), load
