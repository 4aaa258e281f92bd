"""ECO only while everything that makes a transfer harmless is known to hold."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from controllers.guard.memory import GuardMemory
from controllers.guard.ups_eco import CALM_AFTER_EVENT_NS, mains_events, obstacle, ups_eco
from tests.support.states import T0_NS, UPS_A, UPS_B, Scene, a_scene, step_of
from twin.domain.clock import NS_PER_S

NOTHING = GuardMemory()


def in_eco(scene: Scene, memory: GuardMemory = NOTHING) -> tuple[float, float]:
    """What becomes of the wish to put side B into ECO, and side A as it stands."""
    value = ups_eco(scene.given, memory, scene.draft({UPS_B: 1.0})).value
    return value[4], value[5]


def test_one_side_may_go_to_eco_when_all_is_well() -> None:
    assert in_eco(a_scene()) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"output_w": [550e3, 150e3]}, "load 8% below 10%"),
        ({"output_w": [550e3, math.nan]}, "load nan% below 10%"),
        ({"mains_deviation_frac": [0.0, 0.051]}, "mains outside the band for ECO, on a generator, or unknown"),
        ({"mains_deviation_frac": [0.0, -0.051]}, "mains outside the band for ECO, on a generator, or unknown"),
        ({"mains_deviation_frac": [0.0, math.nan]}, "mains outside the band for ECO, on a generator, or unknown"),
        ({"thd_frac": [0.0, 0.06]}, "mains outside the band for ECO, on a generator, or unknown"),
        ({"thd_frac": [0.0, math.nan]}, "mains outside the band for ECO, on a generator, or unknown"),
        ({"on_generator": [0.0, 1.0]}, "mains outside the band for ECO, on a generator, or unknown"),
        ({"battery_frac": [1.0, 0.89]}, "battery not known to be above 90%"),
        ({"battery_frac": [1.0, math.nan]}, "battery not known to be above 90%"),
        ({"output_w": [1100e3, 950e3]}, "this side could not carry the whole load"),
    ],
)
def test_each_condition_alone_keeps_the_side_in_double_conversion(spoilt: dict[str, list[float]], reason: str) -> None:
    scene = a_scene().ups(**spoilt)
    draft = ups_eco(scene.given, NOTHING, scene.draft({UPS_B: 1.0}))
    assert draft.value[5] == 0.0
    assert step_of(draft, 5).because == reason


def test_a_side_already_in_eco_goes_back_at_once_when_a_condition_fails() -> None:
    scene = a_scene().standing({UPS_B: 1.0}, since_s=10.0).ups(on_generator=1.0)
    outcome = scene.guarded({UPS_B: 1.0})
    assert scene.granted(outcome, UPS_B) == 0.0
    assert outcome.verdicts[5].write


def test_of_two_wishing_sides_the_first_goes_and_the_other_stays() -> None:
    scene = a_scene()
    draft = ups_eco(scene.given, NOTHING, scene.draft({UPS_A: 1.0, UPS_B: 1.0}))
    assert draft.value[4:] == (1.0, 0.0)
    assert step_of(draft, 5).because == "one side stays in double conversion"


def test_of_two_wishing_sides_the_one_already_there_keeps_it() -> None:
    scene = a_scene().standing({UPS_B: 1.0})
    draft = ups_eco(scene.given, NOTHING, scene.draft({UPS_A: 1.0, UPS_B: 1.0}))
    assert draft.value[4:] == (0.0, 1.0)


def test_after_a_mains_event_four_hours_pass_in_double_conversion() -> None:
    scene = a_scene()
    just_now = GuardMemory(mains_event_ns={"ups-b": T0_NS - CALM_AFTER_EVENT_NS + NS_PER_S})
    long_ago = GuardMemory(mains_event_ns={"ups-b": T0_NS - CALM_AFTER_EVENT_NS})
    assert in_eco(scene, just_now) == (0.0, 0.0)
    assert in_eco(scene, long_ago) == (0.0, 1.0)
    side_b = scene.facility.power.ups[1]
    assert obstacle(scene.given, just_now, side_b) == "a mains event less than 4 h ago"
    assert obstacle(scene.given, long_ago, side_b) == ""


def test_a_mains_event_is_remembered_and_an_unknown_mains_is_none() -> None:
    dip = a_scene().ups(mains_deviation_frac=[-0.2, 0.0])
    unknown = a_scene().ups(mains_deviation_frac=[math.nan, 0.0])
    assert mains_events(dip.given, NOTHING) == {"ups-a": T0_NS}
    assert mains_events(unknown.given, NOTHING) == {}
    assert dip.guarded({}).memory.mains_event_ns == {"ups-a": T0_NS}


def test_an_event_of_this_very_cycle_already_counts() -> None:
    dip = a_scene().ups(mains_deviation_frac=[0.0, -0.2]).standing({UPS_B: 1.0})
    first = dip.guarded({UPS_B: 1.0})
    assert dip.granted(first, UPS_B) == 0.0
    calm_again = a_scene()
    assert calm_again.granted(calm_again.guarded({UPS_B: 1.0}, first.memory), UPS_B) == 0.0


def test_the_wish_for_double_conversion_needs_no_conditions() -> None:
    scene = a_scene().ups(output_w=math.nan, battery_frac=math.nan).standing({UPS_B: 1.0})
    draft = scene.draft({UPS_B: 0.0})
    assert ups_eco(scene.given, NOTHING, draft) == draft


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"output_w": [150e3, 550e3]}, "ups-a carries less than 10%: under maintenance"),
        ({"on_generator": [1.0, 0.0]}, "ups-a is on a generator, on battery, or unknown"),
    ],
)
def test_a_side_goes_to_eco_only_while_the_other_is_there_to_take_over(
    spoilt: dict[str, list[float]], reason: str
) -> None:
    scene = a_scene().ups(**spoilt)
    draft = ups_eco(scene.given, NOTHING, scene.draft({UPS_B: 1.0}))
    assert draft.value[5] == 0.0
    assert step_of(draft, 5).because == reason


def test_a_side_that_somebody_holds_on_the_spot_may_be_under_maintenance() -> None:
    scene = a_scene()
    held = scene.state.held_by_operator.copy()
    held[scene.index(UPS_A)] = 1
    scene = scene.believing(held_by_operator=held)
    assert obstacle(scene.given, NOTHING, scene.facility.power.ups[1]) == "ups-a is held locally: under maintenance"
    assert in_eco(scene) == (0.0, 0.0)


def test_the_smaller_of_two_sides_must_carry_the_whole_load_too() -> None:
    scene = a_scene()
    small = replace(scene.facility.power.ups[0], modules=5)  # 1 MW for a load of 1.1 MW
    power = replace(scene.facility.power, ups=(small, scene.facility.power.ups[1]))
    scene = replace(scene, facility=replace(scene.facility, power=power))
    assert obstacle(scene.given, NOTHING, power.ups[1]) == "ups-a could not carry its part without ups-b"
