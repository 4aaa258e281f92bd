"""Choosing between two arrays, cheap in the usual case that one of them is taken whole."""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Flags, Floats


def pick(mask: Flags, yes: Floats | float, no: Floats) -> Floats:
    """`yes` where the mask is set, else `no`; one of the two itself when nothing is to be mixed."""
    if not mask.any():
        return no
    if isinstance(yes, np.ndarray) and mask.all():
        return yes
    return np.where(mask, yes, no)
