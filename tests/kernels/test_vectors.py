"""Published figures that every kernel must reproduce, to the digit the source prints."""

from __future__ import annotations

import math

import pytest

from twin.kernels import chillers, coils, fans, moist_air, power, servers, towers, zones
from twin.model.chiller_catalogue import CATALOGUE

SEA_LEVEL_PA = 101325.0


@pytest.mark.parametrize(
    ("t_c", "rh", "ratio", "wet_c", "dew_c", "enthalpy_kj", "density"),
    [
        (35, 0.4, 0.01413, 23.93, 19.38, 71.47, 1.136),
        (25, 0.5, 0.00988, 17.89, 13.86, 50.32, 1.177),
        (10, 0.8, 0.00609, 8.29, 6.71, 25.40, 1.242),
        (0, 0.9, 0.00339, -0.57, -1.27, 8.49, 1.290),
    ],
)
def test_moist_air_agrees_with_the_ashrae_equations(
    t_c: float, rh: float, ratio: float, wet_c: float, dew_c: float, enthalpy_kj: float, density: float
) -> None:
    t_c = float(t_c)
    w = moist_air.humidity_ratio(t_c, rh, SEA_LEVEL_PA)
    assert w == pytest.approx(ratio, rel=0.004)
    assert moist_air.wet_bulb_c(t_c, rh, SEA_LEVEL_PA) == pytest.approx(wet_c, abs=0.05)
    if t_c > 0:
        assert moist_air.dew_point_c(t_c, rh) == pytest.approx(dew_c, abs=0.05)
    assert moist_air.enthalpy_j_kg(t_c, w) / 1e3 == pytest.approx(enthalpy_kj, abs=0.12)
    assert moist_air.density_kg_m3(t_c, w, SEA_LEVEL_PA) == pytest.approx(density, abs=0.0011)


@pytest.mark.parametrize(
    ("inlet_c", "watts"), [(27, 137.7), (29, 139.4), (31, 141.5), (33, 144.0), (35, 148.4), (37, 154.0)]
)
def test_server_law_meets_the_measured_r410(inlet_c: float, watts: float) -> None:
    speed = servers.speed_ratio(float(inlet_c), 27.0, 0.181, 9.0)
    ratio = servers.power_ratio(float(inlet_c), 27.0, 0.00108, 0.0050, speed)
    assert 137.86 * ratio == pytest.approx(watts, abs=0.33)


@pytest.mark.parametrize(("inlet_c", "rise_pct"), [(27, 5.2), (31, 17.0)])
def test_server_law_meets_the_measured_ibm(inlet_c: float, rise_pct: float) -> None:
    speed = servers.speed_ratio(float(inlet_c), 24.0, 0.1705, 9.0)
    ratio = servers.power_ratio(float(inlet_c), 20.0, 0.0020, 0.0155, speed)
    assert 100 * (ratio - 1) == pytest.approx(rise_pct, abs=0.5)


ZONE = {
    "air_j_k": 2.9e6,
    "metal_j_k": 24e6,
    "metal_ua_w_k": 50e3,
    "envelope_w_k": 1e3,
    "outdoor_c": 30.0,
    "air_heat_w": 0.0,
    "metal_heat_w": 750e3,
}


def stepped(supply_w_k: float, supply_c: float, dt_s: float) -> float:
    return zones.zone_step_c(
        34.032, 49.032, ZONE["air_j_k"], ZONE["metal_j_k"], supply_w_k, ZONE["metal_ua_w_k"], ZONE["envelope_w_k"],
        supply_c, 30.0, 0.0, 750e3, dt_s,
    )[0]  # fmt: skip


def test_zone_steady_state() -> None:
    air_c, metal_c = zones.zone_steady_c(62e3, 50e3, 1e3, 22.0, 30.0, 0.0, 750e3)
    assert air_c == pytest.approx(34.032, abs=0.001)
    assert metal_c == pytest.approx(49.032, abs=0.001)


@pytest.mark.parametrize(("dt_s", "air_c"), [(10, 34.386), (60, 35.042), (300, 35.343), (600, 35.532), (1200, 35.763)])
def test_zone_answers_a_supply_step_exactly(dt_s: float, air_c: float) -> None:
    assert stepped(62e3, 24.0, float(dt_s)) == pytest.approx(air_c, abs=0.002)


