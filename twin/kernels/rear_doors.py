"""Rear-door heat exchangers: a water coil in the exhaust of one rack.

Source: the counterflow coil of docs/reference/equations.md#coils; docs/reference/equations.md#liquid-cooling.
"""

from __future__ import annotations

from twin.kernels._jit import kernel
from twin.kernels.coils import coil_heat_w, water_for_heat_kg_s


@kernel
def rear_door(
    exhaust_c: float,
    water_in_c: float,
    air_kg_s: float,
    water_kg_s: float,
    air0_kg_s: float,
    water0_kg_s: float,
    ua0_w_k: float,
    ha_ratio: float,
) -> tuple[float, float, float]:
    """(heat taken W, air behind the door degC, water out degC); the door adds no fan of its own."""
    missing = exhaust_c + water_in_c + air_kg_s + water_kg_s
    if missing != missing:
        return missing, missing, missing
    heat_w = coil_heat_w(exhaust_c, water_in_c, air_kg_s, water_kg_s, air0_kg_s, water0_kg_s, ua0_w_k, ha_ratio)
    air_out_c = exhaust_c - heat_w / max(air_kg_s * 1006.0, 1e-9)
    return heat_w, air_out_c, water_in_c + heat_w / max(water_kg_s * 4186.0, 1e-9)


@kernel
def door_water_kg_s(
    leaving_c: float,
    exhaust_c: float,
    water_in_c: float,
    air_kg_s: float,
    air0_kg_s: float,
    water0_kg_s: float,
    water_max_kg_s: float,
    ua0_w_k: float,
    ha_ratio: float,
    guess_kg_s: float,
) -> tuple[float, float, float]:
    """(water kg/s, air behind the door degC reached, 1.0 when fully open): `leaving_c` = room air is a neutral door.

    `guess_kg_s` is the water of a moment ago, 0 when there is none.
    """
    missing = leaving_c + exhaust_c + water_in_c + air_kg_s
    if missing != missing:
        return missing, missing, 0.0
    air_w_k = air_kg_s * 1006.0
    wanted_w = (exhaust_c - leaving_c) * air_w_k
    if wanted_w <= 0.0:
        return 0.0, exhaust_c, 0.0
    water_kg_s, heat_w = water_for_heat_kg_s(
        wanted_w, exhaust_c, water_in_c, air_kg_s, air0_kg_s, water0_kg_s, water_max_kg_s, ua0_w_k, ha_ratio, guess_kg_s
    )
    return water_kg_s, exhaust_c - heat_w / air_w_k, 1.0 if heat_w < wanted_w else 0.0


@kernel
def captured_frac(heat_w: float, rack_air_w: float) -> float:
    """Share of a rack's air heat that its door takes; above 1 the door cools the room too."""
    missing = heat_w + rack_air_w
    if missing != missing:
        return missing
    return heat_w / rack_air_w if rack_air_w > 0.0 else 0.0
