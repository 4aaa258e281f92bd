"""A simulated site and the daemon's core in one process and in event time: no broker, the same in every run."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twin.daemon.core import Core
from twin.daemon.cycle import Memory, Order, Outcome
from twin.domain.clock import NS_PER_S
from twin.domain.messages import MessageIn
from twin.domain.site import Site
from twin.domain.timestamps import iso_utc, ns_of_iso
from twin.simulator.faults import Fault, FaultSchedule
from twin.simulator.receiver import ReceiverLike
from twin.simulator.site import SimulatedSite

START_NS = ns_of_iso("2026-05-19T06:00:00Z")
MINUTE_NS = 60 * NS_PER_S

Spoil = Callable[[str, bytes], Sequence[bytes]]  # what a gateway says -> what arrives of it


@dataclass(slots=True)
class ClosedLoop:
    """Plant, gateways, receiver and core, minute by minute. `spoil` may change, double or swallow what is said."""

    simulated: SimulatedSite
    receiver: ReceiverLike
    core: Core
    now_ns: int
    spoil: Spoil | None = None
    faults: tuple[Fault, ...] = ()

    @staticmethod
    def of(site: Site, order: Order, seed: int) -> ClosedLoop:
        simulated = SimulatedSite(site, start_ns=START_NS, seed=seed)
        core = Core(order, Memory(), event_time=True)
        return ClosedLoop(simulated, simulated.receiver(), core, START_NS)

    def minute(self) -> Outcome:
        """The plant goes on by a minute, says what it sees, and is answered."""
        self.now_ns += MINUTE_NS
        # many plant minutes to one heartbeat: for the receiver each cycle is a sign of life
        now_ns, mono_s = self.now_ns, (self.now_ns - START_NS) / MINUTE_NS
        self.simulated.step_to(now_ns)
        root = self.core.order.site.topics.root
        self.receiver.on_heartbeat(mono_s)
        told = [*self.receiver.tick(now_ns, mono_s), *self._said(now_ns)]
        told.append((f"{root}/_sim/tick", b'{"ts":"%s"}' % iso_utc(now_ns).encode()))
        self.core.feed([MessageIn(topic, body, 1, False, now_ns) for topic, body in told], mono_s)
        outcome = self.core.tick(self.core.event_ns, self.core.event_ns / NS_PER_S)
        answers = [
            answer
            for sealed in outcome.commands
            if (answer := self.receiver.on_command(sealed.topic, sealed.payload, False, now_ns, mono_s)) is not None
        ]
        self.core.feed([MessageIn(topic, body, 1, False, now_ns) for topic, body in answers], mono_s)
        return outcome

    def _said(self, now_ns: int) -> list[tuple[str, bytes]]:
        said = self.simulated.messages(now_ns)
        if self.spoil is None:
            return said
        return [(topic, body) for topic, told in said for body in self.spoil(topic, told)]

    @property
    def elapsed_s(self) -> float:
        """Plant time since the simulation began."""
        return (self.now_ns - START_NS) / NS_PER_S

    def inlets_c(self, hall: str = "", *, seen: bool = False) -> dict[str, float]:
        """True inlets of a hall's racks, or of all; `seen`: as honest sensors without noise read them."""
        simulated = self.simulated
        racks = [rack.id for one in simulated.site.facility.halls for rack in one.racks]
        inlet_c = dict(zip(racks, simulated.plant.air.inlet_c.tolist(), strict=True))
        bias_k = dict(zip(simulated._names, simulated._sensors.bias.tolist(), strict=True))
        return {
            rack: c + (bias_k[f"{rack}/inlet_c"] if seen else 0.0)
            for rack, c in inlet_c.items()
            if rack.startswith(hall)
        }

    def hottest_c(self, hall: str = "") -> float:
        """The true hottest inlet of a hall, or of all."""
        return max(self.inlets_c(hall).values())

    def hottest_rack(self, hall: str) -> str:
        """The rack whose true inlet is the hottest of a hall."""
        inlets_c = self.inlets_c(hall)
        return max(inlets_c, key=inlets_c.__getitem__)

    def also(self, fault: Fault) -> None:
        """Something more goes wrong; its times count from the start of the simulation."""
        simulated, self.faults = self.simulated, (*self.faults, fault)
        crahs = [crah for hall in simulated.site.facility.halls for crah in hall.crah.ids]
        simulated._faults = FaultSchedule(self.faults, assets=crahs, points=simulated._names, seed=simulated.seed)

    def fork(self) -> ClosedLoop:
        """The same site once more, to live through something else from here on."""
        order = self.core.order  # never changes, so it is shared
        shared = {id(order): order, id(order.site): order.site, id(self.simulated.site): self.simulated.site}
        return copy.deepcopy(self, shared)
