"""Writes down what the loop took in, when it ran and what it decided, so that a replay can repeat it to the byte."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from twin.daemon.core import memory_bytes
from twin.daemon.cycle import Memory, Order
from twin.domain.errors import TwinError
from twin.domain.messages import MessageIn
from twin.recording.cassette import FORMAT, CassetteWriter
from twin.recording.entries import Decisions, Fed, Header, Message, Tick
from twin.sitefile.schema import FILES

ARITHMETIC = ("thermotwin", "numpy", "numba", "msgspec")  # whose versions may change a decision


class Recorder:
    """One cassette being written, or nothing at all."""

    def __init__(self, cassette: CassetteWriter | None) -> None:
        self._cassette = cassette

    def fed(self, messages: Sequence[MessageIn], mono_s: float) -> None:
        """Messages the loop took in together."""
        if self._cassette is not None:
            kept = tuple(Message(m.received_ns, m.topic, m.payload, m.qos, m.retain) for m in messages)
            self._cassette.append(Fed(mono_s, kept))

    def ticked(self, cycle: int, now_ns: int, mono_s: float, unsent: tuple[tuple[str, int], ...]) -> None:
        """The loop runs now."""
        if self._cassette is not None:
            self._cassette.append(Tick(cycle, now_ns, mono_s, unsent))

    def decided(self, cycle: int, lines: tuple[bytes, ...]) -> None:
        """What it decided."""
        if self._cassette is not None and lines:
            self._cassette.append(Decisions(cycle, lines))

    def close(self) -> None:
        """Write the rest. Harmless when repeated."""
        if self._cassette is not None:
            self._cassette.close()


def open_cassette(path: Path, order: Order, memory: Memory, *, event_time: bool, started_ns: int) -> CassetteWriter:
    """A cassette that begins with all that a replay needs. Raises: TwinError: the file cannot be written."""
    site = order.site
    directory = Path(site.directory)
    header = Header(
        format=FORMAT,
        version=version("thermotwin"),
        versions=versions(),
        site=site.facility.site,
        config_hash=site.config_hash,
        files={name: (directory / name).read_bytes().decode() for name in FILES},  # no newline translated
        clock="event" if event_time else "wall",
        mode=order.mode.value,
        controller=order.controller.name,
        epoch=order.epoch,
        started_ns=started_ns,
        memory=memory_bytes(memory),
        ceilings={actuator.point: actuator.ceiling.value for actuator in site.limits.actuators},
    )
    try:
        return CassetteWriter(path, header)
    except OSError as error:
        raise TwinError(
            f"the cassette cannot be written: {error.strerror}", where=str(path), fix="name a file we may write"
        ) from error


def versions() -> dict[str, str]:
    """Of everything that the arithmetic depends on."""
    return {"python": platform.python_version(), "machine": platform.machine()} | {
        name: version(name) for name in ARITHMETIC
    }
