"""R29: a fresh site only watches, says what it still has to show, and is not talked into more than that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from paho.mqtt import publish

from tests.support.processes import Ear, Ended, Running, run_twin, twin_environment
from tests.support.servers import Mosquitto
from twin.audit.segments import entries
from twin.daemon.evidence import notes_bytes, notes_of
from twin.daemon.statedir import NOTES
from twin.domain.site import Site
from twin.readiness.facts import Notes
from twin.readiness.report import PointReport, Report
from twin.readiness.rule import EVIDENCE, evidence_bytes, evidence_from, files_of
from twin.sitefile.load import load_site

VOUCHED = "vouched_by"


@pytest.fixture
def fresh_site(demo_site: Path, tmp_path: Path) -> Path:
    """The demo as a site that nobody vouches for."""
    site = Path(shutil.copytree(demo_site, tmp_path / "site"))
    lines = (site / "control.toml").read_text().splitlines(keepends=True)
    (site / "control.toml").write_text("".join(line for line in lines if not line.startswith(VOUCHED)))
    return site


def a_while(site: Path, env: dict[str, str], log: Path, *more: str, minutes: int = 12) -> tuple[Ended, Ended]:
    """So much event time in step with the simulated site; how the daemon and the site ended."""
    daemon = Running("run", "--site", str(site), *more, env=env, log=log)
    daemon.wait_for("connected")
    simulated = run_twin("sim", "--site", str(site), "--hours", f"{minutes / 60}", "--lock-step", "--json", env=env)
    assert simulated.code == 0, simulated.err
    ended = daemon.end()
    assert ended.code == 0, ended.err
    return ended, simulated


def starts(state: Path, kind: str = "start") -> list[str]:
    """What each start rested its rights on, by the audit log."""
    return [entry["authority"] for entry in entries(state / "demo" / "audit", kinds=(kind,))]


@pytest.mark.mosquitto
def test_r29_a_fresh_site_writes_nothing_whoever_asks_and_says_what_is_missing(
    tmp_path: Path, fresh_site: Path, mosquitto: Mosquitto
) -> None:
    state = tmp_path / "state"
    env = twin_environment(state, mosquitto.port, TWIN_CLOCK__SOURCE="event")
    site = ("--site", str(fresh_site))

    nothing = run_twin("ready", *site, "--json", env=env)
    assert nothing.code == 7
    assert "nothing was noted yet" in nothing.last_json()["errors"][0]["message"]

    ear = Ear(mosquitto.port)
    daemon = Running("run", *site, "--mode", "control", env=env, log=tmp_path / "run.log")
    daemon.wait_for("connected")
    assert "asked for more than was earned" in daemon.said()
    ordered = run_twin("sim", *site, "--hours", "0.05", "--lock-step", env=env)
    assert ordered.code == 0, ordered.err
    order = json.dumps({"id": "talk", "mode": "control", "by": "eve", "reason": "because"})
    publish.single("dc/demo/_op/mode", order, qos=1, hostname="127.0.0.1", port=mosquitto.port)
    simulated = run_twin(
        "sim", *site, "--hours", "0.3", "--start", "2026-05-19T00:30:00Z", "--lock-step", "--json", env=env
    )
    assert simulated.code == 0, simulated.err
    running = run_twin("ready", *site, "--json", env=env)  # while the daemon runs
    assert daemon.end().code == 0
    ear.close()
    assert ear.under("/_cmd/") == []
    assert simulated.last_json()["commands"] == 0
    (answer,) = ear.under("/_twin/op/talk")
    assert "6 setpoints may not go so high" in answer.json()["text"]

    assert running.code == 7
    report = json.loads(running.out)
    assert report["on_file"] is None
    assert not report["ready"]
    assert {point["stands"] for point in report["points"]} == {"shadow"}
    assert {point["earned"] for point in report["points"]} == {"shadow"}
    assert not any(point["ready"] for point in report["points"])
    by_name = {criterion["name"]: criterion for criterion in report["criteria"]}
    assert by_name["coverage h1"]["met"]
    assert by_name["heat"]["met"]
    assert not by_name["inlet error"]["met"]
    assert by_name["inlet error"]["words"].startswith("not measurable")
    assert any(point["decisions"] for point in report["points"])
    assert starts(state) == ["none: no readiness report is on file"]

    told = run_twin("ready", *site, env=env)
    assert told.code == 7
    assert "not met days in shadow" in told.out
    assert "h1/supply_air_sp_c" in told.out

    written = run_twin("ready", *site, "--write", "--by", "ann", "--json", env=env)
    assert written.code == 7
    on_file = written.last_json()["on_file"]
    assert (on_file["by"], on_file["counts"], set(on_file["earned"].values())) == ("ann", True, {"shadow"})
    daemon = Running("run", *site, "--mode", "control", env=env, log=tmp_path / "again.log")
    daemon.wait_for("connected")
    assert "asked for more than was earned" in daemon.said()
    assert daemon.end().code == 0
    assert starts(state)[-1].startswith("readiness report of")


@pytest.mark.mosquitto
def test_r29_evidence_for_one_setpoint_opens_that_one_and_a_change_of_limits_shuts_it(
    tmp_path: Path, fresh_site: Path, mosquitto: Mosquitto
) -> None:
    state = tmp_path / "state"
    env = twin_environment(state, mosquitto.port, TWIN_CLOCK__SOURCE="event")
    (state / "demo").mkdir(parents=True, mode=0o700)
    (state / "demo" / EVIDENCE).write_bytes(_a_passed_report(fresh_site, "h1/supply_air_sp_c"))
    ear = Ear(mosquitto.port)
    a_while(fresh_site, env, tmp_path / "run.log", "--mode", "control")
    ear.close()
    assert {heard.topic for heard in ear.under("/_cmd/")} == {"dc/demo/_cmd/h1/supply_air_sp_c"}

    limits = fresh_site / "limits.toml"
    limits.write_text(limits.read_text() + "\n# another file, another permission\n")
    ear = Ear(mosquitto.port)
    a_while(fresh_site, env, tmp_path / "again.log", "--mode", "control")
    ear.close()
    assert ear.under("/_cmd/") == []
    assert starts(state)[-1] == "none: the readiness report on file is for other limits, another plant or another clock"


@pytest.mark.mosquitto
def test_r29_who_vouches_is_in_the_log_and_in_the_audit_trail(
    tmp_path: Path, fresh_site: Path, mosquitto: Mosquitto
) -> None:
    state = tmp_path / "state"
    env = twin_environment(state, mosquitto.port, TWIN_CLOCK__SOURCE="event")
    control = fresh_site / "control.toml"
    control.write_text(control.read_text() + f'{VOUCHED} = "ann of facilities"\n')
    ear = Ear(mosquitto.port)
    ended, _ = a_while(fresh_site, env, tmp_path / "run.log", "--mode", "control")
    ear.close()
    assert ear.under("/_cmd/") != []
    assert "ann of facilities" in ended.err
    assert starts(state) == ["vouched by ann of facilities"]


def _a_passed_report(directory: Path, point: str) -> bytes:
    """As `twin ready --write` would put it on file after months in which this setpoint earned control."""
    from twin.domain.actuators import Mode

    site: Site = load_site(directory)
    basis, files = files_of(directory, event_time=True)
    points = tuple(
        PointReport(
            a.point,
            a.kind.value,
            Mode.SHADOW,
            a.ceiling,
            Mode.CONTROL if a.point == point else Mode.SHADOW,
            None,
            True,
            28.0,
            0.0,
            (),
            0,
            (),
        )
        for a in site.limits.actuators
    )
    report = Report("demo", basis, site.limits.hash, "", "", 28.0, 40_000, (), points, ())
    return evidence_bytes(evidence_from(report, None, files, "2026-05-18T00:00:00.000Z", "ann"))


def test_notes_survive_and_torn_ones_are_known(tmp_path: Path) -> None:
    path = tmp_path / NOTES
    path.write_bytes(notes_bytes(Notes(modes={"a/b": "shadow"}, newest_ns=5)))
    assert notes_of(path.read_bytes()) == Notes(modes={"a/b": "shadow"}, newest_ns=5)
