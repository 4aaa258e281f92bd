"""The minutes beside a chunk say what its samples say, and a history read by them answers as one that is opened."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.historian.builders import START_NS
from twin.domain.arrays import Bytes8, Floats, Ints
from twin.domain.clock import NS_PER_S
from twin.historian.chunk_formats import dense, minutes_of, quick
from twin.historian.integers import Cuts
from twin.historian.minutes import MINUTE_NS, pack_minutes, unpack_minutes


def by_hand(times: Ints, value: Floats, quality: Bytes8) -> dict[int, list[float]]:
    """The usable values of each minute."""
    found: dict[int, list[float]] = {}
    for ns, v, q in zip(times.tolist(), value.tolist(), quality.tolist(), strict=True):
        if math.isfinite(v) and q <= 1:
            found.setdefault(ns // MINUTE_NS, []).append(v)
    return found


def some_readings(seed: int) -> tuple[list[int], tuple[Ints, Floats, Bytes8]]:
    """Sizes of chunks and their samples: decimals or anything, at a steady or a ragged pace, some of them doubtful."""
    chance = np.random.default_rng(seed)
    counts = chance.integers(1, 150, chance.integers(1, 5)).tolist()
    n = sum(counts)
    steps_ns = chance.integers(1, chance.choice([2, NS_PER_S, 7 * NS_PER_S]) + 1, n)
    value = np.round(chance.normal(20.0, 5.0, n), int(chance.integers(0, 4)))
    if chance.random() < 0.4:
        value *= 10.0 ** chance.integers(-300, 300, n)
    value[chance.random(n) < 0.1] = chance.choice([math.nan, math.inf, -math.inf, -0.0])
    return counts, (START_NS + np.cumsum(steps_ns), value, chance.choice([0, 0, 0, 1, 2, 3], n).astype(np.uint8))


@given(seed=st.integers(0, 2**32 - 1))
def test_minutes_are_those_of_the_samples(seed: int) -> None:
    counts, columns = some_readings(seed)
    cuts = Cuts.of(counts)
    for packed, (a, b) in zip(pack_minutes(*columns, cuts), cuts.pairs(), strict=True):
        expected = by_hand(*(column[a:b] for column in columns))
        if packed is None:
            assert not expected or b - a < 8 * len(expected)
            continue
        minute, count, total, least, largest = unpack_minutes([packed])
        assert minute.tolist() == list(expected)
        assert count.tolist() == [len(values) for values in expected.values()]
        assert least.tolist() == [min(values) for values in expected.values()]
        assert largest.tolist() == [max(values) for values in expected.values()]
        for sum_, values in zip(total.tolist(), expected.values(), strict=True):
            assert sum_ == pytest.approx(math.fsum(values), rel=1e-12, abs=1e-12 * math.fsum(map(abs, values)))


def an_hour(decimals: int) -> tuple[Ints, Floats, Bytes8]:
    """A sensor that speaks once a second."""
    at = np.arange(3_600)
    noise = np.random.default_rng(1).normal(0.0, 0.2, at.size)
    value = np.round(23.0 + np.sin(at / 500.0) + noise, decimals)
    return START_NS - START_NS % (60 * MINUTE_NS) + at * NS_PER_S, value, np.zeros(at.size, np.uint8)


def test_sums_of_decimals_are_the_decimals_they_should_be() -> None:
    columns = an_hour(1)
    ((packed),) = pack_minutes(*columns, Cuts.of([3_600]))
    assert packed is not None
    total = unpack_minutes([packed])[2]
    tenths = np.rint(columns[1] * 10).astype(np.int64).reshape(60, 60).sum(axis=1)
    assert total.tolist() == (tenths / 10).tolist()


@pytest.mark.parametrize(("decimals", "most_bytes"), [(1, 550), (15, 1_800)])
def test_minutes_of_an_hour_take_little_room(decimals: int, most_bytes: int) -> None:
    ((packed),) = pack_minutes(*an_hour(decimals), Cuts.of([3_600]))
    assert packed is not None
    assert len(packed[1]) < most_bytes


def test_a_chunk_of_few_samples_a_minute_has_none_beside_it() -> None:
    times, value, quality = an_hour(1)
    (packed,) = dense(times[::10], value[::10], quality[::10], Cuts.of([360]))
    assert minutes_of(packed) is None
    assert minutes_of(quick(np.zeros(360, np.int64), value[:360], quality[:360])) is None


def test_a_sum_beyond_all_numbers_is_no_mistake() -> None:
    columns = START_NS + np.arange(20) * NS_PER_S, np.full(20, 1e308), np.zeros(20, np.uint8)
    (packed,) = pack_minutes(*columns, Cuts.of([20]))
    assert packed is not None
    _, count, total, least, largest = unpack_minutes([packed])
    assert (count.tolist(), total.tolist(), least.tolist(), largest.tolist()) == ([20], [math.inf], [1e308], [1e308])


def test_damaged_minutes_are_an_error() -> None:
    (packed,) = dense(*an_hour(1), Cuts.of([3_600]))
    assert minutes_of(packed) is not None
    with pytest.raises(ValueError, match="damaged"):
        minutes_of(packed[:-1] + bytes([packed[-1] ^ 1]))
