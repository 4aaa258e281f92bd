"""Every kernel against the slow reference, on random inputs from fixed seeds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.kernels import reference
from tests.support.facilities import reference_facility
from twin.kernels import chillers, coils, fans, halls, moist_air, outage, power, servers, towers, water_step, zones
from twin.model.chiller_catalogue import CATALOGUE
from twin.model.compiled import CompiledSite, compile_site
from twin.model.steady import Candidates, Conditions, steady_state

SITE = compile_site(reference_facility())
SEA_LEVEL_PA = 101325.0
CURVES = [CATALOGUE[name] for name in sorted(CATALOGUE)]
DESIGN_COIL = reference.Coil(8.284, 3.982, 4.778, 9327.0, 0.5)  # 100 kW at 35/15 degC
CELL = reference.Cell(25.55, 64.449, 56.203, 79242.0, SEA_LEVEL_PA)  # 1.5 MW at 35/29.44 degC


def draws(n: int, *ranges: tuple[float, float], seed: int = 1) -> Iterator[tuple[float, ...]]:
    """Seeded points in a box, its corners among them."""
    chance = np.random.default_rng(seed)
    yield tuple(low for low, _ in ranges)
    yield tuple(high for _, high in ranges)
    for row in chance.uniform(size=(n, len(ranges))):
        yield tuple(low + float(x) * (high - low) for x, (low, high) in zip(row, ranges, strict=True))


# --- moist air
def test_saturation_pressure_and_humidity() -> None:
    for t_c, rh, pressure_pa in draws(200, (-30.0, 50.0), (0.01, 1.0), (80e3, 105e3)):
        ratio = reference.humidity_ratio(t_c, rh, pressure_pa)
        assert moist_air.saturation_pressure_pa(t_c) == pytest.approx(reference.saturation_pressure_pa(t_c), rel=1e-12)
        assert moist_air.humidity_ratio(t_c, rh, pressure_pa) == pytest.approx(ratio, rel=1e-12)
        assert moist_air.enthalpy_j_kg(t_c, ratio) == pytest.approx(
            reference.enthalpy_j_kg(t_c, ratio), rel=1e-12, abs=1e-6
        )
        assert moist_air.density_kg_m3(t_c, ratio, pressure_pa) == pytest.approx(
            reference.density_kg_m3(t_c, ratio, pressure_pa), rel=1e-12
        )
        saturated = reference.enthalpy_j_kg(t_c, reference.humidity_ratio(t_c, 1.0, pressure_pa))
        assert moist_air.saturation_enthalpy_j_kg(t_c, pressure_pa) == pytest.approx(saturated, rel=1e-12, abs=1e-6)


def test_dew_point_is_where_the_vapour_saturates() -> None:
    for t_c, rh in draws(150, (-20.0, 50.0), (0.02, 1.0)):
        assert moist_air.dew_point_c(t_c, rh) == pytest.approx(reference.dew_point_c(t_c, rh), abs=1e-6)


def test_wet_bulb_solves_the_psychrometer_equation() -> None:
    for t_c, rh, pressure_pa in draws(150, (1.0, 45.0), (0.05, 1.0), (80e3, 105e3)):
        wet_c = moist_air.wet_bulb_c(t_c, rh, pressure_pa)
        assert moist_air.ratio_at_wet_bulb(t_c, wet_c, pressure_pa) == pytest.approx(
            reference.ratio_at_wet_bulb(t_c, wet_c, pressure_pa), rel=1e-12
        )
        if abs(wet_c) > 0.2:  # the equation itself jumps where water becomes ice
            assert wet_c == pytest.approx(reference.wet_bulb_c(t_c, rh, pressure_pa), abs=2e-3)


def test_pressure_at_altitude() -> None:
    for (altitude_m,) in draws(20, (0.0, 4000.0)):
        assert moist_air.pressure_at_altitude_pa(altitude_m) == pytest.approx(
            reference.pressure_at_altitude_pa(altitude_m), rel=1e-12
        )


# --- fans, power, servers
def test_fans_and_pumps() -> None:
    for x, head_pa, efficiency in draws(100, (-0.2, 1.3), (10e3, 500e3), (0.3, 0.9)):
        assert fans.vfd_fan_ratio(x) == pytest.approx(reference.vfd_fan_ratio(x), rel=1e-12)
        assert fans.vfd_pump_ratio(x) == pytest.approx(reference.vfd_pump_ratio(x), rel=1e-12, abs=1e-15)
        assert fans.hydraulic_power_w(100.0 * x, head_pa, efficiency, 998.0) == pytest.approx(
            reference.hydraulic_power_w(100.0 * x, head_pa, efficiency, 998.0), rel=1e-12
        )


def test_power_chain() -> None:
    for output_w, modules, curve in zip(
        np.linspace(0.0, 2e6, 60), [0, 1, 2, 3, 5, 10] * 10, [(0.0085, 0.0085, 0.0175)] * 60, strict=True
    ):
        assert power.ups_loss_w(float(output_w), float(modules), 200e3, *curve) == pytest.approx(
            reference.ups_loss_w(float(output_w), modules, 200e3, curve), rel=1e-12
        )
        assert power.transformer_loss_w(float(output_w), float(modules), 2.5e6, 2790.0, 19e3, 0.97) == pytest.approx(
            reference.transformer_loss_w(float(output_w), modules, 2.5e6, 2790.0, 19e3, 0.97), rel=1e-12
        )


def test_servers() -> None:
    for inlet_c, start_c, per_k, most, share in draws(
        200, (10.0, 45.0), (20.0, 28.0), (0.0, 0.2), (1.0, 3.0), (0.0, 0.1)
    ):
        speed = reference.speed_ratio(inlet_c, start_c, per_k, most)
        assert servers.speed_ratio(inlet_c, start_c, per_k, most) == pytest.approx(speed, rel=1e-12)
        assert servers.power_ratio(inlet_c, 23.0, 0.002, share, speed) == pytest.approx(
            reference.power_ratio(inlet_c, 23.0, 0.002, share, speed), rel=1e-12
        )
        assert servers.fan_power_ratio(share, speed) == pytest.approx(share * speed**3, rel=1e-12)


# --- coils
def test_effectiveness_is_that_of_two_streams_passing_each_other() -> None:
    for ntu, ratio in draws(60, (0.0, 6.0), (0.0, 1.0)):
        by_slices = reference.effectiveness_by_slices(ntu, ratio)
        assert coils.counterflow_effectiveness(ntu, ratio) == pytest.approx(by_slices, abs=1e-4)
        assert coils.counterflow_effectiveness(ntu, ratio) == pytest.approx(
            reference.effectiveness(ntu, ratio), rel=1e-6, abs=1e-12
        )


def test_coil_ua_and_heat() -> None:
    d = DESIGN_COIL
    for return_c, chw_c, air, water in draws(200, (24.0, 45.0), (5.0, 22.0), (0.0, 10.0), (0.0, 5.0)):
        ua = reference.coil_ua_w_k(d.ua0_w_k, d.ha_ratio, air / d.air0_kg_s, water / d.water0_kg_s)
        assert coils.coil_ua_w_k(d.ua0_w_k, d.ha_ratio, air / d.air0_kg_s, water / d.water0_kg_s) == pytest.approx(
            ua, rel=1e-12
        )
        assert coils.coil_heat_w(
            return_c, chw_c, air, water, d.air0_kg_s, d.water0_kg_s, d.ua0_w_k, d.ha_ratio
        ) == pytest.approx(d.heat_w(return_c, chw_c, air, water), rel=1e-5, abs=1e-6)


def test_water_for_a_heat() -> None:
    d = DESIGN_COIL
    for wanted_w, return_c, chw_c, air, guess in draws(
        150, (-1e4, 1.5e5), (26.0, 42.0), (6.0, 20.0), (2.0, 9.0), (0.0, 6.0)
    ):
        water, heat_w = coils.water_for_heat_kg_s(
            wanted_w, return_c, chw_c, air, d.air0_kg_s, d.water0_kg_s, d.water_max_kg_s, d.ua0_w_k, d.ha_ratio, guess
        )
        assert (water, heat_w) == pytest.approx(d.water_kg_s(wanted_w, return_c, chw_c, air), rel=2e-4, abs=1e-4)


def test_water_for_a_supply_temperature() -> None:
    d = DESIGN_COIL
    for supply_c, return_c, fan_w, chw_c, air in draws(
        100, (14.0, 30.0), (20.0, 42.0), (0.0, 6e3), (6.0, 22.0), (2.0, 9.0)
    ):
        got = coils.water_for_supply_kg_s(
            supply_c, return_c, fan_w, chw_c, air, d.air0_kg_s, d.water0_kg_s, d.water_max_kg_s, d.ua0_w_k, d.ha_ratio
        )
        if return_c <= chw_c:
            continue  # a coil that would heat: no valve position is right
        wanted = d.supply(supply_c, return_c, fan_w, chw_c, air)
        assert got == pytest.approx(wanted, rel=2e-4, abs=1e-4)


def test_coil_design() -> None:
    for heat_w, air_k, water_k in draws(30, (50e3, 150e3), (10.0, 14.0), (4.0, 8.0)):
        args = (heat_w, heat_w / air_k, heat_w / water_k, 35.0, 15.0)
        assert coils.design_ua_w_k(*args) == pytest.approx(reference.design_ua_w_k(*args), rel=1e-6)


# --- chillers
@pytest.mark.parametrize("curve", CURVES, ids=sorted(CATALOGUE))
def test_chillers(curve: object) -> None:
    assert isinstance(curve, type(CURVES[0]))
    packed = curve.packed()
    for chws_c, condenser_c, load_w, weight in draws(
        60, (2.0, 22.0), (8.0, 45.0), (0.0, 1.3 * curve.capacity_w), (0.0, 1.0)
    ):
        assert chillers.biquadratic(packed[0:6], chws_c, condenser_c) == pytest.approx(
            reference.biquadratic(packed[0:6], chws_c, condenser_c), rel=1e-9, abs=1e-12
        )
        assert chillers.chiller_capacity_w(packed, curve.capacity_w, chws_c, condenser_c) == pytest.approx(
            reference.chiller_capacity_w(packed, curve.capacity_w, chws_c, condenser_c), rel=1e-9
        )
        args = (packed, curve.capacity_w, curve.cop, weight, chws_c, condenser_c, load_w)
        assert chillers.chiller_power_w(*args) == pytest.approx(reference.chiller_power_w(*args), rel=1e-9, abs=1e-6)


def test_clamping() -> None:
    for value, low, high in draws(30, (-10.0, 10.0), (-5.0, 0.0), (0.0, 5.0)):
        assert chillers._clamped(value, low, high) == reference.clamp(value, low, high)


# --- towers
def test_tower_heat_is_where_merkels_slope_agrees_with_itself() -> None:
    for above_k, wet_c, water, air, ua in draws(100, (-2.0, 15.0), (-5.0, 27.0), (20.0, 70.0), (5.0, 60.0), (1e4, 9e4)):
        args = (wet_c + above_k, wet_c, water, air, ua, SEA_LEVEL_PA)
        assert towers.tower_heat_w(*args) == pytest.approx(reference.tower_heat_w(*args), rel=1e-4, abs=1.0)


def test_tower_factors_and_cells() -> None:
    for above_k, wet_c, water, fan in draws(60, (0.5, 15.0), (-5.0, 27.0), (10.0, 70.0), (-0.1, 1.0)):
        assert towers.tower_ua_factor(wet_c, 25.55, fan, water / 70.0) == pytest.approx(
            reference.tower_ua_factor(wet_c, 25.55, fan, water / 70.0), rel=1e-12
        )
        assert towers.tower_cell_heat_w(
            wet_c + above_k, wet_c, CELL.wet_c, water, CELL.water0_kg_s, CELL.air0_kg_s, CELL.ua0_w_k, fan, SEA_LEVEL_PA
        ) == pytest.approx(CELL.heat_w(wet_c + above_k, wet_c, water, fan), rel=1e-4, abs=1.0)


def test_tower_fans() -> None:
    for out_c, heat_w, wet_c, water in draws(25, (14.0, 34.0), (1e5, 2e6), (-3.0, 26.0), (30.0, 64.0)):
        fan, reached_c, floats = towers.tower_fan_frac(
            out_c, heat_w, wet_c, CELL.wet_c, water, CELL.water0_kg_s, CELL.air0_kg_s, CELL.ua0_w_k, SEA_LEVEL_PA
        )
        wanted = CELL.fan(out_c, heat_w, wet_c, water)
        assert fan == pytest.approx(wanted[0], abs=1e-3)
        assert reached_c == pytest.approx(wanted[1], abs=2e-3)
        assert floats == wanted[2]


def test_tower_sizing() -> None:
    for heat_w, range_k, wet_c in draws(5, (0.5e6, 2e6), (4.0, 6.0), (22.0, 26.0)):
        args = (heat_w, wet_c + 4.0 + range_k, wet_c + 4.0, wet_c, SEA_LEVEL_PA)
        assert towers.size_tower(*args) == pytest.approx(reference.size_tower(*args), rel=1e-3)


# --- halls
def a_room(values: tuple[float, ...]) -> reference.Room:
    supply_w_k, envelope_w_k, supply_c, outdoor_c, metal_w = values
    return reference.Room(2.9e6, 24e6, supply_w_k, 50e3, envelope_w_k, supply_c, outdoor_c, 12e3, metal_w)


ROOMS = ((5e3, 1.2e5), (0.0, 3e3), (15.0, 28.0), (-20.0, 40.0), (0.0, 1.2e6))


def test_a_hall_steps_as_its_differential_equation_says() -> None:
    for air_c, metal_c, dt_s, *rest in draws(30, (15.0, 50.0), (15.0, 70.0), (1.0, 600.0), *ROOMS):
        r = a_room(tuple(rest))
        got = zones.zone_step_c(
            air_c, metal_c, r.air_j_k, r.metal_j_k, r.supply_w_k, r.metal_ua_w_k, r.envelope_w_k, r.supply_c,
            r.outdoor_c, r.air_w, r.metal_w, dt_s,
        )  # fmt: skip
        assert got == pytest.approx(r.after(air_c, metal_c, dt_s), abs=1e-5)


def test_a_hall_rests_where_its_rates_are_zero() -> None:
    for values in draws(50, *ROOMS):
        r = a_room(values)
        air_c, metal_c = zones.zone_steady_c(
            r.supply_w_k, r.metal_ua_w_k, r.envelope_w_k, r.supply_c, r.outdoor_c, r.air_w, r.metal_w
        )
        assert (air_c, metal_c) == pytest.approx(r.steady(), rel=1e-12)
        assert r.rates(air_c, metal_c) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_recirculation() -> None:
    for crah, it, bypass in draws(100, (0.0, 60.0), (0.1, 60.0), (0.0, 0.5)):
        assert zones.recirculated_frac(crah, it, bypass) == pytest.approx(
            reference.recirculated_frac(crah, it, bypass), rel=1e-9, abs=1e-15
        )


def test_many_halls_step_like_one_at_a_time() -> None:
    halls, chance = SITE.halls, np.random.default_rng(5)
    air_c, metal_c = chance.uniform(20.0, 45.0, 2), chance.uniform(25.0, 60.0, 2)
    flow, supply_c, it_w, room_w = chance.uniform(2e4, 9e4, 2), np.array([20.0, 24.0]), np.array([4e5, 8e5]), np.ones(2)
    rooms = [
        reference.Room(
            halls.air_j_k[h], halls.metal_j_k[h], flow[h], halls.metal_ua_w_k[h], halls.envelope_w_k[h], supply_c[h],
            31.0, room_w[h], it_w[h],
        )
        for h in range(2)
    ]  # fmt: skip
    wanted = [room.after(air_c[h], metal_c[h], 60.0) for h, room in enumerate(rooms)]
    outage.step_halls(halls, air_c, metal_c, flow, supply_c, 31.0, it_w, room_w, 60.0)
    assert np.column_stack([air_c, metal_c]) == pytest.approx(np.array(wanted), abs=1e-5)


# --- the whole plant
def facing(seed: int) -> reference.Facing:
    """A working point: mostly easy, now and then short of air, water or tower."""
    chance = np.random.default_rng(seed)

    def two(low: float, high: float) -> list[float]:
        return [float(x) for x in chance.uniform(low, high, 2)]

    return reference.Facing(
        it_w=two(2e5, 8e5),
        supply_now_c=two(18.0, 25.0),
        mean_offset_k=two(0.5, 2.0),
        worst_offset_k=two(1.0, 5.0),
        crah_running=[float(x) for x in chance.integers(5, 13, 2)],
        chillers_running=float(chance.integers(1, 4)),
        chillers_available=float(chance.integers(2, 4)),
        outdoor_c=float(chance.uniform(-5.0, 38.0)),
        wet_bulb_c=float(chance.uniform(-5.0, 27.0)),
        supply_c=two(18.0, 25.0),
        chws_c=float(chance.uniform(7.0, 16.0)),
        cws_c=float(chance.uniform(18.0, 30.0)),
        eco=chance.integers(0, 2, 2).astype(np.float64),
    )


def asked(point: reference.Facing) -> tuple[Conditions, Candidates]:
    """The reference's point as the model takes it."""
    now = Conditions(
        it_w=np.array(point.it_w),
        supply_air_c=np.array(point.supply_now_c),
        mean_offset_k=np.array(point.mean_offset_k),
        inlet_offset_k=np.array(point.worst_offset_k),
        crah_running=np.array(point.crah_running, dtype=np.int64),
        chillers_running=int(point.chillers_running),
        chillers_available=int(point.chillers_available),
        outdoor_c=point.outdoor_c,
        wet_bulb_c=point.wet_bulb_c,
    )
    wanted = Candidates(
        np.array([point.supply_c]), np.array([point.chws_c]), np.array([point.cws_c]), point.eco.reshape(1, 2)
    )
    return now, wanted


