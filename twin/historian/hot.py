"""Samples that are not sealed yet, as a reader needs them: by series. Blocks are unpacked once, however many ask."""

from __future__ import annotations

import sqlite3
from typing import TypeAlias

import numpy as np

from twin.domain.arrays import Ints
from twin.historian.blocks import unpack
from twin.historian.chunks import Samples
from twin.historian.store_db import Catalogues

_MOST_KEPT = 2_000_000  # samples
_BlockId: TypeAlias = tuple[
    int, str, int, int, int
]  # row, catalogue, n, first and last time: rows are written over in part


class HotSamples:
    """The unsealed blocks of a history, within the caller's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db, self._catalogues = db, Catalogues(db)
        self._kept: dict[_BlockId, Samples] = {}

    def of(self, numbers: list[int], start_ns: int, end_ns: int) -> Samples:
        """The samples of some series, start <= time < end, in the order they arrived."""
        parts: list[Samples] = []
        for block in self._blocks("first_ns < ? AND last_ns >= ?", (end_ns, start_ns)):
            for number in numbers:
                a, b = np.searchsorted(block.series, (number, number + 1)).tolist()
                if b > a:
                    ours = block.at(np.arange(a, b))
                    parts.append(ours.at((ours.source_ns >= start_ns) & (ours.source_ns < end_ns)))
        return Samples.joined(parts)

    def extents(self) -> list[tuple[int, int, int, int, float, int]]:
        """Of each series that has unsealed samples: number, count, first and last time, last value and quality."""
        samples = Samples.joined(self._blocks("n > ?", (0,))).in_order()
        if samples.series.size == 0:
            return []
        firsts = np.append(0, np.flatnonzero(np.diff(samples.series)) + 1)
        lasts = np.append(firsts[1:], samples.series.size) - 1
        columns: list[Ints | np.ndarray[tuple[int], np.dtype[np.float64]]] = [
            samples.series[firsts],
            lasts - firsts + 1,
            samples.source_ns[firsts],
            samples.source_ns[lasts],
            samples.value[lasts],
            samples.quality[lasts].astype(np.int64),
        ]
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _blocks(self, where: str, arguments: tuple[int, ...]) -> list[Samples]:
        """Blocks in the order they arrived, each sorted by series, within a series in the order they came."""
        query = f"SELECT id, catalogue, n, first_ns, last_ns FROM hot WHERE {where} ORDER BY id"
        keys: list[_BlockId] = self._db.execute(query, arguments).fetchall()
        if sum(samples.series.size for samples in self._kept.values()) > _MOST_KEPT:
            self._kept = {key: self._kept[key] for key in keys if key in self._kept}
        for key in keys:
            if key not in self._kept:
                self._kept[key] = self._unpacked(key[0], key[1])
        return [self._kept[key] for key in keys]

    def _unpacked(self, row: int, digest: str) -> Samples:
        found = self._db.execute("SELECT packed FROM hot WHERE id = ?", (row,)).fetchone()
        if found is None:
            raise ValueError(f"block {row} stands in an index and in no table")
        batch, _ = unpack(found[0])
        series = self._catalogues.get(digest)[1][batch.point]
        return Samples(series, batch.source_ns, batch.value, batch.quality).at(np.argsort(series, kind="stable"))
