"""Shipped files are found in a working copy, and a name that is not there is named."""

from __future__ import annotations

import pytest

from twin.domain.errors import TwinError
from twin.shipped import shipped_config, shipped_deploy


def test_shipped_sites_and_deployment_files_are_there() -> None:
    assert (shipped_config("demo") / "site.toml").is_file()
    assert (shipped_config("site.example") / "limits.toml").is_file()
    assert (shipped_config("site.full") / "points.toml").is_file()
    assert shipped_deploy("systemd").is_dir()


def test_a_name_that_is_not_shipped_says_which_are() -> None:
    with pytest.raises(TwinError, match="demo"):
        shipped_config("nothing")
