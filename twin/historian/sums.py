"""Counts, sums and extremes of a series by buckets of time: the arithmetic behind every summary. No I/O here."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from twin.domain.arrays import Bytes8, Flags, Floats, Ints
from twin.domain.points import Quality

Columns: TypeAlias = tuple[Ints, Floats, Bytes8]  # times, values, qualities
Sums: TypeAlias = tuple[Ints, Ints, Floats, Floats, Floats]  # bucket, n, sum, least, largest

_MANY = 8  # samples a bucket


def usable(value: Floats, quality: Bytes8) -> Flags:
    """Which samples may enter a mean."""
    good_enough: Flags = np.isfinite(value) & (quality <= Quality.SUSPECT)
    return good_enough


def by_bucket(columns: Columns, width_ns: int) -> Sums:
    """The usable values of columns in the order of time; buckets are multiples of a width in ns since 1970."""
    times, value, quality = columns
    if quality.any() or not np.isfinite(value).all():
        use = usable(value, quality)
        times, value = times[use], value[use]
    if times.size == 0:
        return sums_of([])
    bucket, starts = _runs(times, width_ns)
    n = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=n[:-1])
    n[-1] = times.size - starts[-1]
    total, least, largest = (f.reduceat(value, starts) for f in (np.add, np.minimum, np.maximum))
    return bucket, n, total, least, largest


def coarser(sums: Sums, times: int) -> Sums:
    """The same in buckets so many times as wide; one may then stand there more than once."""
    bucket, n, total, least, largest = sums
    return bucket // times, n, total, least, largest


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


def _runs(times: Ints, width_ns: int) -> tuple[Ints, Ints]:
    """The buckets of times in order, and where each begins; found by its edge when buckets are few."""
    first, last = int(times[0]) // width_ns, int(times[-1]) // width_ns
    if last - first >= times.size // _MANY:
        bucket = times // width_ns
        starts = _firsts(bucket)
        return bucket[starts], starts
    edges = np.arange(first, last + 2, dtype=np.int64)
    places = np.searchsorted(times, edges * width_ns)
    some = places[1:] > places[:-1]
    return edges[:-1][some], places[:-1][some]


def _firsts(ordered: Ints) -> Ints:
    """Where each run of equal numbers begins."""
    new = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return np.flatnonzero(new)


def sums_of(rows: list[tuple[int, int, float, float, float]]) -> Sums:
    columns = np.array(rows, dtype=np.float64).reshape(-1, 5)
    bucket = np.array([row[0] for row in rows], dtype=np.int64)
    return bucket, columns[:, 1].astype(np.int64), columns[:, 2], columns[:, 3], columns[:, 4]
