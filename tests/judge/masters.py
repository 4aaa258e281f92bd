"""Commands at the shipped receiver: two masters on a bad network, and a thief who says again what he overheard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from controllers.guard.seal import seal
from controllers.publish.leases import Lease, Ledger, Terms, acknowledge, blocked, issue, release_all
from tests.judge.bounds import NS
from tests.judge.sites import Place, a_place
from tests.support.states import T0_NS
from twin.domain.decisions import Verdict
from twin.domain.sealed import SealedCommand
from twin.ingest.orders import parse_ack
from twin.simulator.receiver import ReceiverLike, load_receiver

SKEW_S = 2.0  # docs: the gateway's clock is right to a second or two


@dataclass(slots=True)
class Master:
    """A daemon's ledger, and what it wants at random; `awake` is when it goes on after a pause."""

    place: Place
    epoch: int
    ledger: Ledger = field(init=False)
    awake_ns: int = 0

    def __post_init__(self) -> None:
        entries = {e.point: Lease(e.local, T0_NS) for e in self.place.book.entries}
        self.ledger = Ledger(self.epoch, entries)

    def speaks(self, chance: np.random.Generator, now_ns: int) -> list[SealedCommand]:
        """New values, renewals, and now and then a release of everything."""
        n = len(self.place.book.entries)
        terms = Terms(self.place.limits, now_ns, ("control",) * n, (f"d{now_ns}",) * n)
        if chance.random() < 0.05:
            commands, self.ledger = release_all(self.ledger, terms)
        else:
            commands, self.ledger = issue(tuple(self._wants(chance)), self.ledger, terms)
        sealed = (seal(command, self.place.root, self.place.checker) for command in commands)
        return [one for one in sealed if isinstance(one, SealedCommand)]

    def hears(self, topic: str, payload: bytes) -> None:
        self.ledger = acknowledge(self.ledger, parse_ack(self.place.root, topic, payload))

    def _wants(self, chance: np.random.Generator) -> Iterator[Verdict]:
        stopped = blocked(self.ledger, self.place.limits.actuators)
        for actuator in self.place.limits.actuators:
            at = self.ledger.leases[actuator.point].value
            value = round(min(max(at + actuator.step * int(chance.integers(-1, 2)), actuator.low), actuator.high), 6)
            free = not stopped[actuator.index]
            yield Verdict(actuator.index, value, value, free, not free, ())


@dataclass(frozen=True, slots=True)
class Passing:
    """A message on its way: when it arrives, whose it is."""

    at_ns: int
    command: SealedCommand
    master: Master


def a_receiver(place: Place) -> ReceiverLike:
    return load_receiver(
        place.root,
        {e.point: e.local for e in place.book.entries},
        {e.point: (e.low, e.high) for e in place.book.entries},
        lambda point, value: None,
    )


def two_masters(seed: int) -> tuple[int, int, list[str]]:
    """(commands that arrived, takeovers, what went wrong) of one story of some minutes."""
    place, chance = a_place(seed), np.random.default_rng([seed, 7])
    receiver, skew_ns = a_receiver(place), int(chance.uniform(-SKEW_S, SKEW_S) * NS)
    first = int(chance.integers(1, 5))
    masters = [Master(place, first)]
    passing: list[Passing] = []
    now_ns, mono_s, arrived, wrong = T0_NS, 100.0, 0, []
    highest, newest, ends = -1, {}, {}
    for _ in range(40):
        step_s = float(chance.uniform(0.5, 20.0))
        now_ns, mono_s = now_ns + round(step_s * NS), mono_s + step_s
        if chance.random() < 0.9:
            receiver.on_heartbeat(mono_s)
        if len(masters) < 3 and chance.random() < 0.1:
            masters.append(Master(place, masters[-1].epoch + int(chance.integers(1, 3))))
        for master in masters:
            if chance.random() < 0.15:
                master.awake_ns = now_ns + round(float(chance.uniform(5.0, 90.0)) * NS)
            if now_ns < master.awake_ns:
                continue
            for command in master.speaks(chance, now_ns):
                for _copy in range(1 + int(chance.random() < 0.1)):
                    delay_s = float(chance.choice([0.0, 0.1, 3.0, 30.0, 400.0], p=[0.5, 0.2, 0.15, 0.1, 0.05]))
                    passing.append(Passing(now_ns + round(delay_s * NS), command, master))
        due = [m for m in passing if m.at_ns <= now_ns]
        passing = [m for m in passing if m.at_ns > now_ns]
        for index in chance.permutation(len(due)):
            message = due[int(index)]
            arrived += 1
            told = message.command.command
            answer = receiver.on_command(
                message.command.topic, message.command.payload, False, now_ns + skew_ns, mono_s
            )
            assert answer is not None
            if chance.random() < 0.9:
                message.master.hears(*answer)
            if json.loads(answer[1])["status"] != "applied":
                continue
            point = f"{told.asset}/{told.point}"
            if told.epoch < highest:
                wrong.append(f"old master: {point}: epoch {told.epoch} after {highest}")
            if (told.epoch, told.seq) <= newest.get(point, (-1, -1)):
                wrong.append(f"numbers: {point}: {(told.epoch, told.seq)} after {newest[point]}")
            if not told.release and now_ns - told.expires_ns > SKEW_S * NS:
                wrong.append(f"stale: {point}: over since {(now_ns - told.expires_ns) / NS} s")
            highest, newest[point] = max(highest, told.epoch), (told.epoch, told.seq)
            ends[point] = 0 if told.release else told.expires_ns
        receiver.tick(now_ns + skew_ns, mono_s)
        for entry in place.book.entries:
            over = now_ns + skew_ns >= ends.get(entry.point, 0)
            if over and receiver.in_force[entry.point] != entry.local:
                wrong.append(f"lease over: {entry.point} is at {receiver.in_force[entry.point]}")
    return arrived, len(masters) - 1, wrong


