"""Ways to die while leases are in force, and a stage to die on: broker, simulated site, gateway and daemon."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.chaos.disks import Ballast
from tests.chaos.gateway import Gateway
from tests.chaos.hanging import BLOCKED, NATIVE
from tests.support.processes import Cable, Ear, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto
from twin.shipped import shipped_config
from twin.sitefile.load import load_site

REPOSITORY = Path(__file__).parents[2]
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), Path("libfaketimeMT.so.1"))
LONG_LEASE_S = 180  # as shipped: only silence or the last will can end it in time
SHORT_LEASE_S = 12  # where neither comes: nothing but its end gives it back
STALE_AFTER_S = 15
BEAT_S = 5.0
STEP_S = 2  # of the simulated site
LENT_S = 180.0  # longest until leases are in force, with nine daemons starting on two cores
GIVEN_UP_S = 60.0
HOLD_S = 26.0  # longer than a short lease: what still stands then was renewed
HOUR_S = 3600
READBACKS = ("dc/demo/h1/room/setpoint", "dc/demo/h2/room/setpoint", "dc/demo/plant/setpoints")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to die. `may_go_on`: the daemon may live through it, and the leases with it."""

    name: str
    die: Callable[[Stage], None]
    lease_s: int = LONG_LEASE_S
    stale_after_s: int = 180
    may_go_on: bool = False


@dataclass(frozen=True, slots=True)
class Death:
    """What came of one death. Seconds until the gateway, and by its own readback the plant, were on local control.

    `gateway_s` None: control went on. `then_s`: until local control when the daemon was frozen after it had gone on.
    """

    gateway_s: float | None
    plant_s: float | None
    then_s: float | None
    written_late: int
    deaf_local: bool


class Stage:
    """Everything but the death itself. `disk`: where the daemon's state is kept, when that is to fill."""

    def __init__(self, way: Way, directory: Path, disk: Path | None = None) -> None:
        directory.mkdir()
        (directory / "broker").mkdir()
        self.way, self._directory, self._disk = way, directory, disk
        self.broker = Mosquitto(directory / "broker")
        self.broker.start()
        self._site_dir = _a_site(directory / "site", way)
        self.site = load_site(self._site_dir)
        self.cable = Cable(self.broker.port)
        through, direct = self.cable.port, self.broker.port
        self._daemons_port = through if way.name == DAEMON_CUT else direct
        limits, root = self.site.limits, self.site.topics.root
        gateways_port = through if way.name == GATEWAY_CUT else direct
        self.gateway = Gateway(limits, root, gateways_port, directory / "gateway")
        self.deaf = Gateway(limits, root, self.broker.port, directory / "deaf", deaf=True)
        self.offset = directory / "offset"
        self._set_clock(0)
        self.ballast = Ballast(disk) if disk else None
        self.plant = self._plant()
        self._readbacks = Ear(self.broker.port, *READBACKS)
        self._daemon: subprocess.Popen[bytes] | None = None

    def deaths(self, count: int, seed: int) -> list[Death]:
        """Die so many times, each at another moment of the heartbeat, and come back in between."""
        chance = np.random.default_rng(seed)
        died = []
        for _ in range(count):
            self.begin()
            wait_until(self._lent, f"{self.way.name}: leases in force", LENT_S)
            time.sleep(chance.uniform(0.0, BEAT_S))
            died.append(self._die())
            self._recover()
        return died

    def begin(self) -> None:
        """A daemon in control."""
        env = twin_environment(self._disk or self._directory / "state", self._daemons_port)
        env["PYTHONPATH"] = str(REPOSITORY)
        if "clock" in self.way.name:
            env |= _faked(self.offset)
        command = (sys.executable, "-m", "tests.chaos.hanging", "-", "run", "--site", str(self._site_dir))
        with (self._directory / "run.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                (*command, "--mode", "control"), env=env, stdout=subprocess.DEVNULL, stderr=log
            )

    def signal(self, number: int) -> None:
        """To the daemon."""
        assert self._daemon is not None
        os.kill(self._daemon.pid, number)

    def step_clock(self, seconds: int) -> None:
        self._set_clock(seconds)

    def close(self) -> None:
        """Leave nothing running."""
        self._end_daemon()
        self.gateway.end()
        self.deaf.end()
        self.plant.end(signal.SIGKILL)
        self._readbacks.close()
        self.cable.close()
        self.broker.kill()

    def _die(self) -> Death:
        lent_to_plant = self._plant_away()
        self.way.die(self)
        died_s = time.monotonic()
        if self.way.may_go_on:
            gateway_s = self._local_within(self._gateway_local, died_s, HOLD_S)
            late = sum(at_s > died_s + HOLD_S - SHORT_LEASE_S for at_s, _, _ in self.gateway.written)
            then_s = None
            if gateway_s is None:
                self.signal(signal.SIGSTOP)
                then_s = self._local_within(self._gateway_local, time.monotonic(), GIVEN_UP_S) or GIVEN_UP_S
            return Death(gateway_s, None, then_s, late, False)
        gateway_s = self._local_within(self._gateway_local, died_s, GIVEN_UP_S) or GIVEN_UP_S
        deaf_local = not self.deaf.away
        seen = lent_to_plant and self.way.name in SEEN_IN_THE_PLANT
        plant_s = self._local_within(lambda: not self._plant_away(), died_s, GIVEN_UP_S) if seen else None
        return Death(gateway_s, plant_s, None, 0, deaf_local)

    def _lent(self) -> bool:
        return bool(self.gateway.away)

    def _gateway_local(self) -> bool:
        return not self.gateway.away

    def _plant_away(self) -> bool:
        """Whether the plant, by its own word, stands at another than a local setpoint."""
        newest = {message.topic: message for message in self._readbacks.heard[-20:]}
        local = {actuator.point: actuator.local for actuator in self.site.limits.actuators}
        for topic, names in _READ.items():
            for name, point in names.items():
                if topic in newest and abs(newest[topic].json()[name]["value"] - local[point]) > 0.05:
                    return True
        return False

    def _local_within(self, local: Callable[[], bool], since_s: float, patience_s: float) -> float | None:
        with suppress(AssertionError):
            wait_until(local, "local control", patience_s)
            return time.monotonic() - since_s
        return None

    def _recover(self) -> None:
        self._end_daemon()
        self._set_clock(0)
        if self.ballast:
            self.ballast.remove()
        self.cable.mend()
        if self.way.name == BROKER_KILLED:
            self.broker.start()
        if self.way.name == SILENT:
            self.plant.end(signal.SIGKILL)  # woken, it would live behind the time, and all it says would be stale
        if not self.plant.alive:
            self.plant = self._plant()
        assert self.gateway.alive

    def _end_daemon(self) -> None:
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()

    def _plant(self) -> Running:
        env = twin_environment(self._directory / "plant", self.broker.port)
        arguments = ("sim", "--site", str(self._site_dir), "--hours", "1000", "--step", str(STEP_S))
        return Running(*arguments, env=env, log=self._directory / "plant.log")

    def _set_clock(self, seconds: int) -> None:
        self.offset.write_text(f"{seconds:+d}\n", encoding="ascii")


