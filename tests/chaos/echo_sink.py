"""A sink that refuses, and says back all it was told: the worst that a proxy before a historian may do."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWERS = (400, 500, 401)


class EchoSink(ThreadingHTTPServer):
    """Answers each client in every way, the last one for good. `heard` counts by the token it was shown."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: Counter[str] = Counter()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what this is for."""


@contextmanager
def an_echo_sink() -> Iterator[EchoSink]:
    sink = EchoSink()
    threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield sink
    finally:
        sink.shutdown()
        sink.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: EchoSink

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        shown = self.headers.get("Authorization", "")
        status = ANSWERS[min(self.server.heard[shown], len(ANSWERS) - 1)]
        self.server.heard[shown] += 1
        told = {"code": "refused", "message": f"you said {dict(self.headers)}", "path": self.path}
        words = json.dumps(told).encode()
        self.send_response(status, shown if status == ANSWERS[1] else None)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
