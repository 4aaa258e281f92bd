"""`python -m benchmarks.energyplus`: one JSON line for each week and setpoint set on stdout, tables on stderr."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.energyplus.cases import SCORED_DAYS, SETS, SETTLING_DAYS, WEEKS, Setpoints, Week, load_frac_by_hour
from benchmarks.energyplus.compare import Score, books, score, summary, table
from benchmarks.energyplus.engine import missing, weather_path
from benchmarks.energyplus.epw import WeatherFile, read_epw
from benchmarks.energyplus.results import Hourly
from benchmarks.energyplus.run import engine_week
from benchmarks.energyplus.speed import measure
from benchmarks.energyplus.twin_side import twin_hours
from benchmarks.measuring import Figure, tell
from twin.domain.facility import Facility
from twin.model.compiled import compile_site
from twin.sitefile.load import load_site

SITE = Path(__file__).parent / "site"
TWIN_STEP_S = 60
LEAST_SPEED_RATIO = 40.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for. Returns the exit code: 1 when a week misses its mark, 0 without the engine."""
    parser = argparse.ArgumentParser("benchmarks.energyplus", description="The twin beside EnergyPlus.")
    parser.add_argument("--speed", action="store_true", help="steps per second of both at 60 s steps, nothing else")
    parser.add_argument("--only", default="", metavar="PREFIX", help="week/set ids that begin with this")
    parser.add_argument("--keep", type=Path, default=None, metavar="DIR", help="leave the engine's files there")
    wish = parser.parse_args(arguments)
    why = missing()
    if why:
        tell(why)
        print(json.dumps({"id": "energyplus", "skipped": why}), flush=True)
        return 0
    facility, weather = load_site(SITE).facility, read_epw(weather_path())
    with TemporaryDirectory() as scratch:
        room = wish.keep or Path(scratch)
        if wish.speed:
            return _speed(measure(facility, weather, room))
        scores = _fidelity(facility, weather, wish.only, room)
    if not scores:
        tell(f"no week begins with {wish.only!r}; there are {', '.join(_ids())}")
        return 2
    tell("\n" + summary(scores))
    return 0 if all(s.passed for s in scores) else 1


def _ids() -> list[str]:
    return [f"{week.name}/{wish.name}" for week in WEEKS for wish in SETS]


def _speed(found: Figure) -> int:
    tell(f"twin {found.value:.0f} steps/s, {found.against}: {found.ratio:.1f} times")
    numbers = {"value": float(f"{found.value:.4g}"), "ratio": float(f"{found.ratio:.4g}")}
    print(json.dumps(asdict(found) | numbers | {"pass": found.ratio >= LEAST_SPEED_RATIO}), flush=True)
    return 0 if found.ratio >= LEAST_SPEED_RATIO else 1


def _fidelity(facility: Facility, weather: WeatherFile, prefix: str, room: Path) -> list[Score]:
    scores = []
    for week in WEEKS:
        for wish in SETS:
            id_ = f"{week.name}/{wish.name}"
            if not id_.startswith(prefix):
                continue
            engine, kept, _ = engine_week(facility, week, wish, room / f"{week.name}-{wish.name}")
            twin = _twin(facility, weather, week, wish)
            found = score(id_, twin, engine)
            tell(f"\n{id_}\n{table(twin, engine)}\n{books(kept)}")
            print(json.dumps(_line(found)), flush=True)
            scores.append(found)
    return scores


def _twin(facility: Facility, weather: WeatherFile, week: Week, wish: Setpoints) -> Hourly:
    """The scored hours of the twin's run, which settles as long as the engine's."""
    first, days = week.first - timedelta(days=SETTLING_DAYS), SETTLING_DAYS + SCORED_DAYS
    start = (first.timetuple().tm_yday - 1) * 24
    load = np.repeat(load_frac_by_hour()[start : start + 24 * days], 3600 // TWIN_STEP_S)
    hours = twin_hours(compile_site(facility), weather.between(first, days, TWIN_STEP_S), load, wish, TWIN_STEP_S)
    return hours.after(24 * SETTLING_DAYS)


def _line(found: Score) -> dict[str, str | int | float | bool]:
    return {
        "id": f"energyplus.{found.id}",
        "n": found.n,
        "cvrmse": round(found.cvrmse, 5),
        "nmbe": round(found.nmbe, 5),
        "pue_twin": round(found.pue_twin, 5),
        "pue_energyplus": round(found.pue_energyplus, 5),
        "pass": found.passed,
    }


if __name__ == "__main__":
    sys.exit(main())