def steady(site: CompiledSite, point: reference.Facing) -> dict[str, float]:
    """The model's answer under the reference's names."""
    found = steady_state(site, *asked(point))
    names = {
        "load_frac": found.chiller_load_frac,
        "running": found.chillers_running,
        "cws_c": found.cws_c,
        "tower_short": found.tower_saturated,
        "outside": found.extrapolating,
        "short": found.chw_short,
    }
    powers = ("facility", "it", "it_fan", "cooling", "chiller", "tower", "pump", "crah_fan", "ups_loss")
    names |= {f"{name}_w": getattr(found, f"{name}_w") for name in (*powers, "distribution_loss")}
    halls_of = {
        "reached": found.supply_air_c,
        "worst": found.worst_inlet_c,
        "fan": found.crah_fan_frac,
        "valve": found.valve_saturated,
    }
    return {name: float(values[0]) for name, values in names.items()} | {
        f"{name}_{h}": float(values[0, h]) for name, values in halls_of.items() for h in range(2)
    }


def test_the_whole_plant() -> None:
    reached: dict[str, list[float]] = {"tower_short": [], "outside": [], "valve_0": [], "running": []}
    for seed in range(20):
        point = facing(seed)
        found, wanted = steady(SITE, point), reference.steady(SITE.halls, SITE.ups, SITE.plant, point)
        assert found.keys() == wanted.keys()
        for name, value in found.items():
            if name.endswith("_w"):
                assert value == pytest.approx(wanted[name], rel=1e-3, abs=20.0), (seed, name)
            else:
                assert value == pytest.approx(wanted[name], abs=0.02), (seed, name)
        for name, values in reached.items():
            values.append(wanted[name])
    # the points say something only if they lie on both sides of every limit
    assert all(len(set(values)) > 1 for values in reached.values()), reached


