"""Trim and respond: the numbers of docs/reference/controllers.md, on event times and never on counts of cycles."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest

from controllers.decide.memory import DecideMemory, ResetMemory
from controllers.decide.reset_rules import ResetRules, rules_step
from controllers.storage import from_dict, to_dict
from tests.support.states import CHW, CW, H1, H2, T0_NS, UPS_B, Scene, a_scene
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S


def ago(seconds: float) -> int:
    return T0_NS - round(seconds * NS_PER_S)


def running(**changed: object) -> ResetMemory:
    """Rules that have run for a day and whose every loop is due."""
    due = ResetMemory(
        started_ns=ago(86_400.0),
        hall_step_ns={"h1": ago(120.0), "h2": ago(120.0)},
        plant_step_ns=ago(300.0),
        condenser_step_ns=ago(300.0),
    )
    return replace(due, **changed)  # type: ignore[arg-type]


def move(scene: Scene, point: str, memory: ResetMemory | None = None) -> float:
    """How far the rules move one setpoint now, in its own unit."""
    wish, _, _ = rules_step(scene.task, memory or running())
    i = scene.index(point)
    return float(wish[i] - scene.previous.value[i])


# --- supply air
@pytest.mark.parametrize(
    ("inlet_c", "move_k"),
    [(24.0, 0.1), (26.0, 0.1), (26.01, -0.2), (26.5, -0.2), (26.51, -0.4), (27.0, -0.4), (27.5, -0.4)],
)
def test_supply_air_is_trimmed_up_until_inlets_ask(inlet_c: float, move_k: float) -> None:
    assert move(a_scene().halls(worst_inlet_c=inlet_c), H1) == pytest.approx(move_k)


@pytest.mark.parametrize(("hot_for_s", "move_k"), [(119.0, -0.4), (120.0, -0.4), (121.0, -0.6)])
def test_heat_that_lasts_two_minutes_asks_for_the_most(hot_for_s: float, move_k: float) -> None:
    hot = a_scene().halls(worst_inlet_c=27.5)
    assert move(hot, H1, running(hot_since_ns={"h1": ago(hot_for_s)})) == pytest.approx(move_k)


def test_heat_is_timed_from_its_first_sight_and_forgotten_when_it_is_over() -> None:
    hot, cool = a_scene().halls(worst_inlet_c=[27.5, 24.0]), a_scene()
    _, memory, _ = rules_step(hot.task, running())
    assert memory.hot_since_ns == {"h1": T0_NS}
    _, memory, _ = rules_step(hot.believing(now_ns=T0_NS + 60 * NS_PER_S).task, memory)
    assert memory.hot_since_ns == {"h1": T0_NS}
    _, memory, _ = rules_step(cool.task, memory)
    assert memory.hot_since_ns == {}


@pytest.mark.parametrize(("since_start_s", "moves"), [(0.0, False), (599.0, False), (600.0, True)])
def test_supply_air_waits_ten_minutes_after_a_start(since_start_s: float, moves: bool) -> None:
    memory = ResetMemory(started_ns=ago(since_start_s), condenser_step_ns=T0_NS)
    assert (move(a_scene(), H1, memory) > 0.0) == moves


@pytest.mark.parametrize(("since_step_s", "moves"), [(119.0, False), (120.0, True)])
def test_supply_air_steps_every_two_minutes(since_step_s: float, moves: bool) -> None:
    assert (move(a_scene(), H1, running(hall_step_ns={"h1": ago(since_step_s)})) > 0.0) == moves


def test_each_hall_answers_to_its_own_inlets() -> None:
    scene = a_scene().halls(worst_inlet_c=[26.2, 24.0])
    assert move(scene, H1) == pytest.approx(-0.2)
    assert move(scene, H2) == pytest.approx(0.1)


def test_without_a_readable_inlet_nothing_is_trimmed() -> None:
    assert move(a_scene().halls(worst_inlet_c=math.nan), H1) == 0.0


def test_a_hall_whose_coils_are_at_their_end_is_not_trimmed_warmer() -> None:
    scene = a_scene().halls(valve_frac=[0.96, 0.5])
    assert move(scene, H1) == 0.0
    assert move(scene, H2) == pytest.approx(0.1)


@pytest.mark.parametrize(("stands_c", "inlet_c", "move_k"), [(25.0, 24.0, 0.0), (24.95, 24.0, 0.05), (18.0, 26.2, 0.0)])
def test_supply_air_stays_in_its_limits(stands_c: float, inlet_c: float, move_k: float) -> None:
    assert move(a_scene().standing({H1: stands_c}).halls(worst_inlet_c=inlet_c), H1) == pytest.approx(move_k)


# --- chilled water: half of the plant reset spans 8 to 18 degC, so a per cent is 0.2 K
def test_chilled_water_is_trimmed_up_by_two_per_cent() -> None:
    assert move(a_scene(), CHW) == pytest.approx(0.4)


@pytest.mark.parametrize(("asking", "move_k"), [(2, 0.4), (3, -0.6), (4, -1.2), (5, -1.4), (12, -1.4)])
def test_chilled_water_ignores_two_requests_and_answers_at_most_seven_per_cent(asking: int, move_k: float) -> None:
    scene = a_scene().halls(valve_frac=[0.96, 0.5], crah_running=[float(asking), 12.0])
    assert move(scene, CHW) == pytest.approx(move_k)


@pytest.mark.parametrize(
    ("valve", "asked_before", "asks"),
    [(0.96, False, True), (0.95, False, False), (0.90, True, True), (0.85, True, True), (0.84, True, False)],
)
def test_a_valve_asks_above_95_per_cent_until_it_is_below_85(valve: float, asked_before: bool, asks: bool) -> None:
    scene = a_scene().halls(valve_frac=[valve, 0.5])
    _, memory, _ = rules_step(scene.task, running(requesting=("h1",) if asked_before else ()))
    assert memory.requesting == (("h1",) if asks else ())


def test_a_valve_that_cannot_be_read_neither_asks_nor_takes_back() -> None:
    scene = a_scene().halls(valve_frac=[math.nan, math.nan])
    _, memory, _ = rules_step(scene.task, running(requesting=("h2",)))
    assert memory.requesting == ("h2",)


@pytest.mark.parametrize(
    ("since_start_s", "since_step_s", "moves"), [(899.0, 900.0, False), (900.0, 299.0, False), (900.0, 300.0, True)]
)
def test_chilled_water_waits_fifteen_minutes_and_steps_every_five(
    since_start_s: float, since_step_s: float, moves: bool
) -> None:
    memory = running(started_ns=ago(since_start_s), plant_step_ns=ago(since_step_s))
    assert (move(a_scene(), CHW, memory) > 0.0) == moves


# --- condenser water
def wanted_c(scene: Scene) -> float:
    wish, _, _ = rules_step(scene.task, running())
    return float(wish[3])


@pytest.mark.parametrize(
    ("wet_bulb_c", "cws_c"),
    [(18.0, 21.9), (14.0, 17.9), (5.0, 16.0), (28.0, 30.0)],  # wet bulb + 3.89 K, on the grid, within 16 to 30
)
def test_condenser_water_follows_the_wet_bulb(wet_bulb_c: float, cws_c: float) -> None:
    assert wanted_c(a_scene().plant(wet_bulb_c=wet_bulb_c)) == pytest.approx(cws_c)


def test_condenser_water_keeps_the_least_lift_above_the_chilled_water() -> None:
    assert wanted_c(a_scene().plant(wet_bulb_c=5.0).standing({CHW: 15.0})) == pytest.approx(20.0)


def test_without_a_wet_bulb_condenser_water_stays() -> None:
    assert wanted_c(a_scene().plant(wet_bulb_c=math.nan).standing({CW: 23.4})) == pytest.approx(23.4)


def test_between_its_steps_condenser_water_keeps_its_target() -> None:
    _, memory, _ = rules_step(a_scene().task, running())
    warmer = a_scene().plant(wet_bulb_c=20.0).believing(now_ns=T0_NS + 299 * NS_PER_S)
    wish, memory, _ = rules_step(warmer.task, memory)
    assert wish[3] == pytest.approx(21.9)
    due = warmer.believing(now_ns=T0_NS + 300 * NS_PER_S)
    assert rules_step(due.task, memory)[0][3] == pytest.approx(23.9)


# --- the rest
def test_the_rules_never_touch_a_ups() -> None:
    assert move(a_scene(), UPS_B) == 0.0


def test_a_point_that_may_not_move_is_left_and_its_target_forgotten() -> None:
    scene = a_scene().allowed(H1, Mode.SHADOW)
    wish, memory, _ = rules_step(scene.task, running(target={H1: 23.0, H2: 22.5}))
    assert wish[0] == 22.0
    assert H1 not in memory.target
    assert H2 in memory.target


def test_a_target_out_of_reach_is_pursued_until_the_next_step() -> None:
    scene = a_scene().standing({H1: 22.0})
    memory = running(hall_step_ns={"h1": ago(60.0), "h2": ago(60.0)}, target={H1: 22.4})
    assert move(scene, H1, memory) == pytest.approx(0.4)


def test_every_move_has_its_reason_in_words() -> None:
    scene = a_scene().halls(worst_inlet_c=[26.2, 24.0])
    _, _, reason = rules_step(scene.task, running())
    assert reason == (
        "respond: cooling was asked for",
        "trim: nobody asks for cooling",
        "trim: nobody asks for cooling",
        "follows the wet bulb",
        "at rest",
        "at rest",
    )


@pytest.mark.parametrize("period_s", [10.0, 60.0, 120.0])
def test_half_an_hour_of_rest_trims_the_same_whatever_the_cycle(period_s: float) -> None:
    scene, memory, rules = a_scene(), DecideMemory(), ResetRules()
    for k in range(round(1800.0 / period_s) + 1):
        now = scene.believing(now_ns=T0_NS + round(k * period_s * NS_PER_S))
        plan, memory = rules.decide(now.task, memory)
        scene = now.standing({H1: float(plan.chosen.setpoint[0])}, since_s=0.0)
    # first after ten minutes, then every two: eleven steps of 0.1 K
    assert scene.previous.value[0] == pytest.approx(23.1)


def test_a_start_makes_the_rules_wait_and_a_stored_memory_goes_on() -> None:
    _, memory = ResetRules().decide(a_scene().task, DecideMemory())
    assert memory.reset.started_ns == T0_NS
    stored = msgspec.json.decode(msgspec.json.encode(to_dict(memory)))
    assert from_dict(DecideMemory, stored) == memory


def test_the_plan_is_compared_with_holding() -> None:
    plan, _ = ResetRules().decide(a_scene().task, DecideMemory(reset=running()))
    assert plan.chosen.name == "reset_rules"
    assert plan.hold.setpoint.tolist() == a_scene().previous.value.tolist()
    assert plan.chosen.setpoint[:4] == pytest.approx([22.1, 22.1, 10.4, 21.9])
