"""The closed forms of the rollout against the coil they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.facilities import reference_facility
from twin.kernels.coils import coil_heat_w, water_for_heat_kg_s
from twin.model.coil_fits import Coils
from twin.model.compiled import compile_site
from twin.study.speed import many_halls

SITE = compile_site(reference_facility())
HALL = SITE.halls[0]
COIL = tuple(float(v) for v in (HALL.air0_kg_s, HALL.water0_kg_s, HALL.ua0_w_k, HALL.ha_ratio))
MOST = float(HALL.water_max_kg_s)


def test_an_open_coil_is_a_parabola_in_its_air() -> None:
    k0, k1, k2 = Coils.of(SITE).opened[0]
    for x in np.linspace(0.3, 1.0, 15):
        exact = coil_heat_w(1.0, 0.0, float(x) * COIL[0], MOST, *COIL)
        assert k0 + k1 * x + k2 * x * x == pytest.approx(exact, rel=0.004)


def test_the_water_for_less_heat_is_a_rational_function() -> None:
    p0, p1, *c = Coils.of(SITE).water[0]
    for x in np.linspace(0.3, 1.0, 8):
        air = float(x) * COIL[0]
        opened = coil_heat_w(1.0, 0.0, air, MOST, *COIL)
        for s in np.linspace(0.05, 1.0, 20):
            exact, _ = water_for_heat_kg_s(
                float(s * opened), 1.0, 0.0, air, COIL[0], COIL[1], MOST, COIL[2], COIL[3], 0.0
            )
            top = sum((c[3 * i] + x * (c[3 * i + 1] + x * c[3 * i + 2])) * s**i for i in range(4))
            assert s * top / (1.0 - (p0 + p1 * x) * s) == pytest.approx(exact / MOST, abs=0.002, rel=0.01)


def test_equal_coils_share_a_fit() -> None:
    coils = Coils.of(compile_site(many_halls(8)))
    assert coils.kind.tolist() == [0.0] * 8
    assert coils.water.shape == (1, 14)
