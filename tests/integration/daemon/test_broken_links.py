"""The daemon dies, or its cable does: the plant goes back to its own setpoints, and nothing is applied twice."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Cable, Ear, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto
from twin.domain.site import Site
from twin.sitefile.load import load_site

SPEED = 20
BACK_S = 30.0  # the receiver's patience
LEASE_S = 1.5 * BACK_S * SPEED
ROUND_S = 2.0  # the site speaks once a second at this speed, and its receiver looks as often
FIRST_DECISION_S = 5.0
PERIOD_S = 60.0 / SPEED  # on the wall: in event time a decision waits for the period to be over

pytestmark = pytest.mark.mosquitto


class Plant:
    """A running site as its receiver tells of it: every answer carries the value then in force."""

    def __init__(self, site: Site, ear: Ear) -> None:
        self._local = {actuator.point: actuator.local for actuator in site.limits.actuators}
        self._ear = ear

    def lent(self) -> bool:
        """Some setpoint in force is not the site's own."""
        return self._away() > 0

    def local(self) -> bool:
        """Every setpoint is the site's own."""
        return self._away() == 0

    def applied(self) -> list[tuple[str, int, int]]:
        """(point, epoch, seq) of every command that was put into force."""
        answers = [(message.topic.split("/_ack/")[1], message.json()) for message in self._ear.under("/_ack/")]
        return [(point, body["epoch"], body["seq"]) for point, body in answers if body["status"] == "applied"]

    def _away(self) -> int:
        in_force = {message.topic.split("/_ack/")[1]: message.json()["v"] for message in self._ear.under("/_ack/")}
        return sum(abs(value - self._local[point]) > 1e-6 for point, value in in_force.items())


@pytest.fixture
def site_dir(tmp_path: Path, demo_site: Path) -> Path:
    """The demo site with leases that outlive the receiver's patience: what gives back is not their end."""
    copied = tmp_path / "long-leases"
    shutil.copytree(demo_site, copied)
    limits = copied / "limits.toml"
    text = limits.read_text(encoding="utf-8")
    limits.write_text(text.replace("lease_s = 180 ", f"lease_s = {LEASE_S:g} "), encoding="utf-8")
    assert load_site(copied).limits.lease_s == LEASE_S
    return copied


@pytest.fixture
def ear(mosquitto: Mosquitto) -> Iterator[Ear]:
    listening = Ear(mosquitto.port)
    yield listening
    listening.close()


@pytest.fixture
def cable(mosquitto: Mosquitto) -> Iterator[Cable]:
    plugged = Cable(mosquitto.port)
    yield plugged
    plugged.close()


@pytest.fixture
def plant(tmp_path: Path, site_dir: Path, mosquitto: Mosquitto, ear: Ear) -> Iterator[Plant]:
    env = twin_environment(tmp_path / "site", mosquitto.port)
    command = ("sim", "--site", str(site_dir), "--hours", "24", "--speed", str(SPEED))
    running = Running(*command, env=env, log=tmp_path / "sim.log")
    yield Plant(load_site(site_dir), ear)
    assert running.end(signal.SIGINT).code == 130


def in_charge(tmp_path: Path, site_dir: Path, port: int) -> Running:
    env = twin_environment(tmp_path / "state", port, TWIN_CLOCK__SOURCE="event")
    return Running("run", "--site", str(site_dir), "--mode", "control", env=env, log=tmp_path / "run.log")


def test_a_killed_daemon_leaves_the_plant_to_itself_and_comes_back_at_once(
    tmp_path: Path, site_dir: Path, mosquitto: Mosquitto, plant: Plant, ear: Ear
) -> None:
    daemon = in_charge(tmp_path, site_dir, mosquitto.port)
    wait_until(plant.lent, "the daemon has lent a setpoint")

    daemon.end(signal.SIGKILL)
    assert wait_until(plant.local, "back on local setpoints", BACK_S + ROUND_S) <= BACK_S + ROUND_S

    cycles, again = len(ear.under("/_twin/cycle")), in_charge(tmp_path, site_dir, mosquitto.port)
    first_s = wait_until(lambda: len(ear.under("/_twin/cycle")) > cycles, "the first decision", 30.0)
    assert first_s <= FIRST_DECISION_S + PERIOD_S
    wait_until(plant.lent, "the daemon is in charge again")

    applied = plant.applied()
    assert len(applied) == len(set(applied))
    assert {epoch for _, epoch, _ in applied} == {1, 2}
    assert again.end().code == 0
    wait_until(plant.local, "given back at the stop", ROUND_S)


def test_a_cut_cable_leaves_the_plant_to_itself_until_it_is_mended(
    tmp_path: Path, site_dir: Path, plant: Plant, cable: Cable
) -> None:
    daemon = in_charge(tmp_path, site_dir, cable.port)
    wait_until(plant.lent, "the daemon has lent a setpoint")

    cable.cut()
    assert wait_until(plant.local, "back on local setpoints", BACK_S + ROUND_S) <= BACK_S + ROUND_S

    cable.mend()
    wait_until(plant.lent, "the daemon is in charge again", 120.0)
    applied = plant.applied()
    assert len(applied) == len(set(applied))
    assert daemon.end().code == 0