def overheard(seed: int) -> tuple[int, list[str]]:
    """(stale commands tried, those that were accepted): everything that was heard, said again in every wrong way."""
    place, chance = a_place(seed), np.random.default_rng([seed, 8])
    receiver, master = a_receiver(place), Master(place, int(chance.integers(2, 9)))
    skew_ns = int(chance.choice([-SKEW_S, 0.0, SKEW_S]) * NS)
    now_ns, mono_s, tried, wrong = T0_NS, 100.0, 0, []
    heard: list[SealedCommand] = []
    kept_back: list[SealedCommand] = []

    def again(command: SealedCommand, how: str, *, payload: bytes | None = None, retained: bool = False) -> None:
        nonlocal tried
        tried += 1
        said = command.payload if payload is None else payload
        answer = receiver.on_command(command.topic, said, retained, now_ns + skew_ns, mono_s)
        if answer is not None and json.loads(answer[1])["status"] == "applied":
            wrong.append(f"replay: {how}: {said!r} at {now_ns}")

    for _ in range(12):
        step_s = float(chance.uniform(1.0, 0.6 * place.book.lease_s))
        now_ns += round(step_s * NS)
        mono_s += step_s
        receiver.on_heartbeat(mono_s)
        receiver.tick(now_ns + skew_ns, mono_s)
        for command in master.speaks(chance, now_ns):
            if chance.random() < 0.15:
                kept_back.append(command)  # the thief has it, the receiver does not
                continue
            if chance.random() < 0.2:
                again(command, "retained", retained=True)
            receiver.on_command(command.topic, command.payload, False, now_ns + skew_ns, mono_s)
            heard.append(command)
        for command in (heard[int(i)] for i in chance.integers(0, max(1, len(heard)), 4) if heard):
            again(command, "again")
            again(command, "retained", retained=True)
            again(command, "of an older start", payload=_other_epoch(command, -1))
            again(command, "of the first start", payload=_other_epoch(command, -command.command.epoch))
        for command in kept_back:
            # expiry or a release: what is over by more than the clocks may differ
            if not command.command.release and now_ns - command.command.expires_ns > SKEW_S * NS:
                again(command, "delayed past its end")
            if any(_point(c) == _point(command) and c.command.seq > command.command.seq for c in heard):
                again(command, "delayed past a newer one")
    # the last words are kept back, and said when they are over
    now_ns += NS
    last = master.speaks(chance, now_ns)
    now_ns += round((place.book.lease_s + SKEW_S + 1.0) * NS)
    mono_s += 1.0
    receiver.on_heartbeat(mono_s)
    for command in last:
        if not command.command.release:
            again(command, "delayed past its end")
    return tried, wrong


def _point(command: SealedCommand) -> str:
    return f"{command.command.asset}/{command.command.point}"


def _other_epoch(command: SealedCommand, change: int) -> bytes:
    said = json.loads(command.payload)
    return json.dumps(said | {"epoch": said["epoch"] + change, "seq": said["seq"] + 10_000}).encode()
