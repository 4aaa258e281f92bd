"""What a site may have beyond air handlers on chilled water: each table of site.toml and what it becomes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.sitefile.builders import messages, with_changes
from twin.domain.facility import (
    Battery,
    CoolantUnits,
    Coolers,
    CrahGroup,
    DxCoil,
    Facility,
    Generators,
    OutsideAir,
    RearDoors,
    SolarArray,
    WaterEconomiser,
)
from twin.shipped import shipped_config
from twin.sitefile.load import load_site
from twin.sitefile.problems import Problems
from twin.sitefile.read import parse, read_directory
from twin.sitefile.schema_site import SiteFile
from twin.sitefile.topology import Topology


@pytest.fixture(scope="module")
def full() -> Facility:
    return load_site(shipped_config("site.full")).facility


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_config("site.full"), tmp_path / "site"))


@pytest.mark.parametrize("name", ["demo", "site.example"])
def test_a_site_that_names_none_of_it_has_none_of_it(name: str) -> None:
    facility = load_site(shipped_config(name)).facility
    hall, power = facility.halls[0], facility.power

    assert (facility.liquid, facility.latitude_deg, facility.longitude_deg) == (None, 0.0, 0.0)
    assert (hall.liquid_frac, hall.outside_air, hall.rear_doors, hall.crah.dx) == (0.0, None, None, None)
    assert (facility.plant.economiser, facility.plant.chillers.own_curve) == (None, None)
    assert (power.batteries, power.solar, power.generators) == ((), (), None)


def test_direct_expansion_stands_in_place_of_air_handlers(full: Facility) -> None:
    assert full.halls[0].crah == CrahGroup(
        ids=("h1-crac-1", "h1-crac-2", "h1-crac-3", "h1-crac-4", "h1-crac-5"),
        needed=4,
        design_w=50e3,
        design_flow_m3_s=4.2,
        design_fan_w=3200.0,
        design_return_c=32.0,
        design_supply_c=21.0,
        design_chw_in_c=15.0,
        design_chw_out_c=21.0,
        air_to_water_ha_ratio=0.5,
        min_fan_frac=0.3,
        max_fan_frac=1.0,
        dx=DxCoil(3.4, 0.3, 15.0, 5.0, 10.0),
    )
    assert full.halls[1].crah.dx is None


def test_direct_expansion_without_pumped_refrigerant_needs_three_keys_less(site: Path) -> None:
    facility = with_changes(
        site,
        ("economiser_cop = 15 ", "# "),
        ("economiser_full_c = 5 ", "# "),
        ("economiser_off_c = 10 ", "# "),
        ("least_speed_frac", "# "),
    )
    assert facility.halls[0].crah.dx == DxCoil(3.4, 0.3, 0.0, 5.0, 10.0)


def test_points_of_air_handlers_fit_direct_expansion_too() -> None:
    points = load_site(shipped_config("site.full")).points
    assert "h1-crac-3/supply_c" in points
    assert "h1-crac-3/valve_frac" not in points


def test_a_hall_has_coolant_rear_doors_and_outside_air(full: Facility) -> None:
    first, second = full.halls
    assert (first.liquid_frac, second.liquid_frac) == (0.75, 0.0)
    assert first.rear_doors == RearDoors(50e3, 38.0, 34.7, 32.0, 35.0)
    assert second.outside_air == OutsideAir(0.9, True, 15.0, -9.0, 0.85, 150.0)
    assert (first.outside_air, second.rear_doors) == (None, None)


def test_outside_air_needs_no_key(site: Path) -> None:
    text = (site / "site.toml").read_text()
    keys = text[text.index("most_frac") : text.index("# ---- water plant")]
    assert with_changes(site, (keys, "\n")).halls[1].outside_air == OutsideAir(1.0, False, 15.0, -9.0, 0.0, 150.0)


def test_coolant_units_and_tanks(full: Facility) -> None:
    assert full.liquid is not None
    assert full.liquid.units == (
        CoolantUnits(
            ids=("h1-cdu-1", "h1-cdu-2", "h1-cdu-3"),
            hall="h1",
            is_tank=False,
            design_w=300e3,
            facility_in_c=32.0,
            facility_out_c=42.0,
            coolant_supply_c=36.0,
            coolant_return_c=46.0,
            volume_j_k=0.08 * 4.009e6,
            pump_w=3000.0,
            fouling_frac=0.1,
            dew_margin_k=2.0,
            setpoint_c=36.0,
        ),
        CoolantUnits(
            ids=("h1-tank-1",),
            hall="h1",
            is_tank=True,
            design_w=100e3,
            facility_in_c=32.0,
            facility_out_c=40.0,
            coolant_supply_c=40.0,
            coolant_return_c=48.0,
            volume_j_k=1.0 * 1.8e6 + 250e3,
            pump_w=1200.0,
            fouling_frac=0.0,
            dew_margin_k=2.0,
            setpoint_c=48.0,
        ),
    )


def test_fluids_are_pg25_and_oil_unless_said(site: Path) -> None:
    liquid = with_changes(site, ("fluid_j_m3_k = 4.009e6", "# "), ("fluid_j_m3_k = 1.8e6", "# ")).liquid
    assert liquid is not None
    assert [units.volume_j_k for units in liquid.units] == [0.08 * 4.009e6, 1.8e6 + 250e3]


def test_facility_water_and_its_coolers(full: Facility) -> None:
    liquid = full.liquid
    assert liquid is not None
    assert (liquid.sink, liquid.loop_m3, liquid.head_pa, liquid.efficiency_frac, liquid.setpoint_c) == (
        "dry_coolers", 6.0, 180e3, 0.7, 30.0,
    )  # fmt: skip
    assert liquid.coolers == Coolers(("dry-1", "dry-2", "dry-3"), 300e3, 42.0, 32.0, 26.0, 12e3, 0.8, 20.0)


def test_towers_have_no_pad(site: Path) -> None:
    liquid = with_changes(
        site, ('sink = "dry_coolers"', 'sink = "towers"'), ("pad_frac = 0.8 ", "# "), ("pad_above_c = 20 ", "# ")
    ).liquid
    assert liquid is not None
    assert liquid.coolers == Coolers(("dry-1", "dry-2", "dry-3"), 300e3, 42.0, 32.0, 26.0, 12e3, 0.0, 20.0)


def test_on_chilled_water_there_is_no_loop_of_its_own(site: Path) -> None:
    text = (site / "site.toml").read_text()
    loop = text[text.index("loop_m3 = 6") : text.index("# Units and tanks of a hall")]
    coolers = text[text.index("[liquid.coolers]\ncount") : text.index("# ---- power")]
    liquid = with_changes(site, (loop, "\n"), (coolers, ""), ('sink = "dry_coolers"', 'sink = "chilled_water"')).liquid
    assert liquid is not None
    assert (liquid.sink, liquid.coolers, liquid.loop_m3, liquid.head_pa) == ("chilled_water", None, 0.0, 0.0)


def test_the_economiser_of_the_water_plant(full: Facility) -> None:
    assert full.plant.economiser == WaterEconomiser(200e3, 20.0, 12.0, 1.5, 2.0)


def test_batteries_solar_arrays_and_standby_sets(full: Facility) -> None:
    assert full.power.batteries == (Battery("bess-1", 3.6e9, 0.96, 0.96, 0.5, 0.5, 0.1, 0.95, 800.0, 0.02),)
    assert full.power.solar == (
        SolarArray("pv-roof", 240e3, "open_rack", 15.0, 180.0, -0.0035, 0.14, 200e3),
        SolarArray("pv-front", 60e3, "insulated_back", 90.0, 200.0, -0.0035, 0.14, 50e3),
    )
    assert full.power.generators == Generators(("gen-1", "gen-2"), 1.2e6, 0.3)
    assert (full.latitude_deg, full.longitude_deg) == (50.1, 8.7)


def test_equal_batteries_are_counted(site: Path) -> None:
    batteries = with_changes(site, ('id = "bess-{n}"', 'id = "bess-{letter}"\ncount = 2')).power.batteries
    assert [battery.id for battery in batteries] == ["bess-a", "bess-b"]


def test_all_that_has_an_id_is_an_asset_of_its_class_and_hall() -> None:
    problems = Problems()
    content = read_directory(shipped_config("site.full"), problems)["site.toml"]
    file = parse("site.toml", content, SiteFile, problems)
    assert file is not None
    topology = Topology(file, problems)
    assert topology.build() is not None

    of_class: dict[str, list[str]] = {}
    for asset in topology.assets:
        of_class.setdefault(asset.asset_class, []).append(asset.id)
    assert of_class["crah"][4:6] == ["h1-crac-5", "h2-crah-1"]
    assert of_class["cdu"] == ["h1-cdu-1", "h1-cdu-2", "h1-cdu-3"]
    assert of_class["tank"] == ["h1-tank-1"]
    assert of_class["cooler"] == ["dry-1", "dry-2", "dry-3"]
    assert of_class["battery"] == ["bess-1"]
    assert of_class["solar"] == ["pv-roof", "pv-front"]
    assert of_class["generator"] == ["gen-1", "gen-2"]
    (unit,) = (asset for asset in topology.assets if asset.id == "h1-cdu-2")
    assert (unit.hall, unit.fields["cdu"], unit.fields["n"]) == ("h1", "cdu-2", 2)


def test_each_equal_hall_needs_units_of_its_own(site: Path) -> None:
    found = messages(site, ('id = "h1"', 'id = "h{n}"\ncount = 2'), ('id = "h2"', 'id = "h3"'))
    assert 'halls[0].liquid_frac: liquid_frac = 0.75, but hall "h2" has no coolant unit and no tank' in found
