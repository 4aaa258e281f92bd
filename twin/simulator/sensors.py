"""What lies between the truth and a reading: noise, bias, resolution, gaps, and clocks that are off.

One-sigma noise and bias follow the table in docs/reference/equations.md#sensors (engineering estimates). Biases are
drawn once; noise comes from (seed, instant), so that a reading does not depend on how often one asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats

DROPOUT_FRAC = 0.005
CLOCK_SKEW_S = 2.0


@dataclass(frozen=True, slots=True)
class SensorClass:
    """Absolute noise and bias, noise and gain error relative to the value, and resolution, in the point's unit."""

    noise: float = 0.0
    bias: float = 0.0
    noise_frac: float = 0.0
    gain_frac: float = 0.0
    quantum: float = 0.0


EXACT = SensorClass()
_AIR = SensorClass(noise=0.1, bias=0.3, quantum=0.1)
_WATER = SensorClass(noise=0.05, bias=0.2, quantum=0.01)
_POWER = SensorClass(noise_frac=0.005, gain_frac=0.01, quantum=1.0)
_METER = SensorClass(noise_frac=0.001, gain_frac=0.003, quantum=10.0)

# by "<asset class>/<name>" first, then by name
_CLASSES: dict[str, SensorClass] = {
    "meter/facility_w": _METER,
    "meter/it_w": _METER,
    "inlet_c": _AIR,
    "supply_c": _AIR,
    "return_c": _AIR,
    # a hall's values are means over several sensors
    "supply_air_c": SensorClass(noise=0.05, bias=0.15, quantum=0.1),
    "return_air_c": SensorClass(noise=0.05, bias=0.15, quantum=0.1),
    "dew_point_c": SensorClass(noise=0.3, bias=0.5, quantum=0.1),
    "dry_bulb_c": SensorClass(noise=0.2, bias=0.3, quantum=0.1),
    "wet_bulb_c": SensorClass(noise=0.2, bias=0.3, quantum=0.1),
    "rh_frac": SensorClass(noise=0.01, bias=0.02, quantum=0.001),
    "chws_c": _WATER,
    "chwr_c": _WATER,
    "cws_c": _WATER,
    "cwr_c": _WATER,
    "chw_flow_kg_s": SensorClass(noise_frac=0.01, gain_frac=0.02, quantum=0.01),
    "aisle_dp_pa": SensorClass(noise=0.3, bias=0.3, quantum=0.1),
    "fan_frac": SensorClass(noise=0.003, quantum=0.001),
    "valve_frac": SensorClass(noise=0.01, quantum=0.001),
    "load_frac": SensorClass(noise=0.005, quantum=0.001),
    "battery_frac": SensorClass(noise=0.002, quantum=0.01),
    "mains_deviation_frac": SensorClass(noise=0.002, quantum=0.001),
    "thd_frac": SensorClass(noise=0.002, quantum=0.001),
}
_BOUNDED = ("_frac",)
_EXACT_SUFFIXES = ("_sp_c", "_held", "running", "mode", "on_generator")


def class_of(point_id: str) -> SensorClass:
    """The sensor behind a point; what a controller reports of itself is exact."""
    asset, name = point_id.rsplit("/", 1)
    if name.endswith(_EXACT_SUFFIXES):
        return EXACT
    fallback = _POWER if name.endswith("_w") else EXACT
    return _CLASSES.get(f"{asset}/{name}") or _CLASSES.get(name, fallback)


class Sensors:
    """All sensors of a site; arrays of shape (n_point,)."""

    def __init__(self, point_ids: Sequence[str], seed: int, *, dropout_frac: float = DROPOUT_FRAC) -> None:
        kinds = [class_of(point_id) for point_id in point_ids]
        rng = np.random.default_rng([seed, 0x5E])
        n = len(point_ids)
        self._seed, self._dropout_frac = seed, dropout_frac
        self._noise = np.array([k.noise for k in kinds])
        self._noise_frac = np.array([k.noise_frac for k in kinds])
        self.bias = np.clip(rng.normal(size=n), -2.0, 2.0) * np.array([k.bias for k in kinds])
        self.gain = 1.0 + np.clip(rng.normal(size=n), -2.0, 2.0) * np.array([k.gain_frac for k in kinds])
        quantum = np.array([k.quantum for k in kinds])
        self._quantised: Flags = quantum > 0.0
        self._quantum = np.where(self._quantised, quantum, 1.0)
        self._measured: Flags = np.array([k is not EXACT for k in kinds], dtype=np.bool_)
        self._bounded: Flags = np.array([point_id.endswith(_BOUNDED) for point_id in point_ids], dtype=np.bool_)
        self._positive: Flags = np.array([point_id.endswith("_w") for point_id in point_ids], dtype=np.bool_)

    def read(self, truth: Floats, now_ns: int) -> Floats:
        """Readings at an instant; NaN where a sensor did not answer."""
        rng = np.random.default_rng([self._seed, 0x5F, now_ns])
        wobble = rng.standard_normal(len(truth))
        spread = self._noise + self._noise_frac * np.abs(truth)
        seen = truth * self.gain + self.bias + wobble * spread
        seen = np.where(self._quantised, np.round(seen / self._quantum) * self._quantum, seen)
        seen = np.where(self._bounded, np.clip(seen, 0.0, 1.0), seen)
        seen = np.where(self._positive, np.maximum(seen, 0.0), seen)
        silent = self._measured & (rng.random(len(truth)) < self._dropout_frac)
        silenced: Floats = np.where(silent, np.nan, seen)
        return silenced


def clock_skew_ns(assets: Sequence[str], seed: int, *, never_ahead: bool) -> dict[str, int]:
    """How far each asset's clock is off. In lock-step none may run ahead: the newest stamp is what moves time there."""
    rng = np.random.default_rng([seed, 0xC1])
    skew = rng.uniform(-CLOCK_SKEW_S, CLOCK_SKEW_S, len(assets))
    if never_ahead:
        skew = -np.abs(skew)
    return {asset: int(s * 1000) * 1_000_000 for asset, s in zip(assets, skew.tolist(), strict=True)}
