"""Storm after an outage: when most of a hall comes back at once, nothing of it is believed enough to warm it yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats, Ints

WITHIN_S = 300.0
HOLD_S = 300.0
MOST_FRAC = 0.5
NEVER, THERE, LOST = 0.0, 1.0, 2.0


@dataclass(frozen=True, slots=True)
class Storm:
    """By point `presence` and `back_s`, since it came back (more than WITHIN_S: long ago); by hall `hold_s`."""

    presence: Floats
    back_s: Floats
    hold_s: Floats


def storm(before: Storm, usable: Flags, hall_of_point: Ints, dt_s: float) -> Storm:
    """One step. A point that was never there before does not come back."""
    returned = usable & (before.presence == LOST)
    back_s = np.where(returned, 0.0, np.minimum(before.back_s + dt_s, 2.0 * WITHIN_S))
    presence = before.presence
    if not (usable & (presence == THERE)).all():
        presence = np.where(usable, THERE, np.where(presence == NEVER, NEVER, LOST))
    halls = len(before.hold_s)
    hold_s = np.maximum(before.hold_s - dt_s, 0.0)
    if bool(np.any(returned)):
        inside = hall_of_point >= 0
        recent = inside & usable & (back_s < WITHIN_S)
        all_of = np.bincount(hall_of_point[inside], minlength=halls)
        back = np.bincount(hall_of_point[recent], minlength=halls)
        again = np.bincount(hall_of_point[inside & returned], minlength=halls) > 0
        hold_s = np.where(again & (back > MOST_FRAC * all_of), HOLD_S, hold_s)
    return Storm(presence, back_s, hold_s)
