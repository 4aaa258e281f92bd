"""Rules on one value: the highest and the lowest that may leave, and who must be silent, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tests.judge.book import CHILLED, CONDENSER, DAY_S, SUPPLY, UPS, Book, Entry
from tests.judge.facts import Facts, Stand
from tests.judge.outages import cannot_lose_one, too_little_water
from twin.domain.facility import Ups

NS = 1_000_000_000
SUSPECT = 1  # the worst quality that may still be used
MOST_DOUBT_K = 0.7  # docs: above this an inlet is too uncertain to warm its hall
CALM_S = 4 * 3600.0  # docs: after a mains event
ROUND = 1e-6


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit of one value, and the rule behind it."""

    rule: str
    at: float
    why: str = ""


def rested_s(facts: Facts, stand: Stand) -> float:
    return max(0.0, (facts.state.now_ns - stand.since_ns) / NS)


def allowance(book: Book, facts: Facts, entry: Entry, per_min: float) -> float:
    """How far a ramp lets a value go by now: up to two cycles or one lease, or the time of one step."""
    longest_s = max(min(2.0 * facts.period_s, book.lease_s), 60.0 * entry.step / per_min)
    return per_min / 60.0 * min(rested_s(facts, facts.stands[entry.point]), longest_s)


def inlets(facts: Facts, entry: Entry) -> list[int]:
    """Rows of the halls that a setpoint reaches: its own for air, all for water, none for a UPS."""
    halls = [hall.id for hall in facts.facility.halls]
    if entry.kind == SUPPLY:
        return [halls.index(entry.owner)]
    return [] if entry.kind == UPS else list(range(len(halls)))


def panicking(book: Book, facts: Facts, entry: Entry) -> bool:
    """Whether this setpoint answers to an inlet above the panic limit: air and chilled water do."""
    worst_c = facts.state.halls.worst_inlet_c
    return entry.kind in {SUPPLY, CHILLED} and any(worst_c[h] > book.panic_c for h in inlets(facts, entry))


def reverting(book: Book, facts: Facts, entry: Entry) -> bool:
    """Whether it must go back to full cooling: above revert, and from then on until below the warning."""
    if entry.kind not in {SUPPLY, CHILLED}:
        return False
    for h in inlets(facts, entry):
        worst_c = float(facts.state.halls.worst_inlet_c[h])
        going_back = facts.facility.halls[h].id in facts.past.reverting
        if worst_c > book.revert_c or (going_back and not worst_c <= book.warn_c):
            return True
    return False


def dew_floor_c(book: Book, facts: Facts, entry: Entry) -> float:
    """Coldest supply air that stays clear of the room's dew point; -inf where that means nothing or is not known."""
    if entry.kind != SUPPLY:
        return -math.inf
    dew_c = float(facts.state.halls.dew_point_c[inlets(facts, entry)[0]])
    return min(dew_c + book.dew_margin_k, entry.high) if math.isfinite(dew_c) else -math.inf


def bounded_c(facts: Facts, entry: Entry) -> float:
    """What a setpoint in bounded mode may not rise above; inf in the others."""
    return entry.local + entry.span if facts.rights[entry.point].mode == "bounded" else math.inf


def ceilings(book: Book, facts: Facts, entry: Entry, wish: float) -> Iterator[Bound]:
    """The highest that may leave."""
    stand = facts.stands[entry.point]
    at = stand.value
    yield Bound("limits", entry.high)
    if entry.kind != UPS:
        yield Bound("rate up", at + allowance(book, facts, entry, entry.rise_per_min))
    ordered = facts.rights[entry.point].override
    asked = wish if ordered is None else ordered
    into = entry.low if asked > at else at  # what is found colder than its limits may come inside, if asked to
    yield Bound("wish", max(asked, at, into) if not math.isnan(asked) else at, f"asked for {asked}")
    yield Bound("bounded", max(at, bounded_c(facts, entry)), f"its own is {entry.local}")
    if facts.state.missing:
        yield Bound("missing", at, str(facts.state.missing))
    if facts.state.setpoint_quality[facts.points.index(entry.point)] > SUSPECT:
        yield Bound("readback", at)
    yield from _hall_ceilings(book, facts, entry, at)
    if entry.kind == UPS:
        yield from _mode_ceilings(book, facts, entry, stand)


def _hall_ceilings(book: Book, facts: Facts, entry: Entry, at: float) -> Iterator[Bound]:
    halls, plant = facts.state.halls, facts.state.plant
    for h in inlets(facts, entry):
        name = facts.facility.halls[h].id
        if not halls.quorum_frac[h] >= book.quorum_frac:
            yield Bound("quorum", at, f"{name}: {halls.quorum_frac[h]}")
        if not halls.inlet_sd_k[h] <= MOST_DOUBT_K:
            yield Bound("doubt", at, f"{name}: {halls.inlet_sd_k[h]} K")
        if not halls.worst_inlet_c[h] <= book.warn_c:
            yield Bound("warn", at, f"{name}: {halls.worst_inlet_c[h]} degC")
        if entry.kind == SUPPLY:
            over_k = float(halls.inlet_offset_k[h]) + facts.doubt_sd * float(halls.inlet_sd_k[h])
            yield Bound("inlet", at if math.isnan(over_k) else max(at, book.warn_c - over_k), f"{name}: {over_k} K")
        if entry.kind != CONDENSER and cannot_lose_one(facts, h):
            yield Bound("redundancy", at, f"{name}: {halls.crah_running[h]} air handlers for {halls.it_w[h]} W")
        if entry.kind != CONDENSER and too_little_water(book, facts, h):
            yield Bound("ride through", at, f"{name}: water at {plant.chws_c} degC for {halls.it_w[h]} W")
    if entry.kind != UPS:
        told = (*halls.it_w, *halls.supply_air_c, *halls.inlet_offset_k, plant.outdoor_c, plant.wet_bulb_c)
        if not all(math.isfinite(value) for value in told):
            yield Bound("unknown", at, "nobody can say what a failure would do")
        if entry.kind == CONDENSER and len(facts.facility.plant.chillers.ids) < 2:
            yield Bound("redundancy", at, "no other chiller")


