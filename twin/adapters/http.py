"""A loopback web server for health and metrics."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable

from aiohttp import web

from twin.domain.errors import TwinError

Verdict = Callable[[], tuple[bool, str]]


class HealthServer:
    """Serves `/healthz`, `/readyz` and `/metrics`; bound to loopback only."""

    def __init__(self, host: str, port: int, *, alive: Verdict, ready: Verdict, metrics: Callable[[], str]) -> None:
        """Raises: TwinError: `host` is not a loopback address."""
        if not ipaddress.ip_address(host).is_loopback:
            raise TwinError(
                "the health page answers on loopback only",
                where=f"http.host = {host}",
                fix="put a proxy with authentication before it",
            )
        self._host, self._wanted_port = host, port
        self._alive, self._ready, self._metrics = alive, ready, metrics
        self.port = 0

    async def run(self) -> None:
        """Serve until cancelled."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metricsz)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._host, self._wanted_port)
            try:
                await site.start()
            except OSError as error:
                raise TwinError(
                    f"the health page cannot listen: {error.strerror}",
                    where=f"{self._host}:{self._wanted_port}",
                    fix="set TWIN_HTTP__PORT to a free port, or 0 for any",
                ) from error
            self.port = runner.addresses[0][1]
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        good, text = self._alive()
        return web.Response(text=text, status=200 if good else 503)

    async def _readyz(self, _request: web.Request) -> web.Response:
        good, text = self._ready()
        return web.Response(text=text, status=200 if good else 503)

    async def _metricsz(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._metrics(), content_type="text/plain", charset="utf-8")
