"""Water on its way: pipes that delay, headers and tanks that mix.

Source: plug flow and the exact answer of a mixed volume; docs/reference/equations.md#pipes-and-tanks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from twin.kernels._jit import Floats, kernel


@kernel
def fill_pipe(
    parcel_kg: Floats, parcel_c: Floats, ring: NDArray[np.int64], contents_kg: float, temperature_c: float
) -> None:
    """Make a pipe full of water at one temperature.

    `parcel_kg` and `parcel_c`, shape (n,), n at least 3, hold the parcels; `ring`, shape (2,), the place of the oldest
    and their number. All three belong to the caller and are the pipe's whole state.
    """
    for i in range(parcel_kg.shape[0]):
        parcel_kg[i] = 0.0
        parcel_c[i] = 0.0
    parcel_kg[0] = contents_kg
    parcel_c[0] = temperature_c
    ring[0] = 0
    ring[1] = 1


@kernel
def pipe_contents(parcel_kg: Floats, parcel_c: Floats, ring: NDArray[np.int64]) -> tuple[float, float]:
    """(mass kg, mass times temperature kg K) in the pipe."""
    n = parcel_kg.shape[0]
    mass, heat = 0.0, 0.0
    for k in range(ring[1]):
        at = (ring[0] + k) % n
        mass += parcel_kg[at]
        heat += parcel_kg[at] * parcel_c[at]
    return mass, heat


@kernel
def step_pipe(
    parcel_kg: Floats,
    parcel_c: Floats,
    ring: NDArray[np.int64],
    contents_kg: float,
    flow_kg_s: float,
    inlet_c: float,
    dt_s: float,
) -> float:
    """Mean temperature of the water that leaves during `dt_s`; without flow, that of the water at the outlet.

    What enters leaves again after `contents_kg` have passed, whatever the flow did meanwhile. Heat is kept exactly.
    New water joins the youngest parcel until that holds 1/(n-2) of the contents, which is the resolution and keeps the
    ring from running full. A missing inlet travels through and comes out missing; a missing flow moves nothing.
    """
    if flow_kg_s != flow_kg_s or dt_s != dt_s:
        return flow_kg_s + dt_s
    n = parcel_kg.shape[0]
    incoming = flow_kg_s * dt_s
    if incoming <= 1e-12 * contents_kg:
        return float(parcel_c[ring[0]])
    if incoming >= contents_kg:
        mass, heat = pipe_contents(parcel_kg, parcel_c, ring)
        ring[0] = 0
        ring[1] = 1
        parcel_kg[0] = mass
        parcel_c[0] = inlet_c
        return (heat + (incoming - mass) * inlet_c) / incoming
    left, heat = incoming, 0.0
    while ring[1] > 1 and parcel_kg[ring[0]] <= left:
        at = ring[0]
        left -= parcel_kg[at]
        heat += parcel_kg[at] * parcel_c[at]
        ring[0] = (at + 1) % n
        ring[1] -= 1
    parcel_kg[ring[0]] -= left
    heat += left * parcel_c[ring[0]]
    youngest = (ring[0] + ring[1] - 1) % n
    if ring[1] > 1 and (parcel_kg[youngest] < contents_kg / (n - 2) or ring[1] == n):
        together = parcel_kg[youngest] + incoming
        parcel_c[youngest] = (parcel_kg[youngest] * parcel_c[youngest] + incoming * inlet_c) / together
        parcel_kg[youngest] = together
    else:
        youngest = (youngest + 1) % n
        parcel_kg[youngest] = incoming
        parcel_c[youngest] = inlet_c
        ring[1] += 1
    return float(heat / incoming)


@kernel
def _first_share(x: float) -> float:
    """(1 - e^-x)/x, 1 at 0."""
    return -math.expm1(-x) / x if x > 1e-12 else 1.0


@kernel
def _second_share(x: float) -> float:
    """(x - 1 + e^-x)/x^2, 1/2 at 0."""
    return (1.0 - _first_share(x)) / x if x > 1e-3 else 0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0 - x / 120.0))


@kernel
def step_mixed_volume(
    temperature_c: float,
    contents_kg: float,
    flow_kg_s: float,
    inlet_c: float,
    heat_w: float,
    specific_heat_j_kg_k: float,
    dt_s: float,
) -> tuple[float, float]:
    """(temperature after `dt_s` degC, mean temperature of the water that left degC) of a header or a tank.

    Exact for any length under constant inputs: heat in by water and `heat_w` = heat out + heat stored.
    """
    missing = flow_kg_s + dt_s + contents_kg
    if missing != missing:
        return missing, missing
    flow = max(flow_kg_s, 0.0)
    held = max(contents_kg, 1e-9)
    changes = flow * dt_s / held
    rate_k_s = heat_w / (held * specific_heat_j_kg_k)
    if flow > 0.0:
        rate_k_s += flow / held * (inlet_c - temperature_c)
    end_c = temperature_c + rate_k_s * dt_s * _first_share(changes)
    return end_c, temperature_c + rate_k_s * dt_s * _second_share(changes)


@kernel
def tank_ride_through_s(contents_kg: float, specific_heat_j_kg_k: float, rise_k: float, heat_w: float) -> float:
    """Seconds until `heat_w` has warmed a tank by `rise_k`; infinite without heat."""
    if heat_w != heat_w:
        return heat_w
    if heat_w <= 0.0:
        return math.inf
    return contents_kg * specific_heat_j_kg_k * max(rise_k, 0.0) / heat_w
