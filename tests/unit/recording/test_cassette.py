"""A cassette gives back exactly what was put in, and survives a torn end."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.domain.errors import DataTooPoor
from twin.recording.cassette import CassetteReader, CassetteWriter
from twin.recording.entries import Decisions, Entry, Fed, Header, Message, Tick

HEADER = Header(
    format=1,
    version="0.1.0",
    versions={"numpy": "2"},
    site="demo",
    config_hash="ab",
    files={"site.toml": "x = 1\n"},
    clock="event",
    mode="shadow",
    controller="hold",
    epoch=3,
    started_ns=1,
    memory=b"{}",
)
ENTRIES: list[Entry] = [
    Fed(1.5, (Message(10, "dc/demo/h1", b"\x00\xff", 1, False),)),
    Tick(1, 60_000_000_000, 60.0, (("h1/x", 7),)),
    Decisions(1, (b'{"id":"3-1-h1-x"}',)),
]


def written(path: Path, entries: list[Entry]) -> Path:
    with CassetteWriter(path, HEADER) as cassette:
        for entry in entries:
            cassette.append(entry)
    return path


def test_reads_back_header_and_entries_in_order(tmp_path: Path) -> None:
    reader = CassetteReader(written(tmp_path / "a.cassette", ENTRIES))
    assert reader.header == HEADER
    assert list(reader.entries()) == ENTRIES
    assert not reader.torn


@given(cut=st.integers(1, 60))
def test_a_torn_end_loses_only_the_last_frame(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = written(tmp_path_factory.mktemp("c") / "a.cassette", ENTRIES)
    whole = path.read_bytes()
    with CassetteWriter(path, HEADER) as cassette:
        for entry in ENTRIES:
            cassette.append(entry)
            cassette.flush()
    longer = path.read_bytes()
    path.write_bytes(longer[: max(len(longer) - cut, len(whole) - 80)])
    reader = CassetteReader(path)
    kept = list(reader.entries())
    assert kept == ENTRIES[: len(kept)]
    assert len(kept) < len(ENTRIES)


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "a.cassette", ENTRIES)
    data = bytearray(path.read_bytes())
    data[-3] ^= 0x40
    path.write_bytes(bytes(data))
    reader = CassetteReader(path)
    assert list(reader.entries()) == []
    assert reader.torn


def test_refuses_a_file_that_is_no_cassette(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    with pytest.raises(DataTooPoor, match="not a cassette"):
        CassetteReader(tmp_path / "x")
