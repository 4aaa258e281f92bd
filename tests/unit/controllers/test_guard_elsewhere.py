"""What does not leave in this cycle stays where it stands, and the guard reckons with that and not with a wish."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from controllers.guard.elsewhere import coldest, unwritten, warmest
from controllers.guard.memory import GuardMemory
from controllers.guard.rights import rights
from controllers.guard.ups_eco import mains_events
from tests.support.states import CHW, CW, H1, T0_NS, UPS_A, UPS_B, Scene, a_scene
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S
from twin.domain.points import Quality

NOTHING = GuardMemory()


def held(scene: Scene, point: str) -> Scene:
    grants = list(scene.authority.grants)
    grants[scene.index(point)] = replace(grants[scene.index(point)], held=True, why="held by a local operator")
    return replace(scene, authority=replace(scene.authority, grants=tuple(grants)))


def lent(scene: Scene, point: str) -> Scene:
    leased = scene.previous.leased.copy()
    leased[scene.index(point)] = True
    return replace(scene, previous=replace(scene.previous, leased=leased))


def unknown(scene: Scene, point: str) -> Scene:
    known = scene.previous.known.copy()
    known[scene.index(point)] = False
    return replace(held(scene, point), previous=replace(scene.previous, known=known))


def test_condenser_water_does_not_fall_because_chilled_water_is_advised_to() -> None:
    """Chilled water stands at 13 and will stay there: only advice would bring it down."""
    scene = a_scene().standing({CHW: 13.0, CW: 18.1}).allowed(CHW, Mode.ADVISE)
    outcome = scene.guarded({CHW: 12.9, CW: 17.9})
    assert scene.granted(outcome, CW) == 18.0
    assert scene.granted(outcome, CHW) == 12.9  # the advice is what it would be in control


def test_chilled_water_does_not_rise_because_condenser_water_is_advised_to() -> None:
    scene = a_scene().standing({CHW: 13.0, CW: 18.0}).allowed(CW, Mode.ADVISE)
    outcome = scene.guarded({CHW: 13.1, CW: 18.1})
    assert scene.granted(outcome, CHW) == 13.0


def test_chilled_water_waits_while_nobody_knows_where_condenser_water_stands() -> None:
    scene = unknown(a_scene().standing({CHW: 12.0}), CW)
    assert scene.granted(scene.guarded({CHW: 12.1}), CHW) == 12.0


def test_in_advice_alone_both_waters_may_move_together() -> None:
    scene = a_scene().standing({CHW: 13.0, CW: 18.0}).allowed(CHW, Mode.ADVISE).allowed(CW, Mode.ADVISE)
    outcome = scene.guarded({CHW: 12.9, CW: 17.9})
    assert (scene.granted(outcome, CHW), scene.granted(outcome, CW)) == (12.9, 17.9)


def test_a_lease_that_is_given_back_ends_in_the_local_setpoint() -> None:
    scene = lent(a_scene().standing({CW: 20.0}).allowed(CW, Mode.SHADOW), CW)
    draft = rights(scene.given, NOTHING, scene.draft({CW: 19.0}))
    condenser = scene.actuator(CW)
    assert unwritten(scene.given, draft, condenser) == (20.0, 24.0)
    assert warmest(scene.given, draft, condenser) == 24.0
    assert coldest(scene.given, draft, condenser) == 19.0


def test_what_failures_do_is_asked_of_the_warmer_of_advice_and_stand() -> None:
    scene = a_scene().allowed(H1, Mode.ADVISE)
    draft = rights(scene.given, NOTHING, scene.draft({H1: 21.5}))
    assert warmest(scene.given, draft, scene.actuator(H1)) == 22.0
    alone = a_scene()
    for point in (H1, CHW, CW, UPS_A, UPS_B, "h2/supply_air_sp_c"):
        alone = alone.allowed(point, Mode.ADVISE)
    draft = rights(alone.given, NOTHING, alone.draft({H1: 21.5}))
    assert warmest(alone.given, draft, alone.actuator(H1)) == 21.5


@pytest.mark.parametrize("spoilt", [{}, {"battery_frac": [0.2, 1.0]}])
def test_a_side_that_somebody_else_put_into_eco_keeps_the_other_out(spoilt: dict[str, list[float]]) -> None:
    """Also when that side should not be there itself."""
    scene = held(a_scene().standing({UPS_A: 1.0}), UPS_A).ups(**spoilt)
    outcome = scene.guarded({UPS_A: 1.0, UPS_B: 1.0})
    assert scene.granted(outcome, UPS_B) == 0.0
    assert scene.granted(outcome, UPS_A) == 1.0
    assert not outcome.verdicts[scene.index(UPS_A)].write


def test_of_two_sides_in_eco_ours_goes_back_when_the_other_is_held() -> None:
    scene = held(a_scene().standing({UPS_A: 1.0, UPS_B: 1.0}), UPS_B)
    assert scene.granted(scene.guarded({UPS_A: 1.0, UPS_B: 1.0}), UPS_A) == 0.0


def test_a_side_of_which_nobody_knows_may_be_in_eco() -> None:
    scene = unknown(a_scene(), UPS_A)
    assert scene.granted(scene.guarded({UPS_B: 1.0}), UPS_B) == 0.0


# --- the envelope
@pytest.mark.parametrize("wish", [17.0, 17.95, math.nan, -math.inf])
def test_what_is_colder_than_its_limits_is_not_lifted_into_them_unasked(wish: float) -> None:
    scene = a_scene().standing({H1: 17.95})
    verdict = scene.guarded({H1: wish}).verdicts[scene.index(H1)]
    assert verdict.value <= 17.95
    assert not verdict.write


def test_nor_is_it_while_a_reason_against_warming_holds() -> None:
    blind = a_scene().standing({H1: 17.95}).halls(quorum_frac=[0.5, 1.0])
    assert not blind.guarded({H1: 19.0}).verdicts[blind.index(H1)].write


def test_asked_for_it_comes_inside_at_its_rate() -> None:
    scene = a_scene().standing({H1: 17.95})
    assert scene.granted(scene.guarded({H1: 19.0}), H1) == 18.1


# --- UPS
def test_one_reading_out_of_its_band_is_a_mains_event_whatever_the_other_says() -> None:
    dip = a_scene().ups(mains_deviation_frac=[-0.2, 0.0], thd_frac=[math.nan, 0.02])
    bent = a_scene().ups(mains_deviation_frac=[math.nan, 0.0], thd_frac=[0.3, 0.02])
    on_diesel = a_scene().ups(mains_deviation_frac=[math.nan, 0.0], on_generator=[1.0, 0.0])
    for scene in (dip, bent, on_diesel):
        assert mains_events(scene.given, NOTHING) == {"ups-a": T0_NS}
    nothing_said = a_scene().ups(mains_deviation_frac=math.nan, thd_frac=math.nan, on_generator=1.0)
    assert mains_events(nothing_said.given, NOTHING) == {}


def test_mode_changes_that_others_made_count_for_the_day() -> None:
    """We asked for ECO; then its lease ended, and the machine went back by itself."""
    scene = a_scene().standing({UPS_B: 0.0}, since_s=4000.0)
    before = tuple(T0_NS - seconds * NS_PER_S for seconds in (20_000, 12_000, 8_000))
    memory = GuardMemory((), {UPS_B: before}, {}, {UPS_B: 1.0})
    outcome = scene.guarded({UPS_B: 1.0}, memory)
    assert scene.granted(outcome, UPS_B) == 0.0
    assert outcome.memory.changed_ns[UPS_B] == (*before, T0_NS)
    assert outcome.memory.modes[UPS_B] == 0.0
    seen_before = replace(memory, modes={UPS_B: 0.0})
    assert scene.granted(scene.guarded({UPS_B: 1.0}, seen_before), UPS_B) == 1.0


# --- what cannot be read back
def stale(scene: Scene) -> Scene:
    return scene.believing(setpoint_quality=np.full(6, int(Quality.STALE), dtype=np.uint8))


def test_a_point_that_is_not_lent_and_cannot_be_read_is_only_written_below_its_local_setpoint() -> None:
    """It was last seen at 23; for all we know it is back at 22 by now, and 22.8 would warm it."""
    scene = stale(a_scene().standing({H1: 23.0}))
    assert not scene.guarded({H1: 22.8}).verdicts[scene.index(H1)].write
    sure = stale(a_scene().standing({H1: 22.0}))
    assert sure.guarded({H1: 21.8}).verdicts[sure.index(H1)].write
    ours = lent(scene, H1)
    assert ours.guarded({H1: 22.8}).verdicts[ours.index(H1)].write


def test_condenser_water_does_not_fall_because_chilled_water_would_if_it_could_be_read() -> None:
    scene = a_scene().standing({CHW: 13.0, CW: 18.0})
    quality = np.zeros(6, dtype=np.uint8)
    quality[scene.index(CHW)] = int(Quality.STALE)
    blind = scene.believing(setpoint_quality=quality)
    outcome = blind.guarded({CHW: 12.9, CW: 17.9})
    assert not outcome.verdicts[blind.index(CHW)].write
    assert blind.granted(outcome, CW) == 18.0
    assert scene.granted(scene.guarded({CHW: 12.9, CW: 17.9}), CW) == 17.9


def test_panic_reaches_a_point_that_cannot_be_read() -> None:
    scene = stale(a_scene().standing({H1: 23.0})).halls(worst_inlet_c=33.0)
    verdict = scene.guarded({}).verdicts[scene.index(H1)]
    assert verdict.write
    assert verdict.value == 18.0
