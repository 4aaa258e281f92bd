"""R19 with whole processes: the old master is frozen, another takes over, the old one wakes and is not obeyed."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.promise import Promise
from tests.chaos.receiver import LoggedReceiver
from tests.chaos.sensors import Sensors, said_by_a_site
from tests.support.processes import Ear, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto
from twin.sitefile.load import load_site

FROZEN_S = 60.0
AWAKE_S = 40.0  # after that: some cycles in which it would command
TAKEOVER_S = 15.0
WARM_UP_S = 5.0

pytestmark = [pytest.mark.mosquitto, pytest.mark.nightly, pytest.mark.alone]


def a_daemon(name: str, site: Path, port: int, work: Path) -> Running:
    env = twin_environment(work / name, port, TWIN_CONTROL__MODE="control", TWIN_MQTT__CLIENT_ID=f"twin-{name}")
    return Running("run", "--site", str(site), env=env, log=work / f"{name}.log")


def test_r19_a_frozen_master_is_followed_and_never_obeyed_again(
    tmp_path: Path, site: Path, mosquitto: Mosquitto, promised: Callable[..., None]
) -> None:
    control = site / "control.toml"
    text = control.read_text(encoding="utf-8").replace("warm_up_s = 300", f"warm_up_s = {WARM_UP_S:g}")
    control.write_text(text, encoding="utf-8")
    assert f"warm_up_s = {WARM_UP_S:g}" in text
    sensors = Sensors(mosquitto.port, said_by_a_site(site, mosquitto, tmp_path))
    receiver = LoggedReceiver(mosquitto.port, load_site(site))
    old = a_daemon("old", site, mosquitto.port, tmp_path)
    wait_until(lambda: receiver.applied > 0, "the first master commands", 120.0)
    os.kill(old.pid, signal.SIGSTOP)
    frozen_s = time.monotonic()
    home = tmp_path / "new" / "demo"
    home.mkdir(parents=True)
    for path in (tmp_path / "old" / "demo").glob("*"):
        if path.name == "epoch" or path.name.startswith("memory."):
            shutil.copy(path, home)
    ear, began_s = Ear(mosquitto.port, "dc/demo/_twin/status"), time.monotonic()
    new = a_daemon("new", site, mosquitto.port, tmp_path)

    def in_control() -> bool:
        told = [m.json() for m in ear.heard if not m.retain and m.at_s > began_s]
        return any(status["mode"] == "control" and status["state"] != "offline" for status in told)

    took_s = wait_until(in_control, "the second master is in control", 120.0) - WARM_UP_S
    wait_until(lambda: any(c.epoch == 2 and c.status == "applied" for c in receiver.log), "it commands", 120.0)
    time.sleep(max(0.0, FROZEN_S - (time.monotonic() - frozen_s)))
    os.kill(old.pid, signal.SIGCONT)
    time.sleep(AWAKE_S)
    assert old.alive
    assert new.alive
    log = list(receiver.log)
    first = next(i for i, c in enumerate(log) if c.epoch == 2 and c.status == "applied")
    late = [c for c in log[first:] if c.epoch == 1]
    obeyed = [c for c in late if c.status == "applied"]
    for daemon in (old, new):
        daemon.end()
    sensors.close()
    receiver.close()
    ear.close()
    promised(
        Promise("R19", len(late), len(obeyed), 0, not obeyed),
        told_superseded=sum(c.status == "superseded" for c in late),
    )
    # the warm-up is what the operator asked for, and no delay of the takeover
    in_time = took_s <= TAKEOVER_S
    promised(Promise("R19", 1, round(took_s, 1), f"takeover <= {TAKEOVER_S:g} s", in_time))
