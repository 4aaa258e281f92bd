"""`twin history`: a quick look at what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from twin.cli.options import ConfigOption, JsonOption, SiteOption
from twin.cli.output import Json, console, failing, print_json
from twin.cli.plot import Curve, drawing, nice_width_s
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
from twin.domain.clock import NS_PER_S
from twin.domain.errors import DataTooPoor, TwinError
from twin.domain.points import Quality
from twin.domain.timestamps import iso_utc
from twin.historian.export import QUALITY_WORDS
from twin.historian.history import Extent, HistoryReader, Summary

_DAY = "24h"
_WIDEST, _NARROWEST, _HEIGHT = 140, 40, 14
_MOST_DRAWN = 12
_UNITS = {"degC": "°C", "fraction": "", "1": ""}


def history(
    points: PointsArgument = None,
    site: SiteOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
    start: FromOption = "",
    end: Annotated[str, typer.Option("--until", "--to", metavar="TIME", help="The instant after the last.")] = "",
    last: LastOption = "",
    every: EveryOption = "",
    local: Annotated[bool, typer.Option("--local", help="Times in this machine's zone instead of UTC.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what history holds, or draw points: mean as a line, least to largest shaded, ? and ! below for doubt.

    Reads the history in the state directory, also while the daemon runs. With points and no time, the last 24 hours
    of what there is. Exit 7: nothing of that.
    """
    with failing(as_json=as_json):
        path = history_path(site, state, config)
        reader = HistoryReader(path)
        try:
            found = chosen(reader, points or [], path)
            if not points:
                _listed(found, local, as_json)
            else:
                looks = _looks(reader, found, (start, end, last, every), path, as_json)
                if as_json:
                    print_json({"points": [look.as_json() for look in looks]})
                else:
                    _drawn(looks, local)
        finally:
            reader.close()


class _Look:
    """One point as it is shown."""

    def __init__(self, reader: HistoryReader, extent: Extent, start_ns: int, end_ns: int, width_s: float) -> None:
        self.extent, self.start_ns, self.end_ns = extent, start_ns, end_ns
        self.width_ns = int(width_s * NS_PER_S)
        point = extent.series.point
        self.summary: Summary = reader.summary(point, start_ns, end_ns, width_s)
        times, _, quality = reader.read(point, start_ns, end_ns)
        bucket = times // self.width_ns * self.width_ns
        self.marked_ns, place = np.unique(bucket, return_inverse=True)
        self.worst = np.zeros(self.marked_ns.size, dtype=np.uint8)
        np.maximum.at(self.worst, place, quality)
        self.n, self.doubtful = times.size, int(np.count_nonzero(quality))

    def curve(self) -> Curve:
        """For the plot."""
        s = self.summary
        return Curve(
            self.start_ns,
            self.end_ns,
            self.width_ns,
            s.start_ns,
            s.mean,
            s.minimum,
            s.maximum,
            self.marked_ns,
            self.worst,
        )

    def as_json(self) -> dict[str, Json]:
        """For programs; a bucket without a usable value has no mean."""
        s = self.summary
        rows = zip(
            s.start_ns.tolist(), s.n.tolist(), s.mean.tolist(), s.minimum.tolist(), s.maximum.tolist(), strict=True
        )
        of = {start: {"n": n, "mean": mean, "min": low, "max": high} for start, n, mean, low, high in rows}
        none: dict[str, Json] = {"n": 0, "mean": None, "min": None, "max": None}
        buckets: list[Json] = [
            {"start": iso_utc(at), **of.get(at, none), "worst": quality_word(worst)}
            for at, worst in zip(self.marked_ns.tolist(), self.worst.tolist(), strict=True)
        ]
        series = self.extent.series
        return {
            "point": series.point,
            "unit": series.unit,
            "from": iso_utc(self.start_ns),
            "until": iso_utc(self.end_ns),
            "every_s": self.width_ns / NS_PER_S,
            "samples": self.n,
            "doubtful": self.doubtful,
            "buckets": buckets,
        }


def quality_word(quality: int) -> str:
    """A quality as everywhere else in words."""
    return QUALITY_WORDS[quality] if quality < len(QUALITY_WORDS) else str(quality)


