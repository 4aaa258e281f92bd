"""The laws that the whole-site step keeps at every step, for any site, any state and any input."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pytest

from tests.support.sites import a_random_facility
from twin.domain.arrays import Floats
from twin.kernels import columns as at
from twin.kernels.fans import hydraulic_power_w
from twin.kernels.liquid_step import PUMP_HEAT_FRAC, SINK_CHILLED_WATER
from twin.model.compiled import CompiledSite, compile_site
from twin.model.drive import Drive
from twin.model.layout import Layout
from twin.model.simulate import first_state, run

SITES = 2_000 if os.environ.get("TWIN_TEST_SCALE") == "nightly" else 80
STEPS = 50
IN_ALL = SITES * STEPS


def a_random_drive(site: CompiledSite, chance: np.random.Generator, n: int) -> Drive:
    """Weather, load and setpoints that jump about over their whole ranges, possible or foolish."""
    halls = len(site.halls)
    outdoor_c = chance.uniform(-20.0, 45.0)
    calm = chance.random() < 0.5  # half the sites are left alone, the others get new setpoints every step
    rows = 1 if calm else n

    def between(low: float, high: float, *shape: int) -> Floats:
        return chance.uniform(low, high, (rows, *shape))

    def one(low: float, high: float) -> Floats:
        return between(low, high)[:, 0] if rows == 1 else chance.uniform(low, high, n)

    wet_bulb_c = outdoor_c - chance.uniform(0.0, 12.0)
    return Drive(
        outdoor_c=outdoor_c + chance.normal(0.0, 0.3, n),
        wet_bulb_c=wet_bulb_c + chance.normal(0.0, 0.1, n) - 1.0,
        load_w=np.asarray(site.halls.rated_w) * np.clip(chance.uniform(0.0, 1.3, (rows, halls)), 0.02, None),
        supply_air_c=between(14.0, 30.0, halls),
        chws_c=chance.uniform(5.0, 22.0, rows) if rows > 1 else float(chance.uniform(5.0, 22.0)),
        cws_c=chance.uniform(12.0, 35.0, rows) if rows > 1 else float(chance.uniform(12.0, 35.0)),
        facility_water_c=float(chance.uniform(15.0, 45.0)),
        coolant_c=float(chance.uniform(20.0, 50.0)),
        crah_running=np.floor(np.asarray(site.halls.crah_count) * chance.uniform(0.0, 1.0, (rows, halls)) + 0.5),
        chillers_available=float(chance.integers(0, site.chillers + 1)),
        inlet_offset_k=float(chance.uniform(-0.5, 2.0)),
        hall_ratio=float(chance.uniform(0.003, 0.014)),
        smoke=float(chance.random() < 0.1),
        ups_eco=float(chance.random() < 0.5),
        charge_w=chance.normal(0.0, 500e3, n)[:, None] if site.battery_ids else 0.0,
        plane_w_m2=float(chance.uniform(0.0, 1000.0)),
        n=n,
    )


@dataclass(frozen=True)
class Books:
    """Heat in, heat out and heat stored of one step, W."""

    into_w: float
    out_w: float
    stored_w: float

    @property
    def missing_w(self) -> float:
        return self.into_w - self.out_w - self.stored_w


def stored_j(site: CompiledSite, x: Floats) -> float:
    """Heat in every store of a site, J, above 0 degC."""
    layout, total = Layout.of(site), 0.0
    for h in range(layout.halls):
        block = x[layout.x_hall(h) :]
        total += site.halls[h].air_j_k * block[at.XH_AIR] + site.halls[h].metal_j_k * block[at.XH_METAL]
    for k in range(layout.liquid):
        assert site.liquid is not None
        total += site.liquid[k].volume_j_k * x[layout.x_liquid(k) + at.XL_SUPPLY]
    total += site.plant.water_j_k * x[at.X_CHWS] + site.plant.basin_j_k * x[at.X_BASIN]
    return total + site.plant.facility_j_k * x[at.X_FACILITY_WATER]


def books(site: CompiledSite, before: Floats, after: Floats, y: Floats, dt_s: float) -> Books:
    """What went in and out of everything that holds heat, from the outputs of one step alone."""
    layout, plant = Layout.of(site), site.plant
    halls = [y[layout.y_hall(h) :] for h in range(layout.halls)]
    it_w = y[at.Y_IT]
    pdu_w = it_w * plant.pdu_loss_frac / (1.0 - plant.pdu_loss_frac)
    compressors_w = y[at.Y_CHILLER] - y[at.Y_RUNNING] * plant.auxiliary_w + y[at.Y_COMPRESSOR]
    water_pumps_w = plant.chw_heat_frac * y[at.Y_CHW_PUMP] + plant.cw_heat_frac * y[at.Y_CW_PUMP]
    own_loop_w = hydraulic_power_w(
        float(y[at.Y_FACILITY_FLOW]), plant.facility_head_pa, plant.facility_efficiency_frac, 998.0
    )
    coolant_pumps_w = (
        float(np.sum(site.liquid.pump_w)) if site.liquid is not None else 0.0
    ) + PUMP_HEAT_FRAC * own_loop_w
    into_w = (
        it_w + pdu_w + y[at.Y_UPS_LOSS] + float(np.sum(site.halls.lights_w)) + y[at.Y_AIR_FAN] + compressors_w
        + water_pumps_w + coolant_pumps_w + y[at.Y_ENVELOPE]
    )  # fmt: skip
    out_w = y[at.Y_REJECTED] + y[at.Y_LIQUID_REJECTED] + y[at.Y_DIRECT_REJECTED]
    assert sum(hall[at.YH_IT] for hall in halls) == pytest.approx(it_w, rel=1e-12)
    return Books(into_w, out_w, (stored_j(site, after) - stored_j(site, before)) / dt_s)


def check(site: CompiledSite, before: Floats, after: Floats, u: Floats, y: Floats, dt_s: float, seed: object) -> None:
    """Every law on one step."""
    layout, plant = Layout.of(site), site.plant
    assert np.all(np.isfinite(y)), (seed, "a number is missing", np.flatnonzero(~np.isfinite(y)))
    it_w = y[at.Y_IT]
    heat = books(site, before, after, y, dt_s)
    assert abs(heat.missing_w) <= 1e-6 * it_w, (seed, heat)
    # power: the meter is the sum of its parts, and the battery keeps what it took and did not lose
    parts_w = it_w + y[at.Y_COOLING] + y[at.Y_UPS_LOSS] + y[at.Y_DISTRIBUTION] + y[at.Y_BATTERY_LOSS]
    assert y[at.Y_FACILITY] == pytest.approx(parts_w, rel=1e-12), seed
    charged_w = (np.sum(after[layout.x_battery(0) :]) - np.sum(before[layout.x_battery(0) :])) / dt_s
    assert y[at.Y_BATTERY] - y[at.Y_BATTERY_LOSS] == pytest.approx(charged_w, rel=1e-9, abs=1e-4), seed
    assert y[at.Y_GRID] == pytest.approx(
        y[at.Y_FACILITY] - y[at.Y_BATTERY_LOSS] + y[at.Y_BATTERY] - y[at.Y_PV], rel=1e-12, abs=1e-3
    ), seed
    # nothing runs backwards
    for column in (at.Y_CHILLER, at.Y_TOWER, at.Y_CHW_PUMP, at.Y_CW_PUMP, at.Y_AIR_FAN, at.Y_COMPRESSOR, at.Y_UPS_LOSS,
                   at.Y_BATTERY_LOSS, at.Y_FREE_HEAT, at.Y_CHILLED_HEAT, at.Y_REJECTED, at.Y_LIQUID_REJECTED,
                   at.Y_MAKE_UP, at.Y_PV, at.Y_COOLER):  # fmt: skip
        assert y[column] >= 0.0, (seed, column)
    # towers never cool below the wet bulb, nor dry coolers below the air
    if plant.air_cooled == 0.0 and after[at.X_BASIN] < before[at.X_BASIN]:
        assert after[at.X_BASIN] >= min(u[at.U_WET_BULB], before[at.X_BASIN]) - 1e-6, seed
    if plant.facility_sink > SINK_CHILLED_WATER and after[at.X_FACILITY_WATER] < before[at.X_FACILITY_WATER]:
        assert after[at.X_FACILITY_WATER] >= min(u[at.U_WET_BULB], before[at.X_FACILITY_WATER]) - 1e-6, seed
    # no chiller beats Carnot inside its box
    compressors_w = y[at.Y_CHILLER] - y[at.Y_RUNNING] * plant.auxiliary_w
    if y[at.Y_EXTRAPOLATING] == 0.0 and compressors_w > 1.0:
        hot_k = max(u[at.U_OUTDOOR] if plant.air_cooled > 0.0 else before[at.X_BASIN], plant.head_pressure_c)
        lift_k = hot_k - u[at.U_CHWS]
        if lift_k > 1.0:
            assert y[at.Y_CHILLED_HEAT] / compressors_w <= (u[at.U_CHWS] + 273.15) / lift_k * 1.02, seed


def test_first_law_charge_and_second_law_for_random_sites_states_and_inputs() -> None:
    worst, checked = 0.0, 0
    for seed in range(SITES):
        chance = np.random.default_rng(seed)
        site = compile_site(a_random_facility(chance))
        u = a_random_drive(site, chance, STEPS).rows(site)
        dt_s = float(chance.choice([1.0, 15.0, 60.0, 300.0, 900.0]))
        x = first_state(site, u[0])
        for i in range(STEPS):
            after, out = run(site, x, u[i : i + 1], dt_s)
            check(site, x, after, u[i], out[0], dt_s, (seed, i))
            worst = max(worst, abs(books(site, x, after, out[0], dt_s).missing_w) / out[0, at.Y_IT])
            x, checked = after, checked + 1
    assert checked == IN_ALL
    print(f"{checked} steps, worst first-law residual {worst:.1e} of IT power")
