"""UPS modules, feeders, batteries and photovoltaics against the slow reference, and the sun against pvlib."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pvlib
import pytest

from tests.kernels import reference_power as reference
from tests.kernels.test_liquid_parity import draws
from twin.kernels import batteries, battery_ageing, distribution, gensets, pv, sun, ups_modules

pytestmark = pytest.mark.filterwarnings("ignore:DatetimeIndex.dayofyear")  # pvlib's own, not ours

CURVES = [(0.0085, 0.0085, 0.0175), (0.0305, 0.0057, 0.0390), (0.0035, 0.0025, 0.0035)]
SITES = [(31.2, 121.5), (52.5, 13.4), (-33.9, 18.4), (1.3, 103.8)]
MOMENTS = pd.date_range("2023-01-03", "2031-12-29", periods=150, tz="UTC").round("s")


def unix(moment: pd.Timestamp) -> float:
    return float(moment.timestamp())


def test_best_number_of_modules_is_that_of_trying_all() -> None:
    chance = np.random.default_rng(3)
    for _ in range(120):
        installed = int(chance.integers(1, 13))
        least = int(chance.integers(0, installed + 1))
        load_w = float(chance.uniform(0.0, installed * 100e3))
        curve = CURVES[int(chance.integers(0, 3))]
        got = ups_modules.best_modules(load_w, float(least), float(installed), 100e3, *curve)
        _, loss_w = reference.best_modules(load_w, least, installed, 100e3, curve)
        assert got[1] == pytest.approx(loss_w, rel=1e-12)
        assert reference.ups_loss_w(load_w, int(got[0]), 100e3, curve) == pytest.approx(loss_w, rel=1e-12)


def test_modules_needed() -> None:
    for worst_w, redundant in draws(60, (0.0, 3e6), (0.0, 2.0)):
        spare = round(redundant)
        assert ups_modules.modules_needed(worst_w, 200e3, float(spare)) == reference.modules_needed(
            worst_w, 200e3, spare
        )


def test_feeders_and_power_supplies() -> None:
    for output_w, linear, square in draws(60, (0.0, 1e6), (0.0, 0.02), (1e-4, 0.02)):
        input_w = distribution.feeder_input_w(output_w, 1e6, linear, square)
        assert input_w == pytest.approx(reference.feeder_input_w(output_w, 1e6, linear, square), rel=1e-9, abs=1e-3)
        assert input_w - distribution.feeder_loss_w(input_w, 1e6, linear, square) == pytest.approx(
            output_w, rel=1e-12, abs=1e-6
        )
    for table in (distribution.PLATINUM, distribution.TITANIUM, distribution.ORV3_SHELF):
        loads, efficiencies = (np.array(column) for column in table)
        for (load,) in draws(60, (1e-3, 1.3)):
            efficiency = reference.psu_efficiency(load, table)
            assert distribution.psu_efficiency(load, loads, efficiencies) == pytest.approx(efficiency, rel=1e-12)
            assert distribution.psu_input_w(load * 2e3, 2.0, 1e3, loads, efficiencies) == pytest.approx(
                load * 2e3 / efficiency, rel=1e-12
            )
        idle_w = 2e3 * loads[0] * (1 / efficiencies[0] - 1)
        assert distribution.psu_input_w(0.0, 2.0, 1e3, loads, efficiencies) == pytest.approx(idle_w)


def test_battery_step() -> None:
    for soc, wanted_w, eta_c, eta_d, aux, dt_s in draws(
        200, (0.0, 1.0), (-3e6, 3e6), (0.9, 1.0), (0.9, 1.0), (0.0, 0.03), (1.0, 3600.0)
    ):
        got = batteries.battery_step(soc, wanted_w, 3.6e9, eta_c, eta_d, 0.5, 1.0, 0.25, 0.95, 2e3, aux, dt_s)
        expected = reference.battery(soc, wanted_w, 3.6e9, (eta_c, eta_d), (0.5, 1.0), (0.25, 0.95), 2e3, aux, dt_s)
        assert got == pytest.approx(expected, rel=1e-9, abs=1e-3)


@pytest.mark.parametrize("nmc", [False, True])
def test_fatigue_of_cycles(nmc: bool) -> None:
    cycles = list(draws(60, (0.0, 1.0), (0.1, 0.9), (15.0, 45.0), (0.5, 400.0)))
    columns = [np.array(column) for column in zip(*cycles, strict=True)]
    fatigue = battery_ageing.cycles_fatigue(*columns, float(nmc))
    assert fatigue == pytest.approx(reference.xu_fatigue(cycles, nmc), rel=1e-12)


def test_loss_of_fatigue_its_slope_and_its_inverse() -> None:
    for (fatigue,) in draws(60, (0.0, 2.0)):
        loss = battery_ageing.loss_of_fatigue(fatigue)
        assert loss == pytest.approx(reference.xu_loss(fatigue), rel=1e-12, abs=1e-15)
        around = reference.xu_loss(fatigue + 1e-6) - reference.xu_loss(fatigue - 1e-6)
        assert battery_ageing.loss_slope(fatigue) == pytest.approx(around / 2e-6, rel=1e-4)
        assert battery_ageing.fatigue_of_loss(loss) == pytest.approx(fatigue, abs=1e-9)


def test_lfp_rates() -> None:
    for soc, depth, c_rate, cell_c in draws(60, (0.0, 1.0), (0.8, 1.0), (0.1, 0.65), (10.0, 45.0)):
        calendar, cycle = reference.lfp_rates(soc, depth, c_rate, cell_c)
        assert battery_ageing.lfp_anode_v(soc) == pytest.approx(reference.anode_v(soc), abs=1e-12)
        assert battery_ageing.lfp_calendar_rate(soc, cell_c) == pytest.approx(calendar, rel=1e-9)
        assert battery_ageing.lfp_cycle_rate(depth, c_rate, cell_c) == pytest.approx(cycle, rel=1e-12)


def test_a_power_law_walked_day_by_day() -> None:
    for start, rate in draws(10, (0.0, 0.1), (2e-4, 2e-3)):
        expected = reference.arrhenius_days(start, rate, 0.526, 200)
        assert battery_ageing.grown_loss(start, rate, 0.526, 200.0) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("latitude", "longitude"), SITES)
def test_sun_stands_where_pvlib_puts_it(latitude: float, longitude: float) -> None:
    expected = pvlib.solarposition.get_solarposition(MOMENTS, latitude, longitude)
    for n, moment in enumerate(MOMENTS):
        elevation, azimuth = sun.sun_position_deg(unix(moment), latitude, longitude)
        row = expected.iloc[n]
        assert elevation == pytest.approx(row.elevation, abs=0.05)
        sideways = (azimuth - row.azimuth + 180.0) % 360.0 - 180.0
        assert abs(sideways) * math.cos(math.radians(elevation)) < 0.05
        assert 0.0 <= azimuth < 360.0
        if elevation > 0.0:
            assert elevation + sun.refraction_deg(elevation) == pytest.approx(row.apparent_elevation, abs=0.05)


def test_sunlight_above_the_air_follows_the_distance_of_the_day() -> None:
    expected = pvlib.irradiance.get_extra_radiation(MOMENTS, solar_constant=sun.SOLAR_W_M2, method="nrel")
    for moment, above in zip(MOMENTS, expected, strict=True):
        assert sun.normal_w_m2(unix(moment)) == pytest.approx(above, rel=1e-3)


@pytest.mark.parametrize(("tilt", "facing"), [(0.0, 180.0), (25.0, 180.0), (90.0, 180.0), (90.0, 95.0), (60.0, 300.0)])
def test_tilted_plane_gets_what_pvlib_gives_it(tilt: float, facing: float) -> None:
    for elevation, azimuth, direct, diffuse in draws(
        60, (0.5, 89.0), (60.0, 300.0), (0.0, 950.0), (20.0, 400.0), seed=5
    ):
        level = direct * math.sin(math.radians(elevation)) + diffuse
        for model, hay_davies in (("isotropic", 0.0), ("haydavies", 1.0)):
            expected = pvlib.irradiance.get_total_irradiance(
                tilt, facing, 90.0 - elevation, azimuth, direct, level, diffuse, dni_extra=1361.0, albedo=0.2,
                model=model,
            )  # fmt: skip
            got = sun.plane_w_m2(elevation, azimuth, level, direct, diffuse, 1361.0, tilt, facing, 0.2, hay_davies)
            assert got == pytest.approx(float(expected["poa_global"]), rel=1e-9, abs=1e-6)


def test_global_sunlight_is_split_as_pvlib_splits_it() -> None:
    cases = np.array(list(draws(120, (0.0, 1100.0), (3.5, 89.0))))
    noon = pd.DatetimeIndex(["2026-06-21 12:00"] * len(cases), tz="UTC")
    above = float(pvlib.irradiance.get_extra_radiation(noon, method="spencer").iloc[0])
    expected = pvlib.irradiance.erbs(cases[:, 0], 90.0 - cases[:, 1], noon)
    columns = (np.asarray(expected[name]) for name in ("dni", "dhi"))
    for (level, elevation), dni, dhi in zip(cases.tolist(), *columns, strict=True):
        if level > above * math.sin(math.radians(elevation)):
            continue  # brighter than above the air: a matter of how to give up
        direct, diffuse = sun.split_global_w_m2(level, elevation, above)
        assert diffuse == pytest.approx(dhi, rel=1e-9, abs=1e-6)
        assert direct == pytest.approx(dni, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("mount", "name"),
    [
        (pv.OPEN_RACK, "open_rack_glass_glass"),
        (pv.CLOSE_MOUNT, "close_mount_glass_glass"),
        (pv.INSULATED_BACK, "insulated_back_glass_polymer"),
    ],
)
def test_cells_inverters_and_mounts_are_those_of_pvlib(mount: tuple[float, float, float], name: str) -> None:
    assert list(mount) == list(pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"][name].values())
    for light, air_c, wind in draws(60, (0.0, 1100.0), (-20.0, 45.0), (0.0, 15.0)):
        cells_c = pv.cell_c(light, air_c, wind, *mount)
        assert cells_c == pytest.approx(pvlib.temperature.sapm_cell(light, air_c, wind, *mount), abs=1e-9)
        direct_w = pv.dc_w(light, cells_c, 100e3, pv.PREMIUM_1_K, 0.14)
        expected_w = pvlib.pvsystem.pvwatts_dc(light, cells_c, 100e3, pv.PREMIUM_1_K) * 0.86
        assert direct_w == pytest.approx(float(expected_w), rel=1e-12, abs=1e-9)
        expected_w = pvlib.inverter.pvwatts(expected_w, 70e3 / 0.96)
        assert pv.inverter_w(direct_w, 70e3, 0.96) == pytest.approx(float(expected_w), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(("tilt", "mount"), [(20.0, pv.CLOSE_MOUNT), (90.0, pv.INSULATED_BACK)])
def test_a_summer_day_of_a_roof_and_a_facade_by_pvlib(tilt: float, mount: tuple[float, float, float]) -> None:
    hours = pd.date_range("2026-06-20 16:00", periods=24, freq="h", tz="UTC")
    place = pvlib.location.Location(31.2, 121.5)
    sky = place.get_clearsky(hours, model="haurwitz")
    position = place.get_solarposition(hours)
    parts = pvlib.irradiance.erbs(sky["ghi"], position["zenith"], hours)
    above = pvlib.irradiance.get_extra_radiation(hours, method="nrel", solar_constant=sun.SOLAR_W_M2)
    plane = pvlib.irradiance.get_total_irradiance(
        tilt, 180.0, position["zenith"], position["azimuth"], parts["dni"], sky["ghi"], parts["dhi"], dni_extra=above,
        albedo=0.2, model="haydavies",
    )["poa_global"]  # fmt: skip
    cells = pvlib.temperature.sapm_cell(plane, 28.0, 2.0, *mount)
    expected = pvlib.inverter.pvwatts(pvlib.pvsystem.pvwatts_dc(plane, cells, 60e3, -0.0035) * 0.86, 50e3 / 0.96)
    got = [
        pv.array_w(
            unix(hour), 31.2, 121.5, float(sky["ghi"].iloc[n]), float(parts["dni"].iloc[n]),
            float(parts["dhi"].iloc[n]), 28.0, 2.0, tilt, 180.0, 0.2, 60e3, -0.0035, 0.14, 50e3, 0.96, *mount,
        )
        for n, hour in enumerate(hours)
    ]  # fmt: skip
    assert sum(got) == pytest.approx(float(expected.sum()), rel=2e-3)
    assert max(got) > 3e3
    for here, there in zip(got, expected, strict=True):
        assert here == pytest.approx(float(there), abs=100.0)


def test_generator_sets() -> None:
    for output_w, rated_w in draws(40, (0.0, 2.5e6), (500e3, 2.5e6)):
        litres_h = 0.08415 * rated_w / 1e3 + 0.246 * output_w / 1e3
        assert gensets.fuel_m3_s(output_w, rated_w, 1.0) * 1e3 * 3600.0 == pytest.approx(litres_h, rel=1e-9)
