"""The twin as the controller asks it: what would the site draw under these setpoints, many sets at a time.

`python -m benchmarks.steps N` prints the seconds that one set takes: the compiled run starts it without the compiler.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.measuring import Effort, Figure, seconds, side_by_side, tell
from benchmarks.stream import demo_site
from twin.model.compiled import CompiledSite
from twin.model.steady import Candidates, Conditions, steady_state
from twin.model.warm import warm

IDS = ("twin.steps_per_s",)
_AT_ONCE = 18  # about as many as one line search of the predictive controller asks for


def measure(effort: Effort) -> Sequence[Figure]:
    """Setpoint sets per second, compiled, against the same functions run by the interpreter."""
    n, n_plain = effort.of(50_000, 200), effort.of(1_000, 40)
    ask = _question()
    ours_s, theirs_s = side_by_side(
        lambda: _seconds_each(ask, n), lambda: _seconds_each_interpreted(n_plain), effort.repetitions
    )
    tell(f"twin: {1e6 * ours_s:.1f} us a step, {1e6 * theirs_s:.0f} us interpreted")
    against = "the same functions interpreted (NUMBA_DISABLE_JIT=1)"
    return (Figure(IDS[0], 1.0 / ours_s, "steps/s", n, against, theirs_s / ours_s),)


def _question() -> Callable[[], object]:
    """One call as the controller makes it, kernels warm."""
    site = warm(demo_site().facility)
    now, wanted = _conditions(site), _candidates(site)
    return lambda: steady_state(site, now, wanted)


def _seconds_each(ask: Callable[[], object], n: int) -> float:
    calls = max(1, n // _AT_ONCE)
    return seconds(lambda: [ask() for _ in range(calls)]) / (calls * _AT_ONCE)


def _seconds_each_interpreted(n: int) -> float:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.steps", str(n)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(told.stdout)


def _conditions(site: CompiledSite) -> Conditions:
    n = len(site.hall_ids)
    return Conditions(
        it_w=0.7 * site.halls.rated_w,
        supply_air_c=np.full(n, 22.0),
        mean_offset_k=np.ones(n),
        inlet_offset_k=np.full(n, 2.0),
        crah_running=site.halls.crah_count.astype(np.int64),
        chillers_running=2,
        chillers_available=site.chillers,
        outdoor_c=28.0,
        wet_bulb_c=21.0,
    )


def _candidates(site: CompiledSite) -> Candidates:
    """Supply air, chilled water and condenser water over their usual ranges, all at once."""
    part = np.linspace(0.0, 1.0, _AT_ONCE)
    return Candidates(
        supply_air_c=(18.0 + 7.0 * part)[:, None] * np.ones(len(site.hall_ids)),
        chws_c=8.0 + 8.0 * part,
        cws_c=30.0 - 6.0 * part,
        ups_eco=np.zeros((_AT_ONCE, len(site.ups_ids))),
    )


if __name__ == "__main__":
    print(_seconds_each(_question(), int(sys.argv[1])))
