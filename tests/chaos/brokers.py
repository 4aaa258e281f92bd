"""A broker that is ended and killed again and again under a daemon that mirrors 2,000 points a second."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.request import urlopen

from tests.chaos.ledger import Account, Gateways, seal, settled, wait_for_all
from tests.chaos.site import loaded_site
from tests.support.processes import Running, twin_environment, wait_until
from tests.support.servers import Mosquitto, free_port
from twin.historian.history import HistoryReader

Way = Literal["stop", "kill"]


@dataclass(frozen=True, slots=True)
class Restart:
    """One restart: how the broker ends, how long it is away, and how long it is up before.

    `asleep_s`: how long the daemon takes nothing just before, so that the broker holds what only it has.
    """

    way: Way
    down_s: float
    up_s: float
    asleep_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Restarted:
    """What a run of restarts came to. `back_s`: from the port's opening to the daemon's new link."""

    account: Account
    back_s: list[float]
    missing_messages: int
    points_per_s: float


def run_of_restarts(
    directory: Path, keeps: Literal["at stop", "each change"], restarts: Sequence[Restart]
) -> Restarted:
    """Gateways report, the daemon mirrors, and the broker between them goes and comes back."""
    (directory / "broker").mkdir()
    broker = Mosquitto(directory / "broker", keeps=keeps)
    broker.start()
    try:
        return _under(broker, directory, restarts)
    finally:
        broker.kill()


def _under(broker: Mosquitto, directory: Path, restarts: Sequence[Restart]) -> Restarted:
    site, http = loaded_site(directory / "site", counted=True), free_port()
    env = twin_environment(directory / "state", broker.port, TWIN_HTTP__PORT=str(http))
    daemon = Running("run", "--site", str(site), env=env, log=directory / "run.log")
    daemon.wait_for("connected")
    gateways = Gateways(broker.port)
    back_s = [_back_after(restart, broker, daemon) for restart in restarts]
    time.sleep(restarts[-1].up_s)
    ledger = gateways.stop()
    history = directory / "state" / "demo" / "history.db"
    wait_for_all(ledger, HistoryReader(history))
    missing = _level(http, "messages_missing_total")
    assert daemon.end().code == 0
    asyncio.run(seal(history))
    return Restarted(settled(ledger, HistoryReader(history)), back_s, missing, gateways.points_per_s)


def _back_after(restart: Restart, broker: Mosquitto, daemon: Running) -> float:
    """End the broker and start it again; how long the daemon took to be back once the port was open."""
    time.sleep(restart.up_s)
    links = _links(daemon)
    if restart.asleep_s:
        os.kill(daemon.pid, signal.SIGSTOP)
        time.sleep(restart.asleep_s)
    if restart.way == "kill":
        broker.kill()
    else:
        broker.stop()
    if restart.asleep_s:
        os.kill(daemon.pid, signal.SIGCONT)
    time.sleep(restart.down_s)
    broker.start()
    return wait_until(lambda: _links(daemon) > links, "the daemon is connected again")


def _links(daemon: Running) -> int:
    """How often the daemon has made its link."""
    return daemon.said().count("] connected ")


def _level(http: int, name: str) -> int:
    with urlopen(f"http://127.0.0.1:{http}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return next(int(float(line.split()[-1])) for line in lines if line.split()[0].endswith(name))
