"""Commissioning: a point that is wired to something else, or speaks another unit, than the site file says.

No inlet is colder than the supply air, unless most of its hall is; none is far hotter than the return air; one whose
number, read as degF, would fit is degF; one that sits near return air and rises with its own rack's power is an outlet.
High readings without such evidence stay what they are: they cool.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.domain.arrays import Flags, Floats

AFTER_S = 1800.0
COLDER_THAN_SUPPLY_K = 3.0
HOTTER_THAN_RETURN_K = 15.0  # a server's own exhaust is not so far above the mean of all
FAHRENHEIT_APART_K, FAHRENHEIT_ABOVE_K = 3.0, 15.0
NEAR_RETURN_FRAC = 0.85  # a rack that breathes its own exhaust is warm, and still cooler than the exhaust
LEAST_RISE_K = 4.0
POWER_TAU_S = 1800.0
SLOPE_FRAC = 0.5  # of the rise from supply to return, for a doubling of power
LEAST_POWER_SD = 0.005


@dataclass(frozen=True, slots=True)
class Oddness:
    """By inlet: how long it has been impossible, how long it sat near return air, and how it goes with power there."""

    impossible_s: Floats
    near_return_s: Floats
    load_mean: Floats
    inlet_mean_k: Floats
    load_var: Floats
    both_cov: Floats


def impossible(value_c: Floats, air: tuple[Floats, Floats, Floats]) -> Flags:
    """Readings that no inlet can have. `air`: by hall supply, return, and the level by its sound inlets."""
    supply_c, return_c, level_c = air
    low_c, high_c = supply_c - COLDER_THAN_SUPPLY_K, return_c + HOTTER_THAN_RETURN_K
    above_c = np.where(np.isnan(level_c), supply_c, level_c) + FAHRENHEIT_ABOVE_K
    far: Flags = value_c > above_c[:, None]
    mad = _unless_crowded(value_c < low_c[:, None], value_c)
    if far.any():
        apart_k = np.abs((value_c - 32.0) / 1.8 - (above_c - FAHRENHEIT_ABOVE_K + 2.0)[:, None])
        mad |= (value_c > high_c[:, None]) | (far & (apart_k < FAHRENHEIT_APART_K))
    return mad


def near_return(value_c: Floats, air: tuple[Floats, Floats, Floats]) -> Flags:
    """Readings nearer to return air than to supply air, where the two are far enough apart to tell."""
    rise_k = air[1] - air[0]
    enough_c = air[0] + np.where(rise_k > LEAST_RISE_K, NEAR_RETURN_FRAC * rise_k, np.inf)
    return _unless_crowded(value_c > enough_c[:, None], value_c)


def _unless_crowded(odd: Flags, value_c: Floats) -> Flags:
    """Where most of a hall is odd against its supply air, the supply air is, or the hall is hot."""
    if not odd.any():
        return odd
    most = np.count_nonzero(odd, axis=1) > 0.5 * np.count_nonzero(~np.isnan(value_c), axis=1)
    alone: Flags = odd & ~most[:, None]
    return alone


def oddness(
    before: Oddness,
    value_c: Floats,
    air: tuple[Floats, Floats, Floats],
    own_load: Floats,
    since_s: Floats,
    fresh: Flags,
) -> Oddness:
    """One step. `air` as for `impossible`; `own_load`: power of an inlet's rack over its usual power."""
    above_k = value_c - air[0][:, None]
    near = near_return(value_c, air)
    impossible_s = _lasting(before.impossible_s, impossible(value_c, air), since_s, fresh)
    near_return_s = _lasting(before.near_return_s, near, since_s, fresh)
    if not near_return_s.any():
        return replace(before, impossible_s=impossible_s, near_return_s=near_return_s)
    # means and products with a memory of half an hour, from the first reading near return air on
    begin = fresh & near & (before.near_return_s == 0.0)
    take = fresh & near & ~begin & ~np.isnan(own_load)
    share = since_s / (since_s + POWER_TAU_S)
    load_k, inlet_k = own_load - before.load_mean, above_k - before.inlet_mean_k
    return Oddness(
        impossible_s=impossible_s,
        near_return_s=near_return_s,
        load_mean=np.where(begin, own_load, before.load_mean + np.where(take, share * load_k, 0.0)),
        inlet_mean_k=np.where(begin, above_k, before.inlet_mean_k + np.where(take, share * inlet_k, 0.0)),
        load_var=np.where(begin, 0.0, _folded(before.load_var, take * share, load_k * load_k)),
        both_cov=np.where(begin, 0.0, _folded(before.both_cov, take * share, load_k * inlet_k)),
    )


def misfits(odd: Oddness, supply_c: Floats, return_c: Floats) -> Flags:
    """Which points are not what the site file says."""
    never = odd.impossible_s >= AFTER_S
    lasting = odd.near_return_s >= AFTER_S
    if not lasting.any():
        return never
    rise_k = (return_c - supply_c)[:, None]
    follows = (odd.load_var > LEAST_POWER_SD**2) & (odd.both_cov > SLOPE_FRAC * rise_k * odd.load_var)
    return never | (lasting & follows)


def _lasting(before_s: Floats, on: Flags, since_s: Floats, fresh: Flags) -> Floats:
    """Grows while it lasts, and goes as fast as it came."""
    if not on.any() and not before_s.any():
        return before_s
    after_s = np.where(on, before_s + since_s, np.maximum(before_s - since_s, 0.0))
    return np.where(fresh, np.minimum(after_s, 1.5 * AFTER_S), before_s)


def _folded(before: Floats, share: Floats, product: Floats) -> Floats:
    """A mean of products that forgets; where the share is 0, or the product unknown, it stays."""
    return (1.0 - share) * (before + np.where(share > 0.0, share * product, 0.0))
