"""A cassette holds what the loop took in, when it ran and what it decided, and all that a replay needs besides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.daemon.builders import START_NS, a_core, demo_order, demo_site, heard, minutes
from twin.daemon.core import Core, memory_bytes, memory_of, outcome_lines
from twin.daemon.cycle import Memory
from twin.daemon.recorder import ARITHMETIC, Recorder, open_cassette
from twin.domain.clock import NS_PER_S
from twin.domain.errors import TwinError
from twin.domain.messages import MessageIn
from twin.recording.cassette import CassetteReader
from twin.recording.entries import Decisions, Fed, Message, Tick


def opened(path: Path, memory: Memory | None = None) -> Recorder:
    return Recorder(open_cassette(path, demo_order(), memory or Memory(), event_time=True, started_ns=START_NS))


def test_what_happened_is_written_in_the_order_it_happened(tmp_path: Path) -> None:
    recorder = opened(tmp_path / "day.cassette")
    recorder.fed([heard("h1/room", b"\x00\xff", retain=True, received_ns=5)], 1.5)
    recorder.ticked(1, START_NS, 1.5, (("h1/supply_air_sp_c", 7),))
    recorder.decided(1, (b"line",))
    recorder.ticked(2, START_NS + 1, 2.5, ())
    recorder.decided(2, ())  # nothing decided, nothing written
    recorder.close()
    recorder.close()
    assert list(CassetteReader(tmp_path / "day.cassette").entries()) == [
        Fed(1.5, (Message(5, "dc/demo/h1/room", b"\x00\xff", 1, True),)),
        Tick(1, START_NS, 1.5, (("h1/supply_air_sp_c", 7),)),
        Decisions(1, (b"line",)),
        Tick(2, START_NS + 1, 2.5, ()),
    ]


def test_the_header_tells_a_replay_everything_it_needs(tmp_path: Path) -> None:
    core = a_core()
    core.feed(minutes(1)[0], 0.0)
    core.tick(core.event_ns, core.event_ns / NS_PER_S)
    opened(tmp_path / "day.cassette", core.memory).close()
    header = CassetteReader(tmp_path / "day.cassette").header
    site = demo_site()
    assert (header.site, header.config_hash, header.clock) == ("demo", site.config_hash, "event")
    assert (header.mode, header.controller, header.epoch, header.started_ns) == ("control", "predictive", 1, START_NS)
    assert memory_of(header.memory) == core.memory
    assert set(ARITHMETIC) | {"python", "machine"} == set(header.versions)
    on_disk = {name: (Path(site.directory) / name).read_bytes().decode() for name in header.files}
    assert header.files == on_disk
    assert "limits.toml" in on_disk


def test_a_recorded_stream_gives_the_recorded_lines_again(tmp_path: Path) -> None:
    path, live = tmp_path / "day.cassette", a_core()
    recorder = opened(path)
    for messages in minutes(8):
        recorder.fed(messages, 0.0)
        live.feed(messages, 0.0)
        mono_s = live.event_ns / NS_PER_S
        recorder.ticked(live.cycle_number + 1, live.event_ns, mono_s, ())
        recorder.decided(live.cycle_number + 1, outcome_lines(live.tick(live.event_ns, mono_s)))
    recorder.close()
    reader = CassetteReader(path)
    again = Core(demo_order(), memory_of(reader.header.memory), event_time=True)
    lines: tuple[bytes, ...] = ()
    compared = 0
    for entry in reader.entries():
        match entry:
            case Fed(mono_s, messages_in):
                told = [MessageIn(m.topic, m.payload, m.qos, m.retain, m.received_ns) for m in messages_in]
                again.feed(told, mono_s)
            case Tick(_, now_ns, mono_s, unsent):
                lines = outcome_lines(again.tick(now_ns, mono_s, unsent))
            case Decisions(cycle, recorded):
                assert (again.cycle_number, lines) == (cycle, recorded)
                compared += 1
    assert compared >= 2
    assert memory_bytes(again.memory) == memory_bytes(live.memory)


def test_without_a_cassette_nothing_is_written() -> None:
    recorder = Recorder(None)
    recorder.fed([heard("x", b"")], 0.0)
    recorder.ticked(1, 1, 1.0, ())
    recorder.decided(1, (b"x",))
    recorder.close()


def test_a_cassette_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(TwinError, match="cannot be written") as refused:
        opened(tmp_path / "no" / "such" / "place")
    assert str(tmp_path) in refused.value.where
