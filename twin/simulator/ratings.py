"""What the site file says of the plant, worked out once into the numbers that the simulated physics steps with.

The chiller curves are the simulator's own copy: a twin must not be tested against its own tables.
Sources: EnergyPlus DataSets/Chillers.idf; design points of docs/reference/equations.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats, Ints
from twin.domain.errors import UnknownTopology
from twin.domain.facility import Facility
from twin.kernels.coils import design_ua_w_k
from twin.kernels.moist_air import density_kg_m3, pressure_at_altitude_pa
from twin.kernels.towers import size_tower

AIR_J_KG_K = 1006.0
WATER_J_KG_K = 4186.0
WATER_KG_M3 = 998.0

# CAPFT 0..5, EIRFT 6..11, EIRFPLR 12..14, box (leaving chilled, entering condenser) 15..18, part load 19..21
_CURVES: dict[str, tuple[float, ...]] = {
    "carrier-19xr-1234kw": (
        0.5905815, 0.1190927, -0.006727309, -0.009580836, -0.0003034704, 0.001540686,
        0.3771659, 0.1144965, -0.008186893, -0.003372584, 0.000168944, 0.001008523,
        0.1495681, -0.1449639, 0.994107, 7.22, 12.78, 12.78, 26.67, 0.19, 1.02, 0.19,
    ),
    "carrier-19xr-1407kw": (
        1.042261, 0.002644821, -0.001468026, 0.01366256, -0.0008302334, 0.001573579,
        1.02634, -0.01612819, -0.001092591, -0.01784393, 0.0007961842, -9.586049e-05,
        0.118888, 0.6723542, 0.2068754, 4.44, 10.0, 12.78, 32.22, 0.20, 1.04, 0.20,
    ),
    "trane-rthb-1051kw": (
        0.9482157, 0.03306737, -6.450072e-05, -0.003756522, -6.501672e-05, 2.517986e-15,
        0.4904181, -0.005530317, 0.001209907, 0.009122333, 0.0005923591, -0.001469958,
        0.2590465, 0.2148987, 0.5265039, 4.44, 8.89, 23.89, 35.0, 0.20, 1.01, 0.20,
    ),
    "york-ys-781kw": (
        1.002148, 0.03300191, 0.000374167, -0.005925358, -2.599267e-05, -0.0002172126,
        0.4475957, -0.01054652, 0.000712687, 0.01158632, 0.000515151, -0.0009831355,
        0.2519108, 0.2756914, 0.4725826, 4.44, 8.89, 15.56, 35.0, 0.09, 1.01, 0.09,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ratings:
    """Design values; arrays of shape (n_hall,) unless said. Racks stand in one row, hall after hall."""

    facility: Facility
    pressure_pa: float
    air_kg_m3: float
    rack_hall: Ints  # (n_rack,) hall number of each rack
    rack_start: Ints  # (n_hall,) first rack of each hall
    rack_rated_w: Floats  # (n_rack,)
    rack_flow_kg_s: Floats  # (n_rack,) air through a fully loaded rack at the fleet's reference inlet
    air_j_k: Floats
    metal_j_k: Floats
    metal_ua_w_k: Floats
    envelope_w_k: Floats
    lights_w: Floats
    coil_air0_kg_s: Floats  # of one CRAH
    coil_water0_kg_s: Floats  # of one CRAH
    coil_ua_w_k: Floats  # of one CRAH
    coil_j_k: Floats  # metal and water of all coils of the hall
    chiller_curve: Floats  # (22,) layout of the chiller kernels
    tower_water0_kg_s: float  # of one cell
    tower_air0_kg_s: float
    tower_ua_w_k: float
    condenser_kg_s: float  # of one running chiller


def rate(facility: Facility) -> Ratings:
    """Size every coil and cell for its design point.

    Raises: UnknownTopology: a chiller curve that the simulator has no coefficients for, or a system it has no
        physics of.
    """
    _refuse_unknown(facility)
    plant = facility.plant
    curve = _CURVES.get(plant.chillers.curve)
    if curve is None:
        raise UnknownTopology(
            f"the simulated site has no chiller {plant.chillers.curve!r}",
            where="plant.chillers.curve",
            fix="one of " + ", ".join(_CURVES),
        )
    pressure_pa = pressure_at_altitude_pa(facility.altitude_m)
    air_kg_m3 = density_kg_m3(30.0, 0.008, pressure_pa)
    halls = facility.halls
    counts = np.array([len(hall.racks) for hall in halls])
    rated_w = np.array([rack.rated_w for hall in halls for rack in hall.racks])
    rise_k = np.repeat([hall.fleet.rise_k for hall in halls], counts)
    groups = [hall.crah for hall in halls]
    water0 = [g.design_w / (WATER_J_KG_K * (g.design_chw_out_c - g.design_chw_in_c)) for g in groups]
    ua = [
        design_ua_w_k(
            g.design_w,
            g.design_w / (g.design_return_c - g.design_supply_c),
            w * WATER_J_KG_K,
            g.design_return_c,
            g.design_chw_in_c,
        )
        for g, w in zip(groups, water0, strict=True)
    ]
    towers = plant.towers
    tower_water0, tower_air0, tower_ua = size_tower(
        towers.design_w, towers.design_in_c, towers.design_out_c, towers.design_wet_bulb_c, pressure_pa
    )
    ratio = np.array([hall.metal_to_air_ua_ratio for hall in halls])
    rack_flow = rated_w / (AIR_J_KG_K * rise_k)
    starts = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)
    return Ratings(
        facility=facility,
        pressure_pa=pressure_pa,
        air_kg_m3=air_kg_m3,
        rack_hall=np.repeat(np.arange(len(halls)), counts),
        rack_start=starts,
        rack_rated_w=rated_w,
        rack_flow_kg_s=rack_flow,
        air_j_k=np.array([hall.air_capacity_j_k for hall in halls]),
        metal_j_k=np.array([hall.metal_capacity_j_k for hall in halls]),
        # the exchange area belongs to the servers: it is sized by their full air flow and does not follow the load
        metal_ua_w_k=ratio * np.add.reduceat(rack_flow, starts) * AIR_J_KG_K,
        envelope_w_k=np.array([hall.envelope_ua_w_k for hall in halls]),
        lights_w=np.array([hall.lights_w for hall in halls]),
        coil_air0_kg_s=np.array([g.design_flow_m3_s * air_kg_m3 for g in groups]),
        coil_water0_kg_s=np.array(water0),
        coil_ua_w_k=np.array(ua),
        coil_j_k=np.array([1.0e5 * len(g.ids) * g.design_w / 100e3 for g in groups]),  # about 150 kg metal, 12 kg water
        chiller_curve=np.array(curve),
        tower_water0_kg_s=tower_water0,
        tower_air0_kg_s=tower_air0,
        tower_ua_w_k=tower_ua,
        condenser_kg_s=_condenser_flow_kg_s(facility),
    )


def _refuse_unknown(facility: Facility) -> None:
    """Batteries, solar arrays and standby sets stand beside the simulated plant; nothing of it depends on them."""
    systems = [
        ("liquid cooling", "liquid", facility.liquid is not None),
        ("water-side economiser", "plant.economiser", facility.plant.economiser is not None),
    ]
    for i, hall in enumerate(facility.halls):
        systems += [
            ("direct-expansion units", f"halls[{i}].crac", hall.crah.dx is not None),
            ("outside air", f"halls[{i}].outside_air", hall.outside_air is not None),
            ("rear doors", f"halls[{i}].rear_doors", hall.rear_doors is not None),
            ("liquid cooling", f"halls[{i}].liquid_frac", hall.liquid_frac > 0.0),
        ]
    for what, key, there in systems:
        if there:
            raise UnknownTopology(
                f"the simulated site has no {what} yet",
                where=f"site.toml {key}",
                fix="simulate a site of air handlers on chilled water, such as configs/demo",
            )


def _condenser_flow_kg_s(facility: Facility) -> float:
    pumps, bank = facility.plant.cw_pumps, facility.plant.chillers
    if pumps.fixed_flow_kg_s > 0.0:
        return pumps.fixed_flow_kg_s
    return bank.capacity_w * (1.0 + 1.0 / bank.cop_rated) / (WATER_J_KG_K * pumps.design_range_k)
