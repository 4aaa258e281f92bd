"""The twin in time: the whole site moved on step by step."""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Floats
from twin.kernels import columns as at
from twin.kernels.economiser import FULLY_MECHANICAL
from twin.kernels.site_step import run_site
from twin.model.compiled import CompiledSite
from twin.model.layout import Layout


def first_state(site: CompiledSite, u: Floats) -> Floats:
    """A state to begin from, shape (n_x,): every store at its setpoint of the inputs `u`, shape (n_u,), halls warm."""
    layout = Layout.of(site)
    x = np.zeros(layout.n_x)
    x[at.X_CHWS], x[at.X_BASIN], x[at.X_FACILITY_WATER] = u[at.U_CHWS], u[at.U_CWS], u[at.U_FACILITY_WATER]
    x[at.X_RUNNING] = max(1.0, u[at.U_AVAILABLE])
    x[at.X_MODE], x[at.X_MODE_S] = FULLY_MECHANICAL, 1e9
    x[at.X_TOWER_FAN] = x[at.X_COOLER_FAN] = 0.6
    halls = x[layout.x_hall(0) : layout.x_liquid(0)].reshape(layout.halls, at.X_HALL)
    given = u[layout.u_hall(0) : layout.u_liquid(0)].reshape(layout.halls, at.U_HALL)
    halls[:, at.XH_SUPPLY] = halls[:, at.XH_INLET] = given[:, at.UH_SUPPLY]
    halls[:, at.XH_AIR] = given[:, at.UH_SUPPLY] + site.halls.rise_k
    halls[:, at.XH_METAL] = halls[:, at.XH_AIR] + given[:, at.UH_LOAD] / site.halls.metal_ua_w_k
    for k in range(layout.liquid):
        x[layout.x_liquid(k) + at.XL_SUPPLY] = u[layout.u_liquid(k) + at.UL_SUPPLY]
    if site.batteries is not None:
        for k in range(layout.batteries):
            battery = site.batteries[k]
            x[layout.x_battery(k)] = 0.5 * (battery.least_frac + battery.most_frac) * battery.energy_j
    return x


def run(site: CompiledSite, x: Floats, u: Floats, dt_s: float) -> tuple[Floats, Floats]:
    """(state after the last step, outputs of every step): steps of `dt_s` under the rows of `u`, shape (n, n_u).

    Outputs, shape (n, n_y), are means over each step; a missing input makes missing what depends on it.
    """
    layout = Layout.of(site)
    after = np.array(x, dtype=np.float64)
    out = np.zeros((u.shape[0], layout.n_y))
    run_site(
        *site.tables,
        after,
        np.require(u, np.float64, ["C", "W"]),
        dt_s,
        out,
        np.zeros(layout.n_y),
    )
    return after, out
