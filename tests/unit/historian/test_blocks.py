"""Blocks give back exactly what they were given, or say that they cannot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.unit.historian.builders import a_batch
from twin.domain.samples import SampleBatch
from twin.historian.blocks import checksum, pack_records, pack_samples, unpack

SIZES = st.integers(1, 40)


@given(data=st.data(), n=SIZES)
def test_samples_come_back_bit_for_bit(data: st.DataObject, n: int) -> None:
    batch = SampleBatch(
        data.draw(arrays(np.int32, n)),
        data.draw(arrays(np.int64, n)),
        data.draw(arrays(np.int64, n)),
        data.draw(arrays(np.float64, n)),
        data.draw(arrays(np.uint8, n)),
    )
    again, records = unpack(pack_samples(batch))
    assert records == ()
    for name in ("point", "source_ns", "received_ns", "value", "quality"):
        given_array, returned = getattr(batch, name), getattr(again, name)
        assert returned.dtype == given_array.dtype
        assert returned.tobytes() == given_array.tobytes()


@given(records=st.lists(st.binary(max_size=200), min_size=1, max_size=10))
def test_records_come_back_in_order(records: list[bytes]) -> None:
    assert unpack(pack_records(records))[1] == tuple(records)


def test_every_flipped_bit_changes_the_checksum() -> None:
    packed = pack_samples(a_batch((0, 0, 1.0), (1, 0, 2.0)))
    whole = checksum(0, 2, 5, packed)
    for place in range(len(packed) * 8):
        torn = bytearray(packed)
        torn[place // 8] ^= 1 << (place % 8)
        assert checksum(0, 2, 5, bytes(torn)) != whole
    assert checksum(1, 2, 5, packed) != whole
    assert checksum(0, 3, 5, packed) != whole


@pytest.mark.parametrize("body", [b"", b"\x01", b"\x09\x01\x01\x00\x00\x00abc", b"\x01\x01\x05\x00\x00\x00not zlib"])
def test_bytes_that_are_no_block_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="block"):
        unpack(body)


def test_a_steady_batch_takes_less_than_half_of_its_bytes() -> None:
    n = 500
    batch = SampleBatch(
        np.arange(n, dtype=np.int32),
        np.full(n, 10**18),
        np.full(n, 10**18),
        np.round(np.linspace(18, 27, n), 1),
        np.zeros(n, np.uint8),
    )
    assert len(pack_samples(batch)) < 0.5 * 29 * n
