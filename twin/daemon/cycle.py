"""One cycle: judge the readings, estimate, decide, guard, publish, log. Pure, and the one place that knows the order.

No clock, no I/O: what comes in is a snapshot and what was said since the last cycle, what goes out is memory and the
messages to be sent. The shell carries them out; a replay compares them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from controllers.api import Authority, Controller, Grant, Task
from controllers.decide.memory import DecideMemory
from controllers.guard.authority import AuthorityInput, AuthorityMemory, OrderAnswer, authorise
from controllers.guard.checker import Checker
from controllers.guard.draft import GuardInput
from controllers.guard.memory import GuardMemory
from controllers.guard.pipeline import guard
from controllers.guard.seal import seal
from controllers.publish.leases import (
    Ledger,
    Terms,
    acknowledge,
    begin,
    block,
    blocked,
    issue,
    previous,
    read_back,
    release_all,
    unblock,
    unsent,
)
from controllers.records import Citation, RecordMemory, records_of
from controllers.wire import advice_payload
from twin.domain.actuators import Mode
from twin.domain.clock import NS_PER_S
from twin.domain.commands import Ack, Command, OperatorOrder
from twin.domain.decisions import Candidate, DecisionRecord, Verdict
from twin.domain.findings import Finding
from twin.domain.sealed import SealedCommand
from twin.domain.site import Site
from twin.domain.snapshot import Snapshot
from twin.domain.state import State
from twin.estimate.estimate import Estimator, estimate
from twin.estimate.forecast import persistence
from twin.estimate.memory import EstimateMemory
from twin.gates.judge import judge
from twin.gates.known import Gates
from twin.gates.memory import GateMemory


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything that one cycle hands to the next; stored between starts."""

    estimate: EstimateMemory = field(default_factory=EstimateMemory)
    decide: DecideMemory = field(default_factory=DecideMemory)
    guard: GuardMemory = field(default_factory=GuardMemory)
    authority: AuthorityMemory = field(default_factory=AuthorityMemory)
    ledger: Ledger = field(default_factory=Ledger)
    records: RecordMemory = field(default_factory=RecordMemory)
    gates: GateMemory = field(default_factory=GateMemory)


@dataclass(frozen=True, slots=True)
class Order:
    """What does not change while the daemon runs."""

    site: Site
    gates: Gates
    estimator: Estimator
    controller: Controller
    checker: Checker
    mode: Mode
    epoch: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What came in beside samples since the last cycle. `unsent`: (point, seq) of commands that did not get through."""

    acks: tuple[Ack, ...] = ()
    orders: tuple[OperatorOrder, ...] = ()
    unsent: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """What would have been commanded, for `_twin/advice`."""

    asset: str
    point: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a cycle has to say. `held` counts actuators that somebody or something keeps us from writing.

    `orders` are those that `answers` answer, one by one; `grants` say what each actuator may do. `expected` is what the
    twin says of the setpoints as they stand.
    """

    state: State
    commands: tuple[SealedCommand, ...]
    advice: tuple[Advice, ...]
    records: tuple[DecisionRecord, ...]
    answers: tuple[OrderAnswer, ...]
    refusals: tuple[str, ...]
    held: int
    mode: Mode
    orders: tuple[OperatorOrder, ...]
    grants: tuple[Grant, ...]
    findings: tuple[Finding, ...]
    expected: Candidate | None = None


