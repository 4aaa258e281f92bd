"""`twin replay`: a recording once more, at any speed, and whether it decides the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from controllers.explain import headline
from twin.cli.options import JsonOption, SpeedOption, speed_of
from twin.cli.output import Json, console, failing, print_json
from twin.cli.progress import progress
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.errors import ExitCode
from twin.domain.timestamps import iso_utc

if TYPE_CHECKING:
    from twin.daemon.replay import Difference, Replay


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A cassette made by twin record or --record.")],
    speed: SpeedOption = "max",
    verify: Annotated[
        bool, typer.Option("--verify", help="Stop at the first decision that is not the recorded one, with exit 6.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Play a recording through the same code without a broker; show what it decides, or verify it to the byte."""
    from twin.daemon.replay import Replay

    with failing(as_json=as_json):
        pace = speed_of(speed)
        player = Replay(file)
        try:
            told = asyncio.run(_play(player, pace, verify=verify, tell=not (verify or as_json)))
        finally:
            player.close()
    out = console(stderr=True)
    for name, (then, here) in player.strange_versions.items():
        out.print(f"recorded with {escape(name)} {escape(then)}, replayed with {escape(here)}")
    if player.torn:
        out.print("the recording was cut off: what stands before the cut was replayed")
    if as_json:
        print_json(told.facts())
    else:
        _show(told)
    if verify and told.first is not None:
        raise typer.Exit(int(ExitCode.REPLAY_DIFFERS))


@dataclass(slots=True)
class _Told:
    """What a replay amounts to. `decisions` counts the lines compared: records, commands and advice."""

    cycles: int = 0
    decisions: int = 0
    first: Difference | None = None

    def facts(self) -> dict[str, Json]:
        first = self.first
        return {
            "decisions": self.decisions,
            "identical": first is None,
            "first_difference": None
            if first is None
            else {"cycle": first.cycle, "line": first.line, "recorded": first.recorded, "replayed": first.replayed},
        }


async def _play(player: Replay, pace: float | None, *, verify: bool, tell: bool) -> _Told:
    told, out, clock = _Told(), console(), SystemClock()
    began_s, first_ns = clock.monotonic_s(), 0
    with progress("replaying") as say:
        for turn in player.turns():
            first_ns = first_ns or turn.now_ns
            if pace is not None:
                due_s = began_s + (turn.now_ns - first_ns) / NS_PER_S / pace
                await clock.sleep(max(due_s - clock.monotonic_s(), 0.0))
            told.cycles += 1
            told.decisions += turn.lines
            if tell:
                for record in turn.outcome.records:
                    out.print(f"{iso_utc(turn.now_ns)}  {headline(record.to_json())}", markup=False)
            if turn.difference is not None:
                told.first = told.first or turn.difference
                if verify:
                    break
            say(player.done_frac, f"cycle {turn.cycle:,}  {iso_utc(turn.now_ns)[:16]}")
    return told


def _show(told: _Told) -> None:
    out, first = console(), told.first
    counted = f"{told.decisions:,} decisions in {told.cycles:,} cycles"
    if first is None:
        out.print(f"[good]identical[/]: {counted}, byte for byte")
        return
    out.print(f"[bad]different[/]: cycle {first.cycle}, line {first.line}, after {counted}")
    out.print(f"  recorded: {first.recorded or 'nothing'}", markup=False)
    out.print(f"  replayed: {first.replayed or 'nothing'}", markup=False)