def _fill(stage: Stage) -> None:
    assert stage.ballast is not None
    stage.ballast.leave_free(0)


SILENT = "all inputs silent"
BROKER_KILLED, DAEMON_CUT, GATEWAY_CUT = "broker killed", "daemon's cable cut", "gateway's cable cut"
WAYS = (
    Way("kill -9", lambda stage: stage.signal(signal.SIGKILL)),
    Way("SIGSTOP", lambda stage: stage.signal(signal.SIGSTOP)),
    Way("blocked loop", lambda stage: stage.signal(BLOCKED)),
    Way("endless native loop", lambda stage: stage.signal(NATIVE)),
    Way(BROKER_KILLED, lambda stage: stage.broker.kill()),
    Way(DAEMON_CUT, lambda stage: stage.cable.cut()),
    Way(GATEWAY_CUT, lambda stage: stage.cable.cut()),
    Way(SILENT, lambda stage: os.kill(stage.plant.pid, signal.SIGSTOP), SHORT_LEASE_S, STALE_AFTER_S),
    Way("clock + 1 h", lambda stage: stage.step_clock(HOUR_S), SHORT_LEASE_S, may_go_on=True),
    Way("clock - 1 h", lambda stage: stage.step_clock(-HOUR_S), SHORT_LEASE_S, may_go_on=True),
    Way("disk full", _fill, SHORT_LEASE_S, may_go_on=True),
)
SEEN_IN_THE_PLANT = {"kill -9", "SIGSTOP", "blocked loop", "endless native loop", DAEMON_CUT}
_READ = {
    "dc/demo/h1/room/setpoint": {"supply_air": "h1/supply_air_sp_c"},
    "dc/demo/h2/room/setpoint": {"supply_air": "h2/supply_air_sp_c"},
    "dc/demo/plant/setpoints": {"chilled_supply": "plant/chws_sp_c", "condenser_supply": "plant/cws_sp_c"},
}


def _a_site(directory: Path, way: Way) -> Path:
    """The demo site, its sensors speaking every other second, commanded each 5 s from the start."""
    shutil.copytree(shipped_config("demo"), directory)
    _change(directory / "control.toml", "warm_up_s = 300", "warm_up_s = 0")
    _change(directory / "control.toml", "period_s = 60", "period_s = 5")
    _change(directory / "limits.toml", r"(max_\w+_per_min) = \S+", r"\1 = 10")
    _change(directory / "limits.toml", r"\nlease_s = \S+", f"\nlease_s = {way.lease_s}")
    _change(directory / "points.toml", r"\nperiod_s = \S+", f"\nperiod_s = {STEP_S}")
    _change(directory / "points.toml", r"\nstale_after_s = \S+", f"\nstale_after_s = {way.stale_after_s}")
    return directory


def _faked(offset: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def _change(file: Path, old: str, new: str) -> None:
    text, times = re.subn(old, new, file.read_text(encoding="utf-8"))
    assert times, f"{file.name} no longer says {old}"
    file.write_text(text, encoding="utf-8")