def cycle(order: Order, snapshot: Snapshot, heard: Heard, memory: Memory) -> tuple[Memory, Outcome]:
    """The whole way from a snapshot to what is published."""
    site, limits = order.site, order.site.limits
    believed, judged, findings = judge(order.gates, snapshot, memory.gates)
    state, estimated = estimate(order.estimator, believed, memory.estimate)
    forecast = persistence(state, site.control, site.tariff)

    ledger = begin(memory.ledger, order.epoch)
    for point, seq in heard.unsent:
        ledger = unsent(ledger, point, seq)
    for ack in heard.acks:
        ledger = acknowledge(ledger, ack)
    for given_back in heard.orders:
        if given_back.kind == "release":
            ledger = unblock(ledger, given_back.point)
    ledger = read_back(ledger, state, limits.actuators)
    stands = previous(ledger, limits.actuators)

    given = AuthorityInput(
        limits, site.control, state, stands, order.mode, order.epoch, blocked(ledger, limits.actuators)
    )
    authority, rights, answers = authorise(given, heard.orders, memory.authority)
    compiled, facility = order.estimator.site, site.facility
    task = Task(compiled, facility, limits, site.control, state, forecast, authority, stands)
    plan, decided = order.controller.decide(task, memory.decide)
    guarded = guard(
        GuardInput(compiled, facility, limits, site.control, state, forecast, authority, stands), plan, memory.guard
    )

    cite = Citation(order.epoch, site.config_hash, limits)
    records, told = records_of(cite, state, plan, guarded.verdicts, authority, stands, memory.records)
    terms = _terms(order, state, authority, records)
    commands, lent = issue(guarded.verdicts, ledger, terms)
    sealed, ledger, refusals = _sealed(order, commands, ledger, lent)
    outcome = Outcome(
        state=state,
        commands=sealed,
        advice=_advice(order, guarded.verdicts, authority, stands.value.tolist(), terms),
        records=tuple(record for record in records if record is not None),
        answers=answers,
        refusals=refusals,
        held=sum(1 for grant in authority.grants if grant.held),
        mode=authority.highest,
        orders=heard.orders,
        grants=authority.grants,
        findings=findings,
        expected=plan.hold,
    )
    return Memory(estimated, decided, guarded.memory, rights, ledger, told, judged), outcome


def farewell(order: Order, memory: Memory, cycle_number: int, now_ns: int) -> tuple[Memory, tuple[SealedCommand, ...]]:
    """Give every running lease back, as an orderly stop does."""
    n = len(order.site.limits.actuators)
    decisions = (f"{order.epoch}-{cycle_number}-stop",) * n
    terms = Terms(order.site.limits, now_ns, (order.mode.value,) * n, decisions)
    commands, ledger = release_all(memory.ledger, terms)
    sealed = tuple(
        s for s in (seal(c, order.site.topics.root, order.checker) for c in commands) if isinstance(s, SealedCommand)
    )
    return replace(memory, ledger=ledger), sealed


def _terms(order: Order, state: State, authority: Authority, records: tuple[DecisionRecord | None, ...]) -> Terms:
    return Terms(
        limits=order.site.limits,
        now_ns=state.now_ns,
        modes=tuple(grant.mode.value for grant in authority.grants),
        decisions=tuple(record.id if record else "" for record in records),
    )


def _sealed(
    order: Order, commands: tuple[Command, ...], before: Ledger, lent: Ledger
) -> tuple[tuple[SealedCommand, ...], Ledger, tuple[str, ...]]:
    """Seal each command; what the second checker refuses was never lent, and its point is left alone from then on."""
    sealed: list[SealedCommand] = []
    refusals: list[str] = []
    for command in commands:
        result = seal(command, order.site.topics.root, order.checker)
        if isinstance(result, SealedCommand):
            sealed.append(result)
            continue
        point = f"{command.asset}/{command.point}"
        lent = Ledger(lent.epoch, {**lent.leases, point: before.leases[point]})
        lent = block(lent, point, f"the second checker refused it: {result}")
        refusals.append(f"{point}: {result}")
    return tuple(sealed), lent, tuple(refusals)


def _advice(
    order: Order, verdicts: tuple[Verdict, ...], authority: Authority, stands: list[float], terms: Terms
) -> tuple[Advice, ...]:
    advice: list[Advice] = []
    for verdict in verdicts:
        actuator = order.site.limits.actuators.actuators[verdict.actuator]
        i = actuator.index
        if authority.grants[i].mode is not Mode.ADVISE or not terms.decisions[i]:
            continue
        command = Command(
            actuator=i,
            asset=actuator.asset,
            point=actuator.name,
            value=verdict.value,
            unit=actuator.unit,
            seq=0,
            epoch=order.epoch,
            lease="",
            issued_ns=terms.now_ns,
            expires_ns=terms.now_ns + round(order.site.limits.lease_s * NS_PER_S),
            mode=Mode.ADVISE.value,
            decision=terms.decisions[i],
            prev=stands[i],
            limits_hash=order.site.limits.hash,
        )
        advice.append(Advice(actuator.asset, actuator.name, advice_payload(command)))
    return tuple(advice)