def _looks(
    reader: HistoryReader, found: Sequence[Extent], typed: tuple[str, str, str, str], path: Path, as_json: bool
) -> list[_Look]:
    """Raises: DataTooPoor: no sample of any point in this time. TwinError: too many points to draw."""
    start, end, last, every = typed
    if len(found) > _MOST_DRAWN and not as_json:
        raise TwinError(
            f"{len(found)} points are too many to draw", where="POINT", fix=f"name {_MOST_DRAWN} at most, or add --json"
        )
    newest_ns = max(extent.last_ns for extent in found)
    start_ns, end_ns = span_of(start, end, last if last or start else _DAY, newest_ns)
    start_ns = max(start_ns, min(extent.first_ns for extent in found)) if not start else start_ns
    if start_ns >= end_ns:
        raise DataTooPoor("there is no sample in this time", where=str(path), fix="twin history lists what there is")
    columns = _width(console()) - 10
    width_s = seconds_of(every, "--every") if every else nice_width_s((end_ns - start_ns) / NS_PER_S, columns)
    looks = [_Look(reader, extent, start_ns, end_ns, width_s) for extent in found]
    if not any(look.n for look in looks):
        raise DataTooPoor("there is no sample in this time", where=str(path), fix="twin history lists what there is")
    return looks


def _drawn(looks: Sequence[_Look], local: bool) -> None:
    out = console()
    for look in looks:
        out.print(_headline(look))
        if look.summary.n.size:
            lines = drawing(look.curve(), width=_width(out), height=_HEIGHT, zone=_zone(local))
            out.print("\n".join(lines), markup=False)
        out.print(_footline(look, local), markup=False, style="quiet")


def _headline(look: _Look) -> Text:
    series = look.extent.series
    unit = _UNITS.get(series.unit, series.unit)
    text = Text(series.point, style="bold")
    text.append(f" in {unit}" if unit else "", style="not bold")
    s = look.summary
    if s.n.size:
        mean = float((s.mean * s.n).sum() / s.n.sum())
        text.append(f"   mean {mean:.4g}, {s.minimum.min():.6g} to {s.maximum.max():.6g}", style="not bold")
    return text


def _footline(look: _Look, local: bool) -> str:
    if not look.n:
        return "no sample in this time\n"
    words = f"{look.n:,} samples by {_long(look.width_ns / NS_PER_S)}, times in {_zone_name(look.end_ns, local)}"
    if look.doubtful:
        words += f"; {look.doubtful:,} doubtful: ? suspect, ! bad or stale"
    return words + "\n"


def _listed(found: Sequence[Extent], local: bool, as_json: bool) -> None:
    if as_json:
        print_json({"series": [_extent_json(extent) for extent in found]})
        return
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("point", no_wrap=True)
    for name in ("unit", "samples", "first", "last", "latest"):
        table.add_column(name, justify="right" if name in {"samples", "latest"} else "left", no_wrap=True)
    for extent in found:
        marks = "" if extent.quality == Quality.GOOD else f" {quality_word(extent.quality)}"
        table.add_row(
            Text(extent.series.point),
            extent.series.unit,
            f"{extent.n:,}",
            _shown(extent.first_ns, local),
            _shown(extent.last_ns, local),
            Text(f"{extent.value:.6g}{marks}", style="" if not marks else "bad"),
        )
    out.print(table, soft_wrap=False, crop=False, overflow="ignore", width=max(out.width, 110))
    zone = _zone_name(found[0].last_ns, local)
    out.print(
        f"\n{len(found)} points, times in {zone}; one of them drawn: twin history {found[0].series.point}",
        style="quiet",
    )


def _extent_json(extent: Extent) -> dict[str, Json]:
    series = extent.series
    return {
        "point": series.point,
        "asset": series.asset,
        "name": series.name,
        "class": series.measurement,
        "hall": series.hall,
        "unit": series.unit,
        "samples": extent.n,
        "first": iso_utc(extent.first_ns),
        "last": iso_utc(extent.last_ns),
        "value": extent.value if np.isfinite(extent.value) else None,
        "quality": quality_word(extent.quality),
    }


def _width(out: Console) -> int:
    return min(max(out.width, _NARROWEST), _WIDEST)


def _zone(local: bool) -> tzinfo:
    return datetime.fromtimestamp(0, UTC).astimezone().tzinfo or UTC if local else UTC


def _zone_name(at_ns: int, local: bool) -> str:
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(_zone(local)):%Z}"


def _shown(at_ns: int, local: bool) -> str:
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(_zone(local)):%Y-%m-%d %H:%M:%S}"


def _long(seconds: float) -> str:
    for unit, size_s in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= size_s and seconds % size_s == 0.0:
            return f"{seconds / size_s:g} {unit}"
    return f"{seconds:g} s"
