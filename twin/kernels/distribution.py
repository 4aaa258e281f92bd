"""Power distribution below the UPS: feeders, harmonics in transformers, and server power supplies.

Source: linear plus square-law losses; 80 PLUS efficiencies; docs/reference/equations.md#distribution.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, kernel
from twin.kernels.power import transformer_loss_w

# (load fraction, efficiency) of 80 PLUS, 230 V internal redundant, and of an ORv3 shelf at half load
PLATINUM = ((0.2, 0.5, 1.0), (0.90, 0.94, 0.91))
TITANIUM = ((0.1, 0.2, 0.5, 1.0), (0.90, 0.94, 0.96, 0.91))
ORV3_SHELF = ((0.5,), (0.975,))


@kernel
def feeder_input_w(output_w: float, rated_w: float, linear_frac: float, square_frac: float) -> float:
    """Input of a PDU, busway or cable that must deliver `output_w`, W.

    Its loss is `linear_frac` of its input plus `square_frac` of (input/rated) squared times the rating. Infinite when
    no input can deliver so much.
    """
    if output_w != output_w:
        return output_w
    room = 1.0 - linear_frac
    inside = room * room - 4.0 * square_frac * output_w / max(rated_w, 1e-9)
    if inside < 0.0 or room <= 0.0:
        return math.inf
    # the smaller root, in the form that loses no digits when the square term is small
    return 2.0 * output_w / (room + math.sqrt(inside))


@kernel
def feeder_loss_w(input_w: float, rated_w: float, linear_frac: float, square_frac: float) -> float:
    """Loss of a feeder from its input, W."""
    return linear_frac * input_w + square_frac * input_w * input_w / max(rated_w, 1e-9)


@kernel
def distorted_transformer_loss_w(
    load_w: float,
    count: float,
    rated_va: float,
    no_load_w: float,
    load_loss_w: float,
    power_factor: float,
    harmonics: float,
) -> float:
    """Loss of transformers whose load losses grow with harmonics, W; `harmonics` 1 is a clean sine."""
    return transformer_loss_w(load_w, count, rated_va, no_load_w, load_loss_w * max(harmonics, 1.0), power_factor)


@kernel
def psu_efficiency(load_frac: float, point_load_frac: Floats, point_efficiency_frac: Floats) -> float:
    """Efficiency of a power supply at a load, 0..1.

    Between the points of its table, each shape (n,), by straight lines; beyond the last as there; below the first its
    loss in watts stays what it is there.
    """
    if load_frac != load_frac:
        return load_frac
    last = point_load_frac.shape[0] - 1
    first_load, first = point_load_frac[0], point_efficiency_frac[0]
    if load_frac < first_load:
        x = max(load_frac, 0.0)
        lost = first_load * (1.0 / first - 1.0)
        return float(x / (x + lost)) if lost > 0.0 else 1.0
    for i in range(last):
        if load_frac < point_load_frac[i + 1]:
            share = (load_frac - point_load_frac[i]) / (point_load_frac[i + 1] - point_load_frac[i])
            rise = point_efficiency_frac[i + 1] - point_efficiency_frac[i]
            return float(point_efficiency_frac[i] + share * rise)
    return float(point_efficiency_frac[last])


@kernel
def psu_input_w(
    output_w: float, supplies: float, rated_w: float, point_load_frac: Floats, point_efficiency_frac: Floats
) -> float:
    """Input of `supplies` equal power supplies that share `output_w`, W: with A and B each has half the load.

    An idle supply still draws what its table's first point loses.
    """
    if output_w != output_w or supplies != supplies:
        return output_w + supplies
    if supplies <= 0.0:
        return 0.0 if output_w <= 0.0 else math.inf
    load_frac = max(output_w, 0.0) / (supplies * max(rated_w, 1e-9))
    if load_frac < point_load_frac[0]:
        lost = point_load_frac[0] * (1.0 / point_efficiency_frac[0] - 1.0)
        return float(supplies * rated_w * (load_frac + lost))
    return output_w / psu_efficiency(load_frac, point_load_frac, point_efficiency_frac)
