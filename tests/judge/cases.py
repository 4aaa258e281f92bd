"""Single cycles through guard, leases and seal: what the judge is told of each, and what left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from controllers.api import Authority, Grant, Previous
from controllers.guard.draft import GuardInput
from controllers.guard.memory import GuardMemory
from controllers.guard.pipeline import guard
from controllers.guard.seal import seal
from controllers.publish.leases import Lease, Ledger, Terms, issue
from tests.judge import draws
from tests.judge.book import UPS
from tests.judge.bounds import NS
from tests.judge.draws import MODES, Draws, Halls, Plant, Power, Setpoints
from tests.judge.facts import Facts, Past, Right, Sent, Stand
from tests.judge.judge import Judge
from tests.judge.sites import Place, a_place
from tests.support.states import a_plan, a_state, forecast_of
from twin.domain.arrays import Floats
from twin.domain.sealed import SealedCommand
from twin.domain.state import HallState, PlantState, State, UpsState

BATCH = 250  # cases of one site
EPOCH = 7
BASE = a_state()


@dataclass(frozen=True, slots=True)
class Case:
    """One cycle as guard and ledger are given it, and as the judge is."""

    place: Place
    given: GuardInput
    memory: GuardMemory
    wish: Floats
    ledger: Ledger
    facts: Facts

    def through_the_guard(self) -> tuple[tuple[Sent, ...], tuple[str, ...]]:
        """What left, and what the second checker refused."""
        place, given = self.place, self.given
        outcome = guard(given, a_plan(self.wish), self.memory)
        modes = tuple(grant.mode.value for grant in given.authority.grants)
        terms = Terms(place.limits, given.state.now_ns, modes, ("d",) * len(modes))
        commands, _ = issue(outcome.verdicts, self.ledger, terms)
        sealed = [seal(command, place.root, place.checker) for command in commands]
        sent = tuple(Sent(s.topic, s.payload, s.expiry_s) for s in sealed if isinstance(s, SealedCommand))
        told = zip(commands, sealed, strict=True)
        return sent, tuple(f"{c.asset}/{c.point}: {s}" for c, s in told if isinstance(s, str))


def judged(seed: int, rows: int = BATCH) -> tuple[Judge, list[tuple[int, str]], int]:
    """Judge the cases of a seed: the judge with its counts, (row, violation) of all that was wrong, bytes that left."""
    place = a_place(seed)
    judge, wrong, left = Judge(place.book), [], 0
    for row, case in enumerate(cases(place, seed, rows)):
        sent, refused = case.through_the_guard()
        together = ("lift", "one side") if refused else ()  # the guard reckoned with what was refused afterwards
        wrong += [(row, words) for words in judge.cycle(case.facts, sent) if not words.startswith(together)]
        wrong += [(row, f"checkers: {words}") for words in refused if "does not let this setpoint" not in words]
        left += len(sent)
    return judge, wrong, left


def cases(place: Place, seed: int, rows: int) -> Iterator[Case]:
    """The cases of one seed, all on one site."""
    draw = Draws(place, seed, rows)
    points = draws.setpoints(draw, BASE.now_ns)
    halls, power = draws.halls(draw, points.at), draws.power(draw)
    plant = draws.plant(draw, points.at)
    for r in range(rows):
        state = _state(r, points, halls, power, plant)
        yield _case(place, r, state, points, halls, power)


def _state(r: int, points: Setpoints, halls: Halls, power: Power, plant: Plant) -> State:
    n, n_hall, supply_c, chws_c = points.at.shape[1], halls.it_w.shape[1], halls.supply_c[r], float(plant.chws_c[r])
    return replace(
        BASE,
        halls=HallState(
            it_w=halls.it_w[r],
            zone_air_c=supply_c + 12.0,
            zone_metal_c=supply_c + 22.0,
            supply_air_c=supply_c,
            return_air_c=supply_c + 12.0,
            worst_inlet_c=halls.worst_c[r],
            inlet_offset_k=halls.offset_k[r],
            inlet_sd_k=halls.sd_k[r],
            quorum_frac=halls.quorum[r],
            dew_point_c=halls.dew_c[r],
            fan_frac=np.full(n_hall, 0.7),
            valve_frac=np.full(n_hall, 0.5),
            crah_running=halls.running[r],
        ),
        plant=PlantState(
            chws_c, chws_c + 6.0, 24.0, int(plant.chillers[r]), float(plant.outdoor_c[r]), float(plant.wet_c[r]), 1e5
        ),
        ups=UpsState(
            power.output_w[r],
            0.05 * power.output_w[r],
            power.battery[r],
            power.deviation[r],
            power.thd[r],
            power.generator[r].astype(np.uint8),
        ),
        setpoint=points.at[r],
        setpoint_quality=points.quality[r],
        setpoint_ns=np.full(n, BASE.now_ns - 5 * NS),
        held_by_operator=np.zeros(n, dtype=np.uint8),
        missing=("outdoor/wet_bulb_c",) if plant.missing[r] else (),
    )


def _case(place: Place, r: int, state: State, drawn: Setpoints, halls: Halls, power: Power) -> Case:
    names, now_ns = tuple(e.point for e in place.book.entries), state.now_ns
    at, since_ns = drawn.at[r].tolist(), drawn.since_ns[r].tolist()
    known, leased, seq = drawn.known[r].tolist(), drawn.leased[r].tolist(), drawn.seq[r].tolist()
    grants = tuple(
        Grant(MODES[mode], ordered if fixed else None, held, "a reason")
        for mode, ordered, fixed, held in zip(
            drawn.mode[r].tolist(),
            drawn.ordered[r].tolist(),
            drawn.fixed[r].tolist(),
            drawn.held[r].tolist(),
            strict=True,
        )
    )
    memory = _memory(place, r, now_ns, halls, power)
    given = GuardInput(
        place.compiled,
        place.facility,
        place.limits,
        place.control,
        state,
        forecast_of(state),
        Authority(grants),
        Previous(drawn.at[r], drawn.since_ns[r], drawn.known[r], drawn.leased[r]),
    )
    facts = Facts(
        facility=place.facility,
        state=state,
        root=place.root,
        epoch=EPOCH,
        period_s=place.control.period_s,
        doubt_sd=place.control.inlet_backoff_sd,
        points=names,
        stands={p: Stand(at[i], since_ns[i], known[i], leased[i]) for i, p in enumerate(names)},
        rights={p: Right(g.mode.value, g.held, g.fixed) for p, g in zip(names, grants, strict=True)},
        wishes=dict(zip(names, drawn.wish[r].tolist(), strict=True)),
        past=Past(
            frozenset(memory.reverting),
            memory.changed_ns,
            memory.mains_event_ns,
            {p: (EPOCH, seq[i]) for i, p in enumerate(names)},
        ),
    )
    ends_ns = now_ns + (drawn.left_frac[r] * place.book.lease_s * NS).astype(np.int64) + 1
    entries = {
        p: Lease(
            value=at[i],
            since_ns=since_ns[i],
            known=known[i],
            active=leased[i],
            number=3,
            seq=seq[i],
            issued_ns=now_ns - NS,
            expires_ns=int(ends_ns[i]),
            decision="before",
        )
        for i, p in enumerate(names)
    }
    return Case(place, given, memory, drawn.wish[r], Ledger(EPOCH, entries), facts)


def _memory(place: Place, r: int, now_ns: int, halls: Halls, power: Power) -> GuardMemory:
    ages_s = sorted(power.change_age_s[r][power.changed[r]].tolist(), reverse=True)
    times = tuple(int(now_ns - age_s * NS) for age_s in ages_s)
    return GuardMemory(
        tuple(hall.id for h, hall in enumerate(place.facility.halls) if halls.going_back[r, h]),
        {e.point: times for e in place.book.entries if e.kind == UPS and times},
        {
            side.id: int(now_ns - power.event_age_s[r, u] * NS)
            for u, side in enumerate(place.facility.power.ups)
            if power.had_event[r, u]
        },
    )
