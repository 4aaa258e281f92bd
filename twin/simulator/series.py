"""A recorded series read from CSV: gaps are bridged by straight lines, and that is said."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from twin.domain.arrays import Floats, Ints
from twin.domain.errors import TwinError
from twin.domain.timestamps import iso_utc, ns_of

_HOUR_NS = 3_600 * 10**9
_DAY_NS = 24 * _HOUR_NS


@dataclass(frozen=True, slots=True)
class Series:
    """Columns over time. `time_s` counts from `start_ns` (UTC) and rises; columns have its shape and no NaN."""

    start_ns: int
    time_s: Floats
    columns: Mapping[str, Floats]
    notes: tuple[str, ...]

    def position_s(self, now_ns: int) -> float:
        """Where to read at an instant. Outside the recording it repeats: a year's file yearly, a shorter one by whole
        weeks (or days), so that hour and weekday still fit."""
        span_s = float(self.time_s[-1])
        ahead_s = (now_ns - self.start_ns) / 1e9
        if 0.0 <= ahead_s <= span_s or span_s <= 0.0:
            return min(max(ahead_s, 0.0), span_s)
        for period_s in (364.9 * 86_400.0, 7 * 86_400.0, 86_400.0):
            if span_s >= period_s:
                # a year of hourly rows spans one hour less than the year it repeats with
                whole = 365.0 * 86_400.0 if period_s > 8 * 86_400.0 else span_s // period_s * period_s
                return min(ahead_s % whole, span_s)
        return ahead_s % span_s

    def at(self, column: str, now_ns: int) -> float:
        """Value of a column at an instant, linear between rows."""
        return float(np.interp(self.position_s(now_ns), self.time_s, self.columns[column]))


def read_series(path: Path, columns: tuple[str, ...], *, utc_offset_h: float = 0.0) -> Series:
    """Read numeric columns of a CSV with `time_utc` or `time_local` (then `utc_offset_h` ahead of UTC).

    Raises: TwinError: no such file, no time column, a column missing, or nothing to read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TwinError(f"cannot read the series: {error}", where=str(path)) from error
    try:
        return _bridged(path, columns, *_table(path, text, columns, utc_offset_h))
    except csv.Error as error:
        raise TwinError(f"not CSV: {error}", where=str(path)) from error


def _table(path: Path, text: str, columns: tuple[str, ...], utc_offset_h: float) -> tuple[Ints, Floats]:
    """Times in ns and one column each; NaN where a cell is empty."""
    rows = csv.DictReader(text.splitlines())
    header = rows.fieldnames or []
    time_column = next((name for name in ("time_utc", "time_local") if name in header), None)
    missing = [name for name in columns if name not in header]
    if time_column is None or missing:
        wanted = ", ".join(["time_utc or time_local", *columns])
        raise TwinError("the series lacks columns", where=f"{path}: has {', '.join(header)}", fix=f"give it {wanted}")
    offset_ns = round(utc_offset_h * _HOUR_NS) if time_column == "time_local" else 0
    stamps: list[int] = []
    values: list[list[float]] = []
    for row in rows:
        try:
            stamp = datetime.fromisoformat(row[time_column] or "")
            stamps.append(ns_of(stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)) - offset_ns)
            values.append([float(row[name]) if row[name] else np.nan for name in columns])
        except (TypeError, ValueError) as error:
            raise TwinError(f"not a row of the series: {error}", where=f"{path}:{rows.line_num}") from error
    return np.array(stamps, dtype=np.int64), np.array(values).reshape(len(stamps), len(columns))


def _bridged(path: Path, columns: tuple[str, ...], stamps: Ints, table: Floats) -> Series:
    # clock changes repeat an hour: keep the first row of each instant
    stamps, first = np.unique(stamps, return_index=True)
    table = table[first]
    if len(stamps) < 2:
        raise TwinError("the series has fewer than two rows of different time", where=str(path))
    time_s = (stamps - stamps[0]) / 1e9
    notes = [f"{path.name}: {len(time_s)} rows from {iso_utc(int(stamps[0]))} to {iso_utc(int(stamps[-1]))}"]
    step_s = float(np.median(np.diff(time_s)))
    holes = int(np.sum(np.diff(time_s) > 1.5 * step_s))
    if holes:
        notes.append(f"{path.name}: {holes} gaps between rows, bridged by straight lines")
    filled: dict[str, Floats] = {}
    for i, name in enumerate(columns):
        good = np.isfinite(table[:, i])
        if not good.any():
            raise TwinError(f"column {name} has no value at all", where=str(path))
        if not good.all():
            notes.append(f"{path.name}: {int((~good).sum())} empty cells of {name}, bridged by straight lines")
        filled[name] = np.interp(time_s, time_s[good], table[good, i])
    return Series(int(stamps[0]), time_s, filled, tuple(notes))
