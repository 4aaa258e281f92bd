"""The power chain: what UPS, transformers and distribution lose.

Sources: quadratic UPS loss per module; no-load plus square-law transformer loss; docs/reference/equations.md#power.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels._tables import Table
from twin.kernels.site import UpsRow


@kernel
def ups_loss_w(
    output_w: float, modules: float, module_w: float, constant: float, linear: float, square: float
) -> float:
    """Loss of one UPS side whose `modules` share the load equally."""
    if modules <= 0.0:
        return 0.0
    x = output_w / (modules * module_w)
    return modules * module_w * (constant + linear * x + square * x * x)


@kernel
def all_ups_loss_w(ups: Table[UpsRow], eco: Floats, output_w: float) -> float:
    """Loss of all sides, which share the load equally; `eco` 1.0 means that side is in ECO."""
    n = len(ups)
    total = 0.0
    for k in range(n):
        weight = eco[k]
        for mode in range(2):
            curve = ups[k].eco if mode == 1 else ups[k].double_conversion
            part = weight if mode == 1 else 1.0 - weight
            if part > 0.0:
                total += part * ups_loss_w(output_w / n, ups[k].modules, ups[k].module_w, curve[0], curve[1], curve[2])
    return total


@kernel
def transformer_loss_w(
    load_w: float, count: float, rated_va: float, no_load_w: float, load_loss_w: float, power_factor: float
) -> float:
    """Loss of `count` equal transformers that share `load_w`."""
    if count <= 0.0:
        return 0.0
    share = load_w / count / (power_factor * rated_va)
    return count * (no_load_w + load_loss_w * share * share)
