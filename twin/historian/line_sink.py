"""A sink that speaks line protocol over HTTP: what each answer means for the lines that were sent.

| answer | meaning | what is done |
|---|---|---|
| 2xx | taken | on to the next lines |
| none, 408, 425, 429, 5xx | not now | kept; come back when told, else with growing pauses |
| 401, 403, 404, 3xx, other 4xx | not from us, not here | kept; alarm, and a try now and then |
| 413 | too much at once | halved |
| 400, 422 | some line is poison, an unknown part of the others is stored | bisected; poison becomes a dead letter |

Sending lines twice does no harm, as equal series and time overwrite.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from twin.historian.blocks import Block
from twin.historian.line_protocol import lines_of
from twin.historian.sinks import SinkBusy, SinkRefuses, Written
from twin.historian.spool_db import DeadLetter

_HOPELESS_AFTER = 16  # single lines refused with none taken: it is not the lines
_PROBES = 8
_TRANSIENT = {0, 408, 425, 429}
_POISON = {400, 422}
_TOO_LARGE = 413
_MOST_WORDS = 500


class Answer(Protocol):
    """What the server said. `status` 0: it did not answer."""

    @property
    def status(self) -> int: ...
    @property
    def retry_after_s(self) -> float | None: ...
    @property
    def words(self) -> str: ...


class LinePort(Protocol):
    """Whoever carries lines to a server; adapters implement it."""

    @property
    def where(self) -> str:
        """The address, without secrets."""
        ...

    @property
    def link(self) -> int:
        """Changes with each new connection."""
        ...

    async def post(self, lines: str) -> Answer:
        """Send lines joined by line breaks. Raises nothing that the network can cause."""
        ...


class LineSink:
    """Blocks to lines, lines to a server."""

    def __init__(self, port: LinePort, *, name: str = "influx", batch_lines: int = 5_000) -> None:
        self._port = port
        self._batch_lines = batch_lines
        self.name = name
        self.clamped = 0

    @property
    def link(self) -> int:
        return self._port.link

    async def write(self, blocks: Sequence[Block]) -> Written:
        """Send every line of these blocks. Raises: SinkBusy, SinkRefuses."""
        text: list[str] = []
        refused: list[DeadLetter] = []
        non_finite = 0
        for block in blocks:
            lines = lines_of(block)
            text += lines.text
            refused += lines.unreadable
            non_finite += lines.non_finite
            self.clamped += lines.clamped
        sending = _Sending(self._port, text)
        for start in range(0, len(text), self._batch_lines):
            await sending.send(text[start : start + self._batch_lines], known_bad="")
        return Written((*refused, *sending.refused), non_finite)


class _Sending:
    """One write: what was taken and what was refused on the way."""

    def __init__(self, port: LinePort, text: list[str]) -> None:
        self._port, self._text = port, text
        self._taken = 0
        self.refused: list[DeadLetter] = []

    async def send(self, lines: list[str], *, known_bad: str) -> bool:
        """Send lines, halving what is refused. `known_bad`, when not empty, are the server's words on these very lines.

        Returns whether all of them were taken at once.
        """
        words = known_bad
        if not words or len(lines) == 1:  # a single line is refused in its own words only
            answer = await self._port.post("\n".join(lines))
            if 200 <= answer.status < 300:
                self._taken += len(lines)
                return True
            words = self._judge(answer)
        if len(lines) == 1:
            await self._refuse(lines[0], words)
            return False
        middle = len(lines) // 2
        first_was_whole = await self.send(lines[:middle], known_bad="")
        # Something is wrong with these lines; when it is not in the first half it must be in the second. Size is no
        # such proof: either half of what is too large may be small enough.
        inferred = words if first_was_whole and not words.startswith(str(_TOO_LARGE)) else ""
        await self.send(lines[middle:], known_bad=inferred)
        return False

    def _judge(self, answer: Answer) -> str:
        """The server's words when it is about the lines themselves. Raises: SinkBusy, SinkRefuses: when it is not."""
        words = f"{answer.status}: {answer.words[:_MOST_WORDS]}"
        if answer.status in _TRANSIENT or answer.status >= 500:
            raise SinkBusy(
                f"the historian does not take lines now ({words})",
                where=self._port.where,
                retry_after_s=answer.retry_after_s,
                lost=answer.status == 0 or answer.status >= 500,
            )
        if answer.status not in _POISON and answer.status != _TOO_LARGE:
            raise SinkRefuses(
                f"the historian refuses us ({words})",
                where=self._port.where,
                fix="check the token, its rights, and that organisation and bucket exist",
            )
        return words

    async def _refuse(self, line: str, words: str) -> None:
        self.refused.append(DeadLetter(line, words))
        if len(self.refused) == _HOPELESS_AFTER and self._taken == 0 and not await self._any_taken():
            raise SinkRefuses(
                f"the historian refuses every line tried ({words})",
                where=self._port.where,
                fix="check organisation and bucket, and that the address is one of InfluxDB's write interface",
            )

    async def _any_taken(self) -> bool:
        """Whether any of a few lines from all over is taken: else it is not the lines, and none must be given up."""
        for line in self._text[:: max(1, len(self._text) // _PROBES)]:
            if 200 <= (await self._port.post(line)).status < 300:
                return True
        return False
