"""`twin demo`: a simulated site, its days under its own rules and under Thermotwin, side by side."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.markup import escape

from twin.cli.comparison import comparison_table
from twin.cli.demo_view import watching
from twin.cli.logs import set_up_logs
from twin.cli.options import FaultsOption, JsonOption, LoadOption, SpeedOption, WeatherOption, instant_of, speed_of
from twin.cli.output import console, failing
from twin.domain.errors import TwinError
from twin.report.day import Comparison, DayResult, compare, in_words
from twin.settings.model import LogSettings
from twin.shipped import shipped_config

if TYPE_CHECKING:
    from twin.simulator.scene import Scene

BASELINE, CONTROLLED = "reset_rules", "predictive"


def demo(
    days: Annotated[float, typer.Option(help="How long, in the plant's days.", min=0.01, max=366.0)] = 1.0,
    speed: SpeedOption = "max",
    seed: Annotated[int, typer.Option(help="Draws the plant, its sensors, its noise.", min=0)] = 1,
    web: Annotated[bool, typer.Option("--web/--no-web", help="No web page in this version: always off.")] = False,
    as_json: JsonOption = False,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="FILE", help="Write a cassette of the controlled run.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Where the picture goes; DIR/day.png.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Picture, figures and history; demo-seed-<N>.")
    ] = None,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="DIR", help="Another site directory than the shipped one.")
    ] = None,
    start: Annotated[str, typer.Option(metavar="TIME", help="First instant, UTC.")] = "2026-05-19T00:00:00Z",
    weather: WeatherOption = "temperate",
    load: LoadOption = "",
    faults: FaultsOption = None,
    port: Annotated[
        int, typer.Option(help="Port of the controlled run's broker on loopback; 0 takes a free one.", min=0, max=65535)
    ] = 0,
) -> None:
    """Show the whole loop without any server: broker, simulated site, daemon, history, and what it is worth.

    The same days run twice, at once: under the site's own well-tuned rules (B2), and under Thermotwin.
    """
    from twin.simulator.scene import Scene

    with failing(as_json=as_json):
        if web:
            raise TwinError("there is no web page in this version", where="--web", fix="leave it out")
        pace, scene = speed_of(speed), Scene(seed, instant_of(start), weather, load, faults)
        site_dir = site or shipped_config("demo")
        folder = _folder(out or Path(f"demo-seed-{seed}"))
        told, runs = _run_both(site_dir, folder, scene, days, pace, record, port)
        drawn = _drawn(runs, picture or folder / "day.png")
        (folder / "comparison.json").write_bytes(msgspec.json.encode(told) + b"\n")
    if as_json:
        typer.echo(msgspec.json.encode(told).decode())
    else:
        _show(told, drawn, folder, site_dir)


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TwinError(
            f"the folder cannot be made: {error.strerror}", where=str(path), fix="name another with --out"
        ) from error
    return path


def _run_both(
    site_dir: Path, folder: Path, scene: Scene, days: float, pace: float | None, record: Path | None, port: int
) -> tuple[Comparison, list[DayResult]]:
    """Raises: TwinError: one of the runs could not be made."""
    from twin.domain.clock import SystemClock
    from twin.model.warm import warm
    from twin.sitefile.load import load_site
    from twin.study.day import DaySpec
    from twin.study.side_by_side import run_side_by_side

    clock = SystemClock()
    site = load_site(site_dir)
    began_s = clock.monotonic_s()
    title = f"{site.facility.name}: {in_words(days)} of {scene.weather} weather, seed {scene.seed}"
    with watching(title) as watch, tempfile.TemporaryDirectory(prefix="thermotwin-") as scratch:
        # once here rather than twice over there: the compiled code is kept
        warm(site.facility)
        specs = [
            DaySpec(site_dir, Path(scratch), BASELINE, days, scene, pace),
            DaySpec(site_dir, folder / "state", CONTROLLED, days, scene, pace, record, port),
        ]
        runs = run_side_by_side(specs, watch, quiet)
    return compare(runs[0], runs[1], clock.monotonic_s() - began_s), runs


def quiet() -> None:
    """Logging of the two runs: only what is wrong."""
    set_up_logs(LogSettings(level="warning"))


def _drawn(runs: list[DayResult], path: Path) -> Path:
    from twin.report.picture import draw

    try:
        draw(runs[0], runs[1], path)
    except (OSError, ValueError) as error:
        raise TwinError(
            f"the picture cannot be saved: {error}", where=str(path), fix="end it in .png or .svg"
        ) from error
    return path


def _show(told: Comparison, drawn: Path, folder: Path, site_dir: Path) -> None:
    out = console()
    out.print(comparison_table(told, f"{told.site}, {in_words(told.days)}, seed {told.seed}"))
    samples, commands, cycle_ms = told.samples, told.commands, told.cycle_ms
    out.print(
        f"{samples.received:,} readings received, {samples.rejected:,} refused, {samples.stored:,} stored, "
        f"{samples.dropped:,} lost"
    )
    out.print(
        f"{commands.sent:,} setpoint leases sent, {commands.applied:,} applied, {commands.rejected:,} refused, "
        f"{commands.expired:,} run out"
    )
    out.print(
        f"{told.cycles:,} decisions of {cycle_ms.p50:.0f} ms (median; 99 % within {cycle_ms.p99:.0f} ms), "
        f"{told.wall_s:.0f} s on the clock for both runs"
    )
    out.print(f"picture:  [where]{escape(str(drawn))}[/]")
    ask = f"TWIN_STATE_DIR={folder / 'state'} {_ourselves()} explain --site {_near(site_dir)}"
    out.print(f"why:      [where]{escape(ask)}[/]")


def _ourselves() -> str:
    """How this command was called, so that what we print can be pasted."""
    called = Path(sys.argv[0])
    return "twin" if called.name != "twin" or shutil.which("twin") == str(called) else str(_near(called))


def _near(path: Path) -> Path:
    """A path as seen from here, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
