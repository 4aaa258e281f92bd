"""The quick guard says what the slow and obvious one says, to the byte: verdicts, memory, leases and records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.guard_site import EPOCH, NOW_NS, Scenes
from controllers.guard.draft import GuardInput
from controllers.guard.memory import GuardMemory
from controllers.guard.pipeline import GuardOutcome, guard
from controllers.publish.leases import Lease, Ledger, Terms, issue
from controllers.records import Citation, RecordMemory, records_of
from tests.chaos.promise import scaled
from tests.support.chance import ACTUATORS, NAN, Chance, a_likely_site, a_memory, a_site
from tests.support.plain_guard.pipeline import plain_guard
from tests.support.plain_guard.sending import plain_issue, plain_records
from tests.support.states import T0_NS, Scene, a_plan
from twin.domain.decisions import Plan

SEEDS = scaled(400, 5000)
PARTS = 8


def as_bytes(*told: object) -> bytes:
    """Every digit and every missing number, so that two answers are either the same or not."""
    return repr(told).encode()


def a_wish(scene: Scene, chance: Chance) -> Plan:
    """Some near where it stands, some anywhere, some that are no numbers."""
    before = scene.previous.value.tolist()
    return a_plan(
        np.array(
            [
                chance.one_of(
                    before[a.index] + chance.between(-0.5, 0.5), chance.between(a.low - 2.0, a.high + 2.0), NAN, 1e300
                )
                for a in ACTUATORS
            ]
        )
    )


def a_scene_of(seed: int) -> Scene:
    scene, chance = (a_site if seed % 2 else a_likely_site)(seed), Chance(seed + 10**9)
    return scene.limited(ride_through_min_s=chance.one_of(240.0, 600.0, 1200.0, 7201.0))


def the_same(given: GuardInput, plan: Plan, memory: GuardMemory) -> GuardOutcome:
    quick, plain = guard(given, plan, memory), plain_guard(given, plan, memory)
    assert as_bytes(quick) == as_bytes(plain)
    return quick


def same_leases_and_records(
    given: GuardInput, plan: Plan, outcome: GuardOutcome, ledger: Ledger, said: RecordMemory, now_ns: int
) -> None:
    cite = Citation(ledger.epoch, "config", given.limits)
    about = (cite, given.state, plan, outcome.verdicts, given.authority, given.previous, said)
    assert as_bytes(records_of(*about)) == as_bytes(plain_records(*about))
    decisions = tuple(record.id if record else "" for record in records_of(*about)[0])
    terms = Terms(given.limits, now_ns, tuple(grant.mode.value for grant in given.authority.grants), decisions)
    assert as_bytes(issue(outcome.verdicts, ledger, terms)) == as_bytes(plain_issue(outcome.verdicts, ledger, terms))


@pytest.mark.parametrize("part", range(PARTS))
def test_verdicts_leases_and_records_of_drawn_scenes_are_the_plain_ones(part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        scene, chance = a_scene_of(seed), Chance(seed + 10**6)
        plan = a_wish(scene, chance)
        outcome = the_same(scene.given, plan, a_memory(seed))
        leases = {
            a.point: Lease(
                float(scene.previous.value[a.index]),
                int(scene.previous.since_ns[a.index]),
                known=chance.often(),
                active=chance.often(),
                expires_ns=T0_NS + int(chance.between(0.0, 180e9)),
            )
            for a in ACTUATORS
        }
        said = RecordMemory({a.point: ("command", "a reason", "", "rate") for a in ACTUATORS if chance.often(0.3)})
        same_leases_and_records(scene.given, plan, outcome, Ledger(1, leases), said, T0_NS)


def test_a_large_site_is_guarded_as_plainly_as_a_small_one() -> None:
    scenes = Scenes(racks=620, halls=12)
    tight = replace(scenes.site.limits, ride_through_min_s=900.0)
    for n, case in enumerate(scenes.cases(scaled(12, 200), seed=5)):
        given = replace(case.given, limits=tight) if n % 2 else case.given
        outcome = the_same(given, case.plan, case.memory)
        same_leases_and_records(given, case.plan, outcome, case.ledger, RecordMemory(), NOW_NS)
        assert outcome.verdicts[0].actuator == 0
    assert case.ledger.epoch == EPOCH


def test_every_step_of_the_guard_was_seen_at_work() -> None:
    seen: set[str] = set()
    for seed in range(SEEDS):
        scene = a_scene_of(seed)
        outcome = guard(scene.given, a_wish(scene, Chance(seed + 10**6)), a_memory(seed))
        seen |= {step.step for verdict in outcome.verdicts for step in verdict.steps}
    wanted = "authority inputs confidence limits rate dwell dew_point inlet redundancy ups_eco ride_through lift warn"
    assert set(f"{wanted} revert panic settle".split()) - seen == set()
