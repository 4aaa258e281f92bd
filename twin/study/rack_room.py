"""Ten thousand racks that breathe each other's air: a room to measure and to look at."""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Floats
from twin.kernels.racks import step_racks
from twin.model.heat_distribution import AirMix, air_mix

ROWS, IN_A_ROW = 100, 100
_NEAR = ((0, -3), (0, -2), (0, -1), (0, 1), (0, 2), (0, 3), (-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1))
_FLEETS = ((23.0, 23.0, 0.0020, 0.010, 0.050, 2.5), (20.0, 24.0, 0.0020, 0.0155, 0.1705, 2.5))


class RackRoom:
    """Rows of racks; the nearest twelve give each of them a fifth of its air."""

    def __init__(self) -> None:
        chance, n = np.random.default_rng(1), ROWS * IN_A_ROW
        self.racks = n
        self._base_w = chance.uniform(4e3, 12e3, n)
        self._air_w_k = self._base_w / 12.0
        self._mix = _mix(self._air_w_k)
        self._supply_c, self._liquid = np.full(n, 22.0), np.zeros(n)
        self._fleet_first, self._law = np.array([0, 6000, n], np.uint32), np.array(_FLEETS)
        self._metal_j_k, self._metal_ua_w_k = np.full(n, 240e3), 0.75 * self._air_w_k
        self._metal_c, self._outlet_c = np.full(n, 40.0), np.full(n, 34.0)
        self._metal_after_c, self._outlet_after_c = np.empty(n), np.empty(n)
        self._inlet_c, self._power_w, self._flow_w_k = np.empty(n), np.empty(n), np.empty(n)
        mix = self._mix
        pairs = mix.first.nbytes + mix.neighbour.nbytes + mix.share.nbytes
        self.bytes_moved = pairs + (9 + 5) * 8 * n  # state and constants read, results written
        self._from, self._to = np.ones(self.bytes_moved // 16), np.empty(self.bytes_moved // 16)
        self.steps(1)
        self.copies(1)

    def steps(self, calls: int) -> None:
        """Steps of five seconds, one after the other."""
        mix = self._mix
        for _ in range(calls):
            step_racks(
                mix.first, mix.neighbour, mix.share, mix.supply_frac, self._supply_c, self._fleet_first, self._law,
                self._base_w, self._air_w_k, self._liquid, self._metal_j_k, self._metal_ua_w_k, 5.0,
                self._metal_c, self._outlet_c,
                self._inlet_c, self._power_w, self._flow_w_k, self._metal_after_c, self._outlet_after_c,
            )  # fmt: skip
            self._metal_c, self._metal_after_c = self._metal_after_c, self._metal_c
            self._outlet_c, self._outlet_after_c = self._outlet_after_c, self._outlet_c

    def copies(self, calls: int) -> None:
        """What the memory can do at best: half the bytes read, half written."""
        for _ in range(calls):
            np.copyto(self._to, self._from)


def _mix(air_w_k: Floats) -> AirMix:
    row, place = np.divmod(np.arange(air_w_k.size), IN_A_ROW)
    givers = [(row + r) % ROWS * IN_A_ROW + (place + p) % IN_A_ROW for r, p in _NEAR]
    giver, taker = np.concatenate(givers), np.tile(np.arange(air_w_k.size), len(_NEAR))
    outlet_frac = 0.2 / len(_NEAR) * np.minimum(air_w_k[taker] / air_w_k[giver], 1.0)
    return air_mix(giver, taker, outlet_frac, air_w_k)
