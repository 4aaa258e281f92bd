"""The published coefficients of the York cooling tower approach.

Source: EnergyPlus CoolingTower:VariableSpeed, YorkCalc.
"""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Floats

YORK_CALC = (
    -0.359741205, -0.055053608, 0.0023850432,
    0.173926877, -0.0248473764, 0.00048430224,
    -0.005589849456, 0.0005770079712, -0.00001342427256,
    2.84765801111111, -0.121765149, 0.0014599242,
    1.680428651, -0.0166920786, -0.0007190532,
    -0.025485194448, 0.0000487491696, 0.00002719234152,
    -0.0653766255555556, -0.002278167, 0.0002500254,
    -0.0910565458, 0.00318176316, 0.000038621772,
    -0.0034285382352, 0.00000856589904, -0.000001516821552,
)  # fmt: skip
"""Place 9e + 3j + i multiplies wet bulb^i (degC) * range^j (K) * (water to air ratio)^e."""


def york_coefficients() -> Floats:
    """The coefficients as the tower kernels want them, shape (27,)."""
    return np.array(YORK_CALC, dtype=np.float64)
