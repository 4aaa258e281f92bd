"""Batteries and solar arrays over one step.

Source: docs/reference/equations.md#batteries and #photovoltaics.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.batteries import battery_step
from twin.kernels.columns import (
    U_BATTERY,
    U_OUTDOOR,
    U_PV,
    U_WIND,
    UB_CHARGE,
    UP_IRRADIANCE,
    X_BATTERY,
    XB_ENERGY,
    Y_BATTERY_ROW,
    YB_CHARGE,
    YB_LOSS,
)
from twin.kernels.pv import cell_c, dc_w, inverter_w
from twin.kernels.site import BatteryRow, PvRow


@kernel
def step_batteries(batteries: Table[BatteryRow], x: Floats, u: Floats, dt_s: float, y: Floats) -> tuple[float, float]:
    """(power into all terminals and auxiliaries W, of that lost W); `x`, `u`, `y` begin with the first battery."""
    taken_w, lost_w = 0.0, 0.0
    for k in range(len(batteries)):
        row, at = batteries[k], k * X_BATTERY + XB_ENERGY
        soc, discharge_w, auxiliary_w, loss_w = battery_step(
            x[at] / row.energy_j,
            -u[k * U_BATTERY + UB_CHARGE],
            row.energy_j,
            row.charge_efficiency_frac,
            row.discharge_efficiency_frac,
            row.charge_rate_c,
            row.discharge_rate_c,
            row.least_frac,
            row.most_frac,
            row.idle_w,
            row.auxiliary_frac,
            dt_s,
        )
        x[at] = soc * row.energy_j
        y[k * Y_BATTERY_ROW + YB_CHARGE] = auxiliary_w - discharge_w
        y[k * Y_BATTERY_ROW + YB_LOSS] = loss_w
        taken_w += auxiliary_w - discharge_w
        lost_w += loss_w
    return taken_w, lost_w


@kernel
def solar_w(arrays: Table[PvRow], u: Floats, site_u: Floats) -> float:
    """What all arrays deliver behind their inverters, W; `u` begins with the first array."""
    total_w = 0.0
    for k in range(len(arrays)):
        row, plane_w_m2 = arrays[k], u[k * U_PV + UP_IRRADIANCE]
        warm_c = cell_c(plane_w_m2, site_u[U_OUTDOOR], site_u[U_WIND], row.mount_a, row.mount_b, row.mount_rise_k)
        total_w += inverter_w(
            dc_w(plane_w_m2, warm_c, row.rated_w, row.per_k, row.loss_frac),
            row.inverter_w,
            row.inverter_efficiency_frac,
        )
    return total_w
