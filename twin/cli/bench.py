"""`twin bench kernels`: how fast the physics is on this machine, and what limits it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from twin.cli.options import JsonOption
from twin.cli.output import Json, console, failing, print_json
from twin.domain.errors import TwinError

if TYPE_CHECKING:
    from twin.study.speed import Roof, Speed

app = typer.Typer(help="How fast things are on this machine.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """How fast things are on this machine."""


@app.command()
def kernels(
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Draw the speeds under the machine's roof.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the physics on one core: time of each kind of work, and its share of what the machine can do.

    Takes about a quarter of a minute, more when kernels have to be compiled first.
    """
    from twin.study.speed import kernels as measured
    from twin.study.speed import roof as roof_of

    with failing(as_json=as_json):
        with console(stderr=True).status("measuring on one core"):
            roof, works = roof_of(), measured()
        if picture:
            _draw(roof, works, picture)
    if as_json:
        print_json(_facts(roof, works))
        return
    _show(roof, works)
    if picture:
        console().print(f"drawn: {picture}", markup=False, style="quiet")


def _roof_of(roof: Roof, work: Speed) -> float:
    """Traffic a second that bounds a work: memory for what a cache cannot hold, else the first cache."""
    return roof.memory_byte_s if work.bytes > 1e6 else roof.cache_byte_s


def _facts(roof: Roof, works: Sequence[Speed]) -> dict[str, Json]:
    return {
        "machine": {
            "gflop_s": round(roof.flop_s / 1e9, 2),
            "cache_gbyte_s": round(roof.cache_byte_s / 1e9, 2),
            "memory_gbyte_s": round(roof.memory_byte_s / 1e9, 2),
        },
        "kernels": [
            {
                "name": work.name,
                "item": work.item,
                "ns": float(f"{1e9 * work.seconds:.4g}"),
                "flops": work.flops,
                "bytes": work.bytes,
                "roof_frac": float(f"{work.of_roof(roof, _roof_of(roof, work)):.3g}") if work.flops else None,
            }
            for work in works
        ],
    }


def _show(roof: Roof, works: Sequence[Speed]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("work")
    table.add_column("one item")
    for name in ("time", "GFLOP/s", "of the roof"):
        table.add_column(name, justify="right")
    for work in works:
        counted = work.flops > 0.0
        table.add_row(
            work.name,
            work.item,
            _time(work.seconds),
            f"{work.flop_s / 1e9:.1f}" if counted else "",
            f"{100 * work.of_roof(roof, _roof_of(roof, work)):.0f} %" if counted else "",
        )
    out = console()
    out.print(table)
    out.print(
        f"\none core here: {roof.flop_s / 1e9:.0f} GFLOP/s, {roof.cache_byte_s / 1e9:.0f} GB/s from the first cache, "
        f"{roof.memory_byte_s / 1e9:.0f} GB/s from memory",
        style="quiet",
    )


def _time(seconds: float) -> str:
    for unit, size in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3)):
        if seconds < 1000.0 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _draw(roof: Roof, works: Sequence[Speed], path: Path) -> None:
    from twin.report.roofline import Point, draw_roofline

    points = [Point(w.name, w.flops / w.bytes, w.flop_s / 1e9) for w in works if w.flops]
    try:
        draw_roofline(
            points,
            most_gflop_s=roof.flop_s / 1e9,
            cache_gbyte_s=roof.cache_byte_s / 1e9,
            memory_gbyte_s=roof.memory_byte_s / 1e9,
            path=path,
        )
    except OSError as error:
        raise TwinError(
            f"the picture cannot be written: {error.strerror}", where=str(path), fix="name a file that can be"
        ) from error
