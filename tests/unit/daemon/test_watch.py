"""Alarms on the wire: retained while they stand, forgotten when they are over, said anew to a broker that forgot."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from tests.unit.alarms.builders import known
from tests.unit.daemon.builders import START_NS, a_core, heard, minutes
from tests.unit.daemon.test_trail import Book
from tests.unit.daemon.test_turns import Bench
from twin.alarms.facts import AlarmMemory, Process
from twin.audit.log import AuditLog
from twin.daemon.trail import Trail
from twin.daemon.watch import LONGEST_SHELF_S, Watch, alarm_memory_of
from twin.domain.clock import NS_PER_S
from twin.domain.errors import DataTooPoor
from twin.domain.findings import Finding, SensorFault
from twin.domain.messages import MessageOut


class Watched(Bench):
    """Turns with a watch whose own troubles are in the test's hands."""

    def __init__(self) -> None:
        super().__init__()
        self.process = Process()
        self.stored: list[bytes] = []
        self.alarms_disk_full = False
        self.book = Book()
        self.turns._trail = Trail(cast("AuditLog", self.book), self.clock)
        self.turns._watch = self.watch = Watch(known(), AlarmMemory(), process=lambda: self.process, save=self._store)

    def _store(self, memory: bytes) -> None:
        if self.alarms_disk_full:
            raise OSError(28, "No space left on device")
        self.stored.append(memory)

    def said(self) -> dict[str, tuple[bytes, bool]]:
        """The newest message of each alarm: payload and whether it is retained."""
        prefix = "dc/demo/_twin/alarm/"
        return {
            message.topic.removeprefix(prefix): (message.payload, message.retain)
            for message in self.ear.heard
            if isinstance(message, MessageOut) and message.topic.startswith(prefix)
        }

    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(m.payload) for m in self.ear.heard if "/_twin/op/" in m.topic]


async def test_an_alarm_is_kept_by_the_broker_with_all_an_operator_needs() -> None:
    bench = Watched()
    bench.process = Process(disk="No space left on device")
    await bench.minute(0)
    await bench.minute(1)
    payload, retained = bench.said()["site.disk"]
    assert retained
    body = json.loads(payload)
    assert list(body) == ["severity", "asset", "cause", "reading", "action", "since"]
    assert (body["severity"], body["asset"]) == ("high", "site")
    assert body["reading"] == "No space left on device"
    assert body["action"].startswith("The disk of the state directory takes nothing. Make room")


async def test_when_it_is_over_the_broker_forgets_it() -> None:
    bench = Watched()
    bench.process = Process(disk="full")
    await bench.minute(0)
    await bench.minute(1)
    bench.process = Process()
    for nth in range(2, 8):
        await bench.minute(nth)
    assert bench.said()["site.disk"] == (b"", True)
    assert bench.watch.levels()["alarms_standing"] == 0
    assert bench.watch.levels()["alarms_raised_total"] == 1


async def test_what_the_broker_did_not_hear_is_said_again() -> None:
    bench = Watched()
    bench.process = Process(disk="full")
    await bench.minute(0)
    bench.ear.deaf = True
    await bench.minute(1)
    assert bench.said() == {}
    bench.ear.deaf = False
    await bench.minute(2)
    assert bench.said()["site.disk"][0]


async def test_a_new_link_hears_what_stands() -> None:
    bench = Watched()
    bench.process = Process(disk="full")
    await bench.minute(0)
    await bench.minute(1)
    bench.ear.heard.clear()
    await bench.turns.announce(bench.core.event_ns, anew=False)
    assert bench.said() == {}
    await bench.turns.announce(bench.core.event_ns, anew=True)
    assert list(bench.said()) == ["site.disk"]


