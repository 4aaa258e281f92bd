"""`twin history` lists what there is and draws it, in any terminal."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tests.unit.cli.histories import a_history
from tests.unit.historian.builders import START_NS
from twin.cli.main import app
from twin.cli.plot import Curve, drawing, time_axis, value_ticks
from twin.domain.clock import NS_PER_S


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_history(tmp_path_factory.mktemp("state"))


def asked(state: Path, *more: str, columns: int = 80) -> Result:
    return CliRunner().invoke(app, ["history", "--state", str(state), *more], env={"COLUMNS": str(columns)})


def test_without_points_every_series_is_listed(state: Path) -> None:
    result = asked(state)

    assert result.exit_code == 0, result.output
    line = next(line for line in result.stdout.splitlines() if line.startswith("r0/inlet_c"))
    assert line.split()[:7] == ["r0/inlet_c", "degC", "10,800", "2026-01-01", "00:00:00", "2026-01-01", "02:59:59"]
    assert "3 points, times in UTC" in result.stdout


def test_the_list_as_json(state: Path) -> None:
    series = json.loads(asked(state, "--json").stdout)["series"]
    assert [one["point"] for one in series] == ["r0/inlet_c", "r1/inlet_c", "r2/inlet_c"]
    assert (series[0]["unit"], series[0]["samples"], series[0]["quality"]) == ("degC", 10_800, "good")
    assert series[0]["first"].startswith("2026-01-01T00:00:00.")


def test_a_point_is_drawn_with_unit_times_and_marks_for_doubt(state: Path) -> None:
    text = asked(state, "r0/inlet_c").stdout
    lines = text.splitlines()

    assert lines[0].startswith("r0/inlet_c in °C   mean 2")
    assert any("░" in line for line in lines)
    assert any(0x2800 < ord(char) <= 0x28FF for char in text)
    assert "01 Jan 0" in text
    assert "02:00" in text
    marks = next(line for line in lines if set(line) <= set(" ?!") and "?" in line)
    assert marks.index("?") < marks.index("!")
    assert "10,800 samples by 5 min, times in UTC; 101 doubtful" in lines[-2]
    assert "\x1b" not in text


@pytest.mark.parametrize("columns", [30, 60, 100, 300])
def test_a_drawing_fits_the_terminal(state: Path, columns: int) -> None:
    lines = asked(state, "r0/inlet_c", "--last", "1h", columns=columns).stdout.splitlines()
    plot = [line for line in lines if "│" in line or "┤" in line or "└" in line]
    assert plot
    assert max(len(line) for line in plot) <= min(max(columns, 40), 140)


def test_buckets_as_json_are_those_asked_for(state: Path) -> None:
    told = json.loads(asked(state, "r0/inlet_c", "--every", "30m", "--json").stdout)["points"][0]
    assert (told["every_s"], told["samples"], told["doubtful"]) == (1800.0, 10_800, 101)
    assert [bucket["worst"] for bucket in told["buckets"]] == ["good", "good", "suspect", "good", "good", "bad"]
    assert [bucket["n"] for bucket in told["buckets"]] == [1800] * 5 + [1799]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["r0/inlt_c"], "did you mean r0/inlet_c?"),
        (["r0/inlet_c", "--from", "2027-01-01", "--until", "2027-01-02"], "no sample in this time"),
    ],
)
def test_nothing_to_show_is_exit_7(state: Path, more: list[str], said: str) -> None:
    result = asked(state, *more)
    assert result.exit_code == 7
    assert said in result.output


def test_it_reads_while_another_writes(state: Path) -> None:
    writer = sqlite3.connect(state / "site" / "history.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM decisions")
    assert asked(state, "r1/inlet_c").exit_code == 0
    writer.execute("ROLLBACK")
    writer.close()


def test_values_have_round_ticks_that_enclose_them() -> None:
    assert [text for _, text in value_ticks(20.3, 24.1, 14)] == ["20", "21", "22", "23", "24", "25"]
    assert [text for _, text in value_ticks(21.0, 21.0, 8)] == ["20.5", "21.0", "21.5"]
    assert value_ticks(0.001, 0.0042, 12)[0][1] == "0.001"


def test_ticks_stand_at_whole_hours_of_the_zone_s_own_clock() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")  # 5:45 ahead
    _, names = time_axis(START_NS, START_NS + 12 * 3_600 * NS_PER_S, 80, kathmandu)
    assert [word for word in names.split() if ":" in word] == ["06:00", "09:00", "12:00", "15:00"]
    _, names = time_axis(START_NS, START_NS + 90 * NS_PER_S, 80, UTC)
    assert "00:00:30" in names


def test_a_gap_is_left_empty_and_the_mean_lies_in_its_band() -> None:
    at = START_NS + np.array([0, 1, 2, 10, 11]) * 60 * NS_PER_S
    mean = np.array([20.0, 21.0, 22.0, 21.0, 20.0])
    curve = Curve(
        START_NS, START_NS + 720 * NS_PER_S, 60 * NS_PER_S, at, mean, mean - 0.5, mean + 0.5, at, np.zeros(5, np.uint8)
    )
    lines = drawing(curve, width=54, height=12, zone=UTC)
    rows = [line[6:] for line in lines[:12]]
    assert all(line[20:38].strip() == "" for line in rows)
    assert any(line[:8].strip() for line in rows)