def test_many_candidates_at_once_are_each_like_one_alone() -> None:
    point = facing(3)
    n = 5
    supply_c = np.linspace([18.0, 19.0], [24.0, 25.0], n)
    now, _ = asked(point)
    many = Candidates(
        supply_c, np.full(n, point.chws_c), np.full(n, point.cws_c), np.repeat(point.eco.reshape(1, 2), n, axis=0)
    )
    together = steady_state(SITE, now, many)
    for i in range(n):
        alone = steady(SITE, replace(point, supply_c=supply_c[i].tolist()))
        assert together.facility_w[i] == pytest.approx(alone["facility_w"], rel=1e-6)
        assert together.worst_inlet_c[i] == pytest.approx([alone["worst_0"], alone["worst_1"]], abs=1e-3)


def test_servers_of_a_hall_and_the_load_behind_a_reading() -> None:
    for it_w, inlet_c in draws(60, (1e4, 1e6), (15.0, 40.0)):
        base_w = halls.base_load_w(SITE.halls[0], it_w, inlet_c)
        assert base_w == pytest.approx(reference.base_load_w(SITE.halls, 0, it_w, inlet_c), rel=1e-12)
        assert halls.served_w(SITE.halls[0], base_w, inlet_c) == pytest.approx(
            reference.served(SITE.halls, 0, base_w, inlet_c), rel=1e-12
        )
        assert halls.served_w(SITE.halls[0], base_w, inlet_c)[0] == pytest.approx(it_w, rel=1e-12)


