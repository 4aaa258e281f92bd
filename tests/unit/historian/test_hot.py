"""Unsealed samples of a torn file."""

from __future__ import annotations

import sqlite3

import pytest

from twin.historian.hot import HotSamples


def test_a_block_that_the_index_names_and_the_table_has_not_is_damage_in_words() -> None:
    db = sqlite3.connect(":memory:")
    # one block whose number is never the same: what is listed cannot be found again
    columns = "abs(random()) AS id, 'a' AS catalogue, 1 AS n, 0 AS first_ns, 9 AS last_ns, x'' AS packed"
    db.execute(f"CREATE VIEW hot AS SELECT {columns}")
    with pytest.raises(ValueError, match="stands in an index and in no table"):
        HotSamples(db).of([1], 0, 10)
    db.close()
