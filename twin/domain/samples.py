"""Samples in bulk: what ingest hands on, as a structure of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Bytes8, Flags, Floats, Indices, Ints


@dataclass(frozen=True, slots=True)
class SampleBatch:
    """Readings of many points, in arrival order; every array has the same length n.

    `source_ns` is the sensor's own UTC time, `received_ns` ours. A value of a sample that is BAD may be NaN.
    """

    point: Indices
    source_ns: Ints
    received_ns: Ints
    value: Floats
    quality: Bytes8

    def __len__(self) -> int:
        return int(self.point.shape[0])

    def at(self, where: Flags) -> SampleBatch:
        """The samples where a mask is true, order kept."""
        if where.all():
            return self
        return SampleBatch(
            self.point[where], self.source_ns[where], self.received_ns[where], self.value[where], self.quality[where]
        )

    @staticmethod
    def empty() -> SampleBatch:
        return SampleBatch.of([], [], [], [], [])

    @staticmethod
    def of(
        point: list[int], source_ns: list[int], received_ns: list[int], value: list[float], quality: list[int]
    ) -> SampleBatch:
        """A batch from parallel lists."""
        return SampleBatch(
            np.asarray(point, dtype=np.int32),
            np.asarray(source_ns, dtype=np.int64),
            np.asarray(received_ns, dtype=np.int64),
            np.asarray(value, dtype=np.float64),
            np.asarray(quality, dtype=np.uint8),
        )

    @staticmethod
    def joined(batches: list[SampleBatch]) -> SampleBatch:
        """All batches as one, order kept."""
        if len(batches) == 1:
            return batches[0]
        if not batches:
            return SampleBatch.empty()
        return SampleBatch(
            np.concatenate([b.point for b in batches]),
            np.concatenate([b.source_ns for b in batches]),
            np.concatenate([b.received_ns for b in batches]),
            np.concatenate([b.value for b in batches]),
            np.concatenate([b.quality for b in batches]),
        )
