"""Files as a dying disk or a power cut leaves them: a bit turned over, an end cut off, a page of noise."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

PAGE = 4_096


@dataclass(frozen=True, slots=True)
class Damage:
    """What was done to which file. `offset`: of the turned bit's byte, or the new end."""

    name: str
    kind: str
    offset: int

    def touches(self, start: int, stop: int) -> bool:
        """Whether a page with bytes in this range is damaged."""
        if self.kind == "cut":
            return stop > self.offset // PAGE * PAGE
        return start <= self.offset < stop


def copied(original: Path, to: Path) -> None:
    """A fresh copy of a directory."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(original, to)


def tear(directory: Path, names: Sequence[str], chance: Random) -> Damage:
    """Damage one of these files, larger ones more often: a turned bit, or an end cut off."""
    paths = [directory / name for name in names if (directory / name).stat().st_size]
    path = chance.choices(paths, [p.stat().st_size for p in paths])[0]
    before = path.stat()
    size = before.st_size
    offset = chance.randrange(size)
    if chance.random() < 0.3:
        os.truncate(path, offset)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return Damage(path.name, "cut", offset)
    if chance.random() < 0.2:
        offset = chance.randrange(min(size, 2 * PAGE))  # heads and roots are few, but all hangs on them
    flip(path, offset, chance.randrange(8))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # a dying disk does not note when
    return Damage(path.name, "flip", offset)


def flip(path: Path, offset: int, bit: int) -> None:
    """Turn one bit over."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))
