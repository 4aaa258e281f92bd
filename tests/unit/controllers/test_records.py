"""Decision records: one for each change, complete, and readable by whoever asks why."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from controllers.api import Grant
from controllers.explain import explained
from controllers.records import Citation, RecordMemory, records_of
from tests.support.states import CHW, H1, UPS_B, Scene, a_candidate, a_plan, a_scene
from twin.domain.actuators import Mode
from twin.domain.decisions import DecisionRecord, GuardStep, Plan, Verdict

EPOCH = 3


def cited(scene: Scene) -> Citation:
    return Citation(EPOCH, "c0ffee", scene.limits)


def recorded(
    scene: Scene, plan: Plan, verdicts: tuple[Verdict, ...], memory: RecordMemory | None = None
) -> tuple[tuple[DecisionRecord | None, ...], RecordMemory]:
    return records_of(
        cited(scene), scene.state, plan, verdicts, scene.authority, scene.previous, memory or RecordMemory()
    )


def guarded(scene: Scene, wishes: dict[str, float]) -> tuple[Plan, tuple[Verdict, ...]]:
    return scene.wish(wishes), scene.guarded(wishes).verdicts


def first(scene: Scene, wishes: dict[str, float]) -> DecisionRecord:
    """The record of hall 1's supply air."""
    record = recorded(scene, *guarded(scene, wishes))[0][0]
    assert record is not None
    return record


def leased(scene: Scene, point: str) -> Scene:
    flags = scene.previous.leased.copy()
    flags[scene.index(point)] = True
    return replace(scene, previous=replace(scene.previous, leased=flags))


# --- what a record says
def test_a_command_is_recorded_with_all_that_it_rests_on() -> None:
    scene = a_scene()
    plan = scene.wish({H1: 23.0})
    plan = replace(
        plan,
        chosen=replace(plan.chosen, facility_w=1.30e6, cost_per_h=90.0, worst_inlet_c=25.04),
        hold=replace(plan.hold, facility_w=1.31e6, cost_per_h=92.0),
        runner_up=a_candidate("reset_rules", plan.chosen.setpoint, cost_per_h=91.0),
        binding=("worst inlet",) * 6,
        sd_w=5e3,
    )
    (record, *_), _ = recorded(scene, plan, scene.guarded({H1: 23.0}).verdicts)
    assert record == DecisionRecord(
        id="3-100-0",
        cycle=100,
        now_ns=scene.state.now_ns,
        asset="h1",
        point="supply_air_sp_c",
        unit="degC",
        mode="control",
        controller="test",
        from_value=22.0,
        to_value=22.2,
        action="command",
        reason="a reason",
        guard=("rate: 23 -> 22.2, at most 0.1 degC/min up",),
        binding="worst inlet",
        runner_up="reset_rules",
        runner_up_cost_per_h=91.0,
        cost_per_h=90.0,
        hold_cost_per_h=92.0,
        effect_w=-10e3,
        effect_low_w=-19.8e3,
        effect_high_w=-0.2e3,
        worst_inlet_c=25.04,
        inputs=(("outdoor/wet_bulb_c", "good"), ("h1 rack inlets", "100% good")),
        config_hash="c0ffee",
        limits_hash=scene.limits.hash,
    )


def test_ids_are_of_epoch_cycle_and_actuator_and_so_never_repeat() -> None:
    scene = a_scene()
    records, _ = recorded(scene, *guarded(scene, {H1: 22.1, CHW: 10.1}))
    assert [record.id for record in records if record] == [f"3-100-{i}" for i in range(6)]


@pytest.mark.parametrize(
    ("mode", "wish", "action"),
    [
        (Mode.CONTROL, 22.1, "command"),
        (Mode.CONTROL, 22.0, "hold"),
        (Mode.ADVISE, 22.1, "advice"),
        (Mode.ADVISE, 22.0, "hold"),
        (Mode.SHADOW, 22.1, "shadow"),
        (Mode.SHADOW, 22.0, "hold"),
    ],
)
def test_the_action_says_what_was_done_with_the_wish(mode: Mode, wish: float, action: str) -> None:
    scene = a_scene().allowed(H1, mode, why=f"mode is {mode}")
    assert first(scene, {H1: wish}).action == action


def test_a_running_lease_that_is_kept_is_a_command_and_one_lost_is_a_release() -> None:
    kept = leased(a_scene(), H1)
    assert first(kept, {}).action == "command"
    lost = kept.allowed(H1, Mode.SHADOW, why="mode is shadow")
    assert first(lost, {H1: 22.1}).action == "release"


def test_a_held_point_is_left_alone_and_says_by_whom() -> None:
    record = first(a_scene().allowed(H1, held=True, why="held by a local operator"), {H1: 24.0})
    assert record.action == "hold"
    assert record.guard[0] == "authority: 24 -> 22, held by a local operator"


# --- when there is one
def test_a_tick_that_repeats_is_not_recorded() -> None:
    scene = a_scene()
    plan, verdicts = guarded(scene, {})
    _, memory = recorded(scene, plan, verdicts)
    records, again = recorded(scene, plan, verdicts, memory)
    assert records == (None,) * 6
    assert again == memory


def test_every_move_is_recorded_even_for_the_same_reason() -> None:
    scene = a_scene()
    _, memory = recorded(scene, *guarded(scene, {H1: 22.1}))
    moved_on = scene.standing({H1: 22.1})
    records, _ = recorded(moved_on, *guarded(moved_on, {H1: 22.2}), memory=memory)
    assert [record is not None for record in records] == [True] + [False] * 5


