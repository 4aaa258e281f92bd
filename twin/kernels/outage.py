"""A hall after all chillers are lost: fans, pumps and the water in tank and pipes carry on.

Source: two-node hall with its coil on a mixed tank that only warms; docs/reference/equations.md#ride-through.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.coils import water_for_supply_kg_s
from twin.kernels.halls import base_load_w, handlers_air, served_w
from twin.kernels.site import HallRow
from twin.kernels.zones import zone_steady_c, zone_step_c

STEP_S = 10.0
LONGEST_S = 7200.0


@kernel
def seconds_to_limit(
    halls: Table[HallRow],
    h: int,
    it_w: float,
    mean_inlet_c: float,
    mean_offset_k: float,
    worst_offset_k: float,
    running: float,
    outdoor_c: float,
    supply_c: float,
    chws_c: float,
    water_j_k: float,
    loss_frac: float,
    limit_c: float,
) -> float:
    """Seconds until the worst inlet of a hall passes `limit_c`, at most two hours.

    `water_j_k` is this hall's share of the water, `loss_frac` the heat of UPS and distribution relative to rack power.
    """
    base_w = base_load_w(halls[h], it_w, mean_inlet_c)
    power_w, _, it_w_k = served_w(halls[h], base_w, supply_c + mean_offset_k)
    running = max(running, 1e-3)
    frac, flow_w_k, fan_w = handlers_air(halls[h], it_w_k, running)
    air_kg_s = frac * halls[h].air0_kg_s
    room_w = halls[h].lights_w + loss_frac * power_w
    air_c, metal_c = zone_steady_c(
        flow_w_k, halls[h].metal_ua_w_k, halls[h].envelope_w_k, supply_c, outdoor_c, room_w, power_w
    )
    water_c, reached_c, gone_s = chws_c, supply_c, 0.0
    while gone_s < LONGEST_S:
        _, reached_c, _ = water_for_supply_kg_s(
            supply_c,
            air_c,
            fan_w / running,
            water_c,
            air_kg_s,
            halls[h].air0_kg_s,
            halls[h].water0_kg_s,
            halls[h].water_max_kg_s,
            halls[h].ua0_w_k,
            halls[h].ha_ratio,
        )
        if not reached_c + worst_offset_k <= limit_c:
            return gone_s
        coil_w = flow_w_k * (air_c - reached_c) + fan_w
        water_c += STEP_S * max(coil_w, 0.0) / max(water_j_k, 1.0)
        power_w, _, _ = served_w(halls[h], base_w, reached_c + mean_offset_k)
        air_c, metal_c = zone_step_c(
            air_c,
            metal_c,
            halls[h].air_j_k,
            halls[h].metal_j_k,
            flow_w_k,
            halls[h].metal_ua_w_k,
            halls[h].envelope_w_k,
            reached_c,
            outdoor_c,
            room_w,
            power_w,
            STEP_S,
        )
        gone_s += STEP_S
    return LONGEST_S


@kernel
def step_halls(
    halls: Table[HallRow],
    air_c: Floats,
    metal_c: Floats,
    flow_w_k: Floats,
    supply_c: Floats,
    outdoor_c: float,
    it_w: Floats,
    room_w: Floats,
    dt_s: float,
) -> None:
    """Move the air and metal nodes of all halls on by `dt_s`, in place; arrays of shape (n_hall,)."""
    for h in range(air_c.shape[0]):
        air_c[h], metal_c[h] = zone_step_c(
            air_c[h],
            metal_c[h],
            halls[h].air_j_k,
            halls[h].metal_j_k,
            flow_w_k[h],
            halls[h].metal_ua_w_k,
            halls[h].envelope_w_k,
            supply_c[h],
            outdoor_c,
            room_w[h],
            it_w[h],
            dt_s,
        )
