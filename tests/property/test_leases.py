"""Laws of the ledger: whatever happens in whatever order, numbers grow and nothing is written that may not be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.publish import leases
from controllers.publish.leases import SETTLE_NS, STRIKES, Ledger, Terms
from tests.support.states import POINTS, T0_NS, a_state, reference_limits
from twin.domain.clock import NS_PER_S
from twin.domain.commands import Ack, AckStatus, Command
from twin.domain.decisions import Verdict
from twin.domain.points import Quality

LIMITS = reference_limits()
TABLE = LIMITS.actuators
laws = settings(deadline=None, derandomize=True, max_examples=100)


@dataclass
class World:
    """A ledger, the plant behind it, and everything that was ever sent."""

    ledger: Ledger = field(default_factory=lambda: leases.begin(Ledger(), 1))
    now_ns: int = T0_NS
    plant: dict[str, float] = field(default_factory=lambda: {a.point: a.local for a in TABLE})
    quality: int = Quality.GOOD
    read_ns: int = T0_NS
    sent: list[Command] = field(default_factory=list)

    def pass_time(self, seconds: float) -> None:
        self.now_ns += round(seconds * NS_PER_S)

    def read(self, quality: int, age_s: float) -> None:
        self.quality, self.read_ns = quality, max(self.read_ns, self.now_ns - round(age_s * NS_PER_S))
        state = replace(
            a_state(),
            now_ns=self.now_ns,
            setpoint=np.array([self.plant[point] for point in POINTS]),
            setpoint_quality=np.full(6, quality, dtype=np.uint8),
            setpoint_ns=np.full(6, self.read_ns, dtype=np.int64),
        )
        self.ledger = leases.read_back(self.ledger, state, TABLE)

    def issue(self, point: str, value: float, write: bool, release: bool) -> None:
        self.read(self.quality, 5.0)
        blocked = bool(self.ledger.leases[point].blocked)
        # as the guard does: a blocked or unknown point is not written, its lease given back
        may = write and not blocked and self.ledger.leases[point].known
        verdict = Verdict(TABLE.index(point), value, value, may, release or not may, ())
        commands, self.ledger = leases.issue((verdict,), self.ledger, self._terms())
        self._take(commands)

    def stop(self) -> None:
        self.read(self.quality, 5.0)
        commands, self.ledger = leases.release_all(self.ledger, self._terms())
        self._take(commands)

    def restart(self) -> None:
        self.ledger = leases.begin(self.ledger, self.ledger.epoch + 1)

    def answer(self, which: int, status: AckStatus) -> None:
        if self.sent:
            c = self.sent[which % len(self.sent)]
            ack = Ack(c.asset, c.point, c.seq, c.epoch, c.lease, status, c.value, self.now_ns, "")
            self.ledger = leases.acknowledge(self.ledger, ack)

    def lose(self, which: int) -> None:
        if self.sent:
            c = self.sent[which % len(self.sent)]
            self.ledger = leases.unsent(self.ledger, f"{c.asset}/{c.point}", c.seq)

    def _terms(self) -> Terms:
        return Terms(LIMITS, self.now_ns, ("control",) * 6, ("d",) * 6)

    def _take(self, commands: tuple[Command, ...]) -> None:
        self.sent += commands


points = st.sampled_from(POINTS[:3])
values = st.sampled_from([8.0, 18.0, 20.0, 22.0, 22.1, 25.0])
events = st.one_of(
    st.tuples(st.just("pass_time"), st.floats(0.0, 200.0)),
    st.tuples(st.just("read"), st.sampled_from(list(Quality)), st.floats(0.0, 60.0)),
    st.tuples(st.just("issue"), points, values, st.booleans(), st.booleans()),
    st.tuples(st.just("issue"), points, values, st.just(True), st.just(False)),
    st.tuples(st.just("stop")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("answer"), st.integers(0, 50), st.sampled_from(list(AckStatus))),
    st.tuples(st.just("lose"), st.integers(0, 50)),
    st.tuples(st.just("unblock")),
    st.tuples(st.just("store")),
)
stories = st.lists(events, max_size=40)


def after(story: list[tuple[object, ...]]) -> World:
    world = World()
    world.read(Quality.GOOD, 0.0)
    for name, *values in story:
        if name == "unblock":
            world.ledger = leases.unblock(world.ledger, "")
        elif name == "store":
            world.ledger = Ledger.from_dict(world.ledger.to_dict())
        else:
            getattr(world, str(name))(*values)
    return world


@laws
@given(story=stories)
def test_numbers_of_a_point_grow_strictly_through_everything(story: list[tuple[object, ...]]) -> None:
    sent: dict[str, list[Command]] = {}
    for command in after(story).sent:
        sent.setdefault(command.point + command.asset, []).append(command)
    for commands in sent.values():
        numbers = [command.seq for command in commands]
        assert numbers == sorted(set(numbers))
        epochs = [command.epoch for command in commands]
        assert epochs == sorted(epochs)


@laws
@given(story=stories)
def test_a_lease_is_never_longer_than_the_operator_allows_nor_over_when_it_is_sent(
    story: list[tuple[object, ...]],
) -> None:
    for command in after(story).sent:
        if not command.release:
            assert 0 < command.expires_ns - command.issued_ns <= round(LIMITS.lease_s * NS_PER_S)


@laws
@given(story=stories)
def test_two_leases_of_a_point_have_two_names(story: list[tuple[object, ...]]) -> None:
    released: set[tuple[str, str]] = set()
    for command in after(story).sent:
        name = (f"{command.asset}/{command.point}", command.lease)
        assert name not in released
        if command.release:
            released.add(name)


@laws
@given(story=stories)
def test_only_a_running_lease_is_given_back_and_only_once(story: list[tuple[object, ...]]) -> None:
    running: set[str] = set()
    for command in after(story).sent:
        point = f"{command.asset}/{command.point}"
        if command.release:
            assert point in running
            running.discard(point)
        else:
            running.add(point)


@laws
@given(story=stories)
def test_what_is_lent_is_known_and_what_is_not_lent_is_the_plants_own(story: list[tuple[object, ...]]) -> None:
    world = after(story)
    world.read(world.quality, 5.0)
    stands = leases.previous(world.ledger, TABLE)
    for actuator in TABLE:
        entry = world.ledger.leases[actuator.point]
        if entry.active:
            assert entry.known
            assert world.now_ns < entry.expires_ns
        if not entry.known:
            assert stands.value[actuator.index] == actuator.local
        if entry.strikes >= STRIKES:
            assert entry.blocked


@laws
@given(wait_s=st.lists(st.floats(0.0, 40.0), max_size=20), value=st.sampled_from([22.1, 23.0, 25.0]))
def test_a_plant_that_obeys_in_time_is_never_blamed(wait_s: list[float], value: float) -> None:
    """It may take almost `SETTLE_NS` to show a new setpoint, at whatever pace the cycles come."""
    world = World()
    world.read(Quality.GOOD, 0.0)
    slow_ns = SETTLE_NS - 1
    world.issue(POINTS[0], value, True, False)
    for wait in wait_s:
        world.pass_time(wait)
        if world.now_ns - T0_NS >= slow_ns:
            world.plant[POINTS[0]] = value
        world.read(Quality.GOOD, 0.0)
        assert world.ledger.leases[POINTS[0]].strikes == 0
        world.issue(POINTS[0], value, True, False)
