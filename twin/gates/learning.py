"""What each inlet is like when nothing is wrong: its offset above supply air, its rack's usual power, its spread.

A first half hour is taken as it is; from then on an offset follows slower than a drift that a test must still see.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats
from twin.gates.pick import pick

FIRST_SAMPLES = 30
OFFSET_TAU_S = 6 * 3600.0
MOST_K_H = 0.02
POWER_TAU_S = 72 * 3600.0
SPREAD_TAU_S = 24 * 3600.0
FIRST_SPREAD_K, LEAST_SPREAD_K, MOST_SPREAD_K = 0.15, 0.05, 0.4
WANDER_TAU_S = 72 * 3600.0
FIRST_WANDER_K, LEAST_WANDER_K, MOST_WANDER_K = 0.1, 0.1, 0.3
PRIOR_SAMPLES = 30.0


@dataclass(frozen=True, slots=True)
class Learned:
    """By inlet. `count` samples were taken; `spread_k2` is their variance, `wander_k2` that of their slow part.

    Neither learns from a reading that is not believed because it is low: a drift must not make room for itself.
    """

    offset_k: Floats
    usual_w: Floats
    count: Floats
    spread_k2: Floats
    wander_k2: Floats

    @property
    def done(self) -> Flags:
        """Which inlets may be judged."""
        return self.count >= FIRST_SAMPLES

    @property
    def spread_k(self) -> Floats:
        """One standard deviation, within what an honest sensor may have."""
        return np.sqrt(np.clip(self.spread_k2, LEAST_SPREAD_K**2, MOST_SPREAD_K**2))

    @property
    def wander_k(self) -> Floats:
        """How far the mean of some minutes may honestly be off."""
        return np.sqrt(np.clip(self.wander_k2, LEAST_WANDER_K**2, MOST_WANDER_K**2))

    def without(self, wrong: Flags) -> Learned:
        """What was learned of these inlets is forgotten."""
        if not wrong.any():
            return self
        offset_k, count = np.where(wrong, np.nan, self.offset_k), np.where(wrong, 0.0, self.count)
        return Learned(offset_k, self.usual_w, count, self.spread_k2, self.wander_k2)


def learn(
    before: Learned,
    above_supply_k: Floats,
    power_w: Floats,
    residual: tuple[Floats, Floats],
    since_s: Floats,
    readings: tuple[Flags, Flags],
) -> Learned:
    """One step.

    Args:
        before: What is known so far.
        above_supply_k: Readings above their hall's supply air.
        power_w: Power of their racks.
        residual: Readings minus what was expected, and the slow part of it.
        since_s: Time between this reading and the one before.
        readings: Where a new one is there, and where nothing speaks against it.
    """
    fresh, sound = readings
    residual_k, slow_k = residual
    done = before.done
    later = fresh & done & sound & ~np.isnan(residual_k)
    first = fresh & ~done & ~np.isnan(above_supply_k)
    most_k = MOST_K_H / 3600.0 * since_s
    follow_k = np.minimum(np.maximum(residual_k * since_s / OFFSET_TAU_S, -most_k), most_k)
    share = since_s / POWER_TAU_S
    weight = np.maximum(1.0 / (before.count + (PRIOR_SAMPLES - FIRST_SAMPLES + 1.0)), since_s / SPREAD_TAU_S)
    surprise_k2 = (residual_k - slow_k) ** 2 - before.spread_k2
    wander_k = np.minimum(np.abs(slow_k), MOST_WANDER_K)
    wander_k2 = wander_k * wander_k - before.wander_k2
    offset_k = pick(later, before.offset_k + follow_k, before.offset_k)
    if first.any():
        mean_k = np.where(before.count == 0.0, above_supply_k, before.offset_k)
        offset_k = np.where(first, mean_k + (above_supply_k - mean_k) / (before.count + 1.0), offset_k)
        share = np.where(first, 1.0 / (before.count + 1.0), share)
    usual_w = before.usual_w + share * (power_w - before.usual_w)
    unknown = np.isnan(before.usual_w)
    usual_w = pick(unknown, power_w, usual_w)
    return Learned(
        offset_k=offset_k,
        usual_w=pick((first | later) & ~np.isnan(power_w), usual_w, before.usual_w),
        count=before.count + (first | (fresh & done)),
        spread_k2=pick(later, before.spread_k2 + weight * surprise_k2, before.spread_k2),
        wander_k2=pick(later, before.wander_k2 + since_s / WANDER_TAU_S * wander_k2, before.wander_k2),
    )
