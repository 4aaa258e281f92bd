"""Racks, halls and air handlers of the simulated plant: from computing load to heat in the chilled water.

Each hall is an air node, a metal node and a coil node, solved implicitly so that what leaves one enters the next to the
last joule. Rack inlets are supply air plus a seeded offset that grows when the air handlers deliver too little.
Sources: docs/reference/equations.md#servers, #zones, #coils, #fans-and-pumps.
"""

from __future__ import annotations

import numpy as np

from twin.domain.arrays import Flags, Floats
from twin.kernels.coils import coil_heat_w
from twin.kernels.zones import recirculated_frac
from twin.simulator.hidden import Hidden
from twin.simulator.local_loops import FanLoop, ValveLoop
from twin.simulator.ratings import AIR_J_KG_K, WATER_J_KG_K, Ratings

INLET_LAG_S = 20.0  # cold-aisle air
DESIGN_DP_PA = 5.0
DEW_LAG_S = 7200.0


class AirSide:
    """State and step of all halls; arrays of shape (n_hall,) or (n_rack,)."""

    def __init__(self, ratings: Ratings, hidden: Hidden, supply_sp_c: Floats) -> None:
        self._ratings, self._hidden = ratings, hidden
        halls = ratings.facility.halls
        fleets = [hall.fleet for hall in halls]
        pick = ratings.rack_hall
        self._leak_per_k = (np.array([f.leakage_per_k for f in fleets]) * hidden.leakage_factor)[pick]
        self._fan_share = (np.array([f.fan_share_frac for f in fleets]) * hidden.server_fan_factor)[pick]
        self._reference_c = np.array([f.reference_c for f in fleets])[pick]
        self._start_c = np.array([f.speed_start_c for f in fleets])[pick]
        self._per_k = np.array([f.speed_per_k for f in fleets])[pick]
        self._most_speed = np.array([f.max_speed_ratio for f in fleets])[pick]
        self._margin = np.array([hall.flow_margin_ratio for hall in halls])
        self._nominal_bypass = np.array([hall.bypass_frac for hall in halls])
        self._design_fan_w = np.array([hall.crah.design_fan_w for hall in halls]) * hidden.crah_fan_factor
        self._crah_air_kg_s = ratings.coil_air0_kg_s
        self._valve_full_kg_s = ratings.coil_water0_kg_s * hidden.valve_full_factor
        self._bias_k = hidden.control_bias_k[: len(halls)]
        self._fans = FanLoop(
            np.array([hall.crah.min_fan_frac for hall in halls]), np.array([hall.crah.max_fan_frac for hall in halls])
        )
        self._valves = ValveLoop(np.zeros(len(halls)))

        n_hall, n_rack = len(halls), len(pick)
        self.crah_ok: list[Flags] = [np.ones(len(hall.crah.ids), dtype=np.bool_) for hall in halls]
        self.supply_sp_c = supply_sp_c.copy()
        self.supply_c = supply_sp_c.copy()
        self.air_c = supply_sp_c + 11.0
        self.metal_c = supply_sp_c + 24.0
        self.dew_point_c = np.full(n_hall, 9.0)
        self.inlet_c = supply_sp_c[pick] + hidden.rack_offset_k
        self.rack_w = np.zeros(n_rack)
        self.rack_fan_w = np.zeros(n_rack)
        self.hall_it_w = np.zeros(n_hall)
        self.fan_frac = np.full(n_hall, 0.75)
        self.valve_frac = np.full(n_hall, 0.7)
        self.fan_w = np.zeros(n_hall)  # all CRAHs of the hall
        self.aisle_dp_pa = np.full(n_hall, DESIGN_DP_PA)
        self.coil_w = np.zeros(n_hall)
        self.water_kg_s = np.zeros(n_hall)
        self.envelope_w = np.zeros(n_hall)
        self._recirculated = np.zeros(n_hall)

    @property
    def running(self) -> Floats:
        """How many air handlers run, per hall."""
        return np.array([float(np.count_nonzero(ok)) for ok in self.crah_ok])

    def serve(self, share: Floats) -> None:
        """Rack power and air flow at the present inlets. `share`: load of each hall relative to rated power."""
        ratings, hidden = self._ratings, self._hidden
        busy = np.minimum(share[ratings.rack_hall] * hidden.rack_share, 1.1)
        speed = 1.0 + self._per_k * np.maximum(self.inlet_c - self._start_c, 0.0)
        np.minimum(speed, self._most_speed, out=speed)
        cube = self._fan_share * speed * speed * speed
        base_w = ratings.rack_rated_w * busy
        ratio = 1.0 + self._leak_per_k * (self.inlet_c - self._reference_c) + cube - self._fan_share
        self.rack_w = base_w * ratio
        self.rack_fan_w = base_w * cube
        floor = hidden.rack_flow_floor
        flow = ratings.rack_flow_kg_s * hidden.rack_flow_factor * (floor + (1.0 - floor) * busy) * speed
        self.hall_it_w = np.add.reduceat(self.rack_w, ratings.rack_start)
        self._it_kg_s = np.maximum(np.add.reduceat(flow, ratings.rack_start), 1e-3)
        self._load_frac = busy

    def regulate(self, dt_s: float) -> None:
        """Local loops: fans hold the aisle pressure, valves hold supply air, both through the site's own sensors."""
        running = self.running
        supplied = self.fan_frac * running * self._crah_air_kg_s
        tight = (1.0 - self._hidden.bypass_frac) / (1.0 - self._nominal_bypass)
        margin = supplied * tight / self._it_kg_s
        self.fan_frac = self._fans.step(self.fan_frac, self._margin - margin, dt_s)
        self.valve_frac = self._valves.step(self.valve_frac, self.supply_c + self._bias_k - self.supply_sp_c, dt_s)
        leak = 1.0 + (margin - self._margin) / np.maximum(self._margin - 1.0, 0.05)
        self.aisle_dp_pa = DESIGN_DP_PA * np.sign(leak) * np.abs(leak) ** (1.0 / 0.6)
        self._recirculated = np.array(
            [
                recirculated_frac(float(crah), float(it), float(bypass))
                for crah, it, bypass in zip(supplied, self._it_kg_s, self._hidden.bypass_frac, strict=True)
            ]
        )
        opening = (self._hidden.valve_range ** (self.valve_frac - 1.0) - 1.0 / self._hidden.valve_range) / (
            1.0 - 1.0 / self._hidden.valve_range
        )
        self._unit_water_kg_s = self._valve_full_kg_s * opening
        self.water_kg_s = self._unit_water_kg_s * running
        self.fan_w = running * self._design_fan_w * self.fan_frac**self._hidden.crah_fan_exponent

    def exchange(self, chw_in_c: float, outdoor_c: float, room_heat_w: Floats, dt_s: float) -> None:
        """Heat through coils, air and metal over one sub-step, with the chilled water at `chw_in_c`.

        `room_heat_w`: losses that warm the halls beside the servers (distribution, UPS, lights).
        """
        ratings = self._ratings
        running = self.running
        unit_air = np.maximum(self.fan_frac * self._crah_air_kg_s, 1e-6)
        self.coil_w = running * np.array(
            [
                coil_heat_w(
                    float(self.air_c[i]),
                    chw_in_c,
                    float(unit_air[i]),
                    float(self._unit_water_kg_s[i]),
                    float(ratings.coil_air0_kg_s[i]),
                    float(ratings.coil_water0_kg_s[i]),
                    float(ratings.coil_ua_w_k[i] * self._hidden.coil_factor[i]),
                    hall.crah.air_to_water_ha_ratio,
                )
                for i, hall in enumerate(ratings.facility.halls)
            ]
        )
        air_w_k = running * unit_air * AIR_J_KG_K
        moved = dt_s * air_w_k
        metal_ua, envelope = ratings.metal_ua_w_k, ratings.envelope_w_k
        # implicit in supply and hall air, which the circulating air ties together; two equations in two unknowns
        supply_side = ratings.coil_j_k * self.supply_c + dt_s * (self.fan_w - self.coil_w)
        hall_side = ratings.air_j_k * self.air_c + dt_s * (metal_ua * self.metal_c + envelope * outdoor_c + room_heat_w)
        a, d = ratings.coil_j_k + moved, ratings.air_j_k + moved + dt_s * (metal_ua + envelope)
        determinant = a * d - moved * moved
        self.supply_c = (d * supply_side + moved * hall_side) / determinant
        self.air_c = (a * hall_side + moved * supply_side) / determinant
        to_air_w = metal_ua * (self.metal_c - self.air_c)
        self.metal_c = self.metal_c + dt_s * (self.hall_it_w - to_air_w) / ratings.metal_j_k
        self.envelope_w = envelope * (outdoor_c - self.air_c)
        self._mix_inlets(dt_s)

    def _mix_inlets(self, dt_s: float) -> None:
        pick = self._ratings.rack_hall
        rise_k = np.maximum(self.air_c - self.supply_c, 0.0)
        offset_k = self._hidden.rack_offset_k * (0.5 + 0.5 * self._load_frac) + (self._recirculated * rise_k)[pick]
        keep = np.exp(-dt_s / INLET_LAG_S)
        self.inlet_c = keep * self.inlet_c + (1.0 - keep) * (self.supply_c[pick] + offset_k)

    def moisten(self, outdoor_dew_c: float, chws_c: float, dt_s: float) -> None:
        """Room dew point: follows the make-up air slowly, inside the humidifier's and the coil's reach."""
        makeup_c = min(max(9.5 + 0.2 * (outdoor_dew_c - 9.5), 5.5), 15.0)
        target_c = min(makeup_c, chws_c + 2.0)  # the coil wrings out what is above its surface temperature
        self.dew_point_c = self.dew_point_c + (target_c - self.dew_point_c) * (1.0 - np.exp(-dt_s / DEW_LAG_S))

    def stored_j(self) -> float:
        """Heat in air, metal and coils above 0 degC."""
        ratings = self._ratings
        return float(
            np.sum(ratings.air_j_k * self.air_c + ratings.metal_j_k * self.metal_c + ratings.coil_j_k * self.supply_c)
        )

    def water_out_c(self, chw_in_c: float) -> float:
        """Mixed water behind the coils."""
        flow = float(self.water_kg_s.sum())
        return chw_in_c + float(self.coil_w.sum()) / (flow * WATER_J_KG_K) if flow > 1e-9 else chw_in_c
