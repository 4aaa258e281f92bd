"""Key figures: what counts, what it is called, and what is never left out."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from twin.domain.errors import DataTooPoor
from twin.report.metrics import (
    Category,
    Period,
    SiteEnergy,
    cer,
    cue,
    ere,
    erf,
    itee_servers,
    iteu_servers,
    pue,
    pue_without_it_fans,
    ref,
    wue,
)

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


def a_period(days: float = 365.0, *, seen_frac: float = 1.0, start_at: datetime = NEW_YEAR) -> Period:
    return Period(start_at, start_at + timedelta(days=days), int(days * 96 * seen_frac))


def an_energy(**changes: float) -> SiteEnergy:
    told: dict[str, Any] = {"it_kwh": 1000.0, "grid_kwh": 1300.0}
    return SiteEnergy(**(told | changes))


# --- PUE and its names
def test_pue_is_total_over_it_and_names_its_category() -> None:
    figure = pue(an_energy(), Category.PUE2, a_period())
    assert (figure.name, figure.value) == ("PUE2", pytest.approx(1.3))
    assert figure.remarks == ("IT metered at PDU output",)
    assert str(figure) == "PUE2 1.300 (2025-01-01 to 2026-01-01; coverage 100.0 %; IT metered at PDU output)"


def test_the_reference_plant_at_two_metering_points() -> None:
    at_pdu = pue(SiteEnergy(it_kwh=1500.0, grid_kwh=1932.8), Category.PUE2, a_period())
    at_ups = pue(SiteEnergy(it_kwh=1515.15, grid_kwh=1932.8), Category.PUE1, a_period())
    assert (at_ups.name, at_ups.value) == ("PUE1", pytest.approx(1.2756, abs=1e-4))
    assert (at_pdu.name, at_pdu.value) == ("PUE2", pytest.approx(1.289, abs=1e-3))


@pytest.mark.parametrize("days", [30.0, 364.0])
def test_less_than_twelve_months_is_interim_and_says_so(days: float) -> None:
    figure = pue(an_energy(), Category.PUE1, a_period(days))
    assert figure.name == "iPUE1"
    assert "interim: less than 12 months" in figure.remarks


def test_a_year_that_begins_on_a_leap_day_is_whole_a_day_later() -> None:
    leap_day = datetime(2024, 2, 29, tzinfo=UTC)
    assert not a_period(365.0, start_at=leap_day).annual
    assert a_period(366.0, start_at=leap_day).annual


def test_a_part_of_the_site_and_a_prediction_have_their_own_names() -> None:
    part = pue(an_energy(), Category.PUE3, a_period(), part="hall 2")
    design = pue(an_energy(), Category.PUE1, a_period(), design=True)
    assert (part.name, part.remarks) == ("pPUE3", ("IT metered at input of IT equipment", "of hall 2 only"))
    assert (design.name, design.remarks) == ("dPUE1", ("IT metered at UPS output", "predicted"))


@pytest.mark.parametrize(("seen_frac", "flagged"), [(1.0, False), (0.9901, False), (0.985, True), (0.0, True)])
def test_gaps_of_more_than_one_slot_in_a_hundred_are_flagged(seen_frac: float, flagged: bool) -> None:
    figure = pue(an_energy(), Category.PUE2, a_period(seen_frac=seen_frac))
    assert any("data gaps" in remark for remark in figure.remarks) == flagged


def test_panels_on_the_roof_cannot_lower_pue() -> None:
    without = pue(an_energy(), Category.PUE2, a_period())
    with_panels = pue(an_energy(grid_kwh=1000.0, own_generation_kwh=300.0), Category.PUE2, a_period())
    assert with_panels.value == without.value


def test_what_is_exported_does_not_count() -> None:
    figure = pue(an_energy(own_generation_kwh=500.0, exported_kwh=500.0), Category.PUE2, a_period())
    assert figure.value == pytest.approx(1.3)


def test_energy_that_is_not_electricity_counts_by_its_weight() -> None:
    energy = an_energy(chilled_water_kwh=100.0, condenser_water_kwh=100.0, fuel_kwh=100.0)
    assert energy.total_kwh == pytest.approx(1300.0 + 40.0 + 3.0 + 35.0)


def test_server_fans_counted_as_cooling_raise_pue() -> None:
    """The same work with hotter inlets: 50 kWh more in fans lower the PUE, and not the corrected one."""
    cool, hot = (
        SiteEnergy(it_kwh=1000.0 + more, grid_kwh=1300.0 + more, it_fan_kwh=20.0 + more) for more in (0.0, 50.0)
    )
    period = a_period()
    assert pue(hot, Category.PUE2, period).value < pue(cool, Category.PUE2, period).value
    corrected_cool, corrected_hot = (pue_without_it_fans(e, Category.PUE2, period) for e in (cool, hot))
    assert corrected_cool.value == pytest.approx(1300.0 / 980.0)
    assert corrected_hot.value == pytest.approx(1350.0 / 980.0)
    assert corrected_hot.name == "PUE2 without IT fans"


# --- the other ratios
def test_water_and_carbon_per_it_energy() -> None:
    assert str(wue(1800.0, an_energy(), a_period())).startswith("WUE 1.800 L/kWh")
    assert cue(536.6 * 1.3, an_energy(), a_period()).value == pytest.approx(0.69758)


def test_renewable_share_ends_at_one_and_says_what_was_cut() -> None:
    assert ref(650.0, an_energy(), a_period()).value == pytest.approx(0.5)
    figure = ref(2600.0, an_energy(), a_period())
    assert figure.value == 1.0
    assert "renewable energy is 2.000 of the total; 1 is the most that counts" in figure.remarks


def test_reused_heat_lowers_ere_and_not_pue() -> None:
    assert erf(130.0, an_energy(), a_period()).value == pytest.approx(0.1)
    assert ere(130.0, an_energy(), a_period()).value == pytest.approx(0.9 * 1.3)


def test_cooling_efficiency() -> None:
    assert cer(1050.0, 210.0, a_period()).value == pytest.approx(5.0)


def test_servers_performance_and_utilisation() -> None:
    assert itee_servers([100.0, 300.0], [200.0, 300.0], a_period()).value == pytest.approx(0.8)
    figure = iteu_servers([0.2, 0.6, math.nan, 0.4], a_period())
    assert figure.value == pytest.approx(0.4)
    assert "1 of 4 values missing" in figure.remarks


# --- what is refused
@pytest.mark.parametrize(
    "broken",
    [
        lambda: an_energy(it_kwh=math.nan),
        lambda: an_energy(grid_kwh=-1.0),
        lambda: an_energy(it_fan_kwh=1001.0),
        lambda: pue(an_energy(it_kwh=0.0), Category.PUE1, a_period()),
        lambda: pue(an_energy(grid_kwh=900.0), Category.PUE1, a_period()),
        lambda: Period(datetime(2025, 1, 1), datetime(2026, 1, 1), 0),
        lambda: Period(NEW_YEAR, NEW_YEAR, 0),
        lambda: a_period(1.0, seen_frac=1.1),
        lambda: a_period(1.0, seen_frac=-0.1),
        lambda: wue(math.inf, an_energy(), a_period()),
        lambda: cue(-1.0, an_energy(), a_period()),
        lambda: erf(1301.0, an_energy(), a_period()),
        lambda: cer(100.0, 0.0, a_period()),
        lambda: itee_servers([1.0], [1.0, 2.0], a_period()),
        lambda: itee_servers([], [], a_period()),
        lambda: iteu_servers([math.nan], a_period()),
        lambda: iteu_servers([40.0], a_period()),
    ],
)
def test_figures_without_a_footing_are_refused(broken: Any) -> None:
    with pytest.raises(DataTooPoor):
        broken()
