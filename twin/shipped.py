"""Where the files that come with the package are: inside it when installed, beside it in a working copy."""

from __future__ import annotations

from pathlib import Path

from twin.domain.errors import TwinError

_PACKAGE = Path(__file__).resolve().parent
_HOMES = (_PACKAGE / "_shipped", _PACKAGE.parent)


def shipped_config(name: str) -> Path:
    """Directory of a shipped site, for example "demo". Raises: TwinError: none of that name."""
    return _shipped("configs", name)


def shipped_deploy(name: str) -> Path:
    """A shipped deployment file or directory, for example "receiver". Raises: TwinError: none of that name."""
    return _shipped("deploy", name)


def _shipped(kind: str, name: str) -> Path:
    for home in _HOMES:
        path = home / kind / name
        if path.exists():
            return path
    there = sorted({entry.name for home in _HOMES if (home / kind).is_dir() for entry in (home / kind).iterdir()})
    raise TwinError(
        f"nothing called {name!r} is shipped under {kind}",
        where=str(_HOMES[-1] / kind),
        fix="one of " + ", ".join(there) if there else "install the package again",
    )
