"""One hall over one step: servers, air, metal, air handlers and their coil, every joule accounted for.

The zone is stepped exactly for a constant supply temperature; what it gave to the supply air is what its coil takes up.
Where the valve is fully open, the supply that just balances the coil follows in closed form, for everything is linear
in it. Source: docs/reference/equations.md#step.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.air_sources import coil_limits, dx_unit_w, most_dx_w, outside_share
from twin.kernels.columns import (
    U_OUTDOOR,
    UH_LOAD,
    UH_OFFSET,
    UH_RUNNING,
    UH_SUPPLY,
    XH_AIR,
    XH_INLET,
    XH_METAL,
    XH_SUPPLY,
    XH_WATER,
    YH_COIL_HEAT,
    YH_COMPRESSOR,
    YH_DIRECT,
    YH_DOOR,
    YH_ENVELOPE,
    YH_FAN,
    YH_FAN_FRAC,
    YH_INLET,
    YH_IT,
    YH_IT_FAN,
    YH_LIQUID,
    YH_MAKE_UP,
    YH_OUTSIDE,
    YH_RETURN,
    YH_SHORT,
    YH_SUPPLY,
    YH_WATER,
)
from twin.kernels.halls import exhaust_air_c, hall_inlet_c, handlers_air, served_w
from twin.kernels.rear_doors import rear_door
from twin.kernels.site import HallRow, OtherAirRow, PlantRow
from twin.kernels.zones import zone_response


@kernel
def step_servers(hall: HallRow, x: Floats, u: Floats, y: Floats) -> float:
    """Servers of one hall at the inlet they have now; returns their power, W. `x`, `u`, `y` are the hall's blocks."""
    in_air = 1.0 - hall.liquid_frac
    _, _, it_w_k = served_w(hall, in_air * u[UH_LOAD], x[XH_INLET])
    _, flow_w_k, _ = handlers_air(hall, it_w_k, u[UH_RUNNING])
    inlet_c = hall_inlet_c(hall, x[XH_SUPPLY], x[XH_AIR], it_w_k, flow_w_k) + u[UH_OFFSET]
    power_w, fan_w, _ = served_w(hall, u[UH_LOAD], inlet_c)
    x[XH_INLET] = inlet_c
    y[YH_INLET] = inlet_c
    y[YH_IT] = power_w
    y[YH_IT_FAN] = in_air * fan_w
    y[YH_LIQUID] = hall.liquid_frac * power_w
    return power_w


@kernel
def _door_heat_w(
    hall: HallRow, other: OtherAirRow, x: Floats, it_w_k: float, flow_w_k: float, facility_c: float, most_w: float
) -> float:
    """Heat that the rear doors of a hall take from its exhaust, W; never more than the racks give to the air."""
    if other.door_ua0_w_k <= 0.0:
        return 0.0
    exhaust_c, _ = exhaust_air_c(hall, x[XH_SUPPLY], x[XH_AIR], it_w_k, flow_w_k)
    heat_w, _, _ = rear_door(
        exhaust_c,
        facility_c,
        it_w_k / 1006.0,
        other.door_water0_kg_s,
        other.door_air0_kg_s,
        other.door_water0_kg_s,
        other.door_ua0_w_k,
        hall.ha_ratio,
    )
    return min(max(heat_w, 0.0), most_w)


