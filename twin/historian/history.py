"""Reading the embedded history, from the daemon or from any other process while the daemon writes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from twin.domain.arrays import Bytes8, Floats, Ints
from twin.domain.clock import NS_PER_S
from twin.domain.errors import DataTooPoor
from twin.historian.chunk_formats import minutes_of, unpacked
from twin.historian.decisions import DecisionRow
from twin.historian.hot import HotSamples
from twin.historian.minutes import MINUTE_NS, MinutesHead, unpack_minutes
from twin.historian.ordering import between, in_order
from twin.historian.series import Series
from twin.historian.store_db import open_for_reading, transaction
from twin.historian.sums import Columns, Sums, by_bucket, coarser, each_once, sums_of

_END_NS = 2**63 - 1
_SLICE = 200_000  # samples
_IN_CACHE = 4_000  # samples
_DECISIONS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Summary:
    """A series by buckets of time; arrays of one length, buckets without a usable sample are left out.

    `start_ns` are multiples of the bucket's width since 1970.
    """

    start_ns: Ints
    n: Ints
    mean: Floats
    minimum: Floats
    maximum: Floats


@dataclass(frozen=True, slots=True)
class Extent:
    """What there is of a point. `n` counts a sample that came late twice until it is merged."""

    series: Series
    n: int
    first_ns: int
    last_ns: int
    value: float
    quality: int


class HistoryReader:
    """Synchronous, from any thread, one call at a time. Every call sees one unchanging state of the file."""

    def __init__(self, path: Path) -> None:
        """Raises: DataTooPoor: there is no history in `path`."""
        try:
            self._db = open_for_reading(path)
            self._db.execute("SELECT 1 FROM windows LIMIT 1").fetchone()
        except sqlite3.DatabaseError as error:
            raise DataTooPoor(
                f"there is no history to read: {error}", where=str(path), fix="name the state directory of a site"
            ) from error
        self._where = str(path)
        self._hot = HotSamples(self._db)
        self._lock = threading.Lock()

    def series(self) -> list[Series]:
        """Every series there is a catalogue of."""
        query = "SELECT DISTINCT point, asset, name, measurement, unit, hall FROM series ORDER BY id"
        with self._lock:
            return [Series(*row) for row in self._db.execute(query)]

    def extents(self) -> list[Extent]:
        """What there is of every point that has a sample, with its latest; by the order of the catalogue."""
        query = "SELECT series, SUM(n), MIN(first_ns), MAX(last_ns), MAX(window_ns) FROM chunks GROUP BY series"
        packed = "SELECT n, first_ns, packed FROM chunks WHERE window_ns = ? AND series = ?"
        names = "SELECT id, point, asset, name, measurement, unit, hall FROM series ORDER BY id"
        found: dict[str, Extent] = {}
        with self._lock, transaction(self._db, "DEFERRED"), self._naming_damage():
            series = {number: Series(*row) for number, *row in self._db.execute(names)}
            latest = self._hot.extents()
            for number, n, first_ns, last_ns, window_ns in self._db.execute(query).fetchall():
                row = self._db.execute(packed, (window_ns, number)).fetchone()
                ((_, values, qualities),) = _opened([row])
                latest.append((number, n, first_ns, last_ns, float(values[-1]), int(qualities[-1])))
        for number, n, first_ns, last_ns, value, quality in latest:
            one, point = Extent(series[number], n, first_ns, last_ns, value, quality), series[number].point
            found[point] = _both(found[point], one) if point in found else one
        return [found[point] for point in dict.fromkeys(s.point for s in series.values()) if point in found]

    def slices(self, point: str, start_ns: int = 0, end_ns: int = _END_NS) -> list[tuple[int, int]]:
        """Stretches of time, one after the other from start to end, that hold a bearable number of samples each."""
        with self._lock:
            rows = self._chunk_rows(self._numbers(point), start_ns, end_ns, "w.start_ns, n")
        cuts, held = [start_ns], 0
        for window_ns, n in sorted(rows):
            if held + n > _SLICE and window_ns > cuts[-1]:
                cuts.append(window_ns)
                held = 0
            held += n
        return list(pairwise([*cuts, end_ns]))

    def read(self, point: str, start_ns: int = 0, end_ns: int = _END_NS) -> tuple[Ints, Floats, Bytes8]:
        """Times, values and qualities of a point, start <= time < end, in order of time, each time once."""
        with self._lock, transaction(self._db, "DEFERRED"), self._naming_damage():
            numbers = self._numbers(point)
            parts = _opened(self._chunk_rows(numbers, start_ns, end_ns, "n, first_ns, packed"))
            hot = self._hot.of(numbers, start_ns, end_ns)
        return in_order([*parts, (hot.source_ns, hot.value, hot.quality)], start_ns, end_ns)

    def summary(self, point: str, start_ns: int, end_ns: int, bucket_s: float) -> Summary:
        """Count, mean, least and largest usable value by bucket.

        Chunks that lie within one bucket are not opened; of others their minutes do, where buckets are whole minutes.
        """
        width_ns = int(bucket_s * NS_PER_S)
        columns = "n, first_ns, packed, last_ns, used, min, max, sum"
        sums: list[Sums] = []
        minutes: list[tuple[MinutesHead, bytes]] = []
        plain_rows: list[tuple[int, int, bytes]] = []
        mixed_rows: list[tuple[int, int, bytes]] = []
        with self._lock, transaction(self._db, "DEFERRED"), self._naming_damage():
            numbers = self._numbers(point)
            hot = self._hot.of(numbers, start_ns, end_ns)
            for row in self._chunk_rows(numbers, start_ns, end_ns, columns):
                n, first_ns, packed, last_ns, used, low, high, total = row
                whole = start_ns <= first_ns and last_ns < end_ns
                mixed = hot.source_ns.size and ((hot.source_ns >= first_ns) & (hot.source_ns <= last_ns)).any()
                if mixed or len(numbers) > 1:
                    mixed_rows.append((n, first_ns, packed))
                elif whole and first_ns // width_ns == last_ns // width_ns:
                    if used:
                        sums.append(sums_of([(first_ns // width_ns, used, total, low, high)]))
                elif whole and width_ns % MINUTE_NS == 0 and (found := minutes_of(packed)):
                    minutes.append(found)
                else:
                    plain_rows.append((n, first_ns, packed))
            if minutes:
                sums.append(coarser(unpack_minutes(minutes), width_ns // MINUTE_NS))
            sums += [by_bucket(between(part, start_ns, end_ns), width_ns) for part in _opened(plain_rows)]
            parts = [*_opened(mixed_rows), (hot.source_ns, hot.value, hot.quality)]
        sums.append(by_bucket(in_order(parts, start_ns, end_ns), width_ns))
        bucket, count, total, least, largest = each_once(sums)
        return Summary(bucket * width_ns, count, total / count, least, largest)

    def decision(self, decision_id: str) -> DecisionRow | None:
        """One decision by its id."""
        query = "SELECT id, ns, cycle, asset, point, record FROM decisions WHERE id = ?"
        with self._lock:
            row = self._db.execute(query, (decision_id,)).fetchone()
        return None if row is None else DecisionRow(*row)

    def decisions(
        self, start_ns: int = 0, end_ns: int = _END_NS, *, asset: str = "", point: str = "", limit: int = 1_000
    ) -> list[DecisionRow]:
        """The newest decisions of a time, oldest of them first; of one asset or point when named."""
        query = (
            "SELECT id, ns, cycle, asset, point, record FROM decisions WHERE ns >= ? AND ns < ?"
            " AND (? = '' OR asset = ?) AND (? = '' OR point = ?) ORDER BY ns DESC, id DESC LIMIT ?"
        )
        with self._lock:
            rows = self._db.execute(query, (start_ns, end_ns, asset, asset, point, point, limit)).fetchall()
        return [DecisionRow(*row) for row in reversed(rows)]

    def each_decision(self, start_ns: int = 0, end_ns: int = _END_NS) -> Iterator[DecisionRow]:
        """All decisions of a time, oldest first, a page at a time."""
        query = (
            "SELECT id, ns, cycle, asset, point, record FROM decisions WHERE ns < ? AND (ns, id) > (?, ?)"
            " ORDER BY ns, id LIMIT ?"
        )
        after: tuple[int, str] = (start_ns - 1, "\U0010ffff")
        while True:
            with self._lock:
                rows = self._db.execute(query, (end_ns, *after, _DECISIONS_AT_ONCE)).fetchall()
            if not rows:
                return
            for row in rows:
                yield DecisionRow(*row)
            after = rows[-1][1], rows[-1][0]

    def close(self) -> None:
        """Close the file. Harmless when repeated."""
        self._db.close()

    @contextmanager
    def _naming_damage(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise DataTooPoor(
                f"a part of the history is damaged: {error}", where=self._where, fix="choose another time or point"
            ) from error

    def _numbers(self, point: str) -> list[int]:
        """The series of a point: more than one when its place or unit was configured anew."""
        return [row[0] for row in self._db.execute("SELECT id FROM series WHERE point = ?", (point,))]

    def _chunk_rows(self, numbers: list[int], start_ns: int, end_ns: int, columns: str) -> list[Any]:
        query = (
            f"SELECT {columns} FROM windows AS w JOIN chunks AS c ON c.window_ns = w.start_ns"
            " AND c.series = ? WHERE w.start_ns < ? AND w.end_ns > ? ORDER BY w.start_ns"
        )
        return [row for number in numbers for row in self._db.execute(query, (number, end_ns, start_ns))]


def _opened(rows: Sequence[tuple[int, int, bytes]]) -> list[Columns]:
    """Chunks in the order of their windows; several at a time, as many as the processor's cache holds."""
    groups: list[list[tuple[int, int, bytes]]] = [[]]
    held = 0
    for row in rows:
        if held + row[0] > _IN_CACHE and groups[-1]:
            groups.append([])
            held = 0
        groups[-1].append(row)
        held += row[0]
    return [unpacked(group) for group in groups if group]


def _both(one: Extent, other: Extent) -> Extent:
    """Of a point whose samples lie in two places."""
    last = max(one, other, key=lambda extent: extent.last_ns)
    first_ns = min(one.first_ns, other.first_ns)
    return Extent(last.series, one.n + other.n, first_ns, last.last_ns, last.value, last.quality)
