"""Dew point, least lift and hot inlets: what the rooms and the chillers themselves demand."""

from __future__ import annotations

import math

import pytest

from controllers.guard.hot_inlet import hot_inlet, reverting_halls
from controllers.guard.interlocks import dew_point, minimum_lift
from controllers.guard.memory import GuardMemory
from tests.support.states import CHW, CW, H1, H2, UPS_B, a_scene, step_of

NOTHING = GuardMemory()


def test_supply_air_stays_two_kelvin_above_the_dew_point() -> None:
    damp = a_scene().halls(dew_point_c=[18.33, 10.0])
    draft = dew_point(damp.given, NOTHING, damp.draft({H1: 19.0, H2: 19.0}))
    assert draft.value[:2] == (20.4, 19.0)  # 20.33 is not on the grid; hall 2 is dry
    assert step_of(draft, 0).because == "dew point leaves no less than 20.4 degC"


def test_a_room_already_damp_is_not_warmed_by_the_dew_point() -> None:
    damp = a_scene().halls(dew_point_c=21.0)  # would ask for 23 degC, the air stands at 22
    assert dew_point(damp.given, NOTHING, damp.draft({H1: 19.0})).value[0] == 22.0
    still = damp.draft({})
    assert dew_point(damp.given, NOTHING, still) == still


def test_an_unknown_dew_point_does_not_forbid_cooling() -> None:
    unknown = a_scene().halls(dew_point_c=math.nan)
    draft = unknown.draft({H1: 18.0})
    assert dew_point(unknown.given, NOTHING, draft) == draft


def test_chilled_water_rises_only_while_the_lift_is_kept() -> None:
    scene = a_scene().standing({CHW: 10.0, CW: 17.0})
    draft = minimum_lift(scene.given, NOTHING, scene.draft({CHW: 14.0}))
    assert draft.value[2] == 12.0
    assert step_of(draft, 2).because == "least lift 5 K"


def test_condenser_water_falls_only_while_the_lift_is_kept() -> None:
    scene = a_scene().standing({CHW: 14.0, CW: 20.0})
    draft = minimum_lift(scene.given, NOTHING, scene.draft({CW: 16.0}))
    assert draft.value[3] == 19.0


def test_when_both_shorten_the_lift_the_rise_is_given_back_first() -> None:
    scene = a_scene().standing({CHW: 10.0, CW: 20.0})
    draft = minimum_lift(scene.given, NOTHING, scene.draft({CHW: 14.0, CW: 16.0}))
    assert draft.value[2:4] == (11.0, 16.0)


def test_a_lift_found_too_short_is_not_repaired_by_warming() -> None:
    scene = a_scene().standing({CHW: 16.0, CW: 18.0})
    still = scene.draft({})
    assert minimum_lift(scene.given, NOTHING, still) == still


def test_enough_lift_is_left_alone() -> None:
    scene = a_scene()
    draft = scene.draft({CHW: 12.0, CW: 20.0})
    assert minimum_lift(scene.given, NOTHING, draft) == draft


# --- heat
def test_above_the_warning_nothing_warms() -> None:
    warm = a_scene().halls(worst_inlet_c=[27.4, 24.0])
    draft = hot_inlet(warm.given, NOTHING, warm.draft({H1: 22.2, H2: 22.2, CHW: 10.1, CW: 24.2, UPS_B: 1.0}))
    assert draft.value == (22.0, 22.2, 10.0, 24.0, 0.0, 1.0)
    assert step_of(draft, 0).because == "h1: inlet 27.4 degC is above 27, no warming"


def test_above_the_warning_cooling_is_still_allowed() -> None:
    warm = a_scene().halls(worst_inlet_c=27.4)
    draft = warm.draft({H1: 21.8})
    assert hot_inlet(warm.given, NOTHING, draft) == draft


def test_an_unknown_inlet_allows_no_warming() -> None:
    blind = a_scene().halls(worst_inlet_c=math.nan)
    assert hot_inlet(blind.given, NOTHING, blind.draft({H1: 22.2})).value[0] == 22.0


def test_exactly_at_the_warning_is_not_above_it() -> None:
    scene = a_scene().halls(worst_inlet_c=27.0)
    draft = scene.draft({H1: 22.2})
    assert hot_inlet(scene.given, NOTHING, draft) == draft


def test_above_revert_the_hall_and_its_water_go_down_at_their_rate() -> None:
    hot = a_scene().halls(worst_inlet_c=[29.5, 24.0])
    draft = hot_inlet(hot.given, NOTHING, hot.draft({H1: 23.0, H2: 22.2}))
    assert draft.value[0] == pytest.approx(21.6)
    assert draft.value[1] == 22.2  # the other hall is not hot
    assert draft.value[2] == pytest.approx(9.9)
    assert draft.value[3] == 24.0  # colder condenser water does not cool a hall
    assert step_of(draft, 0).because == "h1: inlet 29.5 degC, back to full cooling"


def test_above_panic_the_coldest_permitted_comes_at_once() -> None:
    panic = a_scene().halls(worst_inlet_c=[32.1, 24.0])
    draft = hot_inlet(panic.given, NOTHING, panic.draft({}))
    assert draft.value[:4] == (18.0, 22.0, 8.0, 24.0)
    assert step_of(draft, 0).because == "h1: inlet 32.1 degC, coldest permitted at once"


def test_even_in_panic_the_air_stays_above_the_dew_point() -> None:
    panic = a_scene().halls(worst_inlet_c=33.0, dew_point_c=18.0)
    assert hot_inlet(panic.given, NOTHING, panic.draft({})).value[0] == 20.0


def test_a_hall_that_went_back_stays_there_until_it_is_below_the_warning() -> None:
    going_back = GuardMemory(reverting=("h1",))
    between = a_scene().halls(worst_inlet_c=[27.5, 24.0])
    cooled = a_scene().halls(worst_inlet_c=[26.9, 24.0])
    blind = a_scene().halls(worst_inlet_c=[math.nan, 24.0])
    assert reverting_halls(between.given, going_back) == ("h1",)
    assert reverting_halls(between.given, NOTHING) == ()
    assert reverting_halls(cooled.given, going_back) == ()
    assert reverting_halls(blind.given, going_back) == ("h1",)
    assert between.guarded({}, going_back).memory.reverting == ("h1",)
    assert between.guarded({}, going_back).verdicts[0].value < 22.0


def test_panic_reaches_the_plant_past_every_other_rule() -> None:
    panic = a_scene().halls(worst_inlet_c=32.5).standing({H1: 24.0}, since_s=0.0)
    outcome = panic.guarded({H1: 25.0})
    assert panic.granted(outcome, H1) == 18.0
    assert panic.granted(outcome, CHW) == 8.0
    assert outcome.verdicts[0].write
