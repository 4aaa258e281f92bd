"""`twin bench kernels` tells what one core does here, to people, to programs and as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twin.cli.main import app
from twin.study import speed
from twin.study.speed import Roof, Speed

ROOF = Roof(40e9, 100e9, 20e9)
WORKS = (
    Speed("site step", "minute of the demo site", 1.5e-6),
    Speed("racks", "rack with 12 neighbours", 18e-9, flops=54.0, bytes=260.0),
    Speed("heat matrix", "product of 2000 racks", 8e-3, flops=16e6, bytes=64e6),
)


@pytest.fixture(autouse=True)
def _measured_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measuring itself takes a quarter of a minute and is no test's business."""
    monkeypatch.setattr(speed, "roof", lambda: ROOF)
    monkeypatch.setattr(speed, "kernels", lambda: WORKS)


def test_people_read_a_table() -> None:
    done = CliRunner().invoke(app, ["bench", "kernels"])
    assert done.exit_code == 0
    assert "1.5 us" in done.stdout
    assert "14 %" in done.stdout  # 260 bytes in 18 ns, of 100 GB/s
    assert "40 GFLOP/s" in done.stdout


def test_programs_read_json() -> None:
    done = CliRunner().invoke(app, ["bench", "kernels", "--json"])
    facts = json.loads(done.stdout)
    assert facts["machine"] == {"gflop_s": 40.0, "cache_gbyte_s": 100.0, "memory_gbyte_s": 20.0}
    assert [kernel["name"] for kernel in facts["kernels"]] == ["site step", "racks", "heat matrix"]
    assert facts["kernels"][0]["roof_frac"] is None
    assert facts["kernels"][2]["roof_frac"] == 0.4  # 8 GB/s of the 20 that memory gives


def test_a_picture_is_drawn_or_the_reason_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["bench", "kernels", "--picture", str(tmp_path / "roof.png")])
    assert done.exit_code == 0
    assert (tmp_path / "roof.png").read_bytes()[:4] == b"\x89PNG"
    refused = CliRunner().invoke(app, ["bench", "kernels", "--picture", str(tmp_path / "no" / "roof.png")])
    assert refused.exit_code != 0
    assert "cannot be written" in refused.output


def test_the_scenes_are_sites_that_compile() -> None:
    assert len(speed.many_halls(7).halls) == 7
    units = speed.coolant_units(25).liquid
    assert units is not None
    assert len(units.units[0].ids) == 25
