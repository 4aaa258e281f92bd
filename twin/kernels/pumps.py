"""Centrifugal pumps on a piping system: where both curves meet, the speed for a flow, and power.

Source: affinity laws, parabolic pump and system curves; part-load curves of the ASHRAE 90.1 prototype models.
See docs/reference/equations.md#pumps.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel
from twin.kernels.fans import vfd_pump_ratio


@kernel
def system_head_pa(flow_m3_s: float, static_pa: float, resistance: float) -> float:
    """Pressure the piping asks for: `static_pa` (lift, or a held differential pressure) + `resistance` * flow^2."""
    return static_pa + resistance * flow_m3_s * flow_m3_s


@kernel
def system_resistance(flow_m3_s: float, head_pa: float, static_pa: float) -> float:
    """Resistance, Pa s2/m6, of piping that asks for `head_pa` at `flow_m3_s` > 0; at least 0."""
    missing = flow_m3_s + head_pa + static_pa
    if missing != missing:
        return missing
    return max(head_pa - static_pa, 0.0) / max(flow_m3_s * flow_m3_s, 1e-18)


@kernel
def pump_head_pa(flow_m3_s: float, speed_frac: float, shutoff_pa: float, steepness: float) -> float:
    """Pressure of one pump at a speed: shutoff_pa * speed^2 - steepness * flow^2, the affinity laws of a parabola."""
    return shutoff_pa * speed_frac * speed_frac - steepness * flow_m3_s * flow_m3_s


@kernel
def pump_steepness(flow_m3_s: float, head_pa: float, shutoff_pa: float) -> float:
    """Steepness, Pa s2/m6, of a pump with `head_pa` at `flow_m3_s` > 0 and `shutoff_pa` at no flow."""
    return (shutoff_pa - head_pa) / max(flow_m3_s * flow_m3_s, 1e-18)


@kernel
def operating_point(
    static_pa: float, resistance: float, running: float, speed_frac: float, shutoff_pa: float, steepness: float
) -> tuple[float, float]:
    """(total flow m3/s, pressure Pa) of `running` equal pumps in parallel; no flow below the static pressure."""
    driving_pa = shutoff_pa * speed_frac * speed_frac - static_pa
    if driving_pa != driving_pa or running != running:
        missing = driving_pa + running
        return missing, missing
    if driving_pa <= 0.0 or running <= 0.0:
        return 0.0, static_pa
    flow_m3_s = math.sqrt(driving_pa / max(resistance + steepness / (running * running), 1e-12))
    return flow_m3_s, system_head_pa(flow_m3_s, static_pa, resistance)


@kernel
def speed_for_flow(
    flow_m3_s: float,
    static_pa: float,
    resistance: float,
    running: float,
    shutoff_pa: float,
    steepness: float,
    least_speed_frac: float,
) -> tuple[float, float, float]:
    """(speed, total flow m3/s reached, 1.0 when full speed is too little) of `running` equal pumps in parallel.

    At `least_speed_frac` the pumps give more than was wanted.
    """
    missing = flow_m3_s + static_pa + resistance + running
    if missing != missing:
        return missing, missing, 0.0
    if flow_m3_s <= 0.0 or running <= 0.0:
        return 0.0, 0.0, 1.0 if flow_m3_s > 0.0 else 0.0
    each = flow_m3_s / running
    needed_pa = system_head_pa(flow_m3_s, static_pa, resistance) + steepness * each * each
    speed = math.sqrt(max(needed_pa, 0.0) / shutoff_pa)
    if least_speed_frac <= speed <= 1.0:
        return speed, flow_m3_s, 0.0
    bounded = min(max(speed, least_speed_frac), 1.0)
    reached, _ = operating_point(static_pa, resistance, running, bounded, shutoff_pa, steepness)
    return bounded, reached, 1.0 if speed > 1.0 else 0.0


@kernel
def scaled_by_speed(flow_m3_s: float, head_pa: float, power_w: float, speed_frac: float) -> tuple[float, float, float]:
    """(flow, pressure, power) of a pump at another speed, all three from full speed.

    Holds along a system curve without a static part only.
    """
    square = speed_frac * speed_frac
    return flow_m3_s * speed_frac, head_pa * square, power_w * square * speed_frac


@kernel
def constant_speed_pump_ratio(flow_frac: float) -> float:
    """Power of a throttled pump at constant speed relative to its design power; 1.034 at design as published."""
    if flow_frac != flow_frac:
        return flow_frac
    x = max(flow_frac, 0.0)
    return x * (3.2485 + x * (-4.7443 + x * 2.5295))


@kernel
def parallel_pump_power_w(power0_w: float, flow_frac: float, running: float, variable_speed: float) -> float:
    """Electrical power of `running` equal pumps that share a flow, W.

    `power0_w`: one pump at design; `flow_frac`: total flow over the design flow of one pump; `variable_speed`: 1.0 for
    frequency converters with a reset of the differential pressure, 0.0 for throttled pumps.
    """
    if flow_frac != flow_frac or running != running:
        return flow_frac + running
    if running <= 0.0:
        return 0.0
    each = flow_frac / running
    ratio = vfd_pump_ratio(each) if variable_speed > 0.0 else constant_speed_pump_ratio(each)
    return running * power0_w * ratio


@kernel
def minimum_flow_bypass(load_kg_s: float, running: float, least_each_kg_s: float) -> tuple[float, float]:
    """(flow through the machines kg/s, of that through the bypass kg/s) when each needs a least flow."""
    missing = load_kg_s + running + least_each_kg_s
    if missing != missing:
        return missing, missing
    through = max(load_kg_s, running * least_each_kg_s)
    return through, through - load_kg_s
