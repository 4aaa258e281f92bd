"""Which of the three ways a water-side economiser works in, as a state machine without memory of its own.

Source: cooling modes of the Modelica Buildings Library (data centres); docs/reference/equations.md#economiser-modes.
"""

from __future__ import annotations

from twin.kernels._jit import kernel

FREE_COOLING = 0.0
PARTIAL_MECHANICAL = 1.0  # the exchanger precools, chillers do the rest
FULLY_MECHANICAL = 2.0


@kernel
def economiser_mode(
    mode: float,
    seconds_in_mode: float,
    dt_s: float,
    chw_return_c: float,
    wet_bulb_c: float,
    tower_approach_k: float,
    exchanger_in_c: float,
    exchanger_out_c: float,
    chws_setpoint_c: float,
    exchanger_on_k: float,
    exchanger_off_k: float,
    chiller_on_k: float,
    chiller_off_k: float,
    least_seconds: float,
) -> tuple[float, float]:
    """(mode, seconds spent in it) after `dt_s` more seconds.

    `exchanger_in_c` and `exchanger_out_c` are the chilled water side of the exchanger. It is switched on when the
    return is warmer than wet bulb + approach + `exchanger_on_k`, off when it cools by less than `exchanger_off_k`;
    chillers are switched on when it leaves more than `chiller_on_k` above the setpoint, off when at most
    `chiller_off_k` above. No change before `least_seconds` in a mode, usually 1200 s; one step at a time. A missing
    temperature never changes the mode.
    """
    seconds = seconds_in_mode + dt_s
    if not seconds >= least_seconds:
        return mode, seconds
    if mode == FREE_COOLING:
        if exchanger_out_c > chws_setpoint_c + chiller_on_k:
            return PARTIAL_MECHANICAL, 0.0
    elif mode == FULLY_MECHANICAL:
        if chw_return_c > wet_bulb_c + tower_approach_k + exchanger_on_k:
            return PARTIAL_MECHANICAL, 0.0
    elif exchanger_out_c > exchanger_in_c - exchanger_off_k:
        return FULLY_MECHANICAL, 0.0
    elif exchanger_out_c <= chws_setpoint_c + chiller_off_k:
        return FREE_COOLING, 0.0
    return mode, seconds
