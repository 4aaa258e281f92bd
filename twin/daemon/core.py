"""The deterministic middle of the daemon: messages and ticks in, outcomes out. The same entries give the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from twin.daemon.cycle import Heard, Memory, Order, Outcome, cycle, farewell
from twin.domain.clock import NS_PER_S
from twin.domain.commands import Ack, AckStatus, OperatorOrder
from twin.domain.errors import BadPayload, DataTooPoor
from twin.domain.messages import MessageIn
from twin.domain.samples import SampleBatch
from twin.domain.sealed import SealedCommand
from twin.domain.snapshot import Snapshot
from twin.ingest.clocks import SourceClocks
from twin.ingest.decode import Decoder, Reject
from twin.ingest.gaps import Gaps
from twin.ingest.orders import SHELVING, Lane, lane_of, parse_ack, parse_order, parse_tick
from twin.ingest.tally import Tally
from twin.mirror.mirror import Mirror

MOST_REFUSED = 1_000  # orders that could not be read and were not asked for yet
SAID_SHOWN = 200  # bytes of them
LEAP_NS = 3600 * NS_PER_S  # source time runs on by more than this only when most samples of a batch agree


@dataclass(frozen=True, slots=True)
class RefusedOrder:
    """An order that could not be read: where it came, why it is refused, and how it begins."""

    topic: str
    why: str
    said: str


class Core:
    """Decoder, mirror and memory of one site.

    In event time "now" is the newest source time seen, arrival times are labelled with it as it stands once what came
    together is taken in, and `mono_s` is the same clock in seconds.
    """

    def __init__(self, order: Order, memory: Memory, *, event_time: bool) -> None:
        self.order, self.memory = order, memory
        self.tally = Tally()
        self.clocks = SourceClocks(order.site.points)
        self.gaps = Gaps()
        self.mirror = Mirror(order.site.points)
        self.event_ns = 0
        self.cycle_number = 0
        self.refused_orders = 0
        self.seen: Snapshot | None = None  # what the last cycle saw
        self.strangers: tuple[str, ...] = ()  # points of which it heard answers to commands that were not ours
        self.answered: Counter[AckStatus] = Counter()  # the receiver's acknowledgements
        self._event_time = event_time
        self._decoder = Decoder(order.site)
        self._root = order.site.topics.root
        self._acks: list[Ack] = []
        self._not_ours: dict[str, None] = {}
        self._orders: list[OperatorOrder] = []
        self._refused: list[RefusedOrder] = []
        self._shelving: list[OperatorOrder] = []

    def feed(self, messages: Sequence[MessageIn], mono_s: float) -> SampleBatch:
        """Take messages in; returns their samples, which the historian is to have."""
        before_ns = self.event_ns
        telemetry = self._sorted_out(messages)
        if self._event_time:
            # a tick among them has told the time already
            label_ns = self.event_ns if self.event_ns > before_ns else self._arrival_ns(telemetry)
            telemetry = [replace(message, received_ns=label_ns) for message in telemetry]
        decoded = self._decoder.decode_all(telemetry)
        self.tally.add(len(messages), decoded)
        self.gaps.note(decoded.sequences)
        if len(decoded.batch) == 0:
            return decoded.batch
        if not self._event_time:
            batch = self.clocks.judge(decoded.batch, mono_s)
            self.mirror.take(batch, mono_s)
            return batch
        self._run_on(decoded.batch)
        batch = self.clocks.judge(decoded.batch, int(decoded.batch.received_ns[-1]) / NS_PER_S)
        self.mirror.take(batch, self.event_ns / NS_PER_S)
        return batch

    def newest_ns(self, message: MessageIn) -> int:
        """The newest source time that a message carries, 0 when it has none: a look ahead, nothing is kept."""
        root = self._root
        try:
            lane = lane_of(root, message.topic)
            if lane is Lane.TICK:
                return parse_tick(message.payload)
        except BadPayload:
            return 0
        if lane is not Lane.TELEMETRY:
            return 0
        return int(self._decoder.decode(replace(message, received_ns=0)).batch.source_ns.max(initial=0))

    def tick(self, now_ns: int, mono_s: float, unsent: tuple[tuple[str, int], ...] = ()) -> Outcome:
        """Run one cycle on what is known now. `unsent`: (point, seq) of commands that did not get through before."""
        self.cycle_number += 1
        snapshot = self.mirror.snapshot(self.cycle_number, now_ns, mono_s)
        self.seen, self.strangers = snapshot, tuple(self._not_ours)
        self._not_ours.clear()
        heard = Heard(tuple(self._acks), tuple(self._orders), unsent)
        self._acks.clear()
        self._orders.clear()
        self.memory, outcome = cycle(self.order, snapshot, heard, self.memory)
        return outcome

    def take_refused(self) -> tuple[RefusedOrder, ...]:
        """Orders that could not be read since the last call."""
        refused, self._refused = tuple(self._refused), []
        return refused

    def take_shelving(self) -> tuple[OperatorOrder, ...]:
        """Orders about alarms since the last call: no decision hangs on them."""
        orders, self._shelving = tuple(self._shelving), []
        return orders

    def farewell(self, now_ns: int) -> tuple[SealedCommand, ...]:
        """Releases of all running leases."""
        self.memory, releases = farewell(self.order, self.memory, self.cycle_number, now_ns)
        return releases

    def _sorted_out(self, messages: Sequence[MessageIn]) -> list[MessageIn]:
        """The telemetry among some messages; the others are heard at once."""
        telemetry: list[MessageIn] = []
        for message in messages:
            lane = lane_of(self._root, message.topic)
            if lane is Lane.TELEMETRY:
                telemetry.append(message)
                continue
            try:
                self._hear(lane, message)
            except BadPayload as problem:
                self.refused_orders += 1
                if lane is Lane.ORDER and len(self._refused) < MOST_REFUSED:
                    said = message.payload[:SAID_SHOWN].decode("utf-8", errors="replace")
                    self._refused.append(RefusedOrder(message.topic[:SAID_SHOWN], str(problem), said))
                self.tally.remember((Reject(problem.reason, str(problem)),))
        return telemetry

    def _hear(self, lane: Lane, message: MessageIn) -> None:
        if message.retain:
            raise BadPayload("retained_order", "an order must not be retained", where=message.topic)
        if lane is Lane.ACK:
            ack = parse_ack(self._root, message.topic, message.payload)
            self.answered[ack.status] += 1
            self._acks.append(ack)
            self._note_stranger(ack)
        elif lane is Lane.ORDER:
            order = parse_order(self._root, message.topic, message.payload)
            (self._shelving if order.kind in SHELVING else self._orders).append(order)
        elif self._event_time:
            self.event_ns = max(self.event_ns, parse_tick(message.payload))

    def _note_stranger(self, ack: Ack) -> None:
        """An answer to a command that we did not send: of a later start than this one, or ahead of our count."""
        point = f"{ack.asset}/{ack.point}"
        entry, epoch = self.memory.ledger.leases.get(point), self.order.epoch
        if entry is not None and (ack.epoch > epoch or (ack.epoch == epoch and ack.seq > entry.seq)):
            self._not_ours[point] = None

    def _arrival_ns(self, telemetry: Sequence[MessageIn]) -> int:
        """When messages that came together arrived: event time as it will stand once they are taken in.

        So two rounds of messages never get one label, and a reading without a time of its own is not written over.
        """
        newest_ns = max(map(self.newest_ns, telemetry), default=0)
        leaps = self.event_ns and newest_ns > self.event_ns + LEAP_NS
        return self.event_ns if leaps else max(self.event_ns, newest_ns)

    def _run_on(self, batch: SampleBatch) -> None:
        newest_ns = int(batch.source_ns.max())
        if self.event_ns and newest_ns > self.event_ns + LEAP_NS:
            newest_ns = int(np.median(batch.source_ns))
        self.event_ns = max(self.event_ns, newest_ns)


def is_tick(root: str, message: MessageIn) -> bool:
    """Whether a simulated site says with this message that an instant is complete."""
    return lane_of(root, message.topic) is Lane.TICK


def outcome_lines(outcome: Outcome) -> tuple[bytes, ...]:
    """All that a cycle decided, byte for byte: what a recording keeps and a replay must repeat."""
    lines = [msgspec.json.encode(record.to_json()) for record in outcome.records]
    lines += [command.topic.encode() + b" " + command.payload for command in outcome.commands]
    lines += [f"advice {advice.asset}/{advice.point} ".encode() + advice.payload for advice in outcome.advice]
    lines += [f"refused {refusal}".encode() for refusal in outcome.refusals]
    return tuple(lines)


def memory_bytes(memory: Memory) -> bytes:
    """The memory as it is stored."""
    return msgspec.msgpack.encode(memory)


def memory_of(stored: bytes) -> Memory:
    """A memory from its bytes; a fresh one from none.

    Raises: DataTooPoor: the bytes are not a memory of this version.
    """
    if not stored:
        return Memory()
    try:
        return msgspec.msgpack.decode(stored, type=Memory)
    except msgspec.MsgspecError as error:
        raise DataTooPoor(
            f"the stored memory cannot be read: {error}",
            fix="remove it: the daemon then adopts the plant's own setpoints",
        ) from error
