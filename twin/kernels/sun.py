"""Where the sun stands, and how much of its light falls on a tilted plane.

Sources: low-precision formulas of the Astronomical Almanac (Michalsky 1988); Hay and Davies 1980; Erbs et al. 1982;
docs/reference/equations.md#sun.
"""

from __future__ import annotations

import math

from twin.kernels._jit import kernel

DEGREE = 0.017453292519943295
NOON_2000_S = 946728000.0
SOLAR_W_M2 = 1361.0


@kernel
def sun_position_deg(unix_s: float, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """(elevation, azimuth from north over east) of the sun's centre without refraction, degrees.

    Good to 0.02 degrees between 1950 and 2050. `unix_s` counts from 1970 in UTC; east and north are positive.
    """
    days = (unix_s - NOON_2000_S) / 86400.0
    anomaly = (357.528 + 0.9856003 * days) * DEGREE
    longitude = 280.460 + 0.9856474 * days + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2.0 * anomaly)
    obliquity = (23.439 - 4e-7 * days) * DEGREE
    sine = math.sin(longitude * DEGREE)
    ascension_deg = math.atan2(math.cos(obliquity) * sine, math.cos(longitude * DEGREE)) / DEGREE
    declination = math.asin(math.sin(obliquity) * sine)
    hour = (280.46062 + 360.98564737 * days + longitude_deg - ascension_deg) * DEGREE
    north = math.cos(latitude_deg * DEGREE)
    up = math.sin(latitude_deg * DEGREE)
    height = up * math.sin(declination) + north * math.cos(declination) * math.cos(hour)
    elevation = math.asin(min(max(height, -1.0), 1.0)) if height == height else height
    east = -math.cos(declination) * math.sin(hour)
    ahead = math.sin(declination) * north - math.cos(declination) * math.cos(hour) * up
    azimuth_deg = math.atan2(east, ahead) / DEGREE
    return elevation / DEGREE, azimuth_deg + 360.0 if azimuth_deg < 0.0 else azimuth_deg


@kernel
def refraction_deg(elevation_deg: float) -> float:
    """How much the air lifts the sun, degrees, at 1010 hPa and 10 degC; 0 once it is wholly below the horizon."""
    if elevation_deg < -0.8333:
        return 0.0
    return 1.02 / 60.0 / math.tan((elevation_deg + 10.3 / (elevation_deg + 5.11)) * DEGREE)


@kernel
def normal_w_m2(unix_s: float) -> float:
    """Sunlight above the air on a plane that faces the sun, W/m2, by the distance of the day."""
    anomaly = (357.528 + 0.9856003 * (unix_s - NOON_2000_S) / 86400.0) * DEGREE
    distance = 1.00014 - 0.01671 * math.cos(anomaly) - 0.00014 * math.cos(2.0 * anomaly)
    return SOLAR_W_M2 / (distance * distance)


@kernel
def incidence_cos(elevation_deg: float, azimuth_deg: float, tilt_deg: float, facing_deg: float) -> float:
    """Cosine of the angle between sun and a plane's normal, -1..1; tilt 0 lies flat, 90 is a wall."""
    elevation, tilt = elevation_deg * DEGREE, tilt_deg * DEGREE
    level = math.cos(elevation) * math.sin(tilt) * math.cos((azimuth_deg - facing_deg) * DEGREE)
    return math.sin(elevation) * math.cos(tilt) + level


@kernel
def plane_w_m2(
    elevation_deg: float,
    azimuth_deg: float,
    global_w_m2: float,
    direct_w_m2: float,
    diffuse_w_m2: float,
    above_w_m2: float,
    tilt_deg: float,
    facing_deg: float,
    albedo_frac: float,
    hay_davies: float,
) -> float:
    """Sunlight on a tilted plane, W/m2: direct, sky and ground.

    Args:
        global_w_m2: On a level plane; `direct_w_m2` facing the sun; `diffuse_w_m2` of the sky on a level plane.
        above_w_m2: Above the air, facing the sun; see `normal_w_m2`.
        hay_davies: 1.0 puts the share of the sky's light that surrounds the sun where the sun is; 0.0 takes the sky
            as equally bright all over.
    """
    missing = elevation_deg + azimuth_deg + global_w_m2 + direct_w_m2 + diffuse_w_m2 + tilt_deg + facing_deg
    if missing != missing:
        return missing
    facing = max(incidence_cos(elevation_deg, azimuth_deg, tilt_deg, facing_deg), 0.0)
    cosine = math.cos(tilt_deg * DEGREE)
    around = max(direct_w_m2, 0.0) / max(above_w_m2, 1e-9) if hay_davies > 0.5 else 0.0
    # the floor is that of 89 degrees from the zenith
    sun_ratio = facing / max(math.sin(elevation_deg * DEGREE), 0.01745)
    sky = max(diffuse_w_m2, 0.0) * (around * sun_ratio + (1.0 - around) * 0.5 * (1.0 + cosine))
    ground = max(global_w_m2, 0.0) * albedo_frac * 0.5 * (1.0 - cosine)
    return max(direct_w_m2, 0.0) * facing + sky + ground


@kernel
def split_global_w_m2(global_w_m2: float, elevation_deg: float, above_w_m2: float) -> tuple[float, float]:
    """(direct facing the sun, diffuse) W/m2 out of global sunlight alone, by the clearness of the hour.

    Below 3 degrees of elevation everything counts as diffuse.
    """
    if global_w_m2 != global_w_m2 or elevation_deg != elevation_deg:
        return global_w_m2 + elevation_deg, global_w_m2 + elevation_deg
    level = math.sin(elevation_deg * DEGREE)
    whole = max(global_w_m2, 0.0)
    clear = min(whole / max(above_w_m2 * max(level, 0.065), 1e-9), 1.0)
    if clear <= 0.22:
        share = 1.0 - 0.09 * clear
    elif clear <= 0.8:
        share = 0.9511 + clear * (-0.1604 + clear * (4.388 + clear * (-16.638 + clear * 12.336)))
    else:
        share = 0.165
    if elevation_deg < 3.0:
        return 0.0, whole
    return whole * (1.0 - share) / level, whole * share
