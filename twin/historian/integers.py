"""Integers as few bits as they need, exactly. No I/O here.

From integers a forecast is taken off: a level, a straight line, or the number before. Of what is left the bytes that
are noise lie one after the other, and the bits above them in planes: first the lowest bits of all, then the next ones.
The high planes are nearly all zero, which costs nothing once squeezed: one outlier does not make a thousand others
dear.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

import msgspec
import numpy as np

from twin.domain.arrays import Bytes8, Flags, Ints
from twin.historian.blocks import differences, shuffled, unshuffled

_SAFE = 2**61  # integers beyond this could overflow on the way
_PICKS = np.arange(9)  # places spread over a chunk, whose middle value is its level
_EARLY = np.arange(1, 10)  # steps whose middle one is the usual
_BITS = np.arange(8, dtype=np.uint8)[:, np.newaxis]
_Unsigned: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.uint64]]"


class Forecast(IntEnum):
    """What is taken off integers before they are laid down."""

    LEVEL = 0
    LINE = 1
    BEFORE = 2


class IntegersHead(msgspec.Struct, array_like=True):
    """How integers were laid down: `whole` bytes, then `planes` bits each; `base` and `slope` are the forecast's."""

    forecast: int
    whole: int
    planes: int
    base: int
    slope: int


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where the chunks of a long array begin and end; none is empty."""

    starts: Ints
    ends: Ints

    @staticmethod
    def of(counts: Sequence[int]) -> Cuts:
        """Chunks of these sizes, one after the other."""
        ends = np.cumsum(np.array(counts, dtype=np.int64))
        return Cuts(ends - counts, ends)

    @property
    def counts(self) -> Ints:
        return self.ends - self.starts

    def spread(self, of_chunks: Ints) -> Ints:
        """A number of each chunk, for each of its samples."""
        return np.repeat(of_chunks, self.counts)

    def pairs(self) -> Iterator[tuple[int, int]]:
        return zip(self.starts.tolist(), self.ends.tolist(), strict=True)


def pack_integers(x: Ints, cuts: Cuts) -> list[tuple[IntegersHead, bytes]]:
    """All chunks side by side: their forecasts cost a few passes over the whole array, however short they are."""
    low, high = np.minimum.reduceat(x, cuts.starts), np.maximum.reduceat(x, cuts.starts)
    wild = (low <= -_SAFE) | (high >= _SAFE)
    tame = np.where(cuts.spread(wild.astype(np.int64)) == 1, 0, x) if wild.any() else x
    forecast, base, slope, rest, bits = _forecast(tame, cuts)
    folded = ((rest << 1) ^ (rest >> 63)).view(np.uint64)  # sign into the lowest bit
    whole = np.maximum(bits // cuts.counts, 0) // 8
    largest = np.maximum.reduceat(folded, cuts.starts).tolist()
    out: list[tuple[IntegersHead, bytes]] = []
    parts = (forecast.tolist(), base.tolist(), slope.tolist(), whole.tolist(), largest, wild.tolist())
    for (a, b), name, first, step, full, most, raw in zip(cuts.pairs(), *parts, strict=True):
        if raw:
            out.append((IntegersHead(Forecast.LEVEL, 8, 0, 0, 0), shuffled(x[a:b])))
            continue
        planes = max(most.bit_length() - 8 * full, 0)
        body = _laid_down(folded[a:b], full, planes) if full or planes else b""
        out.append((IntegersHead(name, full, planes, first, step), body))
    return out


def _forecast(x: Ints, cuts: Cuts) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Of each chunk the best forecast with base and slope, what it leaves of all samples, and the bits of that."""
    starts, last = cuts.starts[:, np.newaxis], cuts.counts[:, np.newaxis] - 1
    first = x[cuts.starts]
    middle = np.sort(x[starts + last * _PICKS // _PICKS[-1]], axis=1)[:, _PICKS.size // 2]
    steps = differences(x)
    steps[cuts.starts] = 0
    step = np.sort(steps[starts + np.minimum(_EARLY, last)], axis=1)[:, _EARLY.size // 2]
    steps -= cuts.spread(step)
    steps[cuts.starts] = 0
    rise = x[cuts.ends - 1] - first
    too_steep = np.abs(rise) >= _SAFE // cuts.counts
    rise[too_steep] = 0
    along = np.arange(x.size, dtype=np.int64) - cuts.spread(cuts.starts)
    line = cuts.spread(first) + along * cuts.spread(rise) // cuts.spread(np.maximum(cuts.counts - 1, 1))
    left = (x - cuts.spread(middle), x - line, steps)  # as in Forecast
    bits = np.stack([np.add.reduceat(np.frexp(np.abs(r))[1], cuts.starts, dtype=np.int64) for r in left])
    bits[Forecast.LINE, too_steep] = 2**62
    best = np.argmin(bits, axis=0)
    rest = np.choose(cuts.spread(best), left)
    nothing = np.zeros_like(rise)
    base = np.choose(best, (middle, first, first))
    return best, base, np.choose(best, (nothing, rise, step)), rest, bits.min(axis=0)


def unpack_integers(packed: Sequence[tuple[IntegersHead, bytes]], cuts: Cuts) -> Ints:
    """All chunks again: short ones side by side, a long one alone in the narrowest numbers."""
    if len(packed) == 1:
        return _unpack_one(*packed[0], int(cuts.ends[0]))
    folded = np.zeros(int(cuts.ends[-1]), dtype=np.uint64)
    base, slope = np.zeros_like(cuts.starts), np.zeros_like(cuts.starts)
    stepped = np.zeros(cuts.starts.size, dtype=np.bool_)
    for k, ((head, body), (a, b)) in enumerate(zip(packed, cuts.pairs(), strict=True)):
        if head.whole < 8 and head.whole + head.planes:
            folded[a:b] = _picked_up(body, b - a, head)
        stepped[k] = head.forecast == Forecast.BEFORE
        base[k] = head.base
        slope[k] = head.slope
    sign = (folded & 1).view(np.int64)
    folded >>= 1
    rest = folded.view(np.int64)
    rest ^= np.negative(sign, out=sign)
    if stepped.any():
        _sum_up(rest, cuts, stepped, base, slope)
    rest += cuts.spread(np.where(stepped, 0, base))
    for (head, body), (a, b) in zip(packed, cuts.pairs(), strict=True):
        if head.whole == 8:
            rest[a:b] = unshuffled(body, 0, b - a, np.int64)
        elif head.forecast == Forecast.LINE:
            rest[a:b] += _line(0, head.slope, b - a)
    return rest


def _unpack_one(head: IntegersHead, body: bytes, n: int) -> Ints:
    if head.whole == 8:
        return unshuffled(body, 0, n, np.int64)
    if head.whole + head.planes == 0:
        rest = np.zeros(n, dtype=np.int64)
    else:
        folded = _picked_up(body, n, head)
        sign = (folded & 1).astype(np.int64)
        folded >>= 1
        rest = folded.astype(np.int64)
        rest ^= np.negative(sign, out=sign)
    if head.forecast == Forecast.LEVEL:
        rest += head.base
    elif head.forecast == Forecast.LINE:
        rest += _line(head.base, head.slope, n)
    else:
        rest += head.slope
        rest[0] = head.base
        np.cumsum(rest, out=rest)
    return rest


def _sum_up(rest: Ints, cuts: Cuts, stepped: Flags, base: Ints, slope: Ints) -> None:
    """From steps to the numbers themselves, in place, in the chunks that hold steps."""
    rest += cuts.spread(np.where(stepped, slope, 0))
    rest[cuts.starts[stepped]] = base[stepped]
    total = np.cumsum(rest)
    total -= cuts.spread(total[cuts.starts] - rest[cuts.starts])  # each chunk begins anew; wraps around exactly
    np.copyto(rest, total, where=np.repeat(stepped, cuts.counts))


def _line(base: int, rise: int, n: int) -> Ints:
    """Whole numbers on the straight line from `base` to `base + rise`."""
    line: Ints = base + np.arange(n, dtype=np.int64) * rise // max(n - 1, 1)
    return line


def _laid_down(x: _Unsigned, whole: int, planes: int) -> bytes:
    """The lowest `whole` bytes of all numbers, byte by byte, then bits in planes; each begins at a whole byte."""
    columns = x.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8).T
    parts = [columns[:whole].tobytes()]
    for done in range(0, planes, 8):
        bits = columns[whole + done // 8] & (np.uint8(1) << _BITS[: min(8, planes - done)])
        parts.append(np.packbits(bits, axis=1, bitorder="little").tobytes())
    return b"".join(parts)


def _picked_up(body: bytes, n: int, head: IntegersHead) -> np.ndarray[tuple[int], np.dtype[np.unsignedinteger[Any]]]:
    """The numbers again, their sign still in the lowest bit."""
    bits = 8 * head.whole + head.planes
    kind = f"u{next(size for size in (1, 2, 4, 8) if bits <= 8 * size)}"  # small ones stay in the cache
    columns = [np.frombuffer(body, np.uint8, n, k * n) for k in range(head.whole)]
    at, width = head.whole * n, (n + 7) // 8
    for done in range(0, head.planes, 8):
        some = min(8, head.planes - done)
        packed = np.frombuffer(body, np.uint8, some * width, at).reshape(some, width)
        columns.append(_of_planes(np.unpackbits(packed, axis=1, count=n, bitorder="little")))
        at += some * width
    folded = columns[0].astype(kind)
    for k, column in enumerate(columns[1:], start=1):
        higher = column.astype(kind)
        higher <<= 8 * k
        folded |= higher
    return folded


def _of_planes(planes: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> Bytes8:
    """A byte of up to eight bits, given lowest first; in place, a bit at a time from the highest down."""
    byte: Bytes8 = planes[-1]
    for plane in planes[-2::-1]:
        byte += byte  # to the left by a bit
        byte |= plane
    return byte
