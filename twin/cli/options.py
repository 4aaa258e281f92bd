"""Options that several commands share, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.domain.clock import SystemClock
from twin.domain.errors import TwinError
from twin.domain.timestamps import ns_of_iso
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


WeatherOption = Annotated[
    str, typer.Option("--weather", metavar="NAME|FILE", help="hot-humid, temperate, cold-dry, or a CSV file.")
]
LoadOption = Annotated[
    str, typer.Option("--load", metavar="FILE", help="A CSV file of a CPU trace; the built-in shape when left out.")
]
FaultsOption = Annotated[
    Path | None,
    typer.Option("--faults", metavar="FILE", help="A TOML file: what goes wrong, where and when."),
]
SpeedOption = Annotated[
    str, typer.Option("--speed", metavar="max|N", help="Plant seconds per second of the clock on the wall, or max.")
]


def speed_of(text: str) -> float | None:
    """A speed as typed; None is as fast as it goes. Raises: TwinError: neither max nor a positive number."""
    if text == "max":
        return None
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0.0 < speed <= 1e6:
        raise TwinError(f"{text!r} is no speed", where="--speed", fix="give max, or a number such as 1 or 20")
    return speed


def instant_of(text: str) -> int:
    """An instant as typed. Raises: TwinError: neither "now" nor a time with a zone."""
    if text == "now":
        return SystemClock().now_ns()
    try:
        return ns_of_iso(text)
    except ValueError as error:
        raise TwinError(
            f"{text!r} is no instant: {error}", where="--start", fix="give now, or for example 2026-05-19T00:00:00Z"
        ) from error
