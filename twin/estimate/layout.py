"""Which point numbers feed which estimate: looked up once for a site."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.actuators import ActuatorTable
from twin.domain.arrays import Ints
from twin.domain.facility import Facility
from twin.domain.points import PointTable

NO_POINT = -1


@dataclass(frozen=True, slots=True)
class HallLayout:
    """Points of one hall; arrays by rack or by air handler, NO_POINT where the site has none."""

    inlet: Ints
    rack_power: Ints
    first_rack: int
    crah_supply: Ints
    crah_return: Ints
    crah_running: Ints
    crah_fan: Ints
    crah_valve: Ints
    supply_air: int
    return_air: int
    dew_point: int
    it_power: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Points of the whole site. `setpoint`, `held` and `priority` go by actuator index."""

    halls: tuple[HallLayout, ...]
    racks: int
    dry_bulb: int
    wet_bulb: int
    chws: int
    chwr: int
    cws: int
    cooling: int
    chiller_running: Ints
    ups_input: Ints
    ups_output: Ints
    ups_battery: Ints
    ups_mains: Ints
    ups_thd: Ints
    ups_generator: Ints
    facility_power: int
    it_power: int
    setpoint: Ints
    held: Ints
    priority: Ints

    @staticmethod
    def of(facility: Facility, points: PointTable, actuators: ActuatorTable) -> Layout:
        """Look every point up by its name."""

        def all_of(ids: tuple[str, ...], name: str) -> Ints:
            return np.array([points.find(f"{asset}/{name}") for asset in ids], dtype=np.int64)

        halls: list[HallLayout] = []
        first_rack = 0
        for hall in facility.halls:
            racks = tuple(rack.id for rack in hall.racks)
            crahs = hall.crah.ids
            halls.append(
                HallLayout(
                    inlet=all_of(racks, "inlet_c"),
                    rack_power=all_of(racks, "power_w"),
                    first_rack=first_rack,
                    crah_supply=all_of(crahs, "supply_c"),
                    crah_return=all_of(crahs, "return_c"),
                    crah_running=all_of(crahs, "running"),
                    crah_fan=all_of(crahs, "fan_frac"),
                    crah_valve=all_of(crahs, "valve_frac"),
                    supply_air=points.find(f"{hall.id}/supply_air_c"),
                    return_air=points.find(f"{hall.id}/return_air_c"),
                    dew_point=points.find(f"{hall.id}/dew_point_c"),
                    it_power=points.find(f"{hall.id}/it_w"),
                )
            )
            first_rack += len(racks)
        ups = tuple(side.id for side in facility.power.ups)
        chillers = facility.plant.chillers.ids
        return Layout(
            halls=tuple(halls),
            racks=first_rack,
            dry_bulb=points.find("outdoor/dry_bulb_c"),
            wet_bulb=points.find("outdoor/wet_bulb_c"),
            chws=points.find("plant/chws_c"),
            chwr=points.find("plant/chwr_c"),
            cws=points.find("plant/cws_c"),
            cooling=points.find("plant/cooling_w"),
            chiller_running=all_of(chillers, "running"),
            ups_input=all_of(ups, "input_w"),
            ups_output=all_of(ups, "output_w"),
            ups_battery=all_of(ups, "battery_frac"),
            ups_mains=all_of(ups, "mains_deviation_frac"),
            ups_thd=all_of(ups, "thd_frac"),
            ups_generator=all_of(ups, "on_generator"),
            facility_power=points.find("meter/facility_w"),
            it_power=points.find("meter/it_w"),
            setpoint=np.array([points.find(a.point) for a in actuators], dtype=np.int64),
            held=np.array([points.find(a.about("held")) for a in actuators], dtype=np.int64),
            priority=np.array([points.find(a.about("priority")) for a in actuators], dtype=np.int64),
        )
