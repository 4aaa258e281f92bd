"""`make bench` keeps its promise of one JSON line a figure. What the figures are is no test's business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main

ROOT = Path(__file__).parents[2]
KEYS = ["id", "value", "unit", "n", "against", "ratio"]


def test_a_benchmark_prints_one_json_line_for_each_figure_and_nothing_else() -> None:
    command = [sys.executable, "-m", "benchmarks", "--only", "ingest.points", "--quick"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    (line,) = run.stdout.splitlines()
    figure = json.loads(line)
    assert list(figure) == KEYS
    assert (figure["id"], figure["unit"]) == ("ingest.points_per_s", "points/s")
    assert "json.loads" in figure["against"]
    assert all(figure[number] > 0 for number in ("value", "n", "ratio"))


def test_every_id_is_explained_in_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    ids = capsys.readouterr().out.split()
    page = (ROOT / "docs" / "reference" / "benchmarks.md").read_text(encoding="utf-8")
    assert len(ids) == len(set(ids)) >= 7
    assert [id_ for id_ in ids if f"| `{id_}` |" not in page] == []


def test_a_prefix_that_fits_nothing_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "bogus"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "ingest.points_per_s" in told.err
