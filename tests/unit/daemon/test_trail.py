"""What goes into the audit log in a turn: commands before they leave, orders with their answers, rights, refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import msgspec

from controllers.guard.authority import AuthorityMemory, Override
from tests.unit.daemon.builders import HandClock, a_core, heard, minutes
from tests.unit.daemon.test_turns import Bench
from twin.audit.file import AuditFile, Entry
from twin.audit.log import AuditLog
from twin.daemon.trail import MOST_REFUSED, Trail, first_entries, start_facts
from twin.domain.clock import NS_PER_S


class Book:
    """Stands in for the log: keeps the entries, and how often somebody waited for it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.waited_for: list[int] = []

    def put(self, entries: Sequence[Entry]) -> None:
        self.entries += entries

    async def in_file(self, _limit_s: float) -> bool:
        self.waited_for.append(len(self.entries))
        return True

    def facts(self, kind: str) -> list[Mapping[str, Any]]:
        return [entry.facts for entry in self.entries if entry.kind == kind]


class Booked(Bench):
    """Turns with a trail, and the book beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.turns._trail = Trail(cast("AuditLog", self.book), self.clock)


async def test_a_command_is_in_the_log_before_it_leaves_and_as_it_leaves() -> None:
    bench = Booked()
    await bench.until_commands()
    told = bench.book.facts("command")
    assert [bytes(facts["sent"]) for facts in told] == [command.payload for command in bench.ear.commands()]
    assert {facts["point"] for facts in told} >= {"h1/supply_air_sp_c"}
    assert bench.book.waited_for  # the file was waited for with the commands in it
    kinds = [entry.kind for entry in bench.book.entries[: bench.book.waited_for[0]]]
    assert "command" in kinds


async def test_commands_that_did_not_get_through_are_told_too() -> None:
    bench = Booked()
    bench.ear.deaf = True
    await bench.until_commands()
    (unsent,) = bench.book.facts("unsent")
    assert [one["point"] for one in unsent["commands"]] == [facts["point"] for facts in bench.book.facts("command")]
    assert unsent["why"] == "nobody is there"


async def test_leaving_writes_the_releases_and_the_stop() -> None:
    bench = Booked()
    await bench.until_commands()
    await bench.turns.leave(bench.core.event_ns)
    released = {facts["point"] for facts in bench.book.facts("release")}
    assert released == {facts["point"] for facts in bench.book.facts("command")}
    assert bench.book.entries[-1].kind == "stop"


async def test_orders_stand_with_who_why_and_their_answer() -> None:
    bench = Booked()
    order = b'{"id":"n-1","point":"h1/supply_air_sp_c","v":20.0,"by":"Ada","reason":"hot spot"}'
    bench.turns.feed(
        [heard("_op/override", order), heard("_op/mode", b'{"mode":"party","by":"Ada","reason":"x"}')], 0.0
    )
    await bench.minute(0)
    (taken,) = bench.book.facts("override")
    assert (taken["order"]["by"], taken["order"]["reason"], taken["order"]["value"]) == ("Ada", "hot spot", 20.0)
    assert "fixed at 20" in taken["answer"]
    (refused,) = bench.book.facts("refused_order")
    assert refused["order"]["mode"] == "party"
    assert "no mode is called" in refused["answer"]


async def test_orders_that_cannot_be_read_are_kept_but_do_not_fill_the_disk() -> None:
    bench = Booked()
    bench.turns.feed([heard("_op/override", b"\xff not json " + b"y" * 5000) for _ in range(100)], 0.0)
    await bench.minute(0)
    told = bench.book.facts("refused_order")
    assert len(told) == MOST_REFUSED + 1
    assert told[0]["topic"].endswith("_op/override")
    assert len(told[0]["said"]) < 300
    assert told[-1]["count"] == 100 - MOST_REFUSED
    msgspec.json.encode(told)


async def test_a_change_of_rights_is_told_once() -> None:
    bench = Booked()
    await bench.until_commands()
    changes = [facts for facts in bench.book.facts("rights") if facts["point"] == "h1/supply_air_sp_c"]
    assert [(facts["from"], facts["to"]) for facts in changes] == [("shadow", "control")]


async def test_an_order_that_ends_by_time_is_told() -> None:
    core, book = a_core(), Book()
    trail = Trail(cast("AuditLog", book), HandClock())
    core.feed(minutes(1)[0], 0.0)
    outcome = core.tick(core.event_ns, core.event_ns / NS_PER_S)
    stood = AuthorityMemory(overrides=(Override("h1/supply_air_sp_c", 20.0, "Ada", "", core.event_ns),))
    trail.cycle(core.order, stood, AuthorityMemory(), outcome)
    assert [facts["point"] for facts in book.facts("ended")] == ["h1/supply_air_sp_c"]
    released = replace(stood, overrides=(replace(stood.overrides[0], until_ns=0),))
    trail.cycle(core.order, released, AuthorityMemory(), outcome)
    assert len(book.facts("ended")) == 1  # that one was released, not over


async def test_a_refusal_of_the_second_checker_is_told() -> None:
    core, book = a_core(), Book()
    core.feed(minutes(1)[0], 0.0)
    outcome = replace(core.tick(core.event_ns, 0.0), refusals=("h1/supply_air_sp_c: 25.5 is outside 18 to 25",))
    Trail(cast("AuditLog", book), HandClock()).cycle(core.order, AuthorityMemory(), AuthorityMemory(), outcome)
    assert [facts["refused"] for facts in book.facts("checker")] == ["h1/supply_air_sp_c: 25.5 is outside 18 to 25"]


def test_a_start_tells_what_is_not_as_it_was() -> None:
    facts = start_facts(a_core().order, "2.0", event_time=True)

    class Last:
        standing = facts | {"version": "1.0", "limits": "aa"}

    kinds = [(entry.kind, entry.facts.get("what")) for entry in first_entries(cast("AuditFile", Last()), facts, 1)]
    assert kinds == [("start", None), ("configuration", "version"), ("configuration", "limits")]


def test_the_first_start_of_all_changes_nothing() -> None:
    class Fresh:
        standing: Mapping[str, Any] = {}

    facts = start_facts(a_core().order, "2.0", event_time=True)
    assert [entry.kind for entry in first_entries(cast("AuditFile", Fresh()), facts, 1)] == ["start"]