@pytest.mark.parametrize(("dt_s", "air_c"), [(10, 36.39), (30, 40.06), (60, 43.76), (120, 47.87), (300, 53.75)])
def test_zone_heats_up_when_the_air_stops(dt_s: float, air_c: float) -> None:
    assert stepped(0.0, 22.0, float(dt_s)) == pytest.approx(air_c, abs=0.02)


DESIGN_AIR_KG_S = 100e3 / (1006.0 * 12.0)
DESIGN_WATER_KG_S = 100e3 / (4186.0 * 6.0)


def test_coil_ua_from_its_design_point() -> None:
    ua = coils.design_ua_w_k(100e3, DESIGN_AIR_KG_S * 1006.0, DESIGN_WATER_KG_S * 4186.0, 35.0, 15.0)
    assert pytest.approx(8.284, rel=1e-3) == DESIGN_AIR_KG_S
    assert pytest.approx(3.982, rel=1e-3) == DESIGN_WATER_KG_S
    assert ua == pytest.approx(9327.0, rel=1e-3)


@pytest.mark.parametrize(
    ("air", "water", "return_c", "chws_c", "heat_kw", "supply_c", "chwr_c"),
    [
        (0.6, 1.0, 35, 15, 70.29, 20.94, 19.22),
        (0.6, 0.4, 35, 15, 55.32, 23.94, 23.30),
        (1.0, 1.0, 35, 18, 85.00, 24.80, 23.10),
        (0.8, 0.6, 33, 17, 59.90, 24.01, 22.99),
    ],
)
def test_coil_at_part_flow(
    air: float, water: float, return_c: float, chws_c: float, heat_kw: float, supply_c: float, chwr_c: float
) -> None:
    air_kg_s, water_kg_s = air * DESIGN_AIR_KG_S, water * DESIGN_WATER_KG_S
    heat_w = coils.coil_heat_w(
        float(return_c), float(chws_c), air_kg_s, water_kg_s, DESIGN_AIR_KG_S, DESIGN_WATER_KG_S, 9327.0, 0.5
    )
    assert heat_w / 1e3 == pytest.approx(heat_kw, rel=1e-3)
    assert return_c - heat_w / (air_kg_s * 1006.0) == pytest.approx(supply_c, abs=0.02)
    assert chws_c + heat_w / (water_kg_s * 4186.0) == pytest.approx(chwr_c, abs=0.02)


@pytest.mark.parametrize(
    ("x", "fan", "pump"), [(0.3, 0.086, 0.059), (0.5, 0.185, 0.185), (0.7, 0.390, 0.413), (1.0, 1.0, 1.006)]
)
def test_fan_and_pump_curves(x: float, fan: float, pump: float) -> None:
    assert fans.vfd_fan_ratio(x) == pytest.approx(fan, abs=1e-3)
    assert fans.vfd_pump_ratio(x) == pytest.approx(pump, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "chws_c", "condenser_c", "load_kw", "capft", "eirft", "plr", "power_kw", "cop"),
    [
        ("carrier-19xr-1234kw", 8.89, 26.67, 1234.3, 1.0116, 1.0174, 0.9886, 230.43, 5.357),
        ("carrier-19xr-1234kw", 10, 20, 700, 1.1039, 0.9053, 0.5137, 77.23, 9.064),
        ("carrier-19xr-1407kw", 6.67, 29.44, 1406.6, 0.9862, 1.0161, 1.014, 236.47, 5.948),
        ("carrier-19xr-1407kw", 9, 26, 1000, 1.1094, 0.8445, 0.6409, 138.49, 7.221),
        ("trane-rthb-1051kw", 8, 24, 800, 1.0810, 0.8015, 0.7039, 121.07, 6.608),
        ("york-ys-781kw", 8, 25, 400, 1.0823, 0.8238, 0.4734, 62.72, 6.378),
        ("air-cooled-screw-1050kw", 9, 20, 600, 1.2525, 0.6374, 0.4560, 86.01, 6.976),
        ("air-cooled-scroll-2649kw", 14, 35, 2000, 1.2205, 0.8784, 0.6185, 627.39, 3.188),
    ],
)
def test_chillers_at_their_printed_points(
    name: str,
    chws_c: float,
    condenser_c: float,
    load_kw: float,
    capft: float,
    eirft: float,
    plr: float,
    power_kw: float,
    cop: float,
) -> None:
    curve = CATALOGUE[name]
    packed = curve.packed()
    assert chillers.biquadratic(packed[0:6], float(chws_c), float(condenser_c)) == pytest.approx(capft, abs=1e-3)
    assert chillers.biquadratic(packed[6:12], float(chws_c), float(condenser_c)) == pytest.approx(eirft, abs=1e-3)
    power_w, part_load, outside = chillers.chiller_power_w(
        packed, curve.capacity_w, curve.cop, 0.0, float(chws_c), float(condenser_c), load_kw * 1e3
    )
    assert part_load == pytest.approx(plr, abs=1.5e-3)
    assert power_w / 1e3 == pytest.approx(power_kw, rel=2e-3)
    assert load_kw * 1e3 / power_w == pytest.approx(cop, rel=2e-3)
    assert outside == 0.0


