"""Everything that left under `_cmd`, and every order that came in, stands in a log that shows any later change."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Ear, Running, run_twin, twin_environment
from tests.support.servers import Mosquitto, required

HOURS = 0.5
ORDER = {"id": "n-1", "point": "h1/supply_air_sp_c", "v": 20.0, "by": "night shift", "reason": "hot spot"}


@pytest.mark.mosquitto
def test_every_published_command_and_every_order_is_in_the_log(
    tmp_path: Path, demo_site: Path, mosquitto: Mosquitto
) -> None:
    env = twin_environment(tmp_path / "state", mosquitto.port, TWIN_CLOCK__SOURCE="event")
    site = ("--site", str(demo_site))
    ear = Ear(mosquitto.port)
    daemon = Running("run", *site, "--mode", "control", env=env, log=tmp_path / "run.log")
    daemon.wait_for("connected")
    publish(mosquitto, "override", ORDER)
    publish(mosquitto, "override", ORDER | {"id": "n-2", "v": 99.0})
    publish(mosquitto, "mode", {"mode": "shadow"})  # says neither who nor why
    simulated = run_twin("sim", *site, "--hours", str(HOURS), "--lock-step", env=env)
    assert simulated.code == 0, simulated.err
    assert daemon.end().code == 0
    ear.close()

    told = shown(site, env)
    published = [(message.topic.partition("/_cmd/")[2], message.json()) for message in ear.under("/_cmd/")]
    logged = [(entry["point"], entry["sent"]) for entry in told if entry["kind"] in {"command", "release"}]
    assert len(published) > 20
    assert logged == published

    kinds = [entry["kind"] for entry in told]
    assert kinds[:2] == ["segment", "start"]
    assert kinds[-1] == "stop"
    override = next(entry for entry in told if entry["kind"] == "override")
    assert override["order"] | {"value": 20.0, "by": "night shift", "reason": "hot spot"} == override["order"]
    refused = [entry for entry in told if entry["kind"] == "refused_order"]
    assert [("99" in json.dumps(entry["order"])) for entry in refused if "order" in entry] == [True]
    assert any("by whom and why" in entry.get("why", "") for entry in refused)
    rights = [entry for entry in told if entry["kind"] == "rights" and entry["point"] == "h1/supply_air_sp_c"]
    assert (rights[0]["from"], rights[0]["to"]) == ("shadow", "control")

    assert run_twin("audit", "verify", *site, env=env).code == 0
    segment = next((tmp_path / "state" / "demo" / "audit").glob("audit-*.jsonl"))
    segment.write_bytes(segment.read_bytes().replace(b'"v":20.0', b'"v":21.0', 1))
    broken = run_twin("audit", "verify", *site, "--json", env=env)
    assert broken.code == 5
    assert [fault["segment"] for fault in json.loads(broken.out)["faults"]] == [segment.name]


@pytest.mark.mosquitto
def test_a_start_with_another_limits_file_is_a_change_of_configuration(
    tmp_path: Path, demo_site: Path, mosquitto: Mosquitto
) -> None:
    site = tmp_path / "site"
    shutil.copytree(demo_site, site)
    env = twin_environment(tmp_path / "state", mosquitto.port)
    for name in ("first", "second"):
        daemon = Running("run", "--site", str(site), env=env, log=tmp_path / f"{name}.log")
        daemon.wait_for("connected")
        assert daemon.end().code == 0
        limits = site / "limits.toml"
        limits.write_text(limits.read_text().replace("warn_c = 27", "warn_c = 26"))
    changes = [entry for entry in shown(("--site", str(site)), env) if entry["kind"] == "configuration"]
    assert {entry["what"] for entry in changes} == {"config", "limits"}
    assert all(entry["from"] and entry["from"] != entry["to"] for entry in changes)


def shown(site: tuple[str, ...], env: dict[str, str]) -> list[dict[str, Any]]:
    ended = run_twin("audit", "show", *site, "--json", env=env)
    assert ended.code == 0, ended.err
    told: list[dict[str, Any]] = json.loads(ended.out)
    return told


def publish(broker: Mosquitto, order: str, body: dict[str, object]) -> None:
    command = [required("mosquitto_pub", "mosquitto-clients"), "-p", str(broker.port), "-q", "1"]
    subprocess.run([*command, "-t", f"dc/demo/_op/{order}", "-m", json.dumps(body)], check=True)
