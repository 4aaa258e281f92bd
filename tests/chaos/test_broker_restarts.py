"""The broker ends or is killed and comes back: the daemon is there at once, and what is lost is known exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from tests.chaos.brokers import Restart, Way, run_of_restarts
from tests.chaos.promise import NIGHTLY, Promise, scaled
from tests.chaos.site import SENSORS

BACK_S = 2.0
LONGEST_DOWN_S = 60.0 if NIGHTLY else 2.0
UP_S = 11.0 if NIGHTLY else 2.5  # a link that lasts 10 s is a steady one
ASLEEP_S = 0.5
LEAST_POINTS_PER_S = 1_900
SEED = 4

pytestmark = [pytest.mark.mosquitto, pytest.mark.alone]


def restarts(*ways: Way, asleep_s: float = 0.0) -> list[Restart]:
    """Away for 0.1 s and up, each tenfold as likely as the next."""
    chance = np.random.default_rng(SEED)
    downs_s = np.exp(chance.uniform(np.log(0.1), np.log(LONGEST_DOWN_S), len(ways)))
    return [Restart(way, float(down_s), UP_S, asleep_s) for way, down_s in zip(ways, downs_s, strict=True)]


@pytest.mark.parametrize(
    ("keeps", "ways"),
    [
        ("each change", ["kill", "stop"] * scaled(1, 12) + ["kill"]),
        ("at stop", ["stop"] * scaled(2, 13)),
    ],
)
def test_r4_a_broker_that_keeps_what_it_has_costs_nothing(
    tmp_path: Path, keeps: Literal["at stop", "each change"], ways: list[Way], promised: Callable[..., None]
) -> None:
    run = run_of_restarts(tmp_path, keeps, restarts(*ways))
    assert run.points_per_s >= LEAST_POINTS_PER_S
    p99_s = float(np.quantile(run.back_s, 0.99, method="higher"))
    account = run.account
    wrong = account.lost + account.twice + account.altered + run.missing_messages
    promised(
        Promise("R4", len(ways), wrong, "0 lost, 0 twice, back <= 2 s", wrong == 0 and p99_s <= BACK_S),
        broker_keeps=keeps,
        killed=ways.count("kill"),
        stopped=ways.count("stop"),
        acknowledged_points=account.acknowledged,
        back_p99_s=round(p99_s, 3),
        back_median_s=round(float(np.median(run.back_s)), 3),
        points_per_s=round(run.points_per_s),
    )


def test_r4_what_a_forgetful_broker_loses_is_known_to_the_message(
    tmp_path: Path, promised: Callable[..., None]
) -> None:
    ways: list[Way] = ["kill"] * scaled(2, 12)
    run = run_of_restarts(tmp_path, "at stop", restarts(*ways, asleep_s=ASLEEP_S))
    account = run.account
    assert account.lost > 0, "nothing was lost, so nothing was tried"
    p99_s = float(np.quantile(run.back_s, 0.99, method="higher"))
    exact = run.missing_messages * SENSORS == account.lost and account.twice + account.altered == 0
    promised(
        Promise("R4", len(ways), account.lost, "lost as counted, back <= 2 s", exact and p99_s <= BACK_S),
        broker_keeps="at stop",
        killed=len(ways),
        counted_missing=run.missing_messages * SENSORS,
        acknowledged_points=account.acknowledged,
        back_p99_s=round(p99_s, 3),
    )
