"""Photovoltaic arrays on roofs and facades: cell temperature, direct current, inverter.

Sources: PVWatts version 5; Sandia cell temperature; docs/reference/equations.md#photovoltaics.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel
from twin.kernels.sun import normal_w_m2, plane_w_m2, sun_position_deg

# (a, b, K at 1000 W/m2) of three mounts
OPEN_RACK = (-3.47, -0.0594, 3.0)
CLOSE_MOUNT = (-2.98, -0.0471, 1.0)
INSULATED_BACK = (-2.81, -0.0455, 0.0)
# power per kelvin of three kinds of module
STANDARD_1_K, PREMIUM_1_K, THIN_FILM_1_K = (-0.0047, -0.0035, -0.0020)
REFERENCE_EFFICIENCY = 0.9637


@kernel
def cell_c(plane_w_m2: float, air_c: float, wind_m_s: float, a: float, b: float, rise_k: float) -> float:
    """Cell temperature, degC, from sunlight on the plane, air, wind at 10 m and the mount's three numbers."""
    return plane_w_m2 * math.exp(a + b * wind_m_s) + air_c + rise_k * plane_w_m2 / 1000.0


@kernel
def dc_w(plane_w_m2: float, cells_c: float, rated_w: float, per_k: float, loss_frac: float) -> float:
    """Direct-current power, W; `per_k` is negative, `loss_frac` holds dirt, wiring, mismatch and the like (0.14)."""
    power_w = rated_w * plane_w_m2 / 1000.0 * (1.0 + per_k * (cells_c - 25.0)) * (1.0 - loss_frac)
    return max(power_w, 0.0) if power_w == power_w else power_w


@kernel
def inverter_w(direct_w: float, rated_ac_w: float, efficiency_frac: float) -> float:
    """Alternating-current power, W, clipped at the inverter's rating, 0 where its own need exceeds the yield."""
    if direct_w != direct_w:
        return direct_w
    rated_dc_w = max(rated_ac_w, 0.0) / max(efficiency_frac, 1e-9)
    z = direct_w / max(rated_dc_w, 1e-9)
    # efficiency * direct_w, multiplied out so that a dark array divides nothing by zero
    power_w = efficiency_frac / REFERENCE_EFFICIENCY * (direct_w * (0.9858 - 0.0162 * z) - 0.0059 * rated_dc_w)
    return min(max(power_w, 0.0), rated_ac_w)


@kernel
def array_w(
    unix_s: float,
    latitude_deg: float,
    longitude_deg: float,
    global_w_m2: float,
    direct_w_m2: float,
    diffuse_w_m2: float,
    air_c: float,
    wind_m_s: float,
    tilt_deg: float,
    facing_deg: float,
    albedo_frac: float,
    rated_w: float,
    per_k: float,
    loss_frac: float,
    rated_ac_w: float,
    efficiency_frac: float,
    a: float,
    b: float,
    rise_k: float,
) -> float:
    """Alternating-current power of one array, W, from the sky above it; a facade has tilt 90 and an insulated back."""
    elevation_deg, azimuth_deg = sun_position_deg(unix_s, latitude_deg, longitude_deg)
    plane = plane_w_m2(
        elevation_deg,
        azimuth_deg,
        global_w_m2,
        direct_w_m2,
        diffuse_w_m2,
        normal_w_m2(unix_s),
        tilt_deg,
        facing_deg,
        albedo_frac,
        1.0,
    )
    cells_c = cell_c(plane, air_c, wind_m_s, a, b, rise_k)
    return inverter_w(dc_w(plane, cells_c, rated_w, per_k, loss_frac), rated_ac_w, efficiency_frac)
