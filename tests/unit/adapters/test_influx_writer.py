"""Tries against a closed door leave nothing behind."""

from __future__ import annotations

import gc
import sys

from tests.support.servers import free_port
from twin.adapters.influx import InfluxWriter


async def test_a_body_that_found_nobody_is_let_go_without_the_collector() -> None:
    writer = InfluxWriter(url=f"http://127.0.0.1:{free_port()}", token="", org="o", bucket="b")
    lines = "rack,asset=r1 value=21.5,q=0i 1767225600000000000"
    gc.disable()
    try:
        assert (await writer.post(lines)).status == 0
        held = sys.getrefcount(lines)
        for _ in range(3):
            await writer.post(lines)
        assert sys.getrefcount(lines) == held
    finally:
        gc.enable()
    await writer.close()
