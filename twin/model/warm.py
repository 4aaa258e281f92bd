"""Compiles, or loads from the cache, every kernel that a cycle will call, before the daemon says it is ready."""

from __future__ import annotations

import gc

import numpy as np

from twin.domain.facility import Facility
from twin.kernels._cache import note_whole
from twin.model.compiled import CompiledSite, compile_site
from twin.model.ride_through import Failure, Setpoints, Standing, Start, after_losing, single_failure_inlet_c
from twin.model.steady import Candidates, Conditions, steady_state
from twin.model.transient import HallDrive, advanced, settled


def warm(facility: Facility) -> CompiledSite:
    """The compiled site, all its kernels called once with the very types of a cycle.

    Raises: UnknownTopology: the facility has something the model has no equations for.
    """
    collecting = gc.isenabled()
    gc.disable()  # a compiler makes millions of small objects that all live: looking through them costs a sixth
    try:
        site = _warmed(facility)
        note_whole()
        return site
    finally:
        if collecting:
            gc.enable()


def _warmed(facility: Facility) -> CompiledSite:
    site = compile_site(facility)
    n = len(site.hall_ids)
    supply_c = np.full(n, 22.0)
    now = Conditions(
        it_w=0.5 * site.halls.rated_w,
        supply_air_c=supply_c,
        mean_offset_k=np.ones(n),
        inlet_offset_k=np.full(n, 2.0),
        crah_running=site.halls.crah_count.astype(np.int64),
        chillers_running=1,
        chillers_available=site.chillers,
        outdoor_c=20.0,
        wet_bulb_c=15.0,
    )
    candidates = Candidates(
        supply_c.reshape(1, -1), np.array([10.0]), np.array([24.0]), np.zeros((1, len(site.ups_ids)))
    )
    steady_state(site, now, candidates)
    single_failure_inlet_c(site, now, supply_c, 10.0)
    nothing = np.full(n, np.nan)
    start = Start.of(site, now, Standing(nothing, nothing, 10.0), Setpoints(supply_c, 10.0, 24.0))
    for failure in Failure:
        after_losing(site, now, start, failure, revert_c=29.0, panic_c=32.0, longest_s=60.0)
    drive = HallDrive(np.full(n, 5e4), supply_c, now.it_w, np.zeros(n), 20.0)
    advanced(site, *settled(site, drive), drive, 60.0)
    return site
