"""The deterministic middle: the same entries give the same bytes, time is the stream's, and orders are strict."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.unit.daemon.builders import MINUTE_NS, START_NS, a_core, a_tick, heard, minutes
from twin.daemon.core import Core, memory_bytes, memory_of, outcome_lines
from twin.daemon.cycle import Memory
from twin.domain.clock import NS_PER_S
from twin.domain.commands import AckStatus
from twin.domain.errors import DataTooPoor
from twin.domain.messages import MessageIn

LONG_ENOUGH = 9  # minutes until the first commands: the site warms up for five


def run(core: Core, stream: tuple[tuple[MessageIn, ...], ...]) -> tuple[list[tuple[bytes, ...]], bytes]:
    """Feed minute by minute with a cycle after each; returns all lines, and the memory at the end."""
    lines = []
    for messages in stream:
        core.feed(messages, 0.0)
        lines.append(outcome_lines(core.tick(core.event_ns, core.event_ns / NS_PER_S)))
    return lines, memory_bytes(core.memory)


def warmer(messages: tuple[MessageIn, ...]) -> tuple[MessageIn, ...]:
    """The same with a much warmer outdoors, in one message."""
    return tuple(
        replace(m, payload=m.payload.replace(b"wet_bulb=", b"wet_bulb=2")) if m.topic.endswith("outdoor/weather") else m
        for m in messages
    )


def test_the_same_entries_give_the_same_bytes() -> None:
    first, second = run(a_core(), minutes(LONG_ENOUGH)), run(a_core(), minutes(LONG_ENOUGH))
    assert first == second
    assert any(b"/_cmd/" in line for lines in first[0] for line in lines)  # and there was something to repeat


def test_other_entries_give_other_bytes() -> None:
    told = minutes(LONG_ENOUGH)
    changed = (*told[:-1], warmer(told[-1]))
    assert run(a_core(), told)[1] != run(a_core(), changed)[1]


def test_a_core_that_goes_on_from_stored_memory_decides_as_if_it_had_never_stopped() -> None:
    told = minutes(LONG_ENOUGH)
    whole, _ = run(a_core(), told)
    before = a_core()
    run(before, told[:-1])
    after = Core(before.order, memory_of(memory_bytes(before.memory)), event_time=True)
    after.cycle_number = before.cycle_number
    after.mirror, after.event_ns = before.mirror, before.event_ns
    assert run(after, told[-1:])[0] == whole[-1:]


def test_no_kernel_compiles_once_the_daemon_is_ready() -> None:
    program = """
from tests.unit.daemon.builders import a_core, minutes
from tests.unit.daemon.test_core import run
from twin.kernels import halls, outage, settle
entries = (settle.settle_batch, halls.behind_measured, outage.seconds_after_failure, outage.step_halls)
core = a_core()
ready = [len(entry.signatures) for entry in entries]
run(core, minutes(8))
print(ready, [len(entry.signatures) for entry in entries])
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout == "[1, 1, 1, 1] [1, 1, 1, 1]\n"


def test_a_number_without_a_time_gets_the_time_of_the_stream() -> None:
    core = a_core()
    core.feed([a_tick(START_NS)], 0.0)
    batch = core.feed([heard("meter/it/power", b"1000", received_ns=5)], 0.0)
    assert batch.source_ns.tolist() == batch.received_ns.tolist() == [START_NS]


def test_arrivals_are_labelled_with_the_tick_that_came_along() -> None:
    core = a_core()
    batch = core.feed([heard("meter/it/power", b"1000"), a_tick(START_NS + MINUTE_NS)], 0.0)
    assert batch.source_ns.tolist() == [START_NS + MINUTE_NS]


