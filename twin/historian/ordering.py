"""Columns of one point in the order of time, each time once. No I/O here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.historian.chunks import Samples
from twin.historian.sums import Columns


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
