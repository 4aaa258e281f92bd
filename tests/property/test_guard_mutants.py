"""R13: the judge sees every defect that is planted in guard, leases, checker and receiver."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.promise import Promise
from tests.judge.mutants import MUTANTS, Mutant
from tests.judge.planted import caught, stands_once

QUICK = ("rate in seconds", "any unit", "an old master elsewhere")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_a_mutant_changes_still_stands_there_once(mutant: Mutant) -> None:
    assert stands_once(mutant), f"{mutant.file} has changed: mend {mutant.name!r} in tests/judge/mutants.py"
    assert mutant.old != mutant.new


def test_there_are_enough_of_them_and_each_has_a_name() -> None:
    assert len(MUTANTS) >= 40
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("name", QUICK)
def test_r13_some_planted_defects_are_seen(name: str) -> None:
    (mutant,) = (mutant for mutant in MUTANTS if mutant.name == name)
    assert caught(mutant).rule


@pytest.mark.nightly
def test_r13_every_planted_defect_is_seen(promised: Callable[..., None]) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(caught, MUTANTS))
    for one in found:
        print(f"{one.name}: {one.hunt or 'not seen'}: {one.words}")
    unseen = [one.name for one in found if not one.rule]
    by_rule = Counter(one.rule for one in found)
    promised(
        Promise("R13", len(found), len(found) - len(unseen), len(found), not unseen),
        unseen=", ".join(unseen),
        caught_by=", ".join(f"{rule} {count}" for rule, count in by_rule.most_common()),
    )
