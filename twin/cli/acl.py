"""`twin config acl`: the broker's access list, printed or written."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from twin.cli.options import ConfigOption, SiteOption, site_directory
from twin.cli.output import console, failing
from twin.domain.errors import TwinError
from twin.settings import load_settings
from twin.sitefile.acl import FIRST_LINE, acl_text
from twin.sitefile.load import load_site

MODE = 0o640  # who may do what is nothing for everyone's eyes; the broker reads it through its group

OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write it there, mode 0640, instead of printing it.")
]


def acl(site: SiteOption = None, config: ConfigOption = None, output: OutputOption = None) -> None:
    """Print the ACL file for mosquitto that the topic map asks for: one user for each role, one for each device."""
    with failing():
        settings = load_settings(config)
        text = acl_text(load_site(site_directory(site, settings)), daemon=settings.mqtt.username or "twin")
        if output is None:
            sys.stdout.write(text)
            return
        _write(output, text)
    users = sum(line.startswith("user ") for line in text.splitlines())
    console().print(f"{escape(str(output))}: {users} users")


def _write(path: Path, text: str) -> None:
    """Replace the file whole. Raises: TwinError: it cannot be written, or is not of our making."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(FIRST_LINE):
            raise TwinError(
                "the file was not made by twin config acl, so it is left alone",
                where=str(path),
                fix="name another file, or move this one away",
            )
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), MODE)
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise TwinError(
            f"the access list cannot be written: {error.strerror}", where=str(path), fix="name a file we may write"
        ) from error
