"""What safety costs a cycle on a large site: the guard, the records, the leases, the second checker and the seal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

import numpy as np

from benchmarks.guard_site import EPOCH, NOW_NS, Case, Scenes
from benchmarks.measuring import Effort, Figure, tell
from controllers.guard.draft import Draft
from controllers.guard.pipeline import STEPS, guard
from controllers.guard.seal import seal
from controllers.publish.leases import Terms, issue
from controllers.records import Citation, RecordMemory, records_of
from twin.domain.arrays import Floats

IDS = ("guard.10k_racks",)
_RACKS, _HALLS = 10_000, 196  # with two waters and two UPS sides 200 setpoints
_RACKS_OF_ONE = 51
_TRIES = 15  # on a busy machine five do not find a quiet moment for each part
_PARTS = ("guard", "records", "leases", "second checker and seal")


def measure(effort: Effort) -> Sequence[Figure]:
    """99th percentile over cycles of every kind, against the same for one of the halls alone, times their number.

    Processor time, and each part of each cycle as the quickest of its tries has it: what else the machine does is
    not in it.
    """
    large = Scenes(effort.of(_RACKS, 620), effort.of(_HALLS, 12))
    small = Scenes(_RACKS_OF_ONE, 1)
    halls, n = len(large.compiled.hall_ids), effort.of(100, 4)
    many, few = list(large.cases(n, seed=7)), list(small.cases(n, seed=7))
    for scenes, cases in ((large, many), (small, few)):
        _laps(scenes, cases[:2])
    runs = [(_laps(large, many), _laps(small, few)) for _ in range(effort.of(_TRIES, 1))]
    p99_s, one_s = (_p99(np.min([run[k] for run in runs], axis=0)) for k in range(2))
    _tell_parts([ours for ours, _ in runs], _steps_ms(many), len(large.site.limits.actuators))
    against = f"the same for one of the halls alone, times {halls}"
    return (Figure(IDS[0], 1e3 * p99_s, "ms p99", n, against, p99_s / (halls * one_s)),)


def _laps(scenes: Scenes, cases: Sequence[Case]) -> Floats:
    """Seconds of each part of each cycle, shape (n, 4)."""
    return np.array([_one(scenes, case) for case in cases])


def _one(scenes: Scenes, case: Case) -> list[float]:
    site, now = scenes.site, time.process_time
    at_s = [now()]
    given = replace(case.given)  # as a cycle does: made anew
    verdicts = guard(given, case.plan, case.memory).verdicts
    at_s.append(now())
    cite = Citation(EPOCH, site.config_hash, site.limits)
    records, _ = records_of(cite, given.state, case.plan, verdicts, given.authority, given.previous, RecordMemory())
    at_s.append(now())
    modes = tuple(grant.mode.value for grant in given.authority.grants)
    terms = Terms(site.limits, NOW_NS, modes, tuple(record.id if record else "" for record in records))
    commands, _ = issue(verdicts, case.ledger, terms)
    at_s.append(now())
    refused = [s for s in (seal(c, site.topics.root, scenes.checker) for c in commands) if isinstance(s, str)]
    at_s.append(now())
    if refused:
        raise RuntimeError(f"the second checker refused what the guard granted: {refused[0]}")
    return [after - before for before, after in pairwise(at_s)]


def _p99(laps: Floats) -> float:
    return float(np.percentile(laps.sum(axis=1), 99))


def _steps_ms(cases: Sequence[Case]) -> dict[str, float]:
    """Median of each step of the guard."""
    spent: dict[str, list[float]] = {step.__name__: [] for step in STEPS}
    for case in cases:
        draft = Draft.of(case.plan)
        for step in STEPS:
            began_s = time.process_time()
            draft = step(case.given, case.memory, draft)
            spent[step.__name__].append(time.process_time() - began_s)
    return {name: 1e3 * median(each) for name, each in spent.items()}


def _tell_parts(runs: Sequence[Floats], steps_ms: dict[str, float], setpoints: int) -> None:
    best, all_ms = np.min(runs, axis=0), 1e3 * np.concatenate(runs).sum(axis=1)
    parts = ", ".join(f"{name} {1e3 * float(np.median(best[:, k])):.1f}" for k, name in enumerate(_PARTS))
    tell(f"guard: {setpoints} setpoints, median of a cycle {1e3 * np.median(best.sum(axis=1)):.1f} ms: {parts}")
    p99_ms = np.percentile(all_ms, 99)
    tell(f"guard: over all tries p50 {np.median(all_ms):.1f}, p99 {p99_ms:.1f} ms")
    dear = sorted(steps_ms.items(), key=lambda item: -item[1])[:5]
    tell("guard: its dearest steps, ms: " + ", ".join(f"{name} {ms:.2f}" for name, ms in dear))
