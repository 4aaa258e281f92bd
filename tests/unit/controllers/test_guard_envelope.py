"""Limits, ramps and dwell: the guard steps that look at the setpoint alone."""

from __future__ import annotations

import math

import pytest

from controllers.guard.envelope import absolute, dwell, rate, recent_changes
from controllers.guard.memory import GuardMemory
from tests.support.states import CHW, CW, H1, T0_NS, UPS_B, a_scene, step_of
from twin.domain.clock import NS_PER_S

NOTHING = GuardMemory()
HOUR_NS = 3600 * NS_PER_S


@pytest.mark.parametrize(
    ("wish", "granted", "reason"),
    [
        (25.1, 25.0, "above the limit 25 degC"),
        (math.inf, 22.0, "the wish is not a number"),
        (math.nan, 22.0, "the wish is not a number"),
        (-math.inf, 22.0, "the wish is not a number"),
        (17.9, 18.0, "below the limit 18 degC"),
        (-22.0, 18.0, "below the limit 18 degC"),
        (1e300, 25.0, "above the limit 25 degC"),
    ],
)
def test_a_wish_outside_the_limits_is_brought_to_them(wish: float, granted: float, reason: str) -> None:
    scene = a_scene()
    draft = absolute(scene.given, NOTHING, scene.draft({H1: wish}))
    assert draft.value[0] == granted
    assert step_of(draft, 0).step == "limits"
    assert step_of(draft, 0).because == reason


@pytest.mark.parametrize("wish", [18.0, 22.0, 25.0])
def test_a_wish_within_the_limits_is_left_alone(wish: float) -> None:
    scene = a_scene()
    draft = scene.draft({H1: wish})
    assert absolute(scene.given, NOTHING, draft) == draft


def test_warming_is_slower_than_cooling() -> None:
    scene = a_scene()  # two cycles of a minute at 0.1 K/min up, 0.2 K/min down
    up = rate(scene.given, NOTHING, scene.draft({H1: 25.0}))
    down = rate(scene.given, NOTHING, scene.draft({H1: 18.0}))
    assert up.value[0] == pytest.approx(22.2)
    assert down.value[0] == pytest.approx(21.6)
    assert step_of(up, 0).because == "at most 0.1 degC/min up"
    assert step_of(down, 0).because == "at most 0.2 degC/min down"


def test_a_step_within_the_ramp_is_granted_as_wished() -> None:
    scene = a_scene()
    draft = scene.draft({H1: 22.1, CW: 23.9})
    assert rate(scene.given, NOTHING, draft) == draft


def test_an_hour_at_rest_buys_no_jump() -> None:
    rested = a_scene().standing({H1: 22.0}, since_s=86_400.0)
    assert rate(rested.given, NOTHING, rested.draft({H1: 25.0})).value[0] == pytest.approx(22.2)


def test_right_after_a_change_nothing_moves() -> None:
    scene = a_scene().standing({H1: 22.0}, since_s=0.0)
    assert rate(scene.given, NOTHING, scene.draft({H1: 23.0})).value[0] == 22.0
    assert rate(scene.given, NOTHING, scene.draft({H1: 21.0})).value[0] == 22.0


def test_a_ramp_slower_than_its_grid_waits_until_a_whole_step_is_due() -> None:
    # 0.05 K/min on a grid of 0.1 K: a step is due after two minutes
    early = a_scene().standing({CHW: 10.0}, since_s=110.0)
    due = a_scene().standing({CHW: 10.0}, since_s=120.0)
    assert rate(early.given, NOTHING, early.draft({CHW: 12.0})).value[2] == 10.0
    assert rate(due.given, NOTHING, due.draft({CHW: 12.0})).value[2] == pytest.approx(10.1)


def test_a_wish_between_two_steps_is_rounded_away_from_warm() -> None:
    scene = a_scene()
    draft = rate(scene.given, NOTHING, scene.draft({H1: 22.17}))
    assert draft.value[0] == pytest.approx(22.1)
    assert step_of(draft, 0).because == "in steps of 0.1"


def test_a_setpoint_above_its_envelope_may_come_back_at_once() -> None:
    scene = a_scene().standing({H1: 27.3})
    assert rate(scene.given, NOTHING, scene.draft({H1: 25.0})).value[0] == 25.0


def test_a_setpoint_below_its_envelope_is_not_warmed_into_it_but_given_back() -> None:
    scene = a_scene().standing({H1: 15.0})
    draft = rate(scene.given, NOTHING, scene.draft({H1: 18.0}))
    assert draft.value[0] == 15.0
    assert not draft.write[0]
    assert draft.release[0]
    assert draft.steps[0][-1].because == "stands at 15, below its limit 18"


def test_a_mode_is_never_half() -> None:
    scene = a_scene()
    assert rate(scene.given, NOTHING, scene.draft({UPS_B: 0.49})).value[5] == 0.0
    assert rate(scene.given, NOTHING, scene.draft({UPS_B: 0.51})).value[5] == 1.0


def test_a_mode_rests_between_changes() -> None:
    scene = a_scene().standing({UPS_B: 0.0}, since_s=3599.0)
    draft = dwell(scene.given, NOTHING, scene.draft({UPS_B: 1.0}))
    assert draft.value[5] == 0.0
    assert step_of(draft, 5).because == "changed 3599 s ago, dwell is 3600 s"


def test_a_rested_mode_may_change() -> None:
    scene = a_scene().standing({UPS_B: 0.0}, since_s=3600.0)
    assert dwell(scene.given, NOTHING, scene.draft({UPS_B: 1.0})).value[5] == 1.0


def test_a_mode_changes_only_so_often_in_a_day() -> None:
    scene = a_scene()
    four = GuardMemory(changed_ns={UPS_B: tuple(T0_NS - k * HOUR_NS for k in (20, 15, 10, 5))})
    draft = dwell(scene.given, four, scene.draft({UPS_B: 1.0}))
    assert draft.value[5] == 0.0
    assert step_of(draft, 5).because == "4 changes in 24 h, at most 4"


def test_changes_older_than_a_day_do_not_count() -> None:
    scene = a_scene()
    old = GuardMemory(changed_ns={UPS_B: tuple(T0_NS - k * HOUR_NS for k in (24, 15, 10, 5))})
    assert recent_changes(old, UPS_B, T0_NS) == tuple(T0_NS - k * HOUR_NS for k in (15, 10, 5))
    assert dwell(scene.given, old, scene.draft({UPS_B: 1.0})).value[5] == 1.0


def test_the_way_back_to_double_conversion_is_always_open() -> None:
    scene = a_scene().standing({UPS_B: 1.0}, since_s=1.0)
    many = GuardMemory(changed_ns={UPS_B: tuple(T0_NS - k * NS_PER_S for k in range(1, 9))})
    assert dwell(scene.given, many, scene.draft({UPS_B: 0.0})).value[5] == 0.0


def test_a_mode_change_that_leaves_is_remembered() -> None:
    scene = a_scene()
    assert scene.guarded({UPS_B: 1.0}).memory.changed_ns == {UPS_B: (T0_NS,)}
    assert scene.guarded({}).memory.changed_ns == {}
