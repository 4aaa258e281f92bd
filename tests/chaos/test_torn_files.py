"""R8: whatever is left of the files, the next start works, misses no more than what was torn, and believes no lie."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.chaos.feed import SENSORS, a_fleet, ledger_of, pieces, readings
from tests.chaos.promise import Promise, scaled
from tests.chaos.torn import Damage, copied, tear
from twin.daemon.core import memory_bytes, memory_of
from twin.daemon.cycle import Memory
from twin.domain.clock import SystemClock
from twin.domain.errors import DataTooPoor
from twin.historian.blocks import Block, Priority, pack_samples
from twin.historian.history import HistoryReader
from twin.historian.sinks import Drain, DrainPolicy
from twin.historian.spool import Spool
from twin.historian.store import HistoryStore
from twin.kernels._cache import NOTES, forget_torn, stamp

TRIES = scaled(60, 1_000)
SIZES = (20, 100, 500, 2_000)  # samples a block: several on a page, and several pages for one
FEW_KERNELS = 80
STARTS = scaled(2, 40)
BLOCKS = 60
HISTORY = 60_000
KEEP_ALL_S = 1e9
PACKED = pack_samples(readings(HISTORY + 10_000_000, 500))
SPOOL = ("spool.db", "spool.db-wal")
PAGE, LOG_HEAD, FRAME_HEAD, PIECE = 4_096, 32, 24, 64


@dataclass(frozen=True, slots=True)
class Original:
    """A spool as a crash left it. `where`: block id -> (file, page) of every piece of it there is."""

    directory: Path
    blocks: dict[int, Block]
    where: dict[int, set[tuple[str, int]]]


async def written(directory: Path) -> Original:
    """A spool with its newest blocks in the log and older ones in the file; some had been delivered."""
    live = directory / "live"
    live.mkdir()
    spool = await Spool.open(live / "spool.db", a_fleet(), sinks=("influx",), clock=SystemClock())
    first = 0
    for nth in range(BLOCKS):
        size = SIZES[nth % len(SIZES)]
        await spool.append_samples(readings(first, size))
        await spool.append_records(Priority.CONTROL, [b'{"id":"%d"}' % nth])
        first += size
    await spool.advance("influx", 10)
    blocks = {block.id: block for block in await spool.read_after(0, 10**9)}
    crashed = directory / "crashed"
    crashed.mkdir()
    for name in SPOOL:
        shutil.copy(live / name, crashed / name)
    await spool.close()
    return Original(crashed, blocks, {number: _pages(crashed, block.packed) for number, block in blocks.items()})


def _pages(directory: Path, packed: bytes) -> set[tuple[str, int]]:
    """Every page of both files that holds a piece of these bytes."""
    found: set[tuple[str, int]] = set()
    for name in SPOOL:
        content = (directory / name).read_bytes()
        for start in range(0, max(1, len(packed) - PIECE), PIECE):
            at = content.find(packed[start : start + PIECE])
            while at >= 0:
                found |= {(name, _page(name, at)), (name, _page(name, at + PIECE - 1))}
                at = content.find(packed[start : start + PIECE], at + PIECE)
    return found


def _page(name: str, at: int) -> int:
    """Which page of a file a byte is on; pages of the log have a head each, and the log has one."""
    return (at - LOG_HEAD) // (FRAME_HEAD + PAGE) if name.endswith("-wal") else at // PAGE


def may_be_lost(original: Original, damage: Damage) -> set[int]:
    """Blocks with a part on the damaged page, or on the page of a cut and behind."""
    hit = _page(damage.name, damage.offset)

    def is_hit(name: str, page: int) -> bool:
        return name == damage.name and (page >= hit if damage.kind == "cut" else page == hit)

    return {number for number, places in original.where.items() if any(is_hit(*place) for place in places)}


@dataclass(slots=True)
class Tally:
    """What many damaged spools came to, in blocks."""

    altered: int = 0
    lost: int = 0
    beyond: int = 0  # lost although they were not torn


async def starts_of(original: Original, torn: Path, tries: int) -> Tally:
    """Damage copies of a spool, start on each, and look at what is left."""
    chance, tally = Random(8), Tally()
    for _ in range(tries):
        copied(original.directory, torn)
        damage = tear(torn, SPOOL, chance)
        spool = await Spool.open(torn / "spool.db", a_fleet(), sinks=("influx",), clock=SystemClock())
        newest = spool.newest_id
        await spool.append_samples(readings(0, 10))
        got = {block.id: block for block in await spool.read_after(0, 10**9) if block.id <= newest}
        account = (await spool.accounts())["influx"]
        await spool.close()
        assert account.received == account.stored + account.pending + account.dropped
        lost = set(original.blocks) - set(got)
        told = spool.health.damaged_blocks or spool.health.file_set_aside or damage.name != SPOOL[0]
        tally.altered += sum(got[i].packed != block.packed for i, block in original.blocks.items() if i in got)
        tally.altered += bool(lost and not told)
        tally.lost += len(lost)
        tally.beyond += len(lost - may_be_lost(original, damage))
    return tally


async def test_r8_a_torn_spool_starts_and_misses_no_more_than_what_was_torn(
    tmp_path: Path, promised: Callable[..., None]
) -> None:
    tally = await starts_of(await written(tmp_path), tmp_path / "torn", TRIES)
    promised(Promise("R8 spool: blocks altered unseen", TRIES, tally.altered, 0, tally.altered == 0))
    promised(Promise("R8 spool: lost beyond what was torn", TRIES, tally.beyond, 0, tally.beyond == 0), lost=tally.lost)


async def test_r8_a_build_that_gives_a_damaged_file_up_loses_what_was_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin.historian.spool.salvaged", lambda path, log: iter(()))
    assert (await starts_of(await written(tmp_path), tmp_path / "torn", 8)).beyond > 0


async def history_of(directory: Path) -> dict[int, float]:
    """A closed history with sealed and unsealed samples; returns the readings of sensor 7."""
    directory.mkdir()
    clock = SystemClock()
    spool = await Spool.open(directory / "spool.db", a_fleet(), sinks=("history",), clock=clock)
    store = await HistoryStore.open(directory / "history.db", clock, retention_s=KEEP_ALL_S)
    drain = Drain(spool, store, clock, policy=DrainPolicy(batch_items=20_000, resend_window_s=0.0))
    for start in (0, HISTORY // 2):
        for batch in pieces(start, HISTORY // 2, 2_000):
            await spool.append_samples(batch)
        await drain.catch_up()
        if start == 0:
            await store.seal()
    await spool.close()
    await store.close()
    return ledger_of(7, HISTORY)


async def test_r8_a_torn_history_starts_goes_on_and_keeps_what_is_whole(
    tmp_path: Path, promised: Callable[..., None]
) -> None:
    ledger = await history_of(tmp_path / "history")
    chance = Random(9)
    late = HISTORY + 10_000_000
    altered, beyond, refused = 0, 0, 0
    for nth in range(TRIES):
        copied(tmp_path / "history", tmp_path / "torn")
        damage = tear(tmp_path / "torn", ("history.db",), chance)
        store = await HistoryStore.open(tmp_path / "torn" / "history.db", SystemClock(), retention_s=KEEP_ALL_S)
        block = Block(10**6 + nth, Priority.TELEMETRY, 500, 1, 0, a_fleet(), readings(late, 500), (), PACKED)
        assert (await store.write([block])).refused == ()
        await store.close()
        found = read_back(tmp_path / "torn" / "history.db")
        if found is None:
            refused += 1
            continue
        altered += sum(ledger[ms] != value for ms, value in found.items() if ms in ledger)
        altered += sum(ms not in ledger and ms != late_ms(late) for ms in found)
        missing = len(ledger) - sum(ms in ledger for ms in found)
        beyond += damage.kind == "flip" and missing > len(ledger) // 2  # more than its one chunk or block
    promised(
        Promise("R8 history: samples altered unseen", TRIES, altered, 0, altered == 0),
        reads_refused=refused,
        flips_that_took_more_than_a_row=beyond,
    )


def read_back(path: Path) -> dict[int, float] | None:
    """ms -> value of sensor 7; None when the reader says that it cannot."""
    try:
        reader = HistoryReader(path)
        times, values, _ = reader.read("r7/inlet_c")
    except (ValueError, sqlite3.DatabaseError, DataTooPoor, KeyError):
        return None
    reader.close()
    return dict(zip((times // 1_000_000).tolist(), values.tolist(), strict=True))


def late_ms(first: int) -> int:
    """When sensor 7 was read in the block that was written after the damage."""
    batch = readings(first, SENSORS)
    return int(batch.source_ns[batch.point == 7][0]) // 1_000_000


def test_r8_a_torn_memory_never_keeps_the_daemon_from_starting(promised: Callable[..., None]) -> None:
    stored = memory_bytes(Memory())
    chance = Random(10)
    refused = read = 0
    for _ in range(TRIES):
        torn = bytearray(stored[: chance.randrange(len(stored))]) if chance.random() < 0.3 else bytearray(stored)
        if len(torn) == len(stored):
            torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
        try:
            memory_of(bytes(torn))
            read += 1
        except DataTooPoor:  # the daemon then begins with a fresh memory
            refused += 1
    crashed = TRIES - read - refused
    promised(Promise("R8 memory: starts that failed", TRIES, crashed, 0, crashed == 0), read_all_the_same=read)


WARM = (
    "from twin.model.warm import warm; from twin.shipped import shipped_config;"
    "from twin.sitefile.load import load_site; warm(load_site(shipped_config('demo')).facility)"
)


def start_with(cache: Path) -> int:
    """Warm every kernel from a cache; returns how the process ended."""
    env = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run([sys.executable, "-c", WARM], env=env, check=False, timeout=300).returncode


def test_r8_torn_kernels_are_compiled_anew(tmp_path: Path, promised: Callable[..., None]) -> None:
    shared, whole = Path(os.environ["NUMBA_CACHE_DIR"]), tmp_path / "whole" / stamp()
    assert start_with(shared) == 0
    shutil.copytree(shared, whole, ignore=shutil.ignore_patterns("*.tmp.*"))  # others may be compiling
    assert start_with(whole) == 0
    names = [str(path.relative_to(whole)) for path in whole.rglob("*.nb[ic]")]
    chance = Random(11)
    kept, failed = 0, 0
    torn_place = tmp_path / "torn" / stamp()
    few, part = chance.sample(names, min(FEW_KERNELS, len(names))), tmp_path / "part" / stamp()
    for name in (*few, NOTES):
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(whole / name, part / name)
    for _ in range(TRIES):
        copied(part, torn_place)
        damage = tear(torn_place, few, chance)
        forget_torn(torn_place)
        kept += sum(path.name == damage.name for path in torn_place.rglob("*.nb[ic]")) - _namesakes(few, damage)
    for _ in range(STARTS):
        copied(whole, torn_place)
        tear(torn_place, names, chance)
        failed += start_with(torn_place) != 0
    promised(Promise("R8 kernels: torn files not seen", TRIES, kept, 0, kept == 0))
    promised(Promise("R8 kernels: starts that failed", STARTS, failed, 0, failed == 0))


def _namesakes(names: list[str], damage: Damage) -> int:
    """Other files of the same name, in other directories: they stay."""
    return sum(Path(name).name == damage.name for name in names) - 1
