"""UPS modules: how many must be awake, how many are best, and when a side may run in ECO mode.

Source: redundancy arithmetic and the module loss of docs/reference/equations.md#power;
docs/reference/equations.md#ups-modules.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel
from twin.kernels.power import ups_loss_w


@kernel
def worst_load_w(now_w: float, step_frac: float, forecast_w: float, other_path_w: float) -> float:
    """The load to be ready for, W: a sudden step, the forecast peak, or what a lost other path would hand over."""
    missing = now_w + step_frac + forecast_w + other_path_w
    if missing != missing:
        return missing
    return max(now_w * (1.0 + step_frac), forecast_w, other_path_w)


@kernel
def modules_needed(worst_w: float, module_w: float, redundant: float) -> float:
    """Modules that carry `worst_w` with `redundant` of them lost, at least one besides those."""
    if worst_w != worst_w:
        return worst_w
    # a load that fills its modules to the last digit needs no further one
    return max(float(math.ceil(worst_w / max(module_w, 1e-9) - 1e-9)), 1.0) + redundant


@kernel
def side_modules_needed(total_w: float, margin_frac: float, module_w: float) -> float:
    """Modules that each side of a 2N pair keeps awake: it must hold the whole load when the other side is lost."""
    return modules_needed(total_w * (1.0 + margin_frac), module_w, 0.0)


@kernel
def best_modules(
    load_w: float,
    least: float,
    installed: float,
    module_w: float,
    constant: float,
    linear: float,
    square: float,
) -> tuple[float, float, float]:
    """(modules awake, their loss W, 1.0 when fewer are installed than needed) that lose least at `load_w`.

    The loss as a function of the number has one valley, at load/module * sqrt(square/constant).
    """
    missing = load_w + least
    if missing != missing:
        return missing, missing, 0.0
    fewest = min(max(least, 1.0), installed)
    valley = load_w / max(module_w, 1e-9) * math.sqrt(max(square, 0.0) / max(constant, 1e-12))
    below = min(max(float(math.floor(min(valley, 1e9))), fewest), installed)
    above = min(below + 1.0, installed)
    below_w = ups_loss_w(load_w, below, module_w, constant, linear, square)
    above_w = ups_loss_w(load_w, above, module_w, constant, linear, square)
    short = 1.0 if least > installed else 0.0
    if above_w < below_w:
        return above, above_w, short
    return below, below_w, short


@kernel
def side_load_w(total_w: float, sides_alive: float) -> float:
    """Load of each side still alive, W; they share equally. Infinite when none is left to carry a load."""
    if total_w != total_w or sides_alive != sides_alive:
        return total_w + sides_alive
    if sides_alive < 1.0:
        return math.inf if total_w > 0.0 else 0.0
    return total_w / sides_alive


@kernel
def load_frac_after_loss(total_w: float, sides_alive: float, awake: float, module_w: float) -> float:
    """Load of each module after one more side is lost, of its rating; above 1 the load drops."""
    each_w = side_load_w(total_w, sides_alive - 1.0)
    if each_w != each_w or awake != awake:
        return each_w + awake
    capacity_w = awake * module_w
    if capacity_w <= 0.0:
        return math.inf if each_w > 0.0 else 0.0
    return each_w / capacity_w


@kernel
def eco_allowed(
    in_eco: float,
    permitted: float,
    battery_healthy: float,
    on_generator: float,
    other_path_maintained: float,
    load_frac: float,
    mains_deviation_frac: float,
    voltage_distortion_frac: float,
    battery_soc_frac: float,
    calm_s: float,
    load_least_frac: float,
    load_band_frac: float,
    mains_most_frac: float,
    mains_band_frac: float,
    distortion_most_frac: float,
    distortion_band_frac: float,
    soc_least_frac: float,
    soc_band_frac: float,
    calm_least_s: float,
) -> float:
    """1.0 when a UPS side may enter ECO mode or stay in it, 0.0 otherwise; anything unknown forbids it.

    Args:
        in_eco: 1.0 when the side runs in ECO now: each limit is then wider by its band.
        permitted: 1.0 with the operator's permit.
        other_path_maintained: 1.0 while the other path is under maintenance.
        calm_s: Time since the last disturbance of the mains or storm warning.
    Source: conditions of a large three-phase UPS, generalised; docs/reference/equations.md#ups-modules.
    """
    if not (permitted > 0.5 and battery_healthy > 0.5 and on_generator < 0.5 and other_path_maintained < 0.5):
        return 0.0
    held = 1.0 if in_eco > 0.5 else 0.0
    loaded = load_frac >= load_least_frac - held * load_band_frac
    steady = abs(mains_deviation_frac) <= mains_most_frac + held * mains_band_frac
    clean = voltage_distortion_frac <= distortion_most_frac + held * distortion_band_frac
    charged = battery_soc_frac >= soc_least_frac - held * soc_band_frac
    calm = calm_s >= calm_least_s
    return 1.0 if loaded and steady and clean and charged and calm else 0.0
