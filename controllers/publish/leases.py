"""The ledger of setpoint leases: what was lent by whom until when, and whether the plant agrees. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from controllers.api import Previous
from controllers.storage import from_dict, to_dict
from twin.domain.actuators import Actuator, ActuatorTable, Kind, Limits
from twin.domain.clock import NS_PER_S
from twin.domain.commands import Ack, AckStatus, Command
from twin.domain.decisions import Verdict
from twin.domain.points import Quality
from twin.domain.state import State

SETTLE_NS = 10 * NS_PER_S  # a written setpoint is read back within 5 to 10 s; clocks may differ by less
STRIKES = 2  # disagreements in a row after which a point is left alone
LOST = 10  # leases in a row that neither receiver nor plant took notice of, after which it is left alone too


@dataclass(frozen=True, slots=True)
class Lease:
    """One point's entry. While `active`, `value` is what we wrote; else what the plant was last seen at.

    `since_ns` is when `value` last changed. `strikes` counts disagreements in a row, the last of them with the readback
    of `compared_ns`; `blocked` says why we no longer write, "" while we may. `number` counts the leases of this point,
    `seq` its commands. `left_ns` is when the last lease ended: until the plant was read well after that, `known` is
    false. `answered_ns` is when the receiver says that it applied the last command, 0 before it has; `lost` counts
    leases in a row of which nothing was heard or seen.
    """

    value: float
    since_ns: int
    known: bool = True
    active: bool = False
    number: int = 0
    seq: int = 0
    issued_ns: int = 0
    expires_ns: int = 0
    decision: str = ""
    strikes: int = 0
    blocked: str = ""
    compared_ns: int = 0
    left_ns: int = 0
    answered_ns: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """All leases by actuator point id, and the epoch they belong to."""

    epoch: int = -1
    leases: dict[str, Lease] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """As stored between starts."""
        return to_dict(self)

    @staticmethod
    def from_dict(stored: Mapping[str, object]) -> Ledger:
        """Raises: TwinError: not a ledger of this version."""
        return from_dict(Ledger, stored)


def tolerance(actuator: Actuator) -> float:
    """How far a readback may lie from what was written and still be the same setpoint."""
    return 0.25 if actuator.kind is Kind.UPS_MODE else 0.5 * actuator.step + 1e-6


def begin(ledger: Ledger, epoch: int) -> Ledger:
    """A new start owns none of the old leases: they run out at the receiver, and the plant's setpoints are adopted."""
    if ledger.epoch == epoch:
        return ledger
    kept = {
        point: replace(e, active=False, known=False, strikes=0, lost=0, blocked="")
        for point, e in ledger.leases.items()
    }
    return Ledger(epoch, kept)


def acknowledge(ledger: Ledger, ack: Ack) -> Ledger:
    """Take one answer of the receiver into account. Answers to an older command or another start change nothing."""
    point = f"{ack.asset}/{ack.point}"
    entry = ledger.leases.get(point)
    if entry is None or ack.epoch != ledger.epoch or ack.seq != entry.seq:
        return ledger
    match ack.status:
        case AckStatus.APPLIED:
            # the plant's own readback is the proof, not the receiver's word; but it counts from this word on
            changed = replace(entry, answered_ns=min(ack.at_ns, entry.expires_ns), lost=0)
        case AckStatus.REJECTED:
            changed = _struck(_ended(entry, entry.issued_ns), f"the receiver refused it: {ack.reason}")
        case AckStatus.EXPIRED:
            changed = _ended(entry, ack.at_ns)
        case AckStatus.SUPERSEDED:
            because = f"the receiver follows a newer master: {ack.reason}"
            changed = replace(_ended(entry, ack.at_ns), strikes=STRIKES, blocked=because)
    return _with(ledger, point, changed)


