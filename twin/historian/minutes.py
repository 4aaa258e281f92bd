"""The minutes of a chunk beside its samples, so that a summary need not open them. No I/O here.

A day of a series by minutes is then a thousand numbers to read instead of a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from twin.domain.arrays import Bytes8, Flags, Floats, Ints
from twin.domain.clock import NS_PER_S
from twin.historian.blocks import shuffled, squeeze, unshuffled, unsqueezed
from twin.historian.integers import Cuts
from twin.historian.sums import Sums, usable

MINUTE_NS = 60 * NS_PER_S
_COLUMNS = 5  # minute, count, sum, least, largest: each as steps from one minute to the next
_WORTH = 8  # samples a minute; fewer are as quick to read themselves
_FINEST = 1000.0  # readings with up to three decimals, and their sums, are whole numbers of these
_MOST_EXACT = 2.0**52
_EPS = float(np.finfo(np.float64).eps)


class MinutesHead(msgspec.Struct, array_like=True):
    """How many minutes, and whether their values are whole thousandths."""

    n: int
    whole: bool


def pack_minutes(times_ns: Ints, value: Floats, quality: Bytes8, cuts: Cuts) -> list[tuple[MinutesHead, bytes] | None]:
    """The minutes of each chunk; None where the samples themselves are as quick."""
    of_chunk, (minute, count, total, least, largest) = _minutes(times_ns, value, quality, cuts)
    counts = np.bincount(of_chunk, minlength=cuts.starts.size)
    values = np.stack([_without_noise(total, count, least, largest), least, largest])
    thousandths, exact = _thousandths(values)
    ends = np.cumsum(counts)
    out: list[tuple[MinutesHead, bytes] | None] = []
    for n, end, samples in zip(counts.tolist(), ends.tolist(), cuts.counts.tolist(), strict=True):
        if n == 0 or samples < _WORTH * n:
            out.append(None)
            continue
        here = slice(end - n, end)
        whole = bool(exact[here].all())
        chosen = thousandths[:, here] if whole else values[:, here].view(np.int64)
        steps = np.vstack([minute[here], count[here], chosen])
        steps[:, 1:] -= steps[:, :-1].copy()  # wraps around exactly
        out.append((MinutesHead(n, whole), squeeze(shuffled(steps.ravel()))))
    return out


def unpack_minutes(packed: Sequence[tuple[MinutesHead, bytes]]) -> Sums:
    """The minutes of all chunks, one after the other; the bucket is the minute since 1970.

    Raises: ValueError: these bytes are no minutes.
    """
    parts = [_opened(head, body) for head, body in packed]
    minute, count = (np.concatenate([columns[k] for columns, _ in parts]) for k in (0, 1))
    total, least, largest = np.concatenate([values for _, values in parts], axis=1)
    return minute, count, total, least, largest


def _opened(head: MinutesHead, body: bytes) -> tuple[Any, Any]:
    steps = unshuffled(unsqueezed(body), 0, _COLUMNS * head.n, np.int64).reshape(_COLUMNS, head.n)
    columns = np.cumsum(steps, axis=1)
    return columns, columns[2:] / _FINEST if head.whole else columns[2:].view(np.float64)


def _minutes(times_ns: Ints, value: Floats, quality: Bytes8, cuts: Cuts) -> tuple[Ints, Sums]:
    """Minutes with a usable sample: which chunk each is of, and what it comes to."""
    minute = times_ns // MINUTE_NS
    new = np.ones(minute.size, dtype=np.bool_)
    np.not_equal(minute[1:], minute[:-1], out=new[1:])
    new[cuts.starts] = True
    starts = np.flatnonzero(new)
    use = usable(value, quality)
    count = np.add.reduceat(use, starts, dtype=np.int64)
    with np.errstate(over="ignore"):
        total = np.add.reduceat(np.where(use, value, 0.0), starts)
    least = np.minimum.reduceat(np.where(use, value, np.inf), starts)
    largest = np.maximum.reduceat(np.where(use, value, -np.inf), starts)
    some = count > 0
    of_chunk = np.searchsorted(cuts.starts, starts[some], side="right") - 1
    return of_chunk, (minute[starts[some]], count[some], total[some], least[some], largest[some])


def _without_noise(total: Floats, count: Ints, least: Floats, largest: Floats) -> Floats:
    """Sums in whole thousandths, where that changes them by no more than adding may have (Higham: n·u·sum)."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.rint(total * _FINEST) / _FINEST
        noise = _EPS / 2.0 * count**2 * np.maximum(np.abs(least), np.abs(largest))
        return np.where(np.abs(rounded - total) <= noise, rounded, total)


def _thousandths(values: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[np.ndarray[Any, np.dtype[np.int64]], Flags]:
    """Values as whole thousandths, and of which minutes all of them are, bit for bit."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.rint(values * _FINEST) + 0.0  # an integer has no -0.0
        same = ((scaled / _FINEST).view(np.int64) == values.view(np.int64)) & (np.abs(scaled) < _MOST_EXACT)
    return np.where(same, scaled, 0.0).astype(np.int64), same.all(axis=0)
