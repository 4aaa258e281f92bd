"""Fault rules: what is to go wrong, for which topics and clients, how often. Pure of any socket.

A rule looks at one message at one end: `in` is from a publisher to the broker, `out` from the broker to a subscriber.

========== ============================================== ==============================================
kind        in                                             out
========== ============================================== ==============================================
delay       routed and acknowledged `delay_s` later        sent `delay_s` later
drop        acknowledged, then lost (a lying broker)       not sent, counted as done
drop_ack    routed, PUBACK withheld                        the client's PUBACK is not seen: the message
                                                           stays in flight and comes again after a reconnect
duplicate   routed twice                                   sent twice (QoS 1: same packet id, flagged)
reorder     routed after the client's next message         sent after the next message to that client
cut         TCP reset before the message is looked at      TCP reset before it is sent; QoS 1 is kept
========== ============================================== ==============================================

`refuse` answers CONNECT with `reason` (an MQTT 5 reason code, translated for 3.1.1), or, with `reason=0`, resets the
connection before a word is said. `ghost_retained` delivers a stale message marked retained: at once to whoever is
subscribed, and to every new subscription; `payload` says what, else the former retained message of the topic.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from typing import Literal, get_args

from twin.domain.errors import TwinError
from twin.simulator.mqtt.reasons import Reason
from twin.simulator.mqtt.topics import filter_matches, is_topic_filter, is_topic_name

Kind = Literal["delay", "drop", "drop_ack", "duplicate", "reorder", "cut", "refuse", "ghost_retained"]
Direction = Literal["in", "out", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """One thing that goes wrong.

    Args:
        kind: See the table of this module.
        topic: Topic filter the message must match.
        direction: Which end; ignored by `refuse` and `ghost_retained`.
        client: Shell pattern the client id must match.
        probability: Chance for each message that passes, 0..1.
        count: How often it may strike; None for no end.
        delay_s: For `delay`; for `reorder` the longest time a message is held when no other comes.
        reason: For `refuse`.
        payload: For `ghost_retained`; `topic` must then be a plain topic name.
        seed: Of this rule's own random generator: the same traffic meets the same faults.
    Raises: TwinError: a value that cannot be.
    """

    kind: Kind
    topic: str = "#"
    direction: Direction = "both"
    client: str = "*"
    probability: float = 1.0
    count: int | None = None
    delay_s: float = 0.2
    reason: int = Reason.SERVER_UNAVAILABLE
    payload: bytes | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        problems = {
            f"no fault is called {self.kind!r}; there are {', '.join(get_args(Kind))}": self.kind not in get_args(Kind),
            f"direction {self.direction!r} is not in, out or both": self.direction not in get_args(Direction),
            f"{self.topic!r} is no topic filter": not is_topic_filter(self.topic),
            f"probability {self.probability} is not within 0..1": not 0.0 <= self.probability <= 1.0,
            f"count {self.count} is below 1": self.count is not None and self.count < 1,
            f"delay_s {self.delay_s} is below 0": self.delay_s < 0.0,
            f"reason {self.reason} is not 0 or 0x80..0xFF": self.reason != 0 and not 0x80 <= self.reason <= 0xFF,
            "a ghost with a payload needs a topic without wildcards": self.payload is not None
            and not is_topic_name(self.topic),
        }
        for problem, present in problems.items():
            if present:
                raise TwinError(problem, where="fault rule", fix="see the table in twin/simulator/mqtt/faults.py")


class FaultHandle:
    """A rule at work: how often it struck, and how to end it."""

    __slots__ = ("_remove", "_rng", "hits", "number", "rule")

    def __init__(self, number: int, rule: FaultRule, remove: Callable[[FaultHandle], None]) -> None:
        self.number = number
        self.rule = rule
        self.hits = 0
        self._rng = random.Random(rule.seed)
        self._remove = remove

    def remove(self) -> None:
        """End the rule. Harmless twice."""
        self._remove(self)

    def strikes(self) -> bool:
        """Roll the dice for one message that fits, and count a hit."""
        if self.rule.count is not None and self.hits >= self.rule.count:
            return False
        if self.rule.probability < 1.0 and self._rng.random() >= self.rule.probability:
            return False
        self.hits += 1
        return True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to one message. The default is nothing."""

    cut: bool = False
    drop: bool = False
    duplicate: bool = False
    hold: bool = False
    delay_s: float = 0.0
    hold_s: float = 0.0


UNHARMED = Verdict()


class Faults:
    """The rules at work, in the order they were added."""

    def __init__(self) -> None:
        self._handles: list[FaultHandle] = []
        self._numbers = count(1)
        self._on_ghost: Callable[[FaultHandle], None] = lambda handle: None
        self.active = False

    def add(self, rule: FaultRule) -> FaultHandle:
        """Put a rule to work; a ghost appears at once to whoever is subscribed."""
        handle = FaultHandle(next(self._numbers), rule, self._discard)
        self._handles.append(handle)
        self.active = True
        if rule.kind == "ghost_retained":
            self._on_ghost(handle)
        return handle

    def clear(self) -> None:
        """End every rule. What is delayed or held already still arrives."""
        self._handles.clear()
        self.active = False

    @property
    def rules(self) -> tuple[FaultHandle, ...]:
        """The rules at work."""
        return tuple(self._handles)

    def when_ghost(self, appear: Callable[[FaultHandle], None]) -> None:
        """What makes a ghost appear: the broker's business, not the rules'."""
        self._on_ghost = appear

    def judge(self, direction: Direction, client_id: str, topic: str) -> Verdict:
        """What happens to this message: each fitting rule rolls its own dice, and the effects add up."""
        struck = [
            handle.rule
            for handle in self._handles
            if handle.rule.kind in _ON_MESSAGES and _fits(handle.rule, direction, client_id, topic) and handle.strikes()
        ]
        if not struck:
            return UNHARMED
        kinds = {rule.kind for rule in struck}
        return Verdict(
            cut="cut" in kinds,
            drop="drop" in kinds,
            duplicate="duplicate" in kinds,
            hold="reorder" in kinds,
            delay_s=sum(rule.delay_s for rule in struck if rule.kind == "delay"),
            hold_s=max((rule.delay_s for rule in struck if rule.kind == "reorder"), default=0.0),
        )

    def ack_is_lost(self, direction: Direction, client_id: str, topic: str) -> bool:
        """Whether a PUBACK is withheld (`in`) or not seen (`out`)."""
        return any(
            handle.strikes()
            for handle in self._handles
            if handle.rule.kind == "drop_ack" and _fits(handle.rule, direction, client_id, topic)
        )

    def refusal(self, client_id: str) -> int | None:
        """The reason to refuse this CONNECT with; 0 for a reset; None to let it in."""
        for handle in self._handles:
            if handle.rule.kind == "refuse" and fnmatchcase(client_id, handle.rule.client) and handle.strikes():
                return handle.rule.reason
        return None

    def ghosts(self, client_id: str) -> list[FaultHandle]:
        """Ghost rules that may haunt this client."""
        return [
            handle
            for handle in self._handles
            if handle.rule.kind == "ghost_retained" and fnmatchcase(client_id, handle.rule.client)
        ]

    def _discard(self, handle: FaultHandle) -> None:
        if handle in self._handles:
            self._handles.remove(handle)
        self.active = bool(self._handles)


_ON_MESSAGES = {"delay", "drop", "duplicate", "reorder", "cut"}


def _fits(rule: FaultRule, direction: Direction, client_id: str, topic: str) -> bool:
    return (
        rule.direction in (direction, "both")
        and filter_matches(rule.topic, topic)
        and fnmatchcase(client_id, rule.client)
    )
