"""Chilled water, chillers, condenser water and towers of the simulated plant.

Water stands in mixed volumes in a row (buffer tank, then pipe cells), so that a change of temperature arrives late and
rounded, and so that no joule is lost on the way. Chillers share the load equally and follow it with a lag.
Sources: docs/reference/equations.md#chillers, #towers, #fans-and-pumps.
"""

from __future__ import annotations

import math

from twin.kernels.chillers import chiller_capacity_w, chiller_power_w
from twin.kernels.fans import hydraulic_power_w
from twin.kernels.towers import tower_cell_heat_w
from twin.simulator.hidden import Hidden
from twin.simulator.local_loops import Staging, TowerLoop
from twin.simulator.ratings import WATER_J_KG_K, WATER_KG_M3, Ratings

PIPE_CELLS = 4  # of each of supply and return
REFERENCE_LIFT_K = 20.0  # (24 + 7) - (12 - 1): where the hidden lift sensitivity changes nothing
LEAST_FLOW_FRAC = 0.4  # of one chiller's design flow; below, a bypass keeps its evaporator wet
UNDERSHOOT_K = 1.0  # a chiller unloads at once when its water gets this far below setpoint


class WaterSide:
    """State and step of the water plant; plain floats, lists by chiller or pipe cell."""

    def __init__(self, ratings: Ratings, hidden: Hidden, chws_sp_c: float, cws_sp_c: float) -> None:
        self._ratings, self._hidden = ratings, hidden
        plant = ratings.facility.plant
        self._plant = plant
        n_chiller, n_hall = len(plant.chillers.ids), len(ratings.facility.halls)
        self._bias_chws_k = float(hidden.control_bias_k[n_hall])
        self._bias_cws_k = float(hidden.control_bias_k[n_hall + 1])
        self._buffer_kg = max(plant.buffer_m3, 0.1) * WATER_KG_M3
        self._cell_kg = max(plant.loop_m3, 0.2) * hidden.pipe_factor * WATER_KG_M3 / (2 * PIPE_CELLS)
        self._tower_loop = TowerLoop()
        self.chws_sp_c, self.cws_sp_c = chws_sp_c, cws_sp_c
        self.staging = Staging(
            plant.chillers,
            [i < plant.chillers.needed for i in range(n_chiller)],
            [True] * n_chiller,
            [3600.0] * n_chiller,
        )
        self.cells_ok = [True] * len(plant.towers.ids)
        self.buffer_c = chws_sp_c
        self.supply_cells_c = [chws_sp_c] * PIPE_CELLS
        self.return_cells_c = [chws_sp_c + 6.0] * PIPE_CELLS
        self.basin_c = cws_sp_c
        self.fan_frac = 0.6
        self.cooling_w = [0.0] * n_chiller  # evaporator heat of each
        self.chiller_w = [0.0] * n_chiller
        self.load_frac = [0.0] * n_chiller
        self.flow_kg_s = 0.0
        self.leaving_c = chws_sp_c
        self.cwr_c = cws_sp_c + 5.0
        self.chw_pump_w = self.cw_pump_w = self.tower_w = 0.0
        self.cells_running = 0
        self.rejected_w = 0.0
        self.heat_in_w = 0.0  # work that ends in the water: compressors and pumps

    @property
    def coil_in_c(self) -> float:
        """Water at the coils, behind tank and pipe."""
        return self.supply_cells_c[-1]

    @property
    def chwr_c(self) -> float:
        """Water coming back to the chillers, before the pumps warm it."""
        return self.return_cells_c[-1]

    def largest_step_s(self, most_kg_s: float) -> float:
        """Longest sub-step for which the last return cell is not emptied at a flow."""
        return 0.8 * self._cell_kg / max(most_kg_s, 1e-6)

    def chill(self, coil_kg_s: float, dt_s: float) -> None:
        """Chillers, tank and supply pipe over one sub-step, for the flow that the coils' valves ask for."""
        staging, bank, hidden = self.staging, self._plant.chillers, self._hidden
        n_running = sum(staging.running)
        design_kg_s = bank.capacity_w / (WATER_J_KG_K * self._plant.chw_pumps.design_range_k)
        self._coil_kg_s = coil_kg_s
        self.flow_kg_s = max(coil_kg_s, LEAST_FLOW_FRAC * design_kg_s * n_running, 1e-3)
        flow_w_k = self.flow_kg_s * WATER_J_KG_K
        pumps = self._plant.chw_pumps
        self.chw_pump_w = hidden.pump_factor * hydraulic_power_w(
            self.flow_kg_s, pumps.head_pa, pumps.efficiency_frac, WATER_KG_M3
        )
        pump_heat_w = pumps.heat_to_water_frac * self.chw_pump_w
        entering_c = self.chwr_c + pump_heat_w / flow_w_k

        setpoint_c = self.chws_sp_c - self._bias_chws_k
        wanted_w = max(flow_w_k * (entering_c - setpoint_c), 0.0)
        curve = self._ratings.chiller_curve
        capacity_w = [
            factor * chiller_capacity_w(curve, bank.capacity_w, setpoint_c, self.basin_c) * float(curve[20])
            for factor in hidden.chiller_capacity_factor.tolist()
        ]
        staging.step(wanted_w, capacity_w, self.leaving_c - setpoint_c, dt_s)
        self._load(wanted_w, capacity_w, flow_w_k * (entering_c - setpoint_c + UNDERSHOOT_K), dt_s)
        self.leaving_c = entering_c - sum(self.cooling_w) / flow_w_k
        self._power()

        moved_kg = self.flow_kg_s * dt_s
        self.buffer_c = _mixed(self._buffer_kg, self.buffer_c, moved_kg, self.leaving_c)
        before_c = self.buffer_c
        for k in range(PIPE_CELLS):
            self.supply_cells_c[k] = before_c = _mixed(self._cell_kg, self.supply_cells_c[k], moved_kg, before_c)
        self._pump_heat_w = pump_heat_w

    def _load(self, wanted_w: float, capacity_w: list[float], most_w: float, dt_s: float) -> None:
        running = self.staging.running
        n_running = sum(running)
        follow = 1.0 - math.exp(-dt_s / self._hidden.chiller_lag_s)
        for i, runs in enumerate(running):
            target_w = min(wanted_w / n_running, capacity_w[i]) if runs else 0.0
            self.cooling_w[i] = self.cooling_w[i] + follow * (target_w - self.cooling_w[i]) if runs else 0.0
            self.load_frac[i] = self.cooling_w[i] / max(capacity_w[i], 1.0)
        total_w = sum(self.cooling_w)
        if total_w > max(most_w, 0.0):
            cut = max(most_w, 0.0) / total_w
            self.cooling_w = [heat * cut for heat in self.cooling_w]

    def _power(self) -> None:
        bank, hidden = self._plant.chillers, self._hidden
        lift_k = max((self.basin_c + 7.0) - (self.leaving_c - 1.0), 3.0)
        lift = (lift_k / REFERENCE_LIFT_K) ** hidden.chiller_lift_exponent
        for i, runs in enumerate(self.staging.running):
            if not runs:
                self.chiller_w[i] = 0.0
                continue
            power_w, _part_load, _outside = chiller_power_w(
                self._ratings.chiller_curve,
                bank.capacity_w * float(hidden.chiller_capacity_factor[i]),
                bank.cop_rated,
                bank.lift_extension_frac,
                self.leaving_c,
                self.basin_c,
                self.cooling_w[i],
            )
            self.chiller_w[i] = power_w * float(hidden.chiller_power_factor[i]) * lift

    def return_heat(self, coil_heat_w: float, dt_s: float) -> None:
        """The return pipe over one sub-step: what left the coils, mixed with the evaporator bypass."""
        moved_kg = self.flow_kg_s * dt_s
        # the bypass returns supply water unused, so that all heat arrives with the whole flow
        entering_c = self.coil_in_c + coil_heat_w / (self.flow_kg_s * WATER_J_KG_K)
        leaving_c = self.return_cells_c[-1]  # explicit here: the chillers worked with this temperature
        for k in range(PIPE_CELLS - 1):
            self.return_cells_c[k] = entering_c = _mixed(self._cell_kg, self.return_cells_c[k], moved_kg, entering_c)
        self.return_cells_c[-1] += moved_kg * (entering_c - leaving_c) / self._cell_kg

    def reject(self, wet_bulb_c: float, dt_s: float) -> None:
        """Condenser circuit, tower cells and basin over one sub-step."""
        plant, hidden, ratings = self._plant, self._hidden, self._ratings
        n_running = sum(self.staging.running)
        cells = min(sum(self.cells_ok), max(n_running, 1))
        self.cells_running = cells
        flow_kg_s = n_running * ratings.condenser_kg_s
        self.fan_frac = self._tower_loop.step(self.fan_frac, self.basin_c + self._bias_cws_k - self.cws_sp_c, dt_s)
        air_frac = self.fan_frac if self.fan_frac >= plant.towers.min_fan_frac else 0.0
        pumps = plant.cw_pumps
        self.cw_pump_w = hidden.pump_factor * hydraulic_power_w(
            flow_kg_s, pumps.head_pa, pumps.efficiency_frac, WATER_KG_M3
        )
        work_w = sum(self.chiller_w) + pumps.heat_to_water_frac * self.cw_pump_w
        condenser_w = sum(self.cooling_w) + work_w
        self.cwr_c = self.basin_c + condenser_w / (flow_kg_s * WATER_J_KG_K) if flow_kg_s > 0.0 else self.basin_c
        self.rejected_w = 0.0
        if cells > 0 and flow_kg_s > 0.0:
            self.rejected_w = cells * tower_cell_heat_w(
                self.cwr_c,
                wet_bulb_c,
                plant.towers.design_wet_bulb_c,
                flow_kg_s / cells,
                ratings.tower_water0_kg_s,
                ratings.tower_air0_kg_s,
                ratings.tower_ua_w_k * hidden.tower_factor,
                air_frac,
                ratings.pressure_pa,
            )
        self.tower_w = cells * plant.towers.fan_w * hidden.tower_fan_factor * air_frac**3
        self.basin_c += dt_s * (condenser_w - self.rejected_w) / plant.towers.basin_j_k
        self.heat_in_w = work_w + self._pump_heat_w

    @property
    def auxiliary_w(self) -> float:
        """Oil pumps and controls of the running chillers; their heat does not reach the water."""
        return self._plant.chillers.auxiliary_w * sum(self.staging.running)

    def stored_j(self) -> float:
        """Heat in tank, pipes and basin above 0 degC."""
        pipes = self._cell_kg * (sum(self.supply_cells_c) + sum(self.return_cells_c))
        return WATER_J_KG_K * (self._buffer_kg * self.buffer_c + pipes) + self._plant.towers.basin_j_k * self.basin_c


def _mixed(held_kg: float, held_c: float, moved_kg: float, entering_c: float) -> float:
    """Temperature of a mixed volume after water has moved through it (implicit: it leaves at the new temperature)."""
    return (held_kg * held_c + moved_kg * entering_c) / (held_kg + moved_kg)
