"""Many plans over a horizon at once: what each would draw, and how warm it would get."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np

from twin.domain.arrays import Floats
from twin.domain.errors import UnknownTopology
from twin.kernels import columns as at
from twin.kernels.lanes import LANES, LANES_SIZE, STATE_SIZE
from twin.kernels.rollout import PLANT_SIZE, roll_out
from twin.model.coil_fits import Coils
from twin.model.compiled import CompiledSite
from twin.model.layout import Layout


@dataclass(frozen=True, slots=True)
class Horizon:
    """What comes, the same for every plan: weather of shape (n_step,), load (n_step, n_hall), halls (n_hall,).

    `spread_k` is the warmest rack above a hall's mean inlet, `inlet_offset_k` that mean above what the model mixes.
    """

    dt_s: float
    outdoor_c: Floats
    wet_bulb_c: Floats
    load_w: Floats
    crah_running: Floats
    inlet_offset_k: Floats
    spread_k: Floats
    chillers_available: float
    ups_eco: Floats


@dataclass(frozen=True, slots=True)
class Plans:
    """Setpoints of every plan at every step: supply air (n_step, n_hall, n_plan), the others (n_step, n_plan)."""

    supply_air_c: Floats
    chws_c: Floats
    cws_c: Floats


@dataclass(frozen=True, slots=True)
class RolledOut:
    """Mean facility power of each step, and the warmest rack at its end, both (n_step, n_plan)."""

    facility_w: Floats
    worst_inlet_c: Floats


class Rollout:
    """A site prepared for rolling out plans: the coils' tables are made once.

    Raises: UnknownTopology: halls cooled by something other than coils on chilled water alone.
    """

    def __init__(self, site: CompiledSite) -> None:
        if site.others is not None or site.liquid is not None:
            raise UnknownTopology(
                "plans are rolled out only for halls whose air is cooled by chilled water alone",
                where="site.toml [[halls]]",
                fix="step the site with twin.model.simulate.run for the others",
            )
        self._site = site
        self._coils = Coils.of(site)

    def plans(self, x: Floats, horizon: Horizon, plans: Plans, *, sub_steps: int = 10, threads: int = 0) -> RolledOut:
        """Roll out every plan from the state `x`. Each plan's result depends on itself alone, on any number of threads.

        Args:
            threads: 0 takes what the machine has.
        """
        site, layout = self._site, Layout.of(self._site)
        n_step, n_hall, n_plan = plans.supply_air_c.shape
        halls = np.array([x[layout.x_hall(h) : layout.x_hall(h) + at.X_HALL] for h in range(n_hall)])
        facility_w, worst_c = np.empty((n_step, n_plan)), np.empty((n_step, n_plan))
        shared = (
            site.plant,
            site.options,
            site.halls,
            site.ups,
            self._coils.kind,
            self._coils.opened,
            self._coils.water,
            x[: at.X_HEAD].copy(),
            *(np.ascontiguousarray(halls[:, k]) for k in (at.XH_AIR, at.XH_METAL, at.XH_INLET)),
            horizon.crah_running,
            horizon.inlet_offset_k,
            horizon.spread_k,
            horizon.chillers_available,
            horizon.ups_eco,
            horizon.outdoor_c,
            horizon.wet_bulb_c,
            horizon.load_w,
            plans.supply_air_c,
            plans.chws_c,
            plans.cws_c,
            horizon.dt_s,
            sub_steps,
        )
        blocks = [(begin, min(begin + LANES, n_plan)) for begin in range(0, n_plan, LANES)]
        workers = min(threads or len(os.sched_getaffinity(0)), len(blocks))
        job = partial(_block, shared, facility_w, worst_c, n_hall)
        if workers <= 1:
            for block in blocks:
                job(block)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(job, blocks))
        return RolledOut(facility_w, worst_c)


def _block(
    shared: tuple[object, ...], facility_w: Floats, worst_c: Floats, n_hall: int, block: tuple[int, int]
) -> None:
    begin, end = block
    n = end - begin
    cast("Callable[..., None]", roll_out)(
        *shared,
        begin,
        end,
        np.empty((n_hall, STATE_SIZE)),
        np.empty(LANES_SIZE),
        np.empty((n, at.X_HEAD)),
        np.ones(PLANT_SIZE),
        np.empty((n, at.Y_HEAD)),
        np.empty(at.U_HEAD),
        facility_w,
        worst_c,
    )
