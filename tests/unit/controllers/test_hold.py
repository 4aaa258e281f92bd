"""Hold changes nothing; names lead to controllers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from controllers.catalogue import CONTROLLERS, controller_named
from controllers.decide.hold import Hold, standing
from controllers.decide.memory import DecideMemory, PlanMemory
from tests.support.states import CHW, H1, H2, a_scene
from twin.domain.errors import TwinError


def test_hold_leaves_every_setpoint_where_it_stands() -> None:
    scene = a_scene().standing({H1: 22.7, CHW: 11.3})
    memory = DecideMemory(plan=PlanMemory({H1: 20.0}))
    plan, after = Hold().decide(scene.task, memory)
    assert plan.chosen.setpoint.tolist() == [22.7, 22.0, 11.3, 24.0, 0.0, 0.0]
    assert plan.chosen is plan.hold
    assert plan.runner_up is None
    assert plan.reason == ("hold",) * 6
    assert after is memory


def test_hold_needs_no_reading() -> None:
    blind = a_scene().plant(wet_bulb_c=math.nan).halls(it_w=math.nan, worst_inlet_c=math.nan)
    plan, _ = Hold().decide(blind.task, DecideMemory())
    assert plan.chosen.setpoint.tolist() == blind.previous.value.tolist()


def test_what_stands_counts_an_operators_order_as_done_unless_somebody_holds_the_point() -> None:
    scene = a_scene().allowed(H1, fixed=20.0).allowed(H2, fixed=20.0, held=True)
    assert standing(scene.task).tolist() == [20.0, 22.0, 10.0, 24.0, 0.0, 0.0]
    assert scene.previous.value[0] == 22.0  # a copy


@pytest.mark.parametrize("name", sorted(CONTROLLERS))
def test_every_controller_is_found_by_its_name_and_does_not_touch_its_task(name: str) -> None:
    controller = controller_named(name)
    assert controller.name == name
    scene = a_scene()
    before = scene.previous.value.copy(), scene.state.halls.supply_air_c.copy()
    plan, _ = controller.decide(scene.task, DecideMemory())
    assert plan.controller == name
    assert len(plan.reason) == len(plan.binding) == 6
    assert plan.chosen.setpoint.shape == (6,)
    assert np.array_equal(scene.previous.value, before[0])
    assert np.array_equal(scene.state.halls.supply_air_c, before[1])


def test_an_unknown_controller_is_refused_with_those_that_exist() -> None:
    with pytest.raises(TwinError, match=r"no controller 'pid'.*fix: one of hold, reset_rules, predictive"):
        controller_named("pid")