def test_tower_sizing() -> None:
    water_kg_s, air_kg_s, ua = towers.size_tower(1.5e6, 35.0, 29.44, 25.55, SEA_LEVEL_PA)
    assert water_kg_s == pytest.approx(64.449, rel=1e-3)
    assert air_kg_s == pytest.approx(56.203, rel=5e-3)
    assert ua == pytest.approx(79242.0, rel=5e-3)


@pytest.mark.parametrize(
    ("inlet_c", "wet_c", "water", "air", "heat_kw", "outlet_c"),
    [
        (30, 20, 1, 1, 1374.4, 24.906),
        (25, 10, 1, 1, 1649.7, 18.885),
        (30, 20, 1, 0.5, 832.2, 26.915),
        (30, 20, 0.6, 0.6, 795.1, 25.088),
    ],
)
def test_tower_off_design(
    inlet_c: float, wet_c: float, water: float, air: float, heat_kw: float, outlet_c: float
) -> None:
    water0, air0, ua0 = towers.size_tower(1.5e6, 35.0, 29.44, 25.55, SEA_LEVEL_PA)
    heat_w = towers.tower_cell_heat_w(
        float(inlet_c), float(wet_c), 25.55, water * water0, water0, air0, ua0, float(air), SEA_LEVEL_PA
    )
    assert heat_w / 1e3 == pytest.approx(heat_kw, rel=5e-3)
    assert inlet_c - heat_w / (water * water0 * 4186.0) == pytest.approx(outlet_c, abs=0.05)


@pytest.mark.parametrize(
    ("curve", "efficiencies"),
    [
        ((0.0085, 0.0085, 0.0175), (0.913, 0.955, 0.967, 0.968, 0.967)),
        ((0.0305, 0.0057, 0.0390), (0.761, 0.879, 0.921, 0.930, 0.930)),
        ((0.0035, 0.0025, 0.0035), (0.964, 0.983, 0.989, 0.990, 0.991)),
    ],
)
def test_ups_efficiency(curve: tuple[float, float, float], efficiencies: tuple[float, ...]) -> None:
    for x, efficiency in zip((0.10, 0.25, 0.50, 0.75, 1.0), efficiencies, strict=True):
        loss_w = power.ups_loss_w(x * 100e3, 1.0, 100e3, *curve)
        assert x * 100e3 / (x * 100e3 + loss_w) == pytest.approx(efficiency, abs=6e-4)


@pytest.mark.parametrize(
    ("load_kw", "modules", "loss_kw"), [(60, 1, 1.99), (60, 4, 4.07), (120, 3, 4.41), (200, 3, 6.58), (200, 6, 7.97)]
)
def test_ups_loss_by_modules_awake(load_kw: float, modules: float, loss_kw: float) -> None:
    loss_w = power.ups_loss_w(load_kw * 1e3, float(modules), 100e3, 0.0085, 0.0085, 0.0175)
    assert loss_w / 1e3 == pytest.approx(loss_kw, abs=6e-3)


def test_altitude_thins_the_air() -> None:
    assert moist_air.pressure_at_altitude_pa(0.0) == pytest.approx(SEA_LEVEL_PA)
    assert moist_air.pressure_at_altitude_pa(1600.0) == pytest.approx(83524.0, rel=5e-3)


def test_recirculation_is_smooth_and_bounded() -> None:
    plenty = zones.recirculated_frac(12.0, 10.0, 0.05)
    short = zones.recirculated_frac(8.0, 10.0, 0.05)
    assert plenty < 0.01
    assert short == pytest.approx(0.24, abs=0.002)
    assert math.isclose(zones.recirculated_frac(0.0, 10.0, 0.05), 1.0)
