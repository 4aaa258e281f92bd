"""Who stands where: rows of halls and UPS sides, and the setpoints that reach into each hall."""

from __future__ import annotations

from dataclasses import dataclass

from twin.domain.actuators import Actuator, ActuatorTable, Kind
from twin.domain.facility import Facility


@dataclass(frozen=True, slots=True)
class Rows:
    """Looked up once for a cycle. `serving` gives by hall row, in index order, what `serves` says of each setpoint."""

    hall: dict[str, int]
    ups: dict[str, int]
    serving: tuple[tuple[Actuator, ...], ...]
    of_kind: dict[Kind, tuple[Actuator, ...]]

    @staticmethod
    def of(facility: Facility, actuators: ActuatorTable) -> Rows:
        """One pass over the halls and one over the setpoints."""
        hall = {hall.id: row for row, hall in enumerate(facility.halls)}
        serving: list[list[Actuator]] = [[] for _ in facility.halls]
        of_kind: dict[Kind, list[Actuator]] = {kind: [] for kind in Kind}
        for actuator in actuators:
            of_kind[actuator.kind].append(actuator)
            if actuator.kind is Kind.SUPPLY_AIR:
                serving[hall[actuator.hall]].append(actuator)
            elif actuator.kind in _WATERS:
                for reached in serving:
                    reached.append(actuator)
        return Rows(
            hall,
            {ups.id: row for row, ups in enumerate(facility.power.ups)},
            tuple(map(tuple, serving)),
            {kind: tuple(those) for kind, those in of_kind.items()},
        )


_WATERS = (Kind.CHILLED_WATER, Kind.CONDENSER_WATER)
