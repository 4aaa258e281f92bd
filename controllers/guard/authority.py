"""Who may write what now: modes, the operator's ceiling, overrides, warm-up and holders of points.

Authority grows only by the operator's word and never above the ceiling in the limits file; it shrinks at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from controllers.api import Authority, Grant, Previous, lower_mode
from twin.domain.actuators import Actuator, Kind, Limits, Mode
from twin.domain.clock import NS_PER_S
from twin.domain.commands import OperatorOrder
from twin.domain.site import ControlSettings
from twin.domain.state import State
from twin.domain.timestamps import iso_utc

EVERYWHERE = ""  # an order without a point speaks of the whole site


@dataclass(frozen=True, slots=True)
class Override:
    """An operator's value for one point, in force until `until_ns` (0: until it is released by hand)."""

    point: str
    value: float
    by: str
    reason: str
    until_ns: int
    since_ns: int = 0


@dataclass(frozen=True, slots=True)
class OrderedMode:
    """An operator's mode for one point or for the whole site."""

    point: str
    mode: Mode
    until_ns: int
    by: str = ""
    reason: str = ""
    since_ns: int = 0


@dataclass(frozen=True, slots=True)
class AuthorityMemory:
    """`armed` once every needed input was there at least once since this start."""

    epoch: int = -1
    started_s: float = 0.0  # monotonic clock of this start
    armed: bool = False
    overrides: tuple[Override, ...] = ()
    modes: tuple[OrderedMode, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """What became of an operator's order."""

    order_id: str
    accepted: bool
    text: str


@dataclass(frozen=True, slots=True)
class AuthorityInput:
    """What rights are decided from. `blocked` gives, by actuator index, why publishing stopped, "" when it did not."""

    limits: Limits
    control: ControlSettings
    state: State
    previous: Previous
    requested: Mode
    epoch: int
    blocked: tuple[str, ...]


def authorise(
    given: AuthorityInput, orders: tuple[OperatorOrder, ...], memory: AuthorityMemory
) -> tuple[Authority, AuthorityMemory, tuple[OrderAnswer, ...]]:
    """Rights of each actuator in this cycle, after the operator's orders; every order is answered."""
    memory = _started(given, memory)
    answers: list[OrderAnswer] = []
    for order in orders:
        memory, answer = _obeyed(given, order, memory)
        answers.append(answer)
    now_ns = given.state.now_ns
    memory = replace(
        memory,
        armed=memory.armed or not given.state.missing,
        overrides=tuple(o for o in memory.overrides if not _over(o.until_ns, now_ns)),
        modes=tuple(m for m in memory.modes if not _over(m.until_ns, now_ns)),
    )
    grants = tuple(_grant(given, actuator, memory) for actuator in given.limits.actuators)
    return Authority(grants), memory, tuple(answers)


def _over(until_ns: int, now_ns: int) -> bool:
    return 0 < until_ns <= now_ns


def _started(given: AuthorityInput, memory: AuthorityMemory) -> AuthorityMemory:
    """A new epoch observes first; an ordered mode outlives the restart only where it lowers what a start begins in."""
    if memory.epoch == given.epoch:
        return memory
    kept = tuple(m for m in memory.modes if lower_mode(m.mode, _at_start(given)) is m.mode)
    return AuthorityMemory(given.epoch, given.state.mono_s, False, memory.overrides, kept)


def _at_start(given: AuthorityInput) -> Mode:
    """What a start begins in: to write without a word of an operator must be allowed."""
    return given.requested if given.control.auto_resume else lower_mode(given.requested, Mode.ADVISE)


def _obeyed(
    given: AuthorityInput, order: OperatorOrder, memory: AuthorityMemory
) -> tuple[AuthorityMemory, OrderAnswer]:
    def refused(text: str) -> tuple[AuthorityMemory, OrderAnswer]:
        return memory, OrderAnswer(order.id, False, text)

    def taken(changed: AuthorityMemory, text: str) -> tuple[AuthorityMemory, OrderAnswer]:
        return changed, OrderAnswer(order.id, True, text)

    order = replace(order, until_ns=order.ends_ns(given.state.now_ns), for_s=0.0)
    index = given.limits.actuators.find(order.point) if order.point else -1
    if order.point and index < 0:
        return refused(f"no actuator is called {order.point!r}")
    if _over(order.until_ns, given.state.now_ns):
        return refused("its end has already passed")
    others = tuple(o for o in memory.overrides if o.point != order.point)
    match order.kind:
        case "mode":
            if order.mode not in tuple(Mode):
                return refused(f"no mode is called {order.mode!r}; modes are {', '.join(Mode)}")
            modes = tuple(m for m in memory.modes if m.point != order.point)
            now_ns = given.state.now_ns
            ordered = OrderedMode(
                order.point, Mode(order.mode), order.until_ns, order.by, order.reason, since_ns=now_ns
            )
            text = f"mode of {order.point or 'the site'}: {order.mode}{_until(order.until_ns)}"
            text += _kept_lower(given.limits, ordered)
            return taken(replace(memory, modes=(*modes, ordered)), text)
        case "override":
            if index < 0:
                return refused("an override needs a point")
            actuator = given.limits.actuators.actuators[index]
            wanted = order.value if order.value is not None else float(given.previous.value[index])
            problem = _refusal(actuator, wanted)
            if problem:
                return refused(problem)
            now_ns, by_default = given.state.now_ns, not order.until_ns
            until_ns = order.until_ns or now_ns + round(3600.0 * given.control.override_hours) * NS_PER_S
            override = Override(order.point, wanted, order.by, order.reason, until_ns, now_ns)
            text = f"{order.point} fixed at {wanted:g}{_until(until_ns)}"
            if by_default:
                text += f": {given.control.override_hours:g} h, as the order names no end"
            return taken(replace(memory, overrides=(*others, override)), text)
        case "release":
            kept = others if order.point else ()
            return taken(replace(memory, overrides=kept), f"{order.point or 'every point'} released")
        case _:
            return refused(f"no order is called {order.kind!r}; orders are mode, override, release")


def _kept_lower(limits: Limits, ordered: OrderedMode) -> str:
    """How many setpoints an ordered mode does not lift so high, by the ceilings in force."""
    meant = [actuator for actuator in limits.actuators if ordered.point in {EVERYWHERE, actuator.point}]
    kept = [actuator for actuator in meant if lower_mode(ordered.mode, actuator.ceiling) is not ordered.mode]
    return f"; {len(kept)} setpoint{'s' if len(kept) > 1 else ''} may not go so high, see twin ready" if kept else ""


def _until(until_ns: int) -> str:
    return f" until {iso_utc(until_ns)}" if until_ns else ""


def _refusal(actuator: Actuator, value: float) -> str:
    """Why an override cannot stand, "" when it can."""
    if not math.isfinite(value) or not actuator.low <= value <= actuator.high:
        return f"{value:g} is outside the limits file's {actuator.low:g} to {actuator.high:g}"
    if actuator.kind is Kind.UPS_MODE and value not in (0.0, 1.0):
        return "a UPS mode is 0 (double conversion) or 1 (ECO)"
    return ""


def _grant(given: AuthorityInput, actuator: Actuator, memory: AuthorityMemory) -> Grant:
    ordered = next((m.mode for m in memory.modes if m.point == EVERYWHERE), None)
    site_wide = ordered or _at_start(given)
    for_point = next((m.mode for m in memory.modes if m.point == actuator.point), site_wide)
    mode = lower_mode(lower_mode(site_wide, for_point), actuator.ceiling)
    override = next((o for o in memory.overrides if o.point == actuator.point), None)
    fixed = override.value if override else None
    blocked = given.blocked[actuator.index]
    if blocked:
        return Grant(mode, fixed, True, blocked)
    if given.state.held_by_operator[actuator.index]:
        return Grant(mode, fixed, True, "held by a local operator")
    if not given.previous.known[actuator.index]:
        return Grant(mode, fixed, True, "the plant's own setpoint is not known")
    observed_s = given.state.mono_s - memory.started_s
    if not memory.armed:
        return Grant(Mode.SHADOW, fixed, False, "cold start: waiting for " + ", ".join(given.state.missing))
    if observed_s < given.control.warm_up_s:
        return Grant(Mode.SHADOW, fixed, False, f"warming up: {observed_s:.0f} s of {given.control.warm_up_s:.0f} s")
    waits = ordered is None and mode is _at_start(given) is not given.requested
    because = f"mode is {mode}" + (": after a start writing waits for an operator's order" if waits else "")
    return Grant(mode, fixed, False, "" if mode.writes else because)
