"""`twin map test` shows what a message gives, or why it is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from twin.cli.map import app
from twin.shipped import shipped_config

pytest.importorskip("twin.ingest.decode")

DEMO = str(shipped_config("demo"))


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_values_come_in_house_units() -> None:
    payload = (
        '{"timestamp": 1767225600000, "node": "pdu", "values": {"r021.inlet": 23.5, "r021.power": 4.2}, "errors": {}}'
    )

    result = CliRunner().invoke(app, ["test", "dc/demo/h1/row-03/telemetry", payload, "--site", DEMO, "--json"])

    samples = {sample["point"]: sample for sample in json.loads(result.stdout)["samples"]}
    assert samples["h1-r021/inlet_c"]["value"] == 23.5
    assert samples["h1-r021/power_w"]["value"] == pytest.approx(4200.0)
    assert samples["h1-r021/power_w"]["quality"] == "good"
    assert samples["h1-r021/power_w"]["source_time"] == "2026-01-01T00:00:00.000Z"


def test_a_payload_that_is_no_json_is_refused_with_a_reason() -> None:
    result = CliRunner().invoke(app, ["test", "dc/demo/plant/water", "{oops", "--site", DEMO])

    assert result.exit_code == 7
    assert "refused: " in result.stdout
    assert "Traceback" not in result.output


def test_a_topic_that_nobody_maps_is_named_with_the_nearest() -> None:
    result = CliRunner().invoke(app, ["test", "dc/demo/plant/watr", "1", "--site", DEMO])

    assert result.exit_code == 3
    assert "did you mean dc/demo/plant/water?" in result.output
