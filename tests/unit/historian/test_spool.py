"""The spool: nothing acknowledged before it is on disk, every item accounted for, and damage never stops it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.unit.historian.builders import ManualClock, a_batch, a_catalogue, a_decision
from twin.historian.blocks import Priority
from twin.historian.series import Catalogue
from twin.historian.spool import Spool
from twin.historian.spool_db import Account, Connect, DeadLetter, SpoolLimits, open_database

OpenSpool = Callable[..., Awaitable[Spool]]


@pytest.fixture
async def open_spool(tmp_path: Path) -> AsyncIterator[OpenSpool]:
    """Open the spool of this test, closing the one before."""
    opened: list[Spool] = []

    async def open_again(
        *,
        catalogue: Catalogue | None = None,
        sinks: tuple[str, ...] = ("a",),
        limits: SpoolLimits | None = None,
        clock: ManualClock | None = None,
        connect: Connect = open_database,
    ) -> Spool:
        while opened:
            await opened.pop().close()
        spool = await Spool.open(
            tmp_path / "spool.db",
            catalogue or a_catalogue(),
            sinks=sinks,
            limits=limits,
            clock=clock or ManualClock(),
            connect=connect,
        )
        opened.append(spool)
        return spool

    yield open_again
    while opened:
        await opened.pop().close()


def assert_exact(account: Account) -> None:
    assert account.received == account.stored + account.pending + account.dropped


async def test_what_was_appended_is_there_after_opening_again(open_spool: OpenSpool) -> None:
    spool = await open_spool()
    await spool.append_samples(a_batch((0, 0, 20.0), (1, 0, 21.0)))
    await spool.append_records(Priority.CONTROL, [a_decision()])
    again = await open_spool()
    blocks = await again.read_after(0, 100)
    assert [block.samples.value.tolist() for block in blocks] == [[20.0, 21.0], []]
    assert blocks[1].records == (a_decision(),)
    assert blocks[1].priority is Priority.CONTROL


async def test_an_append_returns_only_after_the_commit(open_spool: OpenSpool, tmp_path: Path) -> None:
    spool = await open_spool()
    await spool.append_samples(a_batch((0, 0, 20.0)))
    with sqlite3.connect(tmp_path / "spool.db") as other:
        assert other.execute("SELECT SUM(n) FROM blocks").fetchone() == (1,)
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_appends_that_wait_together_share_a_commit(open_spool: OpenSpool) -> None:
    spool = await open_spool()
    await asyncio.gather(*(spool.append_samples(a_batch((0, s, 20.0))) for s in range(50)))
    assert spool.health.commits < 50
    assert (await spool.accounts())["a"].received == 50


async def test_a_cancelled_append_takes_nobody_else_along(open_spool: OpenSpool) -> None:
    spool = await open_spool()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(spool.append_samples(a_batch((0, s, 20.0)))) for s in range(10)]
        await asyncio.sleep(0)
        tasks[3].cancel()
    assert [task.cancelled() for task in tasks].count(True) == 1
    assert (await spool.accounts())["a"].received >= 9


async def test_each_sink_has_its_own_position(open_spool: OpenSpool) -> None:
    spool = await open_spool(sinks=("a", "b"))
    for second in range(3):
        await spool.append_samples(a_batch((0, second, 20.0)))
    await spool.advance("a", 2)
    accounts = await spool.accounts()
    assert accounts["a"] == Account(position=2, received=3, stored=2, pending=1, dropped=0)
    assert accounts["b"] == Account(position=0, received=3, stored=0, pending=3, dropped=0)
    assert len(await spool.read_after(0, 100)) == 3  # b still needs them
    await spool.advance("b", 3)
    assert [block.id for block in await spool.read_after(0, 100)] == [3]


async def test_refused_items_are_counted_as_dropped(open_spool: OpenSpool) -> None:
    spool = await open_spool()
    await spool.append_samples(a_batch((0, 0, 1.0), (1, 0, 2.0), (2, 0, 3.0)))
    await spool.advance("a", 1, refused=1)
    assert (await spool.accounts())["a"] == Account(position=1, received=3, stored=2, pending=0, dropped=1)


async def test_advancing_backwards_or_twice_changes_nothing(open_spool: OpenSpool) -> None:
    spool = await open_spool()
    await spool.append_samples(a_batch((0, 0, 1.0)))
    await spool.advance("a", 1, refused=1)
    await spool.advance("a", 1, refused=1)
    await spool.advance("a", 0)
    assert (await spool.accounts())["a"] == Account(position=1, received=1, stored=0, pending=0, dropped=1)


async def test_block_ids_are_never_given_twice(open_spool: OpenSpool) -> None:
    spool = await open_spool()
    await spool.append_samples(a_batch((0, 0, 1.0)))
    await spool.advance("a", 1)
    again = await open_spool()
    await again.append_samples(a_batch((0, 1, 1.0)))
    assert again.newest_id == 2


async def test_a_sink_no_longer_configured_holds_nothing_back(open_spool: OpenSpool) -> None:
    spool = await open_spool(sinks=("a", "gone"))
    await spool.append_samples(a_batch((0, 0, 1.0)))
    spool = await open_spool(sinks=("a",))
    await spool.append_samples(a_batch((0, 1, 1.0)))
    await spool.advance("a", 2)
    assert await spool.read_after(0, 100) == []
    spool = await open_spool(sinks=("a", "gone"))
    for account in (await spool.accounts()).values():
        assert_exact(account)


async def test_above_its_size_the_oldest_of_the_lowest_class_goes_first(open_spool: OpenSpool) -> None:
    spool = await open_spool(limits=SpoolLimits(max_bytes=2_000))
    await spool.append_records(Priority.SAFETY, [b"s" * 10])
    await spool.append_records(Priority.CONTROL, [b"c" * 10])
    for second in range(100):
        await spool.append_samples(a_batch((0, second, second * 1.1)))
    blocks = await spool.read_after(0, 1_000)
    assert [block.priority for block in blocks[:2]] == [Priority.SAFETY, Priority.CONTROL]
    assert blocks[-1].samples.value.tolist() == [99 * 1.1]
    telemetry = [block.id for block in blocks[2:]]
    assert telemetry == list(range(telemetry[0], 103))  # the newest, without a hole
    assert spool.health.held_bytes <= 2_000
    account = (await spool.accounts())["a"]
    assert account.dropped == spool.health.shed_items == 102 - len(blocks)
    assert_exact(account)


async def test_what_is_too_old_is_dropped_and_counted(open_spool: OpenSpool) -> None:
    clock = ManualClock()
    spool = await open_spool(limits=SpoolLimits(max_age_s=3_600.0), clock=clock)
    await spool.append_samples(a_batch((0, 0, 1.0)))
    clock.pass_s(3_700.0)
    await spool.append_samples(a_batch((0, 1, 2.0)))
    assert [block.id for block in await spool.read_after(0, 100)] == [2]
    assert (await spool.accounts())["a"].dropped == 1


@pytest.mark.parametrize(
    "damage",
    [
        "packed = CAST(substr(packed, 1, 20) || x'00' || substr(packed, 22) AS BLOB)",
        "packed = CAST(x'ff' || packed AS TEXT)",
        "packed = NULL",
        "n = 2",
        "n = 'x'",
        "class = 7",
        "created_ns = created_ns + 1",
        "catalogue = 'none'",
    ],
)
async def test_a_damaged_block_is_put_aside_and_counted(open_spool: OpenSpool, tmp_path: Path, damage: str) -> None:
    spool = await open_spool()
    for second in range(3):
        await spool.append_samples(a_batch((0, second, 1.0)))
    with sqlite3.connect(tmp_path / "spool.db") as other:
        other.execute("PRAGMA writable_schema=ON")
        other.execute("UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'blocks'")
    with sqlite3.connect(tmp_path / "spool.db") as other:
        other.execute(f"UPDATE blocks SET {damage} WHERE id = 2")
    assert [block.id for block in await spool.read_after(0, 100)] == [1, 3]
    assert spool.health.damaged_blocks == 1
    assert (await spool.accounts())["a"] == Account(position=0, received=3, stored=0, pending=2, dropped=1)


async def test_a_file_that_is_no_spool_is_moved_aside(open_spool: OpenSpool, tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"not a database at all " * 100)
    spool = await open_spool()
    await spool.append_samples(a_batch((0, 0, 1.0)))
    assert Path(spool.health.file_set_aside).read_bytes().startswith(b"not a database")


async def test_a_full_disk_is_waited_out_and_the_oldest_telemetry_makes_room(open_spool: OpenSpool) -> None:
    # given: a disk that holds 40 pages
    connections: list[sqlite3.Connection] = []

    def connect_to_a_small_disk(path: Path) -> sqlite3.Connection:
        connection = open_database(path)
        connection.execute("PRAGMA max_page_count=40")
        connections.append(connection)
        return connection

    clock = ManualClock()
    spool = await open_spool(connect=connect_to_a_small_disk, clock=clock)
    await spool.append_records(Priority.SAFETY, [b"keep me"])
    # when: far more than it holds is written
    for second in range(300):
        await spool.append_samples(a_batch(*[(k % 4, second + 0.001 * k, second * 1.7 + k / 3) for k in range(60)]))
    # then: every append returned, the newest is there, and the account is exact
    blocks = await spool.read_after(0, 10**6)
    assert blocks[0].records == (b"keep me",)
    assert blocks[-1].samples.value[-1] == 299 * 1.7 + 59 / 3
    assert spool.health.failures > 0
    assert spool.health.writable
    account = (await spool.accounts())["a"]
    assert account.received == 1 + 300 * 60
    assert account.dropped > 0
    assert_exact(account)


async def test_a_disk_that_takes_nothing_keeps_the_append_waiting_until_it_does(open_spool: OpenSpool) -> None:
    writers: list[sqlite3.Connection] = []

    def connect(path: Path) -> sqlite3.Connection:
        writers.append(open_database(path))
        return writers[-1]

    spool = await open_spool(connect=connect)
    writers[0].execute("PRAGMA query_only=ON")
    async with asyncio.TaskGroup() as group:
        append = group.create_task(spool.append_samples(a_batch((0, 0, 1.0))))
        while spool.health.failures < 3:
            await asyncio.sleep(0.001)
        assert not append.done()
        assert not spool.health.writable
        writers[0].execute("PRAGMA query_only=OFF")
    assert spool.health.writable
    assert (await spool.accounts())["a"].received == 1


async def test_blocks_written_under_another_configuration_keep_their_names(open_spool: OpenSpool) -> None:
    spool = await open_spool(catalogue=a_catalogue(2, hall="h1"))
    await spool.append_samples(a_batch((1, 0, 1.0)))
    spool = await open_spool(catalogue=a_catalogue(3, hall="h9"))
    await spool.append_samples(a_batch((2, 0, 1.0)))
    halls = [block.catalogue.series[block.samples.point[0]].hall for block in await spool.read_after(0, 100)]
    assert halls == ["h1", "h9"]


async def test_a_point_outside_the_catalogue_is_refused(open_spool: OpenSpool) -> None:
    spool = await open_spool()
    with pytest.raises(ValueError, match="outside the catalogue"):
        await spool.append_samples(a_batch((4, 0, 1.0)))


async def test_a_dead_letter_is_kept_once_with_the_servers_words(open_spool: OpenSpool) -> None:
    spool = await open_spool()
    for _ in range(2):
        await spool.bury("a", [DeadLetter("bad line", "400: no")])
    assert await spool.dead_letters("a") == [DeadLetter("bad line", "400: no")]
