"""What an inlet should read now: its hall's level, and above it the offset it has learned, scaled with the hall's load.

Level and scale come from the neighbours of this very cycle, so that whatever moves a hall as a whole is no fault of a
sensor; docs/reference/equations.md#expected-inlets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domain.arrays import Flags, Floats, Ints
from twin.gates.pick import pick

LEAST_NEIGHBOURS = 3
NEAR_K = 0.5  # a neighbour further from the hall's level than this says no more about the scale
LEVER_K = 1.5
PRIOR_K2 = 1.0  # weight of "as learned" against the neighbours' spread
SCALE_SLACK = 0.03
LEAST_W = 1.0  # an idle rack is taken for one that draws this


@dataclass(frozen=True, slots=True)
class Expected:
    """`inlet_c` by inlet, NaN where nothing was learned. By hall: `level_c`, `common_k` above supply air, `scale`.

    `load` is a hall's power over what it was while learning; `own_load` a rack's own, NaN where unknown.
    """

    inlet_c: Floats
    level_c: Floats
    common_k: Floats
    scale: Floats
    load: Floats
    own_load: Floats


def expected(
    value_c: Floats, trusted: Flags, offset_k: Floats, load: tuple[Floats, Floats], supply_c: Floats, common_k: Floats
) -> Expected:
    """Expectation of every inlet of a table, a row to a hall.

    Args:
        value_c: Readings.
        trusted: Racks that have learned their offset and are under no suspicion.
        offset_k: Learned inlet above supply air, NaN before.
        load: (power now, usual power) by rack, NaN where there is none.
        supply_c: Measured supply air by hall, for halls with too few neighbours.
        common_k: Their last known level above supply air.
    """
    bare_c = pick(~trusted, np.nan, value_c - offset_k)
    rough_c, count = median_of_rows(bare_c)
    some = np.maximum(count, 1)
    offsets_k = pick(~trusted, 0.0, offset_k)
    apart_k = offsets_k - (offsets_k.sum(axis=1) / some)[:, None]
    # no single inlet carries the scale: neither a far one by its place nor a wrong one by its reading
    lever_k = np.clip(apart_k, -LEVER_K, LEVER_K) * trusted
    error_k = pick(~trusted, 0.0, np.clip(bare_c - rough_c[:, None], -NEAR_K, NEAR_K))
    up_k2, over_k2 = np.einsum("ij,ij->i", lever_k, error_k), np.einsum("ij,ij->i", lever_k, apart_k)
    slope = 1.0 + up_k2 / (over_k2 + PRIOR_K2)
    own = load[0] / np.maximum(load[1], LEAST_W)
    unknown = np.isnan(own)
    powered = own.shape[1] - np.count_nonzero(unknown, axis=1)
    hall_load = np.where(powered > 0, pick(unknown, 0.0, own).sum(axis=1) / np.maximum(powered, 1), 1.0)
    # offsets grow no faster than load, and a liar among the neighbours may not say otherwise
    low, high = np.minimum(hall_load, 1.0) - SCALE_SLACK, np.maximum(hall_load, 1.0) + SCALE_SLACK
    scale = np.minimum(np.maximum(slope, low), high)
    level_c, _ = median_of_rows(bare_c + (1.0 - scale)[:, None] * offset_k)
    level_c = np.where(count < LEAST_NEIGHBOURS, supply_c + common_k, level_c)
    above_supply_k = level_c - supply_c
    return Expected(
        inlet_c=level_c[:, None] + scale[:, None] * offset_k,
        level_c=level_c,
        common_k=np.where(np.isnan(above_supply_k), common_k, above_supply_k),
        scale=scale,
        load=hall_load,
        own_load=own,
    )


def median_of_rows(values: Floats) -> tuple[Floats, Ints]:
    """(median of each row without its NaN, how many those are); NaN of an empty row."""
    ordered = np.sort(values, axis=1)  # NaN go last
    count = values.shape[1] - np.count_nonzero(np.isnan(values), axis=1)
    rows = np.arange(len(values))
    return 0.5 * (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2 - (count == 0)]), count
