"""UPS sides, batteries and solar arrays as rows."""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Floats
from twin.domain.errors import UnknownTopology
from twin.domain.facility import Facility, SolarArray, UpsCurve
from twin.kernels._tables import Table, table
from twin.kernels.pv import CLOSE_MOUNT, INSULATED_BACK, OPEN_RACK
from twin.kernels.site import BatteryRow, PvRow, UpsRow

MOUNTS = {"open_rack": OPEN_RACK, "close_mount": CLOSE_MOUNT, "insulated_back": INSULATED_BACK}
INVERTER_EFFICIENCY = 0.96


def ups_table(facility: Facility) -> Table[UpsRow]:
    """Raises: UnknownTopology: a site without any UPS side."""
    sides = facility.power.ups
    if not sides:
        raise UnknownTopology("a site needs at least one UPS side", where="site.toml [[power.ups]]")
    rows = [UpsRow(float(s.modules), s.module_w, _curve(s.double_conversion), _curve(s.eco)) for s in sides]
    return table(UpsRow, rows)


def _curve(curve: UpsCurve) -> Floats:
    return np.array([curve.constant, curve.linear, curve.square])


def battery_table(facility: Facility) -> Table[BatteryRow] | None:
    """Every battery of the site, in its order; None without any."""
    if not facility.power.batteries:
        return None
    return table(
        BatteryRow,
        [
            BatteryRow(
                energy_j=b.energy_j,
                charge_efficiency_frac=b.charge_efficiency_frac,
                discharge_efficiency_frac=b.discharge_efficiency_frac,
                charge_rate_c=b.charge_rate_c,
                discharge_rate_c=b.discharge_rate_c,
                least_frac=b.least_frac,
                most_frac=b.most_frac,
                idle_w=b.idle_w,
                auxiliary_frac=b.auxiliary_frac,
            )
            for b in facility.power.batteries
        ],
    )


def solar_table(facility: Facility) -> Table[PvRow] | None:
    """Every solar array of the site, in its order; None without any."""
    return table(PvRow, [_array(array) for array in facility.power.solar]) if facility.power.solar else None


def _array(array: SolarArray) -> PvRow:
    if array.mount not in MOUNTS:
        raise UnknownTopology(
            f"nothing is known of a mount {array.mount!r}",
            where="site.toml power.solar.mount",
            fix=f"one of {', '.join(MOUNTS)}",
        )
    a, b, rise_k = MOUNTS[array.mount]
    return PvRow(array.rated_w, array.per_k, array.loss_frac, a, b, rise_k, array.inverter_w, INVERTER_EFFICIENCY)
