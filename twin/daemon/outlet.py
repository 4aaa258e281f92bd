"""Where the loop's messages leave: the broker, or nowhere when somebody only listens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from twin.domain.messages import MessageOut
from twin.domain.sealed import SealedCommand


class Outlet(Protocol):
    """An outbox that also takes sealed commands. There is no other way to a command topic."""

    async def publish_many(self, messages: Sequence[MessageOut]) -> None:
        """Publish in order. Raises: Unreachable: not all were taken in time."""
        ...

    async def send_sealed(self, commands: Sequence[SealedCommand]) -> None:
        """Publish commands. Raises: Unreachable: not all were taken in time."""
        ...


class Silence:
    """Says nothing: for a recording beside a daemon that is in charge."""

    async def publish_many(self, messages: Sequence[MessageOut]) -> None:
        """Nothing."""

    async def send_sealed(self, commands: Sequence[SealedCommand]) -> None:
        """Nothing; in shadow there are none."""
