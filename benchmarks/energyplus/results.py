"""What both sides hand over: mean powers of each hour by end use, and what the whole site drew."""

from __future__ import annotations

from dataclasses import dataclass, fields

from twin.domain.arrays import Floats
from twin.domain.facility import PowerChain


@dataclass(frozen=True, slots=True)
class Hourly:
    """Mean of each hour, shape (n_hour,). `cooling_w`: every motor of the cooling. `facility_w`: what the site buys."""

    it_w: Floats
    chiller_w: Floats
    tower_w: Floats
    pump_w: Floats
    crah_fan_w: Floats
    facility_w: Floats
    cws_c: Floats
    running: Floats

    @property
    def cooling_w(self) -> Floats:
        return self.chiller_w + self.tower_w + self.pump_w + self.crah_fan_w

    @property
    def pue(self) -> float:
        return float(self.facility_w.sum() / self.it_w.sum())

    def after(self, hours: int) -> Hourly:
        """The same without its first hours."""
        return Hourly(**{field.name: getattr(self, field.name)[hours:] for field in fields(self)})


def transformer_w(power: PowerChain, carried_w: Floats) -> Floats:
    """Loss of the transformers, which are outside the engine, for what they carry."""
    share = carried_w / power.transformers / (power.power_factor * power.transformer_va)
    return power.transformers * (power.transformer_no_load_w + power.transformer_load_loss_w * share * share)
