"""Rating points of the catalogue's machines, and curves brought to 1 there.

The published regressions miss 1 at their own rating point by up to several per cent; whoever trusts the rated capacity
and COP more than the regression divides by what it gives there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.domain.chillers import ChillerCurve
from twin.domain.errors import TwinError
from twin.kernels.chillers import biquadratic

RATED_C: dict[str, tuple[float, float]] = {
    "carrier-19xr-1234kw": (8.89, 26.67),
    "carrier-19xr-1407kw": (6.67, 29.44),
    "trane-rthb-1051kw": (6.67, 29.44),
    "york-ys-781kw": (6.67, 29.44),
    "air-cooled-screw-1050kw": (6.67, 35.0),
    "air-cooled-scroll-2649kw": (6.67, 35.0),
}
"""Leaving chilled water and entering condenser fluid at the rating point, degC."""


def rated_values(curve: ChillerCurve, chws_c: float, condenser_c: float) -> tuple[float, float]:
    """(CAPFT, EIRFT) at the rating point, both 1 for a perfect regression."""
    capacity = biquadratic(np.array(curve.capacity), float(chws_c), float(condenser_c))
    eir = biquadratic(np.array(curve.eir), float(chws_c), float(condenser_c))
    return capacity, eir


def normalised(curve: ChillerCurve, chws_c: float, condenser_c: float) -> ChillerCurve:
    """The curve with CAPFT and EIRFT divided by their value at the rating point; record `rated_values` with it.

    Raises: TwinError: a curve is not positive there, so that it cannot be the rating point.
    """
    capacity, eir = rated_values(curve, chws_c, condenser_c)
    if not (capacity > 0.0 and eir > 0.0):
        raise TwinError(
            f"the chiller curves give CAPFT {capacity:g} and EIRFT {eir:g} at their rating point",
            where=f"leaving chilled water {chws_c:g} degC, condenser {condenser_c:g} degC",
            fix="give the temperatures the machine was rated at, in degC",
        )
    return replace(curve, capacity=tuple(c / capacity for c in curve.capacity), eir=tuple(c / eir for c in curve.eir))
