"""Every rule of the guard is in its way, in its order, and acts there alone when it alone has a reason."""

from __future__ import annotations

import math

import pytest

from controllers.guard.memory import GuardMemory
from controllers.guard.pipeline import STEPS
from tests.support.states import CHW, CW, H1, T0_NS, UPS_A, UPS_B, Scene, a_scene
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S
from twin.domain.points import Quality


def test_rights_and_doubt_come_first_the_envelope_next_then_the_twin_and_heat_last() -> None:
    assert [step.__name__ for step in STEPS] == [
        "rights",
        "inputs",
        "confidence",
        "absolute",
        "rate",
        "dwell",
        "dew_point",
        "predicted_inlet",
        "single_failure",
        "ups_eco",
        "ride_through",
        "minimum_lift",
        "hot_inlet",
        "withhold",
        "settle",
    ]


def blind() -> Scene:
    return a_scene().believing(missing=("outdoor/wet_bulb_c",)).standing({H1: 23.0})


@pytest.mark.parametrize(
    ("scene", "point", "wish", "step"),
    [
        (a_scene().allowed(H1, Mode.ADVISE, why="mode is advise"), H1, 22.1, "authority"),
        (a_scene().standing({H1: 23.0}).allowed(H1, Mode.BOUNDED), H1, 23.1, "authority"),
        (a_scene().readback(H1, Quality.STALE), H1, 22.1, "inputs"),
        (a_scene().halls(inlet_sd_k=0.8), H1, 22.1, "confidence"),
        (a_scene(), H1, math.nan, "limits"),
        (a_scene(), H1, 22.5, "rate"),
        (a_scene().standing({UPS_B: 0.0}, since_s=60.0), UPS_B, 1.0, "dwell"),
        (a_scene().halls(dew_point_c=20.0), H1, 21.9, "dew_point"),
        (a_scene().halls(inlet_offset_k=4.8), H1, 22.1, "inlet"),
        (a_scene().halls(it_w=[750e3, 500e3], crah_running=[6.0, 12.0]), H1, 22.1, "redundancy"),
        (a_scene().halls(it_w=1.3e6, crah_running=24.0).limited(ride_through_min_s=1.0), CW, 24.1, "redundancy"),
        (a_scene().ups(on_generator=1.0), UPS_B, 1.0, "ups_eco"),
        (a_scene().limited(ride_through_min_s=7201.0), CHW, 10.1, "ride_through"),
        (a_scene().standing({CW: 15.0 + 1.0, CHW: 11.0}), CHW, 11.1, "lift"),
        (a_scene().halls(worst_inlet_c=27.5), H1, 22.1, "warn"),
        (a_scene().halls(worst_inlet_c=29.5), H1, 22.1, "revert"),
        (a_scene().halls(worst_inlet_c=33.0), H1, 22.1, "panic"),
        (blind(), H1, 23.0, "inputs"),
        (a_scene().standing({H1: 25.3}, since_s=0.0).readback(H1, Quality.BAD), H1, 25.3, "limits"),
    ],
)
def test_each_rule_acts_where_it_has_a_reason_and_is_the_first_to_be_named(
    scene: Scene, point: str, wish: float, step: str
) -> None:
    verdict = scene.guarded({point: wish}).verdicts[scene.index(point)]
    assert verdict.steps[0].step == step
    assert verdict.value != wish or not verdict.write


@pytest.mark.parametrize(("point", "wish"), [(H1, 22.1), (H1, 21.9), (CHW, 10.1), (CW, 24.1), (CW, 23.9), (UPS_B, 1.0)])
def test_without_a_reason_no_rule_acts(point: str, wish: float) -> None:
    scene = a_scene()
    for verdict in scene.guarded({point: wish}).verdicts:
        assert verdict.steps == ()
        assert verdict.write
        assert verdict.value == verdict.wish


def test_an_older_mains_event_is_kept_and_old_mode_changes_are_forgotten() -> None:
    day_ns = 86_400 * NS_PER_S
    memory = GuardMemory((), {UPS_A: (T0_NS - 2 * day_ns, T0_NS - day_ns // 2)}, {"ups-a": T0_NS - day_ns})
    after = a_scene().guarded({}, memory).memory
    assert after.changed_ns == {UPS_A: (T0_NS - day_ns // 2,)}
    assert after.mains_event_ns == {"ups-a": T0_NS - day_ns}


def test_a_mode_change_that_may_not_leave_is_not_counted() -> None:
    scene = a_scene().allowed(UPS_B, Mode.SHADOW)
    assert scene.guarded({UPS_B: 1.0}).memory.changed_ns == {}
