"""Water-cooled chillers by the reformulated EIR curves, which look at the LEAVING condenser water.

Source: EnergyPlus Chiller:Electric:ReformulatedEIR; docs/reference/equations.md#reformulated-chillers.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels.chillers import biquadratic


@kernel
def part_load_ratio(c: Floats, y: float, p: float) -> float:
    """EIRFPLR: share of full-load power at leaving condenser water `y` degC and part load `p`; `c`, shape (10,)."""
    by_y = c[0] + y * (c[1] + y * (c[2] + y * c[6]))
    by_p = p * (c[3] + p * (c[4] + p * c[7]))
    return float(by_y + by_p + y * p * (c[5] + c[8] * y + c[9] * p))


@kernel
def reformulated_power_w(
    curve: Floats,
    capacity_w: float,
    cop_rated: float,
    chws_c: float,
    condenser_in_c: float,
    condenser_w_k: float,
    load_w: float,
) -> tuple[float, float, float, float, float]:
    """(power W, heat taken up W, part load, leaving condenser water degC, 1.0 when outside the fitted box).

    `curve`, shape (29,): CAPFT 0..5, EIRFT 6..11, EIRFPLR 12..21, box 22..25 (leaving chilled water low, high; leaving
    condenser water low, high), part load 26..28 (least, most, unloading). `condenser_w_k`: capacity rate of the
    condenser water. Power and leaving water settle each other, at most 40 rounds; the leaving water always balances
    the heat and power returned. When they did not settle, as with hardly any condenser water, the result is flagged.
    """
    missing = chws_c + condenser_in_c + condenser_w_k + load_w
    if missing != missing:
        return missing, missing, missing, missing, 0.0
    x = min(max(chws_c, curve[22]), curve[23])
    rate_w_k = max(condenser_w_k, 1.0)
    leaving_c = condenser_in_c + max(load_w, 0.0) / rate_w_k
    power_w, taken_w, part_load, outside = 0.0, 0.0, 0.0, 1.0
    for _ in range(40):
        y = min(max(leaving_c, curve[24]), curve[25])
        available_w = max(capacity_w * biquadratic(curve[0:6], x, y), 1.0)
        part_load = min(max(load_w / available_w, 0.0), float(curve[27]))
        bounded = max(part_load, curve[28])
        cycling = min(part_load / max(curve[26], 1e-6), 1.0)
        by_load = part_load_ratio(curve[12:22], y, bounded) * cycling
        power_w = available_w / cop_rated * biquadratic(curve[6:12], x, y) * by_load
        taken_w = part_load * available_w
        fresh_c = condenser_in_c + (taken_w + power_w) / rate_w_k
        settled = abs(fresh_c - leaving_c) < 1e-7
        outside = 0.0 if settled and x == chws_c and y == leaving_c else 1.0
        leaving_c = fresh_c
        if settled:
            break
    return power_w, taken_w, part_load, leaving_c, outside
