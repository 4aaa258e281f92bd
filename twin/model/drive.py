"""What drives a site over time: weather, load and setpoints, packed for the kernels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats
from twin.kernels import columns as at
from twin.kernels.moist_air import ratios_at_wet_bulb
from twin.model.compiled import CompiledSite
from twin.model.layout import Layout

DRIEST = 1e-4  # kg/kg: colder and drier than any site
HALL_RATIO = 0.0085  # humidity of the halls where nobody says, kg/kg: 11.7 degC dew point at sea level


@dataclass(frozen=True, slots=True)
class Drive:
    """Inputs of n steps: a scalar, an array of shape (n,), or (n, k) for k halls, loops, sides, batteries, arrays.

    `load_w` is rack power at the servers' reference inlet. What a site does not have needs no value. `charge_w` is
    power into a battery's terminals, `plane_w_m2` sunlight on the plane of each solar array.
    """

    outdoor_c: Floats | float
    wet_bulb_c: Floats | float
    load_w: Floats | float
    supply_air_c: Floats | float = 22.0
    chws_c: Floats | float = 10.0
    cws_c: Floats | float = 24.0
    facility_water_c: Floats | float | None = None  # the site file's
    coolant_c: Floats | float | None = None
    crah_running: Floats | float | None = None  # all of them
    chillers_available: Floats | float | None = None  # all of them
    inlet_offset_k: Floats | float = 0.0
    hall_ratio: Floats | float = HALL_RATIO
    wind_m_s: Floats | float = 1.0
    smoke: Floats | float = 0.0
    ups_eco: Floats | float = 0.0
    charge_w: Floats | float = 0.0
    plane_w_m2: Floats | float = 0.0
    n: int = 1

    def rows(self, site: CompiledSite) -> Floats:
        """The inputs as the kernels take them, shape (n, n_u)."""
        layout = Layout.of(site)
        u = np.zeros((self.n, layout.n_u))
        running = site.halls.crah_count if self.crah_running is None else self.crah_running
        u[:, at.U_OUTDOOR] = self.outdoor_c
        u[:, at.U_WET_BULB] = self.wet_bulb_c
        u[:, at.U_CHWS] = self.chws_c
        u[:, at.U_CWS] = self.cws_c
        u[:, at.U_FACILITY_WATER] = site.facility_water_c if self.facility_water_c is None else self.facility_water_c
        u[:, at.U_AVAILABLE] = site.chillers if self.chillers_available is None else self.chillers_available
        ratio = np.empty(self.n)
        outdoor_c, wet_bulb_c = u[:, at.U_OUTDOOR].copy(), u[:, at.U_WET_BULB].copy()
        ratios_at_wet_bulb(outdoor_c, wet_bulb_c, float(site.plant.pressure_pa), DRIEST, ratio)
        u[:, at.U_OUTDOOR_RATIO] = ratio
        u[:, at.U_HALL_RATIO] = self.hall_ratio
        u[:, at.U_WIND] = self.wind_m_s
        u[:, at.U_SMOKE] = self.smoke
        hall, first = at.U_HALL, layout.u_hall(0)
        end = layout.u_hall(layout.halls)
        u[:, first + at.UH_LOAD : end : hall] = self.load_w
        u[:, first + at.UH_SUPPLY : end : hall] = self.supply_air_c
        u[:, first + at.UH_RUNNING : end : hall] = running
        u[:, first + at.UH_OFFSET : end : hall] = self.inlet_offset_k
        u[:, end : layout.u_ups(0)] = site.coolant_c if self.coolant_c is None else self.coolant_c
        u[:, layout.u_ups(0) : layout.u_battery(0)] = self.ups_eco
        u[:, layout.u_battery(0) : layout.u_solar(0)] = self.charge_w
        u[:, layout.u_solar(0) :] = self.plane_w_m2
        return u