def _mode_ceilings(book: Book, facts: Facts, entry: Entry, stand: Stand) -> Iterator[Bound]:
    why = eco_obstacle(book, facts, entry.owner)
    if why:
        yield Bound("eco", 0.0, why)
    if stand.value < 0.5:
        if rested_s(facts, stand) < entry.dwell_s:
            yield Bound("dwell", 0.0, f"changed {rested_s(facts, stand)} s ago")
        day_ns = facts.state.now_ns - int(DAY_S * NS)
        changes = [at_ns for at_ns in facts.past.changes.get(entry.point, ()) if at_ns > day_ns]
        if len(changes) >= entry.changes_per_day:
            yield Bound("changes a day", 0.0, f"{len(changes)} in 24 h")


def floors(book: Book, facts: Facts, entry: Entry) -> Iterator[Bound]:
    """The lowest that may leave."""
    at = facts.stands[entry.point].value
    yield Bound("limits", entry.low)
    if entry.kind == UPS:
        return
    if not panicking(book, facts, entry):
        down = at - allowance(book, facts, entry, entry.fall_per_min)
        yield Bound("rate down", min(down, entry.high))  # what is found above its limits comes back to them at once
    dew_c = dew_floor_c(book, facts, entry)
    if math.isfinite(dew_c):
        yield Bound("dew point", min(dew_c, at))


def demands(book: Book, facts: Facts, entry: Entry) -> Iterator[Bound]:
    """Where a setpoint that we may write has to be after this cycle, at most."""
    at = facts.stands[entry.point].value
    if entry.kind == UPS:
        why = eco_obstacle(book, facts, entry.owner)
        if why:
            yield Bound("eco stays", 0.0, why)
        return
    coldest = max(entry.low, dew_floor_c(book, facts, entry))
    damp = math.isfinite(dew_floor_c(book, facts, entry))
    one_step = entry.step - ROUND if damp else 0.0  # the dew point is not on the grid
    if panicking(book, facts, entry):
        yield Bound("panic", max(min(at, coldest + one_step), entry.low))
    elif reverting(book, facts, entry):
        down = max(coldest, at - allowance(book, facts, entry, entry.fall_per_min))
        yield Bound("revert", max(min(at, down + entry.step - ROUND), entry.low))


def silences(book: Book, facts: Facts, entry: Entry, value: float) -> Iterator[Bound]:
    """Why this value must not leave at all."""
    right, stand = facts.rights[entry.point], facts.stands[entry.point]
    if right.held:
        yield Bound("held", stand.value)
    if not right.writes:
        yield Bound("authority", stand.value)
    if not stand.known:
        yield Bound("unknown stand", stand.value)
    unread = facts.state.setpoint_quality[facts.points.index(entry.point)] > SUSPECT
    if unread and not stand.leased and value > min(stand.value, entry.local) + ROUND:
        yield Bound("readback stays", stand.value, f"local is {entry.local}")
    colder = value < stand.value - ROUND or (value <= stand.value + ROUND and value < entry.local - ROUND)
    if facts.state.missing and not colder:
        yield Bound("missing stays", stand.value, str(facts.state.missing))


def eco_obstacle(book: Book, facts: Facts, side_id: str) -> str:
    """What forbids ECO on a side now, "" when nothing does. Unknown counts against it."""
    sides = facts.facility.power.ups
    row = [side.id for side in sides].index(side_id)
    ups, rated_w = facts.state.ups, _rated_w(sides[row])
    event_ns = facts.past.mains.get(side_id)
    for holds, why in (
        (len(sides) > 1, "the only side"),
        (ups.output_w[row] / rated_w >= book.eco_load_frac, f"load {ups.output_w[row]} W"),
        (abs(ups.mains_deviation_frac[row]) <= book.eco_mains_frac, f"mains {ups.mains_deviation_frac[row]}"),
        (ups.thd_frac[row] <= book.eco_thd_frac, f"distortion {ups.thd_frac[row]}"),
        (ups.battery_frac[row] >= book.eco_battery_frac - 1e-9, f"battery {ups.battery_frac[row]}"),
        (ups.on_generator[row] == 0, "on a generator, or unknown"),
        (float(sum(ups.output_w)) <= rated_w, f"{sum(ups.output_w)} W for one side"),
        (event_ns is None or facts.state.now_ns - event_ns >= CALM_S * NS, f"mains event at {event_ns}"),
    ):
        if not holds:
            return why
    return ""


def _rated_w(side: Ups) -> float:
    return side.modules * side.module_w
