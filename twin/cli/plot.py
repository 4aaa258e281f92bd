"""A curve in the terminal: the band from least to largest, the mean as a line in it, marks for doubtful readings.

Drawn here in braille, as no library we tried (plotille, uniplot, plotext) draws a band and ticks at whole hours of a
chosen zone, and the dots are the smallest part of it. Nothing depends on colour: the band is shaded, the line is
dotted, marks are letters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np

from twin.domain.arrays import Bytes8, Flags, Floats, Ints
from twin.domain.clock import NS_PER_S

NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800)
MARKS = " ?!!!"  # by the worst quality of a column: good, suspect, bad, stale, missing
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BAND, _BRAILLE = "░", 0x2800
_TICK_CHARS = 14


@dataclass(frozen=True, slots=True)
class Curve:
    """One point by buckets of `width_ns`, start <= time < end; `worst` is the worst quality in each of `marked_ns`."""

    start_ns: int
    end_ns: int
    width_ns: int
    at_ns: Ints
    mean: Floats
    low: Floats
    high: Floats
    marked_ns: Ints
    worst: Bytes8


def nice_width_s(span_s: float, columns: int) -> float:
    """The narrowest usual bucket with which a span fits into so many columns."""
    return float(next((width for width in NICE_S if span_s <= width * columns), math.ceil(span_s / columns)))


def drawing(curve: Curve, *, width: int, height: int, zone: tzinfo) -> list[str]:
    """Lines of text, `width` wide: the plot with its axes, and the marks when there are any."""
    ticks = value_ticks(float(curve.low.min()), float(curve.high.max()), height)
    margin = max(len(text) for _, text in ticks) + 2
    columns = max(width - margin, 10)
    bottom, top = ticks[0][0], ticks[-1][0]
    rows = _cells(curve, columns, height, bottom, top)
    label = {round((top - value) / (top - bottom) * (height - 1)): text for value, text in ticks}
    lines = [
        f"{label.get(i, ''):>{margin - 2}} {'┤' if i in label else '│'}{''.join(row)}".rstrip()
        for i, row in enumerate(rows)
    ]
    axis, names = time_axis(curve.start_ns, curve.end_ns, columns, zone)
    lines += [" " * (margin - 1) + axis, " " * margin + names]
    marks = _marks(curve, columns)
    return [*lines, " " * margin + marks] if marks.strip() else lines


def value_ticks(low: float, high: float, height: int) -> list[tuple[float, str]]:
    """Round values from at or below `low` to at or above `high`, with their texts."""
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - max(0.5, abs(low) * 0.01), high + max(0.5, abs(high) * 0.01)
    raw = (high - low) / max(2, height // 3)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if power * factor >= raw * (1.0 - 1e-9))
    decimals = max(0, -math.floor(math.log10(step)) + (1 if step / power == 2.5 else 0))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [(k * step, f"{k * step:.{decimals}f}") for k in range(first, last + 1)]


def time_axis(start_ns: int, end_ns: int, columns: int, zone: tzinfo) -> tuple[str, str]:
    """The line below the plot and its names, at whole steps of the zone's clock."""
    span_s = (end_ns - start_ns) / NS_PER_S
    step_s = int(nice_width_s(span_s, max(1, columns // _TICK_CHARS)))
    line, names = ["└", *"─" * columns], [" "] * (columns + _TICK_CHARS)
    offset_s = round(_clock(start_ns, zone).utcoffset().total_seconds())  # type: ignore[union-attr]
    first_s = math.ceil((start_ns / NS_PER_S + offset_s) / step_s) * step_s - offset_s
    day, free = "", 0
    for tick_s in range(first_s, math.ceil(end_ns / NS_PER_S), step_s):
        at = int((tick_s * NS_PER_S - start_ns) / (end_ns - start_ns) * columns)
        clock = _clock(tick_s * NS_PER_S, zone)
        text = f"{clock:%H:%M:%S}" if step_s < 60 else f"{clock:%H:%M}" if step_s < 86_400 else f"{clock:%d %b}"
        if step_s < 86_400 and f"{clock:%d %b}" != day:
            text = f"{clock:%d %b} {text}"
        if at < free or at + len(text) > columns:
            continue
        day, free = f"{clock:%d %b}", at + len(text) + 1
        line[at + 1] = "┬"
        names[at : at + len(text)] = text
    return "".join(line), "".join(names).rstrip()


def _cells(curve: Curve, columns: int, height: int, bottom: float, top: float) -> list[list[str]]:
    """Characters of the plot's rows, from the top."""
    span_ns = curve.end_ns - curve.start_ns
    dots = np.zeros((height * 4, columns * 2), dtype=np.bool_)
    per_dot = 2 * columns / span_ns
    middle = np.clip((curve.at_ns + curve.width_ns // 2 - curve.start_ns) * per_dot, 0, 2 * columns - 1)
    level = (top - curve.mean) / (top - bottom) * (4 * height - 1)
    joined = np.diff(curve.at_ns, append=curve.at_ns[-1:]) == curve.width_ns
    for k in range(curve.at_ns.size):
        _line(dots, (middle[k], level[k]), (middle[k + 1], level[k + 1]) if joined[k] else (middle[k], level[k]))
    parts = dots.reshape(height, 4, columns, 2)
    code = (parts * _DOTS[np.newaxis, :, np.newaxis, :]).sum(axis=(1, 3))
    shaded = np.zeros((height, columns), dtype=np.bool_)
    first = np.clip((curve.at_ns - curve.start_ns) * columns / span_ns, 0, columns - 1).astype(int)
    last = np.clip((curve.at_ns + curve.width_ns - curve.start_ns) * columns / span_ns - 1e-6, 0, columns - 1).astype(
        int
    )
    upper = np.round((top - curve.high) / (top - bottom) * (height - 1)).astype(int)
    lower = np.round((top - curve.low) / (top - bottom) * (height - 1)).astype(int)
    for k in range(curve.at_ns.size):
        shaded[upper[k] : lower[k] + 1, first[k] : last[k] + 1] = True
    return [
        [_cell(c, s) for c, s in zip(*row, strict=True)] for row in zip(code.tolist(), shaded.tolist(), strict=True)
    ]


def _cell(code: int, shaded: bool) -> str:
    return chr(_BRAILLE + code) if code else _BAND if shaded else " "


def _line(dots: Flags, a: tuple[float, float], b: tuple[float, float]) -> None:
    n = int(max(abs(b[0] - a[0]), abs(b[1] - a[1]))) + 1
    x = np.round(np.linspace(a[0], b[0], n + 1)).astype(int)
    y = np.round(np.linspace(a[1], b[1], n + 1)).astype(int)
    dots[np.clip(y, 0, dots.shape[0] - 1), np.clip(x, 0, dots.shape[1] - 1)] = True


def _marks(curve: Curve, columns: int) -> str:
    worst = np.zeros(columns, dtype=np.int64)
    at = (curve.marked_ns - curve.start_ns) / (curve.end_ns - curve.start_ns) * columns
    np.maximum.at(worst, np.clip(at.astype(int), 0, columns - 1), curve.worst.astype(np.int64))
    return "".join(MARKS[min(q, len(MARKS) - 1)] for q in worst.tolist())


def _clock(at_ns: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(zone)
