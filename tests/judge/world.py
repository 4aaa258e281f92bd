"""A site that goes wrong: the whole cycle, the shipped receiver and a crude plant, step by step from one seed."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace

import numpy as np

from controllers.publish import leases
from tests.judge.book import UPS, Entry
from tests.judge.bounds import NS, ROUND
from tests.judge.facts import Facts, Past, Sent, Stand
from tests.judge.judge import Judge
from tests.judge.orders import Ordered
from tests.judge.sensors import Sensors
from tests.judge.surroundings import DECEIVING, OFTEN, Troubles, Wisher, a_daemon, some_orders
from tests.support.states import T0_NS
from twin.daemon.core import memory_bytes, memory_of
from twin.daemon.cycle import Heard, Memory, Outcome, cycle
from twin.domain.commands import Ack, AckStatus, OperatorOrder
from twin.domain.sealed import SealedCommand
from twin.domain.state import State
from twin.ingest.orders import parse_ack
from twin.simulator.receiver import load_receiver

BEAT_S = 10.0


class World:
    """One run. `steps` of `dt_s` around a period; everything is drawn from the seed."""

    def __init__(self, seed: int, *, often: dict[str, float] | None = None, orders: float = 0.08) -> None:
        self.seed, self.chance = seed, np.random.default_rng([seed, 3])
        self._order, self.book = a_daemon(seed % 40)
        self.site = self._order.site
        # a few kinds of trouble in each run: all at once would leave nothing to be written
        some = {what: frac for what, frac in OFTEN.items() if self.chance.random() < 0.35}
        self._often, self._orders_frac = some if often is None else often, orders
        self.wisher = Wisher(seed)
        self.points = tuple(e.point for e in self.book.entries)
        self.plant = {e.point: e.local for e in self.book.entries}  # what the building's controllers run at
        self.receiver = load_receiver(
            self.site.topics.root,
            dict(self.plant),
            {e.point: (e.low, e.high) for e in self.book.entries},
            self._apply,
        )
        self.now_ns, self.mono_s, self.step = T0_NS, 1000.0, 0
        self.skew_ns = int(self.chance.uniform(-2.0, 2.0) * NS)  # the receiver's clock
        self.troubles = Troubles({})
        self.ordered = Ordered(self.book, "control", self.site.control.override_hours)
        self.memory, self.epoch = Memory(), 0
        self.armed, self.started_s = False, 0.0
        self.past = Past()
        self.judge = Judge(self.book)
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()
        self._acks: list[tuple[str, bytes]] = []
        self._late: list[SealedCommand] = []
        self._unsent: tuple[tuple[str, int], ...] = ()
        self._sensors = Sensors(self.site, self.book, self._order.estimator.layout, self.chance, seed)
        self._supply_c = self.plant[self.points[0]]
        self._modes: dict[str, float] = {}  # as last read, or as last asked for
        self._changed_ns: dict[str, tuple[int, ...]] = {}
        self.restart(lost=True)

    # --- what happens
    def run(self, steps: int) -> list[str]:
        """Every broken rule, with the step it was broken in."""
        for _ in range(steps):
            before = len(self.wrong)
            self.turn()
            self.wrong[before:] = [f"step {self.step}: {words}" for words in self.wrong[before:]]
        return self.wrong

    def restart(self, *, lost: bool) -> None:
        """A new start, with its memory or without."""
        self.epoch += 1
        self.memory = Memory() if lost else memory_of(memory_bytes(self.memory))
        if lost:
            self.ordered.overrides, self.ordered.modes = {}, {}
            self.past = replace(self.past, reverting=frozenset(), mains={})
            self._modes, self._changed_ns = {}, {}
        self.ordered.restart()
        self.armed, self.started_s = False, math.nan
        self._acks, self._late = [], []
        self.counts["restarts"] += 1

    def turn(self) -> None:
        chance, period_s = self.chance, self.site.control.period_s
        self.step += 1
        self.troubles.draw(chance, self.step, self._often)
        if self.step > 5 and chance.random() < 0.02:
            self.restart(lost=chance.random() < 0.3)
        self._pass_time(float(chance.choice([0.2, 0.9, 1.0, 1.0, 1.0, 1.1, 2.0, 3.5, 5.0])) * period_s)
        self._local_operator()
        orders = some_orders(self.chance, self.book, self.now_ns, self._orders_frac)
        outcome, facts = self._cycle(orders)
        sent = tuple(Sent(c.topic, c.payload, c.expiry_s) for c in outcome.commands)
        self.wrong += self.judge.cycle(facts, sent)
        self.wrong += [f"checkers: {words}" for words in outcome.refusals]
        self._remember(facts, outcome.commands)
        self.counts["cycles"] += 1
        self.counts["commands"] += len(sent)
        self._deliver(outcome.commands)

    def _pass_time(self, seconds: float) -> None:
        silent = self.troubles.now("silence", self.step)
        gone_s = 0.0
        while gone_s < seconds:
            part_s = min(BEAT_S, seconds - gone_s)
            gone_s += part_s
            self.now_ns += round(part_s * NS)
            self.mono_s += part_s
            if not silent:
                self.receiver.on_heartbeat(self.mono_s)
            self._acks += self.receiver.tick(self.now_ns + self.skew_ns, self.mono_s)
            self._supply_c += 0.3 * (self.plant[self.points[0]] - self._supply_c)
        for command in self._late:
            self._hand_over(command)
        self._late = []

    def _apply(self, point: str, value: float) -> None:
        """The building's controller takes a setpoint, unless it does not."""
        if self.troubles.now("refusing", self.step):
            raise ValueError("not now")
        if self.troubles.now("stubborn", self.step):
            return
        self.plant[point] = value

    def _local_operator(self) -> None:
        point = self.points[int(self.chance.integers(len(self.points)))]
        if self.troubles.until.get("hold", -1) == self.step and point not in self.receiver.held:
            entry = self.book.entry(point)
            assert entry is not None
            value = entry.high if entry.kind == UPS else float(self.chance.uniform(entry.low - 1.0, entry.high + 1.0))
            self.receiver.hold(point, value) if not self._refuses() else None
        elif self.receiver.held and self.chance.random() < 0.2 and not self._refuses():
            self.receiver.unhold(sorted(self.receiver.held)[0])

    def _refuses(self) -> bool:
        return self.troubles.now("refusing", self.step)

    def _cycle(self, orders: tuple[OperatorOrder, ...]) -> tuple[Outcome, Facts]:
        snapshot = self._sensors.snapshot(
            self.step, self.now_ns, self.mono_s, self.plant, self.receiver.held, self._supply_c, self.troubles
        )
        acks = self._heard_acks()
        unsent = self._unsent
        heard = Heard(acks, orders, unsent)
        self._unsent = ()
        lent = self.memory.ledger
        order = replace(self._order, controller=self.wisher, epoch=self.epoch)
        self.memory, outcome = cycle(order, snapshot, heard, self.memory)
        state = outcome.state
        stands = self._stands(lent, state, heard)
        if math.isnan(self.started_s):
            self.started_s = state.mono_s
        accepted = []
        for o in orders:
            value = stands.get(o.point, Stand(math.nan, 0)).value if o.value is None else o.value
            accepted.append(self.ordered.take(o.kind, o.point, value, o.mode, o.until_ns, state.now_ns))
        told = [answer.accepted for answer in outcome.answers]
        if told != accepted:
            self.wrong.append(f"answers: {list(outcome.answers)} to {orders}, the judge says {accepted}")
        self.ordered.pass_time(state.now_ns)
        self.armed = self.armed or not state.missing
        ready = self.armed and state.mono_s - self.started_s >= self.site.control.warm_up_s
        self.past = replace(self.past, mains=self._mains(state), changes=self._changes(state, stands))
        rights = {
            p: self.ordered.right(p, held=bool(state.held_by_operator[i]) or self._left_alone(p), ready=ready)
            for i, p in enumerate(self.points)
        }
        return outcome, Facts(
            facility=self.site.facility,
            state=state,
            root=self.site.topics.root,
            epoch=self.epoch,
            period_s=self.site.control.period_s,
            doubt_sd=self.site.control.inlet_backoff_sd,
            points=self.points,
            stands=stands,
            rights=rights,
            wishes=self.wisher.wished,
            past=self.past,
        )

    # --- what the daemon may know
    def _stands(self, lent: leases.Ledger, state: State, heard: Heard) -> dict[str, Stand]:
        """Where the daemon's ledger has each setpoint once it heard all this."""
        table = self.site.limits.actuators
        ledger = leases.begin(lent, self.epoch)
        for point, seq in heard.unsent:
            ledger = leases.unsent(ledger, point, seq)
        for ack in heard.acks:
            ledger = leases.acknowledge(ledger, ack)
        for order in heard.orders:
            if order.kind == "release":
                ledger = leases.unblock(ledger, order.point)
        ledger = leases.read_back(ledger, state, table)
        self._ledger = ledger
        at = leases.previous(ledger, table)
        return {
            p: Stand(float(at.value[i]), int(at.since_ns[i]), bool(at.known[i]), bool(at.leased[i]))
            for i, p in enumerate(self.points)
        }

    def _left_alone(self, point: str) -> bool:
        return bool(self._ledger.leases[point].blocked)

    def _heard_acks(self) -> tuple[Ack, ...]:
        """Answers of the receiver; some get lost, some come a step later."""
        lost, self._acks = self._acks, []
        if self.troubles.now("acks", self.step):
            if self.chance.random() < 0.5:
                self._acks = lost
            return ()
        return tuple(parse_ack(self.site.topics.root, topic, payload) for topic, payload in lost)

    # --- what the judge remembers
    def _mains(self, state: State) -> dict[str, int]:
        """When each side's mains was last seen outside its band, this cycle included."""
        mains = dict(self.past.mains)
        for row, side in enumerate(self.site.facility.power.ups):
            deviation, thd = float(state.ups.mains_deviation_frac[row]), float(state.ups.thd_frac[row])
            told = math.isfinite(deviation) or math.isfinite(thd)
            outside = abs(deviation) > self.book.eco_mains_frac or thd > self.book.eco_thd_frac
            if outside or (told and state.ups.on_generator[row] == 1):
                mains[side.id] = state.now_ns
        return mains

    def _changes(self, state: State, stands: dict[str, Stand]) -> dict[str, tuple[int, ...]]:
        """When each mode changed, by us or by anybody, as far as it could be read; ours are noted when they leave."""
        for i, point in enumerate(self.points):
            if self.book.entries[i].kind != UPS or state.setpoint_quality[i] > 1 or not stands[point].known:
                continue
            if abs(self._modes.get(point, stands[point].value) - stands[point].value) > ROUND:
                self._note_change(point, state.now_ns)
            self._modes[point] = stands[point].value
        return dict(self._changed_ns)

    def _note_change(self, point: str, at_ns: int) -> None:
        self._changed_ns[point] = (*self._changed_ns.get(point, ()), at_ns)

    def _remember(self, facts: Facts, commands: tuple[SealedCommand, ...]) -> None:
        worst_c = facts.state.halls.worst_inlet_c
        back = set()
        for h, hall in enumerate(self.site.facility.halls):
            going = hall.id in self.past.reverting and not worst_c[h] <= self.book.warn_c
            if worst_c[h] > self.book.revert_c or going:
                back.add(hall.id)
        sent = dict(self.past.sent)
        for command in commands:
            point = f"{command.command.asset}/{command.command.point}"
            sent[point] = (command.command.epoch, command.command.seq)
            stood = facts.stands[point].value
            if command.command.unit == "1" and not command.command.release and command.command.value != stood:
                self._note_change(point, facts.state.now_ns)
                self._modes[point] = command.command.value
        self.past = replace(self.past, reverting=frozenset(back), sent=sent)

    # --- the way to the plant
    def _deliver(self, commands: tuple[SealedCommand, ...]) -> None:
        if self.troubles.now("unsent", self.step):
            self._unsent = tuple((f"{c.command.asset}/{c.command.point}", c.command.seq) for c in commands)
            if self.chance.random() < 0.7:
                return  # else they did arrive after all
        if self.troubles.now("commands", self.step):
            return
        for command in commands:
            if self.troubles.now("late", self.step) and self.chance.random() < 0.5:
                self._late.append(command)
                continue
            self._hand_over(command)
            if self.chance.random() < 0.05:
                self._hand_over(command)

    def _hand_over(self, command: SealedCommand) -> None:
        at_ns = self.now_ns + self.skew_ns
        told = command.command
        point = f"{told.asset}/{told.point}"
        before = self.plant[point]
        answer = self.receiver.on_command(command.topic, command.payload, False, at_ns, self.mono_s)
        assert answer is not None
        status = json.loads(answer[1])["status"]
        self.counts[f"receiver {status}"] += 1
        if status == AckStatus.APPLIED and not told.release:
            entry = self.book.entry(point)
            assert entry is not None
            self._arrived(entry, before, told.value)
        self._acks.append(answer)

    def _arrived(self, entry: Entry, before: float, value: float) -> None:
        """The plant itself does not leap towards warm, unless its readback lied or the last commands were not heard of.

        A command that is delivered late may meet a plant that went back meanwhile.
        """
        longest_min = max(2.0, entry.step / max(entry.rise_per_min, 1e-9))
        most = 2.0 * longest_min * entry.rise_per_min + entry.step  # one command may have been lost on its way
        if entry.kind != UPS and value - before > most + ROUND:
            lied = any(self.troubles.until.get(what, -99) >= self.step - 8 for what in DECEIVING)
            self.counts["leaps after a lie" if lied else "leaps"] += 1
            if not lied:
                self.wrong.append(f"rate at the plant: {entry.point}: from {before} to {value}")
