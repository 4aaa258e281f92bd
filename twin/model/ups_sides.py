"""The sides of the UPS without the grid or without each other: how long their batteries last, who carries the load.

Source: docs/reference/equations.md#ride-through and #ups-modules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from twin.domain.arrays import Floats
from twin.domain.facility import Ups, UpsCurve


def battery_s(sides: Sequence[Ups], charge_frac: Floats, load_w: float) -> float:
    """Seconds for which the UPS sides carry `load_w` from their batteries; an unknown charge is none.

    The sides that still can share the load equally. When one is empty the others take its share, or drop the load
    where that is beyond their rating. A battery gives at part load as much energy as at full load, losses included.
    """
    if math.isnan(load_w):
        return 0.0
    energy_j = [
        max(0.0, float(frac)) * side.autonomy_s * drawn_w(side, rated_w(side))  # max(0, NaN) is 0
        for side, frac in zip(sides, charge_frac, strict=True)
    ]
    alive, gone_s = [k for k in range(len(sides)) if energy_j[k] > 0.0], 0.0
    while alive:
        each_w = load_w / len(alive)
        if any(each_w > rated_w(sides[k]) for k in alive):
            break
        lasts_s = min(energy_j[k] / drawn_w(sides[k], each_w) for k in alive)
        gone_s += lasts_s
        for k in alive:
            energy_j[k] -= lasts_s * drawn_w(sides[k], each_w)
        alive = [k for k in alive if energy_j[k] > 1e-6 * drawn_w(sides[k], rated_w(sides[k]))]
    return gone_s


def short_side(sides: Sequence[Ups], load_w: float) -> int:
    """A side without which the others could not carry `load_w` in equal parts, -1 when there is none.

    A site with one side has nothing to lose.
    """
    for lost in range(len(sides)):
        left = [side for k, side in enumerate(sides) if k != lost]
        if left and not all(load_w / len(left) <= rated_w(side) for side in left):
            return lost
    return -1


def rated_w(side: Ups) -> float:
    """What one side carries at most."""
    return side.modules * side.module_w


def drawn_w(side: Ups, output_w: float) -> float:
    """What the battery of a side gives for this output."""
    return output_w + _loss_w(side.double_conversion, output_w, rated_w(side))


def _loss_w(curve: UpsCurve, output_w: float, full_w: float) -> float:
    x = output_w / full_w
    return full_w * (curve.constant + curve.linear * x + curve.square * x * x)
