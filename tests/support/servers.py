"""Real servers on free ports of 127.0.0.1, started for one test and stopped with it."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from urllib.error import URLError

START_S = 20.0


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class VictoriaMetrics:
    """A VictoriaMetrics that keeps equal series and time once, as InfluxDB does. Data survive `kill` and `start`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        self._process = subprocess.Popen(
            [
                "victoria-metrics",
                f"-storageDataPath={self._directory}",
                f"-httpListenAddr=127.0.0.1:{self.port}",
                "-dedup.minScrapeInterval=1ms",
                "-retentionPeriod=100y",
                "-search.latencyOffset=0s",
                "-memory.allowedBytes=134217728",
                "-loggerLevel=ERROR",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_up_s = time.monotonic() + START_S
        while True:
            try:
                self._get("/health")
                return
            except (URLError, ConnectionError):
                if time.monotonic() > give_up_s or self._process.poll() is not None:
                    raise RuntimeError("victoria-metrics did not start") from None
                time.sleep(0.02)

    def kill(self) -> None:
        """kill -9: what it had only in memory is gone."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def exported(self, match: str) -> dict[tuple[str, str], list[tuple[int, float]]]:
        """All samples of the series a selector finds: (asset, point) -> [(ms, value), ...]."""
        self._get("/internal/force_flush")
        found: dict[tuple[str, str], list[tuple[int, float]]] = {}
        body = self._get("/api/v1/export?" + urllib.parse.urlencode({"match[]": match, "start": "0"}))
        for line in body.splitlines():
            entry = json.loads(line)
            key = (entry["metric"]["asset"], entry["metric"]["point"])
            found.setdefault(key, []).extend(zip(entry["timestamps"], entry["values"], strict=True))
        return found

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            body: bytes = answer.read()
            return body
