"""One hall of many plans: every line of its lanes runs over all plans side by side.

Source: docs/reference/equations.md#rollout.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, fused_kernel, kernel

# rows of a hall's lanes, shape (n_hall, 15, n_lane)
(
    AIR,
    METAL,
    INLET,
    FLOW,
    BACK,
    FLOOR_AIR,
    FLOOR_FIXED,
    PER_STORE,
    AIR_SUM,
    IT,
    OPEN,
    STORED,
    GIVEN,
    MIXED,
    SPARE,
) = range(15)
LANE_ROWS = 15
WARMEST_LOAD = 1.3  # of the load at the reference inlet: more than servers draw at any inlet that plans may reach
SMOOTH = 0.00173  # squared width of the rounded corner where supply begins to fall short


@fused_kernel
def prepare_lanes(
    inlet_c: Floats,
    flow_w_k: Floats,
    back: Floats,
    floor_air: Floats,
    floor_fixed: Floats,
    per_store: Floats,
    open_w_k: Floats,
    given_w: Floats,
    mixed_c: Floats,
    spare_k: Floats,
    air_c: Floats,
    supply_c: Floats,
    chws_c: Floats,
    base_w: float,
    room_w: float,
    offset_k: float,
    per_k: float,
    margin: float,
    through: float,
    start_c: float,
    speed_per_k: float,
    speed_most: float,
    least_w_k: float,
    most_w_k: float,
    fan_per_cube: float,
    open_0: float,
    open_1: float,
    open_2: float,
    den_w_k: float,
) -> None:
    """Air of a hall's step over all lanes: flow, mixing, and the supply below which its open valves cannot go.

    `spare_k` is how far supply stays above that, however warm the hall gets within the step; where it stays above,
    `given_w` and `mixed_c` are what the supply brings. `per_k` is the servers' air at the reference, W/K; fan power is
    `fan_per_cube` times the cube of the flow, the heat of the open coils per kelvin a parabola in it. Everything the
    loop needs comes as a number: an array it could not tell from those it fills would keep it from running in vectors.
    """
    for w in range(inlet_c.shape[0]):
        above = inlet_c[w] - start_c
        above = above if above > 0.0 else 0.0
        speed = 1.0 + speed_per_k * above
        speed = speed if speed < speed_most else speed_most
        it_w_k = per_k * speed
        flow = margin * it_w_k
        flow = flow if flow > least_w_k else least_w_k
        flow = flow if flow < most_w_k else most_w_k
        share = flow / it_w_k
        lacking = 1.0 - share * through
        mixed = 0.5 * (lacking + math.sqrt(lacking * lacking + SMOOTH))
        mixed = mixed if mixed < 0.95 else 0.95
        longer = share / (1.0 - mixed)
        longer = longer if longer > 1.0 else 1.0
        per_flow = 1.0 / flow
        opened = open_0 + flow * (open_1 + flow * open_2)
        flow_w_k[w] = flow
        part = mixed * longer
        share_air = 1.0 - opened * per_flow
        fixed = (opened * chws_c[w] + fan_per_cube * flow * flow * flow) * per_flow
        supply = supply_c[w]
        rest = supply + (WARMEST_LOAD * base_w + room_w) * per_flow
        warmest = air_c[w] if air_c[w] > rest else rest
        back[w] = part
        open_w_k[w] = opened
        floor_air[w] = share_air
        floor_fixed[w] = fixed
        spare_k[w] = supply - (warmest * share_air + fixed)
        given_w[w] = flow * supply + room_w
        mixed_c[w] = (1.0 - part) * supply + offset_k
        per_store[w] = 1.0 / (den_w_k + flow)


@fused_kernel
def sub_step_lanes(
    air_c: Floats,
    metal_c: Floats,
    air_sum_c: Floats,
    it_w: Floats,
    flow_w_k: Floats,
    back: Floats,
    floor_air: Floats,
    floor_fixed: Floats,
    per_store: Floats,
    supply_c: Floats,
    offset_k: float,
    fixed_w: float,
    leakage_w_k: float,
    fan_w: float,
    speed_per_k: float,
    speed_most: float,
    air_w_k: float,
    metal_w_k: float,
    exchange_w_k: float,
    per_metal: float,
    room_w: float,
    steps: int,
) -> None:
    """Sub-steps of one hall over all lanes; arrays of shape (n_lane,). The innermost loop of the rollout.

    With d the inlet above the temperature where fans speed up, of which `offset_k` is the part that does not move,
    servers draw fixed_w + leakage_w_k d + fan_w speed^3.
    """
    metal_share = exchange_w_k * per_metal
    for _ in range(steps):
        for w in range(air_c.shape[0]):
            air = air_c[w]
            least = air * floor_air[w] + floor_fixed[w]
            supply = supply_c[w]
            supply = supply if supply > least else least
            above = back[w] * (air - supply) + (supply + offset_k)
            positive = above if above > 0.0 else 0.0
            speed = 1.0 + speed_per_k * positive
            speed = speed if speed < speed_most else speed_most
            power = fan_w * (speed * speed * speed) + (leakage_w_k * above + fixed_w)
            metal = metal_w_k * metal_c[w] + power
            air = (air_w_k * air + (flow_w_k[w] * supply + (metal_share * metal + room_w))) * per_store[w]
            air_c[w] = air
            metal_c[w] = metal_share * air + per_metal * metal
            air_sum_c[w] += air
            it_w[w] += power


@fused_kernel
def sub_step_free_lanes(
    air_c: Floats,
    metal_c: Floats,
    air_sum_c: Floats,
    it_w: Floats,
    given_w: Floats,
    back: Floats,
    mixed_c: Floats,
    per_store: Floats,
    fixed_w: float,
    leakage_w_k: float,
    fan_w: float,
    speed_per_k: float,
    speed_most: float,
    air_w_k: float,
    metal_w_k: float,
    exchange_w_k: float,
    per_metal: float,
    steps: int,
) -> None:
    """`sub_step_lanes` where no valve reaches its end: supply stands still, and what it brings is known beforehand."""
    metal_share = exchange_w_k * per_metal
    for _ in range(steps):
        for w in range(air_c.shape[0]):
            air = air_c[w]
            above = back[w] * air + mixed_c[w]
            positive = above if above > 0.0 else 0.0
            speed = 1.0 + speed_per_k * positive
            speed = speed if speed < speed_most else speed_most
            power = fan_w * (speed * speed * speed) + (leakage_w_k * above + fixed_w)
            metal = metal_w_k * metal_c[w] + power
            air = (air_w_k * air + (given_w[w] + metal_share * metal)) * per_store[w]
            air_c[w] = air
            metal_c[w] = metal_share * air + per_metal * metal
            air_sum_c[w] += air
            it_w[w] += power


@kernel
def least_of(values: Floats) -> float:
    """The least of some values; a missing one is the least of all."""
    least = values[0]
    for w in range(values.shape[0]):
        if not values[w] >= least:
            least = values[w]
    return float(least)


@fused_kernel
def close_lanes(
    air_c: Floats,
    metal_c: Floats,
    inlet_c: Floats,
    air_sum_c: Floats,
    it_w: Floats,
    stored_j: Floats,
    flow_w_k: Floats,
    back: Floats,
    floor_air: Floats,
    floor_fixed: Floats,
    open_w_k: Floats,
    supply_c: Floats,
    chws_c: Floats,
    coil_w: Floats,
    coil_kg_s: Floats,
    power_w: Floats,
    worst_c: Floats,
    per_step: float,
    per_s: float,
    air_j_k: float,
    metal_j_k: float,
    envelope_w_k: float,
    room_w: float,
    fan_per_cube: float,
    offset_k: float,
    spread_k: float,
    per_rated: float,
    most_kg_s: float,
    pole_0: float,
    pole_1: float,
    c00: float,
    c01: float,
    c02: float,
    c10: float,
    c11: float,
    c12: float,
    c20: float,
    c21: float,
    c22: float,
    c30: float,
    c31: float,
    c32: float,
) -> None:
    """Add a hall's step to the sums of all lanes; arrays of shape (n_lane,).

    Its coil heat is what the balance of the whole step leaves: racks and room, less what air and metal stored and what
    the walls took. The chilled water it needs is a rational function, see `Coils`.
    """
    for w in range(air_c.shape[0]):
        air, flow = air_c[w], flow_w_k[w]
        fan = fan_per_cube * flow * flow * flow
        racks = it_w[w] * per_step
        stored = air_j_k * air + metal_j_k * metal_c[w]
        heat = racks + room_w - envelope_w_k * air_sum_c[w] * per_step - (stored - stored_j[w]) * per_s + fan
        stored_j[w] = stored
        air_sum_c[w] = 0.0
        it_w[w] = 0.0
        least = air * floor_air[w] + floor_fixed[w]
        supply = supply_c[w]
        supply = supply if supply > least else least
        inlet = supply + back[w] * (air - supply) + offset_k
        inlet_c[w] = inlet
        warmest = inlet + spread_k
        worst_c[w] = worst_c[w] if worst_c[w] > warmest else warmest
        coil_w[w] += heat
        power_w[w] += racks + fan
        reach = open_w_k[w] * (air - chws_c[w])
        reach = reach if reach > 1.0 else 1.0
        s = heat / reach
        s = s if s > 0.0 else 0.0
        s = s if s < 1.0 else 1.0
        x = flow * per_rated
        cubic = (c30 + x * (c31 + x * c32)) * s + (c20 + x * (c21 + x * c22))
        top = (cubic * s + (c10 + x * (c11 + x * c12))) * s + (c00 + x * (c01 + x * c02))
        coil_kg_s[w] += most_kg_s * s * top / (1.0 - (pole_0 + pole_1 * x) * s)
