"""The search: never behind hold or the site's rules by the twin's own reckoning, and always the same."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from controllers.decide.evaluate import Judge
from controllers.decide.hold import standing
from controllers.decide.memory import DecideMemory, PlanMemory, ResetMemory
from controllers.decide.predictive import Predictive
from controllers.decide.reset_rules import rules_step
from controllers.storage import from_dict, to_dict
from tests.support.chance import Chance, a_likely_site, a_site
from tests.support.states import CHW, CW, H1, H2, POINTS, T0_NS, UPS_A, UPS_B, Scene, a_scene, control_settings
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S
from twin.domain.decisions import Candidate, Plan

FRESH = DecideMemory()


def decided(scene: Scene, memory: DecideMemory = FRESH) -> Plan:
    return Predictive().decide(scene.task, memory)[0]


def judged(scene: Scene, **setpoints: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[Candidate]:
    return Judge(scene.task).judged(list(setpoints.items()))


def a_known_site(seed: int) -> Scene:
    """A drawn site whose every input is there."""
    drawn = a_site(seed)
    halls, plant = drawn.state.halls, drawn.state.plant
    return drawn.halls(
        it_w=np.nan_to_num(halls.it_w, nan=5e5).tolist(),
        supply_air_c=np.nan_to_num(halls.supply_air_c, nan=22.0).tolist(),
        inlet_offset_k=np.nan_to_num(halls.inlet_offset_k, nan=2.0).tolist(),
        inlet_sd_k=np.nan_to_num(halls.inlet_sd_k, nan=0.2).tolist(),
    ).plant(
        outdoor_c=float(np.nan_to_num(plant.outdoor_c, nan=25.0)),
        wet_bulb_c=float(np.nan_to_num(plant.wet_bulb_c, nan=15.0)),
    )


def a_memory(seed: int) -> DecideMemory:
    """None, or a target that was pursued before."""
    chance = Chance(seed)
    if chance.often(0.3):
        return FRESH
    points = {H1: (18.0, 25.0), H2: (18.0, 25.0), CHW: (8.0, 18.0), CW: (16.0, 30.0), UPS_B: (0.0, 0.0)}
    return DecideMemory(plan=PlanMemory({p: round(chance.between(*limits), 1) for p, limits in points.items()}))


@pytest.mark.parametrize("seed", range(60))
def test_the_choice_is_never_worse_than_hold_or_the_rules_in_the_same_evaluation(seed: int) -> None:
    scene = a_likely_site(seed) if seed < 50 else a_known_site(seed)
    plan = decided(scene, a_memory(seed))
    rules, _, _ = rules_step(scene.task, ResetMemory())
    chosen, hold, by_rules = judged(scene, chosen=plan.chosen.setpoint, hold=standing(scene.task), reset_rules=rules)
    assert plan.chosen.facility_w == pytest.approx(chosen.facility_w, rel=1e-12)
    assert plan.hold.facility_w == pytest.approx(hold.facility_w, rel=1e-12)
    for other in (hold, by_rules):
        if other.feasible:
            assert chosen.feasible
            assert chosen.facility_w <= other.facility_w + 1e-6


def test_most_of_the_likely_sites_could_hold_so_that_the_law_above_says_something() -> None:
    scenes = [a_likely_site(seed) for seed in range(50)]
    assert sum(judged(scene, hold=standing(scene.task))[0].feasible for scene in scenes) > 40
    assert {decided(scene, a_memory(seed)).chosen.name for seed, scene in enumerate(scenes)} >= {"hold", "search"}


@pytest.mark.parametrize("seed", range(30, 50))
def test_only_free_setpoints_move_and_only_within_their_limits(seed: int) -> None:
    scene = a_known_site(seed)
    chosen = decided(scene).chosen.setpoint
    stands = standing(scene.task)
    for actuator in scene.limits.actuators:
        i = actuator.index
        if not scene.authority.free(i):
            assert chosen[i] == stands[i]
        elif chosen[i] != stands[i]:
            assert actuator.low - 1e-9 <= chosen[i] <= actuator.high + 1e-9


@pytest.mark.parametrize("seed", range(50, 60))
def test_the_same_task_gives_the_same_bytes(seed: int) -> None:
    scene = a_known_site(seed)
    one, remembered = Predictive().decide(scene.task, FRESH)
    two, again = Predictive().decide(scene.task, FRESH)
    assert one.chosen.setpoint.tobytes() == two.chosen.setpoint.tobytes()
    assert repr(one) == repr(two)
    assert msgspec.msgpack.encode(remembered) == msgspec.msgpack.encode(again)


def test_on_a_calm_afternoon_it_saves_and_says_so() -> None:
    plan = decided(a_scene())
    assert plan.chosen.facility_w < 0.98 * plan.hold.facility_w
    assert plan.chosen.feasible
    assert plan.reason[0].endswith("saves power")
    assert plan.runner_up is not None
    assert plan.runner_up.facility_w >= plan.chosen.facility_w


def test_it_plans_no_inlet_above_the_warning_less_the_doubt() -> None:
    scene = a_scene().halls(inlet_offset_k=3.5, inlet_sd_k=0.4)
    plan = decided(scene)
    assert plan.chosen.worst_inlet_c <= 27.0 - 1.645 * 0.4 + 1e-6


def test_it_keeps_the_least_lift_and_the_dew_point() -> None:
    damp = a_scene().halls(dew_point_c=19.0).plant(wet_bulb_c=5.0)
    chosen = decided(damp).chosen.setpoint
    assert chosen[3] - chosen[2] >= 5.0 - 1e-6
    assert np.all(chosen[:2] >= 21.0 - 1e-6)


@pytest.mark.parametrize("lost", ["it_w", "supply_air_c", "inlet_offset_k"])
def test_when_the_twin_cannot_be_asked_it_holds_and_forgets_its_plan(lost: str) -> None:
    scene = a_scene().halls(**{lost: [math.nan, 2.0]})
    plan, memory = Predictive().decide(scene.task, DecideMemory(plan=PlanMemory({H1: 24.0})))
    assert plan.chosen.setpoint.tolist() == scene.previous.value.tolist()
    assert plan.reason == ("the twin cannot be asked: an input is missing",) * 6
    assert memory.plan == PlanMemory()


def test_small_gains_are_not_worth_a_change() -> None:
    scene = replace(a_scene(), control=control_settings(min_saving_frac=0.99))
    plan, memory = Predictive().decide(scene.task, FRESH)
    assert plan.chosen is plan.hold
    assert plan.reason == ("hold: nothing saves enough",) * 6
    assert memory.plan == PlanMemory()  # nothing was begun: whoever moves the plant meanwhile is not pulled back


def test_a_plan_that_has_arrived_is_over() -> None:
    first, memory = Predictive().decide(a_scene().task, FRESH)
    there = a_scene().standing(memory.plan.target)
    plan, memory = Predictive().decide(there.task, memory)
    assert plan.chosen.setpoint.tolist() == first.chosen.setpoint.tolist()
    assert plan.chosen is plan.hold
    assert memory.plan == PlanMemory()


def test_it_goes_on_with_what_it_began() -> None:
    scene = a_scene()
    first, memory = Predictive().decide(scene.task, FRESH)
    assert memory.plan.target == dict(zip(POINTS, first.chosen.setpoint.tolist(), strict=True))
    # a minute later the plant has moved a little towards it, and the target stays
    on_the_way = scene.standing({H1: 21.9, CHW: 10.1}, since_s=30.0)
    second, _ = Predictive().decide(on_the_way.task, memory)
    assert second.chosen.name == "standing target"
    assert second.chosen.setpoint.tolist() == first.chosen.setpoint.tolist()


def test_what_breaks_a_limit_is_left_and_the_limit_named() -> None:
    scene = a_scene().standing({H1: 24.0, H2: 24.0}).halls(inlet_offset_k=4.0)
    plan = decided(scene)
    assert not plan.hold.feasible
    assert plan.hold.binding == "worst inlet"
    assert plan.chosen.feasible
    assert plan.reason[0] == "leave: worst inlet does not allow the present setpoints"


def test_where_nothing_is_feasible_the_coolest_is_chosen() -> None:
    plan = decided(a_scene().halls(inlet_offset_k=15.0))
    assert not plan.chosen.feasible
    assert plan.chosen.worst_inlet_c <= plan.hold.worst_inlet_c


def test_an_operators_value_is_planned_as_done() -> None:
    plan = decided(a_scene().allowed(H1, fixed=19.5))
    assert plan.chosen.setpoint[0] == 19.5
    assert plan.hold.setpoint[0] == 19.5


def test_points_behind_in_authority_are_planned_as_they_stand() -> None:
    plan = decided(a_scene().allowed(CHW, Mode.SHADOW).allowed(UPS_B, Mode.ADVISE).allowed(UPS_A, held=True))
    assert plan.chosen.setpoint[2] == 10.0
    assert plan.chosen.setpoint[4:].tolist() == [0.0, 0.0]


def test_in_shadow_it_plans_what_it_would_do() -> None:
    scene = a_scene()
    for point in POINTS:
        scene = scene.allowed(point, Mode.SHADOW)
    assert decided(scene).chosen.setpoint.tolist() == decided(a_scene()).chosen.setpoint.tolist()


def test_the_rules_timers_run_along_so_that_they_can_take_over() -> None:
    scene = a_scene()
    _, memory = Predictive().decide(scene.task, FRESH)
    assert memory.reset.started_ns == T0_NS
    later = scene.believing(now_ns=T0_NS + 600 * NS_PER_S)
    _, memory = Predictive().decide(later.task, memory)
    assert memory.reset.started_ns == T0_NS
    assert memory.reset.hall_step_ns == {"h1": later.state.now_ns, "h2": later.state.now_ns}


def test_what_it_remembers_survives_a_restart() -> None:
    _, memory = Predictive().decide(a_scene().task, FRESH)
    assert from_dict(DecideMemory, msgspec.json.decode(msgspec.json.encode(to_dict(memory)))) == memory
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=DecideMemory) == memory


# --- the judge
def test_the_price_of_carbon_is_in_the_cost() -> None:
    free, dear = a_scene(), replace(a_scene(), control=control_settings(co2_price_per_kg=1.0))
    stands = free.previous.value
    (one,), (other,) = judged(free, hold=stands), judged(dear, hold=stands)
    assert one.facility_w == other.facility_w
    assert one.cost_per_h == pytest.approx(one.facility_w / 1e3 * (0.7 + 0.08 * 0.55))
    assert other.cost_per_h == pytest.approx(one.facility_w / 1e3 * (0.7 + 1.0 * 0.55))


@pytest.mark.parametrize(
    ("wish", "binding"),
    [
        ({H1: 26.0}, ""),
        ({CHW: 16.0, CW: 18.0}, "chiller lift"),
        ({H1: 18.0, H2: 18.0, CHW: 17.0}, "coil capacity"),
        ({H1: 18.0}, "dew point"),
    ],
)
def test_a_candidate_beyond_a_limit_is_infeasible_and_the_limit_named(wish: dict[str, float], binding: str) -> None:
    scene = a_scene().halls(dew_point_c=[17.0, 10.0])
    (candidate,) = judged(scene, wish=scene.wish(wish).chosen.setpoint)
    assert not candidate.feasible
    if binding:
        assert candidate.binding == binding


@pytest.mark.parametrize(("sd_k", "feasible"), [(0.6, True), (0.62, False)])
def test_a_plan_keeps_its_doubt_below_the_warning(sd_k: float, feasible: bool) -> None:
    scene = a_scene().halls(inlet_offset_k=4.0, inlet_sd_k=sd_k)  # 22 + 4 + 1.645 * 0.608 = 27
    (hold,) = judged(scene, hold=scene.previous.value)
    assert hold.feasible == feasible
    assert hold.binding == ("" if feasible else "worst inlet")


def test_a_load_step_must_be_survivable_without_notice() -> None:
    task = a_scene().halls(crah_running=[8.0, 12.0], it_w=[800e3, 500e3]).task
    steady = replace(task, forecast=replace(task.forecast, it_step_frac=0.0))
    hold = ("hold", task.previous.value)
    (with_step,), (without,) = Judge(task).judged((hold,)), Judge(steady).judged((hold,))
    assert (with_step.feasible, with_step.binding) == (False, "load step")
    assert without.feasible
    assert with_step.worst_inlet_c == without.worst_inlet_c < 27.0


def test_a_feasible_candidate_says_which_of_the_operators_limits_it_leans_on() -> None:
    scene = a_scene()
    (at_low,) = judged(scene, wish=scene.wish({CW: 30.0}).chosen.setpoint)
    assert at_low.feasible
    assert at_low.binding == "plant/cws_sp_c at its highest"
