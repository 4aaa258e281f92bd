"""How long halls last after a failure, compiled in long steps, against slow steps of a second."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.kernels.reference_failures import Asked, Rooms, measured_load_w, moved_on, usually_mixed_k
from tests.support.facilities import reference_facility
from twin.domain.arrays import Floats
from twin.model.compiled import compile_site
from twin.model.layout import Layout
from twin.model.ride_through import Failure, Setpoints, Standing, Start, after_losing
from twin.model.steady import Conditions

FACILITY = replace(reference_facility(), plant=replace(reference_facility().plant, buffer_m3=3.0))
SITE = compile_site(FACILITY)
AHEAD_S = 600


def drawn(seed: int) -> tuple[Conditions, Floats, float]:
    """Something to face, supply air and chilled water."""
    chance = np.random.default_rng(seed)
    supply_c = chance.uniform(18.0, 25.0, 2)
    now = Conditions(
        it_w=chance.uniform(200e3, 700e3, 2),
        supply_air_c=supply_c,
        mean_offset_k=chance.uniform(0.3, 1.5, 2),
        inlet_offset_k=chance.uniform(1.6, 4.0, 2),
        crah_running=chance.integers(7, 13, 2),
        chillers_running=2,
        chillers_available=3,
        outdoor_c=float(chance.uniform(-5.0, 35.0)),
        wet_bulb_c=float(chance.uniform(-6.0, 20.0)),
    )
    return now, supply_c, float(chance.uniform(7.0, 13.0))


def begun(now: Conditions, supply_c: Floats, chws_c: float) -> Start:
    return Start.of(
        SITE, now, Standing(np.full(2, np.nan), np.full(2, np.nan), np.nan), Setpoints(supply_c, chws_c, 24)
    )


def slow_s(now: Conditions, start: Start, lost: float, chilled_w: float, limit_c: float) -> Floats:
    first = Layout.of(SITE).x_hall(0)
    halls = start.x[first : first + 10].reshape(1, 2, 5)
    rooms = Rooms(*(halls[:, :, k] for k in range(4)), np.array([[start.x[0]]]))
    asked = Asked(
        measured_load_w(SITE.halls, now.it_w, now.supply_air_c + now.mean_offset_k)[None, :],
        now.supply_air_c[None, :],
        (now.mean_offset_k - usually_mixed_k(SITE.halls))[None, :],
        (now.inlet_offset_k - now.mean_offset_k)[None, :],
        (now.crah_running - lost)[None, :],
        np.array([[now.outdoor_c]]),
        np.array([[chilled_w]]),
    )
    _, passed = moved_on(FACILITY, SITE.halls, rooms, asked, AHEAD_S, limit_c)
    return passed.seconds[0]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    ("failure", "lost", "chilled_w"), [(Failure.GRID, 0.0, 0.0), (Failure.AIR_HANDLER, 1.0, math.inf)]
)
def test_the_time_that_is_left(seed: int, failure: Failure, lost: float, chilled_w: float) -> None:
    now, supply_c, chws_c = drawn(seed)
    start = begun(now, supply_c, chws_c)
    left = after_losing(SITE, now, start, failure, revert_c=29.0, panic_c=32.0, longest_s=AHEAD_S)
    for found, limit_c in ((left.revert_s, 29.0), (left.panic_s, 32.0)):
        really_s = slow_s(now, start, lost, chilled_w, limit_c)
        for found_s, seconds in zip(found, really_s, strict=True):
            assert found_s <= 1.1 * seconds
            assert found_s >= min(0.8 * seconds - 15.0, AHEAD_S - 15.0)


def test_what_is_above_the_limit_already_has_no_time() -> None:
    now, supply_c, chws_c = drawn(1)
    left = after_losing(
        SITE, now, begun(now, supply_c, chws_c), Failure.GRID, revert_c=15.0, panic_c=32.0, longest_s=60.0
    )
    assert left.revert_s.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["it_w", "inlet_offset_k", "supply_air_c"])
def test_a_hall_of_which_something_is_missing_has_no_time(name: str) -> None:
    now, supply_c, chws_c = drawn(2)
    values = getattr(now, name).copy()
    values[0] = math.nan
    blind = replace(now, **{name: values})
    for failure in Failure:
        left = after_losing(
            SITE, blind, begun(blind, supply_c, chws_c), failure, revert_c=29.0, panic_c=32.0, longest_s=60.0
        )
        assert left.panic_s[0] == 0.0


def test_a_standby_chiller_that_starts_in_time_carries_the_halls() -> None:
    now, supply_c, chws_c = drawn(3)
    start = begun(now, supply_c, chws_c)

    def lasts_s(restart_s: float, available: int) -> float:
        left = after_losing(
            SITE,
            replace(now, chillers_running=1, chillers_available=available),
            start,
            Failure.CHILLER,
            revert_c=29.0,
            panic_c=32.0,
            longest_s=1800.0,
            restart_s=restart_s,
        )
        return float(np.min(left.panic_s))

    assert lasts_s(60.0, 3) == 1800.0
    assert lasts_s(1e9, 3) == lasts_s(0.0, 1) < 1800.0


def test_without_fans_or_pumps_on_the_ups_nothing_carries_the_heat_away() -> None:
    now, supply_c, chws_c = drawn(4)
    start = begun(now, supply_c, chws_c)
    carried, dark = (
        after_losing(
            SITE, now, start, Failure.GRID, revert_c=29.0, panic_c=32.0, longest_s=240.0, cooling_carried=carried
        )
        for carried in (True, False)
    )
    assert np.all(dark.panic_s < carried.panic_s)
    assert np.all(dark.panic_s < 60.0)
