"""Laws of the guard: whatever plan goes in, in whatever state of the site and of knowledge."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.api import Authority
from controllers.guard.checker import Checker
from controllers.guard.memory import GuardMemory
from controllers.guard.pipeline import GuardOutcome, guard
from controllers.guard.seal import seal
from controllers.publish.leases import Lease, Ledger, Terms, issue
from tests.support.chance import ACTUATORS, CALM, NAN, a_likely_site, a_memory, a_site
from tests.support.states import LIMITS_FILE, ROOT, T0_NS, UPS_A, Scene, a_plan
from twin.domain.actuators import Actuator, Kind, Mode
from twin.domain.clock import NS_PER_S
from twin.domain.decisions import Plan
from twin.domain.points import Quality
from twin.domain.sealed import SealedCommand

laws = settings(deadline=None, derandomize=True, max_examples=100)
SAME = 1e-6
seeds = st.integers(0, 2**32 - 1)
scenes, memories = seeds.map(a_site), seeds.map(a_memory)
likely_scenes = seeds.map(a_likely_site)  # where a rise is granted unless something forbids it


def wishes(actuator: Actuator) -> st.SearchStrategy[float]:
    """Something near the limits, or any float that there is."""
    return st.one_of(st.floats(actuator.low - 2.0, actuator.high + 2.0), st.floats(allow_nan=True, allow_infinity=True))


plans = st.tuples(*(wishes(actuator) for actuator in ACTUATORS)).map(lambda values: a_plan(np.array(values)))


def outcome_of(scene: Scene, plan: Plan, memory: GuardMemory) -> GuardOutcome:
    return guard(scene.given, plan, memory)


def panics(scene: Scene) -> bool:
    return bool(np.any(scene.state.halls.worst_inlet_c > scene.limits.inlet_panic_c))


@laws
@given(scene=scenes, plan=plans, memory=memories)
def test_what_is_written_is_a_number_within_its_limits(scene: Scene, plan: Plan, memory: GuardMemory) -> None:
    for actuator, verdict in zip(ACTUATORS, outcome_of(scene, plan, memory).verdicts, strict=True):
        assert math.isfinite(verdict.value)
        if verdict.write:
            assert actuator.low - SAME <= verdict.value <= actuator.high + SAME


@laws
@given(scene=scenes, plan=plans, memory=memories)
def test_what_is_written_is_within_the_ramp_from_where_it_stands(scene: Scene, plan: Plan, memory: GuardMemory) -> None:
    longest_s = 120.0  # two cycles, which is also the time of the coarsest step
    for actuator, verdict in zip(ACTUATORS, outcome_of(scene, plan, memory).verdicts, strict=True):
        before, i = float(scene.previous.value[actuator.index]), actuator.index
        if not verdict.write or actuator.kind is Kind.UPS_MODE:
            continue
        rested_s = min((scene.state.now_ns - int(scene.previous.since_ns[i])) / NS_PER_S, longest_s)
        assert verdict.value <= before + actuator.max_rise_per_min / 60.0 * rested_s + SAME
        if not panics(scene) and before <= actuator.high:
            assert verdict.value >= before - actuator.max_fall_per_min / 60.0 * rested_s - SAME


@laws
@given(scene=scenes, plan=plans, memory=memories)
def test_what_is_written_is_on_its_grid_or_where_it_stood(scene: Scene, plan: Plan, memory: GuardMemory) -> None:
    for actuator, verdict in zip(ACTUATORS, outcome_of(scene, plan, memory).verdicts, strict=True):
        if not verdict.write:
            continue
        before = float(scene.previous.value[actuator.index])
        steps = verdict.value / actuator.step
        on_grid = abs(steps - round(steps)) < SAME
        assert on_grid or verdict.value == pytest.approx(before, abs=SAME)


@laws
@given(scene=scenes, plan=plans, memory=memories)
def test_what_the_guard_granted_it_grants_again(scene: Scene, plan: Plan, memory: GuardMemory) -> None:
    first = outcome_of(scene, plan, memory)
    again = outcome_of(scene, a_plan(np.array([v.value for v in first.verdicts])), memory)
    assert [v.value for v in again.verdicts] == pytest.approx([v.value for v in first.verdicts], abs=1e-9)
    assert [(v.write, v.release) for v in again.verdicts] == [(v.write, v.release) for v in first.verdicts]
    assert again.memory == first.memory


@laws
@given(scene=scenes, plan=plans, memory=memories)
def test_the_same_in_gives_the_same_out(scene: Scene, plan: Plan, memory: GuardMemory) -> None:
    assert repr(outcome_of(scene, plan, memory)) == repr(outcome_of(scene, plan, memory))


@laws
@given(scene=scenes, plan=plans, memory=memories)
def test_every_change_of_a_wish_is_told_step_by_step(scene: Scene, plan: Plan, memory: GuardMemory) -> None:
    for verdict in outcome_of(scene, plan, memory).verdicts:
        at = verdict.wish
        for step in verdict.steps:
            assert step.before == pytest.approx(at, abs=1e-8, nan_ok=True)
            assert step.because
            at = step.after
        assert verdict.value == pytest.approx(at, abs=1e-8)
        if not verdict.write:
            assert verdict.steps


@laws
@given(scene=scenes, plan=plans, memory=memories)
def test_nothing_is_written_or_moved_where_somebody_else_holds_the_point(
    scene: Scene, plan: Plan, memory: GuardMemory
) -> None:
    for verdict, grant in zip(outcome_of(scene, plan, memory).verdicts, scene.authority.grants, strict=True):
        if grant.held:
            assert not verdict.write
            assert verdict.value == scene.previous.value[verdict.actuator]
        if not grant.mode.writes:
            assert not verdict.write
            assert verdict.release


@laws
@given(scene=scenes, plan=plans, memory=memories, mode=st.sampled_from([Mode.SHADOW, Mode.ADVISE]))
def test_in_shadow_and_in_advise_there_are_no_commands(
    scene: Scene, plan: Plan, memory: GuardMemory, mode: Mode
) -> None:
    nobody = replace(scene, authority=Authority(tuple(replace(g, mode=mode) for g in scene.authority.grants)))
    outcome = outcome_of(nobody, plan, memory)
    assert not any(verdict.write for verdict in outcome.verdicts)
    entries = {
        a.point: Lease(float(scene.previous.value[a.index]), T0_NS, active=False) for a in scene.limits.actuators
    }
    terms = Terms(scene.limits, T0_NS, (mode.value,) * 6, ("d",) * 6)
    assert issue(outcome.verdicts, Ledger(1, entries), terms)[0] == ()


# --- doubt
def blinder(scene: Scene, how: str) -> tuple[Scene, tuple[int, ...]]:
    """The same scene with one thing less known, and which setpoints must not rise for it."""
    if how == "inlets":
        return scene.halls(worst_inlet_c=[NAN, scene.state.halls.worst_inlet_c[1]]), (0, 2, 3)
    if how == "quorum":
        return scene.halls(quorum_frac=[0.5, 1.0]), (0, 2, 3)
    if how == "offset":
        return scene.halls(inlet_offset_k=[NAN, 2.0], inlet_sd_k=[NAN, 0.15]), (0, 2, 3)
    if how == "uncertain":
        return scene.halls(inlet_sd_k=[0.9, 0.15]), (0, 2, 3)
    if how == "weather":
        return scene.plant(wet_bulb_c=NAN).believing(missing=("outdoor/wet_bulb_c",)), (0, 1, 2, 3, 4, 5)
    if how == "load":
        return scene.halls(it_w=[NAN, 5e5]), (0, 1, 2, 3)
    readbacks = np.full(6, int(Quality.STALE), dtype=np.uint8)
    return scene.believing(setpoint_quality=readbacks), (0, 1, 2, 3, 4, 5)


HOW = st.sampled_from(["inlets", "quorum", "offset", "uncertain", "weather", "load", "readback"])


def up(scene: Scene) -> Plan:
    """A wish for everything a little warmer, both sides in ECO."""
    return a_plan(scene.previous.value + np.array([0.1, 0.1, 0.1, 0.1, 1.0, 1.0]))


@laws
@given(scene=st.one_of(scenes, likely_scenes), plan=st.one_of(plans, st.none()), memory=memories, how=HOW)
def test_knowing_less_never_moves_a_setpoint_towards_less_cooling(
    scene: Scene, plan: Plan | None, memory: GuardMemory, how: str
) -> None:
    blind, must_not_rise = blinder(scene, how)
    verdicts = outcome_of(blind, plan or up(scene), memory).verdicts
    for i in must_not_rise:
        if verdicts[i].write:
            assert verdicts[i].value <= float(scene.previous.value[i]) + SAME


@laws
@given(scene=likely_scenes, how=HOW)
def test_whatever_is_lost_the_result_is_never_warmer_than_it_was_with_it(scene: Scene, how: str) -> None:
    blind, _ = blinder(scene, how)
    with_it, without = (outcome_of(s, up(scene), GuardMemory()).verdicts for s in (scene, blind))
    for seeing, blinded in zip(with_it, without, strict=True):
        if blinded.write:
            assert blinded.value <= seeing.value + SAME


@laws
@given(scene=st.one_of(scenes, likely_scenes), plan=st.one_of(plans, st.none()), memory=memories)
def test_above_the_warning_nothing_that_serves_the_hall_rises(
    scene: Scene, plan: Plan | None, memory: GuardMemory
) -> None:
    hot = scene.halls(worst_inlet_c=[27.5, 24.0])
    verdicts = outcome_of(hot, plan or up(scene), memory).verdicts
    for i in (0, 2, 3):
        if verdicts[i].write:
            assert verdicts[i].value <= float(hot.previous.value[i]) + SAME


def test_most_likely_scenes_would_rise_so_that_these_laws_say_something() -> None:
    risen = np.zeros(6)
    for seed in range(60):
        scene = a_likely_site(seed)
        verdicts = outcome_of(scene, up(scene), GuardMemory()).verdicts
        risen += [v.write and v.value > scene.previous.value[v.actuator] for v in verdicts]
    assert np.all(risen[:4] > 20)
    assert risen[4] + risen[5] > 20


def blinded(scene: Scene) -> Scene:
    """Every input gone, every setpoint where the site's own would be."""
    blind = scene.halls(
        supply_air_c=NAN,
        worst_inlet_c=NAN,
        inlet_offset_k=NAN,
        inlet_sd_k=NAN,
        quorum_frac=0.0,
        it_w=NAN,
        dew_point_c=NAN,
    ).plant(wet_bulb_c=NAN, outdoor_c=NAN, chws_c=NAN)
    blind = blind.believing(missing=("everything",))
    blind = replace(blind, authority=CALM.authority)
    for actuator in ACTUATORS[:3]:
        blind = blind.standing({actuator.point: actuator.local}, since_s=600.0)
    return blind


