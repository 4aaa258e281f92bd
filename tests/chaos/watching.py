"""What a running daemon says of itself, and what the system says of it."""

from __future__ import annotations

from pathlib import Path
from urllib.request import urlopen


def metrics(http: int) -> dict[str, float]:
    """All levels and counters by name."""
    with urlopen(f"http://127.0.0.1:{http}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def descriptors(pid: int) -> int:
    """Files and sockets a process holds open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def threads(pid: int) -> int:
    """Threads of a process."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
