"""A history whose file is damaged: the store goes on, with every row that is whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from tests.unit.historian.builders import START_NS, ManualClock, a_catalogue
from twin.domain.clock import NS_PER_S
from twin.domain.samples import SampleBatch
from twin.historian.blocks import Block, Priority, checksum, pack_samples
from twin.historian.history import HistoryReader
from twin.historian.store import HistoryStore

PAGE = 4_096
ROUNDS = 400
KEEP_ALL_S = 1e9


def a_block(number: int) -> Block:
    """Four racks, ten readings each."""
    k = np.arange(40)
    ns = START_NS + (number * 10 + k // 4) * NS_PER_S // 100
    samples = SampleBatch((k % 4).astype(np.int32), ns, ns, number + k / 7.0, np.zeros(40, np.uint8))
    packed = pack_samples(samples)
    crc = checksum(0, 40, 0, packed)
    return Block(number, Priority.TELEMETRY, 40, crc, 0, a_catalogue(), samples, (), packed)


async def a_history(path: Path) -> None:
    store = await HistoryStore.open(path, ManualClock(), retention_s=KEEP_ALL_S)
    await store.write([a_block(number) for number in range(ROUNDS)])
    await store.close()


def readings_in(path: Path, point: str = "r2/inlet_c") -> int:
    reader = HistoryReader(path)
    times, _, _ = reader.read(point)
    reader.close()
    return len(times)


async def after_one_more(path: Path) -> HistoryStore:
    store = await HistoryStore.open(path, ManualClock(), retention_s=KEEP_ALL_S)
    await store.write([a_block(ROUNDS)])
    await store.close()
    return store


async def test_a_history_that_is_none_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(b"not a database at all " * 1_000)
    store = await after_one_more(path)
    assert store.health.files_set_aside == 1
    assert readings_in(path) == 10
    assert len(list(tmp_path.glob("history.db.damaged-*"))) >= 1


async def test_a_history_cut_short_keeps_what_is_left(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await a_history(path)
    whole = readings_in(path)
    path.write_bytes(path.read_bytes()[: -5 * PAGE])
    store = await after_one_more(path)
    assert store.health.files_set_aside == 1
    assert whole // 2 < readings_in(path) < whole + 10


async def test_a_page_of_noise_costs_no_more_than_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await a_history(path)
    whole = readings_in(path)
    content = bytearray(path.read_bytes())
    middle = len(content) // PAGE // 2 * PAGE
    content[middle : middle + PAGE] = bytes([0xA5]) * PAGE
    path.write_bytes(content)
    store = await HistoryStore.open(path, ManualClock(), retention_s=KEEP_ALL_S)
    store._rescue(sqlite3.DatabaseError("as a reader would say"), [a_catalogue()])
    await store.close()
    assert whole - 200 <= readings_in(path) < whole


async def test_a_series_whose_name_is_damaged_gets_it_back(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await a_history(path)
    whole = readings_in(path)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE series SET name = 'inlet_x' WHERE point = 'r2/inlet_c'")
    store = await HistoryStore.open(path, ManualClock(), retention_s=KEEP_ALL_S)
    await store.write([a_block(ROUNDS)])
    await store.seal()
    await store.close()
    assert readings_in(path) == whole + 10


async def test_a_list_of_tables_that_cannot_be_read_costs_no_row(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    await a_history(path)
    whole = readings_in(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE", b"DREATE TABLE"))
    store = await after_one_more(path)
    assert store.health.files_set_aside == 1
    assert readings_in(path) == whole + 10
