"""History as files for other programs: CSV or Parquet, a slice of time after the other, in constant memory.

Values are written so that they come back bit for bit, times with all their nanoseconds. A file appears whole or not at
all: it is written under another name beside its place and renamed.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import IO, Protocol

import msgspec
import numpy as np

from twin.domain.arrays import Ints
from twin.domain.errors import DataTooPoor, TwinError
from twin.domain.points import Quality
from twin.historian.history import HistoryReader
from twin.historian.series import Series

QUALITY_WORDS = tuple(quality.name.lower() for quality in Quality)
SAMPLES = ("time", "point", "value", "unit", "quality")
BUCKETS = ("time", "point", "n", "mean", "min", "max", "unit")
DECISIONS = ("time", "id", "cycle", "asset", "point", "action", "reason", "from", "to", "record")
_WHOLE, _NUMBERS = {"n", "cycle"}, {"value", "mean", "min", "max", "from", "to"}
_MOST_BUCKETS = 100_000  # at once
_RECORDS_AT_ONCE = 1_000

Column = Sequence[object]
Done = Callable[[float, str], None]


class Table(Protocol):
    """A file being written: named columns, some rows at a time."""

    def put(self, columns: Mapping[str, Column]) -> None: ...


def export_samples(
    history: HistoryReader, series: Sequence[Series], start_ns: int, end_ns: int, table: Table, done: Done
) -> int:
    """Every sample of some points, start <= time < end. Returns how many there were."""
    n = 0
    for k, one in enumerate(series):
        slices = history.slices(one.point, start_ns, end_ns)
        for j, (a, b) in enumerate(slices):
            times, value, quality = history.read(one.point, a, b)
            done((k + j / len(slices)) / len(series), f"{one.point}, {n:,} rows")
            if times.size:
                words = [_quality_word(q) for q in quality.tolist()]
                table.put(_rows(one, times, {"value": value.tolist(), "quality": words}))
            n += times.size
    return n


def export_buckets(
    history: HistoryReader,
    series: Sequence[Series],
    start_ns: int,
    end_ns: int,
    every_s: float,
    table: Table,
    done: Done,
) -> int:
    """Count, mean, least and largest usable value of some points by buckets. Returns how many rows there were."""
    n, step_ns = 0, int(every_s * 1e9) * _MOST_BUCKETS
    first_ns = start_ns // int(every_s * 1e9) * int(every_s * 1e9)
    for k, one in enumerate(series):
        for a in range(first_ns, end_ns, step_ns):
            found = history.summary(one.point, max(a, start_ns), min(a + step_ns, end_ns), every_s)
            done(k / len(series), f"{one.point}, {n:,} rows")
            if found.n.size:
                columns = {"n": found.n, "mean": found.mean, "min": found.minimum, "max": found.maximum}
                table.put(_rows(one, found.start_ns, {name: column.tolist() for name, column in columns.items()}))
            n += found.n.size
    return n


def export_decisions(history: HistoryReader, start_ns: int, end_ns: int, patterns: Sequence[str], table: Table) -> int:
    """Every decision of a time, or only those on points of these patterns. Returns how many there were."""
    n = 0
    held: list[tuple[object, ...]] = []
    for row in history.each_decision(start_ns, end_ns):
        if patterns and not any(fnmatchcase(f"{row.asset}/{row.point}", pattern) for pattern in patterns):
            continue
        record = msgspec.json.decode(row.record, type=dict[str, object])
        parts = [record.get(name) for name in ("action", "reason", "from", "to")]
        held.append((row.ns, row.id, row.cycle, row.asset, row.point, *parts, row.record.decode()))
        n += 1
        if len(held) == _RECORDS_AT_ONCE:
            _put_decisions(table, held)
            held = []
    if held:
        _put_decisions(table, held)
    return n


@contextmanager
def written(path: Path, names: Sequence[str], *, force: bool) -> Iterator[Table]:
    """A table that becomes `path` when all went well; by its ending CSV or Parquet.

    Raises: TwinError: the file exists and `force` is not set, its ending is unknown, or pyarrow is missing.
    """
    if path.exists() and not force:
        raise TwinError("the file exists already", where=str(path), fix="add --force to write over it")
    kind = path.suffix.lower()
    if kind not in {".csv", ".parquet"}:
        raise TwinError("unknown kind of file", where=str(path), fix="end its name in .csv or .parquet")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _csv(part, names) if kind == ".csv" else _parquet(part, names) as table:
            yield table
        part.replace(path)
    except OSError as error:
        raise TwinError(
            f"cannot be written: {error.strerror or error}", where=str(path), fix="name a file in a directory with room"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def something(n: int, where: str) -> None:
    """Raises: DataTooPoor: nothing was found."""
    if n == 0:
        raise DataTooPoor(
            "there is nothing to export in this time", where=where, fix="twin history lists what there is"
        )


class _CsvTable:
    """RFC 4180: lines end in CR LF, texts are quoted where they must be."""

    def __init__(self, file: IO[str], names: Sequence[str]) -> None:
        self._names = names
        self._writer = csv.writer(file)
        self._writer.writerow(names)

    def put(self, columns: Mapping[str, Column]) -> None:
        shown = [_shown(name, columns[name]) for name in self._names]
        self._writer.writerows(zip(*shown, strict=True))


def _shown(name: str, column: Column) -> Column:
    if name == "time":
        return iso_times(np.asarray(column, dtype=np.int64))
    return column  # `csv` writes floats as `repr` does, and None as nothing


class _ParquetTable:
    def __init__(self, part: Path, names: Sequence[str]) -> None:
        try:
            self._arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        except ImportError as error:
            raise TwinError(
                "writing Parquet needs pyarrow, which is not installed",
                where=part.name.strip(".").rpartition(".")[0].rpartition(".")[0],
                fix="pip install 'thermotwin[parquet]', or export to a .csv file",
            ) from error
        kinds = {name: self._kind(name) for name in names}
        self._schema = self._arrow.schema(list(kinds.items()))
        self._writer = parquet.ParquetWriter(part, self._schema, compression="zstd")

    def put(self, columns: Mapping[str, Column]) -> None:
        arrays = [self._arrow.array(columns[field.name], type=field.type) for field in self._schema]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()

    def _kind(self, name: str) -> object:
        arrow = self._arrow
        if name == "time":
            return arrow.timestamp("ns", tz="UTC")
        if name in _WHOLE:
            return arrow.int64()
        if name in _NUMBERS:
            return arrow.float64()
        return arrow.string()  # Parquet itself keeps repeated texts as a dictionary


@contextmanager
def _csv(part: Path, names: Sequence[str]) -> Iterator[Table]:
    with part.open("w", encoding="utf-8", newline="") as file:
        yield _CsvTable(file, names)


@contextmanager
def _parquet(part: Path, names: Sequence[str]) -> Iterator[Table]:
    table = _ParquetTable(part, names)
    try:
        yield table
    finally:
        table.close()


def iso_times(times_ns: Ints) -> list[str]:
    """UTC texts with nine digits: 2026-01-31T12:00:00.000000000Z."""
    return [f"{text}Z" for text in np.datetime_as_string(times_ns.astype("datetime64[ns]")).tolist()]


def _rows(series: Series, times_ns: Ints, columns: dict[str, Column]) -> dict[str, Column]:
    n = times_ns.size
    return {"time": times_ns.tolist(), "point": [series.point] * n, "unit": [series.unit] * n, **columns}


def _put_decisions(table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    table.put(dict(zip(DECISIONS, zip(*rows, strict=True), strict=True)))


def _quality_word(quality: int) -> str:
    return QUALITY_WORDS[quality] if quality < len(QUALITY_WORDS) else str(quality)
