"""The plant's true state as one vector with a name for every entry: what perfect sensors would read."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from twin.domain.arrays import Floats
from twin.simulator.electrical import UpsSide
from twin.simulator.plant import Plant
from twin.simulator.weather import Outdoor

_HALL = ("supply_air_c", "return_air_c", "dew_point_c", "it_w", "aisle_dp_pa", "supply_air_sp_c", "supply_air_sp_held")
_CRAH = ("supply_c", "return_c", "fan_frac", "valve_frac", "running", "fan_w")
_PLANT = (
    "chws_c", "chwr_c", "cws_c", "cwr_c", "chw_flow_kg_s", "chw_pump_w", "cw_pump_w", "chws_sp_c", "cws_sp_c",
    "chws_sp_held", "cws_sp_held", "cooling_w",
)  # fmt: skip
_UPS = (
    "input_w", "output_w", "battery_frac", "mains_deviation_frac", "thd_frac", "on_generator", "mode", "mode_held",
)  # fmt: skip


def point_ids(plant: Plant) -> list[str]:
    """Names of the entries of `true_values`, in its order."""
    facility = plant.ratings.facility
    halls = facility.halls
    ids = [f"outdoor/{name}" for name in ("dry_bulb_c", "wet_bulb_c", "rh_frac")]
    ids += [f"{hall.id}/{name}" for name in _HALL for hall in halls]
    racks = [rack.id for hall in halls for rack in hall.racks]
    ids += [f"{rack}/{name}" for name in ("inlet_c", "power_w") for rack in racks]
    ids += [f"{crah}/{name}" for hall in halls for name in _CRAH for crah in hall.crah.ids]
    ids += [f"plant/{name}" for name in _PLANT]
    ids += [f"{asset}/{name}" for name in ("power_w", "running", "load_frac") for asset in facility.plant.chillers.ids]
    ids += [f"{asset}/{name}" for name in ("fan_w", "fan_frac") for asset in facility.plant.towers.ids]
    ids += [f"{ups.id}/{name}" for ups in facility.power.ups for name in _UPS]
    return [*ids, "meter/facility_w", "meter/it_w"]


def true_values(plant: Plant, outdoor: Outdoor, held: Set[str]) -> Floats:
    """What is so, in house units, shape (n,), in the order of `point_ids`. `held`: points a local operator holds."""
    air, water, halls = plant.air, plant.water, plant.ratings.facility.halls
    blocks: list[Floats | list[float]] = [
        [outdoor.dry_bulb_c, outdoor.wet_bulb_c, outdoor.rh_frac],
        air.supply_c,
        air.air_c,
        air.dew_point_c,
        air.hall_it_w,
        air.aisle_dp_pa,
        air.supply_sp_c,
        [float(f"{hall.id}/supply_air_sp_c" in held) for hall in halls],
        air.inlet_c,
        air.rack_w,
    ]
    for i in range(len(halls)):
        ok = air.crah_ok[i].astype(np.float64)
        count = max(float(ok.sum()), 1.0)
        # a unit that stands still feels the hot aisle, and its closed damper
        blocks += [ok * air.supply_c[i] + (1.0 - ok) * air.air_c[i], np.full(len(ok), air.air_c[i])]
        blocks += [ok * air.fan_frac[i], ok * air.valve_frac[i], ok, ok * air.fan_w[i] / count]
    blocks.append(
        [
            water.buffer_c,
            water.chwr_c,
            water.basin_c,
            water.cwr_c,
            water.flow_kg_s,
            water.chw_pump_w,
            water.cw_pump_w,
            water.chws_sp_c,
            water.cws_sp_c,
            float("plant/chws_sp_c" in held),
            float("plant/cws_sp_c" in held),
            plant.cooling_w,
        ]
    )
    running = [float(runs) for runs in water.staging.running]
    auxiliary_w = plant.ratings.facility.plant.chillers.auxiliary_w
    blocks += [[w + auxiliary_w * on for w, on in zip(water.chiller_w, running, strict=True)], running, water.load_frac]
    blocks += _towers(plant)
    blocks += [_ups(side, held) for side in plant.ups]
    blocks.append([plant.flows.facility_w, plant.flows.ups_output_w])
    return np.concatenate(blocks)


def _towers(plant: Plant) -> list[Floats | list[float]]:
    water = plant.water
    on: list[float] = []
    for ok in water.cells_ok:
        on.append(1.0 if ok and sum(on) < water.cells_running else 0.0)
    each_w = water.tower_w / max(water.cells_running, 1)
    return [[each_w * cell for cell in on], [water.fan_frac * cell for cell in on]]


def _ups(side: UpsSide, held: Set[str]) -> list[float]:
    return [
        side.input_w,
        side.output_w,
        side.battery_frac,
        side.mains_deviation_frac,
        side.thd_frac,
        side.on_generator,
        side.wanted,
        float(f"{side.rating.id}/mode" in held),
    ]
