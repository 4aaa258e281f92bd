"""A spool whose file or log is damaged: what proves itself is kept, whatever SQLite says of the rest."""

from __future__ import annotations

import math
import shutil
import sqlite3
from pathlib import Path

from tests.unit.historian.builders import ManualClock, a_batch, a_catalogue, a_decision
from twin.historian.blocks import Priority
from twin.historian.salvage import PAGE, log_is_torn, salvaged
from twin.historian.spool import Spool

BLOCKS = 40


async def opened(path: Path) -> Spool:
    return await Spool.open(path, a_catalogue(), sinks=("a",), clock=ManualClock())


async def a_spool(path: Path) -> None:
    """Forty blocks of growing size, the largest over many pages."""
    spool = await opened(path)
    for nth in range(BLOCKS):
        await spool.append_samples(a_batch(*[(k % 4, nth + k / 1e3, nth / 7 + k * 1.1) for k in range(1 + nth**2)]))
    await spool.append_records(Priority.CONTROL, [a_decision()])
    await spool.close()


async def ids_in(spool: Spool) -> list[int]:
    return [block.id for block in await spool.read_after(0, 10**9)]


async def a_crashed_spool(directory: Path) -> Path:
    """As `kill -9` leaves it: the newest blocks are in the log alone."""
    spool = await opened(directory / "live.db")
    for nth in range(BLOCKS):
        await spool.append_samples(a_batch((0, nth, 1.5 * nth)))
    for suffix in ("", "-wal"):
        shutil.copy(directory / f"live.db{suffix}", directory / f"spool.db{suffix}")
    await spool.close()
    return directory / "spool.db"


def turned(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x10
    path.write_bytes(content)


async def test_everything_proves_itself_in_a_whole_file(tmp_path: Path) -> None:
    await a_spool(tmp_path / "spool.db")
    found = {item.id for item in salvaged(tmp_path / "spool.db", b"") if hasattr(item, "id")}
    assert found == set(range(1, BLOCKS + 2))


async def test_a_file_without_its_head_gives_back_every_block(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    await a_spool(path)
    path.write_bytes(bytes(PAGE) + path.read_bytes()[PAGE:])
    spool = await opened(path)
    assert await ids_in(spool) == list(range(1, BLOCKS + 2))
    account = (await spool.accounts())["a"]
    assert account.received == account.pending == sum(1 + nth**2 for nth in range(BLOCKS)) + 1
    assert Path(spool.health.file_set_aside).exists()
    await spool.close()


async def test_a_file_cut_short_gives_back_what_is_left_of_it(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    await a_spool(path)
    whole = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-100])
    spool = await opened(path)
    assert len(await ids_in(spool)) >= BLOCKS
    assert await spool.append_samples(a_batch((0, 0, 1.0))) is None
    assert Path(spool.health.file_set_aside).stat().st_size < whole
    await spool.close()


async def test_a_bad_frame_in_the_log_does_not_take_the_later_ones_along(tmp_path: Path) -> None:
    path = await a_crashed_spool(tmp_path)
    log_path = path.with_name("spool.db-wal")
    whole = log_path.read_bytes()
    assert not log_is_torn(whole)
    turned(log_path, 32 + 60 * (24 + PAGE) + 2_000)
    assert log_is_torn(log_path.read_bytes())
    spool = await opened(path)
    assert len(await ids_in(spool)) >= BLOCKS - 3  # small blocks: a few share the page of the bad frame
    await spool.close()


async def test_a_bit_in_the_catalogue_does_not_cost_the_blocks(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    await a_spool(path)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE catalogues SET body = replace(body, 'r1', 'r9')")
    spool = await opened(path)
    assert len(await ids_in(spool)) == BLOCKS + 1
    await spool.close()


async def test_a_full_disk_leaves_a_ring_and_says_when_it_is_over(tmp_path: Path) -> None:
    clock = ManualClock()
    spool = await Spool.open(tmp_path / "spool.db", a_catalogue(), sinks=("a",), clock=clock)
    spool._writer.grow(may=False)
    for second in range(400):
        await spool.append_samples(
            a_batch(*[(k % 4, second + k / 1e4, math.sin(second * 900 + k)) for k in range(900)])
        )
    assert spool.health.full
    assert spool.health.writable
    account = (await spool.accounts())["a"]
    assert account.received == 400 * 900 == account.pending + account.dropped
    newest = (await spool.read_after(0, 10**9))[-1]
    await spool.advance("a", newest.id)
    clock.pass_s(10.0)
    await spool.append_samples(a_batch((0, 999, 1.0)))
    assert not spool.health.full
    await spool.close()
