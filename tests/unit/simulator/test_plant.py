"""The simulated plant loses no joule and hides no watt, whatever happens to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.unit.simulator.builders import MILD, a_plant
from twin.simulator.plant import Plant
from twin.simulator.weather import Outdoor

# an example takes long, and a smaller one teaches nothing more: no shrinking
laws = settings(deadline=None, derandomize=True, max_examples=15, phases=[Phase.generate])


def gained_j(plant: Plant, minutes: float, share: float, outdoor: Outdoor) -> tuple[float, float]:
    """(what the stores gained, what came in less what went out) over some minutes."""
    stored_j, in_j, out_j = plant.stored_j(), plant.heat_in_j, plant.rejected_j
    plant.step(60.0 * minutes, np.array([share]), outdoor)
    return plant.stored_j() - stored_j, (plant.heat_in_j - in_j) - (plant.rejected_j - out_j)


@laws
@given(
    seed=st.none() | st.integers(0, 50),
    share=st.floats(0.05, 1.0),
    dry_c=st.floats(-15.0, 42.0),
    depression_k=st.floats(0.5, 12.0),
)
def test_what_the_stores_gain_is_what_came_in_less_what_went_out(
    seed: int | None, share: float, dry_c: float, depression_k: float
) -> None:
    plant = a_plant(seed)
    outdoor = Outdoor(dry_c, dry_c - depression_k, 0.5, dry_c - depression_k - 2.0)
    gained, balance = gained_j(plant, 30.0, share, outdoor)
    assert gained == pytest.approx(balance, rel=1e-6, abs=1e-6 * plant.heat_in_j)
    assert plant.heat_in_j > 0.0


def test_the_balance_holds_while_everything_fails_at_once() -> None:
    plant = a_plant(3)
    plant.step(1800.0, np.array([0.7]), MILD)
    plant.water.staging.available = [False] * 3
    plant.water.cells_ok = [False] * 3
    gained, balance = gained_j(plant, 15.0, 0.9, MILD)
    assert gained == pytest.approx(balance, rel=1e-6)
    assert gained > 0.0  # it gets warmer
    plant.water.staging.available = [True] * 3
    plant.water.cells_ok = [True] * 3
    gained, balance = gained_j(plant, 60.0, 0.3, MILD)
    assert gained == pytest.approx(balance, rel=1e-6)


def test_a_settled_plant_rejects_what_it_takes_in() -> None:
    plant = a_plant()
    plant.settle(np.array([0.7]), MILD, hours=6.0)
    plant.step(3600.0, np.array([0.7]), MILD)
    assert plant.rejected_j == pytest.approx(plant.heat_in_j, rel=0.02)


def test_what_the_site_buys_is_the_sum_of_its_end_uses() -> None:
    plant = a_plant(5)
    plant.step(600.0, np.array([0.8]), MILD)
    flows = plant.flows
    uses_w = flows.ups_output_w + flows.ups_loss_w + flows.cooling_w + flows.lights_w + flows.transformer_w
    assert flows.facility_w == pytest.approx(uses_w, rel=1e-12)
    assert flows.ups_output_w == pytest.approx(float(plant.air.hall_it_w.sum()) + flows.distribution_w)


def test_long_and_short_calls_lead_to_the_same_place() -> None:
    once, often = a_plant(5), a_plant(5)
    once.step(600.0, np.array([0.8]), MILD)
    for _ in range(10):
        often.step(60.0, np.array([0.8]), MILD)
    assert once.worst_inlet_c() == pytest.approx(often.worst_inlet_c(), abs=0.05)
    assert once.flows.facility_w == pytest.approx(often.flows.facility_w, rel=0.01)


def test_a_warmer_day_costs_more_cooling() -> None:
    cool, warm = a_plant(), a_plant()
    cool.step(2 * 3600.0, np.array([0.8]), MILD)
    warm.step(2 * 3600.0, np.array([0.8]), Outdoor(36.0, 27.0, 0.5, 24.0))
    assert warm.flows.cooling_w > cool.flows.cooling_w


def test_the_same_seed_is_the_same_plant_and_another_is_not() -> None:
    first, again, other = a_plant(1), a_plant(1), a_plant(2)
    for plant in (first, again, other):
        plant.step(600.0, np.array([0.7]), MILD)
    assert first.flows == again.flows
    assert first.flows != other.flows
