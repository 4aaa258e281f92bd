"""A rise must leave each hall its margin, one machine to lose, and time without any cooling."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from controllers.guard import what_if
from controllers.guard.memory import GuardMemory
from controllers.guard.redundancy import predicted_inlet, ride_through, single_failure
from tests.support.facilities import reference_facility
from tests.support.states import CHW, CW, H1, H2, UPS_B, Scene, a_scene, step_of
from twin.model.compiled import compile_site

NOTHING = GuardMemory()
UP = {H1: 22.2, H2: 22.2, CHW: 10.1, CW: 24.2}


def short_of_air() -> Scene:
    """Hall 1 has as many air handlers as it needs and none to lose."""
    return a_scene().halls(it_w=[750e3, 500e3], crah_running=[6, 12])


def test_supply_air_keeps_the_worst_inlet_with_its_doubt_below_the_warning() -> None:
    # 27 less an offset of 4 K less 1.645 times 0.3 K leaves 22.5065
    scene = a_scene().halls(inlet_offset_k=[4.0, 2.0], inlet_sd_k=[0.3, 0.15])
    draft = predicted_inlet(scene.given, NOTHING, scene.draft({H1: 24.0, H2: 24.0}))
    assert draft.value[:2] == (22.5, 24.0)
    assert step_of(draft, 0).because == "worst inlet would pass 27 degC less its doubt"


def test_a_hall_already_past_its_margin_is_not_forced_down_here() -> None:
    scene = a_scene().halls(inlet_offset_k=6.0)
    still = scene.draft({})
    assert predicted_inlet(scene.given, NOTHING, still) == still
    assert predicted_inlet(scene.given, NOTHING, scene.draft({H1: 22.2})).value[0] == 22.0


@pytest.mark.parametrize("column", ["inlet_offset_k", "inlet_sd_k"])
def test_without_an_offset_no_inlet_can_be_predicted(column: str) -> None:
    scene = a_scene().halls(**{column: [math.nan, 1.0]})
    draft = predicted_inlet(scene.given, NOTHING, scene.draft({H1: 22.2}))
    assert draft.value[0] == 22.0
    assert step_of(draft, 0).because == "no inlet can be predicted"


def test_a_hall_that_can_lose_an_air_handler_may_warm() -> None:
    scene = a_scene()
    draft = scene.draft(UP)
    assert single_failure(scene.given, NOTHING, draft) == draft


def test_a_hall_that_cannot_lose_one_does_not_warm() -> None:
    scene = short_of_air()
    draft = single_failure(scene.given, NOTHING, scene.draft(UP))
    assert draft.value == (22.0, 22.2, 10.0, 24.2, 0.0, 0.0)
    assert step_of(draft, 0).step == "redundancy"
    assert step_of(draft, 0).because.endswith("with one air handler lost")


def test_what_is_tight_already_may_still_cool() -> None:
    scene = short_of_air()
    draft = scene.draft({H1: 21.8, CHW: 9.9})
    assert single_failure(scene.given, NOTHING, draft) == draft


def test_the_failure_is_asked_of_the_twin_with_one_air_handler_fewer() -> None:
    scene = a_scene()
    now = what_if.conditions(scene.given)
    usual = what_if.single_failure_c(scene.given, now, scene.draft({}))
    tight = short_of_air()
    lost = what_if.single_failure_c(tight.given, what_if.conditions(tight.given), tight.draft({}))
    assert np.all(usual < 27.0)
    assert lost[0] > 29.0


def test_condenser_water_rises_only_if_one_chiller_fewer_could_carry_the_load() -> None:
    loaded = a_scene().halls(it_w=1.3e6, crah_running=24.0)  # two chillers of three carry about 2.4 MW
    rising = loaded.draft({CW: 24.2})
    draft = single_failure(loaded.given, NOTHING, rising)
    assert draft.value[3] == 24.0
    assert draft.steps[3][-1].because == "one chiller fewer could not carry the load"
    light = a_scene()
    assert single_failure(light.given, NOTHING, light.draft({CW: 24.2})).value[3] == 24.2


@pytest.mark.parametrize("unknown", ["outdoor_c", "wet_bulb_c"])
def test_when_the_twin_cannot_be_asked_nothing_rises(unknown: str) -> None:
    scene = a_scene().plant(**{unknown: math.nan})
    draft = single_failure(scene.given, NOTHING, scene.draft({**UP, UPS_B: 1.0}))
    assert draft.value == (22.0, 22.0, 10.0, 24.0, 0.0, 1.0)  # ECO has conditions of its own


def test_without_a_rise_the_twin_is_not_asked() -> None:
    scene = a_scene().plant(wet_bulb_c=math.nan)
    draft = scene.draft({H1: 21.8, UPS_B: 1.0})
    assert single_failure(scene.given, NOTHING, draft) == draft
    assert ride_through(scene.given, NOTHING, draft) == draft


def test_with_time_enough_after_losing_all_cooling_the_hall_may_warm() -> None:
    scene = a_scene()
    draft = scene.draft(UP)
    left = what_if.endurance(scene.given, what_if.conditions(scene.given), draft)
    assert left.grid_s.tolist() == left.air_handler_s.tolist() == [240.0, 240.0]  # it looks no further than asked
    assert ride_through(scene.given, NOTHING, draft) == draft


def test_without_it_the_hall_and_its_chilled_water_stay() -> None:
    scene = a_scene().limited(ride_through_min_s=7201.0)  # longer than the twin looks ahead
    draft = ride_through(scene.given, NOTHING, scene.draft(UP))
    assert draft.value == (22.0, 22.0, 10.0, 24.2, 0.0, 0.0)
    assert step_of(draft, 0).because.endswith("s with the grid lost, needed 7201 s")


def test_an_unknown_ride_through_counts_as_none() -> None:
    scene = a_scene().halls(it_w=[math.nan, 500e3])
    draft = ride_through(scene.given, NOTHING, scene.draft(UP))
    assert draft.value[0] == 22.0
    assert draft.value[2] == 10.0


def test_warmer_water_and_air_leave_less_time() -> None:
    scene = a_scene().limited(ride_through_min_s=7200.0)
    now = what_if.conditions(scene.given)
    cold = what_if.endurance(scene.given, now, scene.draft({H1: 22.0, CHW: 8.0}))
    warm = what_if.endurance(scene.given, now, scene.draft({H1: 25.0, CHW: 14.0}))
    assert warm.grid_s[0] < cold.grid_s[0]


def test_a_hall_without_a_setpoint_is_asked_at_its_measured_air() -> None:
    scene = a_scene().halls(supply_air_c=[21.3, 22.0])
    supply_c, chws_c = what_if.supply_and_water(scene.given, scene.draft({H1: 24.0, CHW: 11.0}))
    assert supply_c.tolist() == [24.0, 22.0]
    assert chws_c == 11.0
    assert scene.state.halls.supply_air_c.tolist() == [21.3, 22.0]  # the state itself is not touched


def test_without_the_grid_the_batteries_must_last_as_long_as_the_halls() -> None:
    scene = a_scene().ups(battery_frac=0.1)  # of ten minutes at full load, at a quarter of it
    draft = ride_through(scene.given, NOTHING, scene.draft(UP))
    assert draft.value == (22.0, 22.0, 10.0, 24.2, 0.0, 0.0)
    assert step_of(draft, 0).step == "ride_through"
    assert step_of(draft, 0).because.endswith("s on battery, needed 240 s")
    charged = a_scene().ups(battery_frac=0.2)
    assert ride_through(charged.given, NOTHING, charged.draft(UP)) == charged.draft(UP)


def test_a_charge_that_nobody_knows_carries_nothing() -> None:
    scene = a_scene().ups(battery_frac=math.nan)
    draft = ride_through(scene.given, NOTHING, scene.draft(UP))
    assert draft.value[:3] == (22.0, 22.0, 10.0)
    assert step_of(draft, 2).because == "the charge of no UPS battery is known"
    one = a_scene().ups(battery_frac=[math.nan, 1.0])
    assert ride_through(one.given, NOTHING, one.draft(UP)) == one.draft(UP)  # the other side carries both shares


def test_nothing_warms_while_one_ups_side_could_not_carry_the_whole_load() -> None:
    scene = a_scene().ups(output_w=[1050e3, 1000e3])
    draft = ride_through(scene.given, NOTHING, scene.draft(UP))
    assert draft.value == (22.0, 22.0, 10.0, 24.2, 0.0, 0.0)
    assert step_of(draft, 0).step == "redundancy"
    assert step_of(draft, 0).because == "without ups-a the UPS could not carry 2050 kW"


def test_halls_that_are_still_warm_are_not_taken_for_settled_ones() -> None:
    scene = a_scene().limited(ride_through_min_s=7200.0)
    now, draft = what_if.conditions(scene.given), scene.draft({})
    warm = scene.halls(zone_air_c=40.0, zone_metal_c=55.0)
    usual_s = what_if.endurance(scene.given, now, draft).grid_s
    assert np.all(what_if.endurance(warm.given, now, draft).grid_s < usual_s)
    water = scene.plant(chws_c=14.0)
    assert np.all(what_if.endurance(water.given, now, draft).grid_s < usual_s)


def test_where_the_ups_does_not_carry_fans_and_pumps_no_hall_warms() -> None:
    scene = a_scene()
    power = replace(scene.facility.power, ups_carries_cooling=False)
    bare = replace(scene, facility=replace(scene.facility, power=power))
    draft = ride_through(bare.given, NOTHING, bare.draft(UP))
    assert draft.value[:3] == (22.0, 22.0, 10.0)
    assert step_of(draft, 0).because == "h1: 0 s with the grid lost, needed 240 s"


def test_condenser_water_rises_only_if_one_tower_cell_fewer_would_do() -> None:
    # chillers that carry less above warm condenser water; three of them run and reject into three cells
    usual = reference_facility()
    chillers = replace(usual.plant.chillers, curve="york-ys-781kw")
    facility = replace(usual, plant=replace(usual.plant, chillers=chillers))
    base = replace(a_scene(), facility=facility, site=compile_site(facility))
    hard = base.halls(it_w=1.85e6, crah_running=40.0).plant(wet_bulb_c=26.0, outdoor_c=38.0, chillers_running=3)
    easy = base.halls(it_w=1.6e6, crah_running=40.0).plant(wet_bulb_c=26.0, outdoor_c=38.0, chillers_running=3)
    for scene, short in ((hard, True), (easy, False)):
        draft = scene.draft({CW: 24.2})
        assert what_if.short_of_towers(scene.given, what_if.conditions(scene.given), draft) is short
    draft = single_failure(hard.given, NOTHING, hard.draft({CW: 24.2}))
    assert draft.value[3] == 24.0
    assert draft.steps[3][0].because.startswith("one chiller fewer")  # harder still, and told first
