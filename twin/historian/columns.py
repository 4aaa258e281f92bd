"""Whole columns of a chunk as few bytes, exactly. No I/O here.

Numbers become small integers first: times in their common unit, values by their decimals or by a list of those there
are. What becomes of the integers is in `integers`.

Whatever cannot be said so that it comes back bit for bit is kept as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from twin.domain.arrays import Bytes8, Flags, Floats, Ints
from twin.historian.blocks import shuffled, unshuffled
from twin.historian.integers import Cuts, IntegersHead, pack_integers, unpack_integers

_TIME_UNITS = (1_000_000_000, 1_000_000, 1_000)  # ns
_SCALES: Floats = np.array([1.0, 10.0, 100.0, 1000.0])  # by the number of decimals
_MOST_EXACT = 2.0**52
_ODD_SHARE = 8  # of so many values one may be odd


class TimesHead(msgspec.Struct, array_like=True):
    """How a column of times was packed."""

    unit: int
    integers: IntegersHead


class ValuesHead(msgspec.Struct, array_like=True):
    """How a column of values was packed.

    `decimals` -1: by a list of `listed` values; -2: as they are. `odd` values at these places do not have so few
    decimals and follow whole.
    """

    decimals: int
    integers: IntegersHead
    listed: int = 0
    odd: tuple[int, ...] = ()


_LISTED, _RAW = -1, -2
_NOTHING = IntegersHead(0, 0, 0, 0, 0)


def pack_times(times: Ints, cuts: Cuts) -> list[tuple[TimesHead, bytes]]:
    """Times in order, chunk by chunk; the first of each is not kept."""
    since = times - cuts.spread(times[cuts.starts])
    units = np.ones_like(cuts.starts)
    for unit in _TIME_UNITS:
        odd = np.add.reduceat(since % unit != 0, cuts.starts, dtype=np.int64)
        units[(units == 1) & (odd == 0)] = unit
    packed = pack_integers(since // cuts.spread(units), cuts)
    return [(TimesHead(unit, head), body) for unit, (head, body) in zip(units.tolist(), packed, strict=True)]


def unpack_times(packed: Sequence[tuple[TimesHead, bytes]], first_ns: Ints, cuts: Cuts) -> Ints:
    """The times of all chunks; `first_ns` is the first of each."""
    since = unpack_integers([(head.integers, body) for head, body in packed], cuts)
    units = [head.unit for head, _ in packed]
    since *= units[0] if len(set(units)) == 1 else cuts.spread(np.array(units, dtype=np.int64))
    since += first_ns[0] if first_ns.size == 1 else cuts.spread(first_ns)
    return since


def pack_values(values: Floats, cuts: Cuts) -> list[tuple[ValuesHead, bytes]]:
    """Values of any kind, chunk by chunk, in the shortest of the forms that give them back bit for bit."""
    decimals, scaled, differs = _as_decimals(values, cuts)
    odd_places: dict[int, Ints] = {}
    for k in np.flatnonzero((np.add.reduceat(differs, cuts.starts, dtype=np.int64) > 0) & (decimals >= 0)).tolist():
        a, b = int(cuts.starts[k]), int(cuts.ends[k])
        odd_places[k] = np.flatnonzero(differs[a:b])
        scaled[a:b][differs[a:b]] = scaled[a + int(np.argmin(differs[a:b]))]
    packed = pack_integers(scaled, cuts)
    out: list[tuple[ValuesHead, bytes]] = []
    for k, (a, b) in enumerate(cuts.pairs()):
        if decimals[k] < 0:
            out.append(_pack_otherwise(values[a:b]))
            continue
        head, body = packed[k]
        odd = odd_places.get(k)
        if odd is None:
            out.append((ValuesHead(int(decimals[k]), head), body))
        else:
            whole = shuffled(values[a:b][odd])
            out.append((ValuesHead(int(decimals[k]), head, 0, tuple(odd.tolist())), body + whole))
    return out


def _pack_otherwise(values: Floats) -> tuple[ValuesHead, bytes]:
    """By a list of those there are, when they are few; else as they are."""
    known, place = np.unique(values.view(np.int64), return_inverse=True)
    if 2 * known.size <= values.size:
        ((head, body),) = pack_integers(place.astype(np.int64), Cuts.of([values.size]))
        return ValuesHead(_LISTED, head, known.size), body + shuffled(known)
    return ValuesHead(_RAW, _NOTHING), shuffled(values)


def unpack_values(packed: Sequence[tuple[ValuesHead, bytes]], cuts: Cuts) -> Floats:
    """The values of all chunks."""
    integers = unpack_integers([(head.integers, body) for head, body in packed], cuts)
    decimals = [max(head.decimals, 0) for head, _ in packed]
    values: Floats = integers / (
        _SCALES[decimals[0]] if len(set(decimals)) == 1 else np.repeat(_SCALES[decimals], cuts.counts)
    )
    for (head, body), (a, b) in zip(packed, cuts.pairs(), strict=True):
        if head.decimals == _RAW:
            values[a:b] = unshuffled(body, 0, b - a, np.float64)
        elif head.decimals == _LISTED:
            known = unshuffled(body, len(body) - 8 * head.listed, head.listed, np.float64)
            values[a:b] = known[integers[a:b]]
        elif head.odd:
            places = a + np.array(head.odd, dtype=np.int64)
            values[places] = unshuffled(body, len(body) - 8 * len(head.odd), len(head.odd), np.float64)
    return values


def pack_flags(flags: Bytes8, cuts: Cuts) -> list[tuple[IntegersHead, bytes]]:
    """Small whole numbers that seldom change, chunk by chunk."""
    return pack_integers(flags.astype(np.int64), cuts)


def unpack_flags(packed: Sequence[tuple[IntegersHead, bytes]], cuts: Cuts) -> Bytes8:
    """The flags of all chunks."""
    if not any(body or head.slope for head, body in packed):  # the same within each chunk
        return np.repeat(np.array([head.base for head, _ in packed], dtype=np.uint8), cuts.counts)
    return unpack_integers(packed, cuts).astype(np.uint8)


def _as_decimals(values: Floats, cuts: Cuts) -> tuple[Ints, Ints, Flags]:
    """Of each chunk the number of decimals, -1 when too many values are odd; then integers, and which are odd."""
    bits = values.view(np.int64)
    best, fewest = np.full_like(cuts.starts, -1), np.full_like(cuts.starts, 2**62)
    scaled, differs = np.zeros(values.size, dtype=np.int64), np.zeros(values.size, dtype=np.bool_)
    for decimals, scale in enumerate(_SCALES.tolist()):
        these, odd = _odd(values, bits, scale)
        count = np.add.reduceat(odd, cuts.starts, dtype=np.int64)
        better = (count * _ODD_SHARE <= cuts.counts) & (2 * count < fewest)
        if better.any():
            best[better], fewest[better] = decimals, count[better]
            here = np.repeat(better, cuts.counts)
            these[odd] = 0.0
            scaled[here], differs[here] = these[here].astype(np.int64), odd[here]
        if not fewest.any():
            break
    return best, scaled, differs


def _odd(values: Floats, bits: Ints, scale: float) -> tuple[Floats, Flags]:
    """Values in units of their last decimal, and which of them that does not give back."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.rint(values * scale) + 0.0  # an integer has no -0.0
        differs: Flags = ((scaled / scale).view(np.int64) != bits) | ~(np.abs(scaled) < _MOST_EXACT)
    return scaled, differs
