"""The shipped receiver as a process of its own, and what it writes into the controller behind it."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from twin.domain.actuators import Limits
from twin.simulator.receiver import receiver_path

_WRITTEN = re.compile(r"\S+ (\S+) = (\S+)")
_NEVER_S = "1e9"


class Gateway:
    """`receiver.py` at a broker. `written` is what the controller was told: when, which point, which value.

    Args:
        limits: Its points, with their local setpoints and limits.
        port: Of the broker.
        directory: For its table of points; to be made.
        deaf: A weak build: silence never ends a lease.
    """

    def __init__(self, limits: Limits, root: str, port: int, directory: Path, *, deaf: bool = False) -> None:
        directory.mkdir(parents=True)
        self._local = {actuator.point: actuator.local for actuator in limits.actuators}
        self._in_force = dict(self._local)
        self.written: list[tuple[float, str, float]] = []
        points = directory / "points.toml"
        points.write_text(
            "".join(f'["{a.point}"]\nlocal = {a.local}\nlow = {a.low}\nhigh = {a.high}\n' for a in limits.actuators),
            encoding="utf-8",
        )
        program = _deafened(directory) if deaf else receiver_path()
        self._process = subprocess.Popen(
            [sys.executable, "-u", str(program), "--port", str(port), "--root", root, "--points", str(points)],
            stdout=subprocess.PIPE,
            stderr=(directory / "err.log").open("wb"),
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def away(self) -> list[str]:
        """Points that do not stand at their local setpoint."""
        return [point for point, value in list(self._in_force.items()) if value != self._local[point]]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if written := _WRITTEN.match(line):
                point, value = written[1], float(written[2])
                self.written.append((time.monotonic(), point, value))
                self._in_force[point] = value


def _deafened(directory: Path) -> Path:
    text = receiver_path().read_text(encoding="utf-8")
    for old, new in (
        ("heartbeat_timeout_s: float = 30.0", f"heartbeat_timeout_s: float = {_NEVER_S}"),
        ('client_id=f"receiver-', 'client_id=f"deaf-'),
    ):
        assert old in text
        text = text.replace(old, new)
    program = directory / "deaf.py"
    program.write_text(text, encoding="utf-8")
    return program
