"""What the site file does not say: the seeded truth in which this plant differs from every model of it.

Spreads are engineering estimates, wide enough that a twin which trusts name plates is visibly wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Floats
from twin.simulator.ratings import Ratings


@dataclass(frozen=True, slots=True)
class Hidden:
    """Hidden parameters; factors are 1 and offsets 0 where plant and site file agree."""

    rack_offset_k: Floats  # (n_rack,) inlet above supply air at full load and design air flow
    rack_flow_factor: Floats  # (n_rack,) air flow of the servers
    rack_flow_floor: float  # share of full air flow that idle servers still move; 0 means flow follows load
    rack_share: Floats  # (n_rack,) load relative to the hall's mean
    leakage_factor: Floats  # (n_hall,) slope of server power with inlet temperature
    server_fan_factor: Floats  # (n_hall,) share of the server fans
    bypass_frac: Floats  # (n_hall,)
    coil_factor: Floats  # (n_hall,) UA, fouling
    valve_range: Floats  # (n_hall,) rangeability of the equal-percentage valve
    valve_full_factor: Floats  # (n_hall,) water through the open valve, relative to design
    crah_fan_factor: Floats  # (n_hall,) fan power at design speed
    crah_fan_exponent: float  # power of fan speed; 3 is the ideal law
    chiller_capacity_factor: Floats  # (n_chiller,)
    chiller_power_factor: Floats  # (n_chiller,)
    chiller_lift_exponent: float  # power follows (lift / 20 K)^exponent on top of the fitted curve
    chiller_lag_s: float  # first-order lag of the cooling capacity
    tower_factor: float  # UA
    tower_fan_factor: float
    pump_factor: float
    ups_loss_factor: Floats  # (n_ups,)
    pipe_factor: float  # length of the pipe runs, hence of the transport delay
    control_bias_k: Floats  # (n_hall + 2,) error of the local loops' own sensors: supply air, chilled, condenser water


def nominal(ratings: Ratings) -> Hidden:
    """The plant exactly as the site file has it: for checking the physics, not for testing a twin."""
    facility = ratings.facility
    n_rack, n_hall = len(ratings.rack_rated_w), len(facility.halls)
    ones = np.ones(n_hall)
    return Hidden(
        rack_offset_k=np.zeros(n_rack),
        rack_flow_factor=np.ones(n_rack),
        rack_flow_floor=0.0,
        rack_share=np.ones(n_rack),
        leakage_factor=ones,
        server_fan_factor=ones,
        bypass_frac=np.array([hall.bypass_frac for hall in facility.halls]),
        coil_factor=ones,
        valve_range=40.0 * ones,
        valve_full_factor=1.2 * ones,
        crah_fan_factor=ones,
        crah_fan_exponent=3.0,
        chiller_capacity_factor=np.ones(len(facility.plant.chillers.ids)),
        chiller_power_factor=np.ones(len(facility.plant.chillers.ids)),
        chiller_lift_exponent=0.0,
        chiller_lag_s=150.0,
        tower_factor=1.0,
        tower_fan_factor=1.0,
        pump_factor=1.0,
        ups_loss_factor=np.ones(len(facility.power.ups)),
        pipe_factor=1.0,
        control_bias_k=np.zeros(n_hall + 2),
    )


def draw(ratings: Ratings, seed: int) -> Hidden:
    """A plant of its own: the same seed gives the same plant, whatever else is drawn elsewhere."""
    rng = np.random.default_rng([seed, 0x91])
    facility = ratings.facility
    n_rack, n_hall, n_chiller = len(ratings.rack_rated_w), len(facility.halls), len(facility.plant.chillers.ids)
    offset_k = np.clip(rng.normal(0.9, 0.7, n_rack), 0.0, None)
    offset_k[rng.choice(n_rack, size=max(1, n_rack // 33), replace=False)] += 2.0  # end-of-row and missing blanks
    share = np.clip(rng.normal(1.0, 0.12, n_rack), 0.6, 1.3)
    mean_share = np.add.reduceat(share * ratings.rack_rated_w, ratings.rack_start) / np.add.reduceat(
        ratings.rack_rated_w, ratings.rack_start
    )
    bypass = np.array([hall.bypass_frac for hall in facility.halls])
    return Hidden(
        rack_offset_k=offset_k,
        rack_flow_factor=np.clip(rng.normal(1.0, 0.05, n_rack), 0.8, 1.2),
        rack_flow_floor=float(rng.uniform(0.0, 0.2)),
        rack_share=share / mean_share[ratings.rack_hall],
        leakage_factor=rng.uniform(0.8, 1.3, n_hall),
        server_fan_factor=rng.uniform(0.7, 1.6, n_hall),
        bypass_frac=np.clip(bypass + rng.uniform(-0.02, 0.05, n_hall), 0.0, 0.6),
        coil_factor=rng.uniform(0.85, 1.05, n_hall),
        valve_range=rng.uniform(30.0, 50.0, n_hall),
        valve_full_factor=rng.uniform(1.1, 1.3, n_hall),
        crah_fan_factor=rng.uniform(0.95, 1.10, n_hall),
        crah_fan_exponent=float(rng.uniform(2.75, 3.0)),
        chiller_capacity_factor=rng.uniform(0.95, 1.03, n_chiller),
        chiller_power_factor=rng.uniform(1.02, 1.12, n_chiller),
        chiller_lift_exponent=float(rng.uniform(0.05, 0.30)),
        chiller_lag_s=float(rng.uniform(120.0, 240.0)),
        tower_factor=float(rng.uniform(0.85, 1.10)),
        tower_fan_factor=float(rng.uniform(0.95, 1.10)),
        pump_factor=float(rng.uniform(0.95, 1.12)),
        ups_loss_factor=rng.uniform(0.95, 1.10, len(facility.power.ups)),
        pipe_factor=float(rng.uniform(0.8, 1.6)),
        control_bias_k=np.clip(rng.normal(0.0, 0.15, n_hall + 2), -0.3, 0.3),
    )
