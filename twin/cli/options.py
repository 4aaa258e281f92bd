"""Options that several commands share, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.domain.errors import TwinError
from twin.settings import Settings

SiteOption = Annotated[
    Path | None, typer.Option("--site", metavar="DIR", help="Site directory; TWIN_SITE_DIR when left out.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file; /etc/thermotwin/twin.toml or ./twin.toml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Facts as one JSON document on stdout.")]


def site_directory(given: Path | None, settings: Settings) -> Path:
    """The site directory asked for. Raises: TwinError: nobody named one."""
    directory = given or settings.site_dir
    if directory is None:
        raise TwinError("no site directory is given", where="--site", fix="add --site DIR, or set TWIN_SITE_DIR")
    return directory
