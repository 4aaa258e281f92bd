"""Direct-expansion CRAC: capacity and power by regression, part load by compressor speed, pumped economiser.

Source: EnergyPlus Coil:Cooling:DX:SingleSpeed and its example curves; speed limit, economiser: estimates of ours.
See docs/reference/equations.md#crac-dx.
"""

from __future__ import annotations

from twin.kernels._jit import Floats, kernel
from twin.kernels.chillers import biquadratic

# A coil's regression: CAPFT 0..5, EIRFT 6..11, CAPFF 12..13, EIRFF 14..16, PLF 17..18, and the box 19..24 (entering wet
# bulb low, high; outdoor low, high; air flow fraction low, high).
EXAMPLE_COIL = (
    *(0.942587793, 0.009543347, 0.00068377, -0.011042676, 5.249e-6, -9.72e-6),
    *(0.342414409, 0.034885008, -0.0006237, 0.004977216, 0.000437951, -0.000728028),
    *(0.8, 0.2),
    *(1.1552, -0.1808, 0.0256),
    *(0.85, 0.15),
    *(12.8, 23.9, 18.0, 46.0, 0.5, 1.5),
)


@kernel
def _clamped(value: float, low: float, high: float) -> float:
    return low if value < low else high if value > high else value


@kernel
def dx_full_load(
    curve: Floats, capacity_w: float, cop_rated: float, wet_bulb_c: float, outdoor_c: float, flow_frac: float
) -> tuple[float, float, float]:
    """(capacity W, COP, 1.0 when extrapolating) at full compressor speed; outside its box a curve is clamped.

    Args:
        curve: Packed as `EXAMPLE_COIL`, shape (25,).
        capacity_w, cop_rated: Total capacity and COP at 19.44 degC wet bulb, 35 degC outdoor, rated air flow.
        wet_bulb_c: Wet bulb of the air entering the coil.
        flow_frac: Air flow relative to rated.
    """
    x = _clamped(wet_bulb_c, curve[19], curve[20])
    y = _clamped(outdoor_c, curve[21], curve[22])
    ff = _clamped(flow_frac, curve[23], curve[24])
    outside = 1.0 if x != wet_bulb_c or y != outdoor_c or ff != flow_frac else 0.0
    available_w = capacity_w * biquadratic(curve[0:6], x, y) * (curve[12] + curve[13] * ff)
    eir = biquadratic(curve[6:12], x, y) * (curve[14] + curve[15] * ff + curve[16] * ff * ff)
    return available_w, cop_rated / eir if eir > 0.0 else cop_rated + eir - eir, outside


@kernel
def dx_compressor_w(
    curve: Floats, available_w: float, cop: float, least_speed_frac: float, heat_w: float
) -> tuple[float, float]:
    """(power W, part load 0..1) of a compressor that turns down to `least_speed_frac`, then cycles.

    Cycling at least speed costs `1/PLF`; a fixed-speed machine has a least speed of 1. What a slower compressor gains
    in its heat exchangers is left out.
    """
    if not available_w > 0.0:
        return available_w - available_w, available_w - available_w
    part_load = _clamped(heat_w / available_w, 0.0, 1.0)
    running = _clamped(part_load / max(least_speed_frac, 1e-6), 0.0, 1.0)
    part_load_factor = max(curve[17] + curve[18] * running, 0.01)
    return available_w * part_load / cop / part_load_factor, part_load


@kernel
def economiser_share(outdoor_c: float, full_c: float, off_c: float) -> float:
    """Share of the heat that the pumped refrigerant carries: 1 below `full_c`, 0 above `off_c`, without a kink."""
    if outdoor_c != outdoor_c:
        return outdoor_c
    if outdoor_c <= full_c:
        return 1.0
    if outdoor_c >= off_c:
        return 0.0
    t = (off_c - outdoor_c) / (off_c - full_c)
    return t * t * (3.0 - 2.0 * t)


@kernel
def dx_power_w(
    curve: Floats,
    capacity_w: float,
    cop_rated: float,
    least_speed_frac: float,
    economiser_cop: float,
    economiser_full_c: float,
    economiser_off_c: float,
    wet_bulb_c: float,
    outdoor_c: float,
    flow_frac: float,
    heat_w: float,
) -> tuple[float, float, float, float]:
    """(power W, total heat W reached, part load of the compressor 0..1, 1.0 when extrapolating) of one CRAC.

    Compressor or refrigerant pump with the condenser fan, without the air fan. The economiser has the compressor's
    capacity, its COP is 10 to 25; COP 0 means there is none.
    """
    available_w, cop, outside = dx_full_load(curve, capacity_w, cop_rated, wet_bulb_c, outdoor_c, flow_frac)
    reached_w = _clamped(heat_w, 0.0, max(available_w, 0.0))
    if heat_w != heat_w or available_w != available_w:
        missing = heat_w + available_w
        return missing, missing, missing, outside
    pumped_w = 0.0
    if economiser_cop > 0.0:
        pumped_w = reached_w * economiser_share(outdoor_c, economiser_full_c, economiser_off_c)
    compressor_w, part_load = dx_compressor_w(curve, available_w, cop, least_speed_frac, reached_w - pumped_w)
    pump_w = pumped_w / economiser_cop if pumped_w > 0.0 else 0.0
    return compressor_w + pump_w, reached_w, part_load, outside


@kernel
def dx_for_sensible(
    curve: Floats,
    capacity_w: float,
    cop_rated: float,
    least_speed_frac: float,
    economiser_cop: float,
    economiser_full_c: float,
    economiser_off_c: float,
    sensible_ratio: float,
    wanted_w: float,
    return_c: float,
    wet_bulb_c: float,
    outdoor_c: float,
    air_kg_s: float,
    air0_kg_s: float,
    fan_heat_w: float,
) -> tuple[float, float, float, float, float]:
    """(power W, supply degC, sensible W reached, 1.0 when too small, 1.0 when extrapolating) for a sensible heat.

    The fan sits behind the coil and warms the supply. When the machine is too small the supply floats up.

    Args:
        sensible_ratio: Sensible over total heat; above 1 a regression promises more than a dry coil can, so 1 then.
        wanted_w: Sensible heat to take from the air, W; at most 0 leaves the machine off.
        air_kg_s, air0_kg_s: Air through the coil, now and rated; without air nothing is cooled.
    """
    air_w_k = air_kg_s * 1006.0
    if not air_w_k > 1e-6:
        still = air_w_k - air_w_k
        return still, return_c + still, still, 1.0 if wanted_w > 0.0 else 0.0, 0.0
    ratio = _clamped(sensible_ratio, 1e-3, 1.0)
    power_w, total_w, _, outside = dx_power_w(
        curve,
        capacity_w,
        cop_rated,
        least_speed_frac,
        economiser_cop,
        economiser_full_c,
        economiser_off_c,
        wet_bulb_c,
        outdoor_c,
        air_kg_s / air0_kg_s,
        wanted_w / ratio,
    )
    sensible_w = ratio * total_w
    short = 1.0 if sensible_w < wanted_w * (1.0 - 1e-9) else 0.0
    return power_w, return_c - (sensible_w - fan_heat_w) / air_w_k, sensible_w, short, outside
