"""Shared rules of the suite: which tests need which server, and what to do when it is absent."""

from __future__ import annotations

import os
import sys

import pytest

from tests.support.servers import required

# processes under test start as an installed product does: compiling our own source anew costs each of them two seconds
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

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
