"""Messages to samples: the topic map applied, units of the house, plausible range. Pure.

Order of checks: size, UTF-8, parse, shape, unit, range. Units are converted here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.domain.arrays import Bytes8, Floats, Ints
from twin.domain.errors import BadPayload
from twin.domain.messages import MessageIn
from twin.domain.points import Quality
from twin.domain.samples import SampleBatch
from twin.domain.site import Site, SourceRule
from twin.ingest.codecs import Codec, codec_for
from twin.ingest.columns import Columns, index_bytes
from twin.ingest.paths import NO_SEQUENCE, NO_TIME
from twin.ingest.quick import Quick, quick_for


class Reject(NamedTuple):
    """What was refused: a short, countable name, and the words for a person."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """Samples of some messages in arrival order, what was refused of them, and the numbers their sources gave them.

    `sequences` are (topic, number) of every message that carried one.
    """

    batch: SampleBatch
    rejects: tuple[Reject, ...]
    sequences: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Topic:
    """One topic's two ways of reading, and the point of each of its rules, as `Columns` wants them."""

    codec: Codec
    quick: Quick | None
    n: int
    points: tuple[bytes, ...]
    all_points: bytes

    @staticmethod
    def of(rules: Sequence[SourceRule], *, quick: bool) -> _Topic:
        points = tuple(index_bytes(rule.point) for rule in rules)
        return _Topic(codec_for(rules), quick_for(rules) if quick else None, len(rules), points, b"".join(points))


class Decoder:
    """The topic map of one site, made ready. Holds no state between calls.

    `quick=False` sends every message the long way: the same results, later.
    """

    def __init__(self, site: Site, *, quick: bool = True) -> None:
        """Raises: ValueError: a rule with a codec that does not exist."""
        by_topic: dict[str, list[SourceRule]] = {}
        for rule in site.topics.rules:
            by_topic.setdefault(rule.topic, []).append(rule)
        self._topics = {topic: _Topic.of(rules, quick=quick) for topic, rules in by_topic.items()}
        n = len(site.points)
        self._scale, self._offset = np.ones(n), np.zeros(n)
        for rule in site.topics.rules:
            self._scale[rule.point], self._offset[rule.point] = rule.scale, rule.offset
        self._low: Floats = np.array([point.low for point in site.points])
        self._high: Floats = np.array([point.high for point in site.points])
        self._most_bytes = site.topics.max_payload_bytes

    def maps(self, topic: str) -> bool:
        """Whether any point is read from this topic."""
        return topic in self._topics

    def decode(self, message: MessageIn) -> Decoded:
        """Samples of one message."""
        return self.decode_all((message,))

    def decode_all(self, messages: Sequence[MessageIn]) -> Decoded:
        """Samples of many messages as one batch. A message that is refused does not touch the others."""
        columns = Columns()
        rejects: list[Reject] = []
        sequences: list[tuple[str, int]] = []
        topics, most_bytes = self._topics, self._most_bytes
        for message in messages:
            topic = topics.get(message.topic)
            if topic is None:
                rejects.append(Reject("unknown_topic", message.topic))
                continue
            payload = message.payload
            if len(payload) > most_bytes:
                rejects.append(Reject("too_large", f"{message.topic}: {len(payload)} bytes"))
                continue
            row = topic.quick(payload) if topic.quick is not None else None
            if row is None or (row.source_ns == NO_TIME and (message.retain or message.received_ns <= 0)):
                sequence = _carefully(topic, message, columns, rejects)
            else:
                received_ns, sequence = message.received_ns, row.sequence
                columns.add(topic.n, topic.all_points, row.packed, row.source_ns or received_ns, received_ns)
            if sequence != NO_SEQUENCE:
                sequences.append((message.topic, sequence))
        return Decoded(self._housed(columns.batch()), tuple(rejects), tuple(sequences))

    def _housed(self, batch: SampleBatch) -> SampleBatch:
        """The same samples in units of the house, those outside their range BAD."""
        value: Floats = batch.value * self._scale[batch.point] + self._offset[batch.point]
        out = (value < self._low[batch.point]) | (value > self._high[batch.point])
        quality: Bytes8 = np.where(out, np.uint8(Quality.BAD), batch.quality).astype(np.uint8)
        source: Ints = batch.source_ns
        return SampleBatch(batch.point, source, batch.received_ns, value, quality)


def _carefully(topic: _Topic, message: MessageIn, columns: Columns, rejects: list[Reject]) -> int:
    """The long way through one message, sample by sample. Returns its sequence number."""
    try:
        found = topic.codec(message.payload)
    except BadPayload as problem:
        rejects.append(Reject(problem.reason, f"{message.topic}: {problem.message}"))
        return NO_SEQUENCE
    rejects += [Reject(reason, f"{message.topic}: {detail}") for reason, detail in found.refused]
    for number, value, stamp, grade in found.samples:
        source_ns = stamp
        if stamp == NO_TIME:
            if message.retain:
                rejects.append(Reject("retained_without_time", message.topic))
                continue
            if message.received_ns <= 0:
                rejects.append(Reject("no_time_yet", f"{message.topic}: nothing has told the time so far"))
                continue
            source_ns = message.received_ns
        columns.add_one(topic.points[number], value, source_ns, message.received_ns, grade)
    return found.sequence
