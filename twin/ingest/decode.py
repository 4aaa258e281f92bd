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
from twin.ingest.codecs import NO_TIME, Codec, codec_for


class Reject(NamedTuple):
    """What was refused: a short, countable name, and the words for a person."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """Samples of some messages in arrival order, and what was refused of them."""

    batch: SampleBatch
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class _Topic:
    """One topic's codec and the point number of each of its rules."""

    codec: Codec
    points: tuple[int, ...]


class Decoder:
    """The topic map of one site, made ready. Holds no state between calls."""

    def __init__(self, site: Site) -> None:
        """Raises: ValueError: a rule with a codec that does not exist."""
        by_topic: dict[str, list[SourceRule]] = {}
        for rule in site.topics.rules:
            by_topic.setdefault(rule.topic, []).append(rule)
        self._topics = {
            topic: _Topic(codec_for(rules), tuple(rule.point for rule in rules)) for topic, rules in by_topic.items()
        }
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
        points: list[int] = []
        values: list[float] = []
        source: list[int] = []
        received: list[int] = []
        quality: list[int] = []
        rejects: list[Reject] = []
        for message in messages:
            topic = self._topics.get(message.topic)
            if topic is None:
                rejects.append(Reject("unknown_topic", message.topic))
                continue
            if len(message.payload) > self._most_bytes:
                rejects.append(Reject("too_large", f"{message.topic}: {len(message.payload)} bytes"))
                continue
            try:
                found, refused = topic.codec(message.payload)
            except BadPayload as problem:
                rejects.append(Reject(problem.reason, f"{message.topic}: {problem.message}"))
                continue
            rejects += [Reject(reason, f"{message.topic}: {detail}") for reason, detail in refused]
            for number, value, stamp, grade in found:
                if stamp == NO_TIME:
                    if message.retain:
                        rejects.append(Reject("retained_without_time", message.topic))
                        continue
                    if message.received_ns <= 0:
                        rejects.append(Reject("no_time_yet", f"{message.topic}: nothing has told the time so far"))
                        continue
                    stamp = message.received_ns  # noqa: PLW2901
                points.append(topic.points[number])
                values.append(value)
                source.append(stamp)
                received.append(message.received_ns)
                quality.append(grade)
        return Decoded(self._housed(SampleBatch.of(points, source, received, values, quality)), tuple(rejects))

    def _housed(self, batch: SampleBatch) -> SampleBatch:
        """The same samples in units of the house, those outside their range BAD."""
        value: Floats = batch.value * self._scale[batch.point] + self._offset[batch.point]
        out = (value < self._low[batch.point]) | (value > self._high[batch.point])
        quality: Bytes8 = np.where(out, np.uint8(Quality.BAD), batch.quality).astype(np.uint8)
        source: Ints = batch.source_ns
        return SampleBatch(batch.point, source, batch.received_ns, value, quality)
