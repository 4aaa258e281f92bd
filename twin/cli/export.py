"""`twin export`: history as CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from twin.cli.options import ConfigOption, JsonOption, SiteOption
from twin.cli.output import console, failing, print_json
from twin.cli.progress import Say, progress
from twin.cli.spans import (
    EveryOption,
    FromOption,
    LastOption,
    PointsArgument,
    StateOption,
    chosen,
    history_path,
    seconds_of,
    span_of,
)
from twin.domain.errors import TwinError
from twin.historian.export import (
    BUCKETS,
    DECISIONS,
    SAMPLES,
    export_buckets,
    export_decisions,
    export_samples,
    something,
    written,
)
from twin.historian.history import HistoryReader


def export(
    points: PointsArgument = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="FILE.csv or FILE.parquet.")] = None,
    site: SiteOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
    start: FromOption = "",
    end: Annotated[str, typer.Option("--until", metavar="TIME", help="The instant after the last.")] = "",
    last: LastOption = "",
    every: EveryOption = "",
    decisions: Annotated[bool, typer.Option("--decisions", help="Decisions instead of samples.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write history to a CSV or Parquet file, all points or those named, also while the daemon runs.

    Values come back bit for bit. The file appears when it is whole. Exit 7: there is nothing to write.
    """
    with failing(as_json=as_json):
        if to is None:
            raise TwinError("no file is named", where="--to", fix="add --to FILE.csv or --to FILE.parquet")
        if every and decisions:
            raise TwinError("decisions have no buckets", where="--every", fix="leave out --every or --decisions")
        history = HistoryReader(history_path(site, state, config))
        try:
            n = _exported(history, points or [], to, (start, end, last, every), decisions=decisions, force=force)
        finally:
            history.close()
    size = to.stat().st_size
    if as_json:
        print_json({"ok": True, "file": str(to), "rows": n, "bytes": size})
    else:
        console().print(f"{to}: {n:,} rows, {size:,} bytes", markup=False)


def _exported(
    history: HistoryReader,
    points: list[str],
    to: Path,
    typed: tuple[str, str, str, str],
    *,
    decisions: bool,
    force: bool,
) -> int:
    start, end, last, every = typed
    if decisions:
        newest_ns = max((row.ns for row in history.decisions(limit=1)), default=0)
        start_ns, end_ns = span_of(start, end, last, newest_ns)
        with written(to, DECISIONS, force=force) as table:
            n = export_decisions(history, start_ns, end_ns, points, table)
            something(n, str(to))
        return n
    found = chosen(history, points, to)
    start_ns, end_ns = span_of(start, end, last, max(extent.last_ns for extent in found))
    series = [extent.series for extent in found]
    every_s = seconds_of(every, "--every") if every else 0.0
    first_ns = max(start_ns, min(extent.first_ns for extent in found))
    names = BUCKETS if every else SAMPLES
    with written(to, names, force=force) as table, _progress() as say:
        if every:
            n = export_buckets(history, series, first_ns, end_ns, every_s, table, say)
        else:
            n = export_samples(history, series, start_ns, end_ns, table, say)
        something(n, str(to))
    return n


@contextmanager
def _progress() -> Iterator[Say]:
    """On a terminal only: a script that exports has nobody to tell."""
    if console(stderr=True).is_terminal:
        with progress("export") as say:
            yield say
    else:
        yield lambda done_frac, words: None
