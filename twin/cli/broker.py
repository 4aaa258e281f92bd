"""`twin broker`: the simulated MQTT broker as a process of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from twin.domain.errors import ExitCode, TwinError
from twin.simulator.broker import Broker, Limits

GROUP_AND_OTHERS = 0o077


def broker(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 1883,
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
    username: Annotated[str | None, typer.Option(help="Only this user may connect; needs --password-file.")] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="File that holds the password alone, readable by its owner only.")
    ] = None,
    max_packet_bytes: Annotated[int, typer.Option(help="Larger packets end the connection.", min=128)] = (
        Limits().max_packet_bytes
    ),
    max_queued: Annotated[int, typer.Option(help="QoS 1 messages kept for one client.", min=1)] = (
        Limits().max_queued_messages
    ),
    faults: Annotated[bool, typer.Option("--faults", help="Let clients order faults under $SYS/faults/.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log clients coming and going.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as JSON.")] = False,
) -> None:
    """Run the simulated MQTT broker until SIGINT or SIGTERM. Memory only, loopback only: for tests."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    try:
        chosen = Broker(
            host,
            port,
            credentials=_credentials(username, password_file),
            limits=Limits(max_packet_bytes=max_packet_bytes, max_queued_messages=max_queued),
            fault_topic=faults,
        )
        asyncio.run(_serve(chosen, as_json=as_json))
    except TwinError as error:
        typer.echo(f"twin broker: {error}", err=True)
        raise typer.Exit(error.exit_code) from error


async def _serve(chosen: Broker, *, as_json: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with chosen:
        address = {"host": chosen.host, "port": chosen.port}
        typer.echo(json.dumps(address) if as_json else f"MQTT broker on {_shown(chosen.host)}:{chosen.port}")
        sys.stdout.flush()
        await stop.wait()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _credentials(username: str | None, password_file: Path | None) -> dict[str, str] | None:
    """Raises: TwinError: half a login, or a password file that others can read or nobody can."""
    if username is None and password_file is None:
        return None
    if username is None or password_file is None:
        raise TwinError("a login needs both halves", where="twin broker", fix="give --username and --password-file")
    try:
        mode = password_file.stat().st_mode
        password = password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad_file(password_file, f"cannot read the password file: {error}") from error
    if mode & GROUP_AND_OTHERS:
        raise _bad_file(password_file, "others can read the password file")
    if not password:
        raise _bad_file(password_file, "the password file is empty")
    return {username: password}


def _bad_file(path: Path, message: str) -> TwinError:
    error = TwinError(message, where=str(path), fix="one line, the password; chmod 600")
    error.exit_code = ExitCode.CONFIG
    return error
