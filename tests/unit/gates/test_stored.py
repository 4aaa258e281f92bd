"""State of the version before, which knew no gates, still loads; what it had is kept and the rest begins anew."""

from __future__ import annotations

import msgspec

from tests.unit.daemon.builders import a_core, minutes
from twin.daemon.core import memory_bytes, memory_of
from twin.domain.clock import NS_PER_S
from twin.gates.memory import GateMemory


def test_a_memory_without_gates_is_read_and_begins_to_learn() -> None:
    core = a_core()
    for messages in minutes(3):
        core.feed(messages, 0.0)
        core.tick(core.event_ns, core.event_ns / NS_PER_S)
    stored = msgspec.msgpack.decode(memory_bytes(core.memory))
    assert stored.pop("gates")["columns"]
    stored["estimate"]["rack_jumped"] = [0] * 200
    before = memory_of(msgspec.msgpack.encode(stored))
    assert before.gates == GateMemory()
    assert before.estimate == core.memory.estimate
    assert memory_of(memory_bytes(core.memory)).gates == core.memory.gates
