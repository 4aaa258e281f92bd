"""A little disk space held back: deleting from a full database takes room in its log before it gives any."""

from __future__ import annotations

import os
from pathlib import Path

RESERVE_BYTES = 2 * 1024**2


class Reserve:
    """A file of nothing beside the spool, given up when the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def held(self) -> bool:
        """Whether the space is taken."""
        return self._path.exists()

    def fill(self) -> bool:
        """Take the space if it is not taken yet. Returns whether it is now."""
        if self.held:
            return True
        fresh = self._path.with_suffix(".reserving")
        try:
            with fresh.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
            fresh.replace(self._path)
        except OSError:  # no room now; the next tidying tries again
            fresh.unlink(missing_ok=True)
            return False
        return True

    def give_up(self) -> None:
        """Give the space back to the disk."""
        self._path.unlink(missing_ok=True)
