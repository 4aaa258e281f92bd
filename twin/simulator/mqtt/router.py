"""Who gets a message: plain and shared subscriptions, and the plan per topic that makes routing cheap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from twin.simulator.mqtt.messages import Delivery, Message
from twin.simulator.mqtt.sessions import Session, Subscription
from twin.simulator.mqtt.topics import TopicTree, split_shared

MAX_PLANS = 20_000  # topics; a fuzzer must not make the cache the leak


@dataclass(slots=True)
class SharedGroup:
    """The members of one `$share/group/filter`; each message goes to one of them, in turn."""

    members: dict[str, tuple[Session, Subscription]] = field(default_factory=dict)
    turn: int = 0

    def next_member(self) -> tuple[Session, Subscription]:
        """The next member that is connected; if none is, the next one."""
        members = list(self.members.values())
        self.turn += 1
        for offset in range(len(members)):
            member = members[(self.turn + offset) % len(members)]
            if member[0].link is not None:
                return member
        return members[self.turn % len(members)]


class Route(msgspec.Struct, frozen=True):
    """One session's share of a topic: several overlapping subscriptions make one delivery at their highest QoS.

    Args:
        subscriptions: The session's plain subscriptions that match, one or more.
        no_local: Whether one of them refuses the session's own messages.
    """

    session: Session
    qos: int
    retain_as_published: bool
    identifiers: tuple[int, ...]
    subscriptions: tuple[Subscription, ...]
    no_local: bool


class Plan(msgspec.Struct, frozen=True):
    """Everyone a topic goes to."""

    routes: tuple[Route, ...]
    groups: tuple[SharedGroup, ...]


HandOver = Callable[[Session, Delivery], None]


class Router:
    """Finds the subscribers of a topic.

    The plan of a topic is kept until any subscription changes: sensors publish to few topics very often.
    """

    def __init__(self) -> None:
        self._plain: TopicTree[tuple[Session, Subscription]] = TopicTree()
        self._shared: TopicTree[SharedGroup] = TopicTree()
        self._plans: dict[str, Plan] = {}

    def subscribe(self, session: Session, subscription: Subscription) -> bool:
        """Add or replace a subscription. True when the session did not have this filter before."""
        fresh = subscription.pattern not in session.subscriptions
        session.subscriptions[subscription.pattern] = subscription
        shared = split_shared(subscription.pattern)
        if shared is None:
            self._plain.put(subscription.pattern, session.client_id, (session, subscription))
        else:
            group_name, pattern = shared
            group = self._shared.get(pattern, group_name)
            if group is None:
                group = SharedGroup()
                self._shared.put(pattern, group_name, group)
            group.members[session.client_id] = (session, subscription)
        self._plans.clear()
        return fresh

    def unsubscribe(self, session: Session, pattern: str) -> bool:
        """Remove a subscription. False when there was none."""
        if session.subscriptions.pop(pattern, None) is None:
            return False
        shared = split_shared(pattern)
        if shared is None:
            self._plain.drop(pattern, session.client_id)
        else:
            group_name, inner = shared
            group = self._shared.get(inner, group_name)
            if group is not None:
                group.members.pop(session.client_id, None)
                if not group.members:
                    self._shared.drop(inner, group_name)
        self._plans.clear()
        return True

    def forget(self, session: Session) -> None:
        """Remove all of a session's subscriptions."""
        for pattern in list(session.subscriptions):
            self.unsubscribe(session, pattern)

    def clear(self) -> None:
        """Forget everyone."""
        self._plain, self._shared = TopicTree(), TopicTree()
        self._plans.clear()

    def route(self, message: Message, hand_over: HandOver) -> int:
        """Hand the message to each subscriber. Returns: how many there were."""
        plan = self._plans.get(message.topic)
        if plan is None:
            plan = self._plan(message.topic)
        reached = 0
        for route in plan.routes:
            if route.no_local and route.session.client_id == message.publisher:
                rest = tuple(sub for sub in route.subscriptions if not sub.no_local)
                if not rest:
                    continue
                route = _route(route.session, rest)  # noqa: PLW2901
            reached += 1
            qos = route.qos if route.qos < message.qos else message.qos
            retain = message.retain and route.retain_as_published
            hand_over(route.session, Delivery(message, qos, retain, route.identifiers))
        for group in plan.groups:
            session, subscription = group.next_member()
            reached += 1
            retain = message.retain and subscription.retain_as_published
            identifiers = (subscription.identifier,) if subscription.identifier else ()
            hand_over(session, Delivery(message, min(subscription.qos, message.qos), retain, identifiers))
        return reached

    def subscribers(self, topic: str) -> list[tuple[Session, Subscription]]:
        """Plain subscriptions that match a topic."""
        return self._plain.match(topic)

    def _plan(self, topic: str) -> Plan:
        by_session: dict[str, tuple[Session, list[Subscription]]] = {}
        for session, subscription in self._plain.match(topic):
            by_session.setdefault(session.client_id, (session, []))[1].append(subscription)
        routes = tuple(_route(session, tuple(held)) for session, held in by_session.values())
        plan = Plan(routes, tuple(self._shared.match(topic)))
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
        self._plans[topic] = plan
        return plan


def _route(session: Session, subscriptions: tuple[Subscription, ...]) -> Route:
    return Route(
        session=session,
        qos=max(sub.qos for sub in subscriptions),
        retain_as_published=any(sub.retain_as_published for sub in subscriptions),
        identifiers=tuple(sub.identifier for sub in subscriptions if sub.identifier),
        subscriptions=subscriptions,
        no_local=any(sub.no_local for sub in subscriptions),
    )
