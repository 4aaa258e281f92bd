"""What a failure would do at the very least, by balances of heat alone: no model of a coil or a machine is asked."""

from __future__ import annotations

import math

from tests.judge.book import Book
from tests.judge.facts import Facts

WATER_J_M3K = 998.0 * 4186.0
BEYOND_DESIGN = 3.0  # no coil carries more of its design heat
SURE = 1.5  # how far a balance must be missed before it counts


def cannot_lose_one(facts: Facts, h: int) -> bool:
    """Whether the hall's air handlers less one cannot carry its load whatever the water does.

    The air that they can move warms by no more than servers and room let it, so three times the design heat is beyond
    any coil of that size.
    """
    hall, it_w = facts.facility.halls[h], float(facts.state.halls.it_w[h])
    left = max(0, int(facts.state.halls.crah_running[h]) - 1)
    return BEYOND_DESIGN * left * hall.crah.design_w < it_w and it_w > 0.05 * hall.rated_it_w


def too_little_water(book: Book, facts: Facts, h: int) -> bool:
    """Whether tank, pipes, air and metal together cannot take the hall's heat for long enough.

    All of the hall's share of the water warms from where it is asked to be to the panic limit, all of its air and metal
    by as much; nothing else takes heat but the walls. Other halls share it by what their air handlers could bring
    there: a hall that has none left to run leaves it to the others.
    """
    hall, halls, plant = facts.facility.halls[h], facts.state.halls, facts.facility.plant
    it_w, chws_c = float(halls.it_w[h]), _chilled_c(book, facts)
    total_w = it_w + sum(_into_water_w(facts, other) for other in range(len(halls.it_w)) if other != h)
    if not (math.isfinite(total_w) and it_w > 0.0 and math.isfinite(chws_c)):
        return False
    water_j_k = (plant.buffer_m3 + plant.loop_m3) * WATER_J_M3K * it_w / total_w
    room_j_k = hall.air_capacity_j_k + hall.metal_capacity_j_k
    stored_j = (water_j_k + room_j_k) * max(0.0, book.panic_c - chws_c)
    walls_w = hall.envelope_ua_w_k * max(0.0, 60.0 - facts.state.plant.outdoor_c)
    return stored_j * SURE < (it_w - walls_w) * book.ride_through_s


def _into_water_w(facts: Facts, h: int) -> float:
    """Most of a hall's heat that can reach the water."""
    carried_w = BEYOND_DESIGN * float(facts.state.halls.crah_running[h]) * facts.facility.halls[h].crah.design_w
    return min(float(facts.state.halls.it_w[h]), carried_w)


def _chilled_c(book: Book, facts: Facts) -> float:
    """Where the chilled water is asked to be, else as it is measured."""
    asked = [facts.stands[e.point].value for e in book.entries if e.kind == "chilled_water"]
    return asked[0] if asked else facts.state.plant.chws_c
