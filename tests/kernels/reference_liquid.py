"""Liquid cooling a second time: slow, obvious, plain Python, and nothing shared with the kernels.

Heat exchangers by the logarithmic mean temperature difference and halving; volumes in small steps of time.
Equations and coefficients: docs/reference/equations.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable


def halved(error: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses zero."""
    for _ in range(100):
        middle = (low + high) / 2
        if error(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def log_mean(a: float, b: float) -> float:
    if abs(a - b) < 1e-7 * abs(a):
        return (a + b) / 2
    return (a - b) / math.log(a / b)


def exchanged_w(hot_c: float, cold_c: float, hot_w_k: float, cold_w_k: float, ua_w_k: float) -> float:
    """The heat that warms, cools and crosses the plates all at once; `hot_c` is above `cold_c`."""
    if min(hot_w_k, cold_w_k) <= 0:
        return 0.0

    def too_much(heat_w: float) -> float:
        one, other = hot_c - heat_w / cold_w_k - cold_c, hot_c - heat_w / hot_w_k - cold_c
        if one <= 0 or other <= 0:
            return 1.0
        return heat_w - ua_w_k * log_mean(one, other)

    return halved(too_much, 0.0, min(hot_w_k, cold_w_k) * (hot_c - cold_c))


def ua_w_k(ua0_w_k: float, primary_frac: float, secondary_frac: float, fouling_frac: float) -> float:
    """Two films of half the resistance each, in series."""
    film0 = 2 * ua0_w_k * (1 - fouling_frac)
    films = [film0 * max(frac, 1e-3) ** 0.8 for frac in (primary_frac, secondary_frac)]
    return 1 / sum(1 / film for film in films)


def supply_c(heat_w: float, facility_c: float, primary_w_k: float, secondary_w_k: float, ua: float) -> float:
    """The return at which exactly `heat_w` crosses, less what it gave up."""
    return_c = halved(
        lambda hot_c: exchanged_w(hot_c, facility_c, secondary_w_k, primary_w_k, ua) - heat_w,
        facility_c,
        facility_c + 1000.0,
    )
    return return_c - heat_w / secondary_w_k


def primary_w_k(
    supply: float, heat_w: float, facility_c: float, secondary: float, design_w_k: float, most: float, ua0: float,
    fouling: float,
) -> float:  # fmt: skip
    """The least primary flow that takes `heat_w` at this supply, or all of it."""
    return_c = supply + heat_w / secondary

    def missing_w(flow: float) -> float:
        ua = ua_w_k(ua0, flow / design_w_k, secondary / design_w_k, fouling)
        return exchanged_w(return_c, facility_c, secondary, flow, ua) - heat_w

    return halved(missing_w, 1e-6, most)


def volume_after(
    start_c: float, heat_w: float, sink_c: float, conductance_w_k: float, capacity_j_k: float, dt_s: float
) -> tuple[float, float]:
    """(end degC, mean heat to the sink W): the classic four slopes, in a thousand steps."""
    steps = 1000
    h = dt_s / steps
    t_c, out_j = start_c, 0.0
    for _ in range(steps):
        slopes: list[float] = []
        for share in (0.0, 0.5, 0.5, 1.0):
            here_c = t_c + share * h * (slopes[-1] if slopes else 0.0)
            slopes.append((heat_w - conductance_w_k * (here_c - sink_c)) / capacity_j_k)
        rise_k = h * (slopes[0] + 2 * slopes[1] + 2 * slopes[2] + slopes[3]) / 6
        out_j += heat_w * h - capacity_j_k * rise_k
        t_c += rise_k
    return t_c, out_j / dt_s


def seconds_to(
    start_c: float, limit_c: float, heat_w: float, sink_c: float, conductance_w_k: float, capacity_j_k: float
) -> float:
    """Walk there in small steps, and give up after ten thousand."""
    h = capacity_j_k * 0.002 * max(limit_c - start_c, 1e-9) / max(heat_w, 1.0)
    t_c = start_c
    for n in range(10_000):
        if t_c >= limit_c:
            return n * h
        half_c = t_c + 0.5 * h * (heat_w - conductance_w_k * (t_c - sink_c)) / capacity_j_k
        t_c += h * (heat_w - conductance_w_k * (half_c - sink_c)) / capacity_j_k
    return math.inf


def case_c(
    supply: float, power_w: float, flow: float, flow0: float, fixed: float, convective: float, n: float, j_m3_k: float
) -> float:
    """Coolant halfway through the plate, plus the film, plus the metal."""
    flow = max(flow, flow0 / 1000)
    coolant_c = supply + power_w / (flow * j_m3_k) / 2
    plate_c = coolant_c + power_w * convective / (flow / flow0) ** n
    return plate_c + power_w * fixed


def pump_w(rated_w: float, frac: float, manifold: float) -> float:
    """Flow times head."""
    head = manifold + (1 - manifold) * frac**2
    return rated_w * frac * head
