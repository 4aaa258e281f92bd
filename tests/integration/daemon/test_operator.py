"""An operator at a terminal: orders with their answers, what stands, and what is said when nobody answers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner

from tests.support.processes import Ended, Running, run_twin, twin_environment, wait_until
from tests.support.servers import Mosquitto, free_port, required
from twin.cli.main import app

H1 = "h1/supply_air_sp_c"
FOREIGN = "h1.supply_air_sp_c.foreign"


@pytest.fixture
def quick_site(tmp_path: Path, demo_site: Path) -> Path:
    """The demo site with the shortest period there is; nobody speaks for its sensors."""
    site = tmp_path / "site"
    shutil.copytree(demo_site, site)
    control = site / "control.toml"
    control.write_text(control.read_text().replace("period_s = 60", "period_s = 5"))
    return site


@pytest.mark.mosquitto
def test_an_operator_holds_looks_and_releases(tmp_path: Path, quick_site: Path, mosquitto: Mosquitto) -> None:
    env = twin_environment(tmp_path / "state", mosquitto.port)
    site = ("--site", str(quick_site))
    daemon = Running("run", *site, env=env, log=tmp_path / "run.log")
    daemon.wait_for("connected")

    def op(*args: str) -> Ended:
        return here("op", *args, *site, env=env)

    held = op("override", H1, "20", "--for", "2h", "--reason", "hot spot row 3", "--by", "night shift", "--json")
    assert held.code == 0, held.err
    assert held.last_json()["accepted"] is True
    assert f"{H1} fixed at 20 until" in held.last_json()["text"]

    lowered = op("mode", "advise", "plant/chws_sp_c", "--reason", "works on pump 2", "--by", "day shift")
    assert lowered.code == 0, lowered.err

    told: dict[str, Any] = json.loads(op("show", "--json").out)
    assert [(o["point"], o["v"], o["by"], o["reason"]) for o in told["overrides"]] == [
        (H1, 20.0, "night shift", "hot spot row 3")
    ]
    assert all(o["since"] < o["until"] for o in told["overrides"])
    assert told["authority"].startswith("vouched by ")
    assert [(m["point"], m["mode"], m["by"], m["until"]) for m in told["modes"]] == [
        ("plant/chws_sp_c", "advise", "day shift", None)
    ]
    refused = op("override", H1, "99", "--reason", "typing error", "--json")
    assert refused.code == 2
    assert "outside the limits file's 18 to 25" in refused.last_json()["errors"][0]["message"]

    assert op("release", H1).code == 0

    alarms_of(mosquitto, env, site)
    daemon_frozen(daemon)
    alone = op("release", "--wait", "2s")
    assert alone.code == 4
    assert "did not answer within 2 s" in alone.err
    assert "Traceback" not in alone.err
    os.kill(daemon.pid, signal.SIGCONT)
    assert daemon.end().code == 0


STRANGER = {"seq": 1, "epoch": 99, "lease": "99.1", "status": "applied", "ts": "2026-05-19T00:00:00Z"}


def alarms_of(broker: Mosquitto, env: dict[str, str], site: tuple[str, ...]) -> None:
    """Somebody else commands a setpoint: listed, put aside, brought back, and known from the disk too."""
    publish = [required("mosquitto_pub", "mosquitto-clients"), "-p", str(broker.port), "-q", "1"]
    subprocess.run([*publish, "-t", f"dc/demo/_ack/{H1}", "-m", json.dumps(STRANGER)], check=True)
    wait_until(lambda: bool(listed(env, site)["alarms"]), "an alarm")
    told = listed(env, site)
    assert told["daemon"]["state"] == "degraded"
    (alarm,) = told["alarms"]
    assert (alarm["id"], alarm["severity"]) == (FOREIGN, "high")
    assert alarm["action"].startswith("Somebody else writes our setpoints.")
    shelved = here("op", "shelve", FOREIGN, "--for", "2h", "--reason", "a drill", *site, env=env)
    assert shelved.code == 0, shelved.err
    assert "no alarm stands" in here("alarms", *site, env=env).out
    stands = here("op", "show", *site, env=env).out
    assert f"alarm {FOREIGN} is put aside, by" in stands
    assert "fixed at" not in stands  # it was released
    assert "mode of plant/chws_sp_c: advise, by day shift, until changed by hand: works on pump 2" in stands
    assert here("op", "unshelve", FOREIGN, *site, env=env).code == 0
    unreachable = env | {"TWIN_MQTT__PORT": str(free_port()), "TWIN_MQTT__TIMEOUT_S": "1"}
    assert [one["id"] for one in listed(unreachable, site)["alarms"]] == [FOREIGN]


def here(*args: str, env: dict[str, str]) -> Ended:
    """Run a command in this process: a start of its own costs seconds, and there are many."""
    try:
        ended = CliRunner().invoke(app, list(args), env=env)
    finally:
        structlog.reset_defaults()
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


def listed(env: dict[str, str], site: tuple[str, ...]) -> dict[str, Any]:
    ended = here("alarms", *site, "--json", env=env)
    assert ended.code == 0, ended.err
    told: dict[str, Any] = json.loads(ended.out)
    return told


def daemon_frozen(daemon: Running) -> None:
    os.kill(daemon.pid, signal.SIGSTOP)
    wait_until(lambda: Path(f"/proc/{daemon.pid}/stat").read_text().split()[2] == "T", "it stands still")


@pytest.mark.mosquitto
def test_without_a_daemon_nothing_is_ordered(tmp_path: Path, demo_site: Path, mosquitto: Mosquitto) -> None:
    env = twin_environment(tmp_path / "state", mosquitto.port)
    site = ("--site", str(demo_site))
    never = run_twin("op", "mode", "shadow", "--reason", "works", *site, "--json", env=env)
    assert never.code == 4
    assert "no daemon ever spoke here" in never.last_json()["errors"][0]["message"]
    daemon = Running("run", *site, env=env, log=tmp_path / "run.log")
    daemon.wait_for("connected")
    assert daemon.end().code == 0
    gone = run_twin("op", "mode", "shadow", "--reason", "works", *site, env=env)
    assert gone.code == 4
    assert "nothing was ordered" in gone.err


def test_what_cannot_be_meant_is_said_before_anything_is_sent(tmp_path: Path, demo_site: Path) -> None:
    env = twin_environment(tmp_path / "state", free_port())
    site = ("--site", str(demo_site))
    unknown = run_twin("op", "override", "h1/supply_air_c", "20", "--reason", "x", *site, env=env)
    assert unknown.code == 2
    assert f"did you mean {H1}?" in unknown.err
    endless = run_twin("op", "override", H1, "20", "--reason", "x", "--for", "soon", *site, env=env)
    assert endless.code == 2
    assert "no length of time" in endless.err
    unreasoned = run_twin("op", "override", H1, "20", *site, env=env)
    assert unreasoned.code == 2
