"""Small disks to fill: a tmpfs of a few megabytes, mounted for one test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MB = 1024**2


@contextmanager
def small_disk(directory: Path, size_mb: int) -> Iterator[Path]:
    """A disk of its own at `directory`. Leaves the test out without the right to mount; with CI=true that fails it."""
    directory.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=0700", "thermotwin-test", str(directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        reason = f"a small disk cannot be mounted here: {mounted.stderr.strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must not leave this out: {reason}", pytrace=False)
        pytest.skip(reason)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


class Ballast:
    """A file somebody else left on the disk."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "somebody-elses-file"

    def leave_free(self, free_bytes: int) -> None:
        """Take all but so many bytes; 0 leaves nothing at all."""
        with self._path.open("ab") as file:
            taken = file.tell()
            more = free_now(self._path.parent) - free_bytes
            if more > 0:
                os.posix_fallocate(file.fileno(), taken, more)
            else:
                os.truncate(self._path, max(0, taken + more))

    def remove(self) -> None:
        """Give the space back."""
        self._path.unlink()


def free_now(directory: Path) -> int:
    """Bytes that may still be written."""
    told = os.statvfs(directory)
    return told.f_bavail * told.f_frsize
