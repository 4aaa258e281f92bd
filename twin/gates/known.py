"""What the gates know of a site: which points are inlets, whose neighbours they are, and how often each speaks."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats, Ints
from twin.domain.facility import Facility
from twin.domain.points import PointTable

NO_POINT = -1


@dataclass(frozen=True, slots=True)
class Gates:
    """Point numbers by place. Inlets stand in a table, a row to a hall: (n_hall, most racks + 1), NO_POINT where none.

    The last column of a row is the hall's own supply air: a sensor among its neighbours, whose offset is none.
    """

    points: PointTable
    key: int
    halls: tuple[str, ...]
    hall_of_point: Ints  # (n_point,), -1 outside any hall
    is_air: Flags  # (n_point,): measured temperatures that cannot leap; air behind a machine that stops can
    stale_after_s: Floats
    inlet: Ints
    power: Ints  # the same shape: each rack's power
    is_supply: Flags  # the same shape
    return_air: Ints  # (n_hall,)

    @staticmethod
    def of(facility: Facility, points: PointTable) -> Gates:
        """Look every point up by its name."""
        halls = facility.halls
        most = max((len(hall.racks) for hall in halls), default=0)
        inlet = np.full((len(halls), most + 1), NO_POINT, dtype=np.int64)
        power = np.full_like(inlet, NO_POINT)
        is_supply = np.zeros(inlet.shape, dtype=np.bool_)
        is_supply[:, -1] = True
        for h, hall in enumerate(halls):
            for r, rack in enumerate(hall.racks):
                inlet[h, r] = points.find(f"{rack.id}/inlet_c")
                power[h, r] = points.find(f"{rack.id}/power_w")
            inlet[h, -1] = points.find(f"{hall.id}/supply_air_c")
        names = tuple(hall.id for hall in halls)
        row_of = {name: h for h, name in enumerate(names)}
        return Gates(
            points=points,
            key=zlib.crc32("\n".join(point.id for point in points).encode()),
            halls=names,
            hall_of_point=np.array([row_of.get(point.hall, -1) for point in points], dtype=np.int64),
            is_air=np.array(
                [p.unit == "degC" and not p.name.endswith("_sp_c") and p.asset_class != "crah" for p in points],
                dtype=np.bool_,
            ),
            stale_after_s=np.array([point.stale_after_s for point in points]),
            inlet=inlet,
            power=power,
            is_supply=is_supply,
            return_air=np.array([points.find(f"{hall.id}/return_air_c") for hall in halls], dtype=np.int64),
        )
