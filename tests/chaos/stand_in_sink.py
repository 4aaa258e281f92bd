"""A server that speaks `/api/v2/write` and can be told to misbehave. It remembers each line it was sent and stored.

What it takes stands in memory for `flush_s` before it is on its disk: a crash forgets what is younger than that.
"""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.support.servers import free_port


@dataclass(frozen=True, slots=True)
class Say:
    """An answer. `stored_frac` of the lines, the first ones, are kept whatever it says; `hang_s` before it."""

    status: int
    words: str = ""
    retry_after: str = ""
    stored_frac: float = 0.0
    hang_s: float = 0.0


TAKEN = Say(204, stored_frac=1.0)
Behaviour = Callable[[Sequence[str]], Say]


def takes_all(lines: Sequence[str]) -> Say:
    """As a sink should."""
    return TAKEN


@dataclass(slots=True)
class Stand:
    """What has come so far."""

    stored: dict[str, str] = field(default_factory=dict)  # series and time -> fields
    young: list[tuple[float, dict[str, str]]] = field(default_factory=list)
    answers: list[tuple[int, int]] = field(default_factory=list)  # (status, lines)
    at_s: list[float] = field(default_factory=list)  # when each was asked
    forgotten: int = 0
    times_sent: int = 0


class StandInSink:
    """One server on one port. `behaviour` may be changed at any time."""

    def __init__(self, *, flush_s: float = 0.0) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.behaviour: Behaviour = takes_all
        self.stand = Stand()
        self._flush_s = flush_s
        self._lock = threading.Lock()
        self._server: _Server | None = None

    def start(self) -> None:
        """Listen; what was flushed before is still there."""
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.sink = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Hang up on everybody and stop listening; nothing is forgotten."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.hang_up()
            server.server_close()

    def crash(self) -> int:
        """Stop, and forget what was not flushed. Returns how many lines that were."""
        self.stop()
        with self._lock:
            self._flush()
            lost = sum(len(lines) for _, lines in self.stand.young)
            self.stand.young.clear()
            self.stand.forgotten += lost
        return lost

    def all_stored(self) -> dict[str, str]:
        """Every line there is now: series and time -> fields."""
        with self._lock:
            found = dict(self.stand.stored)
            for _, lines in self.stand.young:
                found |= lines
        return found

    def answer(self, lines: list[str]) -> Say:
        """Judge one write and store what is to be stored."""
        said = self.behaviour(lines)
        if said.hang_s:
            time.sleep(said.hang_s)
        kept = lines[: round(said.stored_frac * len(lines))]
        with self._lock:
            self.stand.answers.append((said.status, len(lines)))
            self.stand.at_s.append(time.monotonic())
            self.stand.times_sent += len(kept)
            self.stand.young.append((time.monotonic(), dict(_parted(line) for line in kept)))
            self._flush()
        return said

    def _flush(self) -> None:
        old_s = time.monotonic() - self._flush_s
        while self.stand.young and self.stand.young[0][0] <= old_s:
            self.stand.stored |= self.stand.young.pop(0)[1]


def _parted(line: str) -> tuple[str, str]:
    """Series and time of a line, and its fields."""
    series, fields, ns = line.rsplit(" ", 2)
    return f"{series} {ns}", fields


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    sink: StandInSink

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    quiet: ClassVar[bool] = True

    def do_POST(self) -> None:
        wanted = int(self.headers["Content-Length"])
        body = self.rfile.read(wanted)
        if len(body) < wanted:
            self.close_connection = True  # half a body: nothing of it counts
            return
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        said = self.server.sink.answer(body.decode().split("\n"))
        words = said.words.encode()
        self.send_response(said.status)
        if said.retry_after:
            self.send_header("Retry-After", said.retry_after)
        if said.status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        if said.status != 204:
            self.wfile.write(words)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
