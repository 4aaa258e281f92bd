"""R18: an operator's order wins in the very cycle, stays until its end, and is never fought."""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos.promise import Promise, scaled
from tests.judge.hunt import hunt

STORIES = scaled(100, 100_000)


def test_r18_orders_win_however_they_fall_between_cycles(promised: Callable[..., None]) -> None:
    found = hunt("orders", range(STORIES))
    counts = found.counts
    promised(
        Promise("R18", found.tried, len(found.wrong), 0, not found.wrong),
        cycles=counts["cycles"],
        ordered=counts["override"],
        rises_on_their_way=counts["ordered rise"],
        rises_held_up=counts["ordered rise held up"],
        first=found.worst(3),
    )
    assert counts["override"] > found.tried
    assert counts["ordered rise"] > 0