async def test_an_operator_puts_it_aside_and_is_answered() -> None:
    bench = Watched()
    bench.process = Process(disk="full")
    await bench.minute(0)
    await bench.minute(1)
    bench.turns.feed(
        [
            heard(
                "_op/shelve", b'{"id":"s-1","alarm":"site.disk","for_s":3600,"by":"Ada","reason":"a new disk comes"}'
            ),
            heard("_op/shelve", b'{"id":"s-2","alarm":"no.such","by":"Ada","reason":"x"}'),
        ],
        0.0,
    )
    await bench.minute(2)
    assert [(answer["id"], answer["accepted"]) for answer in bench.answers()] == [("s-1", True), ("s-2", False)]
    assert bench.said()["site.disk"] == (b"", True)
    standing = [json.loads(m.payload) for m in bench.ear.heard if m.topic.endswith("_twin/op")][-1]
    (shelf,) = standing["shelved"]
    assert (shelf["id"], shelf["by"], shelf["reason"]) == ("site.disk", "Ada", "a new disk comes")
    assert shelf["since"] < shelf["until"]
    (told,) = bench.book.facts("shelve")
    assert (told["order"]["alarm"], told["order"]["by"]) == ("site.disk", "Ada")
    assert [facts["what"] for facts in bench.book.facts("alarm")] == ["raised", "shelved"]
    assert len(bench.book.facts("refused_order")) == 1
    bench.turns.feed([heard("_op/unshelve", b'{"id":"s-3","alarm":"site.disk","by":"Ada","reason":"mended"}')], 0.0)
    await bench.minute(3)
    assert bench.said()["site.disk"][0]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"id":"s","alarm":"site.disk","until":"2026-05-18T00:00:00Z","by":"A","reason":"x"}', "already passed"),
        (b'{"id":"s","alarm":"site.disk","by":"A","reason":"x"}', "until 2026-05-19T04:03:00.000Z"),
        (b'{"id":"s","alarm":"site.disk","for_s":9e6,"by":"A","reason":"x"}', "until 2026-05-26T00:03:00.000Z"),
    ],
)
async def test_a_shelf_always_has_an_end(body: bytes, text: str) -> None:
    assert LONGEST_SHELF_S == 7 * 86_400.0
    bench = Watched()
    bench.process = Process(disk="full")
    await bench.minute(0)
    await bench.minute(1)
    bench.turns.feed([heard("_op/shelve", body)], 0.0)
    await bench.minute(2)
    assert text in bench.answers()[0]["text"]


async def test_it_is_stored_when_it_changes_and_a_full_disk_is_told_once() -> None:
    bench = Watched()
    await bench.minute(0)
    assert bench.stored == []
    bench.process = Process(disk="full")
    await bench.minute(1)
    await bench.minute(2)
    assert list(alarm_memory_of(bench.stored[-1]).standing) == ["site.disk"]
    bench.alarms_disk_full = True
    bench.process = Process(disk="full", connected=False)
    with capture_logs() as logs:
        for nth in range(3, 6):
            await bench.minute(nth)
    told = [line["event"] for line in logs if line["log_level"] == "error"]
    assert told == ["the alarms cannot be stored, they go on in memory"]


async def test_commands_of_somebody_else_are_heard_in_the_receivers_answers() -> None:
    bench = Watched()
    await bench.until_commands()
    stranger = b'{"seq":900,"epoch":7,"lease":"7.1","status":"applied","v":25.0,"ts":"2026-05-19T00:09:00Z"}'
    old = b'{"seq":1,"epoch":0,"lease":"0.1","status":"applied","v":25.0,"ts":"2026-05-19T00:09:00Z"}'
    bench.turns.feed([heard("_ack/h1/supply_air_sp_c", stranger), heard("_ack/h2/supply_air_sp_c", old)], 0.0)
    await bench.minute(8)
    foreign = [name for name in bench.said() if name.endswith("foreign")]
    assert foreign == ["h1.supply_air_sp_c.foreign"]


def test_sensors_that_the_gates_do_not_believe_are_an_alarm() -> None:
    core, watch = a_core(), Watch(known(), AlarmMemory())
    found = Finding("h1-r007/inlet_c", SensorFault.COMMISSIONING, START_NS, "reads like degF")
    raised = []
    for messages in minutes(3):
        core.feed(messages, 0.0)
        outcome = core.tick(core.event_ns, core.event_ns / NS_PER_S)
        raised += watch.cycle(core, replace(outcome, findings=(found,)))
    assert [(change.what, change.alarm.id) for change in raised] == [("raised", "h1.doubtful")]
    assert raised[0].alarm.cause == "sensors of h1 are not believed: h1-r007/inlet_c (commissioning)"
    assert raised[0].alarm.reading == "reads like degF"


def test_alarms_that_cannot_be_read_are_said_to_be_so() -> None:
    with pytest.raises(DataTooPoor):
        alarm_memory_of(b"what a power cut left")
    assert alarm_memory_of(b"") == AlarmMemory()


def test_a_flood_shows_in_the_metrics() -> None:
    watch = Watch(known(), AlarmMemory(raised_s=(1.0,) * 11))
    assert (watch.levels()["alarm_flood"], watch.levels()["alarms_10min"]) == (1.0, 11)
