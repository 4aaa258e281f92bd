"""One hall of many plans: every line of its lanes runs over all plans side by side.

All rows of a hall's step stand in one array, each `LANES` long: a distance the compiler knows, so that it need not
prove at run time that what a loop writes is not what it reads. Each loop is short, for the processor to have several
passes of it under way: a long one waits for its own divisions. Source: docs/reference/equations.md#rollout.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, fused_kernel

LANES = 128  # plans side by side: the rows of a hall's step fit the first cache
# what a hall keeps from step to step; the metal's as the heat it gives in a sub-step on cooling to 0 degC, W
AIR, METAL, INLET = (LANES * row for row in range(3))
STATE_SIZE = 3 * LANES
# what it needs within a step, shared by all halls, and the sums over halls
(
    SUPPLY,
    FLOW,
    PER_FLOW,
    PER_STORE,
    BACK,
    OPEN,
    FLOOR_AIR,
    FLOOR_FIXED,
    GIVEN,
    RISE,
    START,
    STORED,
    HEAT,
    IT,
    AIR_SUM,
    CHWS,
    COIL_W,
    COIL_KG_S,
    POWER_W,
    WORST_C,
) = (LANES * row for row in range(20))
LANES_SIZE = 20 * LANES
WARMEST_LOAD = 1.3  # of the load at the reference inlet: more than servers draw at any inlet that plans may reach
SMOOTH = 0.00173  # squared width of the rounded corner where supply begins to fall short
MOST_MIXED = 0.95


@fused_kernel
def flow_lanes(
    state: Floats,
    lanes: Floats,
    per_k: float,
    margin: float,
    through: float,
    start_c: float,
    speed_per_k: float,
    speed_most: float,
    least_w_k: float,
    most_w_k: float,
    store_w_k: float,
) -> None:
    """Air flow of a hall's step, how much of it comes back to the inlets, and how fast air follows; all W/K.

    `per_k` is the servers' air at the reference inlet. With i the servers' air, f the flow and l = 1 - through f/i what
    is lacking, the share mixed in is m = (l + sqrt(l^2 + SMOOTH))/2, and 1/(1 - m) = 2 (2 - l + sqrt(l^2 + SMOOTH))/
    (4 through f/i - SMOOTH). One division serves all four quotients.
    """
    for w in range(LANES):
        above = state[INLET + w] - start_c
        above = 0.0 if above < 0.0 else above
        speed = 1.0 + speed_per_k * above
        speed = speed_most if speed > speed_most else speed
        it_w_k = per_k * speed
        flow = margin * it_w_k
        flow = least_w_k if flow < least_w_k else flow
        flow = most_w_k if flow > most_w_k else flow
        lanes[FLOW + w] = flow
        lanes[IT + w] = it_w_k
    for w in range(LANES):
        flow, it_w_k = lanes[FLOW + w], lanes[IT + w]
        store = store_w_k + flow
        gap = 4.0 * through * flow - SMOOTH * it_w_k
        gap = 1e-3 * it_w_k if gap < 1e-3 * it_w_k else gap
        lacking = it_w_k - through * flow
        root = math.sqrt(lacking * lacking + SMOOTH * (it_w_k * it_w_k))
        flow_store, it_gap = flow * store, it_w_k * gap
        every = 1.0 / (flow_store * it_gap)
        per_both, per_it_gap = every * it_gap, every * flow_store
        per_it = per_it_gap * gap
        mixed = 0.5 * (lacking + root) * per_it
        mixed = MOST_MIXED if mixed > MOST_MIXED else mixed
        longer = 2.0 * flow * (2.0 * it_w_k - lacking + root) * per_it_gap
        longest = flow * per_it * (1.0 / (1.0 - MOST_MIXED))
        longer = longest if longer > longest else longer
        longer = 1.0 if longer < 1.0 else longer
        lanes[BACK + w] = mixed * longer
        lanes[PER_FLOW + w] = per_both * store
        lanes[PER_STORE + w] = per_both * flow


@fused_kernel
def prepare_lanes(
    state: Floats,
    lanes: Floats,
    supply_c: Floats,
    warmest_w: float,
    room_w: float,
    offset_k: float,
    speed_per_k: float,
    fan_per_cube: float,
    open_0: float,
    open_1: float,
    open_2: float,
    air_w_k: float,
    air_j_k: float,
    sub_step_s: float,
) -> int:
    """Coefficients of a hall's sub-steps; how many lanes' valves might open fully, whatever the hall does meanwhile.

    `supply_c`, shape (n,), n at most `LANES`; lanes beyond n repeat the last. Where no valve opens fully, supply
    stands still. Fan power is `fan_per_cube` times the cube of the flow, the heat of open coils per kelvin a parabola
    in the flow, and `warmest_w` more than the hall's heat can be.
    """
    n = supply_c.shape[0]
    for w in range(min(n, LANES)):
        lanes[SUPPLY + w] = supply_c[w]
    for w in range(n, LANES):
        lanes[SUPPLY + w] = supply_c[n - 1]
    opening = 0
    for w in range(LANES):
        flow, per_flow, supply, air = lanes[FLOW + w], lanes[PER_FLOW + w], lanes[SUPPLY + w], state[AIR + w]
        opened = open_0 + flow * (open_1 + flow * open_2)
        floor_air = 1.0 - opened * per_flow
        floor_fixed = (opened * lanes[CHWS + w] + fan_per_cube * flow * flow * flow) * per_flow
        rest = supply + warmest_w * per_flow
        warmest = air if air > rest else rest
        opening += not supply > warmest * floor_air + floor_fixed
        lanes[OPEN + w] = opened
        lanes[FLOOR_AIR + w] = floor_air
        lanes[FLOOR_FIXED + w] = floor_fixed
    for w in range(LANES):
        supply, back, per_store = lanes[SUPPLY + w], lanes[BACK + w], lanes[PER_STORE + w]
        lanes[PER_STORE + w] = air_w_k * per_store
        lanes[GIVEN + w] = (lanes[FLOW + w] * supply + room_w) * per_store
        lanes[RISE + w] = speed_per_k * back
        lanes[START + w] = 1.0 + speed_per_k * ((1.0 - back) * supply + offset_k)
        lanes[STORED + w] = air_j_k * state[AIR + w] + sub_step_s * state[METAL + w]
        lanes[IT + w] = 0.0
        lanes[AIR_SUM + w] = 0.0
    return opening


@fused_kernel
def sub_step_lanes(
    state: Floats,
    lanes: Floats,
    fixed_w: float,
    leakage_w: float,
    fan_w: float,
    speed_most: float,
    share: float,
    metal_air_w_k: float,
    metal_keep: float,
    steps: int,
) -> None:
    """Sub-steps of a hall where no valve opens fully, over all lanes: the innermost loop of the rollout.

    With r = RISE A + START the servers' speed before its limits, they draw fixed_w + leakage_w r + fan_w speed^3. Their
    heat goes into metal, of whose a `share` reaches the air.
    """
    for _ in range(steps):
        for w in range(LANES):
            air = state[AIR + w]
            rise = lanes[RISE + w] * air + lanes[START + w]
            speed = 1.0 if rise < 1.0 else rise
            speed = speed_most if speed > speed_most else speed
            power = fan_w * speed * (speed * speed) + (leakage_w * rise + fixed_w)
            metal = state[METAL + w] + power
            air = (air + share * metal) * lanes[PER_STORE + w] + lanes[GIVEN + w]
            state[AIR + w] = air
            state[METAL + w] = metal_air_w_k * air + metal_keep * metal
            lanes[AIR_SUM + w] += air
            lanes[IT + w] += power


@fused_kernel
def sub_step_open_lanes(
    state: Floats,
    lanes: Floats,
    fixed_w: float,
    leakage_w: float,
    fan_w: float,
    speed_most: float,
    share: float,
    metal_air_w_k: float,
    metal_keep: float,
    speed_per_k: float,
    per_air_w_k: float,
    steps: int,
) -> None:
    """`sub_step_lanes` where valves may open fully: below the floor, supply follows the air that comes back."""
    for _ in range(steps):
        for w in range(LANES):
            air, supply, per_store = state[AIR + w], lanes[SUPPLY + w], lanes[PER_STORE + w]
            lacking = air * lanes[FLOOR_AIR + w] + lanes[FLOOR_FIXED + w] - supply
            lacking = 0.0 if lacking < 0.0 else lacking
            rise = lanes[RISE + w] * (air - lacking) + (lanes[START + w] + speed_per_k * lacking)
            speed = 1.0 if rise < 1.0 else rise
            speed = speed_most if speed > speed_most else speed
            power = fan_w * speed * (speed * speed) + (leakage_w * rise + fixed_w)
            metal = state[METAL + w] + power
            more = lanes[FLOW + w] * lacking * per_air_w_k
            air = (air + (share * metal + more)) * per_store + lanes[GIVEN + w]
            state[AIR + w] = air
            state[METAL + w] = metal_air_w_k * air + metal_keep * metal
            lanes[AIR_SUM + w] += air
            lanes[IT + w] += power


@fused_kernel
def close_lanes(
    state: Floats,
    lanes: Floats,
    per_step: float,
    per_s: float,
    air_j_k: float,
    sub_step_s: float,
    envelope_w_k: float,
    room_w: float,
    fan_per_cube: float,
    offset_k: float,
    spread_k: float,
) -> None:
    """Add a hall's step to the sums of all lanes.

    Its coil heat is what the balance of the whole step leaves: racks and room, less what air and metal stored and what
    the walls took.
    """
    for w in range(LANES):
        air, flow = state[AIR + w], lanes[FLOW + w]
        fan = fan_per_cube * flow * flow * flow
        racks = lanes[IT + w] * per_step
        stored = air_j_k * air + sub_step_s * state[METAL + w]
        walls = envelope_w_k * (lanes[AIR_SUM + w] * per_step)
        heat = racks + room_w - walls - (stored - lanes[STORED + w]) * per_s + fan
        lanes[HEAT + w] = heat
        lanes[COIL_W + w] += heat
        lanes[POWER_W + w] += racks + fan
    for w in range(LANES):
        air, supply = state[AIR + w], lanes[SUPPLY + w]
        least = air * lanes[FLOOR_AIR + w] + lanes[FLOOR_FIXED + w]
        supply = least if supply < least else supply
        inlet = supply + lanes[BACK + w] * (air - supply) + offset_k
        state[INLET + w] = inlet
        warmest = inlet + spread_k
        lanes[WORST_C + w] = lanes[WORST_C + w] if lanes[WORST_C + w] > warmest else warmest


@fused_kernel
def water_lanes(
    state: Floats,
    lanes: Floats,
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
    """Add the chilled water that a hall's coils need, a rational function of heat and flow: see `Coils`."""
    for w in range(LANES):
        reach = lanes[OPEN + w] * (state[AIR + w] - lanes[CHWS + w])
        reach = 1.0 if reach < 1.0 else reach
        s = lanes[HEAT + w] / reach
        s = 0.0 if s < 0.0 else s
        s = 1.0 if s > 1.0 else s
        x = lanes[FLOW + w] * per_rated
        cubic = (c30 + x * (c31 + x * c32)) * s + (c20 + x * (c21 + x * c22))
        top = (cubic * s + (c10 + x * (c11 + x * c12))) * s + (c00 + x * (c01 + x * c02))
        lanes[COIL_KG_S + w] += most_kg_s * s * top / (1.0 - (pole_0 + pole_1 * x) * s)
