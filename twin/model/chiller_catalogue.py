"""Published chiller curve sets by name.

Sources: 1 to 4 EnergyPlus DataSets/Chillers.idf, 5 and 6 the PNNL/LBNL "copper" library. Regressions, not laws: at the
rating point CAPFT and EIRFT may miss 1 by several per cent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats


@dataclass(frozen=True, slots=True)
class ChillerCurve:
    """One machine's regression. `chws_c` and `condenser_c` are the fitted box, temperatures in degC.

    The condenser temperature is that of the entering water, or of the outdoor air for an air-cooled machine.
    """

    capacity_w: float
    cop: float
    chws_c: tuple[float, float]
    condenser_c: tuple[float, float]
    part_load: tuple[float, float]
    capacity: tuple[float, ...]
    eir: tuple[float, ...]
    eir_part_load: tuple[float, ...]
    condenser_kg_s: float
    air_cooled: bool = False

    def packed(self) -> Floats:
        """The array layout of the chiller kernels, shape (22,)."""
        return np.array(
            [
                *self.capacity,
                *self.eir,
                *self.eir_part_load,
                *self.chws_c,
                *self.condenser_c,
                *self.part_load,
                self.part_load[0],
            ],
            dtype=np.float64,
        )


CATALOGUE: dict[str, ChillerCurve] = {
    "carrier-19xr-1234kw": ChillerCurve(
        1_234_300.0, 5.39, (7.22, 12.78), (12.78, 26.67), (0.19, 1.02),
        (0.5905815, 0.1190927, -0.006727309, -0.009580836, -0.0003034704, 0.001540686),
        (0.3771659, 0.1144965, -0.008186893, -0.003372584, 0.000168944, 0.001008523),
        (0.1495681, -0.1449639, 0.994107), 38.61,
    ),
    "carrier-19xr-1407kw": ChillerCurve(
        1_406_600.0, 6.04, (4.44, 10.0), (12.78, 32.22), (0.20, 1.04),
        (1.042261, 0.002644821, -0.001468026, 0.01366256, -0.0008302334, 0.001573579),
        (1.02634, -0.01612819, -0.001092591, -0.01784393, 0.0007961842, -9.586049e-05),
        (0.118888, 0.6723542, 0.2068754), 75.71,
    ),
    "trane-rthb-1051kw": ChillerCurve(
        1_051_000.0, 5.05, (4.44, 8.89), (23.89, 35.0), (0.20, 1.01),
        (0.9482157, 0.03306737, -6.450072e-05, -0.003756522, -6.501672e-05, 2.517986e-15),
        (0.4904181, -0.005530317, 0.001209907, 0.009122333, 0.0005923591, -0.001469958),
        (0.2590465, 0.2148987, 0.5265039), 56.59,
    ),
    "york-ys-781kw": ChillerCurve(
        781_000.0, 5.42, (4.44, 8.89), (15.56, 35.0), (0.09, 1.01),
        (1.002148, 0.03300191, 0.000374167, -0.005925358, -2.599267e-05, -0.0002172126),
        (0.4475957, -0.01054652, 0.000712687, 0.01158632, 0.000515151, -0.0009831355),
        (0.2519108, 0.2756914, 0.4725826), 37.85,
    ),
    "air-cooled-screw-1050kw": ChillerCurve(
        1_050_500.0, 3.406, (4.4, 10.0), (-1.1, 51.7), (0.20, 1.0),
        (1.0311833240, 0.0444118974, 0.0003265807, -0.0042120873, -5.8947650e-05, -0.0005390724),
        (0.4514318379, 0.0001716462, -0.0001290511, 0.0093639335, 0.0003580859, -0.0007535476),
        (0.0900599799, 0.2869855064, 0.6173040887), 0.0, True,
    ),
    "air-cooled-scroll-2649kw": ChillerCurve(
        2_649_000.0, 2.80, (4.44, 15.56), (29.44, 48.89), (0.15, 1.0),
        (0.882412409, 0.065178388, -0.001113358, -0.000593318, -0.000124175, -0.000374126),
        (0.960517103, -0.017737456, 0.001592523, -0.01801459, 0.000747532, -0.000879986),
        (0.0, 1.0, 0.0), 0.0, True,
    ),
}  # fmt: skip
