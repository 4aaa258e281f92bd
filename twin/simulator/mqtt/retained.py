"""Retained messages: the last of each topic, and the one before it for the ghosts that faults call up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twin.simulator.mqtt.messages import Message
from twin.simulator.mqtt.topics import filter_matches

MAX_BURIED = 1000  # topics whose former message is remembered


class RetainedStore:
    """The retained message of each topic.

    An empty payload clears; an expired message is dropped when it is looked at. What a topic held before is buried,
    not forgotten, so that a fault can deliver it as a stale retained message.
    """

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._messages: dict[str, Message] = {}
        self._buried: dict[str, Message] = {}

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Message) -> None:
        """Keep the message as its topic's retained one."""
        self._bury(message.topic)
        if message.payload:
            self._messages[message.topic] = message

    def matching(self, pattern: str) -> Iterator[Message]:
        """Retained messages a filter matches, oldest topic first."""
        yield from self._matching(self._messages, pattern, forget=True)

    def buried(self, pattern: str) -> Iterator[Message]:
        """Former retained messages a filter matches."""
        yield from self._matching(self._buried, pattern, forget=False)

    def _matching(self, store: dict[str, Message], pattern: str, *, forget: bool) -> Iterator[Message]:
        if "+" in pattern or "#" in pattern:
            found = [message for topic, message in store.items() if filter_matches(pattern, topic)]
        else:
            found = [store[pattern]] if pattern in store else []
        now_s = self._monotonic_s()
        for message in found:
            if forget and message.expired(now_s):
                self._bury(message.topic)
            else:
                yield message

    def _bury(self, topic: str) -> None:
        former = self._messages.pop(topic, None)
        if former is None:
            return
        self._buried.pop(topic, None)
        self._buried[topic] = former
        if len(self._buried) > MAX_BURIED:
            del self._buried[next(iter(self._buried))]
