"""A hall's servers and the air through them: power, flow, and the inlet they find.

Source: docs/reference/equations.md#servers and #zones.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.servers import fan_power_ratio, power_ratio, speed_ratio
from twin.kernels.site import HallRow
from twin.kernels.zones import recirculated_frac

HOTTEST_C = 60.0  # no fleet was measured beyond, and servers throttle there: a lost hall must not run away in numbers


@kernel
def served_w(hall: HallRow, base_w: float, inlet_c: float) -> tuple[float, float, float]:
    """(rack power W, server fan power W, air capacity rate W/K) of a hall whose load is `base_w` at the reference."""
    felt_c = HOTTEST_C if inlet_c > HOTTEST_C else inlet_c
    speed = speed_ratio(felt_c, hall.speed_start_c, hall.speed_per_k, hall.max_speed_ratio)
    share = hall.fan_share_frac
    ratio = power_ratio(felt_c, hall.reference_c, hall.leakage_per_k, share, speed)
    return base_w * ratio, base_w * fan_power_ratio(share, speed), base_w / hall.rise_k * speed


@kernel
def base_load_w(hall: HallRow, it_w: float, inlet_c: float) -> float:
    """Load at the reference inlet behind a rack power measured at another inlet."""
    power_w, _, _ = served_w(hall, 1.0, inlet_c)
    return it_w / power_w


@kernel
def handlers_air(hall: HallRow, it_w_k: float, running: float) -> tuple[float, float, float]:
    """(fan fraction, air of all handlers W/K, fan power W) when the aisle pressure asks for the servers' air."""
    units = max(running, 1e-3)
    frac = hall.flow_margin * it_w_k / 1006.0 / (units * hall.air0_kg_s)
    frac = min(max(frac, hall.min_fan_frac), hall.max_fan_frac)
    return frac, units * frac * hall.air0_kg_s * 1006.0, units * hall.crah_fan_w * frac * frac * frac


@kernel
def exhaust_air_c(
    hall: HallRow, supply_c: float, return_c: float, it_w_k: float, flow_w_k: float
) -> tuple[float, float]:
    """(air behind the servers degC, share of it that they draw in again).

    All supply air meets again in the return; what passed the servers is warmer by the share that did not.
    """
    back = recirculated_frac(flow_w_k, it_w_k, hall.bypass_frac)
    through_w_k = max(it_w_k * (1.0 - back), 0.05 * flow_w_k)
    return supply_c + (return_c - supply_c) * max(flow_w_k / through_w_k, 1.0), back


@kernel
def hall_inlet_c(hall: HallRow, supply_c: float, return_c: float, it_w_k: float, flow_w_k: float) -> float:
    """Mean server inlet, degC: supply air, mixed with exhaust where supply falls short of what the servers draw."""
    exhaust_c, back = exhaust_air_c(hall, supply_c, return_c, it_w_k, flow_w_k)
    return supply_c + back * (exhaust_c - supply_c)


@kernel
def behind_measured(
    halls: Table[HallRow],
    it_w: Floats,
    inlet_c: Floats,
    above_supply_k: Floats,
    out_load_w: Floats,
    out_offset_k: Floats,
) -> None:
    """What stands behind measured rack power and inlets, shapes (n_hall,): load at the reference inlet, and offset.

    The offset is the mean inlet above supply less what the model itself mixes at the design margin.
    """
    for h in range(len(halls)):
        out_load_w[h] = base_load_w(halls[h], it_w[h], inlet_c[h])
        usual = recirculated_frac(halls[h].flow_margin, 1.0, halls[h].bypass_frac)
        out_offset_k[h] = above_supply_k[h] - usual * halls[h].rise_k
