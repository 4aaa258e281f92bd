"""Real servers on free ports of 127.0.0.1, started for one test and stopped with it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.error import URLError

import pytest

START_S = 20.0
# Debian keeps servers where an ordinary user's PATH does not look
SEARCH_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"))


def located(binary: str) -> str | None:
    """Where a server or its command line client is installed; None when it is not."""
    return shutil.which(binary, path=SEARCH_PATH)


def required(binary: str, package: str) -> str:
    """Where it is installed; leaves the test out when it is not, and with CI=true fails it."""
    found = located(binary)
    if found is not None:
        return found
    reason = f"{binary} is not installed (apt-get install {package})"
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must not leave this out: {reason}", pytrace=False)
    pytest.skip(reason)


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


class Mosquitto:
    """A mosquitto with the limits of the simulated broker.

    Args:
        directory: For its configuration, its log and its data; one for each instance.
        keeps: "nothing": `stop` and `kill` forget everything. "at stop": as it is installed, an orderly end saves
            sessions and messages, a kill forgets what came since. "each change": a kill forgets nothing either.
        credentials: User name to password; None lets everyone in.
        extra: More lines of configuration, for the listener.
    """

    def __init__(
        self,
        directory: Path,
        *,
        keeps: Literal["nothing", "at stop", "each change"] = "nothing",
        credentials: Mapping[str, str] | None = None,
        extra: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        lines = [
            f"listener {self.port} 127.0.0.1",
            *extra,
            "user root",  # the test's directory is closed to the account it would change to; ignored for others
            *self._persistence(keeps),
            "set_tcp_nodelay true",
            "max_queued_messages 100000",
            "max_packet_size 1048576",
            # or 3.1.1 gets one copy for overlapping subscriptions, at the QoS of whichever was found first
            "allow_duplicate_messages true",
            f"log_dest file {self._log}",
        ]
        if credentials is None:
            lines.append("allow_anonymous true")
        else:
            lines += ["allow_anonymous false", f"password_file {self._write_passwords(credentials)}"]
        self._config = directory / "mosquitto.conf"
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def _log(self) -> Path:
        return self._directory / "mosquitto.log"

    def start(self) -> None:
        """Start and wait until it accepts connections. The port stays the same over restarts."""
        self._process = subprocess.Popen(
            [required("mosquitto", "mosquitto"), "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_up_s = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=START_S).close()
                return
            except ConnectionError:
                if time.monotonic() > give_up_s or self._process.poll() is not None:
                    raise RuntimeError(f"mosquitto did not start: {self._said()}") from None
                time.sleep(0.005)

    def stop(self) -> None:
        """End it in an orderly way, if it runs: clients are told, no wills are published."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def kill(self) -> None:
        """kill -9, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _persistence(self, keeps: str) -> list[str]:
        if keeps == "nothing":
            return ["persistence false"]
        kept = ["persistence true", f"persistence_location {self._directory}/"]
        return [*kept, "autosave_interval 1", "autosave_on_changes true"] if keeps == "each change" else kept

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else "nothing in its log"

    def _write_passwords(self, credentials: Mapping[str, str]) -> Path:
        file = self._directory / "passwords"
        file.write_text("".join(f"{name}:{password}\n" for name, password in credentials.items()), encoding="utf-8")
        file.chmod(0o600)
        subprocess.run([required("mosquitto_passwd", "mosquitto"), "-U", str(file)], check=True)
        return file
