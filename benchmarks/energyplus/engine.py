"""Running EnergyPlus: input in, hourly report out. The only file that touches the engine, which need not be there."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from benchmarks.energyplus.cases import WEATHER_FILE
from benchmarks.energyplus.objects import Model
from twin.domain.arrays import Floats
from twin.domain.errors import TwinError

PACKAGE = "pyenergyplus"
INSTALL = "pip install pyenergyplus-lbnl"


class EngineFailed(TwinError):
    """EnergyPlus stopped, or left no report."""


class _States(Protocol):
    def new_state(self) -> object: ...
    def delete_state(self, state: object) -> None: ...


class _Runtime(Protocol):
    def set_console_output_status(self, state: object, print_output: bool) -> None: ...
    def run_energyplus(self, state: object, arguments: list[str]) -> int: ...


class _Engine(Protocol):
    state_manager: _States
    runtime: _Runtime


@dataclass(frozen=True, slots=True)
class Report:
    """Hourly means by (object, variable), names in upper case, shape (n_hour,); meters stand under the object ''."""

    series: dict[tuple[str, str], Floats]

    def one(self, key: str, variable: str) -> Floats:
        """One object's series."""
        return self.series[key.upper(), variable.upper()]

    def total(self, variable: str, contains: str = "") -> Floats:
        """Sum over all objects that have it, or over those whose name contains a word."""
        found = [v for (key, name), v in self.series.items() if name == variable.upper() and contains.upper() in key]
        if not found:
            raise EngineFailed(f"the engine reported no {variable!r}", where="eplusout.sql", fix="see eplusout.rdd")
        total: Floats = np.sum(found, axis=0)
        return total


def missing() -> str | None:
    """Why the engine cannot run here, or None."""
    if importlib.util.find_spec(PACKAGE) is None:
        return f"EnergyPlus is not installed: {INSTALL}"
    return None


def weather_path() -> Path:
    """The weather file that comes with the engine."""
    return Path(str(importlib.import_module(f"{PACKAGE}.dataset").weatherdir)) / WEATHER_FILE


def simulate(model: Model, directory: Path) -> None:
    """One run; its files stay in `directory`.

    Raises: EngineFailed: with the engine's own severe errors.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written = directory / "in.epJSON"
    written.write_text(json.dumps(model, indent=1), encoding="utf-8")
    engine = cast(_Engine, importlib.import_module(f"{PACKAGE}.api").EnergyPlusAPI())
    state = engine.state_manager.new_state()
    engine.runtime.set_console_output_status(state, False)
    code = engine.runtime.run_energyplus(state, ["-w", str(weather_path()), "-d", str(directory), str(written)])
    engine.state_manager.delete_state(state)
    if code != 0:
        errors = directory / "eplusout.err"
        told = errors.read_text(encoding="utf-8", errors="replace") if errors.exists() else "no error file"
        severe = [line.strip() for line in told.splitlines() if "Severe" in line or "Fatal" in line or "~~~" in line]
        raise EngineFailed("; ".join(severe[:6]) or told[-400:], where=str(errors))


def read_report(directory: Path, skip_hours: int) -> Report:
    """The hourly report without its first hours."""
    series: dict[tuple[str, str], Floats] = {}
    with sqlite3.connect(directory / "eplusout.sql") as db:
        listed = db.execute("SELECT ReportDataDictionaryIndex, KeyValue, Name FROM ReportDataDictionary").fetchall()
        for index, key, name in listed:
            rows = db.execute(
                "SELECT d.Value FROM ReportData d JOIN Time t ON d.TimeIndex = t.TimeIndex"
                " WHERE d.ReportDataDictionaryIndex = ? AND (t.WarmupFlag IS NULL OR t.WarmupFlag = 0)"
                " ORDER BY t.TimeIndex",
                (index,),
            ).fetchall()
            series[str(key or "").upper(), str(name).upper()] = np.array([r[0] for r in rows], dtype=float)[skip_hours:]
    return Report(series)
