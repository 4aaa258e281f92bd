"""Columns of one point by buckets of time: the arithmetic behind every summary. No I/O here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from twin.domain.arrays import Bytes8, Floats, Ints
from twin.historian.chunks import Samples, usable

Columns: TypeAlias = tuple[Ints, Floats, Bytes8]  # times, values, qualities
Sums: TypeAlias = tuple[Ints, Ints, Floats, Floats, Floats]  # bucket, n, sum, least, largest


def in_order(parts: Sequence[Columns], start_ns: int, end_ns: int) -> Columns:
    """Times, values and qualities of one point in the order of time, each time once, start <= time < end."""
    times, value, quality = (np.concatenate([part[k] for part in parts]) for k in range(3))
    if not (times[1:] > times[:-1]).all():
        ordered = Samples(np.zeros_like(times), times, value, quality).in_order()
        times, value, quality = ordered.source_ns, ordered.value, ordered.quality
    return between((times, value, quality), start_ns, end_ns)


def between(columns: Columns, start_ns: int, end_ns: int) -> Columns:
    """Of columns in the order of time those with start <= time < end."""
    times, value, quality = columns
    if times.size == 0 or (start_ns <= times[0] and times[-1] < end_ns):
        return columns
    a, b = np.searchsorted(times, (start_ns, end_ns)).tolist()
    return times[a:b], value[a:b], quality[a:b]


def by_bucket(columns: Columns, width_ns: int) -> Sums:
    """The usable values of columns in the order of time."""
    times, value, quality = columns
    if quality.any() or not np.isfinite(value).all():
        use = usable(value, quality)
        times, value = times[use], value[use]
    if times.size == 0:
        return sums_of([])
    bucket = times // width_ns
    starts = _firsts(bucket)
    n = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=n[:-1])
    n[-1] = bucket.size - starts[-1]
    total, least, largest = (f.reduceat(value, starts) for f in (np.add, np.minimum, np.maximum))
    return bucket[starts], n, total, least, largest


def each_once(parts: list[Sums]) -> Sums:
    """Buckets of all parts in order, equal ones as one."""
    bucket, n, total, least, largest = (np.concatenate([part[k] for part in parts]) for k in range(5))
    if bucket.size == 0:
        return bucket, n, total, least, largest
    order = np.argsort(bucket, kind="stable")
    starts = _firsts(bucket[order])
    return (
        bucket[order][starts],
        np.add.reduceat(n[order], starts),
        np.add.reduceat(total[order], starts),
        np.minimum.reduceat(least[order], starts),
        np.maximum.reduceat(largest[order], starts),
    )


def _firsts(ordered: Ints) -> Ints:
    """Where each run of equal numbers begins."""
    new = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return np.flatnonzero(new)


def sums_of(rows: list[tuple[int, int, float, float, float]]) -> Sums:
    columns = np.array(rows, dtype=np.float64).reshape(-1, 5)
    bucket = np.array([row[0] for row in rows], dtype=np.int64)
    return bucket, columns[:, 1].astype(np.int64), columns[:, 2], columns[:, 3], columns[:, 4]
