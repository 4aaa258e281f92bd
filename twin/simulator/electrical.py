"""The power path of the simulated plant: transfers between UPS modes, and where every watt goes.

Sources: docs/reference/equations.md#power. In 2N both sides share the load equally.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.domain.facility import PowerChain, Ups
from twin.kernels.power import transformer_loss_w, ups_loss_w

TRANSFER_S = 5.0  # until the static switch has closed or opened; the load never notices
ECO = 1.0
MAINS_QUIET_FRAC = 0.02
THD_QUIET_FRAC = 0.025
# the UPS looks after itself, whatever mode was asked for
OWN_MAINS_LIMIT_FRAC = 0.10


@dataclass(slots=True)
class UpsSide:
    """One side: the mode asked for, the mode it is in, and what it sees of the mains."""

    rating: Ups
    loss_factor: float
    wanted: float = 0.0
    mode: float = 0.0
    mains_deviation_frac: float = MAINS_QUIET_FRAC
    thd_frac: float = THD_QUIET_FRAC
    battery_frac: float = 0.98
    on_generator: float = 0.0
    output_w: float = 0.0
    input_w: float = 0.0
    transfers: int = 0
    _pending_s: float = 0.0

    def transfer(self, dt_s: float) -> None:
        """Follow the mode asked for after the transfer time; bad mains force double conversion at once."""
        healthy = self.mains_deviation_frac <= OWN_MAINS_LIMIT_FRAC and self.on_generator < 0.5
        if not healthy and self.mode == ECO:
            self.mode, self._pending_s = 0.0, 0.0
            self.transfers += 1
            return
        if self.wanted == self.mode or not healthy:
            self._pending_s = 0.0
            return
        self._pending_s += dt_s
        if self._pending_s >= TRANSFER_S:
            self.mode, self._pending_s = self.wanted, 0.0
            self.transfers += 1

    def carry(self, output_w: float) -> float:
        """Take a load, W; returns the loss, W."""
        curve = self.rating.eco if self.mode == ECO else self.rating.double_conversion
        loss_w = self.loss_factor * ups_loss_w(
            output_w, float(self.rating.modules), self.rating.module_w, curve.constant, curve.linear, curve.square
        )
        self.output_w, self.input_w = output_w, output_w + loss_w
        return loss_w


@dataclass(frozen=True, slots=True)
class PowerFlows:
    """Where the power goes, W; `facility_w` is the sum of the end uses."""

    facility_w: float
    ups_output_w: float  # IT as metered (PUE category 1): racks and distribution
    ups_loss_w: float
    distribution_w: float
    cooling_w: float
    lights_w: float
    transformer_w: float


def distribution_loss_w(chain: PowerChain, rack_w: float) -> float:
    """Loss between UPS output and racks; the rating is a share of the distribution's input."""
    return rack_w * chain.pdu_loss_frac / (1.0 - chain.pdu_loss_frac)


def power_flows(chain: PowerChain, *, rack_w: float, ups_loss: float, cooling_w: float, lights_w: float) -> PowerFlows:
    """Add up the site from the racks to the utility."""
    distribution_w = distribution_loss_w(chain, rack_w)
    load_w = rack_w + distribution_w + ups_loss + cooling_w + lights_w
    transformer_w = transformer_loss_w(
        load_w,
        float(chain.transformers),
        chain.transformer_va,
        chain.transformer_no_load_w,
        chain.transformer_load_loss_w,
        chain.power_factor,
    )
    return PowerFlows(
        facility_w=load_w + transformer_w,
        ups_output_w=rack_w + distribution_w,
        ups_loss_w=ups_loss,
        distribution_w=distribution_w,
        cooling_w=cooling_w,
        lights_w=lights_w,
        transformer_w=transformer_w,
    )
