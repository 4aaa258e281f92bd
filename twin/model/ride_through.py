"""What a failure would do: how long each hall stays cool enough, and its worst inlet with one air handler fewer.

Source: docs/reference/equations.md#ride-through.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import cast

import numpy as np

from twin.domain.arrays import Floats
from twin.kernels import columns as at
from twin.kernels._tables import Table
from twin.kernels.outage import seconds_after_failure
from twin.kernels.site import OtherAirRow, PlantRow
from twin.kernels.water_step import most_chilled_w
from twin.model.compiled import CompiledSite
from twin.model.layout import Layout
from twin.model.steady import Candidates, Conditions, at_rest, steady_state

STEP_S, CALM_STEP_S = 10.0, 30.0  # the water warms; it does not, and the rest is exact for any step
ALL_OF_IT_W = 1e15  # chillers that are all there
NOTHING_W = 1e-6  # a machine without power: to the model it is there and does nothing


class Failure(StrEnum):
    """What is lost. Without the grid no machine runs but what the UPS carries, until a generator starts it again."""

    AIR_HANDLER = "one air handler"  # in every hall
    CHILLER = "one chiller"
    ALL_CHILLERS = "all chillers"
    GRID = "the grid"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the halls and the water are found: `air_c`, `metal_c`, shape (n_hall,), NaN where unknown."""

    air_c: Floats
    metal_c: Floats
    chws_c: float


@dataclass(frozen=True, slots=True)
class Setpoints:
    """What is asked of the plant; `supply_air_c` of shape (n_hall,)."""

    supply_air_c: Floats
    chws_c: float
    cws_c: float


@dataclass(frozen=True, slots=True)
class Left:
    """Seconds for which each hall's worst inlet stays below a limit, shape (n_hall,), and the most power on the way."""

    revert_s: Floats
    panic_s: Floats
    it_w: float
    air_fan_w: float
    chw_pump_w: float


@dataclass(frozen=True, slots=True)
class Start:
    """The worst of two beginnings: at rest under the setpoints, and as found now. What is warmer counts."""

    x: Floats
    u: Floats
    spread_k: Floats

    @staticmethod
    def of(site: CompiledSite, conditions: Conditions, standing: Standing, wanted: Setpoints) -> Start:
        """Where the halls are when something fails."""
        layout = Layout.of(site)
        supply_c = _warmer(wanted.supply_air_c, conditions.supply_air_c)
        chws_c = _warmer(np.array([wanted.chws_c]), np.array([standing.chws_c]))
        candidates = Candidates(
            supply_c.reshape(1, -1),
            chws_c,
            np.array([wanted.cws_c]),
            np.zeros((1, len(site.ups_ids))),
        )
        x, u = at_rest(site, conditions, candidates)
        halls = x[layout.x_hall(0) : layout.x_liquid(0)].reshape(layout.halls, at.X_HALL)
        found = ((at.XH_AIR, standing.air_c), (at.XH_METAL, standing.metal_c), (at.XH_SUPPLY, supply_c))
        for column, found_c in found:
            halls[:, column] = _warmer(halls[:, column], found_c)
        x[at.X_CHWS] = _warmer(x[:1], chws_c)[0]
        return Start(x, u, conditions.inlet_offset_k - conditions.mean_offset_k)


def after_losing(
    site: CompiledSite,
    conditions: Conditions,
    start: Start,
    failure: Failure,
    *,
    revert_c: float,
    panic_c: float,
    longest_s: float,
    restart_s: float = 0.0,
    cooling_carried: bool = True,
) -> Left:
    """How long each hall lasts, looking `longest_s` ahead; what cannot be known does not last at all.

    Args:
        restart_s: Until a chiller that stands by takes part.
        cooling_carried: Whether the UPS carries air handler fans and chilled-water pumps.
    """
    n = len(site.hall_ids)
    lost, others = 0.0, site.others
    now_w, later_w = 0.0, 0.0
    match failure:
        case Failure.AIR_HANDLER:
            lost, now_w, later_w = 1.0, ALL_OF_IT_W, ALL_OF_IT_W
        case Failure.CHILLER:
            now_w, later_w = _chillers_left_w(site, conditions, start)
        case Failure.ALL_CHILLERS:
            pass
        case Failure.GRID:
            lost = 0.0 if cooling_carried else float(np.max(site.halls.crah_count))
            others = without_power(others)
    revert_s, panic_s, peak_w = np.empty(n), np.empty(n), np.empty(3)
    seconds_after_failure(
        site.plant,
        site.halls,
        others,
        site.liquid,
        site.ups,
        start.x.copy(),
        start.u.copy(),
        np.require(start.spread_k, np.float64, ["C", "W"]),
        lost,
        now_w,
        later_w,
        float(restart_s),
        float(revert_c),
        float(panic_c),
        float(longest_s),
        CALM_STEP_S if failure is Failure.AIR_HANDLER else STEP_S,
        np.empty((n, at.Y_HALL)),
        revert_s,
        panic_s,
        peak_w,
    )
    return Left(revert_s, panic_s, *(float(w) for w in peak_w))


def without_power(others: Table[OtherAirRow] | None) -> Table[OtherAirRow] | None:
    """The same rows where compressors stand still, dampers are shut and no facility water moves."""
    if others is None:
        return None
    dark = np.array(others).view(np.recarray)
    dark.dx_w = np.where(dark.dx_w > 0.0, NOTHING_W, 0.0)
    dark.outside_most_frac = 0.0
    dark.door_ua0_w_k = 0.0
    dark.setflags(write=False)
    return cast("Table[OtherAirRow]", dark)


def _warmer(reckoned_c: Floats, found_c: Floats) -> Floats:
    """The warmer of two; what is not found does not count, what cannot be reckoned stays unknown."""
    return np.where(found_c > reckoned_c, found_c, reckoned_c)


def _chillers_left_w(site: CompiledSite, conditions: Conditions, start: Start) -> tuple[float, float]:
    """(heat that the chillers still running take, heat once all that are left take part), W."""
    each_w = most_chilled_w(
        site.plant, site.options, float(start.x[at.X_CHWS]), float(max(start.x[at.X_BASIN], start.u[at.U_CWS]))
    )
    running = max(min(conditions.chillers_running, conditions.chillers_available) - 1, 0)
    return running * each_w, max(conditions.chillers_available - 1, 0) * each_w


def with_one_cell_fewer(site: CompiledSite) -> CompiledSite:
    """The same site with a tower cell lost, at least one left."""
    plant = np.recarray(1, dtype=np.asarray(site.plant).dtype)
    plant[0] = site.plant
    plant.cells = np.maximum(plant.cells - 1.0, 1.0)
    plant.setflags(write=False)
    return replace(site, plant=cast("PlantRow", plant[0]))


def single_failure_inlet_c(site: CompiledSite, conditions: Conditions, supply_air_c: Floats, chws_c: float) -> Floats:
    """Worst inlet of each hall in steady state with one of its air handlers lost, shape (n_hall,)."""
    degraded = replace(conditions, crah_running=np.maximum(conditions.crah_running - 1, 0))
    candidates = Candidates(
        supply_air_c.reshape(1, -1), np.array([chws_c]), np.array([24.0]), np.zeros((1, len(site.ups_ids)))
    )
    worst_c: Floats = steady_state(site, degraded, candidates).worst_inlet_c[0]
    return worst_c
