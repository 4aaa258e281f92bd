"""The simulated site under recorded weather and a recorded computing load, on a real broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.processes import Ear, run_twin, twin_environment
from tests.support.servers import Mosquitto

DATA = Path(__file__).parents[4] / "shared" / "data"
HOURS = 2.0

RECORDINGS = ("weather_dallas_2022.csv", "load_bitbrains_2013-08_5min.csv")
pytestmark = [
    pytest.mark.mosquitto,
    pytest.mark.skipif(not all((DATA / name).exists() for name in RECORDINGS), reason="the recordings are not here"),
]


def test_a_recorded_summer_day_runs_through(tmp_path: Path, demo_site: Path, mosquitto: Mosquitto) -> None:
    env = twin_environment(tmp_path / "state", mosquitto.port)
    ear = Ear(mosquitto.port, "dc/demo/+/row-01/telemetry")
    weather, load = (str(DATA / name) for name in RECORDINGS)
    ended = run_twin(
        *("sim", "--site", str(demo_site), "--hours", str(HOURS), "--speed", "100000"),
        *("--start", "2022-07-20T18:00:00Z", "--weather", weather, "--load", load),
        env=env,
    )
    ear.close()
    assert ended.code == 0, ended.err
    assert "bought by the site" in ended.out
    # what was assumed of the recordings is said
    assert all(name in ended.out for name in RECORDINGS)
    assert len(ear.heard) == 2 * (60 * HOURS + 1)  # two halls, once a minute and at the start
