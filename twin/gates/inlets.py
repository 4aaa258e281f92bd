"""All tests on the inlets of a site, one after the other, and what each reading is worth after them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats
from twin.gates.commissioning import Oddness, impossible, misfits, near_return, oddness
from twin.gates.known import Gates
from twin.gates.lean import LOW_AT_ONCE_SD, SLACK_K, Lean, lean, too_low
from twin.gates.learning import FIRST_SPREAD_K, FIRST_WANDER_K, Learned, learn
from twin.gates.memory import Columns, GateMemory, columns_of, stored
from twin.gates.neighbours import Expected, expected
from twin.gates.noise import BEFORE, FIRST_K2, Noise, noise
from twin.gates.pick import pick
from twin.gates.spike import middle_of
from twin.gates.stuck import Stillness, stillness, stuck

SPREADS_FORGIVEN = 3.0
SUPPLY_SLACK_K = 1.5  # a hall's recirculation may move its inlets against the supply air
LEAST_LOAD = 0.05
LAST = ("value_c", "before_c")
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Seen:
    """What came in, in the shape of the table of inlets. `power_w` is NaN where unknown; air by hall."""

    value_c: Floats
    usable: Flags
    fresh: Flags
    since_s: Floats
    power_w: Floats
    supply_c: Floats
    return_c: Floats


@dataclass(frozen=True, slots=True)
class Last:
    """The newest reading and the one before."""

    value_c: Floats
    before_c: Floats
    doubted: Flags


@dataclass(frozen=True, slots=True)
class Judged:
    """What each inlet is worth: `value_c` may stand in for the reading where `doubted`; `disowned` is no inlet."""

    value_c: Floats
    doubted: Flags
    disowned: Flags
    expected: Expected
    residual_k: Floats
    stuck: Flags
    noise: Noise
    lean: Lean
    misfit: Flags
    still: Stillness
    columns: Columns


def judge_inlets(known: Gates, seen: Seen, memory: GateMemory) -> Judged:
    """One step of every test."""
    shape = known.inlet.shape
    learned = memory.kept(
        Learned,
        "learned",
        shape,
        {"offset_k": _NAN, "usual_w": _NAN, "spread_k2": FIRST_SPREAD_K**2, "wander_k2": FIRST_WANDER_K**2},
    )
    last = memory.kept(Last, "last", shape, dict.fromkeys(LAST, _NAN))
    trusted = seen.usable & learned.done & ~last.doubted & ~known.is_supply
    common_k = memory.column("hall.common_k", (len(known.halls),))
    now = expected(seen.value_c, trusted, learned.offset_k, (seen.power_w, learned.usual_w), seen.supply_c, common_k)
    residual_k = np.where(seen.usable & learned.done, seen.value_c - now.inlet_c, np.nan)
    judged = seen.fresh & ~np.isnan(residual_k)

    still = memory.kept(Stillness, "still", shape, {"shown_c": _NAN, "least_c": _NAN, "most_c": _NAN, "step_k": _NAN})
    half_k = 0.5 * still.resolution_k
    # a rack that idles more than its hall may be as cool as its supply air
    ratio = np.fmax(now.own_load / np.maximum(now.load, LEAST_LOAD)[:, None] - 1.0, -1.0)
    apart_k = ratio * np.fmax(learned.offset_k, 0.0)
    less_k, more_k = np.fmax(-apart_k, 0.0) + half_k, np.fmax(apart_k, 0.0) + half_k
    spread_k, wander_k = learned.spread_k, learned.wander_k
    slack_k = np.maximum(SLACK_K, SPREADS_FORGIVEN * spread_k)
    slack_k[:, -1] = np.maximum(slack_k[:, -1], SUPPLY_SLACK_K)
    leaning = memory.kept(Lean, "lean", shape)
    leaning = lean(leaning, residual_k, (slack_k + less_k, slack_k + more_k), seen.since_s, judged)
    jumps = memory.kept(
        Noise, "noise", shape, {"lately_k2": FIRST_K2, "usual_k2": FIRST_K2} | dict.fromkeys(BEFORE, _NAN)
    )
    jumps = noise(jumps, residual_k, still.resolution_k, seen.since_s, (judged & ~known.is_supply, ~last.doubted))
    still = stillness(still, seen.value_c, now.inlet_c, seen.since_s, seen.fresh)
    frozen = stuck(still, np.count_nonzero(trusted, axis=1))

    wrong = leaning.low | too_low(residual_k, leaning.slow_k, (spread_k, wander_k), less_k)
    supply_wrong, supply_c = _supply(seen, residual_k, leaning.high, now.inlet_c, spread_k + 0.5 * wander_k + half_k)
    air = (supply_c, seen.return_c, now.level_c)
    odd = oddness(memory.kept(Oddness, "odd", shape), seen.value_c, air, now.own_load, seen.since_s, seen.fresh)
    misfit = misfits(odd, supply_c, seen.return_c) & ~known.is_supply
    doubted = (leaning.guilty(known.is_supply) | jumps.noisy | frozen | misfit) & seen.usable
    sound = ~doubted & ~wrong
    wrong |= impossible(seen.value_c, air)
    wrong[:, -1] = supply_wrong
    # a misfit that was one from the start has taught what it says itself
    taught_wrong = misfit & (np.isnan(now.inlet_c) | impossible(now.inlet_c, air) | near_return(now.inlet_c, air))
    virtual = (wrong | frozen | misfit) & seen.usable & ~taught_wrong & ~np.isnan(now.inlet_c)
    middle_c = middle_of(last.before_c, last.value_c, seen.value_c)
    calm_c = pick(jumps.noisy & ~np.isnan(middle_c), np.fmax(middle_c, now.inlet_c), seen.value_c)
    learned = learn(
        learned,
        seen.value_c - supply_c[:, None],
        seen.power_w,
        (residual_k, leaning.slow_k),
        seen.since_s,
        (seen.fresh & ~misfit, sound),
    )
    return Judged(
        value_c=pick(virtual, now.inlet_c, calm_c),
        doubted=doubted | virtual,
        disowned=taught_wrong & seen.usable,
        expected=now,
        residual_k=residual_k,
        stuck=frozen,
        noise=jumps,
        lean=leaning,
        misfit=misfit,
        still=still,
        columns={
            "hall.common_k": stored(now.common_k),
            **columns_of("learned", learned.without(taught_wrong)),
            **columns_of(
                "last",
                Last(
                    value_c=pick(seen.fresh, seen.value_c, last.value_c),
                    before_c=pick(seen.fresh, last.value_c, last.before_c),
                    doubted=doubted,
                ),
            ),
            **columns_of("lean", leaning),
            **columns_of("noise", jumps),
            **columns_of("still", still),
            **columns_of("odd", odd),
        },
    )


def _supply(seen: Seen, residual_k: Floats, high: Flags, expected_c: Floats, honest_k: Floats) -> tuple[Flags, Floats]:
    """Where supply air hides heat because it reads high, and the supply air to go by.

    That it reads low may be recirculation, and cools. `honest_k`: what is its own spread, wander and resolution.
    """
    hides = high[:, -1] | (residual_k[:, -1] > LOW_AT_ONCE_SD * honest_k[:, -1])
    hides = hides & ~np.isnan(expected_c[:, -1])
    return hides, np.where(hides, expected_c[:, -1], seen.supply_c)
