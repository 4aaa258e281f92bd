"""Water-cooled chillers by the EIR curves, clamped to the box they were fitted in.

Source: EnergyPlus Chiller:Electric:EIR (DOE-2 lineage); the lift correction outside the box is our own extension.
See docs/reference/equations.md#chillers.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel


@kernel
def biquadratic(c: Floats, x: float, y: float) -> float:
    """c0 + c1 x + c2 x^2 + c3 y + c4 y^2 + c5 x y."""
    return float(c[0] + c[1] * x + c[2] * x * x + c[3] * y + c[4] * y * y + c[5] * x * y)


@kernel
def _clamped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


@kernel
def chiller_capacity_w(curve: Floats, capacity_w: float, chws_c: float, condenser_in_c: float) -> float:
    """Capacity available at this lift. `curve`: see `chiller_power_w`."""
    x = _clamped(chws_c, curve[15], curve[16])
    y = _clamped(condenser_in_c, curve[17], curve[18])
    return capacity_w * biquadratic(curve[0:6], x, y)


@kernel
def chiller_power_w(
    curve: Floats,
    capacity_w: float,
    cop_rated: float,
    lift_weight: float,
    chws_c: float,
    condenser_in_c: float,
    load_w: float,
) -> tuple[float, float, float]:
    """(power W, part load 0.., 1.0 when outside the fitted box) of one running chiller.

    `curve` holds, in this order: CAPFT 0..5, EIRFT 6..11, EIRFPLR 12..14, box 15..18 (leaving chilled water low, high;
    entering condenser water low, high), part load 19..21 (least, most, unloading).
    Below the unloading point the machine cycles. Outside the box the inputs are clamped and, with `lift_weight`
    in 0..1, the COP is scaled by lift(clamped)/lift(actual), lift = (condenser + 7) - (chilled water - 1).
    """
    x = _clamped(chws_c, curve[15], curve[16])
    y = _clamped(condenser_in_c, curve[17], curve[18])
    outside = 1.0 if (x != chws_c or y != condenser_in_c) else 0.0
    available_w = capacity_w * biquadratic(curve[0:6], x, y)
    part_load = _clamped(load_w / max(available_w, 1.0), 0.0, curve[20])
    bounded = max(part_load, curve[21])
    eir_load = curve[12] + curve[13] * bounded + curve[14] * bounded * bounded
    cycling = min(part_load / max(curve[19], 1e-6), 1.0)
    power_w = available_w / cop_rated * biquadratic(curve[6:12], x, y) * eir_load * cycling
    if outside > 0.0 and lift_weight > 0.0:
        lift_box = max((y + 7.0) - (x - 1.0), 3.0)
        lift_now = max((condenser_in_c + 7.0) - (chws_c - 1.0), 3.0)
        power_w = power_w / ((1.0 - lift_weight) + lift_weight * lift_box / lift_now)
    return power_w, part_load, outside
