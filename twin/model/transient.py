"""The halls between two cycles: air and the hidden metal, moved on by the equations of the zone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats
from twin.kernels.outage import step_halls
from twin.kernels.zones import zone_steady_c
from twin.model.compiled import CompiledSite


@dataclass(frozen=True, slots=True)
class HallDrive:
    """What drives the halls over a step; arrays of shape (n_hall,). `flow_w_k` is the air handlers' capacity rate."""

    flow_w_k: Floats
    supply_air_c: Floats
    it_w: Floats
    room_w: Floats
    outdoor_c: float


def settled(site: CompiledSite, drive: HallDrive) -> tuple[Floats, Floats]:
    """(air, metal) degC at which the halls would rest under this drive, shape (n_hall,) each."""
    pairs = [
        zone_steady_c(
            float(drive.flow_w_k[h]),
            float(site.halls.metal_ua_w_k[h]),
            float(site.halls.envelope_w_k[h]),
            float(drive.supply_air_c[h]),
            drive.outdoor_c,
            float(drive.room_w[h]),
            float(drive.it_w[h]),
        )
        for h in range(len(site.hall_ids))
    ]
    return np.array([air for air, _ in pairs]), np.array([metal for _, metal in pairs])


def advanced(
    site: CompiledSite, air_c: Floats, metal_c: Floats, drive: HallDrive, dt_s: float
) -> tuple[Floats, Floats]:
    """(air, metal) degC after `dt_s` of constant drive; new arrays, exact for any step."""
    air, metal = air_c.copy(), metal_c.copy()
    step_halls(
        site.halls,
        air,
        metal,
        drive.flow_w_k,
        drive.supply_air_c,
        drive.outdoor_c,
        drive.it_w,
        drive.room_w,
        dt_s,
    )
    return air, metal
