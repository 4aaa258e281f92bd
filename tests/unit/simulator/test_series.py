"""Recorded series: read exactly, bridged and said where there are holes, and refused by file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twin.domain.errors import TwinError
from twin.domain.timestamps import ns_of_iso
from twin.simulator.load import RecordedLoad, load_from
from twin.simulator.series import read_series
from twin.simulator.weather import RecordedWeather, weather_from

HOUR_NS = 3600 * 10**9
MIDNIGHT_NS = ns_of_iso("2026-01-01T00:00:00Z")


def written(directory: Path, *rows: str, header: str = "time_utc,t_db_c,rh_pct") -> Path:
    path = directory / "series.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def hours(count: int, value: str = "{0},50") -> list[str]:
    """One row an hour; the value is the number of the hour."""
    return [f"2026-01-{1 + n // 24:02}T{n % 24:02}:00:00Z,{value.format(n)}" for n in range(count)]


def test_between_two_rows_the_value_lies_on_the_line(tmp_path: Path) -> None:
    series = read_series(written(tmp_path, *hours(3)), ("t_db_c",))
    assert [series.at("t_db_c", MIDNIGHT_NS + n * HOUR_NS // 2) for n in range(5)] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert series.notes == ("series.csv: 3 rows from 2026-01-01T00:00:00.000Z to 2026-01-01T02:00:00.000Z",)


def test_local_time_is_so_far_ahead_of_utc(tmp_path: Path) -> None:
    path = written(tmp_path, "2026-01-01 08:00:00,1,50", "2026-01-01 09:00:00,2,50", header="time_local,t_db_c,rh_pct")
    series = read_series(path, ("t_db_c",), utc_offset_h=8.0)
    assert series.start_ns == MIDNIGHT_NS
    assert series.at("t_db_c", MIDNIGHT_NS) == 1.0


def test_an_offset_in_the_stamp_is_heeded_and_no_zone_means_utc(tmp_path: Path) -> None:
    path = written(tmp_path, "2026-01-01T02:00:00+02:00,1,50", "2026-01-01T01:00:00,2,50")
    assert read_series(path, ("t_db_c",)).start_ns == MIDNIGHT_NS


def test_holes_are_bridged_and_that_is_said(tmp_path: Path) -> None:
    rows = hours(6)
    rows[1] = rows[1].replace(",1,50", ",,50")
    del rows[4]
    series = read_series(written(tmp_path, *rows), ("t_db_c",))
    assert [series.at("t_db_c", MIDNIGHT_NS + n * HOUR_NS) for n in range(6)] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert any("1 gaps between rows" in note for note in series.notes)
    assert any("1 empty cells of t_db_c" in note for note in series.notes)


def test_rows_out_of_order_are_put_in_order_and_of_a_repeated_hour_the_first_counts(tmp_path: Path) -> None:
    rows = [*reversed(hours(4)), "2026-01-01T01:00:00Z,99,50"]
    series = read_series(written(tmp_path, *rows), ("t_db_c",))
    assert series.columns["t_db_c"].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_week_repeats_by_weeks_and_a_day_by_days(tmp_path: Path) -> None:
    week = read_series(written(tmp_path, *hours(7 * 24 + 1)), ("t_db_c",))
    assert week.at("t_db_c", MIDNIGHT_NS + (7 * 24 + 30) * HOUR_NS) == 30.0
    day = read_series(written(tmp_path, *hours(30)), ("t_db_c",))
    assert day.at("t_db_c", MIDNIGHT_NS + (24 * 9 + 5) * HOUR_NS) == 5.0
    assert day.at("t_db_c", MIDNIGHT_NS - 1 * HOUR_NS) == 23.0


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        (["2026-01-01T00:00:00Z,1,50", "yesterday,2,50"], 3, "yesterday"),
        (["2026-01-01T00:00:00Z,1,50", ",2,50"], 3, "isoformat"),
        (["2026-01-01T00:00:00Z,cold,50", "2026-01-01T01:00:00Z,1,50"], 2, "cold"),
        (["2026-01-01T00:00:00Z,1,50", "", "", "2026-01-01T01:00:00Z,oops,50"], 5, "oops"),
        (["2026-01-01T00:00:00Z,1,50", '2026-01-01T01:00:00Z,1,"5\n0"', "2026-01-01T02:00:00Z,bad,50"], 5, "bad"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_file_and_line(
    tmp_path: Path, rows: list[str], line: int, words: str
) -> None:
    path = written(tmp_path, *rows)
    with pytest.raises(TwinError, match=words) as refused:
        read_series(path, ("t_db_c",))
    assert refused.value.where == f"{path}:{line}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "lacks columns"),
        (b"when,t_db_c\n1,2\n", "lacks columns"),
        (b"time_utc,rh_pct\n2026-01-01T00:00:00Z,50\n", "lacks columns"),
        (b"time_utc,t_db_c\n", "fewer than two"),
        (b"time_utc,t_db_c\n2026-01-01T00:00:00Z,1\n", "fewer than two"),
        (b"time_utc,t_db_c\n2026-01-01T00:00:00Z,\n2026-01-01T01:00:00Z,nan\n", "no value at all"),
        (b"time_utc,t_db_c\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:00Z,1\n", "fewer than two"),
        (b"\xff\xfet\x00i\x00m\x00e\x00", "cannot read"),
        (b'time_utc,t_db_c\n"' + b"x" * 200_000, "not CSV"),
    ],
)
def test_a_file_that_is_no_series_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "series.csv"
    path.write_bytes(content)
    with pytest.raises(TwinError, match=words) as refused:
        read_series(path, ("t_db_c",))
    assert str(path) in refused.value.where


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TwinError, match="No such file") as refused:
        read_series(tmp_path / "none.csv", ("t_db_c",))
    assert "none.csv" in refused.value.where


def test_recorded_weather_has_a_wet_bulb_of_its_own_humidity(tmp_path: Path) -> None:
    rows = ["2026-01-01T00:00:00Z,30,50", "2026-01-01T01:00:00Z,30,100"]
    weather = RecordedWeather(written(tmp_path, *rows), altitude_m=0.0, utc_offset_h=0.0)
    dry, damp = weather.at(MIDNIGHT_NS), weather.at(MIDNIGHT_NS + HOUR_NS)
    assert dry.wet_bulb_c == pytest.approx(22.0, abs=0.2)  # psychrometric chart: 30 degC, 50 %
    assert damp.wet_bulb_c == pytest.approx(30.0, abs=0.05)
    assert damp.dew_point_c == pytest.approx(30.0, abs=0.1)


def test_a_recorded_trace_is_turned_into_power(tmp_path: Path) -> None:
    header, rows = "time_utc,cpu_mhz,cores", [f"2026-01-01T0{n}:00:00Z,{mhz},10" for n, mhz in enumerate((0, 26000))]
    load = RecordedLoad(written(tmp_path, *rows, header=header), 2, utc_offset_h=0.0, seed=7)
    idle, busy = load.at(MIDNIGHT_NS), load.at(MIDNIGHT_NS + HOUR_NS)
    np.testing.assert_allclose(idle, 0.45, rtol=0.05)
    np.testing.assert_allclose(busy, 1.0, rtol=0.05)


def test_a_choice_is_a_file_a_name_or_refused(tmp_path: Path) -> None:
    path = str(written(tmp_path, *hours(3)))
    assert isinstance(weather_from(path, altitude_m=0.0, utc_offset_h=0.0, seed=1), RecordedWeather)
    with pytest.raises(TwinError, match="no climate 'mars'") as refused:
        weather_from("mars", altitude_m=0.0, utc_offset_h=0.0, seed=1)
    assert "temperate" in refused.value.fix
    with pytest.raises(TwinError, match="no load 'heavy'"):
        load_from("heavy", 2, utc_offset_h=0.0, seed=1)
