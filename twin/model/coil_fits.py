"""Coils in closed form, for the rollout: what they take when fully open, and the water they need for less.

Fitted once for each kind of coil to the effectiveness-NTU coil itself; docs/reference/equations.md#rollout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats
from twin.kernels.coils import coil_heat_w, water_for_heat_kg_s
from twin.model.compiled import CompiledSite

LEAST_AIR = 0.25  # of the rated flow: slower than any fan's least speed is not fitted
AIR_POINTS, PLACE_POINTS = 13, 41
POLES = (np.linspace(0.85, 1.05, 9), np.linspace(-0.35, 0.05, 11))
NEAREST_POLE = 0.999


@dataclass(frozen=True, slots=True)
class Coils:
    """`kind` (n_hall,): a hall's row in the others.

    `opened` (n_coil, 3): heat per kelvin with the valve open, W/K, a parabola in the air fraction x. `water`
    (n_coil, 14): with s the heat over that of the open valve, the water over its most is
    s (c0 + c1 s + c2 s^2 + c3 s^3)/(1 - (p0 + p1 x) s), each c a parabola in x; in the order p0, p1, c00, c01, c02, ...
    """

    kind: Floats
    opened: Floats
    water: Floats

    @staticmethod
    def of(site: CompiledSite) -> Coils:
        """Every hall's coil; halls with equal coils share a fit."""
        halls = [site.halls[h] for h in range(len(site.halls))]
        designs = [
            tuple(float(v) for v in (h.air0_kg_s, h.water0_kg_s, h.ua0_w_k, h.ha_ratio, h.water_max_kg_s))
            for h in halls
        ]
        kinds = list(dict.fromkeys(designs))
        fits = [_fitted(*kind) for kind in kinds]
        return Coils(
            np.array([float(kinds.index(design)) for design in designs]),
            np.array([opened for opened, _ in fits]),
            np.array([water for _, water in fits]),
        )


def _fitted(air0: float, water0: float, ua0: float, ha_ratio: float, most: float) -> tuple[Floats, Floats]:
    air, place = np.linspace(LEAST_AIR, 1.0, AIR_POINTS), np.linspace(0.0, 1.0, PLACE_POINTS)[1:]
    opened = np.array([coil_heat_w(1.0, 0.0, float(x) * air0, most, air0, water0, ua0, ha_ratio) for x in air])
    water = np.array(
        [
            [
                water_for_heat_kg_s(float(s * q), 1.0, 0.0, float(x) * air0, air0, water0, most, ua0, ha_ratio, 0.0)[0]
                / most
                for s in place
            ]
            for x, q in zip(air, opened, strict=True)
        ]
    )
    return np.polynomial.polynomial.polyfit(air, opened, 2), _rational(air, place, water)


def _rational(air: Floats, place: Floats, water: Floats) -> Floats:
    """The best of many poles, each with its least squares of the relative error."""
    x, s = (grid.ravel() for grid in np.meshgrid(air, place, indexing="ij"))
    weight = 1.0 / (water.ravel() + 0.02)
    terms = np.stack([s ** (i + 1) * x**j for i in range(4) for j in range(3)], axis=1) * weight[:, None]
    best, found = np.inf, np.zeros(14)
    for p0 in POLES[0]:
        for p1 in POLES[1]:
            pole = p0 + p1 * x
            if pole.max() >= NEAREST_POLE:
                continue
            over = terms / (1.0 - pole * s)[:, None]
            c, *_ = np.linalg.lstsq(over, water.ravel() * weight, rcond=None)
            worst = float(np.abs(over @ c - water.ravel() * weight).max())
            if worst < best:
                best, found = worst, np.concatenate([[p0, p1], c])
    return found
