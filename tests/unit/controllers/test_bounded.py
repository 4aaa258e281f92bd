"""Bounded mode: setpoints leave, and stay near the site's own."""

from __future__ import annotations

import numpy as np
import pytest

from controllers.decide.memory import DecideMemory, ResetMemory
from controllers.decide.predictive import Predictive
from controllers.decide.reset_rules import rules_step
from controllers.guard.memory import GuardMemory
from controllers.guard.pipeline import guard
from tests.support.states import CHW, H1, H2, POINTS, UPS_B, Scene, a_plan, a_scene
from twin.domain.actuators import Mode
from twin.domain.decisions import Verdict

BOUNDED = a_scene().allowed(H1, Mode.BOUNDED)  # its own is 22, so 21 to 23


def verdict(scene: Scene, wish: float, point: str = H1) -> Verdict:
    """What the guard makes of a wish for one point; the others are to stay."""
    wishes = scene.previous.value.copy()
    wishes[scene.index(point)] = wish
    return guard(scene.given, a_plan(wishes), GuardMemory()).verdicts[scene.index(point)]


@pytest.mark.parametrize(
    ("stands", "wish", "leaves"),
    [
        (22.0, 22.1, 22.1),
        (22.9, 24.0, 23.0),
        (23.0, 24.0, 23.0),
        (21.1, 19.0, 21.0),
        (20.0, 19.0, 20.0),  # unasked, nothing is warmed into the band
        (24.0, 24.0, 23.6),  # found above it, it comes down at its pace
    ],
)
def test_a_wish_is_kept_in_the_band(stands: float, wish: float, leaves: float) -> None:
    found = verdict(BOUNDED.standing({H1: stands}), wish)
    assert (found.write, found.value) == (True, pytest.approx(leaves))


@pytest.mark.parametrize(("ordered", "leaves"), [(24.0, 23.0), (20.5, 20.8)])
def test_an_order_may_go_colder_than_the_band_but_not_warmer(ordered: float, leaves: float) -> None:
    scene = a_scene().allowed(H1, Mode.BOUNDED, fixed=ordered).standing({H1: 22.95 if ordered > 22.0 else 21.2})
    assert verdict(scene, 22.0).value == pytest.approx(leaves)


def test_heat_takes_it_out_of_the_band() -> None:
    scene = BOUNDED.halls(worst_inlet_c=33.0)
    assert verdict(scene, 22.0).value < 21.0


def test_a_ups_has_no_way_between_so_it_stands_at_its_own() -> None:
    scene = a_scene().allowed(UPS_B, Mode.BOUNDED)
    assert verdict(scene, 1.0, UPS_B).value == 0.0
    assert verdict(scene.standing({UPS_B: 1.0}), 1.0, UPS_B).value == 0.0


def test_rules_and_search_stay_in_the_band_themselves() -> None:
    scene = a_scene()
    for point in POINTS:
        scene = scene.allowed(point, Mode.BOUNDED)
    near = scene.standing({H1: 22.95})
    wish, _, _ = rules_step(near.task, ResetMemory(started_ns=1, target={H2: 22.5}))
    assert wish[0] == pytest.approx(23.0)
    plan, _ = Predictive().decide(scene.task, DecideMemory())
    chosen, own = plan.chosen.setpoint, np.array([a.local for a in scene.limits.actuators])
    spans = np.array([a.span for a in scene.limits.actuators])
    assert (np.abs(chosen - own) <= spans + 1e-9).all()
    assert (np.abs(chosen - own) > 0.0).any()


def test_what_is_bounded_moves_beside_what_is_in_control_and_not_beside_a_lower_rung() -> None:
    mixed = a_scene().allowed(H1, Mode.BOUNDED).allowed(CHW, Mode.ADVISE)
    free = [mixed.authority.free(i) for i in range(len(POINTS))]
    assert free == [True, True, False, True, True, True]
    assert mixed.authority.highest is Mode.CONTROL


def test_a_span_wider_than_the_limits_gives_nothing_away() -> None:
    actuator = a_scene().limited(H1, span=99.0).actuator(H1)
    assert actuator.band(Mode.BOUNDED) == (actuator.low, actuator.high)
