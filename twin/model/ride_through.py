"""What a failure would do: time without cooling, and the worst inlet with one air handler fewer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.domain.arrays import Floats
from twin.kernels.outage import seconds_to_limit
from twin.model.compiled import CompiledSite
from twin.model.steady import Candidates, Conditions, steady_state


def ride_through_s(
    site: CompiledSite, conditions: Conditions, supply_air_c: Floats, chws_c: float, limit_c: float
) -> Floats:
    """Seconds until each hall's worst inlet passes `limit_c` after losing all chillers, shape (n_hall,).

    CRAH fans and chilled-water pumps run on: what counts is the water in tank and pipes, the air and the metal. The
    halls share the water in proportion to their load.
    """
    share = conditions.it_w / max(float(np.sum(conditions.it_w)), 1.0)
    loss_frac = site.plant.pdu_loss_frac + float(np.mean(site.ups.double_conversion.sum(axis=1)))
    return np.array(
        [
            seconds_to_limit(
                site.halls,
                h,
                float(conditions.it_w[h]),
                float(conditions.supply_air_c[h] + conditions.mean_offset_k[h]),
                float(conditions.mean_offset_k[h]),
                float(conditions.inlet_offset_k[h]),
                float(conditions.crah_running[h]),
                conditions.outdoor_c,
                float(supply_air_c[h]),
                chws_c,
                float(share[h]) * site.plant.water_j_k,
                loss_frac,
                limit_c,
            )
            for h in range(len(site.hall_ids))
        ]
    )


def single_failure_inlet_c(site: CompiledSite, conditions: Conditions, supply_air_c: Floats, chws_c: float) -> Floats:
    """Worst inlet of each hall in steady state with one of its air handlers lost, shape (n_hall,)."""
    degraded = replace(conditions, crah_running=np.maximum(conditions.crah_running - 1, 0))
    candidates = Candidates(
        supply_air_c.reshape(1, -1), np.array([chws_c]), np.array([24.0]), np.zeros((1, len(site.ups_ids)))
    )
    worst_c: Floats = steady_state(site, degraded, candidates).worst_inlet_c[0]
    return worst_c
