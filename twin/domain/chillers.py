"""Chillers by their regression curves: what a catalogue or a site file says of one machine."""

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


@dataclass(frozen=True, slots=True)
class ReformulatedCurve:
    """One machine's regression. `chws_c` and `leaving_condenser_c` are the fitted box, both of leaving water, degC."""

    capacity_w: float
    cop: float
    chws_c: tuple[float, float]
    leaving_condenser_c: tuple[float, float]
    part_load: tuple[float, float]
    capacity: tuple[float, ...]
    eir: tuple[float, ...]
    eir_part_load: tuple[float, ...]
    condenser_kg_s: float

    def packed(self) -> Floats:
        """The array layout of the reformulated kernels, shape (29,)."""
        return np.array(
            [
                *self.capacity,
                *self.eir,
                *self.eir_part_load,
                *self.chws_c,
                *self.leaving_condenser_c,
                *self.part_load,
                self.part_load[0],
            ],
            dtype=np.float64,
        )
