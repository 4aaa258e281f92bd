"""Shared rules of the suite: which tests need which server, and what to do when it is absent."""

from __future__ import annotations

import os
import shutil

import pytest

SERVERS = {"mosquitto": "mosquitto", "victoriametrics": "victoria-metrics", "chromium": "chromium"}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out with the reason when its server is absent; with CI=true that is a failure."""
    for marker, binary in SERVERS.items():
        if item.get_closest_marker(marker) and shutil.which(binary) is None:
            reason = f"{binary} is not installed (apt-get install {binary})"
            if os.environ.get("CI") == "true":
                pytest.fail(f"CI must not leave this out: {reason}", pytrace=False)
            pytest.skip(reason)
