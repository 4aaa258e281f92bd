"""Real servers, and the say on each promise."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chaos.promise import Promise
from tests.support.processes import kill_what_is_left
from tests.support.servers import Mosquitto
from twin.shipped import shipped_config

PERIOD_S = 5.0  # the shortest control period there is


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    yield
    kill_what_is_left()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    broker = Mosquitto(directory)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The demo site with the shortest period there is."""
    copied = tmp_path / "site"
    shutil.copytree(shipped_config("demo"), copied)
    control = copied / "control.toml"
    text = control.read_text(encoding="utf-8").replace("period_s = 60", f"period_s = {PERIOD_S:g}")
    control.write_text(text, encoding="utf-8")
    return copied


@pytest.fixture
def promised(capsys: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Say in one JSON line what a promise came to, and fail when it did not hold."""

    def say(promise: Promise, **more: str | float) -> None:
        with capsys.disabled():
            print(f"\n{promise.line(**more)}", flush=True)
        assert promise.passed, promise.line(**more)

    return say
