"""Imports go one way through the house; this is the test that holds it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# room -> rooms it may import. A room is twin/<folder>, controllers, or a single file directly under twin/.
MAY_IMPORT: dict[str, set[str]] = {
    "kernels": set(),
    "domain": set(),
    "model": {"kernels", "domain"},
    "ingest": {"domain"},
    "mirror": {"domain"},
    "historian": {"domain"},
    "recording": {"domain"},
    "gates": {"domain"},
    "estimate": {"model", "domain"},
    "controllers": {"model", "domain"},
    "simulator": {"domain", "kernels", "shipped"},
    "sitefile": {"domain"},
    "settings": {"domain"},
    "shipped": {"domain"},
    "adapters": {"domain", "simulator"},
    "report": {"domain"},
    "audit": {"domain"},
    "alarms": {"domain"},
    "readiness": {"domain"},
}
ANYTHING = {"daemon", "study", "cli", "__main__"}
# third-party library -> the only rooms that may import it
ONLY_IN: dict[str, set[str]] = {
    "numba": {"kernels"},
    "aiomqtt": {"adapters"},
    "paho": {"adapters"},
    "influxdb_client": {"adapters"},
}


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "controllers" if parts[0] == "controllers" else parts[1] if len(parts) > 1 else parts[0]


def imports_of(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += [node.module or ""] + [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def sources() -> list[Path]:
    return sorted([*(ROOT / "twin").rglob("*.py"), *(ROOT / "controllers").rglob("*.py")])


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    room = room_of(path)
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] in ONLY_IN:
            assert room in ONLY_IN[parts[0]], f"{path.relative_to(ROOT)} imports {name}"
        if room in ANYTHING or room == "__init__":
            continue
        if parts[0] == "controllers":
            assert room == "controllers", f"{path.relative_to(ROOT)} imports {name}"
        if parts[0] == "twin" and len(parts) > 1 and parts[1] not in {"__version__", room}:
            assert room in MAY_IMPORT, f"{room} is a room no one has described: add it to MAY_IMPORT"
            assert parts[1] in MAY_IMPORT[room], f"{path.relative_to(ROOT)} ({room}) may not import {name}"


def test_only_the_system_clock_reads_the_time() -> None:
    readers = {"time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "datetime.now", "datetime.utcnow"}
    offenders: list[str] = []
    for path in sources():
        if path == ROOT / "twin" / "domain" / "clock.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).removeprefix("datetime.") in readers:
                offenders.append(f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node.func)}")
    assert offenders == []
