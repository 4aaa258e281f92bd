"""How well the air is kept apart: recirculation, inlets outside their range, return against rack rise.

Sources: SHI and RHI, Sharma, Bash and Patel 2002; RCI, Herrlin 2005; RTI, Herrlin 2007;
docs/reference/equations.md#air-metrics. An index of nothing (no heat, no racks) is NaN.
"""

from __future__ import annotations

import math

from twin.kernels._jit import Floats, kernel


@kernel
def supply_heat_index(inlet_c: Floats, outlet_c: Floats, air_w_k: Floats, supply_c: float) -> float:
    """SHI: share of the heat in the outlets that was in the inlets already; good below 0.2. Shape (n,) each."""
    taken_w, carried_w = 0.0, 0.0
    for i in range(inlet_c.shape[0]):
        taken_w += air_w_k[i] * (inlet_c[i] - supply_c)
        carried_w += air_w_k[i] * (outlet_c[i] - supply_c)
    return taken_w / carried_w if carried_w != 0.0 else math.nan


@kernel
def return_heat_index(inlet_c: Floats, outlet_c: Floats, air_w_k: Floats, supply_c: float) -> float:
    """RHI: share of the heat in the outlets that the racks put there, 1 - SHI."""
    return 1.0 - supply_heat_index(inlet_c, outlet_c, air_w_k, supply_c)


@kernel
def rack_cooling_index_high(inlet_c: Floats, recommended_c: float, allowable_c: float) -> float:
    """RCI_HI, per cent: 100 when no inlet is above the recommended, 0 when all are at the allowable; >= 96 is good."""
    over_k = 0.0
    for i in range(inlet_c.shape[0]):
        over_k += inlet_c[i] - recommended_c if not inlet_c[i] <= recommended_c else 0.0
    span_k = (allowable_c - recommended_c) * inlet_c.shape[0]
    return 100.0 * (1.0 - over_k / span_k) if span_k != 0.0 else math.nan


@kernel
def rack_cooling_index_low(inlet_c: Floats, recommended_c: float, allowable_c: float) -> float:
    """RCI_LO, per cent: the same below the recommended and the allowable least inlet."""
    under_k = 0.0
    for i in range(inlet_c.shape[0]):
        under_k += recommended_c - inlet_c[i] if not inlet_c[i] >= recommended_c else 0.0
    span_k = (recommended_c - allowable_c) * inlet_c.shape[0]
    return 100.0 * (1.0 - under_k / span_k) if span_k != 0.0 else math.nan


@kernel
def return_temperature_index(return_c: float, supply_c: float, outlet_c: float, inlet_c: float) -> float:
    """RTI, per cent: below 100 supply air bypasses the racks, above 100 they breathe their own outlet air.

    `outlet_c` and `inlet_c` are means over the racks, weighted by their air.
    """
    rise_k = outlet_c - inlet_c
    return 100.0 * (return_c - supply_c) / rise_k if rise_k != 0.0 else math.nan
