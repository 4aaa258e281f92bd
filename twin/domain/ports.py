"""What the core asks of the outside world; adapters implement it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from twin.domain.messages import MessageIn, MessageOut


class Inbox(Protocol):
    """Messages in arrival order, acknowledged by hand once they are on disk."""

    def batches(self) -> AsyncIterator[Sequence[MessageIn]]:
        """Yield what arrived since the last call, at least one message."""
        ...

    def acknowledge(self, messages: Sequence[MessageIn]) -> None:
        """Tell the broker that these messages are ours now. A no-op for QoS 0."""
        ...


class Outbox(Protocol):
    """Where everything but commands leaves."""

    async def publish(self, message: MessageOut) -> None:
        """Raises: Unreachable: the broker did not take it in time."""
        ...

    async def publish_many(self, messages: Sequence[MessageOut]) -> None:
        """Publish in order; returns when all were taken. Raises: Unreachable: not all were taken in time."""
        ...
