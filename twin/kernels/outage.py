"""The halls after a failure: how long what is left keeps their worst inlets below a limit.

The halls' own step with the machines that are left, on one store of chilled water that only the chillers left over
cool. Source: docs/reference/equations.md#ride-through.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.columns import (
    U_HALL,
    U_HEAD,
    U_LIQUID,
    UH_RUNNING,
    X_CHWS,
    X_FACILITY_WATER,
    X_HALL,
    X_HEAD,
    XH_INLET,
    YH_COIL_HEAT,
    YH_DOOR,
    YH_FAN,
    YH_INLET,
    YH_IT,
    YH_LIQUID,
    YH_WATER,
)
from twin.kernels.fans import hydraulic_power_w
from twin.kernels.hall_step import step_hall_air, step_servers
from twin.kernels.liquid_step import SINK_CHILLED_WATER
from twin.kernels.power import all_ups_loss_w
from twin.kernels.site import HallRow, LiquidRow, OtherAirRow, PlantRow, UpsRow
from twin.kernels.water_step import WATER_KG_M3
from twin.kernels.zones import zone_step_c

MOST_ROUNDS, CLOSE_K = 10, 0.1
GROWTH_FRAC = 0.2  # steps grow with the time that they belong to


@kernel
def _note_crossed(y: Floats, spread_k: Floats, limit_c: float, gone_s: float, out_s: Floats) -> float:
    """Put down for each hall that is found above the limit for the first time; how many are still below."""
    below = 0.0
    for h in range(y.shape[0]):
        if out_s[h] >= 0.0:
            continue
        if y[h, YH_INLET] + spread_k[h] <= limit_c:
            below += 1.0
        else:  # also when nothing is known
            out_s[h] = gone_s
    return below


@kernel
def _servers_w(hall: HallRow, x: Floats, u: Floats, h: int, y: Floats) -> float:
    """Power of a hall's servers, W. Inlet and the fans that answer to it are brought into agreement: short of air, each
    drives the other."""
    xh, uh = X_HEAD + X_HALL * h, U_HEAD + U_HALL * h
    power_w = 0.0
    for _ in range(MOST_ROUNDS):
        before_c = x[xh + XH_INLET]
        power_w = step_servers(hall, x[xh : xh + X_HALL], u[uh : uh + U_HALL], y)
        if not abs(x[xh + XH_INLET] - before_c) > CLOSE_K:
            break
    return power_w


@kernel
def seconds_after_failure(
    plant: PlantRow,
    halls: Table[HallRow],
    others: Table[OtherAirRow] | None,
    liquid: Table[LiquidRow] | None,
    ups: Table[UpsRow],
    x: Floats,
    u: Floats,
    spread_k: Floats,
    lost: float,
    chilled_w: float,
    later_chilled_w: float,
    later_s: float,
    revert_c: float,
    panic_c: float,
    longest_s: float,
    step_s: float,
    y: Floats,
    out_revert_s: Floats,
    out_panic_s: Floats,
    out_peak_w: Floats,
) -> None:
    """How long every worst inlet is known to stay below each limit, s, at most `longest_s`; arrays (n_hall,).

    Args:
        x: State at the failure, moved on in place; `u`: inputs before it. Both as `twin.kernels.columns` has them.
        spread_k: Worst inlet above the mean of its hall.
        lost: Air handlers lost in each hall.
        chilled_w: What the chillers left over take at most; `later_chilled_w` from `later_s` on.
        step_s: Steps begin with half of it and grow to half as much again.
        y: Scratch, (n_hall, Y_HALL).
        out_revert_s: The last instant at which the inlet was seen below the limit: never later than it passed.
        out_peak_w: Most power of racks, of air handler fans and of chilled-water pumps on the way, (3,).
    """
    n = len(halls)
    loops = 0 if liquid is None else len(liquid)
    eco = u[U_HEAD + U_HALL * n + U_LIQUID * loops :]
    water_j_k = max(plant.water_j_k, 1.0)
    into_chilled = 1.0 if plant.facility_sink == SINK_CHILLED_WATER else 0.0
    for h in range(n):
        u[U_HEAD + U_HALL * h + UH_RUNNING] = max(u[U_HEAD + U_HALL * h + UH_RUNNING] - lost, 0.0)
        out_revert_s[h], out_panic_s[h] = -1.0, -1.0
    for k in range(3):
        out_peak_w[k] = 0.0
    gone_s, known_s, warms_k_s = 0.0, 0.0, -1.0
    while True:
        it_w = 0.0
        for h in range(n):
            it_w += _servers_w(halls[h], x, u, h, y[h])
        _note_crossed(y, spread_k, revert_c, known_s, out_revert_s)
        below = _note_crossed(y, spread_k, panic_c, known_s, out_panic_s)
        if below == 0.0 or gone_s >= longest_s:
            break
        dt_s = min(max(0.5 * step_s, GROWTH_FRAC * gone_s), 1.5 * step_s, longest_s - gone_s)
        pdu_w = it_w * plant.pdu_loss_frac / (1.0 - plant.pdu_loss_frac)
        losses_w = pdu_w + all_ups_loss_w(ups, eco, it_w + pdu_w)
        left_w = chilled_w if gone_s < later_s else later_chilled_w
        if warms_k_s < 0.0:  # nothing is known of the water's warming yet: all heat goes there
            warms_k_s = max(it_w + losses_w - left_w, 0.0) / water_j_k
        water_c = x[X_CHWS] + 0.5 * dt_s * warms_k_s  # in the middle of the step
        facility_c = water_c if into_chilled > 0.0 else x[X_FACILITY_WATER]
        heat_w, coil_kg_s, fan_w = 0.0, 0.0, 0.0
        for h in range(n):
            xh, uh = X_HEAD + X_HALL * h, U_HEAD + U_HALL * h
            step_hall_air(
                h,
                halls,
                others,
                plant,
                x[xh : xh + X_HALL],
                u[uh : uh + U_HALL],
                u,
                water_c,
                facility_c,
                losses_w * y[h, YH_IT] / max(it_w, 1.0),
                dt_s,
                y[h],
            )
            heat_w += y[h, YH_COIL_HEAT] + into_chilled * (y[h, YH_LIQUID] + y[h, YH_DOOR])
            coil_kg_s += y[h, YH_WATER]
            fan_w += y[h, YH_FAN]
        pump_w = hydraulic_power_w(coil_kg_s, plant.chw_head_pa, plant.chw_efficiency_frac, WATER_KG_M3)
        heat_w += plant.chw_heat_frac * pump_w
        warms_k_s = max(heat_w - left_w, 0.0) / water_j_k
        x[X_CHWS] += dt_s * warms_k_s
        out_peak_w[0] = max(out_peak_w[0], it_w)
        out_peak_w[1] = max(out_peak_w[1], fan_w)
        out_peak_w[2] = max(out_peak_w[2], pump_w)
        known_s = gone_s  # below here; above it may pass at any time within the step
        gone_s += dt_s
    for h in range(n):
        out_revert_s[h] = longest_s if out_revert_s[h] < 0.0 else out_revert_s[h]
        out_panic_s[h] = longest_s if out_panic_s[h] < 0.0 else out_panic_s[h]


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
