"""Sites of every kind for the tests of the physics: from the plain reference site to one that has everything."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.support.facilities import a_hall, reference_facility
from twin.domain.facility import (
    Battery,
    CoolantUnits,
    Coolers,
    DxCoil,
    Facility,
    Hall,
    LiquidCooling,
    OutsideAir,
    RearDoors,
    SolarArray,
    WaterEconomiser,
)


def coolant_units(hall: str, *, count: int = 2, design_w: float = 300e3, is_tank: bool = False) -> CoolantUnits:
    """Units (or tanks) with water at 34/46 degC on the facility side and 40/52 degC on the other."""
    kind = "tank" if is_tank else "cdu"
    return CoolantUnits(
        ids=tuple(f"{hall}-{kind}-{n}" for n in range(1, count + 1)),
        hall=hall,
        is_tank=is_tank,
        design_w=design_w,
        facility_in_c=34.0,
        facility_out_c=46.0,
        coolant_supply_c=40.0,
        coolant_return_c=52.0,
        volume_j_k=(50.0 if is_tank else 0.84) * design_w,  # a bath with its servers; 200 L of coolant per MW
        pump_w=0.01 * design_w,
        fouling_frac=0.1,
        dew_margin_k=2.0,
        setpoint_c=40.0,
    )


def coolers(*, dry: bool, count: int = 3, design_w: float = 400e3) -> Coolers:
    """Machines for facility water at 46/34 degC."""
    return Coolers(
        ids=tuple(f"cooler-{n}" for n in range(1, count + 1)),
        design_w=design_w,
        design_in_c=46.0,
        design_out_c=34.0,
        design_air_c=30.0 if dry else 25.0,
        fan_w=0.03 * design_w,
        pad_frac=0.8 if dry else 0.0,
        pad_above_c=20.0,
    )


def everything(*, sink: str = "dry_coolers") -> Facility:
    """Two halls: one half on coolant with rear doors and a tank, one on air with an economiser and outside air."""
    base = reference_facility()
    first, second = base.halls
    warm = replace(
        first,
        liquid_frac=0.6,
        rear_doors=RearDoors(150e3, 36.0, 28.0, 20.0, 26.0)
        if sink == "chilled_water"
        else RearDoors(100e3, 52, 44, 34, 40),
    )
    aired = replace(second, outside_air=OutsideAir(0.8, True, 15.0, -9.0, 0.85, 150.0))
    dx = replace(
        a_hall("h3", racks=20, crahs=4, needed=3),
        crah=replace(a_hall("h3", racks=20, crahs=4, needed=3).crah, dx=DxCoil(3.4, 0.3, 15.0, 5.0, 10.0)),
    )
    return replace(
        base,
        site="everything",
        halls=(warm, aired, dx),
        plant=replace(base.plant, economiser=WaterEconomiser(1.2e6, 18.0, 9.0, 1.5, 3.0)),
        liquid=LiquidCooling(
            units=(coolant_units("h1"), coolant_units("h1", count=1, design_w=100e3, is_tank=True)),
            sink=sink,
            coolers=None if sink == "chilled_water" else coolers(dry=sink == "dry_coolers"),
            loop_m3=6.0,
            head_pa=150e3,
            efficiency_frac=0.7,
            setpoint_c=34.0,
        ),
        power=replace(
            base.power,
            batteries=(Battery("bess", 3.6e9, 0.96, 0.96, 0.5, 0.5, 0.1, 0.95, 500.0, 0.01),),
            solar=(
                SolarArray("roof", 240e3, "open_rack", 15.0, 180.0, -0.0035, 0.14, 200e3),
                SolarArray("front", 60e3, "insulated_back", 90.0, 180.0, -0.0035, 0.14, 50e3),
            ),
        ),
    )


def a_random_facility(chance: np.random.Generator) -> Facility:
    """A site drawn at random: any sizes, any systems, all of them possible."""
    halls = tuple(_a_random_hall(f"h{n}", chance) for n in range(1, int(chance.integers(1, 5)) + 1))
    load_w = sum(hall.rated_it_w for hall in halls)
    base = reference_facility()
    scale = load_w / 1.5e6
    cooled = [hall.id for hall in halls if hall.liquid_frac > 0.0 or hall.rear_doors is not None]
    sink = str(chance.choice(["chilled_water", "towers", "dry_coolers"]))
    units = tuple(
        coolant_units(h.id, count=int(chance.integers(1, 4)), design_w=h.rated_it_w * h.liquid_frac, is_tank=tank)
        for h in halls
        if h.liquid_frac > 0.0
        for tank in ([False, True] if chance.random() < 0.3 else [bool(chance.random() < 0.3)])
    )
    plant = replace(
        base.plant,
        chillers=replace(
            base.plant.chillers,
            curve=str(
                chance.choice(
                    ["carrier-19xr-1234kw", "york-ys-781kw", "carrier-19xr-1143kw", "air-cooled-screw-1050kw"]
                )
            ),
            capacity_w=base.plant.chillers.capacity_w * scale,
            auxiliary_w=float(chance.choice([0.0, 15e3])),
        ),
        cw_pumps=replace(base.plant.cw_pumps, fixed_flow_kg_s=0.0),
        towers=replace(base.plant.towers, design_w=1.2e6 * scale, basin_j_k=1e8 * scale * chance.uniform(0.2, 2.0)),
        buffer_m3=15.0 * scale * chance.uniform(0.0, 2.0),
        loop_m3=10.0 * scale,
        economiser=WaterEconomiser(1.2e6 * scale, 18.0, 9.0, 1.5, 3.0) if chance.random() < 0.5 else None,
    )
    return replace(
        base,
        halls=halls,
        plant=plant,
        liquid=LiquidCooling(
            units=units,
            sink=sink,
            coolers=None if sink == "chilled_water" else coolers(dry=sink == "dry_coolers", design_w=0.5 * load_w),
            loop_m3=4.0 * scale,
            head_pa=150e3,
            efficiency_frac=0.7,
            setpoint_c=34.0,
        )
        if cooled
        else None,
        power=replace(
            base.power,
            batteries=(Battery("bess", 3.6e9 * scale, 0.96, 0.96, 0.5, 0.5, 0.1, 0.95, 500.0, 0.01),)
            if chance.random() < 0.5
            else (),
            solar=(SolarArray("roof", 240e3, "open_rack", 15.0, 180.0, -0.0035, 0.14, 200e3),)
            if chance.random() < 0.5
            else (),
        ),
    )


def _a_random_hall(name: str, chance: np.random.Generator) -> Hall:
    racks = int(chance.integers(5, 150))
    units = max(2, round(racks * 0.12))
    hall = a_hall(name, racks=racks, crahs=units, needed=units - 1)
    hall = replace(hall, bypass_frac=float(chance.uniform(0.02, 0.4)))
    if chance.random() < 0.25:
        hall = replace(hall, crah=replace(hall.crah, dx=DxCoil(3.4, 0.3, float(chance.choice([0.0, 15.0])), 5.0, 10.0)))
    if chance.random() < 0.3:
        hall = replace(
            hall,
            outside_air=OutsideAir(
                float(chance.uniform(0.3, 1.0)),
                bool(chance.random() < 0.5),
                15.0,
                -9.0,
                float(chance.choice([0.0, 0.85])),
                150.0,
            ),
        )
    if chance.random() < 0.4:
        hall = replace(hall, liquid_frac=float(chance.uniform(0.3, 0.85)))
    if chance.random() < 0.3:
        hall = replace(hall, rear_doors=RearDoors(0.2 * hall.rated_it_w, 36.0, 28.0, 20.0, 26.0))
    return hall
