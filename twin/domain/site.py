"""Everything one site's files say, loaded once and handed to whoever needs a part of it."""

from __future__ import annotations

from dataclasses import dataclass

from twin.domain.actuators import Limits, Mode
from twin.domain.facility import Facility, Tariff
from twin.domain.points import PointTable


@dataclass(frozen=True, slots=True)
class SourceRule:
    """One line of the topic map: where in which message a point's value stands.

    `codec` is one of scalar, json, batch, line. For `json`: `value_path` is a dotted path, `time_path`, `unit_path`
    and `quality_path` may be empty. For `batch`: `value_path` names the entry inside the object or array of many
    points, `values_path` where that object or array starts, `name_key`/`value_key` the fields of array entries.
    For `line`: `measurement`, `tags` and `value_path` (the field) select the value.
    `scale` and `offset` turn the wire's unit into the house's: house = wire*scale + offset.
    """

    topic: str
    point: int
    codec: str
    value_path: str
    time_path: str
    time_unit: str  # "iso", "s", "ms", "us", "ns"
    unit_path: str
    quality_path: str
    values_path: str
    name_key: str
    value_key: str
    errors_path: str
    measurement: str
    tags: tuple[tuple[str, str], ...]
    wire_unit: str
    scale: float
    offset: float
    words: tuple[tuple[str, float], ...]  # texts that mean numbers: ("ON", 1.0)
    sequence_path: str = ""  # where the source counts its messages, "" when it does not


@dataclass(frozen=True, slots=True)
class TopicMap:
    """All rules, the topics to subscribe to, and the topics to leave alone."""

    root: str  # "dc/<site>"
    rules: tuple[SourceRule, ...]
    subscriptions: tuple[str, ...]
    ignored: tuple[str, ...]
    max_payload_bytes: int


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Periods, weights and the controller; from control.toml."""

    mode: Mode
    controller: str
    period_s: float
    warm_up_s: float  # after a start, observe this long before writing
    inlet_backoff_sd: float  # kappa: standard deviations kept between plan and limit
    it_step_frac: float
    co2_price_per_kg: float
    min_saving_frac: float  # a new plan must promise this share of cooling power against the present one
    override_hours: float = 8.0  # an operator's override ends after this long when he names no end
    auto_resume: bool = True  # a start that finds a mode that writes does so; else it advises until an operator's order
    write_priority: int = 12  # BACnet priority of our own writing: a lower number in force is somebody stronger
    vouched_by: str = ""  # who answers for a mode that no readiness report covers, "" when nobody does


@dataclass(frozen=True, slots=True)
class Site:
    """A loaded site directory. `config_hash` covers every file, `limits.hash` the limits file alone."""

    facility: Facility
    points: PointTable
    topics: TopicMap
    limits: Limits
    control: ControlSettings
    tariff: Tariff
    config_hash: str
    directory: str
    seed: int
