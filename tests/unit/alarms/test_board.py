"""One alarm for each event: waits, bands, roots and what is behind them, shelves, restarts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.alarms.builders import (
    Days,
    at,
    awake,
    believing,
    blocked,
    calm,
    doubted,
    faring,
    halls,
    known,
    plant,
    reading,
    silent,
)
from tests.unit.daemon.builders import START_NS
from twin.alarms.board import alarms, raised_within, shelve, shown, unshelve
from twin.alarms.facts import Change, Signs
from twin.alarms.kinds import Severity
from twin.daemon.watch import alarm_memory_of, memory_bytes
from twin.domain.clock import NS_PER_S
from twin.domain.findings import SensorFault

HOUR_NS = 3600 * NS_PER_S


def warm(h1_c: float = 27.4, h2_c: float = 25.0) -> Signs:
    return halls(calm(), worst_inlet_c=[h1_c, h2_c])


# --- waits and bands
def test_a_cause_that_passes_is_no_alarm_and_one_that_cannot_wait_is_one_at_once() -> None:
    days = awake()
    assert days.run(warm(), 1) == []
    assert days.run(calm(), 5) == []
    assert days.run(warm(33.0), 1) == ["raised h1.inlet"]


def test_a_value_that_swings_about_its_limit_is_one_alarm() -> None:
    days = awake()
    told: list[str] = []
    for i in range(120):
        told += days.run(warm(27.0 + (0.3 if i % 3 else -0.3)), 1)
    assert told == ["raised h1.inlet"]


def test_a_value_just_below_its_limit_is_not_gone() -> None:
    days = awake()
    days.run(warm(), 5)
    assert days.run(warm(26.7), 60) == []
    assert days.run(warm(26.4), 15) == ["cleared h1.inlet"]


def test_an_alarm_ends_only_once_its_cause_is_gone_for_a_while() -> None:
    days = awake()
    days.run(warm(), 5)
    assert days.run(calm(), 9) == []
    assert days.run(warm(), 1) == []  # back within its time: still the same
    assert days.run(calm(), 10) == []
    assert days.run(calm(), 1) == ["cleared h1.inlet"]
    assert days.kept == {}


def test_one_that_comes_back_soon_waits_twice_as_long_to_end() -> None:
    days = awake()
    lasted: list[int] = []
    for _ in range(5):
        assert days.run(warm(), 3) == ["raised h1.inlet"]
        gone = 0
        while days.kept:
            days.run(calm(), 1)
            gone += 1
        lasted.append(gone - 1)
    assert lasted == [10, 20, 40, 80, 80]
    days.run(calm(), 60)
    days.run(warm(), 3)
    assert days.run(calm(), 11) == ["cleared h1.inlet"]  # after a quiet while all is forgotten


def test_one_that_gets_worse_stays_one_and_keeps_its_beginning() -> None:
    days = awake()
    assert days.run(warm(27.5), 5) == ["raised h1.inlet"]
    since_ns = days.kept["h1.inlet"].since_ns
    assert days.run(warm(29.5), 2) == ["escalated h1.inlet"]
    assert days.run(warm(32.5), 1) == ["escalated h1.inlet"]
    alarm = days.kept["h1.inlet"]
    assert (alarm.since_ns, alarm.severity) == (since_ns, Severity.CRITICAL)
    assert days.run(warm(27.4), 30) == ["eased h1.inlet"]
    assert days.kept["h1.inlet"].severity is Severity.MEDIUM


def test_what_is_no_longer_seen_is_not_over() -> None:
    days = awake()
    days.run(warm(29.5), 5)
    assert days.run(halls(calm(), worst_inlet_c=[float("nan"), 25.0]), 60) == []
    assert "h1.inlet" in days.kept


# --- roots
def test_a_hall_that_falls_silent_is_one_alarm_whatever_hangs_on_it() -> None:
    days = awake()
    quiet = halls(silent(calm(), "h1*"), quorum_frac=[0.0, 1.0], worst_inlet_c=[float("nan"), 25.0])
    quiet = believing(quiet, missing=("h1/supply_air_c", "h1/it_w", "h1/worst_inlet_c"))
    assert days.run(quiet, 180) == ["raised h1.sensors"]
    assert set(days.memory.hidden) == {"h1.quorum", "h1.inputs"}
    assert days.run(calm(), 60) == ["cleared h1.sensors"]


def test_a_sensor_that_is_doubted_for_a_moment_is_nothing_to_go_out_for() -> None:
    days = awake()
    assert days.run(doubted(calm(), "h1-r007/inlet_c"), 30) == []
    assert days.run(calm(), 30) == []
    assert days.run(doubted(calm(), "h1-r007/inlet_c"), 32) == ["raised h1.doubtful"]


def test_a_small_cause_does_not_hide_a_large_one() -> None:
    days = awake()
    gateway = silent(calm(), "h2-crah-03/*")
    assert days.run(gateway, 10) == ["raised h2.sensors"]
    worse = believing(halls(gateway, supply_air_c=[22.0, 25.5]), missing=("plant/chws_c",))
    assert sorted(days.run(worse, 60)) == ["raised h2.supply_air_sp_c.no-effect", "raised plant.inputs"]


def test_a_site_that_falls_silent_is_one_alarm() -> None:
    days = awake()
    quiet = believing(halls(silent(calm(), "*"), quorum_frac=0.0), missing=("plant/chws_c",))
    assert days.run(quiet, 60) == ["raised site.sensors"]


def test_doubtful_sensors_hide_the_quorum_they_cost_and_single_faults_that_pass_are_none() -> None:
    days = awake()
    many = doubted(halls(calm(), quorum_frac=[0.7, 1.0]), *(f"h1-r0{i}/inlet_c" for i in range(10, 40)))
    assert days.run(many, 60) == ["raised h1.doubtful"]
    assert "and 27 more" in days.kept["h1.doubtful"].cause
    assert awake().run(doubted(calm(), "h1-r007/inlet_c", fault=SensorFault.SPIKE), 60) == []


def test_without_a_link_nothing_else_is_said() -> None:
    days = awake()
    cut = faring(silent(calm(), "*"), connected=False)
    assert days.run(cut, 60) == ["raised site.link"]
    assert days.run(calm(), 5) == ["cleared site.link"]


def test_a_chiller_trip_hides_the_water_and_the_inlets_behind_it() -> None:
    days = awake()
    tripped = reading(reading(calm(), "ch-[12]/running", 0.0), "ch-*/load_frac", 1.0)
    assert days.run(tripped, 3) == ["raised plant.chillers"]
    warmer = halls(plant(tripped, chws_c=14.0), worst_inlet_c=[29.8, 28.0], supply_air_c=25.0)
    assert days.run(warmer, 29) == []
    assert set(days.memory.hidden) == {
        "plant.chilled-water",
        "h1.inlet",
        "h2.inlet",
        "h1.supply_air_sp_c.no-effect",
        "h2.supply_air_sp_c.no-effect",
    }


def test_heat_that_cannot_wait_is_never_hidden() -> None:
    days = awake()
    tripped = reading(calm(), "ch-*/running", 0.0)
    assert days.run(tripped, 3) == ["raised plant.chillers"]
    assert days.run(halls(tripped, worst_inlet_c=[32.5, 31.0]), 1) == ["raised h1.inlet"]


def test_the_consequences_of_a_root_that_is_not_an_alarm_yet_wait_with_it() -> None:
    days = awake()
    lost = reading(warm(), "h1-crah-0[1234]/running", 0.0)
    assert days.run(lost, 10) == ["raised h1.crah"]


def test_what_goes_on_after_its_root_is_over_becomes_an_alarm() -> None:
    days = awake()
    days.run(reading(warm(), "h1-crah-0[1234]/running", 0.0), 5)
    assert days.run(warm(), 11) == ["cleared h1.crah"]
    assert days.run(warm(), 9) == []  # it gets time to recover
    assert days.run(warm(), 5) == ["raised h1.inlet"]


def test_a_root_hides_only_what_it_reaches() -> None:
    days = awake()
    told = days.run(reading(warm(25.0, 28.0), "h1-crah-0[1234]/running", 0.0), 10)
    assert sorted(told) == ["raised h1.crah", "raised h2.inlet"]


def test_a_failure_of_the_mains_is_one_alarm() -> None:
    days = awake()
    dark = reading(reading(calm(), "ups-*/on_generator", 1.0), "ups-*/battery_frac", 0.45)
    dark = reading(reading(dark, "ch-*/running", 0.0), "h*-crah-0*/running", 0.0)
    assert days.run(halls(plant(dark, chws_c=15.0), worst_inlet_c=28.0), 60) == ["raised site.mains"]


def test_a_full_disk_hides_the_servers_that_wait_for_it() -> None:
    days = awake()
    assert days.run(faring(calm(), disk="full", sinks=(("history", "database is full"),)), 60) == ["raised site.disk"]


# --- shelves
def ordered(days: Days, alarm_id: str, hours: float) -> str:
    now_ns = at(calm(), days.minute).state.now_ns
    days.memory, changes, refusal = shelve(
        days.memory, alarm_id, "night shift", "known, mended on Monday", now_ns, now_ns + round(hours * HOUR_NS)
    )
    days.note(changes)
    return refusal


def test_an_alarm_that_is_put_aside_comes_back_by_itself() -> None:
    days = awake()
    days.run(warm(), 5)
    assert ordered(days, "h1.inlet", 2.0) == ""
    assert days.kept == {}
    assert shown(days.memory) == ()
    assert days.run(warm(), 119) == []
    assert days.run(warm(), 2) == ["returned h1.inlet"]


def test_one_that_gets_worse_comes_back_before_its_time() -> None:
    days = awake()
    days.run(warm(), 5)
    ordered(days, "h1.inlet", 8.0)
    assert days.run(warm(29.5), 3) == ["escalated h1.inlet"]
    assert days.memory.shelves == {}


def test_one_that_is_over_while_put_aside_is_not_said_again_and_the_next_is_another() -> None:
    days = awake()
    days.run(warm(), 5)
    ordered(days, "h1.inlet", 8.0)
    assert days.run(calm(), 60) == []
    assert days.run(warm(), 5) == ["raised h1.inlet"]


def test_it_can_be_brought_back_by_hand() -> None:
    days = awake()
    days.run(warm(), 5)
    ordered(days, "h1.inlet", 8.0)
    days.memory, changes, refusal = unshelve(days.memory, "h1.inlet")
    assert (days.note(changes), refusal) == (["returned h1.inlet"], "")
    assert unshelve(days.memory, "h1.inlet")[2] == "'h1.inlet' is not put aside"


def test_only_what_stands_can_be_put_aside() -> None:
    days = awake()
    days.run(warm(), 5)
    assert ordered(days, "h2.inlet", 1.0) == "no alarm stands under 'h2.inlet'; standing: h1.inlet"
    assert "h1.inlet" in days.kept


def test_what_is_put_aside_is_not_counted_as_load() -> None:
    days = awake()
    days.run(warm(), 5)
    assert raised_within(days.memory, 1000.0 + 60.0 * days.minute, 600.0) == 1
    ordered(days, "h1.inlet", 8.0)
    days.run(calm(), 30)
    assert raised_within(days.memory, 1000.0 + 60.0 * days.minute, 600.0) == 0
    assert days.memory.raised == 1


# --- restarts
def test_a_restart_raises_nothing_and_ends_nothing_by_itself() -> None:
    days = awake()
    days.run(warm(), 5)
    ordered(days, "h1.inlet", 8.0)
    days.run(blocked(warm(), "h2/supply_air_sp_c", "wrote 23, the plant reads 22 degC"), 2)
    days.memory = alarm_memory_of(memory_bytes(days.memory))
    fresh = blocked(replace(silent(warm(), "*"), epoch=2), "h2/supply_air_sp_c", "wrote 23, the plant reads 22 degC")
    assert days.run(fresh, 5) == []  # nobody has spoken yet
    assert list(days.memory.shelves) == ["h1.inlet"]
    assert days.run(replace(warm(), epoch=2), 3) == ["cleared h2.supply_air_sp_c.not-followed"]


def test_another_clock_does_not_end_or_hold_an_alarm() -> None:
    days = awake()
    days.run(warm(), 5)
    early = replace(warm(), epoch=2)
    early = replace(early, snapshot=replace(early.snapshot, mono_s=5.0))
    memory, changes = alarms(known(), early, days.memory)
    assert changes == ()
    assert list(memory.standing) == ["h1.inlet"]


# --- whatever happens
SPOILS = (
    lambda s: s,
    lambda s: halls(s, worst_inlet_c=[27.4, 25.0]),
    lambda s: halls(s, worst_inlet_c=[29.5, 33.0]),
    lambda s: silent(s, "h1*"),
    lambda s: reading(s, "ch-*/running", 0.0),
    lambda s: faring(s, connected=False),
    lambda s: blocked(s, "h1/supply_air_sp_c", "wrote 23, the plant reads 22 degC"),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SPOILS) - 1), st.integers(1, 25), st.booleans()), max_size=20))
def test_what_the_broker_keeps_is_what_stands(story: list[tuple[int, int, bool]]) -> None:
    days = Days()
    for which, minutes, aside in story:
        days.run(SPOILS[which](calm()), minutes)
        if aside and days.kept:
            ordered(days, next(iter(days.kept)), 0.2)
        assert {alarm.id: alarm for alarm in shown(days.memory)} == days.kept
    lively: dict[str, list[Change]] = {}
    for change in days.changes:
        lively.setdefault(change.alarm.id, []).append(change)
    for changes in lively.values():  # raised and over by turns, never twice the same
        edges = [change.what for change in changes if change.what in {"raised", "cleared"}]
        by_turns = all(one != other for one, other in pairwise(edges))
        assert by_turns or "shelved" in {change.what for change in changes}


def test_the_same_signs_give_the_same_alarms() -> None:
    days, again = awake(), awake()
    for spoil in SPOILS:
        days.run(spoil(calm()), 17)
        again.run(spoil(calm()), 17)
    assert memory_bytes(days.memory) == memory_bytes(again.memory)


@pytest.mark.parametrize("minute", [0, 1])
def test_since_is_when_it_became_an_alarm(minute: int) -> None:
    days = Days(minute=float(minute))
    days.run(warm(33.0), 1)
    assert days.kept["h1.inlet"].since_ns == START_NS + (minute + 1) * 60 * NS_PER_S
