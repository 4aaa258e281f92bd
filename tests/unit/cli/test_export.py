"""`twin export` gives history back bit for bit, whole or not at all."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tests.unit.cli.histories import a_history
from tests.unit.historian.builders import START_NS
from twin.cli.main import app
from twin.domain.clock import NS_PER_S
from twin.historian.export import QUALITY_WORDS
from twin.historian.history import HistoryReader


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_history(tmp_path_factory.mktemp("state"))


def exported(state: Path, file: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["export", "--state", str(state), "--to", str(file), *more])


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def ns_of_text(text: str) -> int:
    return int(np.datetime64(text.removesuffix("Z"), "ns").astype(np.int64))


def columns_of(state: Path, point: str) -> tuple[list[int], bytes, list[str]]:
    reader = HistoryReader(state / "site" / "history.db")
    times, value, quality = reader.read(point)
    reader.close()
    return times.tolist(), value.tobytes(), [QUALITY_WORDS[q] for q in quality.tolist()]


def test_a_csv_file_holds_what_the_reader_reads_bit_for_bit(state: Path, tmp_path: Path) -> None:
    result = exported(state, tmp_path / "all.csv")

    assert result.exit_code == 0, result.output
    rows = rows_of(tmp_path / "all.csv")
    assert list(rows[0]) == ["time", "point", "value", "unit", "quality"]
    assert {row["unit"] for row in rows} == {"degC"}
    for point in ("r0/inlet_c", "r1/inlet_c", "r2/inlet_c"):
        ours = [row for row in rows if row["point"] == point]
        again = (
            [ns_of_text(row["time"]) for row in ours],
            np.array([float(row["value"]) for row in ours]).tobytes(),
            [row["quality"] for row in ours],
        )
        assert again == columns_of(state, point)
    assert (tmp_path / "all.csv").read_bytes().count(b"\r\n") == len(rows) + 1


def test_a_parquet_file_holds_what_the_reader_reads_bit_for_bit(state: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    result = exported(state, tmp_path / "one.parquet", "r0/inlet_c")

    assert result.exit_code == 0, result.output
    table = parquet.read_table(tmp_path / "one.parquet")
    assert str(table.schema.field("time").type) == "timestamp[ns, tz=UTC]"
    times = table["time"].cast("int64").to_pylist()
    value = np.array(table["value"].to_pylist()).tobytes()
    assert (times, value, table["quality"].to_pylist()) == columns_of(state, "r0/inlet_c")


def test_without_pyarrow_the_command_that_installs_it_is_named(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = exported(state, tmp_path / "one.parquet")

    assert result.exit_code == 2
    assert "pip install 'thermotwin[parquet]'" in result.output
    assert list(tmp_path.iterdir()) == []


def test_only_the_time_and_points_asked_for(state: Path, tmp_path: Path) -> None:
    span = ["--from", "2026-01-01T01:00:00Z", "--until", "2026-01-01T01:00:10Z"]
    assert exported(state, tmp_path / "few.csv", "r[01]/*", *span).exit_code == 0

    rows = rows_of(tmp_path / "few.csv")
    assert {row["point"] for row in rows} == {"r0/inlet_c", "r1/inlet_c"}
    assert len(rows) == 20
    assert all("2026-01-01T01:00:0" in row["time"] for row in rows)


def test_buckets_hold_the_reader_s_own_summaries(state: Path, tmp_path: Path) -> None:
    assert exported(state, tmp_path / "by.csv", "r0/inlet_c", "--every", "10m").exit_code == 0

    rows = rows_of(tmp_path / "by.csv")
    reader = HistoryReader(state / "site" / "history.db")
    summary = reader.summary("r0/inlet_c", START_NS, START_NS + 10_800 * NS_PER_S + 1, 600.0)
    reader.close()
    assert [float(row["mean"]) for row in rows] == summary.mean.tolist()
    assert [int(row["n"]) for row in rows] == summary.n.tolist()
    assert [ns_of_text(row["time"]) for row in rows] == summary.start_ns.tolist()


def test_decisions_keep_their_record_as_it_was_published(state: Path, tmp_path: Path) -> None:
    assert exported(state, tmp_path / "d.csv", "--decisions", "h1/*").exit_code == 0

    rows = rows_of(tmp_path / "d.csv")
    assert [(row["id"], row["reason"], row["to"]) for row in rows] == [
        ("d1", "cheaper", "22.5"),
        ("d2", "cheaper", "22.5"),
    ]
    assert json.loads(rows[0]["record"])["effect_w"]["low"] == -1500.0


def test_a_file_that_exists_is_kept_unless_forced(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text("precious", encoding="utf-8")

    refused = exported(state, file)
    assert (refused.exit_code, file.read_text(encoding="utf-8")) == (2, "precious")
    assert "--force" in refused.output
    assert exported(state, file, "--force", "--last", "1m").exit_code == 0
    assert len(rows_of(file)) == 180


def test_nothing_to_export_is_said_and_leaves_no_file(state: Path, tmp_path: Path) -> None:
    late = exported(state, tmp_path / "late.csv", "--from", "2027-01-01", "--until", "2027-01-02")
    unknown = exported(state, tmp_path / "late.csv", "r0/inlet")

    assert (late.exit_code, unknown.exit_code) == (7, 7)
    assert "did you mean r0/inlet_c?" in unknown.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("more", [["--every", "soon"], ["--from", "yesterday"], ["--every", "5m", "--decisions"]])
def test_what_cannot_be_meant_is_refused(state: Path, tmp_path: Path, more: list[str]) -> None:
    result = exported(state, tmp_path / "a.csv", *more)
    assert result.exit_code == 2
    assert "fix: " in result.output


def test_facts_come_as_json(state: Path, tmp_path: Path) -> None:
    result = exported(state, tmp_path / "a.csv", "--last", "1m", "--json")
    told = json.loads(result.stdout)
    assert (told["ok"], told["rows"]) == (True, 180)
    assert told["bytes"] == (tmp_path / "a.csv").stat().st_size
