"""How the samples of a chunk become bytes: two forms to write, both read for ever.

| first byte | form | what for |
|---|---|---|
| 0x78, which begins every zlib stream | quick: shuffled columns | what was sealed just now |
| 2 | dense: checksum, `columns`, `minutes` | hours that are closed: a third of the bytes, ten times the work |
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from itertools import groupby

import msgspec
import numpy as np

from twin.domain.arrays import Bytes8, Floats, Ints
from twin.historian.blocks import shuffled, squeeze, unshuffled, unsqueezed
from twin.historian.columns import (
    TimesHead,
    ValuesHead,
    pack_flags,
    pack_times,
    pack_values,
    unpack_flags,
    unpack_times,
    unpack_values,
)
from twin.historian.integers import Cuts, IntegersHead
from twin.historian.minutes import MinutesHead, pack_minutes

_QUICK, _DENSE = 0x78, 2
_HEAD = struct.Struct("<BHI")  # form, length of the columns' head, checksum of all that follows
_WORTH_TRYING = 40  # bytes
_WORTH_SQUEEZING = 0.85  # inflating noise costs more time than a few bytes are worth


class _Columns(msgspec.Struct, array_like=True):
    """`sizes` are the columns' bytes as stored, `squeezed` which of them must be inflated."""

    sizes: tuple[int, int, int]
    squeezed: tuple[bool, bool, bool]
    times: TimesHead
    values: ValuesHead
    quality: IntegersHead
    minutes: MinutesHead | None = None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Columns)


def quick(step_ns: Ints, value: Floats, quality: Bytes8) -> bytes:
    """Samples of a chunk; `step_ns` are their times less the time before, the first one 0."""
    return squeeze(shuffled(step_ns) + shuffled(value) + quality.tobytes())


def dense(times_ns: Ints, value: Floats, quality: Bytes8, cuts: Cuts) -> list[bytes]:
    """Samples of several chunks, each in the order of time."""
    columns = (pack_times(times_ns, cuts), pack_values(value, cuts), pack_flags(quality, cuts))
    return [_joined(*four) for four in zip(*columns, pack_minutes(times_ns, value, quality, cuts), strict=True)]


def _joined(
    times: tuple[TimesHead, bytes],
    values: tuple[ValuesHead, bytes],
    quality: tuple[IntegersHead, bytes],
    minutes: tuple[MinutesHead, bytes] | None,
) -> bytes:
    stored: list[bytes] = []
    worth: list[bool] = []
    for body in (times[1], values[1], quality[1]):
        small = squeeze(body) if len(body) >= _WORTH_TRYING else body
        worth.append(len(small) < _WORTH_SQUEEZING * len(body))
        stored.append(small if worth[-1] else body)
    sizes = (len(stored[0]), len(stored[1]), len(stored[2]))
    columns = _Columns(sizes, (worth[0], worth[1], worth[2]), times[0], values[0], quality[0])
    if minutes is not None:
        columns.minutes = minutes[0]
        stored.append(minutes[1])
    head = _encoder.encode(columns)
    rest = head + b"".join(stored)
    return _HEAD.pack(_DENSE, len(head), zlib.crc32(rest)) + rest


def unpacked(rows: Sequence[tuple[int, int, bytes]]) -> tuple[Ints, Floats, Bytes8]:
    """Times, values and qualities of chunks (n, first time, bytes), one after the other, exactly as they were.

    Raises: ValueError: these bytes were not written by this version.
    """
    parts: list[tuple[Ints, Floats, Bytes8]] = []
    for is_quick, group in groupby(rows, key=lambda row: row[2][:1] == bytes([_QUICK])):
        alike = list(group)
        parts += [_unpacked_quick(*row) for row in alike] if is_quick else [_unpacked_dense(alike)]
    if len(parts) == 1:
        return parts[0]
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


def _unpacked_dense(rows: Sequence[tuple[int, int, bytes]]) -> tuple[Ints, Floats, Bytes8]:
    cuts = Cuts.of([n for n, _, _ in rows])
    chunks = [_bodies(packed) for _, _, packed in rows]
    first_ns = np.array([first_ns for _, first_ns, _ in rows], dtype=np.int64)
    times = unpack_times([(head.times, bodies[0]) for head, bodies in chunks], first_ns, cuts)
    values = unpack_values([(head.values, bodies[1]) for head, bodies in chunks], cuts)
    return times, values, unpack_flags([(head.quality, bodies[2]) for head, bodies in chunks], cuts)


def minutes_of(packed: bytes) -> tuple[MinutesHead, bytes] | None:
    """The minutes beside a chunk's samples, when it has any. Raises: ValueError: these bytes are no chunk."""
    if packed[:1] == bytes([_QUICK]):
        return None
    head, at = _head(packed)
    return None if head.minutes is None else (head.minutes, packed[at + sum(head.sizes) :])


def _bodies(packed: bytes) -> tuple[_Columns, list[bytes]]:
    head, at = _head(packed)
    bodies: list[bytes] = []
    for length, squeezed in zip(head.sizes, head.squeezed, strict=True):
        bodies.append(unsqueezed(packed[at : at + length]) if squeezed else packed[at : at + length])
        at += length
    return head, bodies


def _head(packed: bytes) -> tuple[_Columns, int]:
    """What a dense chunk holds, and where its columns begin; its checksum fits."""
    try:
        form, size, crc = _HEAD.unpack_from(packed)
        if form != _DENSE or crc != zlib.crc32(memoryview(packed)[_HEAD.size :]):
            raise ValueError(f"chunk form {form} is not known to this version, or its bytes are damaged")
        at = _HEAD.size + size
        return _decoder.decode(packed[_HEAD.size : at]), at
    except (struct.error, msgspec.MsgspecError) as error:
        raise ValueError(f"not a chunk: {error}") from error


def _unpacked_quick(n: int, first_ns: int, packed: bytes) -> tuple[Ints, Floats, Bytes8]:
    body = unsqueezed(packed)
    times = first_ns + np.cumsum(unshuffled(body, 0, n, np.int64), dtype=np.int64)
    return times, unshuffled(body, 8 * n, n, np.float64), np.frombuffer(body, np.uint8, n, 16 * n)
