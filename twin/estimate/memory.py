"""What estimating remembers from cycle to cycle: filters and the hidden temperatures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EstimateMemory:
    """Tuples by rack (`rack_*`) or by hall. `mono_s` is the clock of the last cycle, negative before the first.

    `rack_offset_k` is each rack's inlet above supply air, filtered; NaN before its first good reading.
    `inlet_var_k2` is the variance of what the filtered worst offset left unexplained.
    `residual_w` and `residual_var_w2`: metered minus predicted facility power.
    """

    mono_s: float = -1.0
    rack_offset_k: tuple[float, ...] = ()
    inlet_var_k2: tuple[float, ...] = ()
    air_c: tuple[float, ...] = ()
    metal_c: tuple[float, ...] = ()
    residual_w: float = 0.0
    residual_var_w2: float = -1.0
