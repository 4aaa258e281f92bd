"""The simulated plant: halls, water and power stepped together, with a running account of its heat."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats
from twin.simulator.air_side import AirSide
from twin.simulator.electrical import PowerFlows, UpsSide, distribution_loss_w, power_flows
from twin.simulator.hidden import Hidden
from twin.simulator.ratings import Ratings
from twin.simulator.water_side import WaterSide
from twin.simulator.weather import Outdoor

LARGEST_STEP_S = 10.0


@dataclass(frozen=True, slots=True)
class Setpoints:
    """What the local loops are asked to hold: degC; `supply_air_c` has shape (n_hall,), `ups_mode` (n_ups,)."""

    supply_air_c: Floats
    chws_c: float
    cws_c: float
    ups_mode: Floats


class Plant:
    """State and step of the whole plant.

    `heat_in_j` and `rejected_j` count since the start: what was turned into heat inside or came through the walls, and
    what the towers gave away. Their difference is what `stored_j` gained.
    """

    def __init__(self, ratings: Ratings, hidden: Hidden, setpoints: Setpoints) -> None:
        self.ratings, self.hidden = ratings, hidden
        self.air = AirSide(ratings, hidden, setpoints.supply_air_c)
        self.water = WaterSide(ratings, hidden, setpoints.chws_c, setpoints.cws_c)
        chain = ratings.facility.power
        self.ups = [
            UpsSide(rating, float(factor), wanted=float(mode), mode=float(mode))
            for rating, factor, mode in zip(chain.ups, hidden.ups_loss_factor, setpoints.ups_mode, strict=True)
        ]
        self._chain = chain
        self.heat_in_j = 0.0
        self.rejected_j = 0.0
        self.flows = PowerFlows(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        most_kg_s = sum(
            len(hall.crah.ids) * float(full)
            for hall, full in zip(
                ratings.facility.halls, ratings.coil_water0_kg_s * hidden.valve_full_factor, strict=True
            )
        )
        self._sub_step_s = min(LARGEST_STEP_S, self.water.largest_step_s(most_kg_s))

    def step(self, duration_s: float, share: Floats, outdoor: Outdoor) -> None:
        """Move time on by `duration_s` in equal sub-steps of at most ten seconds, load and weather constant."""
        count = max(1, math.ceil(duration_s / self._sub_step_s - 1e-9))
        for _ in range(count):
            self.sub_step(duration_s / count, share, outdoor)

    @property
    def sub_step_s(self) -> float:
        """Longest sub-step that this plant's pipes allow."""
        return self._sub_step_s

    def sub_step(self, dt_s: float, share: Floats, outdoor: Outdoor) -> None:
        """One sub-step: servers, power path, local loops, water, air, towers."""
        air, water = self.air, self.water
        air.serve(share)
        rack_w = float(air.hall_it_w.sum())
        loss_w = self._carry(rack_w, dt_s)
        distribution_w = distribution_loss_w(self._chain, rack_w)
        # UPS rooms and distribution are cooled by the halls' air handlers, in proportion to the load they serve
        room_w = (loss_w + distribution_w) * air.hall_it_w / max(rack_w, 1.0) + self.ratings.lights_w
        air.regulate(dt_s)
        water.chill(float(air.water_kg_s.sum()), dt_s)
        air.exchange(water.coil_in_c, outdoor.dry_bulb_c, room_w, dt_s)
        water.return_heat(float(air.coil_w.sum()), dt_s)
        water.reject(outdoor.wet_bulb_c, dt_s)
        air.moisten(outdoor.dew_point_c, water.buffer_c, dt_s)
        inside_w = rack_w + float(room_w.sum()) + float(air.fan_w.sum()) + float(air.envelope_w.sum())
        self.heat_in_j += dt_s * (inside_w + water.heat_in_w)
        self.rejected_j += dt_s * water.rejected_w
        self.flows = power_flows(
            self._chain,
            rack_w=rack_w,
            ups_loss=loss_w,
            cooling_w=self.cooling_w,
            lights_w=float(self.ratings.lights_w.sum()),
        )

    def _carry(self, rack_w: float, dt_s: float) -> float:
        output_w = rack_w + distribution_loss_w(self._chain, rack_w)
        loss_w = 0.0
        for side in self.ups:
            side.transfer(dt_s)
            loss_w += side.carry(output_w / len(self.ups))
        return loss_w

    @property
    def cooling_w(self) -> float:
        """Chillers with auxiliaries, both pumps, tower fans and CRAH fans."""
        water = self.water
        motors_w = water.chw_pump_w + water.cw_pump_w + water.tower_w + float(self.air.fan_w.sum())
        return sum(water.chiller_w) + water.auxiliary_w + motors_w

    def stored_j(self) -> float:
        """Heat held in air, metal and water above 0 degC."""
        return self.air.stored_j() + self.water.stored_j()

    def settle(self, share: Floats, outdoor: Outdoor, *, hours: float = 3.0) -> None:
        """Run at constant load and weather until the start-up transient is gone, then forget the account."""
        self.step(hours * 3600.0, share, outdoor)
        self.heat_in_j = self.rejected_j = 0.0

    def worst_inlet_c(self) -> float:
        """Hottest rack inlet of the site."""
        return float(np.max(self.air.inlet_c))
