"""Laws of the gates: no reading gets better, low readings never cool a hall on paper, and order means nothing."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.gates.builders import NAMES, POINTS, RACKS, SUPPLY, Lie, Room, a_point, a_room
from twin.domain.points import PointTable, Quality
from twin.domain.snapshot import Snapshot
from twin.gates.judge import judge
from twin.gates.known import Gates

laws = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(laws, max_examples=12)
racks = st.integers(1, RACKS).map(lambda n: f"h1-r{n:03}/inlet_c")
INLETS = [POINTS.index(f"h1-r{n:03}/inlet_c") for n in range(1, RACKS + 1)]
BAND_K = 0.8  # a reading is believed as far below what is expected as an honest one may lie, its last digit included


@cache
def _learned() -> Room:
    return a_room(minutes=60)


def room() -> Room:
    return copy.deepcopy(_learned())


def lie_of(kind: str, size: float, seed: int) -> Lie:
    def lie(minute: int, honest: float) -> float | None:
        random = np.random.default_rng([seed, minute])
        return {
            "bias": honest + size,
            "drift": honest + size * (minute - 60) / 20.0,
            "noise": honest + size * float(random.standard_normal()),
            "spike": honest + (10.0 * size if random.random() < 0.3 else 0.0),
            "stuck": 22.0 + size,
            "gaps": None if random.random() < 0.5 else honest,
        }[kind]

    return lie


lies = st.builds(
    lie_of,
    st.sampled_from(["bias", "drift", "noise", "spike", "stuck", "gaps"]),
    st.floats(-8.0, 8.0),
    st.integers(0, 99),
)


@laws
@given(told=st.dictionaries(racks | st.just(SUPPLY), lies, max_size=8), minutes=st.integers(1, 25))
def test_no_quality_gets_better_and_what_is_replaced_is_flagged(told: dict[str, Lie], minutes: int) -> None:
    lying = room()
    lying.lies |= told
    for _ in range(minutes):
        believed = lying.step()
        seen = lying.snapshot()
        assert (believed.quality >= seen.quality).all()
        replaced = ~((believed.value == seen.value) | (np.isnan(believed.value) & np.isnan(seen.value)))
        assert (believed.quality[replaced] >= Quality.SUSPECT).all()


@laws
@given(
    told=st.dictionaries(racks, st.floats(-15.0, -0.01), min_size=1, max_size=5),
    shape=st.sampled_from(["bias", "drift", "stuck"]),
    minutes=st.integers(1, 30),
)
def test_sensors_that_read_low_never_make_a_rack_look_cooler(told: dict[str, float], shape: str, minutes: int) -> None:
    honest, lying = room(), room()
    for point, size in told.items():
        at_c = lying.value[point] + size
        lying.lies[point] = {
            "bias": lambda _minute, true, size=size: true + size,
            "drift": lambda minute, true, size=size: true + size * (minute - 60) / 30.0,
            "stuck": lambda _minute, _true, at_c=at_c: at_c,
        }[shape]  # type: ignore[assignment]
    for _ in range(minutes):
        truth, seen = honest.step(), lying.step()
        assert (seen.value[INLETS] >= truth.value[INLETS] - BAND_K).all()


@few
@given(seed=st.integers(0, 999), told=st.dictionaries(racks, lies, max_size=5), minutes=st.integers(1, 15))
def test_the_order_of_the_points_does_not_matter(seed: int, told: dict[str, Lie], minutes: int) -> None:
    order = np.random.default_rng(seed).permutation(len(NAMES)).tolist()
    shuffled = PointTable(tuple(a_point(i, NAMES[n]) for i, n in enumerate(order)))
    one, two = Room(), Room(points=shuffled)
    one.lies |= told
    two.lies |= told
    gates = Gates.of(_facility(), shuffled)
    for _ in range(35 + minutes):
        believed = one.step()
        again = _stepped(two, gates)
        assert believed.value[order].tobytes() == again.value.tobytes()
        assert believed.quality[order].tolist() == again.quality.tolist()
        assert one.findings == two.findings


def _stepped(lying: Room, gates: Gates) -> Snapshot:
    lying.minute += 1
    for point, honest in lying.honest().items():
        said = lying.lies[point](lying.minute, honest) if point in lying.lies else honest
        if said is not None:
            lying.value[point], lying.read_at[point] = said, lying.minute
    believed, lying.memory, lying.findings = judge(gates, lying.snapshot(), lying.memory)
    return believed


def _facility():  # type: ignore[no-untyped-def]
    from tests.unit.gates.builders import a_facility

    return a_facility()


@pytest.mark.parametrize("low_k", [-0.1, -0.2, -0.3, -0.5, -1.0])
def test_even_a_little_low_for_long_costs_no_more_than_a_quarter_of_a_kelvin_on_average(low_k: float) -> None:
    honest, lying = room(), room()
    point = f"h1-r{RACKS:03}/inlet_c"  # the hottest
    lying.lies[point] = lambda _minute, true: true + low_k
    at = POINTS.index(point)
    honest.step(30)
    lying.step(30)
    apart_k = [honest.step().value[at] - lying.step().value[at] for _ in range(60)]
    assert float(np.mean(apart_k)) < 0.25
