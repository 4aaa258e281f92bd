"""Fans and pumps: power at part flow.

Sources: measured variable-speed fan and pump curves of the ASHRAE 90.1 prototype models; hydraulic power over
efficiency. See docs/reference/equations.md#fans-and-pumps.
"""

from __future__ import annotations

from twin.kernels._jit import kernel


@kernel
def vfd_fan_ratio(flow_frac: float) -> float:
    """Power of a variable-speed fan relative to its design power; `flow_frac` = flow / design flow."""
    x = max(flow_frac, 0.0)
    return 0.0408 + 0.0880 * x - 0.0729 * x * x + 0.9437 * x * x * x


@kernel
def vfd_pump_ratio(flow_frac: float) -> float:
    """Power of a variable-speed pump with differential-pressure reset relative to its design power."""
    x = max(flow_frac, 0.0)
    return 0.0205 * x + 0.4101 * x * x + 0.5753 * x * x * x


@kernel
def hydraulic_power_w(flow_kg_s: float, head_pa: float, efficiency_frac: float, density_kg_m3: float) -> float:
    """Electrical power of a pump or fan: volume flow times head over overall efficiency."""
    return flow_kg_s / density_kg_m3 * head_pa / efficiency_frac
