"""Tower cells of many plans: every try runs over all plans side by side, the same tries as those of `towers`.

Source: docs/reference/equations.md#rollout.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, fused_kernel, kernel
from twin.kernels.lanes import LANES
from twin.kernels.towers import (
    CLOSE,
    LEAST_FAN,
    cell_fan_for_heat,
    fan_try,
    heat_try,
    leaving_gap_k,
    saturated,
    tower_ua_factor,
)

# what each plan asks of one cell, and what it gets; each row `LANES` long
WANTED_W, WATER_IN_C, WATER_KG_S, FAN, GOT_W, _GUESS, _FULL_UA, _GAP_K, _STEP_K, _FULL_W, _FULL_GAP_K, _FULL_STEP_K = (
    LANES * row for row in range(12)
)
CELLS_SIZE = 12 * LANES
TRIES = 3


@fused_kernel
def _guess_lanes(
    cells: Floats,
    slope_in: float,
    wet_bulb_c: float,
    design_wet_bulb_c: float,
    water0_kg_s: float,
    air0_kg_s: float,
    ua0_w_k: float,
) -> None:
    """UA at full speed and a first guess of the leaving air, from the fan's guess."""
    for w in range(LANES):
        guess = cells[FAN + w]
        fan = LEAST_FAN if guess < LEAST_FAN else guess
        fan = 1.0 if fan > 1.0 else fan
        water_frac = cells[WATER_KG_S + w] / water0_kg_s
        water_frac = 0.3 if water_frac < 0.3 else water_frac
        water_frac = 1.0 if water_frac > 1.0 else water_frac
        cells[_FULL_UA + w] = ua0_w_k * tower_ua_factor(wet_bulb_c, design_wet_bulb_c, 1.0, water_frac)
        most_k = cells[WATER_IN_C + w] - wet_bulb_c
        cells[_GAP_K + w] = leaving_gap_k(cells[WANTED_W + w], fan * air0_kg_s, slope_in, most_k)
        cells[_STEP_K + w] = 0.0
        cells[_GUESS + w] = guess


@fused_kernel
def _fan_lanes(cells: Floats, enthalpy_in: float, wet_bulb_c: float, air0_kg_s: float, pressure_pa: float) -> int:
    """One try of every plan; how many want more than full speed gives."""
    beyond = 0
    for w in range(LANES):
        most_k = cells[WATER_IN_C + w] - wet_bulb_c
        gap_k = cells[_GAP_K + w] + cells[_STEP_K + w]
        gap_k = gap_k if (gap_k > 0.0) & (gap_k < most_k) else 0.5 * most_k
        fan, fan_fall, _, step_k = fan_try(
            gap_k,
            enthalpy_in,
            wet_bulb_c,
            most_k,
            4186.0 * cells[WATER_KG_S + w],
            cells[WANTED_W + w],
            air0_kg_s,
            cells[_FULL_UA + w],
            pressure_pa,
        )
        fan -= fan_fall * step_k
        cells[_GAP_K + w], cells[_STEP_K + w], cells[FAN + w] = gap_k, step_k, fan
        beyond += fan > 1.0
    return beyond


@fused_kernel
def _full_lanes(cells: Floats, enthalpy_in: float, wet_bulb_c: float, air0_kg_s: float, pressure_pa: float) -> None:
    """Heat of every plan's cell at full speed."""
    for w in range(LANES):
        most_k = cells[WATER_IN_C + w] - wet_bulb_c
        gap_k = cells[_FULL_GAP_K + w] + cells[_FULL_STEP_K + w]
        gap_k = gap_k if (gap_k > 0.0) & (gap_k < most_k) else 0.5 * most_k
        heat_w, heat_slope, step_k = heat_try(
            gap_k,
            enthalpy_in,
            wet_bulb_c,
            most_k,
            4186.0 * cells[WATER_KG_S + w],
            air0_kg_s,
            cells[_FULL_UA + w],
            pressure_pa,
        )
        cells[_FULL_GAP_K + w], cells[_FULL_STEP_K + w], cells[_FULL_W + w] = (
            gap_k,
            step_k,
            heat_w + heat_slope * step_k,
        )


@kernel
def cell_fans_for_heat(
    cells: Floats,
    n: int,
    wet_bulb_c: float,
    design_wet_bulb_c: float,
    water0_kg_s: float,
    air0_kg_s: float,
    ua0_w_k: float,
    pressure_pa: float,
) -> None:
    """`cell_fan_for_heat` for `n` plans, their rows in `cells`, (CELLS_SIZE,): FAN is a guess, FAN and GOT_W come.

    Three tries do for nearly all; those that need more, or whose cells run without their fan, are searched one by one.
    """
    enthalpy_in, slope_in = saturated(wet_bulb_c, pressure_pa)
    _guess_lanes(cells, slope_in, wet_bulb_c, design_wet_bulb_c, water0_kg_s, air0_kg_s, ua0_w_k)
    beyond = 0
    for _ in range(TRIES):
        beyond = _fan_lanes(cells, enthalpy_in, wet_bulb_c, air0_kg_s, pressure_pa)
    if beyond > 0:
        for w in range(LANES):
            cells[_FULL_GAP_K + w], cells[_FULL_STEP_K + w] = cells[_GAP_K + w], cells[_STEP_K + w]
        for _ in range(TRIES):
            _full_lanes(cells, enthalpy_in, wet_bulb_c, air0_kg_s, pressure_pa)
    for w in range(n):
        wanted_w, fan = cells[WANTED_W + w], cells[FAN + w]
        within = 0.0 < wanted_w < cells[WATER_KG_S + w] * 4186.0 * (cells[WATER_IN_C + w] - wet_bulb_c)
        gap_k, step_k = cells[_GAP_K + w], cells[_STEP_K + w]
        if fan > 1.0:
            gap_k, step_k = cells[_FULL_GAP_K + w], cells[_FULL_STEP_K + w]
        if within and fan >= LEAST_FAN and abs(step_k) <= CLOSE * gap_k:
            cells[FAN + w], cells[GOT_W + w] = (1.0, cells[_FULL_W + w]) if fan > 1.0 else (fan, wanted_w)
            continue
        cells[FAN + w], cells[GOT_W + w] = cell_fan_for_heat(
            wanted_w,
            cells[WATER_IN_C + w],
            wet_bulb_c,
            design_wet_bulb_c,
            cells[WATER_KG_S + w],
            water0_kg_s,
            air0_kg_s,
            ua0_w_k,
            pressure_pa,
            cells[_GUESS + w],
        )
