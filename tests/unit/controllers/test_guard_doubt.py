"""What is not known counts against warming and never against cooling."""

from __future__ import annotations

import math

import pytest

from controllers.guard.doubt import MAX_INLET_SD_K, confidence, inputs, withhold
from controllers.guard.memory import GuardMemory
from tests.support.states import CHW, CW, H1, H2, UPS_B, a_scene, step_of
from twin.domain.points import Quality

NOTHING = GuardMemory()
UP = {H1: 22.2, H2: 22.2, CHW: 10.1, CW: 24.2, UPS_B: 1.0}
DOWN = {H1: 21.8, H2: 21.8, CHW: 9.9, CW: 23.8}


def test_with_every_input_good_the_wish_passes() -> None:
    scene = a_scene()
    draft = scene.draft(UP)
    assert inputs(scene.given, NOTHING, draft) == draft
    assert confidence(scene.given, NOTHING, draft) == draft
    assert withhold(scene.given, NOTHING, draft) == draft


def test_a_missing_input_forbids_every_rise_and_is_named() -> None:
    blind = a_scene().believing(missing=("outdoor/wet_bulb_c",))
    draft = inputs(blind.given, NOTHING, blind.draft(UP))
    assert draft.value == (22.0, 22.0, 10.0, 24.0, 0.0, 0.0)
    assert step_of(draft, 0).because == "missing outdoor/wet_bulb_c"


def test_many_missing_inputs_are_counted_not_listed() -> None:
    blind = a_scene().believing(missing=("a", "b", "c", "d", "e"))
    assert step_of(inputs(blind.given, NOTHING, blind.draft(UP)), 0).because == "missing a, b, c and 2 more"


def test_a_missing_input_does_not_forbid_cooling() -> None:
    blind = a_scene().believing(missing=("outdoor/wet_bulb_c",))
    draft = blind.draft(DOWN)
    assert inputs(blind.given, NOTHING, draft) == draft
    assert withhold(blind.given, NOTHING, draft).write[:4] == (True,) * 4


@pytest.mark.parametrize("quorum", [0.79, 0.0, math.nan])
def test_a_hall_with_too_few_good_inlets_does_not_warm_nor_does_its_water(quorum: float) -> None:
    thin = a_scene().halls(quorum_frac=[quorum, 1.0])
    draft = inputs(thin.given, NOTHING, thin.draft(UP))
    assert draft.value == (22.0, 22.2, 10.0, 24.0, 0.0, 1.0)
    assert step_of(draft, 0).step == "inputs"


def test_exactly_the_quorum_is_enough() -> None:
    scene = a_scene().halls(quorum_frac=0.8)
    draft = scene.draft(UP)
    assert inputs(scene.given, NOTHING, draft) == draft


@pytest.mark.parametrize("quality", [Quality.BAD, Quality.STALE, Quality.MISSING])
def test_a_setpoint_that_cannot_be_read_back_does_not_rise(quality: Quality) -> None:
    scene = a_scene().readback(H1, quality)
    draft = inputs(scene.given, NOTHING, scene.draft(UP))
    assert draft.value[:2] == (22.0, 22.2)
    assert step_of(draft, 0).because == "its readback is not usable"


def test_a_suspect_readback_is_still_a_readback() -> None:
    scene = a_scene().readback(H1, Quality.SUSPECT)
    assert inputs(scene.given, NOTHING, scene.draft(UP)).value[0] == 22.2


@pytest.mark.parametrize("sd_k", [MAX_INLET_SD_K + 0.01, math.nan, math.inf])
def test_an_uncertain_inlet_forbids_the_rise_of_its_hall_and_water(sd_k: float) -> None:
    scene = a_scene().halls(inlet_sd_k=[0.15, sd_k])
    draft = confidence(scene.given, NOTHING, scene.draft(UP))
    assert draft.value == (22.2, 22.0, 10.0, 24.0, 0.0, 1.0)
    assert step_of(draft, 1).because.startswith("h2: inlet uncertainty")


def test_while_inputs_are_missing_a_lease_above_the_local_setpoint_may_run_out() -> None:
    blind = a_scene().believing(missing=("x",)).standing({H1: 23.0})  # the site's own is 22
    draft = withhold(blind.given, NOTHING, blind.draft({}))
    assert not draft.write[0]
    assert not draft.release[0]  # let it run out; do not jump
    assert step_of(draft, 0).because == "inputs are missing: the lease may run out"


def test_while_inputs_are_missing_a_lease_below_the_local_setpoint_is_renewed() -> None:
    blind = a_scene().believing(missing=("x",)).standing({H1: 21.0})
    assert withhold(blind.given, NOTHING, blind.draft({})).write[0]


NOTHING_READ = {"outdoor_c": math.nan, "wet_bulb_c": math.nan, "chws_c": math.nan}


def test_when_nothing_can_be_read_every_point_is_given_back_but_what_was_ordered() -> None:
    dark = a_scene().plant(**NOTHING_READ).halls(supply_air_c=math.nan, worst_inlet_c=math.nan, it_w=math.nan)
    dark = dark.believing(missing=("x",)).standing({H1: 21.0, CHW: 9.0}).allowed(H2, fixed=20.0)
    draft = withhold(dark.given, NOTHING, dark.draft({}))
    ordered = dark.index(H2)
    assert [not released for released in draft.release] == [i == ordered for i in range(6)]
    assert step_of(draft, 0).because == "nothing can be read"


@pytest.mark.parametrize("seen", [{"worst_inlet_c": [24.0, math.nan]}, {"it_w": [4e5, math.nan]}, {}])
def test_one_reading_left_is_not_nothing(seen: dict[str, list[float]]) -> None:
    dark = dict.fromkeys(("supply_air_c", "worst_inlet_c", "it_w"), math.nan)
    left = NOTHING_READ if seen else NOTHING_READ | {"outdoor_c": 20.0}
    scene = a_scene().plant(**left).halls(**(dark | seen)).believing(missing=("x",))
    assert not any(withhold(scene.given, NOTHING, scene.draft({})).release)


def test_supply_air_serves_its_hall_and_water_serves_every_hall() -> None:
    scene = a_scene()
    assert [[a.point for a in serving] for serving in scene.given.rows.serving] == [[H1, CHW, CW], [H2, CHW, CW]]
