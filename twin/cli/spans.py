"""Stretches of time as typed, and points by name or pattern."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from twin.cli.options import site_directory
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.errors import DataTooPoor, TwinError
from twin.domain.timestamps import ns_of_iso
from twin.historian.history import Extent, HistoryReader
from twin.settings import load_settings
from twin.sitefile.load import load_site

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_T = TypeVar("_T")

StateOption = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", help="A state directory, such as a demo's, instead of the site's own."),
]
PointsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[POINT]...", help="Points such as h1-r001/inlet_c, or patterns: 'h1-*'.")
]
FromOption = Annotated[str, typer.Option("--from", metavar="TIME", help="First instant, 2026-05-19T06:00:00Z.")]
LastOption = Annotated[str, typer.Option("--last", metavar="LONG", help="Only so long before the end: 30m, 24h, 7d.")]
EveryOption = Annotated[str, typer.Option("--every", metavar="LONG", help="By buckets of this width: 10s, 5m, 1h.")]


def seconds_of(text: str, option: str) -> float:
    """A length of time as typed. Raises: TwinError: it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text.strip())
    long_s = float(match[1]) * _UNITS_S[match[2]] if match else 0.0
    if not 1e-3 <= long_s <= 1e10:
        raise TwinError(f"{text!r} is no length of time", where=option, fix="give for example 90s, 5m, 24h or 7d")
    return long_s


def instant_of(text: str, option: str) -> int:
    """An instant as typed; a day alone begins at midnight UTC. Raises: TwinError: it is none."""
    if text == "now":
        return SystemClock().now_ns()
    try:
        return ns_of_iso(f"{text}T00:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text)
    except ValueError as error:
        raise TwinError(
            f"{text!r} is no instant: {error}", where=option, fix="give now, 2026-05-19 or 2026-05-19T06:00:00Z"
        ) from error


def span_of(start: str, end: str, last: str, newest_ns: int) -> tuple[int, int]:
    """First instant and the one after the last. Without an end it is that of the data. Raises: TwinError."""
    end_ns = instant_of(end, "--until") if end else newest_ns + 1
    start_ns = instant_of(start, "--from") if start else 0
    if last:
        start_ns = max(start_ns, end_ns - int(seconds_of(last, "--last") * NS_PER_S))
    if start_ns >= end_ns:
        raise TwinError("the time ends before it begins", where="--from", fix="put --from before --until")
    return start_ns, end_ns


def history_path(site: Path | None, state: Path | None, config: Path | None) -> Path:
    """The history of a site, or the one below a state directory. Raises: TwinError, DataTooPoor."""
    if state is None:
        settings = load_settings(config)
        loaded = load_site(site_directory(site, settings))
        return settings.state_dir / loaded.facility.site / "history.db"
    if state.is_file():
        return state
    found = sorted([*state.glob("history.db"), *state.glob("*/history.db"), *state.glob("state/*/history.db")])
    if not found:
        raise DataTooPoor("there is no history.db below it", where=str(state), fix="name the state directory of a site")
    if len(found) > 1:
        sites = ", ".join(str(path.parent) for path in found)
        raise TwinError("there are several histories below it", where=str(state), fix=f"name one of {sites}")
    return found[0]


def chosen(history: HistoryReader, wanted: Sequence[str], where: Path) -> list[Extent]:
    """What there is of the points wanted, all when none is named. Raises: DataTooPoor: nothing of one of them."""
    extents = history.extents()
    if not extents:
        raise DataTooPoor("the history is empty yet", where=str(where), fix="let the daemon run for a while")
    names = [extent.series.point for extent in extents]
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in names):
            close = get_close_matches(pattern, names, n=1, cutoff=0.4)
            fix = f"did you mean {close[0]}?" if close else "twin history lists what there is"
            raise DataTooPoor(f"there is no sample of {pattern}", where=str(where), fix=fix)
    if not wanted:
        return extents
    return [extent for extent in extents if any(fnmatchcase(extent.series.point, pattern) for pattern in wanted)]
