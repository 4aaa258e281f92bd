"""Shared rules of the suite: which tests need which server, and what to do when it is absent."""

from __future__ import annotations

import pytest

from tests.support.servers import required

SERVERS = {
    "mosquitto": ("mosquitto", "mosquitto"),
    "victoriametrics": ("victoria-metrics", "victoria-metrics"),
    "chromium": ("chromium", "chromium"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out with the reason when its server is absent; with CI=true that is a failure."""
    for marker, (binary, package) in SERVERS.items():
        if item.get_closest_marker(marker):
            required(binary, package)
