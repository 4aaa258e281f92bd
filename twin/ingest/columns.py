"""Samples on their way into arrays: bytes are joined once at the end, no sample is an object of its own."""

from __future__ import annotations

from struct import Struct

import numpy as np

from twin.domain.arrays import Ints
from twin.domain.points import Quality
from twin.domain.samples import SampleBatch

_GOOD = int(Quality.GOOD)
_double, _int32 = Struct("d").pack, Struct("i").pack


def index_bytes(point: int) -> bytes:
    """A point's number as `Columns` wants it."""
    return _int32(point)


class Columns:
    """Gathers runs of samples: each run has one time and one quality, and any number of points."""

    def __init__(self) -> None:
        self._points: list[bytes] = []
        self._values: list[bytes] = []
        self._lengths: list[int] = []
        self._source_ns: list[int] = []
        self._received_ns: list[int] = []
        self._quality: dict[int, int] = {}  # of those runs that are not GOOD

    def add(self, n: int, points: bytes, values: bytes, source_ns: int, received_ns: int) -> None:
        """Add `n` GOOD samples of one instant: their points and values, packed."""
        self._points.append(points)
        self._values.append(values)
        self._lengths.append(n)
        self._source_ns.append(source_ns)
        self._received_ns.append(received_ns)

    def add_one(self, point: bytes, value: float, source_ns: int, received_ns: int, quality: int) -> None:
        """Add one sample."""
        if quality != _GOOD:
            self._quality[len(self._lengths)] = quality
        self.add(1, point, _double(value), source_ns, received_ns)

    def batch(self) -> SampleBatch:
        """Everything added, in that order."""
        if not self._lengths:
            return SampleBatch.empty()
        value = np.frombuffer(b"".join(self._values), dtype=np.float64)
        point = np.frombuffer(b"".join(self._points), dtype=np.int32)
        source_ns: Ints = np.array(self._source_ns, dtype=np.int64)
        received_ns: Ints = np.array(self._received_ns, dtype=np.int64)
        quality = np.full(len(self._lengths), _GOOD, dtype=np.uint8)
        for run, grade in self._quality.items():
            quality[run] = grade
        if value.size != source_ns.size:
            lengths = np.array(self._lengths)
            source_ns, received_ns = np.repeat(source_ns, lengths), np.repeat(received_ns, lengths)
            quality = np.repeat(quality, lengths)
        return SampleBatch(point, source_ns, received_ns, value, quality)
