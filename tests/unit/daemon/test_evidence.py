"""The daemon's notes for the readiness report, and what a recording keeps of the ceilings in force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.daemon.builders import START_NS, a_core, demo_order, minutes
from twin.daemon.cycle import Memory
from twin.daemon.evidence import SAVE_EVERY, Journal, facts_of, notes_of
from twin.daemon.recorder import open_cassette
from twin.daemon.replay import Replay
from twin.domain.actuators import Mode
from twin.domain.errors import DataTooPoor
from twin.readiness.facts import Notes
from twin.readiness.rule import with_ceilings

SUPPLY = "h1/supply_air_sp_c"


def a_run(journal: Journal, count: int, mode: Mode = Mode.SHADOW) -> None:
    core = a_core(mode=mode)
    for messages in minutes(count):
        core.feed(list(messages), 0.0)
        journal.cycle(core, core.tick(core.event_ns, core.event_ns / 1e9))


def test_an_hour_of_the_demo_site_is_noted_cycle_by_cycle() -> None:
    journal = Journal("basis", Notes())
    a_run(journal, 30)
    (day,) = journal.notes.days
    assert (day.cycles, day.short, day.hot, day.basis) == (30, 0, 0, "basis")
    assert {hall.cycles for hall in day.halls.values()} == {30}
    assert all(0.9 < hall.good_sum / hall.cycles <= 1.0 for hall in day.halls.values())
    assert day.points[SUPPLY].modes == {"shadow": 30}
    # those of minutes 1 to 15 came due by minute 30; nothing moved, and a sound twin is near
    assert (day.errors.inlet_n, day.errors.moved) == (15, 0)
    assert day.errors.inlet_abs_k / day.errors.inlet_n < 3.0


def test_what_the_twin_says_of_power_includes_the_offset_it_has_learned() -> None:
    core = a_core(mode=Mode.SHADOW)
    for messages in minutes(5):
        core.feed(list(messages), 0.0)
        outcome = core.tick(core.event_ns, core.event_ns / 1e9)
    facts = facts_of("basis", core.order, outcome, (0, 0, 0))
    assert outcome.expected is not None
    assert facts.expected.facility_w == pytest.approx(outcome.expected.facility_w + outcome.state.residual_w)
    assert facts.expected.facility_w == pytest.approx(facts.facility_w, rel=0.1)


def test_notes_are_stored_every_few_cycles_and_at_the_end() -> None:
    stored: list[bytes] = []
    journal = Journal("basis", Notes(), stored.append)
    a_run(journal, SAVE_EVERY + 2)
    assert len(stored) == 1
    journal.flush()
    journal.flush()
    assert len(stored) == 2
    assert notes_of(stored[-1]) == journal.notes
    with pytest.raises(DataTooPoor):
        notes_of(stored[-1][:-3])


def test_a_full_disk_holds_nothing_up() -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    journal = Journal("basis", Notes(), full)
    a_run(journal, 2 * SAVE_EVERY)
    assert journal.notes.days[0].cycles == 2 * SAVE_EVERY


def test_r29_a_replay_knows_the_ceilings_that_were_in_force(tmp_path: Path) -> None:
    order = demo_order(mode=Mode.CONTROL)
    order = replace(order, site=with_ceilings(order.site, {SUPPLY: "advise"}))
    path = tmp_path / "capped.cassette"
    open_cassette(path, order, Memory(), event_time=True, started_ns=START_NS).close()
    replay = Replay(path)
    try:
        again = {a.point: a.ceiling for a in replay._core.order.site.limits.actuators}
    finally:
        replay.close()
    assert again == {a.point: a.ceiling for a in order.site.limits.actuators}
    assert (again[SUPPLY], again["h2/supply_air_sp_c"]) == (Mode.ADVISE, Mode.SHADOW)
