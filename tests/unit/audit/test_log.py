"""The one writer: nobody waits for it longer than he wants to, a kill takes nothing away, a full disk is survived."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

from tests.chaos.disks import Ballast, small_disk
from twin.audit.file import AuditFile, Entry
from twin.audit.log import AuditLog
from twin.audit.segments import entries, verified
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.timestamps import ns_of_iso

DAY_NS = ns_of_iso("2026-05-19T00:00:00Z")
KILLS = 100 if os.environ.get("TWIN_TEST_SCALE") == "nightly" else 6


def an_entry(i: int, size: int = 0) -> Entry:
    return Entry("command", DAY_NS + i * NS_PER_S // 1000, {"i": i, "filler": "x" * size})


def a_start(_file: AuditFile) -> list[Entry]:
    return [Entry("start", DAY_NS, {"version": "1"})]


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[AuditLog]:
    log = AuditLog(directory, SystemClock(), a_start)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(log.run())
        try:
            yield log
        finally:
            task.cancel()
    await log.close()


def numbers(directory: Path) -> list[int]:
    return [entry["i"] for entry in entries(directory, kinds=("command",))]


async def test_a_start_is_written_without_being_asked(tmp_path: Path) -> None:
    async with running(tmp_path / "audit") as log:
        await log.flush(5.0)
    assert [entry["kind"] for entry in entries(tmp_path / "audit")] == ["segment", "start"]


async def test_entries_stand_in_the_order_they_were_put(tmp_path: Path) -> None:
    async with running(tmp_path) as log:
        for i in range(500):
            log.put((an_entry(i),))
            if i % 50 == 0:
                assert await log.in_file(5.0)
        await log.flush(5.0)
        assert (log.health.waiting, log.health.lost, log.health.late) == (0, 0, 0)
    assert numbers(tmp_path) == list(range(500))
    assert verified(tmp_path).faults == ()


async def test_what_is_said_to_be_in_the_file_is_there_also_across_midnight(tmp_path: Path) -> None:
    async with running(tmp_path) as log:
        for day in range(1, 6):
            log.put([Entry("command", DAY_NS + day * 86_400 * NS_PER_S - 1 + i, {"i": 2 * day + i}) for i in range(2)])
            assert await log.in_file(5.0)
            assert numbers(tmp_path)[-1] == 2 * day + 1
    assert verified(tmp_path).faults == ()


async def test_nobody_waits_longer_than_he_wants_to(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, SystemClock(), a_start)  # nobody runs it
    log.put((an_entry(1),))
    began_s = time.monotonic()
    assert not await log.in_file(0.05)
    assert time.monotonic() - began_s < 1.0
    assert log.health.late == 1
    await log.close()


# writes entries numbered from argv[2] on, and tells a number only once its line is in the file
CHILD = """
import asyncio, os, sys
from pathlib import Path
from tests.unit.audit.test_log import a_start, an_entry
from twin.audit.log import AuditLog
from twin.domain.clock import SystemClock

async def main():
    log = AuditLog(Path(sys.argv[1]), SystemClock(), a_start)
    async with asyncio.TaskGroup() as group:
        group.create_task(log.run())
        for i in range(int(sys.argv[2]), 10**9):
            log.put((an_entry(i, size=i % 3000),))
            if await log.in_file(5.0):
                os.write(1, b"%d\\n" % i)

asyncio.run(main())
"""


def test_kill_9_takes_no_line_away_that_was_in_the_file(tmp_path: Path) -> None:
    told: list[int] = []
    chance = Random(3)
    for kill in range(KILLS):
        told += told_until_killed(tmp_path, kill * 10**6, chance.uniform(0.0, 0.2))
        assert verified(tmp_path).faults == ()
    AuditFile(tmp_path).close()  # heals what the last kill tore
    found = numbers(tmp_path)
    assert len(told) > KILLS
    assert set(told) <= set(found)
    assert len(found) == len(set(found))
    report = verified(tmp_path)
    assert (report.faults, report.notes) == ((), ())


def told_until_killed(directory: Path, first: int, after_s: float) -> list[int]:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(directory), str(first)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    said = b""
    assert select.select([child.stdout], [], [], 30.0)[0], "it says nothing"
    until_s = time.monotonic() + after_s
    while (left_s := until_s - time.monotonic()) > 0.0:
        if select.select([child.stdout], [], [], left_s)[0]:
            said += os.read(child.stdout.fileno(), 65536)
    child.send_signal(signal.SIGKILL)
    said += child.stdout.read()
    child.wait()
    return [int(line) for line in said.splitlines(keepends=True) if line.endswith(b"\n")]


async def test_a_full_disk_holds_nobody_up_and_everything_is_written_once_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        ballast = Ballast(disk)
        async with running(disk / "audit") as log:
            log.put([an_entry(i) for i in range(10)])
            await log.flush(5.0)
            ballast.leave_free(0)
            for i in range(10, 200):
                log.put((an_entry(i, size=500),))
            assert not await log.in_file(0.2)
            assert not log.health.writable
            assert log.health.waiting > 0
            ballast.remove()
            await log.flush(20.0)
            assert log.health.writable
        assert numbers(disk / "audit") == list(range(200))
        assert verified(disk / "audit").faults == ()


async def test_a_directory_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("in the way")
    async with running(tmp_path / "audit") as log:
        log.put((an_entry(1),))
        assert not await log.in_file(0.2)
        assert log.health.failures > 0
        (tmp_path / "audit").unlink()
        await log.flush(10.0)
    assert numbers(tmp_path / "audit") == [1]


async def test_what_memory_cannot_hold_is_counted_in_the_log_itself(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, SystemClock(), a_start)
    log.put([an_entry(i) for i in range(20_500)])
    assert log.health.lost == 500
    async with asyncio.TaskGroup() as group:
        task = group.create_task(log.run())
        await log.flush(20.0)
        task.cancel()
    with suppress(RuntimeError):
        await log.close()
    assert [entry["entries"] for entry in entries(tmp_path, kinds=("lost",))] == [500]
    assert numbers(tmp_path) == list(range(500, 20_500))
    assert verified(tmp_path).faults == ()
