"""Published curve sets of the reformulated EIR model by name.

Source: EnergyPlus DataSets/Chillers.idf (Chiller:Electric:ReformulatedEIR).
"""

from __future__ import annotations

from twin.domain.chillers import ReformulatedCurve

REFORMULATED: dict[str, ReformulatedCurve] = {
    "carrier-19xr-1143kw": ReformulatedCurve(
        1_142_900.0, 6.57, (7.22, 12.78), (19.02, 33.61), (0.20, 1.03),
        (0.7863855, 0.03259744, -0.001927704, 0.004333411, -0.000602239, 0.001809424),
        (0.9612126, -0.01211702, 0.0001782802, -0.002807827, 0.0002421828, 1.165934e-05),
        (-0.0192249, 0.01026695, -3.079249e-05, 0.1432686, 0.4844691, -0.008952298, 0.0, 0.3774796, 0.0, 0.0),
        51.42,
    ),
}  # fmt: skip
