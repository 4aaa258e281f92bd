"""How much came in and what was refused: received = taken + rejected, exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from twin.ingest.decode import Decoded, Reject

KEPT_DETAILS = 20


class Tally:
    """Counts since the start; the last few refusals in words."""

    def __init__(self) -> None:
        self.messages = 0
        self.samples = 0
        self.rejected: Counter[str] = Counter()
        self.last: list[Reject] = []

    def add(self, messages: int, decoded: Decoded) -> None:
        """Count what a decoder made of some messages."""
        self.messages += messages
        self.samples += len(decoded.batch)
        self.refuse(decoded.rejects)

    def refuse(self, rejects: Sequence[Reject]) -> None:
        """Count refusals."""
        for reject in rejects:
            self.rejected[reject.reason] += 1
        self.remember(rejects)

    def remember(self, rejects: Sequence[Reject]) -> None:
        """Keep refusals that are no samples in words only."""
        self.last = (self.last + list(rejects))[-KEPT_DETAILS:]

    @property
    def received(self) -> int:
        """Samples that came, those refused included."""
        return self.samples + self.rejected.total()
