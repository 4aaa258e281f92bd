"""R15: however the daemon, its links or its inputs die, the plant is on local control within 30 s."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest

from tests.chaos.deaths import BROKER_KILLED, FAKETIME, SILENT, WAYS, Death, Stage, Way
from tests.chaos.disks import small_disk
from tests.chaos.promise import NIGHTLY, Promise, scaled
from tests.support.processes import run_twin, twin_environment
from tests.support.servers import free_port
from twin.shipped import shipped_config

DEATHS = scaled(1, 20)
LOCAL_S = 30.0
DISK_MB = 16

pytestmark = [
    pytest.mark.alone,
    pytest.mark.mosquitto,
    pytest.mark.skipif(not FAKETIME.exists() and os.environ.get("CI") != "true", reason="libfaketime is not installed"),
]


BY_DAY = ("SIGSTOP", "endless native loop", BROKER_KILLED)  # as many as two cores can start in good time
TOGETHER = tuple(way for way in WAYS if way.name != SILENT and (NIGHTLY or way.name in BY_DAY))
ALONE = tuple(way for way in WAYS if way.name == SILENT)  # with a short stale_after_s: its site must keep up


@pytest.fixture
def stages(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[Stage]]:
    """One for each way, all at once: mostly they wait."""
    warmed = run_twin("warm-up", "--site", str(shipped_config("demo")), env=twin_environment(tmp_path, free_port()))
    assert warmed.code == 0, warmed.err  # else all of them would compile at once
    with small_disk(tmp_path / "disk", DISK_MB) as disk:
        made: list[Stage] = []
        try:
            for nth, way in enumerate(request.param):
                made.append(Stage(way, tmp_path / str(nth), disk if "disk" in way.name else None))
            yield made
        finally:
            for stage in made:
                stage.close()


@pytest.mark.parametrize("stages", [TOGETHER, ALONE], indirect=True, ids=["together", "silent"])
def test_r15_whatever_dies_the_plant_is_on_local_control_within_30_s(
    stages: list[Stage], promised: Callable[..., None]
) -> None:
    with ThreadPoolExecutor(len(stages)) as threads:
        running = [threads.submit(stage.deaths, DEATHS, seed) for seed, stage in enumerate(stages)]
    failed, died = [], dict[str, list[Death]]()
    for stage, future in zip(stages, running, strict=True):
        try:
            died[stage.way.name] = future.result()
            _say(stage.way, died[stage.way.name], promised)
        except AssertionError as error:
            failed.append(str(error))
    assert not failed, failed
    # the same receiver without its limit on silence: a broker that is gone would never be noticed
    assert not any(death.deaf_local for death in died.get(BROKER_KILLED, ()))


def _say(way: Way, deaths: list[Death], promised: Callable[..., None]) -> None:
    local = [death.gateway_s for death in deaths if death.gateway_s is not None]
    went_on = [death for death in deaths if death.gateway_s is None]
    frozen = [death.then_s for death in went_on if death.then_s is not None]
    plant = [death.plant_s for death in deaths if death.plant_s is not None]
    figures: dict[str, float | str] = {"went_on": len(went_on)} if way.may_go_on else {}
    for name, seconds in (("local_s", local), ("plant_s", plant), ("frozen_after_that_s", frozen)):
        if seconds:
            figures |= {name: f"{min(seconds):.1f} / {median(seconds):.1f} / {max(seconds):.1f}"}
    longest_s = max((*local, *frozen))
    fine = longest_s <= LOCAL_S and (way.may_go_on or not went_on)
    # control that goes on is control that is renewed
    fine = fine and all(death.written_late > 0 for death in went_on)
    promised(Promise(f"R15 {way.name}, s", len(deaths), round(longest_s, 1), LOCAL_S, fine), **figures)
