"""A site directory becomes a Site: what stands in the files is what comes out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.facilities import reference_facility
from twin.domain.actuators import Kind, Mode
from twin.domain.errors import ConfigError
from twin.shipped import shipped_config
from twin.sitefile.load import load_site


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_config("demo"), tmp_path / "site"))


def changed(directory: Path, file: str, old: str, new: str) -> None:
    path = directory / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_demo_is_the_reference_facility() -> None:
    facility = load_site(shipped_config("demo")).facility
    by_hand = reference_facility()

    assert [hall.rated_it_w for hall in facility.halls] == [750e3, 750e3]
    assert facility.halls[0].crah == by_hand.halls[0].crah
    assert facility.halls[1].racks[20].id == "h2-r021"
    assert facility.halls[0].fleet == by_hand.halls[0].fleet
    assert facility.plant.chillers.ids == ("ch-1", "ch-2", "ch-3")
    assert facility.plant.cw_pumps == by_hand.plant.cw_pumps
    assert facility.plant.towers.basin_j_k == pytest.approx(by_hand.plant.towers.basin_j_k, rel=0.01)
    assert facility.power == by_hand.power


def test_demo_maps_every_point_once_in_about_sixty_messages() -> None:
    site = load_site(shipped_config("demo"))

    assert len(site.points) == 606
    assert sorted(rule.point for rule in site.topics.rules) == list(range(606))
    assert all(point.index == i for i, point in enumerate(site.points))
    assert len(site.topics.subscriptions) == 62
    assert {rule.codec for rule in site.topics.rules} == {"scalar", "json", "batch", "line"}


def test_a_rack_is_read_from_its_rows_message() -> None:
    site = load_site(shipped_config("demo"))
    rule = next(rule for rule in site.topics.rules if rule.point == site.points.index("h1-r021/power_w"))

    assert (rule.topic, rule.values_path, rule.value_path) == ("dc/demo/h1/row-03/telemetry", "values", "r021.power")
    assert (rule.wire_unit, rule.scale, rule.offset) == ("kW", 1000.0, 0.0)
    assert (rule.time_path, rule.time_unit, rule.errors_path) == ("timestamp", "ms", "errors")


def test_every_actuator_has_its_readback_and_side_a_never_goes_to_eco() -> None:
    site = load_site(shipped_config("demo"))
    actuators = site.limits.actuators

    assert [actuator.point for actuator in actuators] == [
        "h1/supply_air_sp_c",
        "h2/supply_air_sp_c",
        "plant/chws_sp_c",
        "plant/cws_sp_c",
        "ups-a/mode",
        "ups-b/mode",
    ]
    assert all(actuator.point in site.points for actuator in actuators)
    side_a, side_b = actuators.of_kind(Kind.UPS_MODE)
    assert (side_a.high, side_b.high) == (0.0, 1.0)
    assert actuators.of_kind(Kind.SUPPLY_AIR)[1].hall == "h2"
    assert site.control.mode is Mode.SHADOW


def test_every_reading_stays_fresh_between_two_cycles_of_a_minute() -> None:
    site = load_site(shipped_config("demo"))
    assert all(point.stale_after_s >= 3 * site.control.period_s for point in site.points)


def test_hashes_follow_the_files(demo: Path) -> None:
    before = load_site(demo)
    changed(demo, "control.toml", "period_s = 60", "period_s = 59")
    after_control = load_site(demo)
    changed(demo, "limits.toml", "high = 25", "high = 24.5")
    after_limits = load_site(demo)

    assert len(before.config_hash) == len(before.limits.hash) == 16
    assert after_control.config_hash != before.config_hash
    assert after_control.limits.hash == before.limits.hash
    assert after_limits.limits.hash != before.limits.hash
    assert load_site(demo).config_hash == after_limits.config_hash


def test_a_band_over_midnight_is_two_windows_and_the_rest_covers_the_day() -> None:
    tariff = load_site(shipped_config("site.example")).tariff

    price = [tariff.price_per_kwh(int((hour - 1) * 3600e9)) for hour in (23, 3, 7, 21.5)]  # local hours at UTC+1
    assert price == [0.15, 0.15, 0.21, 0.21]


def test_a_mistake_in_one_file_does_not_hide_those_in_others(demo: Path) -> None:
    changed(demo, "site.toml", "needed = 10", "needed = 13")
    changed(demo, "points.toml", 'unit = "kW"', 'unit = "kX"')
    changed(demo, "points.toml", "ignore = ", "ignored = ")
    changed(demo, "limits.toml", "warn_c = 27", "warn_c = 31")
    changed(demo, "tariff.toml", "end_hour = 12", "end_hour = 19")

    with pytest.raises(ConfigError) as caught:
        load_site(demo)

    assert {problem.file for problem in caught.value.problems} == {
        "site.toml",
        "points.toml",
        "limits.toml",
        "tariff.toml",
    }


def test_an_actuator_without_readback_is_refused(demo: Path) -> None:
    changed(demo, "points.toml", 'cws_sp_c = { path = "condenser_supply/value", unit = "degC" }\n', "")

    with pytest.raises(ConfigError) as caught:
        load_site(demo)

    (problem,) = caught.value.problems
    assert (problem.file, problem.key) == ("limits.toml", "setpoints[2].point")
    assert "has no readback point" in problem.message


def test_groups_of_racks_go_on_counting() -> None:
    hall = load_site(shipped_config("site.example")).facility.halls[0]

    assert [rack.id for rack in hall.racks][14:18] == ["h1-r15", "h1-r16", "h1-r17", "h1-r18"]
    assert [rack.rated_w for rack in hall.racks][15:17] == [6000.0, 15000.0]


def test_a_fleet_and_a_ups_curve_may_be_given_in_full(demo: Path) -> None:
    own = "{ reference_c = 22, speed_start_c = 24, leakage_per_k = 0.003, fan_share_frac = 0.02, speed_per_k = 0.06 }"
    changed(demo, "site.toml", 'fleet = "modern"', f"fleet = {own}")
    changed(demo, "site.toml", 'eco = "eco"', "eco = { a = 0.004, b = 0.002, c = 0.003 }")

    facility = load_site(demo).facility

    assert facility.halls[0].fleet.leakage_per_k == 0.003
    assert facility.power.ups[0].eco.constant == 0.004


def test_a_wrong_key_inside_a_full_fleet_is_named(demo: Path) -> None:
    changed(demo, "site.toml", 'fleet = "modern"', "fleet = { reference_c = 22, speed_star_c = 24 }")

    with pytest.raises(ConfigError) as caught:
        load_site(demo)

    by_key = {problem.key: problem for problem in caught.value.problems}
    assert by_key["halls[0].fleet.speed_star_c"].fix == "did you mean speed_start_c?"
    assert "halls[0].fleet.leakage_per_k" in by_key


@pytest.mark.parametrize("hostile", ["a = " + "[" * 5000, "a = " + "9" * 5000, "a." * 3000 + "b = 1", "[[a]]\n" * 2000])
def test_hostile_toml_is_a_problem_and_not_a_crash(demo: Path, hostile: str) -> None:
    (demo / "control.toml").write_text(hostile)
    with pytest.raises(ConfigError):
        load_site(demo)