@kernel
def step_hall_air(
    h: int,
    halls: Table[HallRow],
    others: Table[OtherAirRow] | None,
    plant: PlantRow,
    x: Floats,
    u: Floats,
    site_u: Floats,
    chws_c: float,
    facility_c: float,
    room_w: float,
    dt_s: float,
    y: Floats,
) -> None:
    """Air of hall `h` over `dt_s`, cooled by outside air, chilled water or direct expansion, whatever it has.

    `x`, `u`, `y` are the hall's blocks, `site_u` the head of the inputs; `room_w` is the heat of UPS and distribution.
    """
    hall = halls[h]
    running = max(u[UH_RUNNING], 1e-3)
    outdoor_c = site_u[U_OUTDOOR]
    _, _, it_w_k = served_w(hall, (1.0 - hall.liquid_frac) * u[UH_LOAD], x[XH_INLET])
    frac, flow_w_k, fan_w = handlers_air(hall, it_w_k, running)
    air_kg_s = frac * hall.air0_kg_s
    metal_heat_w = y[YH_IT] - y[YH_LIQUID]
    door_w = 0.0
    if others is not None:
        door_w = _door_heat_w(hall, others[h], x, it_w_k, flow_w_k, facility_c, metal_heat_w)
    air_heat_w = room_w + hall.lights_w - door_w
    wanted_c = u[UH_SUPPLY]
    if hall.supply_tau_s > 0.0:
        wanted_c = wanted_c + (x[XH_SUPPLY] - wanted_c) * math.exp(-dt_s / hall.supply_tau_s)
    air_c, metal_c, air_per_k, metal_per_k = zone_response(
        x[XH_AIR],
        x[XH_METAL],
        hall.air_j_k,
        hall.metal_j_k,
        flow_w_k,
        hall.metal_ua_w_k,
        hall.envelope_w_k,
        wanted_c,
        outdoor_c,
        air_heat_w,
        metal_heat_w,
        dt_s,
    )
    # from the balance of the whole step: mean return air, and what it gains per kelvin of supply air
    lost_w_k = max(flow_w_k + hall.envelope_w_k, 1e-9)
    stored_w = (hall.air_j_k * (air_c - x[XH_AIR]) + hall.metal_j_k * (metal_c - x[XH_METAL])) / dt_s
    stored_per_k = (hall.air_j_k * air_per_k + hall.metal_j_k * metal_per_k) / dt_s
    return_c = (flow_w_k * wanted_c + hall.envelope_w_k * outdoor_c + air_heat_w + metal_heat_w - stored_w) / lost_w_k
    return_per_k = (flow_w_k - stored_per_k) / lost_w_k
    rest_c = return_c - return_per_k * wanted_c  # the mean return is rest_c + return_per_k * supply
    outside, outside_c, make_up = 0.0, outdoor_c, 0.0
    if others is not None:
        outside, outside_c, filter_w, make_up = outside_share(
            hall, others[h], plant, site_u, wanted_c - fan_w / flow_w_k, return_c, air_kg_s, running
        )
        fan_w += filter_w
    entering_c = return_c + outside * (outside_c - return_c)
    entering_rest_c = (1.0 - outside) * rest_c + outside * outside_c
    entering_per_k = (1.0 - outside) * return_per_k
    supply_c, short = wanted_c, 0.0
    coil_w = flow_w_k * (entering_c - wanted_c) + fan_w
    most_w, per_k, water_kg_s = 0.0, 0.0, 0.0
    if others is not None and others[h].dx_w > 0.0:
        most_w = running * most_dx_w(hall, others[h], plant, site_u, entering_c, air_kg_s)
    else:
        most_w, per_k, water_kg_s = coil_limits(hall, coil_w, entering_c, chws_c, air_kg_s, running, x[XH_WATER])
    if not 0.0 <= coil_w <= most_w:
        # at an end: a shut valve heats nothing, an open one takes what its driving temperature carries
        short = 1.0 if coil_w > 0.0 else 0.0
        per_k = per_k if coil_w > 0.0 else 0.0
        fixed_w = most_w if coil_w > 0.0 and per_k <= 0.0 else 0.0
        supply_c = (flow_w_k * entering_rest_c + fan_w - fixed_w - per_k * (entering_rest_c - chws_c)) / max(
            per_k * entering_per_k + flow_w_k * (1.0 - entering_per_k), 1e-9
        )
        return_c = rest_c + return_per_k * supply_c
        entering_c = entering_rest_c + entering_per_k * supply_c
        air_c += air_per_k * (supply_c - wanted_c)
        metal_c += metal_per_k * (supply_c - wanted_c)
        coil_w = flow_w_k * (entering_c - supply_c) + fan_w
    x[XH_AIR] = air_c
    x[XH_METAL] = metal_c
    x[XH_SUPPLY] = supply_c
    x[XH_WATER] = water_kg_s
    y[YH_SUPPLY] = supply_c
    y[YH_RETURN] = return_c
    y[YH_FAN_FRAC] = frac
    y[YH_FAN] = fan_w
    y[YH_DOOR] = door_w
    y[YH_OUTSIDE] = outside
    y[YH_MAKE_UP] = make_up
    y[YH_ENVELOPE] = hall.envelope_w_k * (outdoor_c - return_c)
    y[YH_SHORT] = short
    compressor_w, direct_w, chilled_w = 0.0, flow_w_k * (return_c - entering_c), coil_w
    if others is not None and others[h].dx_w > 0.0:
        compressor_w = running * dx_unit_w(hall, others[h], plant, site_u, entering_c, coil_w / running, air_kg_s)
        direct_w += coil_w + compressor_w
        chilled_w = 0.0
    y[YH_COMPRESSOR] = compressor_w
    y[YH_DIRECT] = direct_w
    y[YH_COIL_HEAT] = chilled_w
    y[YH_WATER] = water_kg_s * running