def test_a_number_is_labelled_with_the_newest_time_that_came_along() -> None:
    core = a_core()
    stamped = [heard("plant/power", b'{"ts": %d, "chw_pumps": 10.0}' % (START_NS // 10**6 + ms)) for ms in (0, 60_000)]
    labels = [core.feed([heard("meter/it/power", b"1000"), one], 0.0).source_ns[0] for one in stamped]
    assert labels == [START_NS, START_NS + MINUTE_NS]  # two rounds never get one label


def test_before_anything_told_the_time_a_number_without_one_is_refused() -> None:
    core = a_core()
    assert len(core.feed([heard("meter/it/power", b"1000")], 0.0)) == 0
    assert core.tally.rejected == {"no_time_yet": 1}


def test_an_answer_among_them_is_no_tick_and_leaves_the_label_alone() -> None:
    core, answer = a_core(), heard("_ack/h1/supply_air_sp_c", b"{}")
    stamped = [heard("plant/power", b'{"ts": %d, "chw_pumps": 10.0}' % (START_NS // 10**6 + ms)) for ms in (0, 60_000)]
    labels = [core.feed([heard("meter/it/power", b"1000"), answer, one], 0.0).source_ns[0] for one in stamped]
    assert labels == [START_NS, START_NS + MINUTE_NS]


def test_in_wall_time_the_label_is_when_it_arrived_and_ticks_mean_nothing() -> None:
    core = a_core(event_time=False)
    batch = core.feed([a_tick(START_NS + MINUTE_NS), heard("meter/it/power", b"1000", received_ns=START_NS)], 7.0)
    assert batch.source_ns.tolist() == [START_NS]
    assert core.event_ns == 0


def test_the_time_of_the_stream_never_runs_back() -> None:
    core = a_core()
    core.feed([a_tick(START_NS + MINUTE_NS)], 0.0)
    core.feed([a_tick(START_NS), *minutes(1)[0]], 0.0)
    assert core.event_ns == START_NS + MINUTE_NS


def test_one_sensor_with_a_wrong_clock_does_not_take_the_time_along() -> None:
    core = a_core()
    core.feed(minutes(1)[0], 0.0)
    before_ns = core.event_ns
    wrong = heard("plant/power", b'{"ts": 1900000000000, "chw_pumps": 10.0}')  # in 2030
    good = [m for m in minutes(2)[1] if "telemetry" in m.topic]
    core.feed([wrong, *good], 0.0)
    assert before_ns <= core.event_ns <= START_NS + 2 * MINUTE_NS


def test_when_the_whole_stream_leaps_the_time_leaps_along() -> None:
    core = a_core()
    core.feed(minutes(1)[0], 0.0)
    core.feed([heard("plant/power", b'{"ts": 1900000000000, "chw_pumps": 10.0}')], 0.0)
    assert core.event_ns == 1_900_000_000 * NS_PER_S


def test_looking_ahead_keeps_nothing() -> None:
    core = a_core()
    message = heard("plant/power", b'{"ts": 1900000000000, "chw_pumps": 10.0}')
    assert core.newest_ns(message) == 1_900_000_000 * NS_PER_S
    assert core.newest_ns(a_tick(START_NS)) == START_NS
    for silent in (heard("meter/it/power", b"1"), heard("_op/mode", b"{}"), heard("_sim/tick", b"?"), heard("x", b"1")):
        assert core.newest_ns(silent) == 0
    assert (core.event_ns, core.tally.received, core.refused_orders) == (0, 0, 0)


ORDER = b'{"id":"a1","mode":"shadow","by":"Ada","reason":"test"}'


def test_an_order_is_answered_by_the_next_cycle() -> None:
    core = a_core()
    core.feed([*minutes(1)[0], heard("_op/mode", ORDER)], 0.0)
    outcome = core.tick(core.event_ns, 0.0)
    assert [(answer.order_id, answer.accepted) for answer in outcome.answers] == [("a1", True)]
    assert core.tick(core.event_ns, 60.0).answers == ()  # once


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("_op/mode", ORDER),
        ("_ack/h1/supply_air_sp_c", b'{"seq":1,"epoch":1,"lease":"l","status":"applied","ts":"2026-05-19T00:00:00Z"}'),
        ("_sim/tick", b'{"ts":"2030-01-01T00:00:00Z"}'),
    ],
)
def test_what_was_retained_is_no_order_whoever_left_it_there(topic: str, payload: bytes) -> None:
    core = a_core()
    core.feed([*minutes(1)[0], heard(topic, payload, retain=True)], 0.0)
    assert core.tick(core.event_ns, 0.0).answers == ()
    assert (core.refused_orders, core.answered.total(), core.event_ns) == (1, 0, START_NS + MINUTE_NS)
    assert core.tally.last[-1].reason == "retained_order"


def test_acknowledgements_are_counted_by_what_became_of_the_command() -> None:
    core = a_core()
    ack = b'{"seq":1,"epoch":1,"lease":"l","status":"rejected","ts":"2026-05-19T00:00:00Z"}'
    core.feed([heard("_ack/h1/supply_air_sp_c", ack), heard("_ack/h1/supply_air_sp_c", b"{}")], 0.0)
    assert core.answered == {AckStatus.REJECTED: 1}
    assert core.refused_orders == 1


def test_every_message_and_every_reading_is_accounted_for() -> None:
    core = a_core()
    told = minutes(2)
    batches = [core.feed([*messages, heard("nobody/knows", b"1"), heard("_op/x", b"")], 0.0) for messages in told]
    tally = core.tally
    assert tally.messages == sum(len(messages) + 2 for messages in told)
    assert tally.samples == sum(map(len, batches))
    assert tally.rejected["unknown_topic"] == 2
    assert tally.received == tally.samples + tally.rejected.total()


def test_the_snapshot_holds_what_was_fed() -> None:
    core = a_core()
    core.feed(minutes(1)[0], 0.0)
    state = core.tick(core.event_ns, core.event_ns / NS_PER_S).state
    assert state.missing == ()
    assert state.facility_w > state.it_w > 1e5
    assert np.all(state.halls.worst_inlet_c > state.halls.supply_air_c)


def test_at_the_end_every_lease_is_given_back_once() -> None:
    core = a_core()
    lent: set[str] = set()
    for messages in minutes(LONG_ENOUGH):
        core.feed(messages, 0.0)
        lent = {command.topic for command in core.tick(core.event_ns, core.event_ns / NS_PER_S).commands}
        if lent:
            break
    releases = core.farewell(core.event_ns)
    assert {release.topic for release in releases} == lent != set()
    assert all(release.command.release for release in releases)
    assert core.farewell(core.event_ns) == ()


def test_memory_survives_its_bytes_and_other_bytes_are_refused() -> None:
    core = a_core()
    run(core, minutes(2))
    assert memory_of(memory_bytes(core.memory)) == core.memory
    assert memory_of(b"") == Memory()
    for bad in (b"\x00", b"{}", memory_bytes(core.memory)[:-1]):
        with pytest.raises(DataTooPoor) as refused:
            memory_of(bad)
        assert "remove it" in refused.value.fix
