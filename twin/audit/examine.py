"""Looks a whole audit log over, line by line, and names what is wrong with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from twin.audit.chain import START, Link, digest, read_line


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` counts from 1 in the file `segment`, 0 where no line is meant; `n` is the number in the chain."""

    segment: str
    line: int
    n: int
    what: str


@dataclass(slots=True)
class _Gap:
    first: int
    last: int
    segment: str
    line: int


class Examination:
    """Takes segments and their lines in order.

    `head`: how long the log should be, None when nobody can say. `archived`: older segments were put away on purpose,
    so that the log may begin anywhere.
    """

    def __init__(self, head: Link | None, *, archived: bool = False) -> None:
        self._head, self._archived = head, archived
        self._faults: list[Fault] = []
        self._gaps: list[_Gap] = []
        self._segment, self._line = "", 0
        self._next, self._sha = START.n + 1, START.sha  # "" where the line before is not what it was
        self.lines = 0
        self.first: int | None = None
        self.notes: list[str] = []

    def begin(self, segment: str, first: int) -> None:
        """The next lines are those of a segment that says it begins with number `first`."""
        self._segment, self._line = segment, 0
        if self.first is None and self._archived:
            self._next, self._sha = first, ""

    def take(self, raw: bytes) -> None:
        """One line without its newline."""
        self._line += 1
        self.lines += 1
        read = read_line(raw)
        if isinstance(read, str):
            self._fault(self._next, f"line {self._next} {read}")
            self._next, self._sha = self._next + 1, ""
            return
        if self.first is None:
            self.first = read.n
        if read.n < self._next:
            self._out_of_turn(read.n)
            return
        if read.n > self._next:
            self._gaps.append(_Gap(self._next, read.n - 1, self._segment, self._line))
        elif self._sha and read.prev != self._sha:
            self._fault(read.n, f"line {read.n} does not cite line {read.n - 1} as it stands: one of them was replaced")
        self._next, self._sha = read.n + 1, digest(raw)
        if self._head is not None and read.n == self._head.n and self._sha != self._head.sha:
            self._fault(read.n, f"line {read.n} is not the one that the head names: it was replaced")

    def torn(self, rest: bytes, *, last: bool) -> None:
        """What stands behind the last newline of a segment; harmless only at the very end, where a write may go on."""
        if not last or (self._head is not None and self._next <= self._head.n):
            self._line += 1
            self._fault(self._next, f"line {self._next} is cut off")
            self._next, self._sha = self._next + 1, ""
        else:
            self.notes.append(f"{len(rest)} bytes of a line that is being written, or that a crash cut off")

    def faults(self) -> tuple[Fault, ...]:
        """All of them, after the last segment."""
        found = list(self._faults)
        for gap in self._gaps:
            found.append(Fault(gap.segment, gap.line, gap.first, f"{_lines(gap.first, gap.last)} missing"))
        if self._head is None:
            found.append(Fault("head", 0, 0, "the head is missing or was changed: it says how long the log should be"))
        elif self._next <= self._head.n:
            what = f"{_lines(self._next, self._head.n)} missing at the end: the log was shortened"
            found.append(Fault(self._segment, self._line, self._next, what))
        return tuple(sorted(found, key=lambda fault: (fault.n, fault.segment, fault.line)))

    def _out_of_turn(self, n: int) -> None:
        for i, gap in enumerate(self._gaps):
            if gap.first <= n <= gap.last:
                rest = (
                    _Gap(gap.first, n - 1, gap.segment, gap.line),
                    _Gap(n + 1, gap.last, gap.segment, gap.line),
                )
                self._gaps[i : i + 1] = [part for part in rest if part.first <= part.last]
                self._fault(n, f"line {n} stands behind line {self._next - 1}: lines were put in another order")
                return
        self._fault(n, f"line {n} stands here a second time")

    def _fault(self, n: int, what: str) -> None:
        self._faults.append(Fault(self._segment, self._line, n, what))


def _lines(first: int, last: int) -> str:
    return f"line {first} is" if first == last else f"lines {first} to {last} are"
