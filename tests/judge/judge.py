"""The judge of one cycle: what is true and what left go in, every broken rule comes out in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from tests.judge.book import CHILLED, CONDENSER, UPS, Book, Entry
from tests.judge.bounds import (
    ROUND,
    SUSPECT,
    Bound,
    bounded_c,
    ceilings,
    demands,
    floors,
    panicking,
    reverting,
    silences,
)
from tests.judge.facts import Facts, Read, Sent
from tests.judge.paper import read


class Judge:
    """Judges cycles of one site. `decided` counts by rule where it alone stood between a wish and the plant."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.decided: Counter[str] = Counter()

    def cycle(self, facts: Facts, sent: Iterable[Sent]) -> list[str]:
        """Every rule that what left breaks, each beginning with the rule's name."""
        wrong: list[str] = []
        said: dict[str, Read] = {}
        for message in sent:
            one, problems = read(self.book, facts, message)
            wrong += problems
            if one is None:
                continue
            if one.point in said:
                wrong.append(f"twice: {one.point}: two commands in a cycle")
            said[one.point] = one
        for entry in self.book.entries:
            wrong += self._one(facts, entry, said.get(entry.point))
        return wrong + self._together(facts, said)

    def _one(self, facts: Facts, entry: Entry, one: Read | None) -> list[str]:
        stand, right = facts.stands[entry.point], facts.rights[entry.point]
        name, wrong = entry.point, []
        leaves = one is not None and not one.release
        free = right.writes and not right.held and stand.known and entry.lets(right.mode)
        top = list(ceilings(self.book, facts, entry, facts.wishes[name])) if leaves or free else []
        low = list(floors(self.book, facts, entry)) if leaves or free else []
        must = list(demands(self.book, facts, entry)) if free else []
        self._note(facts, entry, top, low, must)
        if one is not None and one.release:
            if not stand.leased:
                wrong.append(f"release: {name}: nothing was lent")
        elif one is not None:
            v = one.value
            wrong += [f"{b.rule}: {name}: {v} is above {b.at}. {b.why}" for b in top if v > b.at + ROUND]
            wrong += [f"{b.rule}: {name}: {v} is below {b.at}. {b.why}" for b in low if v < b.at - ROUND]
            wrong += [f"{b.rule}: {name}: {v} left. {b.why}" for b in silences(self.book, facts, entry, v)]
            if not self._on_grid(entry, v, stand.value):
                wrong.append(f"grid: {name}: {v} is no multiple of {entry.step}")
            if right.override is not None:
                wrong += self._only_as_ordered(facts, entry, v, min(right.override, bounded_c(facts, entry)))
        if stand.leased and (right.held or not right.writes) and not (one and one.release):
            wrong.append(f"lease kept: {name}: no authority, and it was not given back")
        if free and stand.value >= entry.low - ROUND:
            after = self._after(facts, entry, one)
            unread = not stand.leased and bool(self._unread(facts, entry))
            wrong += [
                f"{b.rule}: {name}: {after} after this cycle, at most {b.at}. {b.why}"
                for b in must
                # what is not lent and cannot be read is the site's own, but for what is sure to cool it
                if after > b.at + ROUND and not (unread and b.at > entry.local - entry.step)
            ]
            if right.override is not None and not unread:
                ordered = min(right.override, bounded_c(facts, entry))
                wrong += self._obeyed(facts, entry, ordered, after, max((b.at for b in low), default=entry.low))
        return wrong

    def _obeyed(self, facts: Facts, entry: Entry, ordered: float, after: float, lowest: float) -> list[str]:
        """An ordered value is on its way in the very cycle; towards cooling nothing but a floor may hold it up."""
        at = facts.stands[entry.point].value
        if entry.kind == UPS:
            held_up = ordered < 0.5 <= after
        else:
            room = min(at - ordered, at - lowest) >= 2.0 * entry.step
            held_up = room and after > at - ROUND and entry.kind != CONDENSER  # the lift may hold condenser water
            if ordered > at + 2.0 * entry.step:
                self.decided["ordered rise" if after > at + ROUND else "ordered rise held up"] += 1
        if held_up:
            return [f"order ignored: {entry.point}: {after} after this cycle, from {at}, {ordered} was ordered"]
        return []

    @staticmethod
    def _unread(facts: Facts, entry: Entry) -> bool:
        return bool(facts.state.setpoint_quality[facts.points.index(entry.point)] > SUSPECT)

    def _after(self, facts: Facts, entry: Entry, one: Read | None) -> float:
        """Where the plant is asked to be from now on."""
        if one is None:
            return facts.stands[entry.point].value
        return entry.local if one.release else one.value

    @staticmethod
    def _on_grid(entry: Entry, value: float, at: float) -> bool:
        steps = value / entry.step
        known = (at, entry.low, entry.high)
        return abs(steps - round(steps)) < ROUND or any(abs(value - other) < ROUND for other in known)

    def _only_as_ordered(self, facts: Facts, entry: Entry, v: float, ordered: float) -> list[str]:
        """An operator's value is on its way there, rounded towards cooling, unless a rule of safety cools more."""
        at = facts.stands[entry.point].value
        if panicking(self.book, facts, entry) or reverting(self.book, facts, entry):
            return []
        if entry.kind == UPS and v == 0.0:
            return []  # the way back is open: an ordered ECO is refused elsewhere
        if at > entry.high and v <= entry.high + ROUND:
            return []
        if min(at, ordered) - 0.5 * entry.step - ROUND <= v <= max(at, ordered) + ROUND:
            return []
        return [f"override: {entry.point}: {v} left from {at}, an operator ordered {ordered}"]

    def _together(self, facts: Facts, said: dict[str, Read]) -> list[str]:
        return [*self._lift(facts, said), *self._sides(facts, said)]

    def _lift(self, facts: Facts, said: dict[str, Read]) -> list[str]:
        """Neither a rise of the chilled nor a fall of the condenser water leaves them too close together."""
        wrong: list[str] = []
        for chilled in (e for e in self.book.entries if e.kind == CHILLED):
            for condenser in (e for e in self.book.entries if e.kind == CONDENSER):
                rises = _moved(said.get(chilled.point), facts.stands[chilled.point].value)
                falls = _moved(said.get(condenser.point), facts.stands[condenser.point].value)
                warmest = max(self._may_be(facts, chilled, said.get(chilled.point)))
                coldest = min(self._may_be(facts, condenser, said.get(condenser.point)))
                wished = facts.wishes[condenser.point] - facts.wishes[chilled.point]
                if (rises > ROUND or falls < -ROUND) and coldest - warmest < self.book.lift_k + chilled.step:
                    self.decided["lift" if wished < self.book.lift_k else "lift kept"] += 1
                if (rises > ROUND or falls < -ROUND) and coldest - warmest < self.book.lift_k - ROUND:
                    words = f"{condenser.point} at {coldest} over {chilled.point} at {warmest}"
                    wrong.append(f"lift: {words}, at least {self.book.lift_k} K")
        return wrong

    def _may_be(self, facts: Facts, entry: Entry, one: Read | None) -> tuple[float, ...]:
        """Where the plant may be within the next lease: a lease that is not renewed ends in the local setpoint."""
        stand = facts.stands[entry.point]
        if one is not None:
            return (self._after(facts, entry, one),)
        right = facts.rights[entry.point]
        withheld = bool(facts.state.missing) and not stand.value < entry.local - ROUND
        runs_out = stand.leased and (withheld or right.held or not right.writes)
        if not stand.known:
            return (stand.value, entry.low, entry.high)
        return (stand.value, entry.local) if runs_out else (stand.value,)

    def _sides(self, facts: Facts, said: dict[str, Read]) -> list[str]:
        """One side stays in double conversion, whoever put the others into ECO."""
        sides = [e for e in self.book.entries if e.kind == UPS]
        in_eco = [e.point for e in sides if max(self._may_be(facts, e, said.get(e.point))) >= 0.5]
        ours = [
            e.point
            for e in sides
            if (right := facts.rights[e.point]).writes
            and not right.held
            and facts.stands[e.point].known
            and self._after(facts, e, said.get(e.point)) >= 0.5
        ]
        if ours and sum(facts.wishes[e.point] >= 0.5 for e in sides) + len(in_eco) > len(facts.facility.power.ups):
            self.decided["one side"] += 1
        if ours and len(in_eco) > len(facts.facility.power.ups) - 1:
            return [f"one side: {', '.join(in_eco)} in ECO, {', '.join(ours)} by us"]
        return []

    def _note(self, facts: Facts, entry: Entry, top: list[Bound], low: list[Bound], must: list[Bound]) -> None:
        """Which rule alone decides: without it the next one would let a rise (or a fall) pass further."""
        right, wish = facts.rights[entry.point], facts.wishes[entry.point]
        stand = facts.stands[entry.point]
        if not (right.writes and not right.held and stand.known):
            silent = [b.rule for b in silences(self.book, facts, entry, stand.value)]
            if len(silent) == 1 and (stand.leased or abs(wish - stand.value) > ROUND):
                self.decided[silent[0]] += 1
            return
        if right.override is not None:
            self.decided["override"] += 1
            wish = right.override
        if not math.isfinite(wish):
            self.decided["no number"] += 1
            return
        over = sorted(((wish - b.at, b.rule) for b in top if b.rule != "wish" and b.at < wish - ROUND), reverse=True)
        under = sorted(((b.at - wish, b.rule) for b in low if b.at > wish + ROUND), reverse=True)
        self._alone(over)
        self._alone(under)
        for demand in must:
            if demand.at < min(wish, stand.value) - ROUND:
                self.decided[demand.rule] += 1
        if not over and wish > stand.value + ROUND:
            self.decided["eco allowed" if entry.kind == UPS else "rise allowed"] += 1

    def _alone(self, excess: list[tuple[float, str]]) -> None:
        """`excess` in falling order: by how much the wish is beyond each rule."""
        rules = {rule for _, rule in excess}
        if len(rules) == 1 or (len(excess) > 1 and excess[0][0] > excess[1][0] + ROUND):
            self.decided[excess[0][1]] += 1


def _moved(one: Read | None, at: float) -> float:
    """How far our own command moves a setpoint; a release moves nothing by our will."""
    return 0.0 if one is None or one.release else one.value - at
