"""The shipped receiver takes a command once, while it is fresh, and gives everything back by itself."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from twin.domain.timestamps import iso_utc, ns_of_iso
from twin.simulator.receiver import ReceiverLike, load_receiver, receiver_path

ROOT = "dc/demo"
SUPPLY = "h1/supply_air_sp_c"
MODE = "ups-a/mode"
NOW_NS = ns_of_iso("2026-07-15T12:00:00Z")
S = 10**9


class Bench:
    """A receiver, what it wrote, and shorthand for talking to it."""

    def __init__(self) -> None:
        self.written: list[tuple[str, float]] = []
        self.receiver: ReceiverLike = load_receiver(
            ROOT, {SUPPLY: 22.0, MODE: 0.0}, {SUPPLY: (18.0, 25.0), MODE: (0.0, 1.0)}, self._apply
        )
        self.receiver.on_heartbeat(0.0)

    def _apply(self, point: str, value: float) -> None:
        if point == MODE and value not in (0.0, 1.0):
            raise ValueError("no such mode")
        self.written.append((point, value))

    def send(
        self, body: dict[str, Any] | bytes, *, point: str = SUPPLY, retained: bool = False, now_ns: int = NOW_NS,
        mono_s: float = 1.0,
    ) -> dict[str, Any]:  # fmt: skip
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self.receiver.on_command(f"{ROOT}/_cmd/{point}", payload, retained, now_ns, mono_s)
        assert answer is not None
        assert answer[0] == f"{ROOT}/_ack/{point}"
        parsed: dict[str, Any] = json.loads(answer[1])
        return parsed


def command(
    value: object = 23.5, *, seq: int = 1, epoch: int = 1, life_s: float = 180.0, **more: Any
) -> dict[str, Any]:
    return {
        "v": value, "u": "degC", "seq": seq, "epoch": epoch, "lease": f"l{epoch}.{seq}", "issued": iso_utc(NOW_NS),
        "expires": iso_utc(NOW_NS + int(life_s * S)), "mode": "control", "decision": "d1", "prev": 22.0, **more,
    }  # fmt: skip


def release(*, seq: int, epoch: int = 1) -> dict[str, Any]:
    return {"release": True, "seq": seq, "epoch": epoch, "lease": "l", "issued": iso_utc(NOW_NS), "decision": "d2"}


def test_a_fresh_command_is_applied_and_acknowledged() -> None:
    bench = Bench()
    ack = bench.send(command(23.5, seq=7, epoch=3))
    assert bench.written == [(SUPPLY, 23.5)]
    assert (ack["status"], ack["v"], ack["seq"], ack["epoch"], ack["lease"]) == ("applied", 23.5, 7, 3, "l3.7")
    assert ns_of_iso(ack["ts"]) == NOW_NS


def test_the_simulator_uses_the_file_that_is_shipped() -> None:
    assert receiver_path().parts[-3:] == ("deploy", "receiver", "receiver.py")


def test_a_lease_from_a_clock_that_runs_ahead_is_cut_to_a_quarter_of_an_hour() -> None:
    bench = Bench()
    bench.send(command(life_s=3_780.0))  # three minutes, said by a clock an hour ahead
    for now_s in range(25, 900, 25):
        bench.receiver.on_heartbeat(float(now_s))
        assert bench.receiver.tick(NOW_NS + now_s * S, float(now_s)) == []
    bench.receiver.on_heartbeat(900.0)
    assert len(bench.receiver.tick(NOW_NS + 900 * S, 900.0)) == 1
    assert bench.receiver.in_force[SUPPLY] == 22.0


def test_a_repeated_command_is_superseded() -> None:
    bench = Bench()
    bench.send(command(seq=5))
    assert bench.send(command(seq=5))["status"] == "superseded"
    assert bench.receiver.applied_total == 1


def test_an_older_command_that_arrives_late_is_superseded() -> None:
    bench = Bench()
    bench.send(command(23.0, seq=6))
    ack = bench.send(command(24.0, seq=5))
    assert ack["status"] == "superseded"
    assert ack["v"] == 23.0  # what is in force


def test_a_new_epoch_wins_over_any_number_of_the_old_one() -> None:
    bench = Bench()
    bench.send(command(23.0, seq=900, epoch=1))
    assert bench.send(command(23.2, seq=1, epoch=2))["status"] == "applied"
    assert bench.send(command(24.9, seq=901, epoch=1))["status"] == "superseded"
    assert bench.written[-1] == (SUPPLY, 23.2)


def test_a_master_that_was_followed_by_another_is_obeyed_at_no_point() -> None:
    bench = Bench()
    assert bench.send(command(23.5, seq=1, epoch=1))["status"] == "applied"
    assert bench.send(command(1.0, seq=1, epoch=2), point=MODE)["status"] == "applied"
    late = bench.send(command(24.0, seq=2, epoch=1))
    assert late["status"] == "superseded"
    assert late["v"] == 23.5
    assert bench.send(command(24.0, seq=1, epoch=2))["status"] == "applied"


def test_numbers_count_for_each_point_by_itself() -> None:
    bench = Bench()
    bench.send(command(seq=9))
    assert bench.send(command(1.0, seq=1), point=MODE)["status"] == "applied"


@pytest.mark.parametrize("expires", ["2026-07-15T12:00:00Z", "2020-01-01T00:00:00Z", "2026-07-15T13:00:00", "soon", 5])
def test_a_command_without_a_future_end_is_expired(expires: object) -> None:
    bench = Bench()
    assert bench.send(command() | {"expires": expires})["status"] == "expired"
    assert bench.written == []


def test_a_retained_command_is_reported_and_ignored() -> None:
    bench = Bench()
    ack = bench.send(command(), retained=True)
    assert (ack["status"], bench.written) == ("rejected", [])
    assert "retained" in ack["reason"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", '"23"', "true", "null", "[23]", "9" * 400])
def test_a_value_that_is_no_finite_number_is_rejected(value: str) -> None:
    bench = Bench()
    payload = json.dumps(command("@")).replace('"@"', value).encode()
    assert bench.send(payload)["status"] == "rejected"
    assert bench.written == []


@pytest.mark.parametrize("value", [17.99, 25.01, -1e9])
def test_a_value_outside_the_receivers_own_limits_is_rejected(value: float) -> None:
    bench = Bench()
    ack = bench.send(command(value, limits={"low": -1e12, "high": 1e12}))
    assert (ack["status"], bench.written) == ("rejected", [])


def test_a_value_that_the_controller_refuses_is_rejected() -> None:
    bench = Bench()
    assert bench.send(command(0.5), point=MODE)["status"] == "rejected"


@pytest.mark.parametrize(
    "payload", [b"", b"\xff\xfe", b"23.5", b"[]", b"{}", b"{" * 3000, b'{"seq":1.5,"epoch":1}', b"x" * 10_000,
                b'{"seq":true,"epoch":1}', b'{"seq":-1,"epoch":-1,"v":20}']
)  # fmt: skip
def test_bytes_that_are_no_command_never_raise_and_never_write(payload: bytes) -> None:
    bench = Bench()
    assert bench.send(payload)["status"] in {"rejected", "superseded"}
    assert bench.written == []


def test_a_point_that_does_not_exist_is_rejected() -> None:
    bench = Bench()
    assert bench.send(command(), point="h9/supply_air_sp_c")["status"] == "rejected"


def test_other_topics_are_none_of_its_business() -> None:
    bench = Bench()
    assert bench.receiver.on_command(f"{ROOT}/_twin/cycle", b"{}", False, NOW_NS, 1.0) is None


def test_when_the_lease_runs_out_the_local_setpoint_returns() -> None:
    bench = Bench()
    bench.send(command(23.5, life_s=60))
    assert bench.receiver.tick(NOW_NS + 59 * S, 2.0) == []
    ((topic, payload),) = bench.receiver.tick(NOW_NS + 60 * S, 3.0)
    assert bench.written[-1] == (SUPPLY, 22.0)
    assert topic == f"{ROOT}/_ack/{SUPPLY}"
    assert json.loads(payload)["status"] == "expired"
    assert bench.receiver.tick(NOW_NS + 61 * S, 4.0) == []  # said once


def test_a_renewed_lease_does_not_fall_back_in_between() -> None:
    bench = Bench()
    bench.send(command(23.5, seq=1, life_s=60))
    bench.send(command(23.5, seq=2, life_s=120))
    bench.receiver.tick(NOW_NS + 61 * S, 2.0)
    assert bench.written == [(SUPPLY, 23.5), (SUPPLY, 23.5)]


def test_a_release_returns_to_local_at_once_and_is_counted_once() -> None:
    bench = Bench()
    bench.send(command(23.5, seq=1))
    assert bench.send(release(seq=2))["status"] == "applied"
    assert bench.written[-1] == (SUPPLY, 22.0)
    assert bench.send(release(seq=2))["status"] == "superseded"
    assert bench.send(command(23.5, seq=1))["status"] == "superseded"


def test_thirty_silent_seconds_give_everything_back() -> None:
    bench = Bench()
    bench.send(command(23.5), mono_s=1.0)
    bench.receiver.on_heartbeat(5.0)
    assert bench.receiver.tick(NOW_NS, 33.4) == []
    assert len(bench.receiver.tick(NOW_NS, 33.5)) == 1  # the next tick could be the one that is too late
    assert bench.receiver.in_force[SUPPLY] == 22.0


def test_after_silence_it_takes_a_heartbeat_and_then_a_new_command() -> None:
    bench = Bench()
    bench.send(command(23.5, seq=1), mono_s=1.0)
    bench.receiver.tick(NOW_NS, 40.0)
    assert bench.send(command(23.6, seq=2), mono_s=41.0)["status"] == "rejected"  # a command is no heartbeat
    bench.receiver.on_heartbeat(42.0)
    bench.receiver.tick(NOW_NS, 43.0)
    assert bench.receiver.in_force[SUPPLY] == 22.0  # the old lease stays lost
    assert bench.send(command(23.5, seq=1), mono_s=43.0)["status"] == "superseded"
    assert bench.send(command(23.7, seq=3), mono_s=44.0)["status"] == "applied"


def test_silence_is_noticed_even_when_the_next_thing_heard_is_a_heartbeat() -> None:
    bench = Bench()
    bench.send(command(23.5), mono_s=1.0)
    bench.receiver.on_heartbeat(100.0)
    assert bench.receiver.in_force[SUPPLY] == 22.0


def test_a_controller_that_refuses_the_local_setpoint_is_asked_again_and_again() -> None:
    refusing = False

    def apply(point: str, value: float) -> None:
        if refusing:
            raise ValueError("not now")

    receiver = load_receiver(ROOT, {SUPPLY: 22.0}, {SUPPLY: (18.0, 25.0)}, apply)
    receiver.on_heartbeat(0.0)
    sent = json.dumps(command(23.5, life_s=5.0)).encode()
    assert receiver.on_command(f"{ROOT}/_cmd/{SUPPLY}", sent, False, NOW_NS, 1.0) is not None
    refusing = True
    assert receiver.tick(NOW_NS + 6 * S, 7.0) == []
    assert receiver.in_force[SUPPLY] == 23.5
    receiver.on_heartbeat(8.0)
    assert receiver.tick(NOW_NS + 7 * S, 8.0) == []
    refusing = False
    assert len(receiver.tick(NOW_NS + 8 * S, 9.0)) == 1
    assert receiver.in_force[SUPPLY] == 22.0
    assert receiver.tick(NOW_NS + 9 * S, 10.0) == []


def test_a_release_that_the_controller_refuses_leaves_the_lease_to_run_out() -> None:
    refusing = False

    def apply(point: str, value: float) -> None:
        if refusing:
            raise ValueError("not now")

    receiver = load_receiver(ROOT, {SUPPLY: 22.0}, {SUPPLY: (18.0, 25.0)}, apply)
    receiver.on_heartbeat(0.0)
    receiver.on_command(f"{ROOT}/_cmd/{SUPPLY}", json.dumps(command(23.5, life_s=5.0)).encode(), False, NOW_NS, 1.0)
    refusing = True
    answer = receiver.on_command(f"{ROOT}/_cmd/{SUPPLY}", json.dumps(release(seq=2)).encode(), False, NOW_NS, 1.0)
    assert answer is not None
    assert json.loads(answer[1])["status"] == "rejected"
    refusing = False
    receiver.tick(NOW_NS + 6 * S, 7.0)
    assert receiver.in_force[SUPPLY] == 22.0


def test_the_word_offline_gives_everything_back_at_once() -> None:
    bench = Bench()
    bench.send(command(23.5))
    bench.receiver.on_status(b'{"state": "offline"}', 2.0)
    assert bench.receiver.in_force[SUPPLY] == 22.0
    bench.receiver.on_status(b'{"state": "online"}', 3.0)  # no heartbeat yet
    assert bench.send(command(23.5, seq=2), mono_s=4.0)["status"] == "rejected"


def test_a_local_operators_hold_wins_until_he_lets_go() -> None:
    bench = Bench()
    bench.send(command(23.5, seq=1))
    bench.receiver.hold(SUPPLY, 20.0)
    assert bench.send(command(24.0, seq=2))["status"] == "rejected"
    bench.send(release(seq=3))
    assert bench.receiver.in_force[SUPPLY] == 20.0
    bench.receiver.unhold(SUPPLY)
    assert bench.receiver.in_force[SUPPLY] == 22.0


def test_of_a_thousand_stale_commands_none_is_accepted() -> None:
    bench = Bench()
    bench.send(command(23.0, seq=500, epoch=5))
    before = list(bench.written)
    chance = random.Random(11)
    for _ in range(1000):
        body = command(chance.uniform(18.0, 25.0), seq=chance.randint(501, 999), epoch=5)
        match chance.randrange(6):
            case 0:  # replayed or reordered
                body = command(chance.uniform(18.0, 25.0), seq=chance.randint(0, 500), epoch=5)
                assert bench.send(body)["status"] == "superseded"
            case 1:  # an old master woke up
                body = command(24.0, seq=chance.randint(0, 10**6), epoch=chance.randint(0, 4))
                assert bench.send(body)["status"] == "superseded"
            case 2:  # delivered after its end
                assert bench.send(body, now_ns=NOW_NS + (180 + chance.randrange(10**6)) * S)["status"] == "expired"
            case 3:
                assert bench.send(body, retained=True)["status"] == "rejected"
            case 4:
                body["v"] = chance.choice([17.9, 25.1, 1e6, -40.0])
                assert bench.send(body)["status"] == "rejected"
            case _:
                body["v"] = chance.choice([None, "hot", [], float("nan"), float("inf")])
                assert bench.send(body)["status"] == "rejected"
    assert bench.written == before
    assert bench.receiver.applied_total == 1


def test_no_command_is_applied_twice_however_often_it_is_delivered() -> None:
    bench = Bench()
    chance = random.Random(3)
    sent = [command(20.0 + 0.01 * seq, seq=seq) for seq in range(200)]
    deliveries = [body for body in sent for _ in range(3)]
    chance.shuffle(deliveries)
    for body in deliveries:
        bench.send(body)
    log = list(bench.receiver.applied_log)
    assert len(log) == len(set(log)) == bench.receiver.applied_total
    assert log == sorted(log)  # and never backwards
