"""What never came: senders that count their messages make a gap known to the message. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

RESTARTED = 10_000  # a count this far behind, or one that begins at 0 or 1 again, is a new count
_MOST_OPEN = 256  # gaps kept open for what may still come


@dataclass(slots=True)
class _Counter:
    """One topic: the highest number seen, and the gaps below it, each (first, last) missing."""

    highest: int
    open: list[tuple[int, int]] = field(default_factory=list)


class Gaps:
    """Counts since the start. A message that comes late closes its gap again; one that comes twice changes nothing."""

    def __init__(self) -> None:
        self._topics: dict[str, _Counter] = {}
        self.missing = 0
        self.repeated = 0
        self.restarts = 0

    def note(self, sequences: Iterable[tuple[str, int]]) -> None:
        """(topic, number) of some messages in arrival order."""
        for topic, number in sequences:
            counter = self._topics.get(topic)
            if counter is None:
                self._topics[topic] = _Counter(number)
            elif number == counter.highest + 1:
                counter.highest = number
            elif number > counter.highest:
                self.missing += number - counter.highest - 1
                counter.open.append((counter.highest + 1, number - 1))
                del counter.open[:-_MOST_OPEN]
                counter.highest = number
            else:
                self._behind(counter, number)

    def _behind(self, counter: _Counter, number: int) -> None:
        for i, (first, last) in enumerate(counter.open):
            if first <= number <= last:
                self.missing -= 1
                around = ((first, number - 1), (number + 1, last))
                counter.open[i : i + 1] = [gap for gap in around if gap[0] <= gap[1]]
                return
        if number <= 1 < counter.highest or counter.highest - number >= RESTARTED:
            self.restarts += 1
            counter.highest, counter.open = number, []
        else:
            self.repeated += 1
