"""What runs over many plans side by side, against the same for one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.kernels import coils, tower_lanes, towers
from twin.kernels.exponential import exp_of
from twin.kernels.lanes import LANES
from twin.kernels.moist_air import saturation_enthalpy_j_kg

SEA_LEVEL_PA = 101325.0
WATER0, AIR0, UA0 = towers.size_tower(1.5e6, 35.0, 29.44, 25.55, SEA_LEVEL_PA)
CELL = (25.55, WATER0, AIR0, UA0, SEA_LEVEL_PA)


def test_the_exponential_is_that_of_the_library() -> None:
    for x in np.linspace(-6.0, 6.0, 241):
        assert exp_of(float(x)) == pytest.approx(math.exp(x), rel=1e-9)
    for x in np.linspace(-40.0, 40.0, 81):
        assert exp_of(float(x)) == pytest.approx(math.exp(x), rel=0.02)
    assert exp_of(-1e9) < 1e-16
    assert exp_of(1e9) > 1e17
    assert math.isnan(exp_of(math.nan))


def test_saturated_air_is_that_of_moist_air_and_its_slope() -> None:
    for t_c in np.linspace(-20.0, 45.0, 53):
        enthalpy, slope = towers.saturated(float(t_c), SEA_LEVEL_PA)
        around = [saturation_enthalpy_j_kg(float(t_c) + k, SEA_LEVEL_PA) for k in (0.0, -1e-4, 1e-4)]
        assert enthalpy == pytest.approx(around[0], rel=1e-8, abs=1e-4)
        if abs(t_c) > 1e-3:  # ice and water meet at 0 degC in a corner
            assert slope == pytest.approx((around[2] - around[1]) / 2e-4, rel=1e-5)


@pytest.mark.parametrize("ratio", [0.2, 0.9, 0.99999, 1.0, 1.00001, 1.2, 4.0])
@pytest.mark.parametrize("ntu", [0.05, 1.0, 6.0, 40.0])
def test_the_share_of_one_side_is_the_effectiveness_of_the_exchanger(ntu: float, ratio: float) -> None:
    weaker = coils.counterflow_effectiveness(ntu * min(ratio, 1.0) / min(ratio, 1.0), ratio)
    if ratio > 1.0:  # the other side is the weaker: its NTU is larger, and it takes a share of its own most
        weaker = coils.counterflow_effectiveness(ntu * ratio, 1.0 / ratio) / ratio
    share, slope = coils.one_side_share(ntu, ratio, 1.0, 0.0)
    assert share == pytest.approx(weaker, rel=2e-5)
    more, less = (coils.one_side_share(ntu * k, ratio, 0.0, 0.0)[0] for k in (1.0001, 0.9999))
    assert slope == pytest.approx((more - less) / (2e-4 * ntu), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("wet_bulb_c", [-6.0, 4.0, 19.0, 27.0])
@pytest.mark.parametrize("n", [1, 77, LANES])
def test_cells_of_many_plans_are_those_of_one(wet_bulb_c: float, n: int) -> None:
    chance = np.random.default_rng(int(100 + wet_bulb_c))
    cells = np.ones(tower_lanes.CELLS_SIZE)
    rows = {
        tower_lanes.WANTED_W: np.where(chance.random(n) < 0.1, 0.0, 10.0 ** chance.uniform(4.0, 6.6, n)),
        tower_lanes.WATER_IN_C: wet_bulb_c + chance.uniform(-1.0, 16.0, n),
        tower_lanes.WATER_KG_S: chance.uniform(0.2, 1.1, n) * WATER0,
        tower_lanes.FAN: chance.choice([0.0, 0.1, 0.3, 0.7, 1.0], n),
    }
    if n > 1:
        rows[tower_lanes.WANTED_W][1] = math.nan
    for row, values in rows.items():
        cells[row : row + n] = values
    tower_lanes.cell_fans_for_heat(cells, n, wet_bulb_c, *CELL)
    kinds = set()
    for w in range(n):
        wanted_w, water_in_c, water_kg_s, guess = (float(values[w]) for values in rows.values())
        fan, got_w = towers.cell_fan_for_heat(wanted_w, water_in_c, wet_bulb_c, CELL[0], water_kg_s, *CELL[1:], guess)
        assert cells[tower_lanes.FAN + w] == pytest.approx(fan, rel=2e-5, abs=1e-9, nan_ok=True)
        assert cells[tower_lanes.GOT_W + w] == pytest.approx(got_w, rel=2e-5, abs=1e-3, nan_ok=True)
        kinds.add("full" if fan >= 1.0 else "cycling" if fan < 0.2 else "running")
    assert n == 1 or kinds == {"full", "cycling", "running"}
