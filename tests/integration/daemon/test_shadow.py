"""A fresh daemon on a fresh machine only watches: an hour of event time in step with the simulated site."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.processes import Ear, Running, run_twin, twin_environment
from tests.support.servers import Mosquitto

HOURS = 1.0


@pytest.mark.mosquitto
def test_it_commands_nothing_and_says_what_it_would_have_done(
    tmp_path: Path, demo_site: Path, mosquitto: Mosquitto
) -> None:
    env = twin_environment(tmp_path / "state", mosquitto.port, TWIN_CLOCK__SOURCE="event")
    site = ("--site", str(demo_site))
    ear = Ear(mosquitto.port)
    daemon = Running("run", *site, env=env, log=tmp_path / "run.log")
    daemon.wait_for("connected")
    simulated = run_twin("sim", *site, "--hours", str(HOURS), "--lock-step", "--json", env=env)
    assert simulated.code == 0, simulated.err
    assert simulated.last_json()["missed_cycles"] == 0
    assert daemon.end().code == 0
    ear.close()

    assert len(ear.under("/_twin/cycle")) == 60
    assert ear.under("/_cmd/") == []
    assert simulated.last_json()["commands"] == 0

    records = json.loads(run_twin("explain", *site, "--last", "1000", "--json", env=env).out)
    assert records
    assert {record["mode"] for record in records} == {"shadow"}
    assert {record["action"] for record in records} <= {"shadow", "hold"}
    assert any(record["action"] == "shadow" for record in records)

    told = run_twin("explain", records[-1]["id"], *site, env=env)
    assert told.code == 0
    assert records[-1]["point"] in told.out
    assert "Why:" in told.out
