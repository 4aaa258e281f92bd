"""State that must survive: the epoch, the loop's memory, and a lock so that one directory has one daemon."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from twin.audit.segments import FOLDER
from twin.domain.errors import TwinError
from twin.readiness.rule import EVIDENCE

_MEMORY_VERSION = 1
ALARMS = "alarms.1.msgpack"
NOTES = "readiness.1.msgpack"


class StateDirectory:
    """One site's directory under the state directory, owned by this process while it is open."""

    def __init__(self, root: Path, site: str) -> None:
        """Raises: TwinError: the directory cannot be made or another daemon holds it."""
        self.path = root / site
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = (self.path / "lock").open("a+")
        except OSError as error:
            raise TwinError(
                f"the state directory cannot be used: {error.strerror}",
                where=str(self.path),
                fix="set TWIN_STATE_DIR to a directory this account may write",
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise TwinError(
                "another daemon uses this state directory",
                where=str(self.path),
                fix="stop it first, or set TWIN_STATE_DIR to another directory",
            ) from error

    def clear(self) -> None:
        """Forget everything: for a run that begins anew. Other files in the directory stay."""
        for pattern in (
            "epoch",
            "session",
            "memory.*.msgpack",
            "alarms.*.msgpack",
            "readiness.*",
            "spool.db*",
            "history.db*",
            "audit/*",
        ):
            for path in self.path.glob(pattern):
                path.unlink()

    @property
    def audit(self) -> Path:
        return self.path / FOLDER

    @property
    def spool(self) -> Path:
        return self.path / "spool.db"

    @property
    def history(self) -> Path:
        return self.path / "history.db"

    def next_epoch(self) -> int:
        """A number larger than any earlier start's; on disk before it is returned, so that a crash cannot repeat it.

        Raises: TwinError: the last one cannot be read; beginning at 1 again would have every command refused.
        """
        path = self.path / "epoch"
        last = _epoch_in(path) if path.exists() else 0
        _write_durably(path, str(last + 1).encode())
        return last + 1

    @property
    def had_session(self) -> bool:
        """Whether some start got as far as a session at the broker."""
        return (self.path / "session").exists()

    def note_session(self) -> None:
        """A broker has a session of ours from now on."""
        with suppress(OSError):  # a full disk: the next connection tries again
            (self.path / "session").touch()

    def load_memory(self) -> bytes:
        """What `save_memory` last stored, or nothing when there is none of this version."""
        try:
            return (self.path / f"memory.{_MEMORY_VERSION}.msgpack").read_bytes()
        except FileNotFoundError:
            return b""

    def save_memory(self, memory: bytes) -> None:
        """Replace the stored memory whole; a crash leaves the old or the new one, a power cut perhaps neither."""
        path = self.path / f"memory.{_MEMORY_VERSION}.msgpack"
        fresh = path.with_suffix(".new")
        fresh.write_bytes(memory)
        fresh.replace(path)

    def load_alarms(self) -> bytes:
        """What `save_alarms` last stored, or nothing."""
        try:
            return (self.path / ALARMS).read_bytes()
        except FileNotFoundError:
            return b""

    def save_alarms(self, memory: bytes) -> None:
        """Replace the stored alarms whole."""
        fresh = (self.path / ALARMS).with_suffix(".new")
        fresh.write_bytes(memory)
        fresh.replace(self.path / ALARMS)

    def load_notes(self) -> bytes:
        """What `save_notes` last stored, or nothing."""
        try:
            return (self.path / NOTES).read_bytes()
        except FileNotFoundError:
            return b""

    def save_notes(self, notes: bytes) -> None:
        """Replace what readiness is judged by, whole."""
        fresh = (self.path / NOTES).with_suffix(".new")
        fresh.write_bytes(notes)
        fresh.replace(self.path / NOTES)

    def load_evidence(self) -> bytes:
        """The readiness report on file, or nothing."""
        try:
            return (self.path / EVIDENCE).read_bytes()
        except FileNotFoundError:
            return b""

    def close(self) -> None:
        """Give the directory up. Harmless when repeated."""
        self._lock.close()


def _epoch_in(path: Path) -> int:
    try:
        last = int(path.read_bytes())
    except ValueError:
        last = -1
    if last < 0:
        raise TwinError(
            "the last start's epoch cannot be read",
            where=str(path),
            fix="write a number into it that is larger than the epoch of any command so far",
        )
    return last


def _write_durably(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
