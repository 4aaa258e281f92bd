"""Chunks come back bit for bit in either form, whatever is put in, and real readings take few bytes."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.unit.historian.builders import START_NS
from twin.domain.arrays import Bytes8, Floats, Ints
from twin.domain.clock import NS_PER_S
from twin.historian import chunk_formats
from twin.historian.blocks import differences
from twin.historian.chunk_formats import quick
from twin.historian.integers import Cuts

STEPS_NS = st.sampled_from([1, 999, 1_000, 1_000_000, 250_000_000, NS_PER_S, 60 * NS_PER_S])
ANY_FLOAT = st.integers(0, 2**64 - 1).map(lambda bits: float(struct.unpack("<d", struct.pack("<Q", bits))[0]))
DECIMAL = st.integers(-(10**7), 10**7).map(lambda whole: whole / 100)
VALUES = st.one_of(
    st.lists(DECIMAL, min_size=1, max_size=80),
    st.lists(ANY_FLOAT, min_size=1, max_size=80),
    st.lists(
        st.sampled_from([20.5, -0.0, 0.0, math.nan, math.inf, 1 / 3, 0.1 + 0.2, 2.0**53]), min_size=1, max_size=80
    ),
    st.lists(st.one_of(*[DECIMAL] * 12, ANY_FLOAT), min_size=20, max_size=80),
)


def unpacked(n: int, first_ns: int, packed: bytes) -> tuple[Ints, Floats, Bytes8]:
    return chunk_formats.unpacked([(n, first_ns, packed)])


def dense(times: Ints, value: Floats, quality: Bytes8) -> bytes:
    """One chunk alone."""
    (packed,) = chunk_formats.dense(times, value, quality, Cuts(np.array([0]), np.array([times.size])))
    return packed


def same_bits(given_: tuple[Ints, Floats, Bytes8], returned: tuple[Ints, Floats, Bytes8]) -> bool:
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in zip(given_, returned, strict=True))


@given(values=VALUES, step_ns=STEPS_NS, data=st.data())
def test_dense_chunks_come_back_bit_for_bit(values: list[float], step_ns: int, data: st.DataObject) -> None:
    n = len(values)
    steps = data.draw(arrays(np.int64, n, elements=st.integers(1, 5)))
    times = START_NS + np.cumsum(steps) * step_ns
    columns = (times, np.array(values), data.draw(arrays(np.uint8, n)))
    assert same_bits(columns, unpacked(n, int(times[0]), dense(*columns)))


def test_a_negative_zero_and_every_kind_of_nan_come_back() -> None:
    value = np.array([-0.0, 0.0, 1.5, math.nan, -math.nan, math.inf] + [20.25] * 60)
    columns = (START_NS + np.arange(66) * NS_PER_S, value, np.zeros(66, np.uint8))
    assert same_bits(columns, unpacked(66, START_NS, dense(*columns)))


@given(times=st.sets(st.integers(0, 2**63 - 1), min_size=1, max_size=60).map(sorted))
def test_times_at_the_ends_of_the_calendar_come_back(times: list[int]) -> None:
    columns = (np.array(times, np.int64), np.zeros(len(times)), np.zeros(len(times), np.uint8))
    assert same_bits(columns, unpacked(len(times), times[0], dense(*columns)))


@given(parts=st.lists(VALUES, min_size=2, max_size=5))
def test_chunks_packed_side_by_side_are_those_packed_alone(parts: list[list[float]]) -> None:
    counts = np.array([len(part) for part in parts])
    ends = np.cumsum(counts)
    starts = ends - counts
    times = START_NS + np.arange(int(ends[-1])) * 123_456_789
    value, quality = np.concatenate([np.array(part) for part in parts]), np.zeros(int(ends[-1]), np.uint8)
    together = chunk_formats.dense(times, value, quality, Cuts(starts, ends))
    alone = [dense(times[a:b], value[a:b], quality[a:b]) for a, b in zip(starts, ends, strict=True)]
    assert together == alone
    rows = [(int(n), int(times[a]), packed) for n, a, packed in zip(counts, starts, together, strict=True)]
    assert same_bits((times, value, quality), chunk_formats.unpacked(rows))


def test_one_outlier_among_many_readings_costs_little() -> None:
    columns = an_hour(jitter_ns=0.0)
    usual = len(dense(*columns))
    columns[1][1_800] = 1e6
    again = dense(*columns)
    assert same_bits(columns, unpacked(3_600, int(columns[0][0]), again))
    assert len(again) < 1.15 * usual


def test_chunks_of_the_first_form_are_still_read() -> None:
    columns = an_hour(jitter_ns=1e6)
    step_ns = differences(columns[0])
    step_ns[0] = 0
    packed = quick(step_ns, columns[1], columns[2])
    assert packed[0] == 0x78
    assert same_bits(columns, unpacked(3_600, int(columns[0][0]), packed))


@pytest.mark.parametrize(("jitter_ns", "most_bytes"), [(0.0, 1.0), (1.5e6, 4.0)])
def test_an_hour_of_a_noisy_sensor_takes_few_bytes_a_point(jitter_ns: float, most_bytes: float) -> None:
    assert len(dense(*an_hour(jitter_ns))) < most_bytes * 3_600


def test_values_with_few_different_bits_are_kept_as_a_list() -> None:
    fahrenheit = np.round(np.random.default_rng(1).normal(72.0, 0.3, 3_600), 1)
    columns = an_hour(jitter_ns=0.0)
    columns = (columns[0], (fahrenheit - 32.0) / 1.8, columns[2])
    packed = dense(*columns)
    assert same_bits(columns, unpacked(3_600, int(columns[0][0]), packed))
    assert len(packed) < 1.2 * 3_600


def test_a_flipped_bit_is_noticed() -> None:
    packed = bytearray(dense(*an_hour(jitter_ns=1e6)))
    for place in range(0, len(packed), 97):
        torn = bytearray(packed)
        torn[place] ^= 0x10
        with pytest.raises(ValueError, match="chunk"):
            unpacked(3_600, START_NS, bytes(torn))


def an_hour(jitter_ns: float) -> tuple[Ints, Floats, Bytes8]:
    """A temperature at 1 Hz in two decimals."""
    random = np.random.default_rng(5)
    jitter = np.abs(random.normal(0.0, jitter_ns, 3_600)).astype(np.int64) if jitter_ns else 0
    times = START_NS + np.arange(3_600, dtype=np.int64) * NS_PER_S + jitter
    values = np.round(22.0 + np.sin(np.arange(3_600) / 900.0) + random.normal(0.0, 0.05, 3_600), 2)
    return times, values, np.zeros(3_600, dtype=np.uint8)
