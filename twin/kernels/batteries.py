"""Batteries: state of charge, what the UPS duty keeps back, and what a cycle costs.

Source: energy balance with one-way efficiencies; docs/reference/equations.md#batteries.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel


@kernel
def battery_step(
    soc_frac: float,
    wanted_discharge_w: float,
    energy_j: float,
    charge_efficiency_frac: float,
    discharge_efficiency_frac: float,
    charge_rate_c: float,
    discharge_rate_c: float,
    soc_least_frac: float,
    soc_most_frac: float,
    idle_w: float,
    auxiliary_frac: float,
    dt_s: float,
) -> tuple[float, float, float, float]:
    """(state of charge, discharge W reached, auxiliary W, loss W) after `dt_s`.

    Args:
        wanted_discharge_w: At the converter's terminal: positive leaves the battery, negative charges it.
        energy_j: Nominal capacity.
        charge_rate_c: Largest charging power, in capacities per hour; `discharge_rate_c` alike.
        soc_least_frac: Discharge stops here, the reserve of the UPS duty; charging stops at `soc_most_frac`. A battery
            outside the two is not driven back by force.
        idle_w: Drawn beside the battery at all times, by its controls and cooling.
        auxiliary_frac: Drawn beside it in proportion to power.
    Returns: discharge W is what leaves the terminal without the auxiliaries; the loss holds those too, so that
        stored = -(discharge - auxiliary) * dt - loss * dt exactly.
    """
    missing = soc_frac + wanted_discharge_w + energy_j
    if missing != missing:
        return missing, missing, missing, missing
    step_s = max(dt_s, 1e-9)
    hourly_w = max(energy_j, 1e-9) / 3600.0
    discharge_w = 0.0
    if wanted_discharge_w >= 0.0:
        room_w = max(soc_frac - soc_least_frac, 0.0) * energy_j * discharge_efficiency_frac / step_s
        discharge_w = min(wanted_discharge_w, discharge_rate_c * hourly_w, room_w)
        stored_w = -discharge_w / max(discharge_efficiency_frac, 1e-9)
    else:
        room_w = max(soc_most_frac - soc_frac, 0.0) * energy_j / max(charge_efficiency_frac, 1e-9) / step_s
        discharge_w = -min(-wanted_discharge_w, charge_rate_c * hourly_w, room_w)
        stored_w = -discharge_w * charge_efficiency_frac
    auxiliary_w = idle_w + auxiliary_frac * abs(discharge_w)
    loss_w = auxiliary_w - discharge_w - stored_w
    return soc_frac + stored_w * dt_s / max(energy_j, 1e-9), discharge_w, auxiliary_w, loss_w


@kernel
def ups_reserve_frac(
    critical_w: float, autonomy_s: float, discharge_efficiency_frac: float, energy_j: float, margin_frac: float
) -> float:
    """State of charge that the UPS duty keeps back; above 1 the battery is too small for it."""
    missing = critical_w + autonomy_s + energy_j
    if missing != missing:
        return missing
    return critical_w * autonomy_s / max(discharge_efficiency_frac, 1e-9) / max(energy_j, 1e-9) + margin_frac


@kernel
def spare_energy_j(soc_frac: float, reserve_frac: float, discharge_efficiency_frac: float, energy_j: float) -> float:
    """Energy a discharge may deliver before it touches the reserve, J."""
    spare_frac = soc_frac - reserve_frac
    return max(spare_frac, 0.0) * energy_j * discharge_efficiency_frac if spare_frac == spare_frac else spare_frac


@kernel
def autonomy_s(
    soc_frac: float, load_w: float, discharge_efficiency_frac: float, energy_j: float, discharge_rate_c: float
) -> float:
    """Seconds the battery carries `load_w`; 0 when its power falls short, infinite without a load."""
    missing = soc_frac + load_w + energy_j
    if missing != missing:
        return missing
    if load_w <= 0.0:
        return math.inf
    if load_w > discharge_rate_c * energy_j / 3600.0:
        return 0.0
    return max(soc_frac, 0.0) * energy_j * discharge_efficiency_frac / load_w


@kernel
def wear_price(replacement_price: float, loss_per_throughput: float, end_of_life_frac: float) -> float:
    """Price of wear per unit of energy put through.

    Args:
        replacement_price: Of a new battery, in money.
        loss_per_throughput: Capacity lost (0..1) per unit of energy put through; its unit is the answer's.
        end_of_life_frac: Capacity lost when it is replaced, usually 0.20.
    """
    return replacement_price * loss_per_throughput / max(end_of_life_frac, 1e-9)


@kernel
def break_even_price(charge_price: float, round_trip_frac: float, wear: float) -> float:
    """Price of energy above which discharging pays for what was charged at `charge_price`; all per unit of energy."""
    return charge_price / max(round_trip_frac, 1e-9) + wear if round_trip_frac == round_trip_frac else round_trip_frac
