"""Who may write what: modes, ceilings, overrides, warm-up, holders; and what the guard makes of it."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest

from controllers.api import Authority, Grant, lower_mode
from controllers.guard.authority import AuthorityInput, AuthorityMemory, OrderedMode, Override, authorise
from controllers.guard.memory import GuardMemory
from controllers.guard.pipeline import settle
from controllers.guard.rights import rights
from tests.support.states import CHW, H1, H2, POINTS, T0_NS, UPS_B, Scene, a_scene, step_of
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S
from twin.domain.commands import OperatorOrder

NOTHING = GuardMemory()
EPOCH = 7
HOUR_NS = 3600 * NS_PER_S
READY = AuthorityMemory(epoch=EPOCH, started_s=0.0, armed=True)  # the scene's clock stands at 10 000 s


def asked(scene: Scene, *, mode: Mode = Mode.CONTROL, blocked: dict[str, str] | None = None) -> AuthorityInput:
    reasons = tuple((blocked or {}).get(point, "") for point in POINTS)
    return AuthorityInput(scene.limits, scene.control, scene.state, scene.previous, mode, EPOCH, reasons)


def an_order(kind: str, point: str = "", **values: object) -> OperatorOrder:
    plain = OperatorOrder(kind, "o1", point, None, "", "ann", "drill", 0)
    return replace(plain, **values)  # type: ignore[arg-type]


def granted(scene: Scene, point: str, given: AuthorityInput, *orders: OperatorOrder) -> Grant:
    authority, _, _ = authorise(given, orders, READY)
    return authority.grants[scene.index(point)]


# --- modes
def test_of_two_modes_the_lower_one_holds() -> None:
    assert lower_mode(Mode.CONTROL, Mode.ADVISE) is Mode.ADVISE
    assert lower_mode(Mode.SHADOW, Mode.CONTROL) is Mode.SHADOW


def test_a_ready_site_gets_what_was_requested() -> None:
    scene = a_scene()
    for mode in Mode:
        assert granted(scene, H1, asked(scene, mode=mode)).mode is mode


def test_no_point_rises_above_its_ceiling() -> None:
    scene = a_scene().limited(H1, ceiling=Mode.ADVISE)
    assert granted(scene, H1, asked(scene), an_order("mode", H1, mode="control")).mode is Mode.ADVISE
    assert granted(scene, H2, asked(scene)).mode is Mode.CONTROL


def test_a_mode_order_for_the_site_reaches_every_point_and_one_for_a_point_only_that() -> None:
    scene = a_scene()
    assert granted(scene, CHW, asked(scene), an_order("mode", mode="shadow")).mode is Mode.SHADOW
    assert granted(scene, CHW, asked(scene), an_order("mode", H1, mode="shadow")).mode is Mode.CONTROL
    assert granted(scene, H1, asked(scene), an_order("mode", H1, mode="shadow")).mode is Mode.SHADOW


def test_a_point_never_does_more_than_the_site() -> None:
    scene = a_scene()
    orders = (an_order("mode", mode="advise"), an_order("mode", H1, mode="control"))
    assert granted(scene, H1, asked(scene), *orders).mode is Mode.ADVISE


# --- start
def test_a_new_start_waits_for_every_input_and_names_the_missing_ones() -> None:
    scene = a_scene().believing(missing=("h1/it_w", "plant/chws_c"))
    authority, memory, _ = authorise(asked(scene), (), AuthorityMemory())
    assert authority.grants[0] == Grant(Mode.SHADOW, None, False, "cold start: waiting for h1/it_w, plant/chws_c")
    assert not memory.armed


def test_then_it_observes_for_its_warm_up() -> None:
    scene = a_scene()
    authority, memory, _ = authorise(asked(scene), (), AuthorityMemory())
    assert authority.grants[0].mode is Mode.SHADOW
    assert authority.grants[0].why == "warming up: 0 s of 300 s"
    later = scene.believing(mono_s=scene.state.mono_s + 299.0)
    assert authorise(asked(later), (), memory)[0].grants[0].mode is Mode.SHADOW
    done = scene.believing(mono_s=scene.state.mono_s + 300.0)
    assert authorise(asked(done), (), memory)[0].grants[0] == Grant(Mode.CONTROL, None, False, "")


def test_where_it_may_not_resume_by_itself_a_start_advises_until_an_operators_order() -> None:
    scene = a_scene()
    given = asked(scene)
    given = replace(given, control=replace(given.control, auto_resume=False))
    ready = replace(READY, modes=())
    waiting, memory, _ = authorise(given, (), ready)
    assert (waiting.grants[0].mode, waiting.grants[0].why) == (
        Mode.ADVISE,
        "mode is advise: after a start writing waits for an operator's order",
    )
    told, _, _ = authorise(given, (an_order("mode", mode="advise"),), memory)
    assert told.grants[0].why == "mode is advise"
    resumed, memory, _ = authorise(given, (an_order("mode", mode="control"),), memory)
    assert resumed.grants[0].mode is Mode.CONTROL
    # the next start waits again
    again, memory, _ = authorise(replace(given, epoch=EPOCH + 1), (), memory)
    assert memory.modes == ()
    assert again.grants[0].mode is not Mode.CONTROL


def test_an_input_lost_later_does_not_start_the_warm_up_again() -> None:
    lost = a_scene().believing(missing=("h1/it_w",))  # the guard lets only cooling pass then
    assert granted(lost, H1, asked(lost)).mode is Mode.CONTROL


def test_a_restart_keeps_overrides_and_forgets_orders_that_raised_the_mode() -> None:
    kept = AuthorityMemory(
        epoch=EPOCH - 1,
        armed=True,
        overrides=(Override(H1, 20.0, "ann", "", 0),),
        modes=(OrderedMode("", Mode.CONTROL, 0), OrderedMode(H1, Mode.SHADOW, 0)),
    )
    scene = a_scene()
    authority, memory, _ = authorise(asked(scene, mode=Mode.ADVISE), (), kept)
    assert memory.modes == (OrderedMode(H1, Mode.SHADOW, 0),)
    assert authority.grants[0].fixed == 20.0
    assert authority.grants[1].mode is not Mode.CONTROL


# --- whoever else holds a point
def test_a_local_operators_hold_is_not_fought() -> None:
    scene = a_scene()
    held = scene.state.held_by_operator.copy()
    held[0] = 1
    grant = granted(scene, H1, asked(scene.believing(held_by_operator=held)))
    assert (grant.held, grant.why) == (True, "held by a local operator")


def test_a_setpoint_never_read_is_not_written() -> None:
    scene = a_scene()
    known = scene.previous.known.copy()
    known[1] = False
    unread = replace(scene, previous=replace(scene.previous, known=known))
    assert granted(unread, H2, asked(unread)).held
    assert not granted(unread, H1, asked(unread)).held


def test_a_blocked_point_says_why() -> None:
    scene = a_scene()
    grant = granted(scene, H1, asked(scene, blocked={H1: "wrote 23, the plant reads 22 degC"}))
    assert (grant.held, grant.why) == (True, "wrote 23, the plant reads 22 degC")


# --- orders
def test_an_override_fixes_a_point_until_its_end() -> None:
    scene = a_scene()
    order = an_order("override", H1, value=20.0, until_ns=T0_NS + HOUR_NS)
    authority, memory, (answer,) = authorise(asked(scene), (order,), READY)
    assert authority.grants[0].fixed == 20.0
    assert answer.accepted
    assert answer.text == "h1/supply_air_sp_c fixed at 20 until 2026-07-15T13:00:00.000Z"
    before_end = scene.believing(now_ns=T0_NS + HOUR_NS - 1)
    assert authorise(asked(before_end), (), memory)[0].grants[0].fixed == 20.0
    at_end = scene.believing(now_ns=T0_NS + HOUR_NS)
    assert authorise(asked(at_end), (), memory)[0].grants[0].fixed is None


def test_an_override_without_an_end_ends_after_the_sites_own_time_and_says_so() -> None:
    scene = a_scene()
    _, memory, (answer,) = authorise(asked(scene), (an_order("override", H1, value=20.0),), READY)
    assert answer.text == (
        "h1/supply_air_sp_c fixed at 20 until 2026-07-15T20:00:00.000Z: 8 h, as the order names no end"
    )
    before_end = scene.believing(now_ns=T0_NS + 8 * HOUR_NS - 1)
    assert authorise(asked(before_end), (), memory)[0].grants[0].fixed == 20.0
    at_end = scene.believing(now_ns=T0_NS + 8 * HOUR_NS)
    assert authorise(asked(at_end), (), memory)[0].grants[0].fixed is None


def test_an_override_ends_when_it_is_released() -> None:
    scene = a_scene()
    far = an_order("override", H1, value=20.0, until_ns=T0_NS + 100_000 * HOUR_NS)
    _, memory, _ = authorise(asked(scene), (far,), READY)
    years_on = scene.believing(now_ns=T0_NS + 99_999 * HOUR_NS)
    assert authorise(asked(years_on), (), memory)[0].grants[0].fixed == 20.0
    authority, _, _ = authorise(asked(years_on), (an_order("release", H1),), memory)
    assert authority.grants[0].fixed is None


def test_a_mode_stands_until_changed_however_long_it_takes() -> None:
    scene = a_scene()
    _, memory, _ = authorise(asked(scene), (an_order("mode", mode="shadow"),), READY)
    years_on = scene.believing(now_ns=T0_NS + 100_000 * HOUR_NS)
    assert authorise(asked(years_on), (), memory)[0].grants[0].mode is Mode.SHADOW


def test_what_stands_knows_who_ordered_it_why_and_since_when() -> None:
    scene = a_scene()
    orders = (an_order("override", H1, value=20.0), an_order("mode", mode="advise", until_ns=T0_NS + HOUR_NS))
    _, memory, _ = authorise(asked(scene), orders, READY)
    assert memory.overrides == (Override(H1, 20.0, "ann", "drill", T0_NS + 8 * HOUR_NS, T0_NS),)
    assert memory.modes == (OrderedMode("", Mode.ADVISE, T0_NS + HOUR_NS, "ann", "drill", T0_NS),)


def test_a_release_of_the_site_releases_every_point() -> None:
    scene = a_scene()
    orders = (an_order("override", H1, value=20.0), an_order("override", H2, value=21.0))
    _, memory, _ = authorise(asked(scene), orders, READY)
    _, one_less, _ = authorise(asked(scene), (an_order("release", H2),), memory)
    _, none_left, _ = authorise(asked(scene), (an_order("release"),), memory)
    assert [o.point for o in one_less.overrides] == [H1]
    assert none_left.overrides == ()


def test_an_override_without_a_value_holds_the_point_where_it_stands() -> None:
    scene = a_scene().standing({H1: 22.4})
    authority, _, _ = authorise(asked(scene), (an_order("override", H1),), READY)
    assert authority.grants[0].fixed == 22.4


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (an_order("override", H1, value=25.1), "25.1 is outside the limits file's 18 to 25"),
        (an_order("override", H1, value=math.nan), "nan is outside the limits file's 18 to 25"),
        (an_order("override", H1, value=math.inf), "inf is outside the limits file's 18 to 25"),
        (an_order("override", UPS_B, value=0.5), "a UPS mode is 0 (double conversion) or 1 (ECO)"),
        (an_order("override", value=20.0), "an override needs a point"),
        (an_order("override", "h9/supply_air_sp_c", value=20.0), "no actuator is called 'h9/supply_air_sp_c'"),
        (an_order("mode", mode="full"), "no mode is called 'full'; modes are shadow, advise, bounded, control"),
        (an_order("mode", mode="shadow", until_ns=T0_NS), "its end has already passed"),
        (an_order("party"), "no order is called 'party'; orders are mode, override, release"),
    ],
)
def test_an_order_that_cannot_stand_is_refused_in_words_and_changes_nothing(order: OperatorOrder, text: str) -> None:
    scene = a_scene()
    _, memory, (answer,) = authorise(asked(scene), (order,), READY)
    assert not answer.accepted
    assert answer.text == text
    assert memory == READY


def test_a_later_override_of_a_point_replaces_the_earlier_one() -> None:
    scene = a_scene()
    orders = (an_order("override", H1, value=20.0), an_order("override", H1, value=21.0))
    _, memory, answers = authorise(asked(scene), orders, READY)
    assert [o.value for o in memory.overrides] == [21.0]
    assert [a.accepted for a in answers] == [True, True]


def test_what_authority_remembers_survives_a_restart() -> None:
    scene = a_scene()
    orders = (an_order("override", H1, value=20.0), an_order("mode", mode="advise", until_ns=T0_NS + HOUR_NS))
    _, memory, _ = authorise(asked(scene), orders, READY)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=AuthorityMemory) == memory


# --- planning with it
def test_a_plan_counts_only_on_points_that_may_move_now() -> None:
    scene = a_scene().allowed(H1, Mode.SHADOW).allowed(H2, fixed=21.0).allowed(CHW, held=True)
    assert [scene.authority.free(i) for i in range(6)] == [False, False, False, True, True, True]
    everyone_waits = Authority((Grant(Mode.SHADOW, None, False, ""),) * 2)
    assert everyone_waits.highest is Mode.SHADOW
    assert everyone_waits.free(0)  # a shadow plan may move what shadow moves


# --- the guard's step
@pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.ADVISE])
def test_without_control_nothing_leaves_and_a_lease_goes_back(mode: Mode) -> None:
    scene = a_scene().allowed(H1, mode, why=f"mode is {mode}")
    draft = rights(scene.given, NOTHING, scene.draft({H1: 22.2}))
    assert (draft.write[0], draft.release[0]) == (False, True)
    assert draft.value[0] == 22.2  # what would have been written is still shown
    assert step_of(draft, 0).because == f"mode is {mode}"
    assert draft.write[1:] == (True,) * 5


def test_an_override_replaces_the_wish() -> None:
    scene = a_scene().allowed(H1, fixed=21.9)
    draft = rights(scene.given, NOTHING, scene.draft({H1: 23.0}))
    assert draft.value[0] == 21.9
    assert step_of(draft, 0).because == "an operator ordered 21.9"
    assert draft.write[0]


def test_an_override_still_goes_at_the_permitted_rate() -> None:
    scene = a_scene().allowed(H1, fixed=24.0)
    assert scene.guarded({}).verdicts[0].value == pytest.approx(22.2)


def test_a_held_point_stays_where_it_is_whatever_the_plan() -> None:
    scene = a_scene().allowed(H1, held=True, why="held by a local operator").halls(worst_inlet_c=33.0)
    verdict = scene.guarded({H1: 24.0}).verdicts[0]
    assert verdict.value == 22.0
    assert (verdict.write, verdict.release) == (False, True)
    assert verdict.reason == "held by a local operator"


def test_what_stands_outside_its_limits_after_all_does_not_leave() -> None:
    scene = a_scene()
    draft = settle(scene.given, NOTHING, scene.draft({H1: 25.1}))
    assert (draft.write[0], draft.release[0]) == (False, True)
    assert step_of(draft, 0).because == "stands at 25.1, outside its limits"
    fine = scene.draft({H1: 25.0})
    assert settle(scene.given, NOTHING, fine) == fine


def test_a_wish_granted_as_it_is_says_so() -> None:
    verdict = a_scene().guarded({H1: 22.1}).verdicts[0]
    assert verdict.steps == ()
    assert verdict.reason == "granted"
    assert verdict.wish == verdict.value == 22.1
