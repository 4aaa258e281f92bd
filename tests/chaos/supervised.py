"""A small service manager that treats one process as the shipped unit says: notify socket, watchdog, restart."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from twin.shipped import shipped_deploy

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid of who sent a datagram
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class Unit:
    """What the unit file says of starts, ends and the watchdog."""

    watchdog_s: float
    restart_s: float
    abort_s: float
    before: tuple[str, ...]
    start: tuple[str, ...]

    @staticmethod
    def shipped() -> Unit:
        """`deploy/systemd/thermotwin.service`."""
        lines = shipped_deploy("systemd/thermotwin.service").read_text(encoding="utf-8").splitlines()
        said = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        assert (said["Type"], said["NotifyAccess"], said["Restart"]) == ("notify", "main", "always")
        # without TimeoutAbortSec an abort has the time of a stop
        abort_s = float(said.get("TimeoutAbortSec", said["TimeoutStopSec"]))
        before, start = (tuple(shlex.split(said.get(key, ""))) for key in ("ExecStartPre", "ExecStart"))
        return Unit(float(said["WatchdogSec"]), float(said["RestartSec"]), abort_s, before, start)


@dataclass(frozen=True, slots=True)
class Restart:
    """When one start came about, on the steady clock; `abort_s` is when the one before was found hanging."""

    abort_s: float
    began_s: float
    ready_s: float


class Manager:
    """Runs the unit until closed.

    Args:
        unit: As shipped.
        program: What stands for the installed `twin`.
        site: What stands for the installed site.
        env: Of the process.
        directory: For the notify socket and the log.
    """

    def __init__(
        self, unit: Unit, program: tuple[str, ...], site: Path, env: Mapping[str, str], directory: Path
    ) -> None:
        self._unit, self._program, self._site, self._directory = unit, program, site, directory
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        address = str(directory / "notify")
        self._socket.bind(address)
        self._socket.settimeout(_LOOK_S)
        self._env = dict(env) | {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": str(round(unit.watchdog_s * 1e6))}
        self._process: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()
        self.starts: list[Restart] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def close(self) -> None:
        """End it for good."""
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        abort_s = 0.0
        while not self._over.is_set():
            abort_s = self._one_life(abort_s)
            self._over.wait(self._unit.restart_s)

    def _one_life(self, aborted_s: float) -> float:
        """From start to death; returns when it was found hanging, 0 when it died by itself."""
        began_s = time.monotonic()
        with (self._directory / "run.log").open("ab") as log:
            if self._unit.before:
                subprocess.run(self._command(self._unit.before), env=self._env, stderr=log, check=True)
            process = subprocess.Popen(self._command(self._unit.start), env=self._env, stderr=log)
        self._process = process
        fed_s = 0.0  # the watchdog runs from READY on
        while process.poll() is None:
            if self._over.is_set():
                process.kill()
            word = self._heard(process.pid)
            now_s = time.monotonic()
            if word == "READY=1":
                self.starts.append(Restart(aborted_s, began_s, now_s))
            if word in {"READY=1", "WATCHDOG=1"}:
                fed_s = now_s
            if fed_s and now_s - fed_s > self._unit.watchdog_s:
                self._abort(process)
                return now_s
        process.wait()
        return 0.0

    def _abort(self, process: subprocess.Popen[bytes]) -> None:
        """As systemd does it: SIGABRT, with SIGCONT for a process that is stopped; SIGKILL when that is not enough."""
        os.kill(process.pid, signal.SIGABRT)
        os.kill(process.pid, signal.SIGCONT)
        try:
            process.wait(self._unit.abort_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _heard(self, main_pid: int) -> str:
        """The next word of the main process, "" when there is none."""
        try:
            data, ancillary, _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(_CREDENTIALS.size))
        except TimeoutError:
            return ""
        (pid, _, _) = _CREDENTIALS.unpack(ancillary[0][2])
        return data.decode() if pid == main_pid else ""

    def _command(self, line: tuple[str, ...]) -> list[str]:
        assert line[0].endswith("/twin")
        assert line[-2] == "--site"
        return [sys.executable, *self._program, *line[1:-1], str(self._site)]
