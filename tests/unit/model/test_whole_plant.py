"""The compiled site against the printed whole-plant table of the reference facility."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.facilities import reference_facility
from twin.domain.arrays import Floats
from twin.domain.errors import UnknownTopology
from twin.domain.facility import Facility
from twin.model.compiled import CompiledSite, compile_site
from twin.model.ride_through import Failure, Setpoints, Standing, Start, after_losing, single_failure_inlet_c
from twin.model.steady import Candidates, Conditions, SteadyBatch, steady_state

TABLE_CHW_PUMP_W = 23.55e3  # the table fixes a range of 6 K; here the coils' valves decide it


def unbounded_fans(modules: int = 10) -> Facility:
    """The reference facility, its air handlers allowed past their rating as the table allows them."""
    facility = reference_facility()
    ups = tuple(replace(side, modules=modules) for side in facility.power.ups)
    return replace(
        facility,
        halls=tuple(replace(h, crah=replace(h.crah, max_fan_frac=1.3)) for h in facility.halls),
        power=replace(facility.power, ups=ups),
    )


def conditions(
    *, supply_air_c: float = 22.0, wet_bulb_c: float = 20.0, crahs: int = 10, it_w: float = 750e3
) -> Conditions:
    return Conditions(
        it_w=np.array([it_w, it_w]),
        supply_air_c=np.full(2, supply_air_c),
        mean_offset_k=np.zeros(2),
        inlet_offset_k=np.full(2, 2.0),
        crah_running=np.full(2, crahs),
        chillers_running=2,
        chillers_available=3,
        outdoor_c=30.0,
        wet_bulb_c=wet_bulb_c,
    )


def one(supply_air_c: float = 22.0, chws_c: float = 12.0, cws_c: float = 24.0, eco: float = 0.0) -> Candidates:
    return Candidates(np.full((1, 2), supply_air_c), np.array([chws_c]), np.array([cws_c]), np.full((1, 2), eco))


@pytest.fixture(scope="module")
def site() -> CompiledSite:
    return compile_site(reference_facility())


def at_design_range(
    site: CompiledSite, chws_c: float, cws_c: float, wet_bulb_c: float, eco: float, crahs: int
) -> SteadyBatch:
    """The steady state at the supply temperature that makes the coils return water 6 K warmer."""
    low, high = 14.0, 30.0
    for _ in range(40):
        supply_c = 0.5 * (low + high)
        now = conditions(supply_air_c=supply_c, wet_bulb_c=wet_bulb_c, crahs=crahs)
        batch = steady_state(site, now, one(supply_c, chws_c, cws_c, eco))
        condenser_pump_w = 20.59e3 * 1000.0 / 998.0
        if batch.pump_w[0] - condenser_pump_w > TABLE_CHW_PUMP_W:
            low = supply_c
        else:
            high = supply_c
    return batch


@pytest.mark.parametrize(
    ("chws_c", "cws_c", "wet_bulb_c", "eco", "crahs", "modules", "ups_kw", "total_kw", "pue2"),
    [
        (12, 24, 20, 0.0, 10, 10, 56.92, 1932.8, 1.289),
        (12, 20, 14, 0.0, 10, 10, 56.92, 1908.8, 1.273),
        (9, 24, 20, 0.0, 10, 10, 56.92, 1961.1, 1.307),
        (12, 24, 20, 1.0, 10, 10, 19.80, 1886.7, 1.258),
        (12, 24, 20, 0.0, 10, 8, 52.63, 1927.4, 1.285),
        (12, 24, 20, 0.0, 8, 10, 56.92, 1979.3, 1.320),
    ],
)
def test_the_printed_table(
    chws_c: float,
    cws_c: float,
    wet_bulb_c: float,
    eco: float,
    crahs: int,
    modules: int,
    ups_kw: float,
    total_kw: float,
    pue2: float,
) -> None:
    batch = at_design_range(compile_site(unbounded_fans(modules)), chws_c, cws_c, wet_bulb_c, eco, crahs)
    assert batch.facility_w[0] / 1e3 == pytest.approx(total_kw, rel=0.005)
    assert batch.ups_loss_w[0] / 1e3 == pytest.approx(ups_kw, rel=0.002)
    assert batch.facility_w[0] / 1500e3 == pytest.approx(pue2, abs=0.003)


def test_end_uses_add_up(site: CompiledSite) -> None:
    batch = steady_state(site, conditions(), one())
    parts_w = batch.it_w + batch.cooling_w + batch.ups_loss_w + batch.distribution_loss_w
    assert batch.facility_w == pytest.approx(parts_w, rel=1e-12)
    assert batch.cooling_w == pytest.approx(batch.chiller_w + batch.tower_w + batch.pump_w + batch.crah_fan_w)


@pytest.mark.parametrize(
    "better",
    [one(chws_c=13.0), one(eco=1.0)],
    ids=["warmer chilled water at this load", "UPS in ECO"],
)
def test_signs_of_the_levers(site: CompiledSite, better: Candidates) -> None:
    base, changed = steady_state(site, conditions(), one()), steady_state(site, conditions(), better)
    assert changed.facility_w[0] < base.facility_w[0]


def test_warmer_air_makes_servers_draw_more(site: CompiledSite) -> None:
    batch = steady_state(site, conditions(), one(25.0))
    assert batch.it_w[0] > 1500e3


def test_a_valve_at_its_end_lets_the_supply_float_and_says_so(site: CompiledSite) -> None:
    batch = steady_state(site, conditions(), one(20.0, chws_c=18.0))
    assert batch.valve_saturated.tolist() == [[1, 1]]
    assert np.all(batch.supply_air_c > 20.0)


def test_a_missing_condition_stays_missing(site: CompiledSite) -> None:
    batch = steady_state(site, replace(conditions(), wet_bulb_c=float("nan")), one())
    assert np.isnan(batch.facility_w[0])


def test_one_lost_air_handler_of_twelve_is_carried_and_of_two_is_not(site: CompiledSite) -> None:
    supply_c = np.full(2, 22.0)
    spare = single_failure_inlet_c(site, conditions(crahs=12), supply_c, 10.0)
    short = single_failure_inlet_c(site, conditions(crahs=6), supply_c, 10.0)
    assert np.all(spare < 24.5)
    assert np.all(short > 27.0)


def lasts_s(site: CompiledSite, now: Conditions, chws_c: float, failure: Failure = Failure.GRID) -> Floats:
    unknown = np.full(2, np.nan)
    start = Start.of(site, now, Standing(unknown, unknown, np.nan), Setpoints(np.full(2, 22.0), chws_c, 24.0))
    return after_losing(site, now, start, failure, revert_c=29.0, panic_c=32.0, longest_s=7200.0).panic_s


def test_less_load_and_colder_water_buy_time(site: CompiledSite) -> None:
    usual, light = lasts_s(site, conditions(), 12.0), lasts_s(site, conditions(it_w=400e3), 12.0)
    cold = lasts_s(site, conditions(), 8.0)
    assert np.all(light > usual)
    assert np.all(cold > usual)
    assert np.all((usual > 240.0) & (usual < 3600.0))


def test_an_unknown_chiller_is_named_with_those_that_are_known() -> None:
    facility = reference_facility()
    chillers = replace(facility.plant.chillers, curve="carier")
    with pytest.raises(UnknownTopology, match=r"carier.*fix: one of carrier-19xr-1234kw"):
        compile_site(replace(facility, plant=replace(facility.plant, chillers=chillers)))
