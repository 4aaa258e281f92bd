"""R12: nothing unsafe leaves, by the word of a judge that was written without the guard.

The judge (tests/judge) reads the limits file itself and knows the rules from the documents. Every broken rule is told
with the seed; `python -m tests.judge.hunt` repeats it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.chaos.promise import Promise, scaled
from tests.judge.cases import BATCH
from tests.judge.hunt import STEPS, Found, hunt

PARTS = 4  # beside each other, where there are cores
CYCLES = scaled(100_000, 1_000_000)
RUNS = scaled(30, 10_000)
FORGED = scaled(40, 2_000)
# each rule must have stood alone between some wish and the plant, else this proves nothing
RULES = (
    "limits", "rate up", "rate down", "missing", "quorum", "readback", "doubt", "warn", "inlet", "revert", "panic",
    "dew point", "redundancy", "ride through", "unknown", "eco", "eco stays", "dwell", "changes a day", "one side",
    "lift", "bounded", "authority", "held", "override", "no number",
)  # fmt: skip


@pytest.mark.parametrize("part", range(PARTS))
def test_r12_no_cycle_lets_anything_unsafe_out(part: int, promised: Callable[..., None]) -> None:
    batches = CYCLES // PARTS // BATCH
    found = hunt("cycles", range(part * batches, (part + 1) * batches))
    promised(
        Promise("R12", found.tried, len(found.wrong), 0, not found.wrong),
        commands=found.counts["bytes"],
        decided=_told(found.counts),
        first=found.worst(3),
    )
    never = [rule for rule in RULES if not found.counts[rule]]
    assert not never, f"these rules never stood alone: {never}"
    assert found.counts["rise allowed"] > 0.1 * found.tried
    assert found.counts["eco allowed"] > 0.05 * found.tried


def test_r12_no_story_of_a_site_that_goes_wrong_lets_anything_unsafe_out(promised: Callable[..., None]) -> None:
    found = hunt("runs", range(RUNS))
    counts = found.counts
    promised(
        Promise("R12", found.tried, len(found.wrong), 0, not found.wrong),
        runs=RUNS,
        steps=STEPS,
        commands=counts["commands"],
        restarts=counts["restarts"],
        leaps_after_a_lie=counts["leaps after a lie"],
        decided=_told(counts),
        first=found.worst(3),
    )
    assert counts["receiver applied"] > 0.2 * found.tried
    assert min(counts[f"receiver {status}"] for status in ("rejected", "superseded", "expired")) > 0


def test_r12_the_second_checker_refuses_what_is_spoilt_and_lets_pass_what_is_fair(
    promised: Callable[..., None],
) -> None:
    found: Found = hunt("forged", range(FORGED))
    promised(Promise("R12", found.tried, len(found.wrong), 0, not found.wrong), first=found.worst(3))


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{rule} {counts[rule]}" for rule in RULES)
