"""Setpoints are lent, renewed, compared with the plant and given back; what the plant contradicts is left alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from controllers.publish import leases
from controllers.publish.leases import SETTLE_NS, Lease, Ledger, Terms
from tests.support.states import CHW, H1, H2, POINTS, T0_NS, UPS_B, a_state, reference_limits
from twin.domain.clock import NS_PER_S
from twin.domain.commands import Ack, AckStatus, Command
from twin.domain.decisions import Verdict
from twin.domain.errors import TwinError
from twin.domain.points import Quality
from twin.domain.state import State

LIMITS = reference_limits()
TABLE = LIMITS.actuators
EPOCH = 3


@dataclass
class Plant:
    """A plant that has what it was last told, and how its readbacks look; seconds count from the first cycle."""

    values: dict[str, float]
    at_s: float = 0.0
    readback_age_s: float = 5.0
    quality: Quality = Quality.GOOD
    held: str = ""

    @property
    def now_ns(self) -> int:
        return T0_NS + round(self.at_s * NS_PER_S)

    def state(self) -> State:
        return replace(
            a_state(),
            now_ns=self.now_ns,
            setpoint=np.array([self.values[point] for point in POINTS]),
            setpoint_quality=np.full(6, int(self.quality), dtype=np.uint8),
            setpoint_ns=np.full(6, self.now_ns - round(self.readback_age_s * NS_PER_S), dtype=np.int64),
            held_by_operator=np.array([int(point == self.held) for point in POINTS], dtype=np.uint8),
        )


def a_plant() -> Plant:
    return Plant({a.point: a.local for a in TABLE})


def read(plant: Plant, ledger: Ledger) -> Ledger:
    return leases.read_back(ledger, plant.state(), TABLE)


def begun(plant: Plant, epoch: int = EPOCH) -> Ledger:
    return read(plant, leases.begin(Ledger(), epoch))


def terms(plant: Plant, decision: str = "3-1-0") -> Terms:
    return Terms(LIMITS, plant.now_ns, ("control",) * 6, (decision,) * 6)


def verdict(point: str, value: float, *, write: bool = True, release: bool = False) -> Verdict:
    return Verdict(TABLE.index(point), value, value, write, release, ())


def lend_and_hear(plant: Plant, ledger: Ledger, point: str, value: float) -> Ledger:
    """Issue one command, which the receiver says it applied."""
    command, ledger = lend(plant, ledger, point, value)
    return leases.acknowledge(ledger, replace(an_ack(command, AckStatus.APPLIED), at_ns=plant.now_ns))


def lend(plant: Plant, ledger: Ledger, point: str, value: float) -> tuple[Command, Ledger]:
    """Issue one command, which the plant obeys."""
    (command,), ledger = leases.issue((verdict(point, value),), ledger, terms(plant))
    plant.values[point] = value
    return command, ledger


def an_ack(command: Command, status: AckStatus, **changed: object) -> Ack:
    plain = Ack(
        command.asset, command.point, command.seq, command.epoch, command.lease, status, command.value, T0_NS, "because"
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


# --- start
def test_a_first_start_adopts_what_the_plant_has() -> None:
    plant = a_plant()
    plant.values[H1] = 21.3
    stands = leases.previous(begun(plant), TABLE)
    assert stands.value.tolist() == [21.3, 22.0, 10.0, 24.0, 0.0, 0.0]
    assert stands.known.all()
    assert not stands.leased.any()


def test_a_setpoint_that_cannot_be_read_is_assumed_local_and_not_known() -> None:
    plant = a_plant()
    plant.values[H1], plant.quality = 21.3, Quality.STALE
    stands = leases.previous(begun(plant), TABLE)
    assert stands.value[0] == 22.0
    assert not stands.known[0]


def test_a_new_start_owns_none_of_the_old_leases_and_numbers_go_on() -> None:
    plant = a_plant()
    _, ledger = lend(plant, begun(plant), H1, 22.1)
    ledger = leases.block(ledger, H2, "once upon a time")
    fresh = leases.begin(ledger, EPOCH + 1)
    assert fresh.epoch == EPOCH + 1
    assert not any(entry.active or entry.known or entry.blocked for entry in fresh.leases.values())
    assert fresh.leases[H1].seq == 1
    plant.at_s = 60.0
    command, _ = lend(plant, read(plant, fresh), H1, 22.2)
    assert (command.seq, command.epoch, command.lease, command.prev) == (2, EPOCH + 1, "4.2", 22.1)


def test_the_same_start_goes_on_where_it_was() -> None:
    plant = a_plant()
    _, ledger = lend(plant, begun(plant), H1, 22.1)
    assert leases.begin(ledger, EPOCH) is ledger


# --- issue and renew
def test_a_changed_value_is_lent_with_everything_the_receiver_needs() -> None:
    plant = a_plant()
    command, ledger = lend(plant, begun(plant), H1, 22.1)
    assert command == Command(
        actuator=0,
        asset="h1",
        point="supply_air_sp_c",
        value=22.1,
        unit="degC",
        seq=1,
        epoch=EPOCH,
        lease="3.1",
        issued_ns=T0_NS,
        expires_ns=T0_NS + 180 * NS_PER_S,
        mode="control",
        decision="3-1-0",
        prev=22.0,
        limits_hash=LIMITS.hash,
    )
    assert leases.previous(ledger, TABLE).leased.tolist() == [True, False, False, False, False, False]


def test_a_value_the_plant_has_by_itself_is_not_written() -> None:
    plant = a_plant()
    commands, ledger = leases.issue(tuple(verdict(a.point, a.local) for a in TABLE), begun(plant), terms(plant))
    assert commands == ()
    assert not leases.previous(ledger, TABLE).leased.any()


def test_a_lease_is_renewed_in_its_second_half_and_not_before() -> None:
    plant = a_plant()
    _, ledger = lend(plant, begun(plant), H1, 22.1)
    plant.at_s = 89.0
    assert leases.issue((verdict(H1, 22.1),), read(plant, ledger), terms(plant))[0] == ()
    plant.at_s = 91.0
    (renewal,), ledger = leases.issue((verdict(H1, 22.1),), read(plant, ledger), terms(plant, ""))
    assert (renewal.seq, renewal.lease, renewal.value, renewal.prev) == (2, "3.1", 22.1, 22.1)
    assert renewal.expires_ns == plant.now_ns + 180 * NS_PER_S
    assert renewal.decision == "3-1-0"  # the reason stays, and so does the record cited
    assert ledger.leases[H1].since_ns == T0_NS  # renewing is no change


def test_a_lease_that_ran_out_begins_anew_under_another_number() -> None:
    plant = a_plant()
    _, ledger = lend(plant, begun(plant), H1, 22.1)
    plant.at_s = 180.0
    plant.values[H1] = 22.0
    ledger = read(plant, ledger)
    assert not ledger.leases[H1].active
    plant.at_s = 240.0
    ledger = read(plant, ledger)
    command, _ = lend(plant, ledger, H1, 22.1)
    assert (command.seq, command.lease) == (2, "3.2")


def test_what_may_not_be_written_is_not_renewed() -> None:
    plant = a_plant()
    _, ledger = lend(plant, begun(plant), H1, 22.1)
    plant.at_s = 100.0
    assert leases.issue((verdict(H1, 22.3, write=False),), read(plant, ledger), terms(plant))[0] == ()


def test_points_are_numbered_each_by_itself() -> None:
    plant = a_plant()
    first, ledger = lend(plant, begun(plant), H1, 22.1)
    second, _ = lend(plant, ledger, CHW, 10.1)
    assert (first.seq, second.seq) == (1, 1)


# --- release
def test_a_release_gives_the_lease_back_once() -> None:
    plant = a_plant()
    _, ledger = lend(plant, begun(plant), H1, 22.1)
    given_back = verdict(H1, 22.1, write=False, release=True)
    (command,), ledger = leases.issue((given_back,), ledger, terms(plant))
    assert command.release
    assert (command.seq, command.lease) == (2, "3.1")
    assert leases.issue((given_back,), ledger, terms(plant))[0] == ()
    assert not leases.previous(ledger, TABLE).known[0]  # until it is read again


def test_stopping_gives_every_running_lease_back() -> None:
    plant = a_plant()
    _, ledger = lend(plant, begun(plant), H1, 22.1)
    _, ledger = lend(plant, ledger, UPS_B, 1.0)
    commands, ledger = leases.release_all(ledger, terms(plant))
    assert [(f"{c.asset}/{c.point}", c.release) for c in commands] == [(H1, True), (UPS_B, True)]
    assert leases.release_all(ledger, terms(plant))[0] == ()


# --- acknowledgements
def test_applied_is_only_when_readbacks_begin_to_count_they_are_the_proof() -> None:
    plant = a_plant()
    command, ledger = lend(plant, begun(plant), H1, 22.1)
    answered = leases.acknowledge(ledger, an_ack(command, AckStatus.APPLIED)).leases[H1]
    assert answered == replace(ledger.leases[H1], answered_ns=answered.answered_ns)
    assert answered.answered_ns >= ledger.leases[H1].issued_ns


def test_one_refusal_ends_the_lease_and_two_in_a_row_the_writing() -> None:
    plant = a_plant()
    command, ledger = lend(plant, begun(plant), H1, 22.1)
    plant.values[H1] = 22.0
    ledger = leases.acknowledge(ledger, an_ack(command, AckStatus.REJECTED))
    assert not ledger.leases[H1].active
    assert leases.blocked(ledger, TABLE)[0] == ""
    plant.at_s = 60.0
    command, ledger = lend(plant, read(plant, ledger), H1, 22.1)
    ledger = leases.acknowledge(ledger, an_ack(command, AckStatus.REJECTED))
    assert leases.blocked(ledger, TABLE)[0] == "the receiver refused it: because"


def test_an_expired_lease_is_over_and_no_disagreement() -> None:
    plant = a_plant()
    command, ledger = lend(plant, begun(plant), H1, 22.1)
    entry = leases.acknowledge(ledger, an_ack(command, AckStatus.EXPIRED)).leases[H1]
    assert not entry.active
    assert (entry.strikes, entry.blocked) == (0, "")


def test_a_newer_master_ends_the_writing_at_once() -> None:
    plant = a_plant()
    command, ledger = lend(plant, begun(plant), H1, 22.1)
    ledger = leases.acknowledge(ledger, an_ack(command, AckStatus.SUPERSEDED))
    assert not ledger.leases[H1].active
    assert leases.blocked(ledger, TABLE)[0] == "the receiver follows a newer master: because"


@pytest.mark.parametrize(
    "foreign",
    [
        {"epoch": EPOCH - 1},
        {"epoch": EPOCH + 1},
        {"seq": 0},
        {"seq": 2},
        {"asset": "h9"},
        {"point": "fan_sp_frac"},
    ],
)
@pytest.mark.parametrize("status", [AckStatus.REJECTED, AckStatus.EXPIRED, AckStatus.SUPERSEDED])
def test_an_answer_to_another_command_changes_nothing(foreign: dict[str, object], status: AckStatus) -> None:
    plant = a_plant()
    command, ledger = lend(plant, begun(plant), H1, 22.1)
    assert leases.acknowledge(ledger, an_ack(command, status, **foreign)) == ledger


# --- read back
def disagreeing(plant: Plant, ledger: Ledger, at_s: float, *, age_s: float = 0.0) -> Ledger:
    """The plant is read at an instant and does not have what was written."""
    plant.at_s, plant.readback_age_s, plant.values[H1] = at_s, age_s, 22.0
    return read(plant, ledger)


def test_two_readbacks_in_a_row_that_disagree_end_the_writing() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    ledger = disagreeing(plant, ledger, 60.0)
    assert ledger.leases[H1].strikes == 1
    assert leases.blocked(ledger, TABLE)[0] == ""
    ledger = disagreeing(plant, ledger, 120.0)
    assert leases.blocked(ledger, TABLE) == ("wrote 22.2, the plant reads 22 degC", "", "", "", "", "")


def test_a_readback_from_before_the_receivers_answer_is_no_contradiction() -> None:
    plant = a_plant()
    command, ledger = lend(plant, begun(plant), H1, 22.2)
    late = replace(an_ack(command, AckStatus.APPLIED), at_ns=plant.now_ns + 100 * NS_PER_S)
    ledger = disagreeing(plant, leases.acknowledge(ledger, late), 60.0)
    assert ledger.leases[H1].strikes == 0
    assert ledger.leases[H1].active
    assert disagreeing(plant, ledger, 120.0).leases[H1].strikes == 1


def test_without_an_answer_a_disagreement_says_that_the_command_never_arrived() -> None:
    plant = a_plant()
    _, ledger = lend(plant, begun(plant), H1, 22.2)
    ledger = disagreeing(plant, ledger, 60.0)
    entry = ledger.leases[H1]
    assert (entry.active, entry.known, entry.strikes, entry.lost) == (False, False, 0, 1)
    assert leases.blocked(ledger, TABLE)[0] == ""
    plant.at_s = 90.0
    assert read(plant, ledger).leases[H1].value == 22.0  # the next command starts where the plant really is


def test_a_receiver_that_never_answers_is_left_alone_in_the_end_and_an_answer_forgives() -> None:
    plant = a_plant()
    ledger = begun(plant)
    for n in range(leases.LOST):
        assert leases.blocked(ledger, TABLE)[0] == ""
        plant.at_s = 120.0 * n
        _, ledger = lend(plant, read(plant, ledger), H1, 22.2)
        ledger = disagreeing(plant, ledger, 120.0 * n + 60.0)
    assert "does not answer" in leases.blocked(ledger, TABLE)[0]
    assert leases.unblock(ledger, H1).leases[H1].lost == 0
    plant.at_s = 3000.0
    assert lend_and_hear(plant, read(plant, leases.unblock(ledger, H1)), H1, 22.2).leases[H1].lost == 0


def test_an_agreement_in_between_forgives() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    ledger = disagreeing(plant, ledger, 60.0)
    plant.at_s, plant.values[H1] = 90.0, 22.2
    ledger = read(plant, ledger)
    assert ledger.leases[H1].strikes == 0
    ledger = disagreeing(plant, ledger, 120.0)
    assert leases.blocked(ledger, TABLE)[0] == ""


def test_a_readback_taken_too_soon_after_the_command_does_not_count() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    settle_s = SETTLE_NS / NS_PER_S
    for at_s in (0.0, 3.0, settle_s - 0.001):
        ledger = disagreeing(plant, ledger, at_s)
        assert ledger.leases[H1].strikes == 0
    assert disagreeing(plant, ledger, settle_s).leases[H1].strikes == 1


def test_a_readback_older_than_the_command_does_not_count_however_late_the_cycle() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    assert disagreeing(plant, ledger, 170.0, age_s=171.0).leases[H1].strikes == 0


def test_each_readback_counts_once() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    ledger = disagreeing(plant, ledger, 60.0)
    for later_s in (5.0, 10.0, 15.0):  # quick cycles look at the same reading again
        ledger = disagreeing(plant, ledger, 60.0 + later_s, age_s=later_s)
    assert ledger.leases[H1].strikes == 1


def test_after_a_renewal_the_plant_gets_time_again() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    plant.at_s = 60.0
    _, ledger = lend(plant, read(plant, ledger), H1, 22.4)
    assert disagreeing(plant, ledger, 65.0).leases[H1].strikes == 0


@pytest.mark.parametrize("quality", [Quality.BAD, Quality.STALE, Quality.MISSING])
def test_an_unusable_readback_is_no_disagreement(quality: Quality) -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    plant.quality = quality
    assert disagreeing(plant, ledger, 60.0).leases[H1] == ledger.leases[H1]


def test_half_a_step_is_rounding_and_more_is_not() -> None:
    air, mode = TABLE.actuators[0], TABLE.actuators[5]
    assert leases.tolerance(air) == pytest.approx(0.05, abs=1e-5)
    assert leases.tolerance(mode) == 0.25
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    plant.at_s, plant.readback_age_s, plant.values[H1] = 60.0, 0.0, 22.25
    assert read(plant, ledger).leases[H1].strikes == 0
    plant.values[H1] = 22.26
    assert read(plant, ledger).leases[H1].strikes == 1


def test_a_local_operator_ends_the_lease_and_his_value_is_adopted() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    plant.at_s, plant.held, plant.values[H1] = 60.0, H1, 19.0
    entry = read(plant, ledger).leases[H1]
    assert (entry.active, entry.value, entry.strikes) == (False, 19.0, 0)


def test_a_plant_that_moves_by_itself_restarts_the_clock_of_its_ramp() -> None:
    plant = a_plant()
    ledger = begun(plant)
    plant.at_s = 60.0
    assert read(plant, ledger).leases[H1].since_ns == T0_NS
    plant.values[H1] = 21.0
    assert read(plant, ledger).leases[H1].since_ns == plant.now_ns


@pytest.mark.parametrize("ends", ["expiry", "rejected", "expired"])
def test_when_a_lease_ends_unseen_our_own_value_is_not_taken_for_the_plants(ends: str) -> None:
    plant = a_plant()
    command, ledger = lend(plant, begun(plant), H1, 22.2)
    plant.values[H1], plant.quality, plant.at_s = 22.0, Quality.STALE, 180.0 if ends == "expiry" else 60.0
    if ends != "expiry":
        ledger = leases.acknowledge(ledger, an_ack(command, AckStatus(ends)))
    stands = leases.previous(read(plant, ledger), TABLE)
    assert not stands.known[0]
    assert stands.value[0] == 22.0


def test_a_readback_from_before_a_release_does_not_tell_what_came_after_it() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    plant.at_s = 60.0
    _, ledger = leases.issue((verdict(H1, 22.2, write=False, release=True),), ledger, terms(plant))
    plant.at_s, plant.readback_age_s = 90.0, 35.0  # still the lent value, read 5 s before the release
    assert not leases.previous(read(plant, ledger), TABLE).known[0]
    plant.at_s, plant.readback_age_s, plant.values[H1] = 120.0, 5.0, 22.0
    stands = leases.previous(read(plant, ledger), TABLE)
    assert stands.known[0]
    assert stands.value[0] == 22.0


# --- unsent, block, unblock
def test_a_command_the_broker_did_not_take_lent_nothing() -> None:
    plant = a_plant()
    command, ledger = lend(plant, begun(plant), H1, 22.2)
    ledger = leases.unsent(ledger, H1, command.seq)
    entry = ledger.leases[H1]
    assert (entry.active, entry.known, entry.strikes) == (False, False, 0)
    plant.values[H1], plant.at_s = 22.0, 60.0
    again, _ = lend(plant, read(plant, ledger), H1, 22.2)
    assert (again.seq, again.prev) == (2, 22.0)


def test_unsent_speaks_of_one_command_only() -> None:
    plant = a_plant()
    _, ledger = lend(plant, begun(plant), H1, 22.2)
    assert leases.unsent(ledger, H1, 99) == ledger
    assert leases.unsent(ledger, "h9/x", 1) == ledger


def test_a_blocked_point_waits_for_an_operator() -> None:
    plant = a_plant()
    ledger = leases.block(leases.block(begun(plant), H1, "one"), H2, "two")
    assert leases.blocked(ledger, TABLE) == ("one", "two", "", "", "", "")
    assert leases.blocked(leases.unblock(ledger, H2), TABLE)[:2] == ("one", "")
    assert leases.blocked(leases.unblock(ledger, ""), TABLE) == ("",) * 6


def test_a_released_point_starts_without_old_strikes() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    ledger = disagreeing(plant, disagreeing(plant, ledger, 60.0), 120.0)
    assert leases.unblock(ledger, H1).leases[H1].strikes == 0


# --- storage
def test_the_ledger_survives_a_restart() -> None:
    plant = a_plant()
    ledger = lend_and_hear(plant, begun(plant), H1, 22.2)
    assert Ledger.from_dict(ledger.to_dict()) == ledger


@pytest.mark.parametrize("stored", [{"epoch": "three"}, {"leases": {"a": {"value": "warm"}}}, {"leases": [1]}])
def test_a_ledger_of_another_shape_is_refused_with_what_to_do(stored: dict[str, object]) -> None:
    with pytest.raises(TwinError, match="remove the stored memory"):
        Ledger.from_dict(stored)


def test_an_entry_starts_free() -> None:
    entry = Lease(22.0, T0_NS)
    assert (entry.active, entry.blocked, entry.seq, entry.strikes) == (False, "", 0, 0)