def test_a_new_reason_for_leaving_a_point_alone_is_recorded() -> None:
    scene = a_scene()
    plan, verdicts = guarded(scene, {})
    _, memory = recorded(scene, plan, verdicts)
    records, _ = recorded(scene, replace(plan, reason=("another", *plan.reason[1:])), verdicts, memory)
    assert [record is not None for record in records] == [True] + [False] * 5


def test_the_same_guard_step_with_other_figures_is_no_news() -> None:
    scene = a_scene()

    def acting(because: str) -> tuple[Verdict, ...]:
        return (Verdict(0, 23.0, 22.0, True, False, (GuardStep("redundancy", 23.0, 22.0, because),)),)

    plan = a_plan(np.asarray(scene.previous.value))
    _, memory = recorded(scene, plan, acting("h1: 29.3 degC with one air handler lost"))
    assert recorded(scene, plan, acting("h1: 29.4 degC with one air handler lost"), memory)[0] == (None,)


def test_what_was_said_survives_a_restart() -> None:
    scene = a_scene()
    _, memory = recorded(scene, *guarded(scene, {H1: 22.1}))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=RecordMemory) == memory


# --- as JSON
def test_a_record_is_the_same_after_json() -> None:
    record = first(a_scene(), {H1: 23.0}).to_json()
    assert json.loads(msgspec.json.encode(record)) == dict(record)


def test_a_record_never_carries_a_number_that_json_has_none_for() -> None:
    scene = a_scene()
    plan, verdicts = guarded(scene, {})
    nowhere = a_candidate(
        "wish", plan.chosen.setpoint, facility_w=math.nan, cost_per_h=math.inf, worst_inlet_c=math.nan
    )
    lost = replace(plan, chosen=nowhere, runner_up=nowhere, sd_w=math.nan)
    (record, *_), _ = recorded(scene, lost, verdicts)
    assert record is not None
    text = json.dumps(record.to_json(), allow_nan=False)
    assert json.loads(text)["runner_up_cost_per_h"] is None


# --- in words
def words(**changed: Any) -> str:
    """The record of a raise from 22 to 22.2 degC, as an operator reads it."""
    record: dict[str, Any] = {
        "id": "3-100-0",
        "cycle": 100,
        "ts": "2026-07-15T12:00:00.000Z",
        "asset": "h1",
        "point": "supply_air_sp_c",
        "unit": "degC",
        "mode": "control",
        "controller": "predictive",
        "from": 22.0,
        "to": 22.2,
        "action": "command",
        "reason": "search: saves power",
        "guard": ["rate: 23 -> 22.2, at most 0.1 degC/min up"],
        "binding": "worst inlet",
        "runner_up": "reset_rules",
        "runner_up_cost_per_h": 91.0,
        "cost_per_h": 90.0,
        "hold_cost_per_h": 92.0,
        "effect_w": {"expected": -10e3, "low": -19.8e3, "high": -200.0},
        "worst_inlet_c": 25.04,
        "inputs": [{"point": "plant/cws_c", "quality": "stale"}, {"point": "h1 rack inlets", "quality": "100% good"}],
        "config": "c0ffee",
        "limits": "0123456789abcdef",
    }
    return explained(record | changed)


def test_a_command_in_words() -> None:
    text = words()
    for line in (
        "2026-07-15T12:00:00.000Z  decision 3-100-0, cycle 100, mode control",
        "h1/supply_air_sp_c was set from 22 degC to 22.2 degC.",
        "Why: search: saves power (controller predictive).",
        "What holds the plan back: worst inlet.",
        "Runner-up: reset_rules, at 91.00 an hour against 90.00.",
        "  - rate: 23 -> 22.2, at most 0.1 degC/min up",
        "Inputs: plant/cws_c stale.",
        "Configuration c0ffee, limits 0123456789abcdef.",
    ):
        assert line in text.splitlines()
    assert "change facility power by -10.0 kW (95 %: -19.8 to -0.2)" in text
    assert "worst inlet of 25.0 degC" in text


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ("advice", "h1/supply_air_sp_c is advised from 22 degC to 22.2 degC."),
        ("shadow", "h1/supply_air_sp_c would have been set from 22 degC to 22.2 degC."),
        ("hold", "h1/supply_air_sp_c was left alone at 22 degC."),
        ("release", "h1/supply_air_sp_c was given back to the site's own control."),
    ],
)
def test_every_kind_of_record_has_its_sentence(action: str, sentence: str) -> None:
    assert sentence in words(action=action).splitlines()


def test_what_is_not_there_is_left_out() -> None:
    text = words(runner_up="", binding="", guard=[], inputs=[], effect_w={})
    assert "Runner-up" not in text
    assert "holds the plan back" not in text
    assert "facility power" not in text
    assert "Guard: granted as wished." in text
    assert "Inputs: all good." in text


def test_an_unknown_value_is_called_so() -> None:
    assert "from an unknown value to 22.2 degC" in words(**{"from": None})


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("point", [H1, UPS_B])
def test_every_record_that_is_made_can_be_explained(mode: Mode, point: str) -> None:
    scene = a_scene()
    grants = tuple(Grant(mode, None, False, "") for _ in scene.authority.grants)
    scene = replace(scene, authority=replace(scene.authority, grants=grants))
    records, _ = recorded(scene, *guarded(scene, {point: scene.actuator(point).high}))
    for record in records:
        assert record is not None
        text = explained(json.loads(json.dumps(record.to_json())))
        assert f"{record.asset}/{record.point}" in text
        assert "None" not in text
        assert "nan" not in text
