"""Racks in a room: inlets as a mix of supply air and other racks' outlets, and one step in time for all of them.

Sparse neighbours come as rows: the givers of rack j are `neighbour[first[j]:first[j + 1]]`, `share` says how much of
its inlet air each of them gives, `supply_frac` what is left for supply air; `twin.model.heat_distribution` builds and
checks them. Sources: heat-distribution matrix of Tang, Gupta and Varsamopoulos 2008, rack metal as one node;
docs/reference/equations.md#racks.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from twin.kernels._jit import Floats, kernel
from twin.kernels.servers import power_ratio, speed_ratio
from twin.kernels.zones import recirculated_frac

Rows: TypeAlias = NDArray[np.uint32]  # a signed index costs a test for negative ones: a third of the mixing's time

# columns of `law`
REFERENCE_C, START_C, LEAKAGE_PER_K, FAN_SHARE, SPEED_PER_K, SPEED_MOST = 0, 1, 2, 3, 4, 5


@kernel
def outlet_temperature_c(inlet_c: float, heat_w: float, air_w_k: float) -> float:
    """Outlet of a rack, degC; a rack without fans draws no air, and its outlet is its inlet."""
    if air_w_k <= 0.0:
        return inlet_c
    return inlet_c + heat_w / air_w_k


@kernel
def inlets_dense(supply_share: Floats, supply_c: Floats, rise_k_w: Floats, heat_w: Floats, out_inlet_c: Floats) -> None:
    """Rack inlets, degC: supply air plus the heat-distribution matrix times the heat of all racks.

    Args:
        supply_share: Share of each air handler in the supply air of each rack, shape (n, units); rows sum to 1.
        supply_c: Supply of each air handler, shape (units,).
        rise_k_w: Rise of rack j (row) for each watt of rack i (column), K/W, shape (n, n).
        heat_w: Heat of each rack into its air, shape (n,).
        out_inlet_c: Shape (n,).
    Source: T_in = S T_sup + D P; docs/reference/equations.md#racks.
    """
    for j in range(out_inlet_c.shape[0]):
        inlet_c = 0.0
        for unit in range(supply_c.shape[0]):
            inlet_c += supply_share[j, unit] * supply_c[unit]
        for i in range(heat_w.shape[0]):
            inlet_c += rise_k_w[j, i] * heat_w[i]
        out_inlet_c[j] = inlet_c


@kernel
def shares_of_flows(
    first: Rows, neighbour: Rows, outlet_frac: Floats, air_w_k: Floats, out_share: Floats, out_supply_frac: Floats
) -> None:
    """Shares of inlet air from shares of outlet air, for the flows of now: `a_ij C_i / C_j`.

    A rack that draws no air takes nothing from its neighbours.

    Args:
        outlet_frac: Share of the giver's outlet air that enters the taker, 0..1, shape (pairs,).
        air_w_k: Capacity rate of each rack's air, shape (n,).
        out_share: Shape (pairs,).
        out_supply_frac: What supply air must fill, shape (n,); below 0 the shares are more than the rack draws.
    """
    for j in range(air_w_k.shape[0]):
        taken = 0.0
        for k in range(first[j], first[j + 1]):
            out_share[k] = outlet_frac[k] * air_w_k[neighbour[k]] / air_w_k[j] if air_w_k[j] != 0.0 else 0.0
            taken += out_share[k]
        out_supply_frac[j] = 1.0 - taken


@kernel
def inlets_sparse(
    first: Rows,
    neighbour: Rows,
    share: Floats,
    supply_frac: Floats,
    supply_c: Floats,
    outlet_c: Floats,
    out_inlet_c: Floats,
) -> None:
    """Rack inlets, degC, from the outlets as they are now: one pass, all arrays but the pairs of shape (n,)."""
    for j in range(supply_c.shape[0]):
        inlet_c = supply_frac[j] * supply_c[j]
        for k in range(first[j], first[j + 1]):
            inlet_c += share[k] * outlet_c[neighbour[k]]
        out_inlet_c[j] = inlet_c


@kernel
def steady_sparse(
    first: Rows,
    neighbour: Rows,
    share: Floats,
    supply_frac: Floats,
    supply_c: Floats,
    heat_w: Floats,
    air_w_k: Floats,
    close_k: float,
    most_passes: float,
    out_inlet_c: Floats,
    out_outlet_c: Floats,
) -> tuple[float, float]:
    """(passes, last change K) until no inlet moves by more than `close_k`: Gauss-Seidel, from supply air upwards.

    Where air goes round and never leaves, the passes run out and the last change stays large. What is left to go is
    about the last change times s/(1 - s), s the largest share of recirculated air.
    """
    n = supply_c.shape[0]
    for j in range(n):
        out_inlet_c[j] = supply_c[j]
        out_outlet_c[j] = outlet_temperature_c(supply_c[j], heat_w[j], air_w_k[j])
    passes, change_k = 0.0, close_k + 1.0
    while passes < most_passes and change_k > close_k:
        passes += 1.0
        change_k = 0.0
        for j in range(n):
            inlet_c = supply_frac[j] * supply_c[j]
            for k in range(first[j], first[j + 1]):
                inlet_c += share[k] * out_outlet_c[neighbour[k]]
            before_c = out_inlet_c[j]
            if inlet_c != inlet_c and before_c == before_c:
                change_k = close_k + 1.0  # what is missing must reach everyone it feeds
            change_k = max(change_k, abs(inlet_c - before_c)) if inlet_c == inlet_c else change_k
            out_inlet_c[j] = inlet_c
            out_outlet_c[j] = outlet_temperature_c(inlet_c, heat_w[j], air_w_k[j])
    return passes, change_k


@kernel
def lag_share(x: float) -> float:
    """`(1 - e^-x)/x`, x >= 0: the share of a sudden heat that still goes into the metal, averaged over x lags.

    A short series and eight doublings of e^y - 1: exact to the last digits, and unlike the library's
    exponential it can be vectorised.
    """
    y = -0.00390625 * (x if x < 40.0 else 40.0)  # beyond 40 the exponential is below the last digit
    q = 1.0 / 720.0
    q = q * y + 1.0 / 120.0
    q = q * y + 1.0 / 24.0
    q = q * y + 1.0 / 6.0
    q = q * y + 0.5
    q = (q * y + 1.0) * y
    q = q * (q + 2.0)
    q = q * (q + 2.0)
    q = q * (q + 2.0)
    q = q * (q + 2.0)
    q = q * (q + 2.0)
    q = q * (q + 2.0)
    q = q * (q + 2.0)
    q = q * (q + 2.0)
    return -q / x if x != 0.0 else 1.0


@kernel
def servers_at(
    reference_c: float,
    start_c: float,
    leakage_per_k: float,
    fan_share: float,
    speed_per_k: float,
    speed_most: float,
    inlet_c: Floats,
    base_w: Floats,
    air0_w_k: Floats,
    out_power_w: Floats,
    out_air_w_k: Floats,
) -> None:
    """Power and air of racks of one fleet at their inlets; arrays of shape (n,)."""
    for j in range(inlet_c.shape[0]):
        speed = speed_ratio(inlet_c[j], start_c, speed_per_k, speed_most)
        out_power_w[j] = base_w[j] * power_ratio(inlet_c[j], reference_c, leakage_per_k, fan_share, speed)
        out_air_w_k[j] = air0_w_k[j] * speed


@kernel
def metal_step(
    inlet_c: Floats,
    power_w: Floats,
    liquid_frac: Floats,
    air_w_k: Floats,
    metal_j_k: Floats,
    metal_ua_w_k: Floats,
    dt_s: float,
    metal_c: Floats,
    out_metal_c: Floats,
    out_outlet_c: Floats,
) -> None:
    """Rack metal after `dt_s` and the mean outlet over it, degC: exact for constant inputs, any step length.

    Metal gives heat to the outlet air, `G (Tm - To)`, and the air carries it off, `C (To - Ti)`: two in series. What
    the rack's power does not put into its metal leaves with the air or the liquid, so no joule is lost. `out_metal_c`
    may be `metal_c`, at three times the time: the loop is then not vectorised.
    """
    for j in range(inlet_c.shape[0]):
        heat_w = power_w[j] * (1.0 - liquid_frac[j])
        both_w_k = air_w_k[j] + metal_ua_w_k[j]
        ua_w_k = air_w_k[j] * metal_ua_w_k[j] / both_w_k if both_w_k != 0.0 else 0.0
        stored_w = (heat_w - ua_w_k * (metal_c[j] - inlet_c[j])) * lag_share(ua_w_k * dt_s / metal_j_k[j])
        out_metal_c[j] = metal_c[j] + stored_w * dt_s / metal_j_k[j]
        out_outlet_c[j] = outlet_temperature_c(inlet_c[j], heat_w - stored_w, air_w_k[j])


@kernel
def step_racks(
    first: Rows,
    neighbour: Rows,
    share: Floats,
    supply_frac: Floats,
    supply_c: Floats,
    fleet_first: Rows,
    law: Floats,
    base_w: Floats,
    air0_w_k: Floats,
    liquid_frac: Floats,
    metal_j_k: Floats,
    metal_ua_w_k: Floats,
    dt_s: float,
    metal_c: Floats,
    outlet_c: Floats,
    out_inlet_c: Floats,
    out_power_w: Floats,
    out_air_w_k: Floats,
    out_metal_c: Floats,
    out_outlet_c: Floats,
) -> None:
    """One time step of all racks; arrays have shape (n,) unless said otherwise.

    Args:
        first, neighbour, share, supply_frac: The mix of each inlet, as above; held over the step.
        supply_c: Supply air at each rack.
        fleet_first: Racks stand sorted by fleet: fleet f is `fleet_first[f]:fleet_first[f + 1]`, shape (fleets + 1,).
        law: One row for each fleet, columns as named in this module, shape (fleets, 6).
        base_w: Power at the fleet's reference inlet and the present utilisation.
        air0_w_k: Capacity rate of the rack's air at reference speed; 0 without fans.
        liquid_frac: Share of the heat that leaves with a liquid, 0..1; 1 without fans, or the metal keeps it all.
        metal_j_k: Heat capacity of servers and rack, > 0.
        metal_ua_w_k: Conductance from metal to outlet air.
        metal_c, outlet_c: State before the step; `outlet_c` is the mean outlet over the step before.
        out_air_w_k: Capacity rate of the air drawn.
        out_outlet_c: Mean outlet over this step; another array than `outlet_c`.
    """
    inlets_sparse(first, neighbour, share, supply_frac, supply_c, outlet_c, out_inlet_c)
    for f in range(law.shape[0]):
        a, b = fleet_first[f], fleet_first[f + 1]
        servers_at(
            law[f, REFERENCE_C],
            law[f, START_C],
            law[f, LEAKAGE_PER_K],
            law[f, FAN_SHARE],
            law[f, SPEED_PER_K],
            law[f, SPEED_MOST],
            out_inlet_c[a:b],
            base_w[a:b],
            air0_w_k[a:b],
            out_power_w[a:b],
            out_air_w_k[a:b],
        )
    metal_step(
        out_inlet_c,
        out_power_w,
        liquid_frac,
        out_air_w_k,
        metal_j_k,
        metal_ua_w_k,
        dt_s,
        metal_c,
        out_metal_c,
        out_outlet_c,
    )


@kernel
def lumped_air_c(
    supply_c: float, heat_w: float, crah_m3_s: float, it_m3_s: float, bypass_frac: float, air_j_m3k: float
) -> tuple[float, float, float]:
    """(inlet, outlet, return air), degC, of a hall known only by its total flows.

    Air handlers and servers solved together: where supply falls short of the servers' draw, the missing share of their
    inlet air is their own outlet air. The return carries all heat whatever the inlets do.
    """
    fraction = min(recirculated_frac(crah_m3_s, it_m3_s, bypass_frac), 0.999)
    if fraction != fraction or crah_m3_s != crah_m3_s or it_m3_s != it_m3_s or bypass_frac != bypass_frac:
        missing = crah_m3_s + it_m3_s + bypass_frac
        return missing, missing, missing
    rise_k = heat_w / max(it_m3_s * air_j_m3k, 1e-9)
    inlet_c = supply_c + fraction / (1.0 - fraction) * rise_k
    return inlet_c, inlet_c + rise_k, supply_c + heat_w / max(crah_m3_s * air_j_m3k, 1e-9)


@kernel
def leakage_m3_s(per_pa: float, pressure_pa: float, exponent: float) -> float:
    """Air through gaps, m3/s, along the pressure difference: `k dp^n`, n 0.5 to 0.65; negative against it."""
    flow = per_pa * math.pow(abs(pressure_pa), exponent)
    return flow if pressure_pa >= 0.0 else -flow