COLDER = a_plan(np.array([21.9, 21.9, 9.9, 24.0, 0.0, 0.0]))


@laws
@given(scene=scenes)
def test_no_sensor_failure_forbids_cooling_except_the_rooms_dew_point(scene: Scene) -> None:
    """Where the guard may write at all, a wish one step colder passes with every input gone but one."""
    verdicts = outcome_of(blinded(scene).halls(supply_air_c=[22.0, NAN]), COLDER, GuardMemory()).verdicts
    assert [v.value for v in verdicts[:3]] == pytest.approx([21.9, 21.9, 9.9])
    assert all(v.write for v in verdicts[:3])


@laws
@given(scene=scenes, plan=plans)
def test_with_nothing_to_be_seen_every_point_is_given_back(scene: Scene, plan: Plan) -> None:
    for wish in (plan, COLDER):
        verdicts = outcome_of(blinded(scene), wish, GuardMemory()).verdicts
        assert not any(v.write for v in verdicts)
        assert all(v.release for v in verdicts)


@laws
@given(scene=scenes, plan=plans, memory=memories)
def test_one_side_always_stays_in_double_conversion(scene: Scene, plan: Plan, memory: GuardMemory) -> None:
    verdicts = outcome_of(replace(scene, authority=CALM.authority), plan, memory).verdicts
    assert sum(v.value >= 0.5 for v in verdicts[4:]) <= 1


@laws
@given(scene=scenes, plan=plans, memory=memories)
def test_the_second_checker_lets_pass_what_the_guard_granted(scene: Scene, plan: Plan, memory: GuardMemory) -> None:
    scene = scene.allowed(UPS_A, Mode.SHADOW)  # its ceiling in the limits file is lower
    verdicts = outcome_of(scene, plan, memory).verdicts
    entries = {
        a.point: Lease(
            float(scene.previous.value[a.index]), int(scene.previous.since_ns[a.index]), True, True, 1, 4, T0_NS, T0_NS
        )
        for a in scene.limits.actuators
    }
    modes = tuple(grant.mode.value for grant in scene.authority.grants)
    commands, _ = issue(verdicts, Ledger(1, entries), Terms(scene.limits, T0_NS, modes, ("d",) * 6))
    checker = Checker(LIMITS_FILE, ROOT)
    for command in commands:
        assert isinstance(seal(command, ROOT, checker), SealedCommand)
