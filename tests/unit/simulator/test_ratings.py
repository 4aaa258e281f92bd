"""A site with systems that the simulated plant has no physics of is refused by name, never simulated without them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.facilities import small_facility
from tests.support.sites import coolant_units, everything
from twin.domain.errors import UnknownTopology
from twin.domain.facility import DxCoil, Facility, Hall, LiquidCooling
from twin.simulator.ratings import rate

FULL = everything()


SMALL = small_facility()
HALL = SMALL.halls[0]


def of(hall: Hall) -> Facility:
    return replace(SMALL, halls=(hall,))


UNKNOWN = {
    "direct-expansion units": of(replace(HALL, crah=replace(HALL.crah, dx=DxCoil(3.4, 0.3, 0.0, 5.0, 10.0)))),
    "outside air": of(replace(HALL, outside_air=FULL.halls[1].outside_air)),
    "rear doors": of(replace(HALL, rear_doors=FULL.halls[0].rear_doors)),
    "water-side economiser": replace(SMALL, plant=replace(SMALL.plant, economiser=FULL.plant.economiser)),
    "liquid cooling": replace(
        SMALL, liquid=LiquidCooling((coolant_units("h1"),), "chilled_water", None, 0.0, 0.0, 1.0, 0.0)
    ),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_is_not_simulated_is_refused_by_name(what: str) -> None:
    with pytest.raises(UnknownTopology, match=f"the simulated site has no {what} yet"):
        rate(UNKNOWN[what])


def test_coolant_alone_is_refused() -> None:
    with pytest.raises(UnknownTopology, match=r"no liquid cooling yet.*halls\[0\].liquid_frac"):
        rate(of(replace(HALL, liquid_frac=0.5)))


def test_a_chiller_of_ones_own_is_refused() -> None:
    bank = replace(SMALL.plant.chillers, curve="own")
    with pytest.raises(UnknownTopology, match="no chiller 'own'"):
        rate(replace(SMALL, plant=replace(SMALL.plant, chillers=bank)))


def test_batteries_and_solar_arrays_stand_beside_the_plant() -> None:
    power = replace(SMALL.power, batteries=FULL.power.batteries, solar=FULL.power.solar)
    assert rate(replace(SMALL, power=power)).rack_rated_w.sum() == rate(SMALL).rack_rated_w.sum()
