"""R16: a daemon that hangs is back within 15 s, under a service manager that keeps to the shipped unit."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from tests.chaos.deaths import REPOSITORY
from tests.chaos.hanging import BLOCKED, NATIVE, TIMER
from tests.chaos.kills import queued_s
from tests.chaos.promise import Promise, scaled
from tests.chaos.supervised import Manager, Unit
from tests.support.processes import Ear, twin_environment, wait_until
from tests.support.servers import Mosquitto

HANGS = scaled(1, 20)
BACK_S = 15.0
STARTS_S = 180.0  # the first one, with kernels to compile
GIVEN_UP_S = 90.0
BEAT_S = 5.0
APART_S = 6.0  # between the hangs of two services, so that they do not start again together
WAYS = {"SIGSTOP": signal.SIGSTOP, "blocked loop": BLOCKED, "endless native loop": NATIVE}

pytestmark = [pytest.mark.mosquitto, pytest.mark.nightly, pytest.mark.alone]


@dataclass(frozen=True, slots=True)
class Hang:
    """Seconds from a hang until it was found, until READY of the next start, and until that one's first cycle.

    `queued_s` is how long the next one's main thread was ready to run by then and waited for a core: what other
    processes on this machine cost it.
    """

    found_s: float
    ready_s: float
    cycle_s: float
    queued_s: float


class Service:
    """A broker, and the daemon as a service on it."""

    def __init__(self, directory: Path, site: Path, weakness: str = "-") -> None:
        directory.mkdir()
        self._broker = Mosquitto(directory)
        self._broker.start()
        self._ear = Ear(self._broker.port, "dc/demo/_twin/cycle")
        env = twin_environment(directory / "state", self._broker.port) | {"PYTHONPATH": str(REPOSITORY)}
        self.manager = Manager(Unit.shipped(), ("-m", "tests.chaos.hanging", weakness), site, env, directory)

    def hangs(self, number: int, count: int, seed: int) -> list[Hang]:
        """Hang so many times, each at another moment of the heartbeat."""
        chance = np.random.default_rng(seed)
        wait_until(lambda: bool(self.manager.starts), "the first start", STARTS_S)
        time.sleep(APART_S * seed)
        return [self._hang(number, chance.uniform(0.0, BEAT_S)) for _ in range(count)]

    def hang_unseen(self, number: int, seconds: float) -> bool:
        """Whether the same process still hangs there so long after."""
        self._wait_for_a_cycle(0.0)
        hung = self.manager.pid
        os.kill(hung, number)
        time.sleep(seconds)
        return self.manager.pid == hung

    def close(self) -> None:
        self.manager.close()
        self._ear.close()
        self._broker.kill()

    def _hang(self, number: int, after_s: float) -> Hang:
        starts = self.manager.starts
        self._wait_for_a_cycle(starts[-1].began_s)
        time.sleep(after_s)
        before, hung_s = len(starts), time.monotonic()
        os.kill(self.manager.pid, number)
        wait_until(lambda: len(starts) > before, "started again", GIVEN_UP_S)
        again = starts[-1]
        cycle_s = self._wait_for_a_cycle(again.began_s)
        assert again.abort_s > hung_s, "it died by itself"
        return Hang(again.abort_s - hung_s, again.ready_s - hung_s, cycle_s - hung_s, queued_s(self.manager.pid))

    def _wait_for_a_cycle(self, since_s: float) -> float:
        wait_until(lambda: any(c.at_s > since_s for c in self._ear.heard), "a cycle", STARTS_S)
        return next(c.at_s for c in self._ear.heard if c.at_s > since_s)


def test_r16_a_daemon_that_hangs_is_back_within_15_s(tmp_path: Path, site: Path, promised: Callable[..., None]) -> None:
    services = [Service(tmp_path / str(nth), site) for nth in range(len(WAYS))]
    # fed by a timer, the watchdog would not notice a loop that is blocked
    weak = Service(tmp_path / "weak", site, TIMER)
    try:
        with ThreadPoolExecutor(len(WAYS) + 1) as threads:
            unseen = threads.submit(weak.hang_unseen, BLOCKED, BACK_S + 1.0)
            running = [
                threads.submit(service.hangs, number, HANGS, seed)
                for seed, (service, number) in enumerate(zip(services, WAYS.values(), strict=True))
            ]
    finally:
        for service in (*services, weak):
            service.close()
    failed = []
    for name, future in zip(WAYS, running, strict=True):
        try:
            _say(name, future.result(), promised)
        except AssertionError as error:
            failed.append(str(error))
    assert not failed, failed
    assert unseen.result()


def _say(name: str, hangs: list[Hang], promised: Callable[..., None]) -> None:
    figures = {
        part: f"{min(seconds):.1f} / {median(seconds):.1f} / {max(seconds):.1f}"
        for part, seconds in (
            ("found_s", [hang.found_s for hang in hangs]),
            ("ready_s", [hang.ready_s for hang in hangs]),
            ("first_cycle_s", [hang.cycle_s for hang in hangs]),
            ("queued_s", [hang.queued_s for hang in hangs]),
        )
    }
    longest_s = max(hang.cycle_s - hang.queued_s for hang in hangs)
    what = f"R16 {name}, s without waiting for a core"
    promised(Promise(what, len(hangs), round(longest_s, 1), BACK_S, longest_s <= BACK_S), **figures)
