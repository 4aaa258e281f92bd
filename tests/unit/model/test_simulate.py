"""The whole site in time: it rests where the steady state says, follows its setpoints, and says when it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.facilities import reference_facility
from tests.support.sites import coolant_units, coolers, everything
from twin.domain.arrays import Floats
from twin.domain.errors import UnknownTopology
from twin.domain.facility import Facility, LiquidCooling, WaterEconomiser
from twin.kernels import columns as at
from twin.kernels.economiser import FREE_COOLING, FULLY_MECHANICAL, PARTIAL_MECHANICAL
from twin.model.compiled import CompiledSite, compile_site
from twin.model.drive import Drive
from twin.model.layout import Layout
from twin.model.linearise import linearise
from twin.model.rollout import Horizon, Plans, Rollout
from twin.model.simulate import first_state, run
from twin.model.steady import Candidates, Conditions, steady_state

HOUR = 60
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def site() -> CompiledSite:
    return compile_site(reference_facility())


def settled(site: CompiledSite, drive: Drive, *, minutes: int = 8 * HOUR) -> tuple[Floats, Floats]:
    """(state, outputs of the last minute) after hours of the same inputs."""
    u = np.repeat(drive.rows(site)[:1], minutes, axis=0)
    x, out = run(site, first_state(site, u[0]), u, 60.0)
    return x, out[-1]


def test_it_comes_to_rest_where_the_steady_state_says(site: CompiledSite) -> None:
    drive = Drive(outdoor_c=28.0, wet_bulb_c=20.0, load_w=700e3, supply_air_c=22.0, chws_c=11.0, cws_c=25.0)
    _, y = settled(site, drive)
    now = Conditions(
        it_w=np.full(2, 700e3),
        supply_air_c=np.full(2, 23.0),  # the fleet's reference: power there is the load
        mean_offset_k=np.zeros(2),
        inlet_offset_k=np.zeros(2),
        crah_running=np.full(2, 12),
        chillers_running=int(y[at.Y_RUNNING]),
        chillers_available=3,
        outdoor_c=28.0,
        wet_bulb_c=20.0,
    )
    usual = first_state(site, drive.rows(site)[0])
    assert usual[at.X_CHWS] == 11.0
    rest = steady_state(
        site, now, Candidates(np.full((1, 2), 22.0), np.array([11.0]), np.array([25.0]), np.zeros((1, 2)))
    )
    # the steady state takes the inlet as measured, without the little exhaust that the model mixes in
    assert y[at.Y_FACILITY] == pytest.approx(rest.facility_w[0], rel=2e-4)
    assert y[at.Y_COOLING] == pytest.approx(rest.cooling_w[0], rel=1e-3)


@pytest.mark.parametrize("dt_s", [5.0, 15.0, 60.0, 300.0, 900.0])
def test_the_length_of_the_step_does_not_matter_at_rest(site: CompiledSite, dt_s: float) -> None:
    drive = Drive(outdoor_c=28.0, wet_bulb_c=20.0, load_w=700e3)
    x, y = settled(site, drive)
    _, out = run(site, x, drive.rows(site)[:1], dt_s)
    assert out[0, at.Y_FACILITY] == pytest.approx(y[at.Y_FACILITY], rel=1e-5)


def test_a_load_step_reaches_the_return_air_within_minutes_and_the_metal_later(site: CompiledSite) -> None:
    calm, busy = (Drive(outdoor_c=28.0, wet_bulb_c=20.0, load_w=w) for w in (500e3, 700e3))
    x, _ = settled(site, calm)
    after, _ = run(site, x, np.repeat(busy.rows(site), 5, axis=0), 60.0)
    later, _ = run(site, after, np.repeat(busy.rows(site), 120, axis=0), 60.0)
    h1 = Layout.of(site).x_hall(0)
    risen = (after[h1 + at.XH_METAL] - x[h1 + at.XH_METAL]) / (later[h1 + at.XH_METAL] - x[h1 + at.XH_METAL])
    assert 0.2 < risen < 0.6  # a time constant near a quarter of an hour


def test_without_chillers_the_water_warms_and_says_so(site: CompiledSite) -> None:
    drive = Drive(outdoor_c=28.0, wet_bulb_c=20.0, load_w=700e3, chws_c=11.0)
    x, _ = settled(site, drive)
    u = np.repeat(replace(drive, chillers_available=0.0).rows(site), 10, axis=0)
    after, out = run(site, x, u, 60.0)
    expected_k = out[:, at.Y_COIL_HEAT].sum() * 60.0 / site.plant.water_j_k
    assert after[at.X_CHWS] - x[at.X_CHWS] == pytest.approx(expected_k, rel=1e-9)
    assert np.all(out[:, at.Y_CHW_SHORT] == 1.0)
    assert np.all(out[:, at.Y_CHILLER] == 0.0)


def test_a_missing_input_makes_missing_what_depends_on_it(site: CompiledSite) -> None:
    u = Drive(outdoor_c=28.0, wet_bulb_c=20.0, load_w=700e3).rows(site)
    u[0, at.U_WET_BULB] = np.nan
    after, out = run(site, first_state(site, u[0]), u, 60.0)
    assert np.isnan(out[0, at.Y_FACILITY])
    assert np.isnan(after[at.X_BASIN])
    assert np.isfinite(out[0, at.Y_IT])


# --- economiser
def with_economiser() -> CompiledSite:
    base = reference_facility()
    return compile_site(
        replace(base, plant=replace(base.plant, economiser=WaterEconomiser(1.8e6, 19.0, 9.0, 1.5, 3.0)))
    )


@pytest.mark.parametrize(
    ("wet_bulb_c", "mode"), [(-5.0, FREE_COOLING), (8.0, PARTIAL_MECHANICAL), (22.0, FULLY_MECHANICAL)]
)
def test_the_economiser_works_as_far_as_the_weather_goes(wet_bulb_c: float, mode: float) -> None:
    site = with_economiser()
    drive = Drive(outdoor_c=wet_bulb_c + 3.0, wet_bulb_c=wet_bulb_c, load_w=650e3, chws_c=12.0, cws_c=24.0)
    _, y = settled(site, drive)
    assert y[at.Y_MODE] == mode
    assert (y[at.Y_CHILLER] == 0.0) == (mode == FREE_COOLING)
    assert (y[at.Y_FREE_HEAT] > 0.0) == (mode != FULLY_MECHANICAL)
    assert y[at.Y_CHW_SHORT] == 0.0


def test_free_cooling_buys_less(site: CompiledSite) -> None:
    drive = Drive(outdoor_c=0.0, wet_bulb_c=-3.0, load_w=650e3, chws_c=12.0, cws_c=24.0)
    assert settled(with_economiser(), drive)[1][at.Y_FACILITY] < 0.95 * settled(site, drive)[1][at.Y_FACILITY]


# --- everything
@pytest.mark.parametrize("sink", ["chilled_water", "towers", "dry_coolers"])
def test_a_site_with_everything_runs_and_every_part_works(sink: str) -> None:
    site = compile_site(everything(sink=sink))
    warm = Drive(
        outdoor_c=24.0, wet_bulb_c=17.0, load_w=np.array([600e3, 600e3, 120e3]), facility_water_c=32.0,
        coolant_c=np.array([40.0, 40.0, 50.0]), plane_w_m2=500.0, charge_w=100e3,
    )  # fmt: skip
    _, y = settled(site, warm, minutes=30)
    layout = Layout.of(site)
    h1, h2, h3 = (y[layout.y_hall(h) :] for h in range(3))
    assert h1[at.YH_LIQUID] == pytest.approx(0.6 * h1[at.YH_IT])
    assert h1[at.YH_DOOR] > 0.0
    assert h3[at.YH_COMPRESSOR] > 0.0
    assert h3[at.YH_DIRECT] > h3[at.YH_COMPRESSOR]
    assert h2[at.YH_COIL_HEAT] > 0.0
    assert y[at.Y_PV] > 0.0
    assert y[at.Y_BATTERY] > 0.0
    coolant = [y[layout.y_liquid(k) + at.YL_SUPPLY] for k in range(layout.liquid)]
    assert coolant == pytest.approx([40.0, 40.0, 50.0], abs=0.1)  # the last is a tank: its bath
    assert (y[at.Y_LIQUID_REJECTED] > 0.0) == (sink != "chilled_water")


def test_outside_air_takes_the_load_on_a_cool_day() -> None:
    site = compile_site(everything())
    y = settled(site, Drive(outdoor_c=12.0, wet_bulb_c=9.0, load_w=np.array([600e3, 600e3, 120e3])), minutes=60)[1]
    h2 = y[Layout.of(site).y_hall(1) :]
    assert h2[at.YH_OUTSIDE] > 0.3
    assert h2[at.YH_COIL_HEAT] < 0.1 * h2[at.YH_IT]
    smoke = Drive(outdoor_c=12.0, wet_bulb_c=9.0, load_w=np.array([600e3, 600e3, 120e3]), smoke=1.0)
    assert settled(site, smoke, minutes=60)[1][Layout.of(site).y_hall(1) + at.YH_OUTSIDE] == 0.0


def test_coolant_never_comes_near_the_dew_point() -> None:
    site = compile_site(everything())
    y = settled(site, Drive(24.0, 17.0, 500e3, coolant_c=5.0, facility_water_c=5.0, hall_ratio=0.012), minutes=60)[1]
    layout = Layout.of(site)
    assert all(y[layout.y_liquid(k) + at.YL_SUPPLY] >= 16.8 + 2.0 - 0.1 for k in range(layout.liquid))


def liquid_site(units: int) -> Facility:
    """Halls wholly on coolant with towers, one unit for each hall."""
    base = reference_facility(halls=1, racks=3 * units)
    hall = replace(base.halls[0], liquid_frac=0.9)
    return replace(
        base,
        halls=(hall,),
        liquid=LiquidCooling(
            units=(coolant_units(hall.id, count=units, design_w=30e3),),
            sink="towers",
            coolers=coolers(dry=False, design_w=15e3 * units),
            loop_m3=0.05 * units,
            head_pa=150e3,
            efficiency_frac=0.7,
            setpoint_c=32.0,
        ),
    )


def test_many_units_share_a_halls_heat_alike() -> None:
    site = compile_site(liquid_site(25))
    y = settled(site, Drive(24.0, 18.0, 500e3, facility_water_c=32.0, coolant_c=40.0), minutes=30)[1]
    layout = Layout.of(site)
    heat_w = [y[layout.y_liquid(k) + at.YL_HEAT] for k in range(25)]
    assert heat_w == pytest.approx([heat_w[0]] * 25)
    assert sum(heat_w) == pytest.approx(y[layout.y_hall(0) + at.YH_LIQUID] + 25 * 300.0, rel=1e-4)


# --- linearise
def test_slopes_are_those_of_the_step(site: CompiledSite) -> None:
    drive = Drive(outdoor_c=28.0, wet_bulb_c=20.0, load_w=700e3)
    x, _ = settled(site, drive)
    u, layout = drive.rows(site)[0], Layout.of(site)
    states = np.array([layout.x_hall(0) + at.XH_AIR, layout.x_hall(0) + at.XH_METAL, at.X_CHWS, at.X_BASIN])
    inputs = np.array([layout.u_hall(0) + at.UH_SUPPLY, layout.u_hall(0) + at.UH_LOAD])
    outputs = np.array([at.Y_FACILITY, layout.y_hall(0) + at.YH_RETURN])
    found = linearise(
        site, x, u, 60.0, states=states, inputs=inputs, outputs=outputs, input_reach=np.array([0.05, 100.0])
    )
    moved = x.copy()
    moved[states[1]] += 1.0
    (plain, y0), (warmer, y1) = (run(site, start, u[None, :], 60.0) for start in (x, moved))
    assert found.f[:, 1] == pytest.approx(warmer[states] - plain[states], rel=0.02, abs=1e-4)
    assert found.h[:, 1] == pytest.approx(y1[0, outputs] - y0[0, outputs], rel=0.05, abs=0.1)
    # the zone alone is linear: its own block is the matrix exponential of its two equations
    hall = site.halls[0]
    flow_w_k = y0[0, layout.y_hall(0) + at.YH_FAN_FRAC] * 12 * hall.air0_kg_s * 1006.0
    g = hall.metal_ua_w_k
    a = np.array(
        [
            [-(flow_w_k + g + hall.envelope_w_k) / hall.air_j_k, g / hall.air_j_k],
            [g / hall.metal_j_k, -g / hall.metal_j_k],
        ]
    )
    values, vectors = np.linalg.eig(a)
    exact = (vectors * np.exp(values * 60.0)) @ np.linalg.inv(vectors)
    assert found.f[:2, :2] == pytest.approx(exact, abs=2e-3)
    assert 0.2 < found.b[0, 0] < 1.0  # a warmer supply warms the return, as far as it has come in a minute
    assert found.d[0, 1] > 1.0  # a watt of load costs more than a watt


# --- rollout
def horizon(site: CompiledSite, n_step: int, dt_s: float, seed: int) -> Horizon:
    chance, n = np.random.default_rng(seed), len(site.hall_ids)
    return Horizon(
        dt_s=dt_s,
        outdoor_c=np.full(n_step, 28.0),
        wet_bulb_c=np.full(n_step, 20.0),
        load_w=np.asarray(site.halls.rated_w) * chance.uniform(0.7, 0.95, (n_step, n)),
        crah_running=np.asarray(site.halls.crah_count).copy(),
        inlet_offset_k=np.zeros(n),
        spread_k=np.full(n, 2.0),
        chillers_available=3.0,
        ups_eco=np.zeros(2),
    )


def some_plans(n_step: int, n_hall: int, n_plan: int, seed: int) -> Plans:
    chance = np.random.default_rng(seed)
    return Plans(
        chance.uniform(20.0, 24.0, (n_step, n_hall, n_plan)),
        np.broadcast_to(chance.uniform(9.0, 12.0, n_plan), (n_step, n_plan)).copy(),
        np.broadcast_to(chance.uniform(24.0, 26.0, n_plan), (n_step, n_plan)).copy(),
    )


def test_a_plan_rolled_out_draws_what_stepping_it_does(site: CompiledSite) -> None:
    ahead, plans = horizon(site, 12, 300.0, seed=1), some_plans(12, 2, 7, seed=2)
    plans.supply_air_c[-3:] = plans.supply_air_c[-3]  # the two look at inlets at different moments of a step
    x, _ = settled(site, Drive(outdoor_c=28.0, wet_bulb_c=20.0, load_w=600e3, chws_c=10.5, cws_c=25.0))
    rolled = Rollout(site).plans(x, ahead, plans)
    for i in range(7):
        u = Drive(
            outdoor_c=28.0, wet_bulb_c=20.0, load_w=ahead.load_w, supply_air_c=plans.supply_air_c[:, :, i],
            chws_c=plans.chws_c[:, i], cws_c=plans.cws_c[:, i], n=12,
        ).rows(site)  # fmt: skip
        _, out = run(site, x, u, 300.0)
        assert rolled.facility_w[:, i] == pytest.approx(out[:, at.Y_FACILITY], rel=0.02)
        assert rolled.facility_w[:, i].sum() == pytest.approx(out[:, at.Y_FACILITY].sum(), rel=0.003)
        inlets = out[:, [Layout.of(site).y_hall(h) + at.YH_INLET for h in range(2)]].max(axis=1) + 2.0
        assert rolled.worst_inlet_c[-1, i] == pytest.approx(inlets[-1], abs=0.25)


def test_each_plan_is_its_own_on_any_number_of_threads(site: CompiledSite) -> None:
    ahead, plans = horizon(site, 6, 300.0, seed=3), some_plans(6, 2, 300, seed=4)
    x, _ = settled(site, Drive(outdoor_c=28.0, wet_bulb_c=20.0, load_w=600e3))
    one, two = (Rollout(site).plans(x, ahead, plans, threads=n) for n in (1, 2))
    assert np.array_equal(one.facility_w, two.facility_w)
    alone = Rollout(site).plans(
        x,
        ahead,
        Plans(
            plans.supply_air_c[:, :, 200:201].copy(), plans.chws_c[:, 200:201].copy(), plans.cws_c[:, 200:201].copy()
        ),
    )
    assert alone.facility_w[:, 0] == pytest.approx(one.facility_w[:, 200], rel=1e-12)


def test_halls_that_the_rollout_has_no_equations_for_are_refused() -> None:
    with pytest.raises(UnknownTopology, match="chilled water alone"):
        Rollout(compile_site(everything()))


# --- compiled and not
PRINTED = """
import json
from tests.unit.model.test_simulate import a_varied_hour
print(json.dumps(a_varied_hour().tolist()))
"""


def a_varied_hour() -> Floats:
    """Outputs of a site with everything over an hour in which much happens, and of plans rolled out beside it."""
    site, n = compile_site(everything(sink="towers")), 12
    chance = np.random.default_rng(7)
    u = Drive(
        outdoor_c=chance.uniform(2.0, 34.0, n), wet_bulb_c=chance.uniform(-1.0, 2.0, n),
        load_w=chance.uniform(0.3, 1.0, (n, 3)) * site.halls.rated_w, supply_air_c=chance.uniform(18.0, 26.0, (n, 3)),
        chws_c=chance.uniform(8.0, 16.0, n), charge_w=chance.normal(0.0, 3e5, n)[:, None],
        plane_w_m2=chance.uniform(0.0, 900.0, n)[:, None], n=n,
    ).rows(site)  # fmt: skip
    _, out = run(site, first_state(site, u[0]), u, 300.0)
    plain = compile_site(reference_facility())
    x = first_state(plain, Drive(28.0, 20.0, 600e3).rows(plain)[0])
    rolled = Rollout(plain).plans(x, horizon(plain, 3, 300.0, 1), some_plans(3, 2, 4, 2), threads=1)
    return np.concatenate([out.ravel(), rolled.facility_w.ravel(), rolled.worst_inlet_c.ravel()])


def test_without_the_compiler_the_same_figures_come_out() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINTED], cwd=ROOT, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    plain, compiled = np.array(json.loads(done.stdout)), a_varied_hour()
    assert plain.shape == compiled.shape
    assert plain == pytest.approx(compiled, rel=1e-9, abs=1e-6)
