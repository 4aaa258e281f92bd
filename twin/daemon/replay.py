"""Plays a recording through a core of its own: the same entries through the same code give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from twin.daemon.core import Core, memory_of, outcome_lines
from twin.daemon.cycle import Order, Outcome
from twin.daemon.recorder import versions
from twin.daemon.wiring import order_of
from twin.domain.actuators import Mode
from twin.domain.errors import DataTooPoor
from twin.domain.messages import MessageIn
from twin.readiness.rule import with_ceilings
from twin.recording.cassette import CassetteReader
from twin.recording.entries import Decisions, Entry, Fed, Header, Message, Tick
from twin.sitefile.load import load_site
from twin.sitefile.schema import FILES


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replay and its recording part: line `line` (from 0) of what `cycle` decided; "" where one has none."""

    cycle: int
    line: int
    recorded: str
    replayed: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One replayed cycle. `difference` is None when every line is the recorded one."""

    cycle: int
    now_ns: int
    outcome: Outcome
    lines: int
    difference: Difference | None


class Replay:
    """A core made as the recorded one was."""

    def __init__(self, path: Path) -> None:
        """Raises: DataTooPoor: not a cassette. ConfigError: its site files are not understood by this version."""
        self._reader = CassetteReader(path)
        self.header: Header = self._reader.header
        self._core = Core(_order(self.header, path), memory_of(self.header.memory), event_time=_event(self.header))

    @property
    def torn(self) -> bool:
        """Whether the recording was cut off; known after the last turn."""
        return self._reader.torn

    @property
    def done_frac(self) -> float:
        """How much of the file is behind us."""
        return self._reader.done_frac

    @property
    def strange_versions(self) -> dict[str, tuple[str, str]]:
        """(recorded, here) of everything the arithmetic depends on that is not the same here."""
        here = versions()
        return {
            name: (then, here.get(name, ""))
            for name, then in self.header.versions.items()
            if then != here.get(name, "")
        }

    def turns(self) -> Iterator[Turn]:
        """Every recorded cycle once more, in order."""
        core, waiting = self._core, None
        entry: Entry | None
        for entry in chain(self._reader.entries(), (None,)):
            if waiting is not None:
                if isinstance(entry, Decisions):
                    yield _turn(waiting, core, entry.lines)
                    waiting = None
                    continue
                # a recording that was cut off after a tick says nothing about its decisions
                yield _turn(waiting, core, () if entry is not None else None)
                waiting = None
            if isinstance(entry, Fed):
                core.feed([_arrived(message) for message in entry.messages], entry.mono_s)
            elif isinstance(entry, Tick):
                waiting = entry

    def close(self) -> None:
        """Close the file. Harmless when repeated."""
        self._reader.close()


def _turn(tick: Tick, core: Core, recorded: tuple[bytes, ...] | None) -> Turn:
    outcome = core.tick(tick.now_ns, tick.mono_s, tick.unsent)
    lines = outcome_lines(outcome)
    difference = None if recorded is None else _first_difference(tick.cycle, recorded, lines)
    return Turn(tick.cycle, tick.now_ns, outcome, len(lines), difference)


def _first_difference(cycle: int, recorded: tuple[bytes, ...], replayed: tuple[bytes, ...]) -> Difference | None:
    for i in range(max(len(recorded), len(replayed))):
        then = recorded[i] if i < len(recorded) else b""
        now = replayed[i] if i < len(replayed) else b""
        if then != now:
            return Difference(cycle, i, then.decode(errors="replace"), now.decode(errors="replace"))
    return None


def _order(header: Header, path: Path) -> Order:
    strangers = sorted(set(header.files) - set(FILES))
    if strangers or "limits.toml" not in header.files:
        raise DataTooPoor(
            f"the cassette carries other files than those of a site: {', '.join(strangers) or 'no limits.toml'}",
            where=str(path),
            fix="record again",
        )
    with TemporaryDirectory(prefix="thermotwin-replay-") as directory:
        for name, text in header.files.items():
            (Path(directory) / name).write_bytes(text.encode())
        site = load_site(Path(directory))
    if header.ceilings:
        site = with_ceilings(site, header.ceilings)
    limits_file = header.files["limits.toml"].encode()
    return order_of(site, limits_file, mode=Mode(header.mode), controller=header.controller, epoch=header.epoch)


def _event(header: Header) -> bool:
    return header.clock == "event"


def _arrived(message: Message) -> MessageIn:
    return MessageIn(message.topic, message.payload, message.qos, message.retain, message.received_ns)
