"""The product's own process, to be killed: it marks what it is doing just now in a file, and may die at a chosen call.

Run as `python -m tests.chaos.doomed MARKS DEATH WEAKNESS -- run --site ...`. MARKS is the file; DEATH names a phase or
a call, a number and a moment ("commit:3:before"); WEAKNESS is a build of `weak.py`; "-" stands for none. All else is
the product, but that it decides each second, so that even a short life has commands in it.
"""

from __future__ import annotations

import inspect
import mmap
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chaos.weak import weaken
from twin.adapters import mqtt
from twin.cli.main import main
from twin.daemon.core import Core
from twin.daemon.daemon import Daemon
from twin.daemon.loops import WallLoop
from twin.daemon.persist import Persister
from twin.daemon.statedir import StateDirectory
from twin.daemon.turns import Turns
from twin.historian import store
from twin.historian.spool import Spool
from twin.historian.spool_db import SpoolDatabase

PHASES = ("start", "ingest", "commit", "drain", "publish")
BETWEEN = "between"
MOMENTS = ("before", "after", "halfway")
# where each phase is entered and left; the inner calls are places to die at as well
CALLS: dict[str, tuple[tuple[Any, str], ...]] = {
    "start": (
        (StateDirectory, "next_epoch"),
        (StateDirectory, "load_memory"),
        (SpoolDatabase, "prepare"),
        (store.HistoryStore, "_open"),
        (Daemon, "__init__"),
    ),
    "ingest": ((Core, "feed"), (Persister, "put")),
    "commit": (
        (Spool, "_blocks"),
        (SpoolDatabase, "commit"),
        (Spool, "append_samples"),
        (mqtt.MqttLink, "acknowledge"),
    ),
    "drain": ((store.HistoryStore, "_write"), (SpoolDatabase, "read_after"), (SpoolDatabase, "advance")),
    "publish": (
        (StateDirectory, "save_memory"),
        (mqtt.MqttLink, "send_sealed"),
        (mqtt.MqttLink, "publish_many"),
        (Turns, "_tell"),
    ),
}
_PLACES = ("start", *(phase for phase, calls in CALLS.items() for _ in calls))
# half-way through a change of a file: all is written, and nothing committed
HALFWAY: dict[str, tuple[Any, str]] = {"commit": (SpoolDatabase, "_transaction"), "drain": (store, "transaction")}


CYCLE_S = 1.0


class Marks:
    """How often each call is under way, a byte each; a killed process leaves them as they were.

    The first byte stands for the whole start. No two threads share a byte.
    """

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._bytes = mmap.mmap(opened.fileno(), len(_PLACES))

    @staticmethod
    def fresh(file: Path) -> None:
        """Make the file, for a process that is about to start."""
        file.write_bytes(bytes([1]) + bytes(len(_PLACES) - 1))

    @staticmethod
    def phase(file: Path) -> str:
        """What a process that is no more was doing; "between" when it was waiting for something to do."""
        marks = zip(_PLACES, file.read_bytes(), strict=True)
        under_way = {phase for phase, count in marks if count}
        return next(
            (phase for phase in ("start", "commit", "drain", "publish", "ingest") if phase in under_way), BETWEEN
        )

    def enter(self, place: int) -> None:
        self._bytes[place] += 1

    def leave(self, place: int) -> None:
        self._bytes[place] -= 1


class Death:
    """Dies by SIGKILL before, after or half-way through the nth call of a phase, or of a name."""

    def __init__(self, order: str) -> None:
        self._call, number, self._moment = order.split(":") if order != "-" else ("", "0", "")
        self._left = int(number)

    def at(self, moment: str, *calls: str) -> None:
        """Die here, if this is the place."""
        if moment == self._moment and self._call in calls:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def _marked(call: Callable[..., Any], place: int, marks: Marks, death: Death) -> Callable[..., Any]:
    phase, name = _PLACES[place], call.__name__

    @contextmanager
    def around() -> Iterator[None]:
        marks.enter(place)
        death.at("before", phase, name)
        try:
            yield
            death.at("after", phase, name)
        finally:
            marks.leave(place)

    async def marked_async(*args: Any, **kwargs: Any) -> Any:
        with around():
            return await call(*args, **kwargs)

    def marked(*args: Any, **kwargs: Any) -> Any:
        with around():
            return call(*args, **kwargs)

    return marked_async if inspect.iscoroutinefunction(call) else marked


def _halfway(transaction: Callable[..., Any], phase: str, death: Death) -> Callable[..., Any]:
    @contextmanager
    def watched(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with transaction(*args, **kwargs) as given:
            yield given
            death.at("halfway", phase)

    return watched


def _mark_all(marks: Marks, death: Death) -> None:
    calls = [call for of_phase in CALLS.values() for call in of_phase]
    for place, (owner, name) in enumerate(calls, start=1):
        setattr(owner, name, _marked(getattr(owner, name), place, marks, death))
    for phase, (owner, name) in HALFWAY.items():
        setattr(owner, name, _halfway(getattr(owner, name), phase, death))
    run = Daemon.run

    async def started(daemon: Daemon) -> None:
        marks.leave(0)
        await run(daemon)

    Daemon.run = started  # type: ignore[method-assign]


def _hurry() -> None:
    make = WallLoop.__init__

    def made(loop: WallLoop, *args: Any, period_s: float, **kwargs: Any) -> None:
        make(loop, *args, period_s=min(period_s, CYCLE_S), **kwargs)

    WallLoop.__init__ = made  # type: ignore[method-assign]


if __name__ == "__main__":
    file, order, weakness, _, *arguments = sys.argv[1:]
    weaken(weakness)
    _hurry()
    _mark_all(Marks(Path(file)), Death(order))
    sys.argv = ["twin", *arguments]
    main()
