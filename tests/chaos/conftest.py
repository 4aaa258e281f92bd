"""Real servers, and the say on each promise."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.promise import Promise
from tests.support.fixtures import mosquitto, nothing_left_running
from twin.shipped import shipped_config

__all__ = ["mosquitto", "nothing_left_running"]

PERIOD_S = 5.0  # the shortest control period there is


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
