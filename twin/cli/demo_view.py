"""What one sees while the demo runs: both runs' clocks, power and warmest rack, and why the twin just moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from twin.cli.output import console
from twin.cli.progress import STEPS
from twin.report.day import Moment

NAMES = ("site rules (B2)", "Thermotwin")
_BLOCKS = "▁▂▃▄▅▆▇█"
_WIDE = 48

Watch = Callable[[int, Moment], None]


@contextmanager
def watching(title: str) -> Iterator[Watch]:
    """Gives the function to be told (run, moment): a live view on a terminal, ten lines elsewhere; on stderr."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield _Lines(title).watch
        return
    view = _View(title)
    with Live(view.drawn(), console=out, refresh_per_second=4, transient=True) as live:

        def watch(run: int, moment: Moment) -> None:
            view.watch(run, moment)
            live.update(view.drawn())

        yield watch


class _Lines:
    def __init__(self, title: str) -> None:
        self._out = console(stderr=True)
        self._said = [0, 0]
        self._out.print(title, markup=False)

    def watch(self, run: int, moment: Moment) -> None:
        done = int(moment.done_frac * STEPS + 1e-9)
        if done > self._said[run]:
            self._said[run] = done
            self._out.print(
                f"{NAMES[run]:<15} {100 * done // STEPS:3d} %  hour {moment.hour:5.1f}"
                f"  site {moment.facility_kw:7,.0f} kW"
                f"  cooling {moment.cooling_kw:5,.0f} kW  warmest inlet {moment.worst_inlet_c:.1f} degC",
                markup=False,
            )


class _View:
    def __init__(self, title: str) -> None:
        self._title = title
        self._latest: list[Moment | None] = [None, None]
        # power on top of computing, one mean for each column of the line
        self._over: list[list[tuple[float, int]]] = [[(0.0, 0)] * _WIDE for _ in NAMES]

    def watch(self, run: int, moment: Moment) -> None:
        self._latest[run] = moment
        column = min(int(moment.done_frac * _WIDE), _WIDE - 1)
        total, n = self._over[run][column]
        self._over[run][column] = (total + moment.facility_kw - moment.it_kw, n + 1)

    def drawn(self) -> RenderableType:
        table = Table(title=self._title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
        for column in ("", "", "hour", "site kW", "cooling kW", "warmest inlet", "setpoints sent"):
            table.add_column(column, justify="left" if not column else "right")
        for name, moment in zip(NAMES, self._latest, strict=True):
            if moment is None:
                table.add_row(name, ProgressBar(1.0, 0.0, 24, pulse=True), "", "starting", "", "", "")
            else:
                table.add_row(
                    name,
                    ProgressBar(1.0, moment.done_frac, 24),
                    f"{moment.hour:.1f}",
                    f"{moment.facility_kw:,.0f}",
                    f"{moment.cooling_kw:,.0f}",
                    f"{moment.worst_inlet_c:.1f} degC",
                    f"{moment.commands:,}",
                )
        newest = self._latest[1]
        why = Text.from_markup(f"[dim]newest decision:[/] {escape(newest.last_words)}" if newest else "")
        return Group(table, *self._lines(), why)

    def _lines(self) -> list[Text]:
        """Both curves on one scale, so that the eye can compare them."""
        means = [[total / n if n else None for total, n in run] for run in self._over]
        known = [value for run in means for value in run if value is not None]
        if not known:
            return []
        low, high = min(known), max(known)
        span = max(high - low, 1e-9)
        lines = [Text(f"power on top of computing, {low:.0f} to {high:.0f} kW", style="dim")]
        for name, run in zip(NAMES, means, strict=True):
            marks = "".join(" " if value is None else _BLOCKS[min(int((value - low) / span * 8), 7)] for value in run)
            lines.append(Text(f"{name:<15} {marks}"))
        return lines
