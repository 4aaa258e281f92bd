"""The command line: every command under one roof, and one way to end."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from twin import __version__
from twin.cli import audit, bench, config, map, op
from twin.cli.alarms import alarms
from twin.cli.broker import broker
from twin.cli.demo import demo
from twin.cli.explain import explain
from twin.cli.export import export
from twin.cli.history import history
from twin.cli.output import fail
from twin.cli.ready import ready
from twin.cli.replay import replay
from twin.cli.run import record, run, warm_up
from twin.cli.sim import sim
from twin.domain.errors import ExitCode, TwinError

app = typer.Typer(
    help="Thermotwin: a live twin of a data centre that cuts what cooling and UPS cost, within your limits.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit: 0 ok, 2 usage, 3 configuration, 4 broker or historian unreachable, 5 a safety invariant broken, "
    "6 replay differs, 7 data too poor, 130 interrupted.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"thermotwin {__version__}")
        raise typer.Exit


@app.callback()
def group(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Thermotwin: a live twin of a data centre that cuts what cooling and UPS cost, within your limits."""


app.command()(demo)
app.command()(run)
app.command()(sim)
app.command()(record)
app.command()(replay)
app.command()(explain)
app.command()(alarms)
app.command()(ready)
app.command()(history)
app.command()(export)
app.command(name="warm-up")(warm_up)
app.command()(broker)
app.add_typer(audit.app, name="audit")
app.add_typer(bench.app, name="bench")
app.add_typer(config.app, name="config")
app.add_typer(map.app, name="map")
app.add_typer(op.app, name="op")


def main() -> None:
    """Run one command. Errors a user can act on end in words and an exit code, never in a traceback."""
    try:
        app()
    except TwinError as error:
        sys.exit(fail(error))
    except KeyboardInterrupt:
        sys.exit(int(ExitCode.INTERRUPTED))
