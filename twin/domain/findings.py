"""What a gate found out about a sensor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SensorFault(StrEnum):
    """Ways in which a reading is not what it says it is."""

    MISSING = "missing"  # nothing came for longer than the point's own patience
    REFUSED = "refused"  # something comes, and none of it can be used
    SPIKE = "spike"
    STUCK = "stuck"
    NOISE = "noise"
    BIAS = "bias"
    DRIFT = "drift"
    COMMISSIONING = "commissioning"  # another quantity or another unit than the site file says
    STORM = "storm"  # of a hall: most of its points came back at once


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault that lasts. `point` is a point id, for a storm the hall's id; `words` tell it with its figures."""

    point: str
    fault: SensorFault
    since_ns: int
    words: str
