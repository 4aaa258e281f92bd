"""kill -9 under load: nothing acknowledged is lost, no command counts twice, and the daemon is back within seconds."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.chaos import weak
from tests.chaos.doomed import PHASES
from tests.chaos.kills import Killed, Victim, kill_again_and_again, mixed_deaths
from tests.chaos.ledger import Account, Gateways, seal, settled, wait_for_all
from tests.chaos.promise import NIGHTLY, Promise, scaled
from tests.chaos.receiver import LoggedReceiver
from tests.chaos.site import loaded_site
from tests.support.processes import Ear, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto
from twin.historian.history import HistoryReader
from twin.sitefile.load import load_site

KILLS = scaled(20, 200)
LONGEST_S = 20.0 if NIGHTLY else 7.0  # a start takes 2 to 3 s of it
BACK_S = 5.0
LEAST_POINTS_PER_S = 1_900
SEED = 1

pytestmark = [pytest.mark.mosquitto, pytest.mark.alone]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of kills came to."""

    account: Account
    points_per_s: float
    killed: Killed
    receiver: LoggedReceiver


def run_of_kills(
    directory: Path,
    deaths: list[str],
    *,
    weakness: str = "-",
    enough: Callable[[LoggedReceiver], bool] = lambda _receiver: True,
) -> Outcome:
    """A simulated site and the gateways say what they have to, while the daemon in charge is killed again and again.

    The one that is not killed any more goes on until the receiver has had `enough`.
    """
    (directory / "broker").mkdir()
    broker = Mosquitto(directory / "broker")
    broker.start()
    site = loaded_site(directory / "site")
    env = twin_environment(directory / "state", broker.port)
    victim = Victim(("run", "--site", str(site), "--mode", "control"), env, directory, weakness)
    ear, receiver = Ear(broker.port, "dc/demo/_twin/cycle"), LoggedReceiver(broker.port, load_site(site))
    plant = Running(
        *("sim", "--site", str(site), "--hours", "1000", "--step", "1"),
        env=twin_environment(directory / "plant", broker.port),
        log=directory / "plant.log",
    )
    try:
        # the broker keeps for a session, so there must be one before the ledger begins
        victim.start()
        wait_until(lambda: bool(ear.heard), "a first cycle")
        victim.close()
        gateways = Gateways(broker.port)
        killed = kill_again_and_again(victim, ear, deaths, np.random.default_rng(SEED), longest_s=LONGEST_S)
        wait_until(lambda: enough(receiver), "what the receiver waits for")
        ledger = gateways.stop()
        plant.end(signal.SIGINT)
        history = directory / "state" / "demo" / "history.db"
        wait_for_all(ledger, HistoryReader(history))
        victim.stop()
        asyncio.run(seal(history))
        return Outcome(settled(ledger, HistoryReader(history)), gateways.points_per_s, killed, receiver)
    finally:
        victim.close()
        plant.end(signal.SIGKILL)
        ear.close()
        receiver.close()
        broker.kill()


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_of_kills(tmp_path_factory.mktemp("kills"), mixed_deaths(KILLS, np.random.default_rng(SEED)))


def test_r1_no_acknowledged_point_is_lost_and_none_is_there_twice(
    outcome: Outcome, promised: Callable[..., None]
) -> None:
    account, phases = outcome.account, outcome.killed.by_phase
    assert outcome.points_per_s >= LEAST_POINTS_PER_S
    assert all(phases[f"kills_{phase}"] for phase in PHASES), phases
    wrong = account.lost + account.twice + account.altered
    promised(
        Promise("R1", KILLS, wrong, "0 lost, 0 twice, 0 altered", wrong == 0),
        acknowledged_points=account.acknowledged,
        lost=account.lost,
        twice=account.twice,
        points_per_s=round(outcome.points_per_s),
        **phases,
    )


def test_r2_no_command_is_applied_twice_and_no_sequence_steps_back(
    outcome: Outcome, promised: Callable[..., None]
) -> None:
    receiver = outcome.receiver
    assert receiver.epochs >= KILLS / 5
    assert receiver.applied > KILLS
    wrong = receiver.applied_twice + receiver.steps_back
    promised(
        Promise("R2", KILLS, wrong, "0 applied twice, 0 steps back", wrong == 0),
        commands=len(receiver.log),
        applied=receiver.applied,
        starts_that_commanded=receiver.epochs,
        **outcome.killed.by_phase,
    )


def test_r3_the_first_decision_after_a_kill_comes_within_seconds(
    outcome: Outcome, promised: Callable[..., None]
) -> None:
    returns = outcome.killed.returns
    took_s = np.array([back.took_s for back in returns])
    # a start is held to its own work: while it waits for a core, the machine does something else
    own_s = took_s - np.array([back.queued_s for back in returns])
    p99_s = float(np.quantile(own_s, 0.99, method="higher"))
    median_s = float(np.median(own_s))
    # of a handful of returns the 99th percentile is the worst, and says more about the machine than about the daemon
    judged_s, judged = (p99_s, "p99") if NIGHTLY else (median_s, "median")
    limit_s = BACK_S if NIGHTLY else 1.5 * BACK_S  # beside a suite
    promised(
        Promise("R3", len(returns), round(judged_s, 2), f"{judged} <= {limit_s:g} s", judged_s <= limit_s),
        p99_s=round(p99_s, 2),
        median_s=round(median_s, 2),
        p99_with_others_s=round(float(np.quantile(took_s, 0.99, method="higher")), 2),
        median_with_others_s=round(float(np.median(took_s)), 2),
    )


@pytest.mark.parametrize(
    ("weakness", "deaths"),
    [
        (weak.EARLY, ["_blocks:2:before", "_blocks:3:before"]),
        (weak.MEMORY, ["_write:2:before", "_write:3:before"]),
    ],
)
def test_r1_weak_builds_are_seen_to_lose(
    tmp_path: Path, weakness: str, deaths: list[str], promised: Callable[..., None]
) -> None:
    account = run_of_kills(tmp_path, deaths, weakness=weakness).account
    promised(
        Promise(f"R1 weak: {weakness}", len(deaths), account.lost, "> 0 lost", account.lost > 0),
        acknowledged_points=account.acknowledged,
    )


def test_r2_a_weak_build_is_seen_to_step_back(tmp_path: Path, promised: Callable[..., None]) -> None:
    deaths = ["send_sealed:1:after", "send_sealed:1:before"]
    # a first cycle commands nothing yet: the last life is given the time to come to the commands of the first one
    outcome = run_of_kills(tmp_path, deaths, weakness=weak.FORGETFUL, enough=lambda heard: heard.steps_back > 0)
    receiver = outcome.receiver
    promised(
        Promise("R2 weak: forgetful", len(deaths), receiver.steps_back, "> 0 steps back", receiver.steps_back > 0),
        commands=len(receiver.log),
    )
