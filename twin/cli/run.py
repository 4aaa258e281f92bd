"""`twin run` and `twin record`: the daemon in charge, or only listening."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.logs import set_up_logs
from twin.cli.options import ConfigOption, SiteOption, site_directory
from twin.cli.output import failing
from twin.domain.errors import ExitCode, Unreachable
from twin.settings import Settings, load_settings

if TYPE_CHECKING:
    from twin.daemon.wiring import Wishes

ModeOption = Annotated[
    str, typer.Option("--mode", metavar="shadow|advise|bounded|control", help="Instead of the mode in control.toml.")
]
ControllerOption = Annotated[
    str, typer.Option("--controller", metavar="NAME", help="Instead of the controller in control.toml.")
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The cassette to write.")]
RecordOption = Annotated[Path | None, typer.Option("--record", metavar="FILE", help="Also write a cassette.")]
ForOption = Annotated[float, typer.Option("--for", metavar="SECONDS", help="Stop after so long; 0 = when told.", min=0)]


def run(
    site: SiteOption = None,
    config: ConfigOption = None,
    mode: ModeOption = "",
    controller: ControllerOption = "",
    record: RecordOption = None,
) -> None:
    """Run the daemon: mirror the site, decide each period, write setpoints where the mode lets it.

    Runs until SIGTERM (exit 0) or SIGINT (130), giving every lease back. A broker that is away is waited for.
    """
    from twin.daemon.wiring import Wishes

    with failing():
        settings = load_settings(config, _overrides(mode))
        _until_stopped(settings, site, Wishes(controller=controller, record=record))


def record(file: FileArgument, site: SiteOption = None, config: ConfigOption = None, seconds: ForOption = 0.0) -> None:
    """Record what the site says, and what a daemon in shadow would have decided. Says nothing to the broker.

    Runs beside a daemon that is in charge, under a client id and a state of its own, until SIGINT or SIGTERM.
    """
    from twin.daemon.wiring import Wishes

    with failing():
        settings = load_settings(config)
        wishes = Wishes(record=file, listen_only=True, health_page=False)
        _until_stopped(settings, site, wishes, seconds=seconds, must_connect=True)
    typer.echo(f"recorded: {file}", err=True)


def warm_up(site: SiteOption = None, config: ConfigOption = None) -> None:
    """Compile the twin for a site now, so that the next start decides at once."""
    from twin.domain.clock import SystemClock
    from twin.model.warm import warm
    from twin.sitefile.load import load_site

    with failing():
        clock = SystemClock()
        began_s = clock.monotonic_s()
        warm(load_site(site_directory(site, load_settings(config))).facility)
        typer.echo(f"the twin is warm after {clock.monotonic_s() - began_s:.1f} s", err=True)


def _overrides(mode: str) -> dict[str, Any]:
    return {"control": {"mode": mode}} if mode else {}


def _until_stopped(
    settings: Settings, site: Path | None, wishes: Wishes, *, seconds: float = 0.0, must_connect: bool = False
) -> None:
    """Raises: typer.Exit: 130 after SIGINT. TwinError: the daemon could not start or go on."""
    set_up_logs(settings.log)
    number = asyncio.run(_serve(settings, site_directory(site, settings), wishes, seconds, must_connect=must_connect))
    if number == signal.SIGINT:
        raise typer.Exit(int(ExitCode.INTERRUPTED))


async def _serve(settings: Settings, site_dir: Path, wishes: Wishes, seconds: float, *, must_connect: bool) -> int:
    """Run one daemon; the number of the signal that ended it, or 0."""
    from twin.daemon.wiring import build
    from twin.sitefile.load import load_site

    ended_by = 0
    daemon = await build(load_site(site_dir), settings, wishes)

    def stop(number: int) -> None:
        nonlocal ended_by
        ended_by = ended_by or number
        daemon.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    if seconds:
        loop.call_later(seconds, stop, 0)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(daemon.run(), name="daemon")
        if must_connect:
            try:
                await daemon.parts.link.wait_connected(settings.mqtt.timeout_s)
            except Unreachable:
                daemon.stop()
                await running
                raise
    return ended_by
