"""A copy of a site directory with a few words of its site.toml changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.domain.errors import ConfigError
from twin.domain.facility import Facility
from twin.sitefile.load import load_site


def with_changes(directory: Path, *changes: tuple[str, str]) -> Facility:
    """Load the site after each `old` of its site.toml became `new`."""
    path = directory / "site.toml"
    text = path.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text)
    return load_site(directory).facility


def messages(directory: Path, *changes: tuple[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        with_changes(directory, *changes)
    return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]
