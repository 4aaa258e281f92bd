"""What may be written, and the operator's envelope around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum


class Mode(StrEnum):
    """How much the daemon may do. Shadow writes nothing under `_cmd`, bounded stays near the site's own setpoint."""

    SHADOW = "shadow"
    ADVISE = "advise"
    BOUNDED = "bounded"
    CONTROL = "control"

    @property
    def writes(self) -> bool:
        """Whether setpoints leave in it."""
        return self in {Mode.BOUNDED, Mode.CONTROL}


class Kind(Enum):
    """What a setpoint means to the model; the guard's rules hang on it."""

    SUPPLY_AIR = "supply_air"  # per hall, degC; a higher value is the risky direction
    CHILLED_WATER = "chilled_water"  # plant, degC; higher is the risky direction
    CONDENSER_WATER = "condenser_water"  # plant, degC; both ends are bounded by the chiller
    UPS_MODE = "ups_mode"  # per side, see UpsMode


class UpsMode(IntEnum):
    """On the wire a number, in words its name."""

    DOUBLE_CONVERSION = 0
    ECO = 1


@dataclass(frozen=True, slots=True)
class Actuator:
    """One writable setpoint and its limits, from the operator-owned limits file.

    `point` is the readback's point id ("h1/supply_air_sp_c"); `asset`/`name` its two halves.
    Steps: `max_rise_per_min` and `max_fall_per_min` bound the ramp in the setpoint's unit; `dwell_s` is the least time
    between changes of a discrete mode, `max_changes_per_day` the most of them. `ceiling` is the highest mode this
    actuator may reach. `step` is the resolution a setpoint is rounded to. `local` is the site's own setpoint,
    which the receiver returns to when a lease ends; in bounded mode a setpoint stays within `span` of it.
    """

    index: int
    asset: str
    name: str
    kind: Kind
    unit: str
    hall: str
    low: float
    high: float
    step: float
    max_rise_per_min: float
    max_fall_per_min: float
    dwell_s: float
    max_changes_per_day: int
    ceiling: Mode
    local: float
    span: float

    def band(self, mode: Mode) -> tuple[float, float]:
        """The lowest and highest value that may be wished for in a mode."""
        if mode is not Mode.BOUNDED:
            return self.low, self.high
        return max(self.low, self.local - self.span), min(self.high, self.local + self.span)

    @property
    def point(self) -> str:
        return f"{self.asset}/{self.name}"

    def about(self, what: str) -> str:
        """A point about this one: who holds "h1/supply_air_sp_c" stands in "h1/supply_air_sp_held"."""
        return f"{self.point.removesuffix('_c')}_{what}"


@dataclass(frozen=True, slots=True)
class ActuatorTable:
    """All actuators in index order."""

    actuators: tuple[Actuator, ...]
    _index_of: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index_of", {a.point: a.index for a in self.actuators})

    def __len__(self) -> int:
        return len(self.actuators)

    def __iter__(self) -> Iterator[Actuator]:
        return iter(self.actuators)

    def index(self, point_id: str) -> int:
        """Index of an actuator by point id. Raises: KeyError: none of that id."""
        return self._index_of[point_id]

    def find(self, point_id: str) -> int:
        """Index of an actuator by point id, or -1."""
        return self._index_of.get(point_id, -1)

    def of_kind(self, kind: Kind) -> tuple[Actuator, ...]:
        """Actuators of one kind, in index order."""
        return tuple(a for a in self.actuators if a.kind is kind)


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator-owned envelope. `hash` is the first 16 hex digits of the file's SHA-256, cited by every command."""

    hash: str
    actuators: ActuatorTable
    inlet_warn_c: float  # planning limit: no plan may predict a worst inlet above it
    inlet_revert_c: float  # above: the hall goes back to full cooling at the permitted rate
    inlet_panic_c: float  # above: coldest permitted setpoints at once
    dew_point_margin_k: float  # supply air stays this far above the room's dew point
    stale_after_s: float  # no reading is trusted for longer; silence of the whole link for as long ends it
    zone_quorum_frac: float  # least share of good rack inlets for a hall to be moved towards warm
    ride_through_min_s: float  # least time to inlet_panic_c after a failure, and on battery without the grid
    min_lift_k: float  # least (condenser water setpoint - chilled water setpoint)
    lease_s: float
    heartbeat_s: float
    eco_min_load_frac: float
    eco_max_mains_deviation_frac: float
    eco_max_thd_frac: float
    eco_min_battery_frac: float