def read_back(ledger: Ledger, state: State, table: ActuatorTable) -> Ledger:
    """Compare every lease with the plant's own setpoint; adopt it where nothing is lent.

    A readback counts against a command only when it was taken well after the receiver's answer to it: two disagreements
    in a row end the writing. Without an answer a disagreement says that the command never arrived.
    """
    leases = dict(ledger.leases)
    for actuator in table:
        i, point = actuator.index, actuator.point
        entry = leases.get(point)
        seen, seen_ns = float(state.setpoint[i]), int(state.setpoint_ns[i])
        usable = math.isfinite(seen) and state.setpoint_quality[i] <= Quality.SUSPECT
        if entry is None:
            entry = Lease(seen if usable else actuator.local, state.now_ns, known=usable)
        if entry.active and state.now_ns >= entry.expires_ns:
            entry = _ended(entry, entry.expires_ns)
        elif entry.active and state.held_by_operator[i]:
            entry = _ended(entry, entry.issued_ns)
        if entry.active:
            entry = _compared(entry, actuator, seen, seen_ns) if usable else entry
        elif usable and (entry.known or seen_ns - entry.left_ns >= SETTLE_NS):
            moved = not entry.known or abs(seen - entry.value) > tolerance(actuator)
            since_ns = state.now_ns if moved else entry.since_ns
            entry = replace(entry, value=seen, since_ns=since_ns, known=True)
        leases[point] = entry
    return Ledger(ledger.epoch, leases)


def _ended(entry: Lease, at_ns: int) -> Lease:
    """The plant goes back to its own setpoint, which the next readback tells; until then we know no value."""
    return replace(entry, active=False, known=False, left_ns=at_ns)


def _compared(entry: Lease, actuator: Actuator, seen: float, seen_ns: int) -> Lease:
    if seen_ns - (entry.answered_ns or entry.issued_ns) < SETTLE_NS or seen_ns <= entry.compared_ns:
        return entry
    entry = replace(entry, compared_ns=seen_ns)
    if abs(seen - entry.value) <= tolerance(actuator):
        return replace(entry, strikes=0, lost=0)
    if entry.answered_ns:
        return _struck(entry, f"wrote {entry.value:g}, the plant reads {seen:g} {actuator.unit}")
    lost = replace(_ended(entry, entry.issued_ns), lost=entry.lost + 1)
    because = f"the receiver does not answer, and the plant stays at {seen:g} {actuator.unit}"
    return replace(lost, blocked=because) if lost.lost >= LOST else lost


def _struck(entry: Lease, because: str) -> Lease:
    strikes = entry.strikes + 1
    return replace(entry, strikes=strikes, blocked=because if strikes >= STRIKES else entry.blocked)


def unsent(ledger: Ledger, point: str, seq: int) -> Ledger:
    """A command did not get through to the broker: nothing was lent, and the plant's readback tells where it stands.

    Should it have arrived after all, its lease runs out at the receiver.
    """
    entry = ledger.leases.get(point)
    if entry is None or entry.seq != seq:
        return ledger
    return _with(ledger, point, _ended(entry, entry.issued_ns))


def block(ledger: Ledger, point: str, because: str) -> Ledger:
    """Leave a point alone until an operator releases it."""
    return _with(ledger, point, replace(ledger.leases[point], blocked=because))


def unblock(ledger: Ledger, point: str) -> Ledger:
    """An operator released the point ("" means every point): it may be written again."""
    cleared = {
        name: replace(entry, blocked="", strikes=0, lost=0) if point in ("", name) else entry
        for name, entry in ledger.leases.items()
    }
    return Ledger(ledger.epoch, cleared)


def blocked(ledger: Ledger, table: ActuatorTable) -> tuple[str, ...]:
    """Why writing stopped, by actuator index, "" where it did not."""
    return tuple(ledger.leases[a.point].blocked if a.point in ledger.leases else "" for a in table)