def test_ups_sides_in_and_out_of_eco() -> None:
    for output_w, a, b in draws(40, (0.0, 3e6), (0.0, 1.0), (0.0, 1.0)):
        eco = np.array([a, b])
        assert power.all_ups_loss_w(SITE.ups, eco, output_w) == pytest.approx(
            reference.all_ups_loss_w(SITE.ups, eco, output_w), rel=1e-12
        )


def test_staging() -> None:
    for load_w, chws_c, cws_c in draws(100, (0.0, 4.5e6), (6.0, 14.0), (15.0, 30.0)):
        for running in (0.0, 1.0, 2.0, 3.0):
            for available in (1.0, 3.0):
                most_w = water_step.most_chilled_w(SITE.plant, None, chws_c, cws_c)
                assert water_step.staged(SITE.plant, most_w, load_w, running, available) == reference.staged(
                    SITE.plant, load_w, running, available, chws_c, cws_c
                )


# --- what is missing stays missing
def test_a_missing_input_is_missing_in_the_answer() -> None:
    nan, d = math.nan, DESIGN_COIL
    coil = (d.air0_kg_s, d.water0_kg_s, d.water_max_kg_s, d.ua0_w_k, d.ha_ratio)
    answers = [
        moist_air.saturation_pressure_pa(nan),
        servers.speed_ratio(nan, 23.0, 0.05, 2.5),
        coils.water_for_heat_kg_s(nan, 35.0, 10.0, 8.0, *coil, 0.0)[0],
        *coils.water_for_supply_kg_s(22.0, nan, 1e3, 10.0, 8.0, *coil)[:2],
        *coils.water_for_supply_kg_s(22.0, 35.0, 1e3, nan, 8.0, *coil)[:2],
        towers.tower_heat_w(nan, 18.0, 50.0, 50.0, 8e4, SEA_LEVEL_PA),
        towers.tower_heat_w(30.0, nan, 50.0, 50.0, 8e4, SEA_LEVEL_PA),
        *towers.tower_fan_frac(24.0, nan, 18.0, 25.55, 60.0, 64.4, 56.2, 79e3, SEA_LEVEL_PA)[:2],
        *zones.zone_steady_c(6e4, 5e4, 1e3, nan, 30.0, 0.0, 7e5),
    ]
    assert all(math.isnan(answer) for answer in answers)
