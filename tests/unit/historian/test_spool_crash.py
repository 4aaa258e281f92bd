"""kill -9 while writing: what was acknowledged is there, and no sample is there twice."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from tests.unit.historian.builders import START_NS, ManualClock, a_catalogue
from twin.historian.spool import Spool

KILLS = 100 if os.environ.get("TWIN_TEST_SCALE") == "nightly" else 5
BATCH = 20

# Appends batches numbered from argv[2] on, eight at a time, and tells a number only when its append has returned.
CHILD = """
import asyncio, os, sys
from pathlib import Path
import numpy as np
from tests.unit.historian.builders import START_NS, a_catalogue
from twin.domain.clock import SystemClock
from twin.domain.samples import SampleBatch
from twin.historian.spool import Spool

async def main():
    spool = await Spool.open(Path(sys.argv[1]), a_catalogue(), sinks=("a",), clock=SystemClock())
    number = iter(range(int(sys.argv[2]), 10**9))
    async def writer():
        for k in number:
            ns = START_NS + k * 1000 + np.arange(20)
            point = np.zeros(20, np.int32)
            await spool.append_samples(SampleBatch(point, ns, ns, ns * 0.5, np.zeros(20, np.uint8)))
            os.write(1, b"%d\\n" % k)
    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(writer())

asyncio.run(main())
"""


async def test_no_acknowledged_sample_is_lost_or_doubled_by_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    acknowledged: set[int] = set()
    random = Random(7)
    for kill in range(KILLS):
        acknowledged |= await_acknowledgements_then_kill(path, kill * 10**6, random.uniform(0.02, 0.3))
    spool = await Spool.open(path, a_catalogue(), sinks=("a",), clock=ManualClock())
    stored: list[int] = []
    while blocks := await spool.read_after(await spool.position("a"), 10_000):
        for block in blocks:
            stored += block.samples.source_ns.tolist()
        await spool.advance("a", blocks[-1].id)
    account = (await spool.accounts())["a"]
    await spool.close()
    assert len(acknowledged) > 5 * KILLS
    expected = {START_NS + k * 1000 + i for k in acknowledged for i in range(BATCH)}
    assert expected - set(stored) == set()
    assert len(stored) == len(set(stored))
    assert (account.received, account.stored, account.pending, account.dropped) == (len(stored), len(stored), 0, 0)
    assert spool.health.damaged_blocks == 0


def await_acknowledgements_then_kill(path: Path, first: int, after_s: float) -> set[int]:
    """Numbers the child told of before it was killed, some time after its first."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(first)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    told = bytearray(os.read(child.stdout.fileno(), 65_536))  # the first word: it is writing now
    kill_at_s = time.monotonic() + after_s
    while (left_s := kill_at_s - time.monotonic()) > 0:
        if select.select([child.stdout], [], [], left_s)[0]:  # a full pipe would stop the child
            told += os.read(child.stdout.fileno(), 65_536)
    child.send_signal(signal.SIGKILL)
    told += child.stdout.read()
    child.wait()
    child.stdout.close()
    return {int(line) for line in told.decode().split("\n")[:-1]}