def previous(ledger: Ledger, table: ActuatorTable) -> Previous:
    """Where each setpoint stands, as deciding and guarding start from; call after `read_back`."""
    entries = [ledger.leases[a.point] for a in table]
    return Previous(
        value=np.array(
            [e.value if e.known else a.local for e, a in zip(entries, table, strict=True)], dtype=np.float64
        ),
        since_ns=np.array([e.since_ns for e in entries], dtype=np.int64),
        known=np.array([e.known for e in entries], dtype=np.bool_),
        leased=np.array([e.active for e in entries], dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What every command of a cycle has in common; `decisions` by actuator index, "" where the reason stays."""

    limits: Limits
    now_ns: int
    modes: tuple[str, ...]  # by actuator index
    decisions: tuple[str, ...]


def issue(verdicts: tuple[Verdict, ...], ledger: Ledger, terms: Terms) -> tuple[tuple[Command, ...], Ledger]:
    """The commands of this cycle: changed values, renewals of leases past their half, and releases, each once.

    A value that the plant already has by itself is not written: a lease begins with a change.
    """
    commands: list[Command] = []
    leases = dict(ledger.leases)
    for verdict in verdicts:
        actuator = terms.limits.actuators.actuators[verdict.actuator]
        point = actuator.point
        entry = leases[point]
        if verdict.release and entry.active:
            command, entry = _release(actuator, entry, ledger.epoch, terms)
        elif verdict.write and _due(actuator, entry, verdict.value, terms):
            command, entry = _lend(actuator, entry, verdict.value, ledger.epoch, terms)
        else:
            continue
        commands.append(command)
        leases[point] = entry
    return tuple(commands), Ledger(ledger.epoch, leases)


def release_all(ledger: Ledger, terms: Terms) -> tuple[tuple[Command, ...], Ledger]:
    """Give back every running lease, as a stopping daemon does; before the first cycle there is none."""
    known = (a for a in terms.limits.actuators if a.point in ledger.leases)
    verdicts = tuple(Verdict(a.index, 0.0, 0.0, False, True, ()) for a in known)
    return issue(verdicts, ledger, terms)


def _due(actuator: Actuator, entry: Lease, value: float, terms: Terms) -> bool:
    if abs(value - entry.value) > 1e-9:
        return True
    return entry.active and entry.expires_ns - terms.now_ns < 0.5 * terms.limits.lease_s * NS_PER_S


def _lend(actuator: Actuator, entry: Lease, value: float, epoch: int, terms: Terms) -> tuple[Command, Lease]:
    number = entry.number if entry.active else entry.number + 1
    changed = abs(value - entry.value) > 1e-9
    lent = Lease(  # written out: a site of hundreds of setpoints lends them all in one cycle
        value=value,
        since_ns=terms.now_ns if changed else entry.since_ns,
        known=entry.known,
        active=True,
        number=number,
        seq=entry.seq + 1,
        issued_ns=terms.now_ns,
        expires_ns=terms.now_ns + round(terms.limits.lease_s * NS_PER_S),
        decision=terms.decisions[actuator.index] or entry.decision,
        strikes=entry.strikes,
        blocked=entry.blocked,
        compared_ns=entry.compared_ns,
        left_ns=entry.left_ns,
        answered_ns=0,
        lost=entry.lost,
    )
    return _command(actuator, lent, epoch, terms, prev=entry.value), lent


def _release(actuator: Actuator, entry: Lease, epoch: int, terms: Terms) -> tuple[Command, Lease]:
    decision = terms.decisions[actuator.index] or entry.decision
    given = replace(_ended(entry, terms.now_ns), seq=entry.seq + 1, issued_ns=terms.now_ns, decision=decision)
    return replace(_command(actuator, given, epoch, terms, prev=entry.value), release=True), given


def _command(actuator: Actuator, entry: Lease, epoch: int, terms: Terms, *, prev: float) -> Command:
    return Command(
        actuator=actuator.index,
        asset=actuator.asset,
        point=actuator.name,
        value=entry.value,
        unit=actuator.unit,
        seq=entry.seq,
        epoch=epoch,
        lease=f"{epoch}.{entry.number}",
        issued_ns=terms.now_ns,
        expires_ns=entry.expires_ns,
        mode=terms.modes[actuator.index],
        decision=entry.decision,
        prev=prev,
        limits_hash=terms.limits.hash,
    )


def _with(ledger: Ledger, point: str, entry: Lease) -> Ledger:
    return Ledger(ledger.epoch, {**ledger.leases, point: entry})
