"""Missing and refused: nothing comes, or what comes cannot be used. The mirror knows the ages; here they get a name."""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Bytes8, Flags, Floats
from twin.domain.points import Quality


def silent(quality: Bytes8, age_s: Floats, lost_s: Floats, stale_after_s: Floats) -> tuple[Flags, Flags]:
    """(missing, refused) by point. `lost_s`: time without a usable reading, for those that never had one."""
    if not (quality > int(Quality.SUSPECT)).any():
        nothing = np.zeros(len(quality), dtype=np.bool_)
        return nothing, nothing
    lasting = np.isfinite(age_s) | (lost_s > stale_after_s)
    missing = (quality == int(Quality.STALE)) | (quality == int(Quality.MISSING))
    return missing & lasting, (quality == int(Quality.BAD)) & lasting


def lost(before_s: Floats, usable: Flags, dt_s: float) -> Floats:
    """How long each point has had nothing usable."""
    longer: Floats = np.where(usable, 0.0, before_s + dt_s)
    return longer
