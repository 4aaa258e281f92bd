"""Several runs at once, each in a process of its own, so that they share nothing but the machine."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import cast

import msgspec

from twin.domain.errors import ExitCode, TwinError
from twin.report.day import DayResult, Moment
from twin.study.day import DaySpec, run_day

_JOIN_S = 5.0


class _Failed(msgspec.Struct, frozen=True):
    """A run ended with words for the user."""

    message: str
    where: str
    fix: str
    exit_code: int


def run_side_by_side(
    specs: Sequence[DaySpec], watch: Callable[[int, Moment], None], set_up: Callable[[], None]
) -> list[DayResult]:
    """Run all of them and return their results in order.

    Args:
        specs: Each with a state directory of its own.
        watch: Called here with (index, moment) as the runs go on.
        set_up: Called first in each process; must be importable by name.
    Raises: TwinError: what the first run to fail said.
    """
    context = multiprocessing.get_context("spawn")
    channels: dict[Connection, int] = {}
    processes: list[BaseProcess] = []
    results: dict[int, DayResult] = {}
    try:
        for i, spec in enumerate(specs):
            ours, theirs = context.Pipe(duplex=False)
            process: BaseProcess = context.Process(
                target=_child, args=(spec, theirs, set_up), name=f"run {i}", daemon=True
            )
            process.start()
            theirs.close()
            channels[ours] = i
            processes.append(process)
        while channels:
            for channel in wait(list(channels)):
                _hear(cast("Connection", channel), channels, results, watch)
    finally:
        for one in processes:
            # a run that has said its result needs a moment to close its files; one that has not is of no more use
            one.join(_JOIN_S if len(results) == len(specs) else 0.0)
            if one.is_alive():
                one.terminate()
    return [results[i] for i in range(len(specs))]


def _hear(
    channel: Connection,
    channels: dict[Connection, int],
    results: dict[int, DayResult],
    watch: Callable[[int, Moment], None],
) -> None:
    i = channels[channel]
    try:
        said = channel.recv()
    except EOFError:
        del channels[channel]
        if i not in results:
            raise TwinError(f"run {i + 1} ended without a result", fix="see what it said above") from None
        return
    if isinstance(said, Moment):
        watch(i, said)
    elif isinstance(said, _Failed):
        error = TwinError(said.message, where=said.where, fix=said.fix)
        error.exit_code = ExitCode(said.exit_code)
        raise error
    else:
        results[i] = said


def _child(spec: DaySpec, channel: Connection, set_up: Callable[[], None]) -> None:
    set_up()
    try:
        channel.send(asyncio.run(run_day(spec, channel.send)))
    except TwinError as error:
        channel.send(_Failed(error.message, error.where, error.fix, int(error.exit_code)))
    except KeyboardInterrupt:
        pass  # the parent was interrupted too, and says so
    finally:
        channel.close()
