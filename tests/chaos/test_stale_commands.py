"""R19: of two masters the receiver obeys the newer one alone. R20: what was overheard is worth nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos.promise import Promise, scaled
from tests.judge.hunt import hunt
from tests.unit.daemon.builders import a_core, heard

STORIES = scaled(60, 20_000)
THIEVES = scaled(45, 4_500)


def test_r19_after_a_takeover_the_old_master_is_obeyed_at_no_point(promised: Callable[..., None]) -> None:
    found = hunt("masters", range(STORIES))
    counts = found.counts
    promised(
        Promise("R19", counts["commands"], len(found.wrong), 0, not found.wrong),
        stories=found.tried,
        takeovers=counts["takeovers"],
        first=found.worst(3),
    )
    assert counts["takeovers"] > 0.5 * found.tried


def test_r20_stale_commands_are_accepted_in_no_disguise(promised: Callable[..., None]) -> None:
    found = hunt("replays", range(THIEVES))
    promised(Promise("R20", found.tried, len(found.wrong), 0, not found.wrong), first=found.worst(3))
    assert found.tried >= 10_000


@pytest.mark.parametrize("retained", [True, False])
def test_r20_our_own_commands_are_no_input(retained: bool) -> None:
    core = a_core(event_time=False)
    told = heard("_cmd/h1/supply_air_sp_c", b'{"v":24.0,"seq":1,"epoch":1}', retain=retained)
    batch = core.feed([told], 0.0)
    assert len(batch) == 0
    assert core.take_refused() == ()
