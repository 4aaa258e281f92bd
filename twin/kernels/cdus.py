"""Coolant distribution units: a counterflow exchanger between facility water and a small, fast secondary loop.

Flows are capacity rates in W/K, so that any two fluids fit.
Source: effectiveness-NTU and a mixed volume; docs/reference/equations.md#liquid-cooling.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel
from twin.kernels.coils import counterflow_effectiveness

FLOW_EXPONENT = 0.8
LEAST_DEW_MARGIN_K = 2.0


@kernel
def exchanger_ua_w_k(ua0_w_k: float, primary_frac: float, secondary_frac: float, fouling_frac: float) -> float:
    """UA at part flow, W/K: two films, equal at design, each by flow^0.8; `fouling_frac` is the share of UA lost."""
    if primary_frac != primary_frac or secondary_frac != secondary_frac:
        return primary_frac + secondary_frac
    films = math.pow(max(primary_frac, 1e-3), -FLOW_EXPONENT) + math.pow(max(secondary_frac, 1e-3), -FLOW_EXPONENT)
    return 2.0 * ua0_w_k * (1.0 - fouling_frac) / films


@kernel
def exchanger_conductance_w_k(primary_w_k: float, secondary_w_k: float, ua_w_k: float) -> float:
    """Heat per kelvin between the two inlets, W/K: effectiveness times the smaller capacity rate; 0 without flow."""
    if primary_w_k != primary_w_k or secondary_w_k != secondary_w_k or ua_w_k != ua_w_k:
        return primary_w_k + secondary_w_k + ua_w_k
    least = min(primary_w_k, secondary_w_k)
    if least <= 1e-9:
        return 0.0
    return counterflow_effectiveness(ua_w_k / least, least / max(primary_w_k, secondary_w_k)) * least


@kernel
def steady_supply_c(
    heat_w: float, facility_c: float, primary_w_k: float, secondary_w_k: float, ua_w_k: float
) -> tuple[float, float, float]:
    """(secondary supply, secondary return, facility return) at rest, degC, with `heat_w` going through.

    Without flow on either side there is no rest: the temperatures come out absurdly high, never as a division by zero.
    """
    conductance = max(exchanger_conductance_w_k(primary_w_k, secondary_w_k, ua_w_k), 1e-9)
    if heat_w != heat_w or conductance != conductance:
        missing = heat_w + conductance + facility_c
        return missing, missing, missing
    return_c = facility_c + heat_w / conductance
    supply_c = return_c - heat_w / max(secondary_w_k, 1e-9)
    return supply_c, return_c, facility_c + heat_w / max(primary_w_k, 1e-9)


@kernel
def primary_for_supply_w_k(
    supply_c: float,
    heat_w: float,
    facility_c: float,
    secondary_w_k: float,
    primary0_w_k: float,
    secondary0_w_k: float,
    primary_max_w_k: float,
    ua0_w_k: float,
    fouling_frac: float,
    start_w_k: float,
) -> tuple[float, float, float]:
    """(primary W/K, supply degC reached, 1.0 when the valve is fully open and the supply floats up).

    The valve that holds a secondary supply temperature at rest. All four temperatures follow from the heat, so the
    exchanger's UA times its logarithmic mean difference must equal it: Newton inside a bracket, from `start_w_k` (the
    last answer; 0 when there is none).
    """
    missing = supply_c + heat_w + facility_c + secondary_w_k + fouling_frac
    if missing != missing:
        return missing, missing, 0.0
    if heat_w <= 0.0:
        return 0.0, supply_c, 0.0
    carry_w_k = max(secondary_w_k, 1e-9)
    cold_k = supply_c - facility_c
    span_k = cold_k + heat_w / carry_w_k
    if cold_k > 0.0 and heat_w < span_k * primary_max_w_k:
        secondary_film = math.exp(-FLOW_EXPONENT * math.log(max(carry_w_k / secondary0_w_k, 1e-3)))
        per_watt = 1.0 / heat_w
        known = 2.0 * ua0_w_k * (1.0 - fouling_frac) * cold_k * per_watt
        # in the logarithm of (hot end / cold end) the balance is all but a straight line
        high = math.log((span_k - heat_w / primary_max_w_k) / cold_k)
        low = min(-30.0, high - 1.0)
        log = min(0.0, high)
        if heat_w < span_k * start_w_k:
            log = min(math.log((span_k - heat_w / start_w_k) / cold_k), high)
        flow = primary_max_w_k
        for _ in range(60):
            ratio = math.exp(log)
            flow = heat_w / (span_k - cold_k * ratio)
            film = math.exp(-FLOW_EXPONENT * math.log(max(flow / primary0_w_k, 1e-3)))
            if abs(log) < 1e-3:
                mean = 1.0 + log * (0.5 + log / 6.0)
                mean_slope = 0.5 + log * (1.0 / 3.0 + 0.125 * log)
            else:
                per_log = 1.0 / log
                mean = (ratio - 1.0) * per_log
                mean_slope = (ratio - mean) * per_log
            per_film = 1.0 / (film + secondary_film)
            through = known * mean * per_film
            if through >= 1.0:
                high = log
            elif log < high:
                low = log
            else:
                flow = math.inf
                break
            flow_slope = flow * cold_k * ratio * per_watt
            slope = mean_slope + FLOW_EXPONENT * film * per_film * flow_slope * mean
            step = 2.0 * (1.0 - through) * mean / ((1.0 + through) * slope)
            if abs(step) * max(flow_slope, 1.0) <= 1e-3 and log + step <= high:
                flow += flow * flow_slope * step
                break
            if log + step >= high:
                log = high if through < 1.0 else 0.5 * (low + high)
            else:
                log = log + step if log + step > low else 0.5 * (low + high)
        if flow <= primary_max_w_k:
            return flow, supply_c, 0.0
    ua = exchanger_ua_w_k(ua0_w_k, primary_max_w_k / primary0_w_k, carry_w_k / secondary0_w_k, fouling_frac)
    reached_c = steady_supply_c(heat_w, facility_c, primary_max_w_k, carry_w_k, ua)[0]
    return primary_max_w_k, reached_c, 1.0


@kernel
def mixed_volume_step(
    start_c: float, heat_w: float, sink_c: float, conductance_w_k: float, capacity_j_k: float, dt_s: float
) -> tuple[float, float]:
    """(end degC, mean heat to the sink W) of a well mixed volume: exact for any step under constant inputs.

    heat_w = capacity * (end - start) / dt + heat to the sink, to the last digit.
    """
    net_w = heat_w - conductance_w_k * (start_c - sink_c)
    x = conductance_w_k * dt_s / max(capacity_j_k, 1e-9)
    stored_w = net_w * (-math.expm1(-x) / x) if abs(x) > 1e-12 else net_w
    return start_c + stored_w * dt_s / max(capacity_j_k, 1e-9), heat_w - stored_w


@kernel
def secondary_step(
    supply_c: float,
    heat_w: float,
    facility_c: float,
    primary_w_k: float,
    secondary_w_k: float,
    ua_w_k: float,
    volume_j_k: float,
    dt_s: float,
) -> tuple[float, float]:
    """(secondary supply degC, mean heat into facility water W) after `dt_s`, exact for any step.

    The loop's coolant sits mixed behind the exchanger, so its temperature is the supply's. `heat_w` is what the plates
    and the pumps put in. With the pump stopped all heat stays in the volume.
    """
    conductance = exchanger_conductance_w_k(primary_w_k, secondary_w_k, ua_w_k)
    sink_c = facility_c - heat_w / max(secondary_w_k, 1e-9)
    return mixed_volume_step(supply_c, heat_w, sink_c, conductance, volume_j_k, dt_s)


@kernel
def dew_safe_supply_c(wanted_c: float, dew_point_c: float, margin_k: float) -> float:
    """Secondary supply setpoint, degC, never nearer to the room's dew point than `margin_k`, nor than 2 K.

    An unknown dew point gives an unknown setpoint.
    """
    missing = wanted_c + dew_point_c + margin_k
    if missing != missing:
        return missing
    return max(wanted_c, dew_point_c + max(margin_k, LEAST_DEW_MARGIN_K))


@kernel
def pump_power_w(rated_w: float, flow_frac: float, manifold_frac: float) -> float:
    """Power of a CDU's pumps, W, all of which warms the coolant.

    The manifold keeps its pressure, `manifold_frac` of the head at full flow; the rest falls with flow squared.
    """
    x = max(flow_frac, 0.0) if flow_frac == flow_frac else flow_frac
    return rated_w * x * (manifold_frac + (1.0 - manifold_frac) * x * x)


@kernel
def ride_through_s(
    supply_c: float, limit_c: float, heat_w: float, sink_c: float, conductance_w_k: float, capacity_j_k: float
) -> float:
    """Seconds until a mixed volume reaches `limit_c`; infinite when it never does, 0 when it is there already.

    With `conductance_w_k` = 0 (facility water lost) that is capacity * rise / heat.
    """
    missing = supply_c + limit_c + heat_w + sink_c + conductance_w_k
    if missing != missing:
        return missing
    if supply_c >= limit_c:
        return 0.0
    net_w = heat_w - conductance_w_k * (supply_c - sink_c)
    end_w = heat_w - conductance_w_k * (limit_c - sink_c)
    if end_w <= 0.0:
        return math.inf
    x = (net_w - end_w) / end_w
    # ln(1 + x)/x tends to 1 where the sink takes nothing
    return capacity_j_k * (limit_c - supply_c) / end_w * (math.log1p(x) / x if x > 1e-12 else 1.0)
