"""`twin sim`: the simulated site on any broker."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.markup import escape

from twin.cli.comparison import summary_table
from twin.cli.logs import set_up_logs
from twin.cli.options import (
    ConfigOption,
    FaultsOption,
    JsonOption,
    LoadOption,
    SiteOption,
    WeatherOption,
    instant_of,
    site_directory,
    speed_of,
)
from twin.cli.output import console, failing, print_json
from twin.cli.progress import Say, progress
from twin.domain.errors import ExitCode, TwinError
from twin.settings import Settings, load_settings

if TYPE_CHECKING:
    from twin.study.site_alone import SiteResult, SiteSpec


def sim(
    site: SiteOption = None,
    config: ConfigOption = None,
    hours: Annotated[float, typer.Option(help="Plant hours to run.", min=0.001)] = 24.0,
    speed: Annotated[str, typer.Option(metavar="N", help="Plant seconds per second of the clock on the wall.")] = "1",
    lock_step: Annotated[
        bool, typer.Option("--lock-step", help="Keep step with a daemon in event time instead, as fast as both can.")
    ] = False,
    step_s: Annotated[
        float, typer.Option("--step", metavar="SECONDS", help="Between two rounds of messages; by the points' periods.")
    ] = 0.0,
    seed: Annotated[
        int | None, typer.Option(help="Draws plant, sensors and noise; the site's own when left out.")
    ] = None,
    start: Annotated[str, typer.Option(metavar="TIME", help="now, or a time such as 2026-05-19T00:00:00Z.")] = "",
    weather: WeatherOption = "temperate",
    load: LoadOption = "",
    faults: FaultsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the simulated site on a broker: sensors, local loops and the receiver of setpoints.

    At another speed than 1 the daemon must live in event time: TWIN_CLOCK__SOURCE=event. Exit 4: no broker.
    """
    from twin.simulator.scene import SPRING_DAY_NS, Scene
    from twin.study.site_alone import SiteSpec

    with failing(as_json=as_json):
        settings = load_settings(config)
        set_up_logs(settings.log.model_copy(update={"level": "warning"}))
        pace = None if lock_step else speed_of(speed)
        if not lock_step and pace is None:
            raise TwinError("only a site in step with a daemon can go as fast as it may", fix="add --lock-step")
        start_ns = instant_of(start or "now") if start or pace == 1.0 else SPRING_DAY_NS
        scene = Scene(seed, start_ns, weather, load, faults)
        spec = SiteSpec(site_directory(site, settings), scene, hours, pace, step_s)
        with progress(f"simulating {hours:g} h") as say:
            told = asyncio.run(_until_stopped(settings, spec, say))
    if as_json:
        print_json(msgspec.to_builtins(told))
    else:
        _show(told)
    if told.interrupted:
        raise typer.Exit(int(ExitCode.INTERRUPTED))


async def _until_stopped(settings: Settings, spec: SiteSpec, say: Say) -> SiteResult:
    """Raises: Unreachable: no broker. TwinError: the site cannot be simulated."""
    from twin.study.site_alone import run_site

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await run_site(spec, settings.mqtt, stop, say)


def _show(told: SiteResult) -> None:
    out = console()
    out.print(summary_table(told.summary, f"{told.site}: {told.hours:g} h of the plant, seed {told.seed}"))
    out.print(
        f"{told.messages:,} messages with {told.readings:,} readings in {told.steps:,} rounds, "
        f"{told.commands:,} commands heard, {told.applied:,} applied, {told.wall_s:.0f} s on the clock"
    )
    if told.missed_cycles:
        out.print(f"[bad]{told.missed_cycles} times no cycle came from the daemon[/]")
    for breach in told.breaches:
        out.print(f"[bad]limit broken:[/] {escape(breach)}")
    for note in told.notes:
        out.print(f"[quiet]{escape(note)}[/]")
