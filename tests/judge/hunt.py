"""Looks for broken rules, by seed: the tests run it, and one command repeats what they found.

python -m tests.judge.hunt cycles --seed 17 --count 1 judges the 250 cycles of one seed again, `runs` one story of 50
steps, `forged` the bytes shown to the second checker, `orders` operators, `masters` and `replays` the receiver.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

STEPS = 50
MANY = 200  # seeds from which on it is worth a process for each core


@dataclass(slots=True)
class Found:
    """What a hunt came to: how much was tried, how often each rule decided, and every broken rule with its seed."""

    tried: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        self.tried += other.tried
        self.counts += other.counts
        self.wrong += other.wrong

    @property
    def rules(self) -> list[str]:
        """Names of the broken rules."""
        return sorted({words.split("| ")[-1].split(": ")[0] for words in self.wrong})

    def worst(self, most: int = 10) -> str:
        """The first of them, in words."""
        return "\n".join(self.wrong[:most])


def cycles(seed: int) -> Found:
    """Single cycles of one site."""
    from tests.judge.cases import BATCH, judged

    judge, wrong, left = judged(seed)
    told = [f"cycles --seed {seed} row {row}| {words}" for row, words in wrong]
    return Found(BATCH, judge.decided + Counter({"bytes": left}), told)


def runs(seed: int) -> Found:
    """One story of a site that goes wrong."""
    from tests.judge.world import World

    world = World(seed)
    wrong = [f"runs --seed {seed}| {words.split(': ', 1)[1]} ({words.split(': ', 1)[0]})" for words in world.run(STEPS)]
    return Found(world.step, world.judge.decided + world.counts, wrong)


def forged(seed: int) -> Found:
    """Spoilt bytes before the second checker."""
    from tests.judge.forged import judged

    shown, wrong = judged(seed)
    return Found(shown, Counter(), [f"forged --seed {seed}| {words}" for words in wrong])


def orders(seed: int) -> Found:
    """Operators who order all the time, on a site where little else goes wrong."""
    from tests.judge.world import World

    world = World(seed, often={"hold": 0.02, "weather": 0.02, "readbacks": 0.02}, orders=0.45)
    wrong = [f"orders --seed {seed}| {words.split(': ', 1)[1]} ({words.split(': ', 1)[0]})" for words in world.run(8)]
    return Found(1, world.judge.decided + world.counts, wrong)


def masters(seed: int) -> Found:
    """Two or three masters at one receiver."""
    from tests.judge.masters import two_masters

    arrived, takeovers, wrong = two_masters(seed)
    counts = Counter({"commands": arrived, "takeovers": takeovers})
    return Found(1, counts, [f"masters --seed {seed}| {words}" for words in wrong])


def replays(seed: int) -> Found:
    """Commands that were overheard, said again."""
    from tests.judge.masters import overheard

    tried, wrong = overheard(seed)
    return Found(tried, Counter(), [f"replays --seed {seed}| {words}" for words in wrong])


HUNTS: dict[str, Callable[[int], Found]] = {
    "cycles": cycles,
    "runs": runs,
    "forged": forged,
    "orders": orders,
    "masters": masters,
    "replays": replays,
}


def hunt(what: str, seeds: Iterable[int]) -> Found:
    """Try seeds; long lists on every core."""
    found, wanted = Found(), list(seeds)
    if len(wanted) < MANY:
        for seed in wanted:
            found.add(HUNTS[what](seed))
        return found
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for one in pool.map(HUNTS[what], wanted, chunksize=max(1, len(wanted) // 400)):
            found.add(one)
    return found


def main() -> int:
    """Print what was found as one JSON line; 1 when a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=sorted(HUNTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--until-wrong", action="store_true", help="stop at the first seed that breaks a rule")
    given = parser.parse_args()
    found, seeds = Found(), range(given.seed, given.seed + given.count)
    if given.until_wrong:
        for seed in seeds:
            found.add(HUNTS[given.what](seed))
            if found.wrong:
                break
    else:
        found = hunt(given.what, seeds)
    print(json.dumps({"tried": found.tried, "rules": found.rules, "first": found.wrong[:3], "wrong": len(found.wrong)}))
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
