"""Reading the embedded history, from the daemon or from any other process while the daemon writes."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.domain.arrays import Bytes8, Floats, Ints
from twin.domain.clock import NS_PER_S
from twin.domain.errors import DataTooPoor
from twin.historian.chunks import Samples, usable
from twin.historian.decisions import DecisionRow
from twin.historian.series import Series
from twin.historian.store_db import Catalogues, hot_batches, open_for_reading, sealed_samples, transaction

_END_NS = 2**63 - 1


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
        self._catalogues = Catalogues(self._db)
        self._lock = threading.Lock()

    def series(self) -> list[Series]:
        """Every series there is a catalogue of."""
        query = "SELECT DISTINCT point, asset, name, measurement, unit, hall FROM series ORDER BY id"
        with self._lock:
            return [Series(*row) for row in self._db.execute(query)]

    def read(self, point: str, start_ns: int = 0, end_ns: int = _END_NS) -> tuple[Ints, Floats, Bytes8]:
        """Times, values and qualities of a point, start <= time < end, in order of time, each time once."""
        with self._lock, transaction(self._db, "DEFERRED"):
            numbers = self._numbers(point)
            parts = [self._opened(row) for row in self._chunk_rows(numbers, start_ns, end_ns, "n, first_ns, packed")]
            found = _as_one_series([*parts, self._hot(numbers, start_ns, end_ns)])
        inside = (found.source_ns >= start_ns) & (found.source_ns < end_ns)
        found = found.at(inside)
        return found.source_ns, found.value, found.quality

    def summary(self, point: str, start_ns: int, end_ns: int, bucket_s: float) -> Summary:
        """Count, mean, least and largest usable value by bucket; chunks that lie within one bucket are not opened."""
        width_ns = int(bucket_s * NS_PER_S)
        columns = "n, first_ns, packed, last_ns, used, min, max, sum"
        whole: list[tuple[int, int, float, float, float]] = []
        with self._lock, transaction(self._db, "DEFERRED"):
            numbers = self._numbers(point)
            hot = self._hot(numbers, start_ns, end_ns)
            parts: list[Samples] = []
            for row in self._chunk_rows(numbers, start_ns, end_ns, columns):
                _, _, first_ns, _, last_ns, used, low, high, total = row
                within = start_ns <= first_ns and last_ns < end_ns and first_ns // width_ns == last_ns // width_ns
                overlapped = bool(((hot.source_ns >= first_ns) & (hot.source_ns <= last_ns)).any())
                if within and not overlapped and len(numbers) == 1:
                    if used:
                        whole.append((first_ns // width_ns, used, low, high, total))
                else:
                    parts.append(self._opened(row[:4]))
            found = _as_one_series([*parts, hot])
        inside = (found.source_ns >= start_ns) & (found.source_ns < end_ns) & usable(found.value, found.quality)
        return _by_bucket(found.at(inside), whole, width_ns)

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

    def close(self) -> None:
        """Close the file. Harmless when repeated."""
        self._db.close()

    def _numbers(self, point: str) -> list[int]:
        """The series of a point: more than one when its place or unit was configured anew."""
        return [row[0] for row in self._db.execute("SELECT id FROM series WHERE point = ?", (point,))]

    def _chunk_rows(self, numbers: list[int], start_ns: int, end_ns: int, columns: str) -> list[tuple[int, ...]]:
        query = (
            f"SELECT c.series, {columns} FROM windows AS w JOIN chunks AS c ON c.window_ns = w.start_ns"
            " AND c.series = ? WHERE w.start_ns < ? AND w.end_ns > ? ORDER BY w.start_ns"
        )
        return [row for number in numbers for row in self._db.execute(query, (number, end_ns, start_ns))]

    @staticmethod
    def _opened(row: tuple[int, ...]) -> Samples:
        series, n, first_ns, packed = row
        return sealed_samples(series, n, first_ns, packed)  # type: ignore[arg-type]

    def _hot(self, numbers: list[int], start_ns: int, end_ns: int) -> Samples:
        parts: list[Samples] = []
        for _, digest, batch in hot_batches(self._db, "first_ns < ? AND last_ns >= ?", (end_ns, start_ns)):
            series = self._catalogues.get(digest)[1][batch.point]
            ours = Samples(series, batch.source_ns, batch.value, batch.quality)
            parts.append(ours.at(np.isin(series, numbers) & (batch.source_ns >= start_ns) & (batch.source_ns < end_ns)))
        return Samples.joined(parts)


def _as_one_series(parts: list[Samples]) -> Samples:
    joined = Samples.joined(parts)
    return Samples(np.zeros_like(joined.series), joined.source_ns, joined.value, joined.quality).in_order()


def _by_bucket(samples: Samples, whole: list[tuple[int, int, float, float, float]], width_ns: int) -> Summary:
    """Opened samples and the summaries of unopened chunks together."""
    bucket = np.concatenate([samples.source_ns // width_ns, np.asarray([w[0] for w in whole], dtype=np.int64)])
    ones = np.ones(samples.value.size, dtype=np.int64)
    count = np.concatenate([ones, np.asarray([w[1] for w in whole], dtype=np.int64)])
    low = np.concatenate([samples.value, np.asarray([w[2] for w in whole], dtype=np.float64)])
    high = np.concatenate([samples.value, np.asarray([w[3] for w in whole], dtype=np.float64)])
    total = np.concatenate([samples.value, np.asarray([w[4] for w in whole], dtype=np.float64)])
    buckets, place = np.unique(bucket, return_inverse=True)
    n = np.zeros(buckets.size, dtype=np.int64)
    sums = np.zeros(buckets.size)
    least, largest = np.full(buckets.size, np.inf), np.full(buckets.size, -np.inf)
    np.add.at(n, place, count)
    np.add.at(sums, place, total)
    np.minimum.at(least, place, low)
    np.maximum.at(largest, place, high)
    return Summary(buckets * width_ns, n, sums / n, least, largest)
