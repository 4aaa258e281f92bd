"""A weak build: a bounded buffer in memory in the place of the spool, as a usual client library has."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from twin.domain.samples import SampleBatch
from twin.historian.blocks import Block, Priority
from twin.historian.series import Catalogue
from twin.historian.spool_db import Account, DeadLetter

MOST_ITEMS = 100_000


class MemoryBuffer:
    """Takes everything at once, and forgets the oldest above its bound without a word. One sink."""

    def __init__(self, catalogue: Catalogue, sink: str) -> None:
        self._catalogue, self._sink = catalogue, sink
        self._blocks: deque[Block] = deque()
        self._ids = self._position = 0
        self._received = self._stored = self._pending = 0

    async def append_samples(self, batch: SampleBatch, priority: Priority = Priority.TELEMETRY) -> None:
        self._ids += 1
        self._received += len(batch)
        self._pending += len(batch)
        self._blocks.append(Block(self._ids, priority, len(batch), 0, 0, self._catalogue, batch, (), b""))
        while self._pending > MOST_ITEMS:
            self._pending -= self._blocks.popleft().n

    async def position(self, sink: str) -> int:
        return self._position

    async def read_after(self, block_id: int, limit: int) -> list[Block]:
        found: list[Block] = []
        items = 0
        for block in self._blocks:
            if items >= limit:
                break
            if block.id > block_id:
                found.append(block)
                items += block.n
        return found

    async def advance(self, sink: str, block_id: int, *, refused: int = 0) -> None:
        self._position = max(self._position, block_id)
        while self._blocks and self._blocks[0].id <= block_id:
            block = self._blocks.popleft()
            self._stored += block.n
            self._pending -= block.n

    async def bury(self, sink: str, letters: Sequence[DeadLetter]) -> None:
        """Nothing is kept."""

    async def accounts(self) -> dict[str, Account]:
        return {self._sink: Account(self._position, self._received, self._stored, self._pending, 0)}

    async def close(self) -> None:
        """Nothing to finish."""
