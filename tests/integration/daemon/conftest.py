"""Real servers for whole processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fixtures import mosquitto, nothing_left_running, victoria_metrics
from twin.shipped import shipped_config

__all__ = ["mosquitto", "nothing_left_running", "victoria_metrics"]


@pytest.fixture
def demo_site() -> Path:
    return shipped_config("demo")
