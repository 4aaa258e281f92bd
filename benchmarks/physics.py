"""The physics at its sizes: a site's step, a year, plans by the thousand, coolant units, and a start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeAlias

from benchmarks.energyplus.engine import missing, weather_path
from benchmarks.measuring import Effort, Figure, seconds, side_by_side, tell
from twin.model.compiled import compile_site
from twin.study import speed

IDS = (
    "physics.two_zone_60s",
    "physics.rollout_1024x48x40",
    "physics.cdu25_day_15s",
    "physics.year_1min",
    "physics.start_warm",
    "physics.vs_energyplus",
)
_WARM = "from twin.model.warm import warm; from twin.study.speed import reference; warm(reference())"
_HALLS = (10, 20, 40, 80, 200)


Measure: TypeAlias = Callable[[Effort], Sequence[Figure]]


def parts() -> Sequence[tuple[str, Measure]]:
    """Each id with what measures it alone; the engine's gives nothing where it is not installed."""
    return tuple(zip(IDS, (_two_zones, _rollout, _coolant, _year, _start, _engine), strict=True))


def _two_zones(effort: Effort) -> Sequence[Figure]:
    site, n = compile_site(speed.reference()), effort.of(50_000, 500)
    u = speed.a_year(site, steps=n, step_s=60.0)
    fast_s, slow_s = speed.steps_s(site, u, 60.0), _interpreted_s(effort.of(300, 20))
    return (
        Figure(
            IDS[0], 1.0 / fast_s, "steps/s", n, "the same functions interpreted (NUMBA_DISABLE_JIT=1)", slow_s / fast_s
        ),
    )


def _rollout(effort: Effort) -> Sequence[Figure]:
    plans, steps = effort.of(1024, 64), effort.of(48, 4)
    two_s, one_s = side_by_side(
        lambda: speed.plans_s(40, plans, steps, threads=2, repetitions=1),
        lambda: speed.plans_s(40, plans, steps, threads=1, repetitions=1),
        effort.repetitions,
    )
    if not effort.quick:
        each = {n: speed.plans_s(n, plans, steps, threads=2, repetitions=3) for n in _HALLS}
        told = ", ".join(f"{n}: {1e3 * s:.0f} ms ({1e3 * s / n:.2f} a hall)" for n, s in each.items())
        tell(f"rollout by halls on two threads: {told}")
    return (Figure(IDS[1], 1e3 * two_s, "ms", plans * steps * 40 * 10, "one thread", one_s / two_s),)


def _coolant(effort: Effort) -> Sequence[Figure]:
    site, n = compile_site(speed.coolant_units(25)), effort.of(5760, 20)
    each_s = speed.steps_s(site, speed.a_year(site, steps=n, step_s=15.0), 15.0, effort.repetitions)
    return (Figure(IDS[2], 5760 * each_s, "s", 5760, "the day itself", 5760 * each_s / 86_400.0),)


def _year(effort: Effort) -> Sequence[Figure]:
    site, n = compile_site(speed.with_everything()), effort.of(525_600, 500)
    u = speed.a_year(site, steps=min(n, 52_560), step_s=60.0)
    each_s = speed.steps_s(site, u, 60.0, effort.repetitions)
    return (Figure(IDS[3], 525_600 * each_s, "s", 525_600, "the year itself", 525_600 * each_s / 31_536_000.0),)


def _start(effort: Effort) -> Sequence[Figure]:
    """A process that loads the kernels of a cycle from the cache, beside one that has to compile them."""
    with TemporaryDirectory() as empty:
        cold_s = 0.0 if effort.quick else _start_s(NUMBA_CACHE_DIR=empty)
        if not effort.quick:
            tell(f"start: {cold_s:.1f} s when everything is compiled first")
        _start_s()
        warm_s = median(_start_s() for _ in range(effort.repetitions))
    return (Figure(IDS[4], warm_s, "s", 1, "compiling first", (cold_s or warm_s) / warm_s),)


def _start_s(**environment: str) -> float:
    # the stamp of this process's own cache must not be taken for a directory of theirs
    given = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    return seconds(lambda: subprocess.run([sys.executable, "-c", _WARM], env=given | environment, check=True))


def _engine(effort: Effort) -> Sequence[Figure]:
    why = missing()
    if why or effort.quick:
        tell(why or "EnergyPlus is left out of a quick run")
        return ()
    from benchmarks.energyplus import speed as beside
    from benchmarks.energyplus.epw import read_epw
    from twin.sitefile.load import load_site

    site = load_site(Path(beside.__file__).parent / "site").facility
    with TemporaryDirectory() as room:
        found = beside.measure(site, read_epw(weather_path()), Path(room))
    return (Figure(IDS[5], found.ratio, "times", found.n, found.against, found.ratio),)


def _interpreted_s(n: int) -> float:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.physics", str(n)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(told.stdout)


if __name__ == "__main__":
    _site = compile_site(speed.reference())
    print(speed.steps_s(_site, speed.a_year(_site, steps=int(sys.argv[1]), step_s=60.0), 60.0, 1))
