"""The broker without its sockets: logins, sessions, routing, retained messages, wills, and the faults among them."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from twin.simulator.mqtt.agenda import Agenda
from twin.simulator.mqtt.counters import Counters, Limits
from twin.simulator.mqtt.fault_topic import FAULT_ROOT, obey
from twin.simulator.mqtt.faults import FaultHandle, Faults
from twin.simulator.mqtt.lanes import Lanes
from twin.simulator.mqtt.messages import Delivery, Message, a_message, will_message
from twin.simulator.mqtt.packets import V5, Connect, Wish
from twin.simulator.mqtt.properties import Prop
from twin.simulator.mqtt.reasons import ProtocolViolation, Reason
from twin.simulator.mqtt.retained import RetainedStore
from twin.simulator.mqtt.router import Router
from twin.simulator.mqtt.sessions import NEVER_EXPIRES, Link, Session, SessionStore, Subscription
from twin.simulator.mqtt.topics import filter_matches, is_topic_filter, split_shared

log = logging.getLogger(__name__)


class ClientLink(Link, Protocol):
    """A connection as the hub sees it."""

    def close(self, reason: int) -> None:
        """Say the reason to an MQTT 5 client, then close. The session is detached by the caller."""
        ...


@dataclass(frozen=True, slots=True)
class Admission:
    """A CONNECT that was let in."""

    session: Session
    present: bool
    assigned_client_id: str


class Hub:
    """Everything the connections share."""

    def __init__(
        self,
        *,
        limits: Limits,
        monotonic_s: Callable[[], float],
        credentials: Mapping[str, str] | None = None,
        fault_topic: bool = False,
    ) -> None:
        self.limits = limits
        self.counters = Counters()
        self.now_s = monotonic_s
        self.agenda = Agenda(monotonic_s)
        self.faults = Faults()
        self.faults.when_ghost(self._appear)
        self.retained = RetainedStore(monotonic_s)
        self.router = Router()
        self.sessions = SessionStore(self.agenda, limits=limits, counters=self.counters, now_s=monotonic_s)
        self.sessions.on_end = self._session_ended
        self.links: dict[str, ClientLink] = {}
        self._credentials = dict(credentials) if credentials is not None else None
        self._fault_topic = fault_topic
        self._lanes = Lanes(self.agenda)
        self._numbers = count(1)

    def forget_everything(self) -> None:
        """Sessions, retained messages and timers: what a broker without a disk loses when it dies."""
        self.agenda.clear()
        self._lanes.clear()
        self.sessions.clear()
        self.router.clear()
        self.retained = RetainedStore(self.now_s)

    # -- coming and going

    def admit(self, link: ClientLink, connect: Connect) -> Admission:
        """Check a CONNECT and bind its session to the connection.

        Raises: ProtocolViolation: with the reason to refuse it.
        """
        self._check(connect)
        client_id = connect.client_id or f"auto-{next(self._numbers)}"
        former = self.links.get(client_id)
        if former is not None:
            self.counters.takeovers += 1
            self.detach(former, client_id, with_will=True, session_goes_on=not connect.clean)
            former.close(Reason.SESSION_TAKEN_OVER)
        session = self.sessions.get(client_id)
        if session is not None and connect.clean:
            self.sessions.end(session)
            session = None
        present = session is not None
        if session is None:
            session = self.sessions.create(client_id)
        self.sessions.call_off_end(session)
        if session.will_entry is not None:
            session.will_entry.cancel()  # it is back before its delayed will was due
            session.will_entry = None
        session.will = connect.will
        if connect.version == V5:
            session.expiry_s = connect.properties.numbers.get(Prop.SESSION_EXPIRY, 0)
        else:
            session.expiry_s = 0 if connect.clean else NEVER_EXPIRES
        session.attach(link)
        self.links[client_id] = link
        self.counters.connects_accepted += 1
        log.info("client %s connected (MQTT level %d, session %s)", client_id, connect.version, present)
        return Admission(session, present, "" if connect.client_id else client_id)

    def _check(self, connect: Connect) -> None:
        if connect.version == V5 and Prop.AUTH_METHOD in connect.properties.texts:
            raise ProtocolViolation(Reason.BAD_AUTHENTICATION_METHOD, "no authentication method is known here")
        if self._credentials is not None:
            password = self._credentials.get(connect.username or "")
            if password is None or not hmac.compare_digest(password.encode(), connect.password or b""):
                raise ProtocolViolation(Reason.BAD_CREDENTIALS, "unknown user name or wrong password")
        if not connect.client_id and connect.version != V5 and not connect.clean:
            raise ProtocolViolation(Reason.CLIENT_ID_NOT_VALID, "a kept session needs a client id")
        if connect.will is not None and connect.will.qos > 1:
            raise ProtocolViolation(Reason.QOS_NOT_SUPPORTED, "a will with QoS 2")

    def detach(self, link: ClientLink, client_id: str, *, with_will: bool, session_goes_on: bool = True) -> None:
        """Unbind a connection from its session: publish or plan the will, start the session's end. Once only."""
        if self.links.get(client_id) is not link:
            return
        del self.links[client_id]
        session = self.sessions.get(client_id)
        if session is None:
            return
        session.detach()
        will, session.will = session.will, None
        if will is not None and with_will:
            delay_s = will.properties.numbers.get(Prop.WILL_DELAY, 0)
            if delay_s and session.expiry_s and session_goes_on:
                session.will = will
                session.will_entry = self.agenda.after(
                    min(delay_s, session.expiry_s), lambda: self._publish_will(session)
                )
            else:
                session.will = will
                self._publish_will(session)
        log.info("client %s disconnected", client_id)
        self.sessions.let_expire(session)

    def _publish_will(self, session: Session) -> None:
        will, session.will, session.will_entry = session.will, None, None
        if will is not None:
            self.counters.wills_published += 1
            self.accept(will_message(will, session.client_id, self.now_s()))

    def _session_ended(self, session: Session) -> None:
        self.router.forget(session)
        if session.will_entry is not None:  # a delayed will is due at the session's end at the latest
            session.will_entry.cancel()
            self._publish_will(session)

    # -- messages

    def take_in(self, message: Message, *, acknowledge: Callable[[int], None], cut: Callable[[], None]) -> None:
        """A message from a client: route it and acknowledge it, through the faults if there are any."""
        client_id, topic = message.publisher, message.topic
        if topic.startswith("$SYS"):
            acknowledge(self._take_command(message))
            return
        if not self.faults.active:
            acknowledge(Reason.SUCCESS if self.accept(message) else Reason.NO_MATCHING_SUBSCRIBERS)
            return
        verdict = self.faults.judge("in", client_id, topic)
        if verdict.cut:
            cut()
            return

        def act() -> None:
            reached = 0
            if verdict.drop:
                self.counters.dropped_by_fault += 1
            else:
                reached = self.accept(message)
                if verdict.duplicate:
                    self.accept(message)
            if not (message.qos and self.faults.ack_is_lost("in", client_id, topic)):
                acknowledge(Reason.SUCCESS if reached or verdict.drop else Reason.NO_MATCHING_SUBSCRIBERS)

        self._lanes.run(("in", client_id), verdict, act)

    def accept(self, message: Message) -> int:
        """Retain and route. Returns: how many sessions it was for."""
        if message.retain:
            self.retained.put(message)
        return self.router.route(message, self._hand_over_through_faults if self.faults.active else _hand_over)

    def _take_command(self, message: Message) -> Reason:
        if self._fault_topic and message.topic.startswith(FAULT_ROOT):
            return obey(message.topic, message.payload, self.faults, self.cut)
        log.warning("client %s may not publish on %s", message.publisher, message.topic)
        return Reason.NOT_AUTHORIZED

    def _hand_over_through_faults(self, session: Session, delivery: Delivery) -> None:
        verdict = self.faults.judge("out", session.client_id, delivery.message.topic)
        if verdict.cut and session.link is not None:
            session.link.abort()

        def act() -> None:
            if verdict.drop:
                self.counters.dropped_by_fault += 1
                return
            session.deliver(delivery)
            if verdict.duplicate:
                session.repeat(delivery)

        self._lanes.run(("out", session.client_id), verdict, act)

    def acknowledged(self, session: Session, packet_id: int) -> None:
        """A PUBACK came in."""
        if self.faults.active:
            delivery = session.inflight.get(packet_id)
            if delivery and self.faults.ack_is_lost("out", session.client_id, delivery.message.topic):
                return
        session.acknowledge(packet_id)

    def cut(self, client_id: str | None = None) -> int:
        """Reset one client's connection, or all. Returns: how many were reset."""
        chosen = [link for name, link in self.links.items() if client_id is None or name == client_id]
        for link in chosen:
            link.abort()
        return len(chosen)

    # -- subscriptions

    def subscribe(self, session: Session, wish: Wish, identifier: int) -> tuple[int, Callable[[], None]]:
        """Grant one topic filter.

        Returns: its SUBACK reason, and what sends the retained messages, to be called when SUBACK is out.
        """
        shared = split_shared(wish.pattern)
        pattern = wish.pattern if shared is None else shared[1]
        if not is_topic_filter(pattern):
            return Reason.TOPIC_FILTER_INVALID, _nothing
        if shared is not None and wish.no_local:
            raise ProtocolViolation(Reason.PROTOCOL_ERROR, "no-local on a shared subscription")
        granted = min(wish.qos, 1)
        subscription = Subscription(wish.pattern, granted, wish.no_local, wish.retain_as_published, identifier)
        fresh = self.router.subscribe(session, subscription)
        if shared is not None or wish.retain_handling == 2 or (wish.retain_handling == 1 and not fresh):
            return granted, _nothing
        return granted, lambda: self._send_retained(session, subscription)

    def _send_retained(self, session: Session, subscription: Subscription) -> None:
        hand_over = self._hand_over_through_faults if self.faults.active else _hand_over
        for message in self.retained.matching(subscription.pattern):
            hand_over(session, _retained_delivery(message, subscription))
        if self.faults.active:
            for handle in self.faults.ghosts(session.client_id):
                for ghost in self._ghosts_of(handle):
                    if filter_matches(subscription.pattern, ghost.topic) and handle.strikes():
                        session.deliver(_retained_delivery(ghost, subscription))

    def _ghosts_of(self, handle: FaultHandle) -> list[Message]:
        rule = handle.rule
        if rule.payload is None:
            return [msg for msg in self.retained.buried(rule.topic) if not msg.expired(self.now_s())]
        return [a_message(rule.topic, rule.payload, qos=1, retain=True, publisher="", now_s=self.now_s())]

    def _appear(self, handle: FaultHandle) -> None:
        for ghost in self._ghosts_of(handle):
            for session, subscription in self.router.subscribers(ghost.topic):
                if handle in self.faults.ghosts(session.client_id) and handle.strikes():
                    session.deliver(_retained_delivery(ghost, subscription))


def _hand_over(session: Session, delivery: Delivery) -> None:
    session.deliver(delivery)


def _retained_delivery(message: Message, subscription: Subscription) -> Delivery:
    identifiers = (subscription.identifier,) if subscription.identifier else ()
    return Delivery(message, min(message.qos, subscription.qos), True, identifiers)


def _nothing() -> None:
    return None
