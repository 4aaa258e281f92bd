"""Session state: subscriptions, the window of unacknowledged messages, the queue behind it, and how it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from twin.simulator.mqtt.agenda import Agenda, Entry
from twin.simulator.mqtt.counters import Counters, Limits
from twin.simulator.mqtt.messages import Delivery
from twin.simulator.mqtt.packets import Will

NEVER_EXPIRES = 0xFFFF_FFFF
MAX_PACKET_ID = 0xFFFF


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic filter a session holds. `pattern` is as it was subscribed, `$share/group/` included."""

    pattern: str
    qos: int
    no_local: bool = False
    retain_as_published: bool = False
    identifier: int = 0


class Link(Protocol):
    """The connection a session sends through."""

    version: int
    receive_maximum: int
    client_max_packet_bytes: int

    @property
    def congested(self) -> bool:
        """Whether so much is unsent that QoS 0 is to be dropped."""
        ...

    def transmit(self, packet: bytes) -> None:
        """Queue bytes for the next flush."""
        ...

    def abort(self) -> None:
        """Reset the connection at once; what is unsent is lost."""
        ...


class Session:
    """What the broker knows of one client id.

    QoS 1 messages are sent up to the client's receive maximum and wait in a bounded queue beyond that. On a lost
    connection the unacknowledged ones go back to the head of the queue, in order, and are sent again with their
    packet id and the duplicate flag.
    """

    __slots__ = (
        "_counters", "_limits", "_next_packet_id", "_now_s", "client_id", "expiry_entry", "expiry_s", "inflight",
        "link", "queue", "subscriptions", "will", "will_entry",
    )  # fmt: skip

    def __init__(self, client_id: str, *, limits: Limits, counters: Counters, now_s: Callable[[], float]) -> None:
        self.client_id = client_id
        self.subscriptions: dict[str, Subscription] = {}
        self.inflight: dict[int, Delivery] = {}
        self.queue: deque[Delivery] = deque()
        self.link: Link | None = None
        self.expiry_s = 0
        self.will: Will | None = None
        self.will_entry: Entry | None = None
        self.expiry_entry: Entry | None = None
        self._limits, self._counters, self._now_s = limits, counters, now_s
        self._next_packet_id = 0

    @property
    def pending(self) -> int:
        """QoS 1 messages not acknowledged yet, sent or not."""
        return len(self.inflight) + len(self.queue)

    def attach(self, link: Link) -> None:
        """Bind to a new connection. `pump` sends what waits, once CONNACK is out."""
        self.link = link

    def detach(self) -> None:
        """Unbind; unacknowledged messages go back to the head of the queue."""
        self.link = None
        self.queue.extendleft(reversed(self.inflight.values()))
        self.inflight.clear()

    def deliver(self, delivery: Delivery) -> None:
        """Send, queue or drop-and-count one message."""
        link = self.link
        if delivery.qos == 0:
            if link is None:
                self._counters.dropped_offline_qos0 += 1
            elif link.congested:
                self._counters.dropped_slow_qos0 += 1
            else:
                self._send(link, delivery, 0)
        elif link is not None and not self.queue and len(self.inflight) < link.receive_maximum:
            self._send_fresh(link, delivery)
        elif link is None and self.expiry_s == 0:
            self._counters.dropped_session_end += 1  # a delayed message came after the session's end
        elif len(self.queue) >= self._limits.max_queued_messages:
            self._counters.dropped_queue_full += 1
        else:
            self.queue.append(delivery)

    def repeat(self, delivery: Delivery) -> None:
        """Send a copy of a message just delivered, as a broker does that did not see the acknowledgement."""
        link = self.link
        if link is None:
            return
        if delivery.qos == 0:
            self._send(link, delivery, 0)
            return
        for packet_id in reversed(self.inflight):
            if self.inflight[packet_id].message is delivery.message:
                self._send(link, delivery, packet_id, dup=True)
                return
        self.deliver(delivery)  # not sent yet: it waits in the queue, and so does its copy

    def acknowledge(self, packet_id: int) -> None:
        """The client has it; the next one may go. An unknown id is ignored: its message ended another way."""
        if self.inflight.pop(packet_id, None) is not None:
            self.pump()

    def pump(self) -> None:
        """Send from the queue as far as the window allows."""
        link = self.link
        while link is not None and self.queue and len(self.inflight) < link.receive_maximum:
            delivery = self.queue.popleft()
            if delivery.packet_id:
                self._counters.resent += 1
                self.inflight[delivery.packet_id] = delivery
                self._send(link, delivery, delivery.packet_id, dup=True)
            else:
                self._send_fresh(link, delivery)

    def _send_fresh(self, link: Link, delivery: Delivery) -> None:
        packet_id = self._next_packet_id
        while True:
            packet_id = packet_id % MAX_PACKET_ID + 1
            if packet_id not in self.inflight:
                break
        self._next_packet_id = packet_id
        numbered = Delivery(delivery.message, delivery.qos, delivery.retain, delivery.subscription_ids, packet_id)
        self.inflight[packet_id] = numbered
        self._send(link, numbered, packet_id)

    def _send(self, link: Link, delivery: Delivery, packet_id: int, *, dup: bool = False) -> None:
        now_s = self._now_s()
        if not dup and delivery.message.expired(now_s):
            self._counters.expired += 1
            self.inflight.pop(packet_id, None)
            return
        packet = delivery.to_wire(link.version, now_s, packet_id=packet_id, dup=dup)
        if len(packet) > link.client_max_packet_bytes:
            # the client said it will not take it: the standard has it dropped as if it were delivered
            self._counters.dropped_too_large += 1
            self.inflight.pop(packet_id, None)
            return
        self._counters.messages_sent += 1
        link.transmit(packet)


class SessionStore:
    """All sessions by client id, and the timers that end them."""

    def __init__(self, agenda: Agenda, *, limits: Limits, counters: Counters, now_s: Callable[[], float]) -> None:
        self._agenda = agenda
        self._limits, self._counters, self._now_s = limits, counters, now_s
        self._sessions: dict[str, Session] = {}
        self.on_end: Callable[[Session], None] = lambda session: None

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, client_id: str) -> Session | None:
        return self._sessions.get(client_id)

    def all(self) -> list[Session]:
        """Every session, connected or kept."""
        return list(self._sessions.values())

    def create(self, client_id: str) -> Session:
        """A fresh session. The caller has ended a former one."""
        session = Session(client_id, limits=self._limits, counters=self._counters, now_s=self._now_s)
        self._sessions[client_id] = session
        return session

    def end(self, session: Session) -> None:
        """Forget the session; what still waited for it is counted as dropped."""
        if self._sessions.get(session.client_id) is not session:
            return
        del self._sessions[session.client_id]
        self.call_off_end(session)
        self._counters.dropped_session_end += session.pending
        session.inflight.clear()
        session.queue.clear()
        self.on_end(session)

    def call_off_end(self, session: Session) -> None:
        """The client is back: the session's end is called off."""
        if session.expiry_entry is not None:
            session.expiry_entry.cancel()
            session.expiry_entry = None

    def let_expire(self, session: Session) -> None:
        """The client is gone: end the session now, later or never, as it asked."""
        if session.expiry_s == 0:
            self.end(session)
        elif session.expiry_s != NEVER_EXPIRES:
            session.expiry_entry = self._agenda.after(session.expiry_s, lambda: self.end(session))

    def clear(self) -> None:
        """Forget every session without a word, as a broker does that is killed."""
        self._sessions.clear()
