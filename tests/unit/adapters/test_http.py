"""The health page: loopback only, three pages, and no request that breaks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from twin.adapters.http import HealthServer
from twin.domain.errors import TwinError

START_S = 5.0


class Page:
    """What the server is asked about."""

    def __init__(self) -> None:
        self.alive, self.ready, self.metrics = True, True, "twin_cycles_total 3\n"
        self.server = HealthServer(
            "127.0.0.1",
            0,
            alive=lambda: (self.alive, "ok\n" if self.alive else "the loop stands\n"),
            ready=lambda: (self.ready, "ok\n" if self.ready else "h1/inlet_c\n"),
            metrics=lambda: self.metrics,
        )

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Page]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.server.run())
            async with asyncio.timeout(START_S):
                while self.server.port == 0:
                    await asyncio.sleep(0.001)
            yield self
            task.cancel()

    async def said(self, request: bytes) -> tuple[int, str]:
        """(status, body) of a raw request; status 0 when the server hung up without a word."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(request)
        async with asyncio.timeout(START_S):
            answer = await reader.read()
        writer.close()
        if not answer:
            return 0, ""
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode()

    async def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        return await self.said(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())


async def test_the_three_pages_say_what_is_so() -> None:
    async with Page().served() as page:
        assert await page.get("/healthz") == (200, "ok\n")
        assert await page.get("/readyz") == (200, "ok\n")
        assert await page.get("/metrics") == (200, "twin_cycles_total 3\n")


async def test_what_is_not_well_is_503_with_the_reason() -> None:
    async with Page().served() as page:
        page.alive = page.ready = False
        assert await page.get("/healthz") == (503, "the loop stands\n")
        assert await page.get("/readyz") == (503, "h1/inlet_c\n")
        assert (await page.get("/metrics"))[0] == 200


@pytest.mark.parametrize("path", ["/", "/metrics/", "/../etc/passwd", "/healthz%00", "/" + "x" * 4000])
async def test_there_are_no_other_pages(path: str) -> None:
    async with Page().served() as page:
        assert (await page.get(path))[0] in {400, 404}


async def test_nothing_can_be_written() -> None:
    async with Page().served() as page:
        for method in ("POST", "PUT", "DELETE"):
            assert (await page.get("/metrics", method))[0] == 405


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /healthz HTTP/9.9.9\r\n\r\n",
        b"\x00\xff\x16\x03\x01 hello\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"A: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 50_000 + b"\r\n",
    ],
)
async def test_a_bad_request_is_refused_and_the_next_one_is_served(request_bytes: bytes) -> None:
    async with Page().served() as page:
        with_end = asyncio.create_task(page.said(request_bytes))
        done, _ = await asyncio.wait({with_end}, timeout=0.5)
        if done and with_end.exception() is None:
            assert with_end.result()[0] in {0, 400, 431}
        with_end.cancel()  # one that waits for more may wait: others are served meanwhile
        assert await page.get("/healthz") == (200, "ok\n")


async def test_a_client_that_says_nothing_keeps_nobody_waiting() -> None:
    async with Page().served() as page:
        _, writer = await asyncio.open_connection("127.0.0.1", page.server.port)
        assert await page.get("/healthz") == (200, "ok\n")
        writer.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_it_answers_on_loopback_only(host: str) -> None:
    with pytest.raises(TwinError, match="loopback") as refused:
        HealthServer(host, 0, alive=lambda: (True, ""), ready=lambda: (True, ""), metrics=str)
    assert "proxy" in refused.value.fix


async def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    async with Page().served() as page:
        second = HealthServer(
            "127.0.0.1", page.server.port, alive=lambda: (True, ""), ready=lambda: (True, ""), metrics=str
        )
        with pytest.raises(TwinError, match="cannot listen") as refused:
            await second.run()
        assert "TWIN_HTTP__PORT" in refused.value.fix
        assert str(page.server.port) in refused.value.where


async def test_when_it_is_stopped_the_port_is_free() -> None:
    page = Page()
    async with page.served():
        port = page.server.port
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", port)
